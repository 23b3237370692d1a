#include "pydantic.h"

#include "buf.h"
#include "tests/support/decode_case.h"

/* clang-format off */
static const struct decode_case cases_long_input_is_cut_in_the_middle[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"01234567890123456789012345678901234567890123456789\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['01234567890123456789012...8901234567890123456789'], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251...\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251'], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"a\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['a\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251...\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251\303\251'], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\\u65e5\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['\346\227\245\346\227\245\346\227\245\346\227\245\346\227\245\346\227\245\346\227\245...\346\227\245\346\227\245\346\227\245\346\227\245\346\227\245\346\227\245\346\227\245'], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['\360\237\230\200\360\237\230\200\360\237\230\200\360\237\230\200\360\237\230\200...\360\237\230\200\360\237\230\200\360\237\230\200\360\237\230\200\360\237\230\200'], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00a\\ud83d\\ude00\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['a\360\237\230\200a\360\237\230\200a\360\237\230\200a\360\237\230\200a...a\360\237\230\200a\360\237\230\200a\360\237\230\200a\360\237\230\200'], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": [\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=['xxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxx'], input_type=list]"},
};
/* clang-format on */

TEST(long_input_is_cut_in_the_middle)
{
    CHECK_DECODE(cases_long_input_is_cut_in_the_middle);
}

/* clang-format off */
static const struct decode_case cases_faults_are_counted_and_listed[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": 1}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nmodel\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"model\": 1, \"top_p\": 2}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\ntop_p\n  Input should be less than or equal to 1 [type=less_than_equal, input_value=2, input_type=int]\nmodel\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]"},
};
/* clang-format on */

TEST(faults_are_counted_and_listed)
{
    CHECK_DECODE(cases_faults_are_counted_and_listed);
}

/* e.errors(): type, loc and msg of each; an index in loc is a number. */
TEST(details_list_type_loc_and_msg)
{
    const struct json five = {.kind = JSON_INT, .text = STR("5")};
    const struct pydantic_loc *list = LOC(NULL, "values");
    struct pydantic errors;
    struct call call;
    struct buf text;
    struct str ignored;
    call_init(&call);
    pydantic_init(&errors, &call, STR("Settings"));
    CHECK(!pydantic_str(&errors, LOC_INDEX(list, 12), &five, &ignored));
    pydantic_value_error(&errors, NULL, STR("no"), &five);
    CHECK_INT(pydantic_finish(&errors), SIDETOK_E_VALIDATION);
    CHECK_STR(call.failure.message, STR("2 validation errors for Settings\nvalues.12\n  Input should be a "
                                        "valid string [type=string_type, "
                                        "input_value=5, input_type=int]\n  Value error, no "
                                        "[type=value_error, input_value=5, input_type=int]"));
    buf_init(&text, &call);
    json_write(&text, call.failure.details, (struct json_style){.ensure_ascii = true});
    CHECK_STR(buf_str(&text), STR("[{\"type\": \"string_type\", \"loc\": [\"values\", 12], \"msg\": \"Input "
                                  "should be a valid string\"}, "
                                  "{\"type\": \"value_error\", \"loc\": [], \"msg\": \"Value error, no\"}]"));
    call_done(&call);
}

TEST(rollback_forgets_the_newest)
{
    const struct json five = {.kind = JSON_INT, .text = STR("5")};
    struct pydantic errors;
    struct call call;
    call_init(&call);
    pydantic_init(&errors, &call, STR("Settings"));
    pydantic_value_error(&errors, NULL, STR("kept"), &five);
    size_t n = errors.n;
    pydantic_value_error(&errors, NULL, STR("dropped"), &five);
    pydantic_value_error(&errors, NULL, STR("dropped"), &five);
    pydantic_rollback(&errors, n);
    CHECK_INT(pydantic_finish(&errors), SIDETOK_E_VALIDATION);
    CHECK_STR(call.failure.message,
              STR("1 validation error for Settings\n  Value error, kept [type=value_error, "
                  "input_value=5, input_type=int]"));
    call_done(&call);
}

TEST(faults_without_end_are_refused)
{
    const struct json five = {.kind = JSON_INT, .text = STR("5")};
    struct pydantic errors;
    struct call call;
    call_init(&call);
    pydantic_init(&errors, &call, STR("Settings"));
    for (size_t i = 0; i < 100001; i++)
        pydantic_fault(&errors, NULL, STR("missing"), STR("Field required"), &five);
    CHECK_INT(pydantic_finish(&errors), SIDETOK_E_TOO_LARGE);
    CHECK(call.failure.details == NULL);
    call_done(&call);
}

TEST_MAIN(RUN(long_input_is_cut_in_the_middle), RUN(faults_are_counted_and_listed),
          RUN(details_list_type_loc_and_msg), RUN(rollback_forgets_the_newest),
          RUN(faults_without_end_are_refused))
