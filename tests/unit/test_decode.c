#include "tests/support/decode_case.h"

/* clang-format off */
static const struct decode_case cases_arguments_fail_as_a_call_in_python[] = {
    {"{}",
     "TypeError", "ChatCompletionRequest.from_openai() missing 1 required positional argument: 'messages'"},
    {"{\"cls\": 1, \"messages\": []}",
     "TypeError", "ChatCompletionRequest.from_openai() got multiple values for argument 'cls'"},
    {"{\"messages\": null}",
     "TypeError", "'NoneType' object is not iterable"},
    {"{\"messages\": 3}",
     "TypeError", "'int' object is not iterable"},
    {"{\"messages\": \"ab\"}",
     "AttributeError", "'str' object has no attribute 'get'"},
    {"{\"messages\": \"\"}", NULL, ""},
    {"{\"messages\": {\"a\": 1}}",
     "AttributeError", "'str' object has no attribute 'get'"},
    {"{\"messages\": {}}", NULL, ""},
    {"{\"messages\": [], \"unknown\": 1}", NULL, ""},
};
/* clang-format on */

TEST(arguments_fail_as_a_call_in_python)
{
    CHECK_DECODE(cases_arguments_fail_as_a_call_in_python);
}

/* clang-format off */
static const struct decode_case cases_seeds_exclude_each_other[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"seed\": null, \"random_seed\": 1}",
     "ValueError", "Cannot specify both `seed` and `random_seed`."},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"seed\": 3}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"seed\": null}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"seed\": -1}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nrandom_seed\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value=-1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"random_seed\": -1}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nrandom_seed\n  Input should be greater than or equal to 0 [type=greater_than_equal, input_value=-1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"random_seed\": \"x\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nrandom_seed\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='x', input_type=str]"},
};
/* clang-format on */

TEST(seeds_exclude_each_other)
{
    CHECK_DECODE(cases_seeds_exclude_each_other);
}

/* clang-format off */
static const struct decode_case cases_continuing_needs_an_assistant_last[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"continue_final_message\": true}",
     "InvalidMessageStructureException", "continue_final_message=True requires final message to be an assistant."},
    {"{\"messages\": [], \"continue_final_message\": \"yes\"}",
     "InvalidMessageStructureException", "continue_final_message=True requires final message to be an assistant."},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"continue_final_message\": \"maybe\"}",
     "ValidationError", "1 validation error for bool\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value='maybe', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"continue_final_message\": null}",
     "ValidationError", "1 validation error for bool\n  Input should be a valid boolean [type=bool_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"continue_final_message\": 2}",
     "ValidationError", "1 validation error for bool\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=2, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"continue_final_message\": 0.0}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}], \"continue_final_message\": 1.0}", NULL, ""},
};
/* clang-format on */

TEST(continuing_needs_an_assistant_last)
{
    CHECK_DECODE(cases_continuing_needs_an_assistant_last);
}

/* clang-format off */
static const struct decode_case cases_tools_are_iterated_as_python_does[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": null}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": \"\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": \"a\"}",
     "AttributeError", "'str' object has no attribute 'copy'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": {\"a\": 1}}",
     "AttributeError", "'str' object has no attribute 'copy'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": 0}",
     "TypeError", "'int' object is not iterable"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [null]}",
     "AttributeError", "'NoneType' object has no attribute 'copy'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [[]]}",
     "AttributeError", "'list' object has no attribute 'get'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [1.5]}",
     "AttributeError", "'float' object has no attribute 'copy'"},
};
/* clang-format on */

TEST(tools_are_iterated_as_python_does)
{
    CHECK_DECODE(cases_tools_are_iterated_as_python_does);
}

/* clang-format off */
static const struct decode_case cases_first_stage_in_order_wins[] = {
    {"{\"messages\": [{\"role\": \"user\"}], \"tools\": 5, \"temperature\": 9}",
     "KeyError", "'content'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"continue_final_message\": [], \"tools\": 5}",
     "ValidationError", "1 validation error for bool\n  Input should be a valid boolean [type=bool_type, input_value=[], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": [1], \"temperature\": 9}",
     "AttributeError", "'int' object has no attribute 'copy'"},
};
/* clang-format on */

TEST(first_stage_in_order_wins)
{
    CHECK_DECODE(cases_first_stage_in_order_wins);
}

/* clang-format off */
static const struct decode_case cases_every_field_is_reported_in_the_order_of_the_class[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"reasoning_effort\": 1, \"temperature\": \"x\", \"model\": 1, \"tool_choice\": 5, \"max_tokens\": [], \"random_seed\": \"a\", \"top_p\": [], \"response_format\": 5, \"parallel_tool_calls\": [], \"truncate_for_context_length\": null}",
     "ValidationError", "11 validation errors for ChatCompletionRequest\ntemperature\n  Input should be a valid number, unable to parse string as a number [type=float_parsing, input_value='x', input_type=str]\ntop_p\n  Input should be a valid number [type=float_type, input_value=[], input_type=list]\nmax_tokens\n  Input should be a valid integer [type=int_type, input_value=[], input_type=list]\nrandom_seed\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='a', input_type=str]\nmodel\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]\nresponse_format\n  Input should be a valid dictionary or instance of ResponseFormat [type=model_type, input_value=5, input_type=int]\ntool_choice.`function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]`\n  Input should be 'auto', 'none', 'any' or 'required' [type=enum, input_value=5, input_type=int]\ntool_choice.NamedToolChoice\n  Input should be a valid dictionary or instance of NamedToolChoice [type=model_type, input_value=5, input_type=int]\nparallel_tool_calls\n  Input should be a valid boolean [type=bool_type, input_value=[], input_type=list]\ntruncate_for_context_length\n  Input should be a valid boolean [type=bool_type, input_value=None, input_type=NoneType]\nreasoning_effort\n  Input should be 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max' [type=enum, input_value=1, input_type=int]"},
};
/* clang-format on */

TEST(every_field_is_reported_in_the_order_of_the_class)
{
    CHECK_DECODE(cases_every_field_is_reported_in_the_order_of_the_class);
}

/* clang-format off */
static const struct decode_case cases_tool_choice_is_a_word_or_a_named_function[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": \"auto\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": \"sometimes\"}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\ntool_choice.`function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]`\n  Input should be 'auto', 'none', 'any' or 'required' [type=enum, input_value='sometimes', input_type=str]\ntool_choice.NamedToolChoice\n  Input should be a valid dictionary or instance of NamedToolChoice [type=model_type, input_value='sometimes', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": null}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\ntool_choice.`function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]`\n  Input should be 'auto', 'none', 'any' or 'required' [type=enum, input_value=None, input_type=NoneType]\ntool_choice.NamedToolChoice\n  Input should be a valid dictionary or instance of NamedToolChoice [type=model_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": {}}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\ntool_choice.`function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]`\n  Input should be 'auto', 'none', 'any' or 'required' [type=enum, input_value={}, input_type=dict]\ntool_choice.NamedToolChoice.function\n  Field required [type=missing, input_value={}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": {\"function\": {\"name\": \"f\", \"x\": 1}, \"y\": 2}}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": {\"type\": \"z\", \"function\": {\"name\": 1}}}",
     "ValidationError", "3 validation errors for ChatCompletionRequest\ntool_choice.`function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]`\n  Input should be 'auto', 'none', 'any' or 'required' [type=enum, input_value={'type': 'z', 'function': {'name': 1}}, input_type=dict]\ntool_choice.NamedToolChoice.type\n  Input should be 'function' [type=enum, input_value='z', input_type=str]\ntool_choice.NamedToolChoice.function.name\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": {\"function\": []}}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\ntool_choice.`function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]`\n  Input should be 'auto', 'none', 'any' or 'required' [type=enum, input_value={'function': []}, input_type=dict]\ntool_choice.NamedToolChoice.function\n  Input should be a valid dictionary or instance of FunctionName [type=model_type, input_value=[], input_type=list]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tool_choice\": \"\\ud800\"}",
     "ValidationError", "2 validation errors for ChatCompletionRequest\ntool_choice.`function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]`\n  Input should be a valid string, unable to parse raw data as a unicode string [type=string_unicode, input_value='\\ud800', input_type=str]\ntool_choice.NamedToolChoice\n  Input should be a valid dictionary or instance of NamedToolChoice [type=model_type, input_value='\\ud800', input_type=str]"},
};
/* clang-format on */

TEST(tool_choice_is_a_word_or_a_named_function)
{
    CHECK_DECODE(cases_tool_choice_is_a_word_or_a_named_function);
}

/* clang-format off */
static const struct decode_case cases_parallel_null_is_the_default[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"parallel_tool_calls\": null}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"parallel_tool_calls\": \"no\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"parallel_tool_calls\": 3}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nparallel_tool_calls\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=3, input_type=int]"},
};
/* clang-format on */

TEST(parallel_null_is_the_default)
{
    CHECK_DECODE(cases_parallel_null_is_the_default);
}

/* clang-format off */
static const struct decode_case cases_effort_is_a_word[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"reasoning_effort\": \"xhigh\"}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"reasoning_effort\": null}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"reasoning_effort\": \"High\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nreasoning_effort\n  Input should be 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max' [type=enum, input_value='High', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"reasoning_effort\": \"\\ud800\"}",
     "ValidationError", "1 validation error for ChatCompletionRequest\nreasoning_effort\n  Input should be a valid string, unable to parse raw data as a unicode string [type=string_unicode, input_value='\\ud800', input_type=str]"},
};
/* clang-format on */

TEST(effort_is_a_word)
{
    CHECK_DECODE(cases_effort_is_a_word);
}

/* Each allocation fails once: the failure is told, or was not needed. */
TEST(every_allocation_may_fail)
{
    static const char body[] =
        "{\"messages\": [{\"role\": \"assistant\", \"reasoning\": [1], \"reasoning_content\": [1]}, 5],"
        " \"tools\": [{\"function\": [[\"name\", \"f\"]]}]}";
    static const char fields[] =
        "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"reasoning\": \"b\", \"tool_calls\":"
        " [{\"function\": {\"name\": \"f\", \"arguments\": {\"a\": 1}}}]}], \"tools\": [{\"function\":"
        " [[\"name\", \"f\"]]}], \"temperature\": \"1_0\", \"max_tokens\": 1e300, \"tool_choice\": 5,"
        " \"model\": [1], \"response_format\": {\"type\": \"x\"}}";
    const char *const bodies[] = {body, fields};
    for (size_t i = 0; i < 2; i++) {
        enum sidetok_error error = SIDETOK_E_NO_MEMORY;
        for (size_t n = 1; error == SIDETOK_E_NO_MEMORY && n < 1000; n++) {
            struct call call;
            struct json value;
            struct request request;
            call_init(&call);
            CHECK_INT(json_read(&call, str_from(bodies[i]), &value), SIDETOK_OK);
            call.arena.fail_after = n;
            error = request_decode(&call, &value, &request);
            CHECK(error == SIDETOK_E_NO_MEMORY || error == SIDETOK_E_VALIDATION);
            CHECK_INT(error, call.failure.code);
            call_done(&call);
        }
        CHECK_INT(error, SIDETOK_E_VALIDATION);
    }
}

TEST(bytes_stand_for_text_but_not_for_a_body)
{
    const struct json bytes = {.kind = JSON_BYTES, .text = STR("a")}, list = {.kind = JSON_ARRAY};
    const struct json_member members[] = {{STR("messages"), list}, {STR("model"), bytes}};
    const struct json body = {.kind = JSON_OBJECT, .object = {members, 2}};
    struct call call;
    struct request request;
    call_init(&call);
    CHECK_INT(request_decode(&call, &body, &request), SIDETOK_OK);
    CHECK_STR(request.model, STR("a"));
    CHECK_INT(request_decode(&call, &list, &request), SIDETOK_E_TYPE);
    call_done(&call);
}

TEST(fields_arrive)
{
    struct call call;
    struct request request;
    CHECK_INT(
        decode_text(&call,
                    "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\", \"prefix\": false}],"
                    " \"continue_final_message\": \"on\", \"model\": \"m\", \"truncate_for_context_length\":"
                    " 1, \"reasoning_effort\": \"xhigh\", \"response_format\": {\"type\": \"json_schema\","
                    " \"json_schema\": {\"name\": \"n\", \"schema\": {}}}, "
                    "\"tools\": []}",
                    &request),
        SIDETOK_OK);
    CHECK(request.messages[0].prefix);
    CHECK(request.has_tools && request.n_tools == 0);
    CHECK_STR(request.model, STR("m"));
    CHECK(request.truncate_for_context_length);
    CHECK_INT(request.reasoning_effort, EFFORT_XHIGH);
    CHECK_INT(request.response_format, FORMAT_JSON_SCHEMA);
    CHECK(request.has_json_schema && !request.schema_strict && !request.schema_description.data);
    CHECK_STR(request.schema_name, STR("n"));
    CHECK_INT(request.schema.kind, JSON_OBJECT);
    call_done(&call);
}

TEST_MAIN(RUN(arguments_fail_as_a_call_in_python), RUN(seeds_exclude_each_other),
          RUN(continuing_needs_an_assistant_last), RUN(tools_are_iterated_as_python_does),
          RUN(first_stage_in_order_wins), RUN(every_field_is_reported_in_the_order_of_the_class),
          RUN(tool_choice_is_a_word_or_a_named_function), RUN(parallel_null_is_the_default),
          RUN(effort_is_a_word), RUN(every_allocation_may_fail), RUN(bytes_stand_for_text_but_not_for_a_body),
          RUN(fields_arrive))
