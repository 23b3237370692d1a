#include "tests/support/decode_case.h"

/* clang-format off */
static const struct decode_case cases_format_is_a_model[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {}}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"text\", \"x\": 1}}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": null}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format\n  Input should be a valid dictionary or instance of ResponseFormat [type=model_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"xml\"}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format.type\n  Input should be 'text', 'json_object' or 'json_schema' [type=enum, input_value='xml', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": null, \"json_schema\": null}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format.type\n  Input should be 'text', 'json_object' or 'json_schema' [type=enum, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\"}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format\n  Value error, Response format `json_schema` must define the schema [type=value_error, input_value={'type': 'json_schema'}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"bad\", \"json_schema\": null}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format.type\n  Input should be 'text', 'json_object' or 'json_schema' [type=enum, input_value='bad', input_type=str]"},
};
/* clang-format on */

TEST(format_is_a_model)
{
    CHECK_DECODE(cases_format_is_a_model);
}

/* clang-format off */
static const struct decode_case cases_schema_is_a_model[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"json_schema\": 5}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format.json_schema\n  Input should be a valid dictionary or instance of JsonSchema [type=model_type, input_value=5, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"json_schema\": {}}}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\nresponse_format.json_schema.name\n  Field required [type=missing, input_value={}, input_type=dict]\nresponse_format.json_schema.schema\n  Field required [type=missing, input_value={}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": 1, \"description\": 1, \"schema\": 1, \"strict\": 5}}}",
     "ValidationError", "4 validation errors for ChatCompletionRequest\nresponse_format.json_schema.name\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]\nresponse_format.json_schema.description\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]\nresponse_format.json_schema.schema\n  Input should be a valid dictionary [type=dict_type, input_value=1, input_type=int]\nresponse_format.json_schema.strict\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=5, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"description\": null, \"schema\": {}}}}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"schema\": {}, \"strict\": null}}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format.json_schema.strict\n  Input should be a valid boolean [type=bool_type, input_value=None, input_type=NoneType]"},
};
/* clang-format on */

TEST(schema_is_a_model)
{
    CHECK_DECODE(cases_schema_is_a_model);
}

/* clang-format off */
static const struct decode_case cases_schema_goes_by_two_names[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"custom_schema\": {}}}}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"custom_schema\": 1}}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format.json_schema.custom_schema\n  Input should be a valid dictionary [type=dict_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"custom_schema\": {}, \"schema\": 1}}}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nresponse_format.json_schema.schema\n  Input should be a valid dictionary [type=dict_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"custom_schema\": 1, \"schema\": {}}}}", NULL, ""},
};
/* clang-format on */

TEST(schema_goes_by_two_names)
{
    CHECK_DECODE(cases_schema_goes_by_two_names);
}

/* clang-format off */
static const struct decode_case cases_schema_is_checked_before_later_fields[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"schema\": {\"type\": \"x\"}, \"strict\": \"x\"}}}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\nresponse_format.json_schema.schema\n  Value error, 'x' is not valid under any of the given schemas [type=value_error, input_value={'type': 'x'}, input_type=dict]\nresponse_format.json_schema.strict\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value='x', input_type=str]"},
};
/* clang-format on */

TEST(schema_is_checked_before_later_fields)
{
    CHECK_DECODE(cases_schema_is_checked_before_later_fields);
}

TEST_MAIN(RUN(format_is_a_model), RUN(schema_is_a_model), RUN(schema_goes_by_two_names),
          RUN(schema_is_checked_before_later_fields))
