#include "pydantic.h"
#include "tests/support/decode_case.h"

/* clang-format off */
static const struct decode_case cases_int_takes_numbers_and_their_text[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": null}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": true}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 0}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": -1}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value=-1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 1000000000000000000000000000000}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": -1000000000000000000000000000000}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value=-1000000000000000000000000000000, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 12.0}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 1.5}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a valid integer, got a number with a fractional part [type=int_from_float, input_value=1.5, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 1e+300}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Unable to parse input string as an integer, exceeded maximum size [type=int_parsing_size, input_value=1e+300, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 9.223372036854776e+18}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Unable to parse input string as an integer, exceeded maximum size [type=int_parsing_size, input_value=9.223372036854776e+18, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": NaN}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a finite number [type=finite_number, input_value=nan, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": Infinity}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a finite number [type=finite_number, input_value=inf, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"12\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"12.0\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \" 7\\u2003\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"1_0\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"-1\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value='-1', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"1e3\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='1e3', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"x\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='x', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": \"\\ud800\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a valid string, unable to parse raw data as a unicode string [type=string_unicode, input_value='\\ud800', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": []}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a valid integer [type=int_type, input_value=[], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": {}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmax_tokens\n  Input should be a valid integer [type=int_type, input_value={}, input_type=dict]"},
};
/* clang-format on */

TEST(int_takes_numbers_and_their_text)
{
    CHECK_DECODE(cases_int_takes_numbers_and_their_text);
}

/* clang-format off */
static const struct decode_case cases_float_takes_numbers_and_their_text[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": 1}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": 0.5}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": true}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": 1.5}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be less than or equal to 1 [type=less_than_equal, input_value=1.5, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": -0.1}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value=-0.1, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": NaN}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be less than or equal to 1 [type=less_than_equal, input_value=nan, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": -Infinity}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value=-inf, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": 10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be a valid number [type=float_type, input_value=1000000000000000000000000...000000000000000000000000, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": -1000000000000000000000000000000}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value=-1000000000000000000000000000000, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \"0.5\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \" 1 \"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \"1_0\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be less than or equal to 1 [type=less_than_equal, input_value='1_0', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \"nan\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be less than or equal to 1 [type=less_than_equal, input_value='nan', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \"x\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be a valid number, unable to parse string as a number [type=float_parsing, input_value='x', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \"\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be a valid number, unable to parse string as a number [type=float_parsing, input_value='', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \"\\ud800\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be a valid string, unable to parse raw data as a unicode string [type=string_unicode, input_value='\\ud800', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": null}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be a valid number [type=float_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": []}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntemperature\n  Input should be a valid number [type=float_type, input_value=[], input_type=list]"},
};
/* clang-format on */

TEST(float_takes_numbers_and_their_text)
{
    CHECK_DECODE(cases_float_takes_numbers_and_their_text);
}

/* clang-format off */
static const struct decode_case cases_bool_takes_zero_one_and_words[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": true}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": 0}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": 1.0}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": 2}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=2, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": -1}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=-1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": 0.5}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=0.5, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": 2.0}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=2.0, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": 9223372036854775807}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=9223372036854775807, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": 9223372036854775808}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=9223372036854775808, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": -9223372036854775808}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=-9223372036854775808, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": -9223372036854775809}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=-9223372036854775809, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": -9.223372036854776e+18}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=-9.223372036854776e+18, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": NaN}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=nan, input_type=float]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"YES\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"oN\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"f\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"N\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"0\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value='', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \" 1\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=' 1', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"2\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value='2', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": null}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": []}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=[], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"truncate_for_context_length\": \"\\ud800\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\ntruncate_for_context_length\n  Input should be a valid string, unable to parse raw data as a unicode string [type=string_unicode, input_value='\\ud800', input_type=str]"},
};
/* clang-format on */

TEST(bool_takes_zero_one_and_words)
{
    CHECK_DECODE(cases_bool_takes_zero_one_and_words);
}

/* clang-format off */
static const struct decode_case cases_str_takes_no_numbers[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": \"m\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": null}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": 3}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=3, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": []}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=[], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": \"\\ud800\"}", NULL, ""},
};
/* clang-format on */

TEST(str_takes_no_numbers)
{
    CHECK_DECODE(cases_str_takes_no_numbers);
}

/* As str(to_lower=True), which TranscriptionRequest's language is. */
TEST(constrained_text_takes_no_surrogates)
{
    const struct json good = {.kind = JSON_STRING, .text = STR("\303\251")};
    const struct json lone = {.kind = JSON_STRING, .text = STR("\355\240\200")};
    const struct json bytes = {.kind = JSON_BYTES, .text = STR("en")};
    struct pydantic errors;
    struct call call;
    struct str text;
    call_init(&call);
    pydantic_init(&errors, &call, STR("M"));
    CHECK(pydantic_text(&errors, LOC(NULL, "a"), &good, &text));
    CHECK(pydantic_text(&errors, LOC(NULL, "a"), &bytes, &text));
    CHECK(pydantic_str(&errors, LOC(NULL, "a"), &lone, &text));
    CHECK(!pydantic_text(&errors, LOC(NULL, "a"), &lone, &text));
    CHECK_INT(pydantic_finish(&errors), SIDETOK_E_VALIDATION);
    CHECK_STR(
        call.failure.message,
        STR("1 validation error for M\na\n  Input should be a valid string, unable to parse raw data as a "
            "unicode string [type=string_unicode, input_value='\\ud800', input_type=str]"));
    call_done(&call);
}

TEST_MAIN(RUN(int_takes_numbers_and_their_text), RUN(float_takes_numbers_and_their_text),
          RUN(bool_takes_zero_one_and_words), RUN(str_takes_no_numbers),
          RUN(constrained_text_takes_no_surrogates))
