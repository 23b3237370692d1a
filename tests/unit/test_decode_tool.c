#include "tests/support/decode_case.h"

/* clang-format off */
static const struct decode_case cases_calls_are_models[] = {
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [1]}]}",
     "ValidationError", "1 validation error for ToolCall\n  Input should be a valid dictionary or instance of ToolCall [type=model_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{}]}]}",
     "ValidationError", "1 validation error for ToolCall\nfunction\n  Field required [type=missing, input_value={}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"id\": null, \"type\": 1, \"function\": null}]}]}",
     "ValidationError", "3 validation errors for ToolCall\nid\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]\ntype\n  Input should be 'function' [type=enum, input_value=1, input_type=int]\nfunction\n  Input should be a valid dictionary or instance of FunctionCall [type=model_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"a\", \"function\": {\"name\": 1, \"arguments\": 1}}]}]}",
     "ValidationError", "2 validation errors for ToolCall\nfunction.name\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]\nfunction.arguments\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"function\": {}}]}]}",
     "ValidationError", "2 validation errors for ToolCall\nfunction.name\n  Field required [type=missing, input_value={}, input_type=dict]\nfunction.arguments\n  Field required [type=missing, input_value={}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"function\": []}]}]}",
     "ValidationError", "1 validation error for ToolCall\nfunction\n  Input should be a valid dictionary or instance of FunctionCall [type=model_type, input_value=[], input_type=list]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"x\": 1, \"function\": {\"name\": \"f\", \"arguments\": null, \"y\": 2}}]}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"type\": \"tool\", \"function\": {\"name\": \"f\", \"arguments\": \"\"}}]}]}",
     "ValidationError", "1 validation error for ToolCall\ntype\n  Input should be 'function' [type=enum, input_value='tool', input_type=str]"},
};
/* clang-format on */

TEST(calls_are_models)
{
    CHECK_DECODE(cases_calls_are_models);
}

/* clang-format off */
static const struct decode_case cases_tools_are_models[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{}]}",
     "ValidationError", "1 validation error for Tool\nfunction\n  Field required [type=missing, input_value={}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"retrieval\", \"function\": {\"name\": \"f\"}}]}",
     "ValidationError", "1 validation error for Tool\ntype\n  Input should be 'function' [type=enum, input_value='retrieval', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"function\": null}]}",
     "ValidationError", "1 validation error for Tool\nfunction\n  Input should be a valid dictionary or instance of Function [type=model_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"function\": {}}]}",
     "ValidationError", "2 validation errors for Tool\nfunction.name\n  Field required [type=missing, input_value={}, input_type=dict]\nfunction.parameters\n  Field required [type=missing, input_value={}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"function\": 0, \"type\": null}]}",
     "ValidationError", "2 validation errors for Tool\ntype\n  Input should be 'function' [type=enum, input_value=None, input_type=NoneType]\nfunction\n  Input should be a valid dictionary or instance of Function [type=model_type, input_value=0, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": {\"name\": 5}}]}",
     "ValidationError", "1 validation error for Function\nname\n  Input should be a valid string [type=string_type, input_value=5, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": {\"description\": \"d\"}}]}",
     "ValidationError", "1 validation error for Function\nname\n  Field required [type=missing, input_value={'description': 'd', 'parameters': {}}, input_type=dict]"},
};
/* clang-format on */

TEST(tools_are_models)
{
    CHECK_DECODE(cases_tools_are_models);
}

/* clang-format off */
static const struct decode_case cases_nulls_of_a_function_are_its_defaults[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": null, \"parameters\": null, \"strict\": null}}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": {\"strict\": null}}]}",
     "ValidationError", "1 validation error for Function\nname\n  Field required [type=missing, input_value={'parameters': {}, 'description': ''}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"description\": [], \"parameters\": [], \"strict\": \"x\"}}]}",
     "ValidationError", "3 validation errors for Function\ndescription\n  Input should be a valid string [type=string_type, input_value=[], input_type=list]\nparameters\n  Input should be a valid dictionary [type=dict_type, input_value=[], input_type=list]\nstrict\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value='x', input_type=str]"},
};
/* clang-format on */

TEST(nulls_of_a_function_are_its_defaults)
{
    CHECK_DECODE(cases_nulls_of_a_function_are_its_defaults);
}

/* clang-format off */
static const struct decode_case cases_function_may_be_pairs[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [[\"name\", \"f\"], [\"parameters\", {}]]}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [\"ab\"]}]}",
     "ValidationError", "1 validation error for Function\nname\n  Field required [type=missing, input_value={'a': 'b', 'parameters': {}, 'description': ''}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [\"abc\"]}]}",
     "ValueError", "dictionary update sequence element #0 has length 3; 2 is required"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": \"abc\"}]}",
     "ValueError", "dictionary update sequence element #0 has length 1; 2 is required"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": 5}]}",
     "TypeError", "'int' object is not iterable"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": true}]}",
     "TypeError", "'bool' object is not iterable"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [1]}]}",
     "TypeError", "cannot convert dictionary update sequence element #0 to a sequence"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [[\"name\"]]}]}",
     "ValueError", "dictionary update sequence element #0 has length 1; 2 is required"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [[[], 1]]}]}",
     "TypeError", "unhashable type: 'list'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [[{}, 1]]}]}",
     "TypeError", "unhashable type: 'dict'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [{\"name\": 1, \"b\": 2}]}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [[\"a\", 1], 5]}]}",
     "TypeError", "cannot convert dictionary update sequence element #1 to a sequence"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [[1, 2], [\"x\", 3], [true, 4], [1.0, 5], [null, 6]]}]}",
     "ValidationError", "1 validation error for Function\nname\n  Field required [type=missing, input_value={1: 5, 'x': 3, None: 6, '...: {}, 'description': ''}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [{\"type\": \"function\", \"function\": [\"\\u00e9a\"]}]}",
     "ValidationError", "1 validation error for Function\nname\n  Field required [type=missing, input_value={'\303\251': 'a', 'parameters': {}, 'description': ''}, input_type=dict]"},
};
/* clang-format on */

TEST(function_may_be_pairs)
{
    CHECK_DECODE(cases_function_may_be_pairs);
}

TEST_MAIN(RUN(calls_are_models), RUN(tools_are_models), RUN(nulls_of_a_function_are_its_defaults),
          RUN(function_may_be_pairs))
