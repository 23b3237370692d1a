#include "vllm_steps.h"

#include "buf.h"
#include "tests/support/test.h"

/* Prepares body and writes what comes out, or the failure's message, as text in the call. */
static struct str prepare(struct call *call, const char *body, int version)
{
    struct json value, prepared;
    struct buf text;
    call_init(call);
    buf_init(&text, call);
    if (json_read(call, str_from(body), &value) || vllm_prepare(call, &value, version, &prepared))
        return call->failure.message;
    json_write(&text, &prepared, (struct json_style){.ensure_ascii = true});
    return buf_str(&text);
}

static const struct prepare_case {
    const char *body;
    const char *expected;
} prepare_cases[] = {
    /* ids */
    {"{\"messages\": [{\"role\": \"tool\", \"tool_call_id\": \"chatcmpl-abcdefghi\"}]}",
     "{\"messages\": [{\"role\": \"tool\", \"tool_call_id\": \"abcdefghi\"}]}"},
    {"{\"messages\": [{\"role\": \"tool\", \"tool_call_id\": \"\\u00e9\\u00e9abcdefgh\"}]}",
     "{\"messages\": [{\"role\": \"tool\", \"tool_call_id\": \"\\u00e9abcdefgh\"}]}"},
    {"{\"messages\": [{\"role\": \"user\", \"tool_call_id\": \"chatcmpl-abcdefghi\"}]}",
     "{\"messages\": [{\"role\": \"user\", \"tool_call_id\": \"chatcmpl-abcdefghi\"}]}"},
    /* arguments */
    {"{\"add_generation_prompt\": false, \"messages\": [{\"role\": \"assistant\", \"tool_calls\": ["
     "{\"id\": \"1234567890\", \"function\": {\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 1}\"}},"
     "{\"id\": \"b\", \"function\": {\"name\": \"f\", \"arguments\": \"[1]\"}},"
     "{\"id\": \"c\", \"function\": {\"name\": \"f\", \"arguments\": \"{broken\"}},"
     "{\"id\": \"d\", \"function\": {\"name\": \"f\", \"arguments\": null}},"
     "{\"id\": \"e\", \"function\": {\"name\": \"f\"}}, 5]}]}",
     "{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": ["
     "{\"id\": \"234567890\", \"function\": {\"name\": \"f\", \"arguments\": {\"a\": 1}}}, "
     "{\"id\": \"b\", \"function\": {\"name\": \"f\", \"arguments\": {}}}, "
     "{\"id\": \"c\", \"function\": {\"name\": \"f\", \"arguments\": {}}}, "
     "{\"id\": \"d\", \"function\": {\"name\": \"f\", \"arguments\": {}}}, "
     "{\"id\": \"e\", \"function\": {\"name\": \"f\", \"arguments\": {}}}, 5]}]}"},
    /* messages */
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning_content\": \"r\"}, {\"role\": \"user\", "
     "\"content\": {}}]}",
     "{\"messages\": [{\"role\": \"assistant\", \"reasoning\": \"r\", \"tool_calls\": []}, "
     "{\"role\": \"user\", \"content\": []}]}"},
    {"{\"messages\": [5, {\"role\": \"user\", \"reasoning\": \"a\", \"reasoning_content\": \"b\"}]}",
     "{\"messages\": [5, {\"role\": \"user\", \"reasoning\": \"a\"}]}"},
    /* tools */
    {"{\"messages\": [{\"role\": \"user\"}], \"tools\": [{\"x\": 1, \"function\": {\"strict\": true, "
     "\"name\": \"f\"}}, 5]}",
     "{\"messages\": [{\"role\": \"user\"}], \"tools\": [{\"type\": \"function\", \"function\": {\"name\": "
     "\"f\", "
     "\"description\": null, \"parameters\": null}}, 5]}"},
    {"{\"messages\": [{\"role\": \"user\"}], \"tools\": null}", "{\"messages\": [{\"role\": \"user\"}]}"},
    /* other members */
    {"{\"messages\": [{\"role\": \"user\"}], \"temperature\": 9, \"truncation\": true, \"max_length\": 5,"
     " \"reasoning_effort\": \"high\"}",
     "{\"messages\": [{\"role\": \"user\"}], \"truncation\": true, \"max_length\": 5}"},
    /* refused */
    {"{\"messages\": [{\"role\": \"user\"}], \"chat_template\": \"x\"}",
     "chat_template is not supported for Mistral tokenizers. (parameter=chat_template)"},
    {"{\"messages\": [{\"role\": \"user\"}], \"chat_template_kwargs\": {}}",
     "chat_template is not supported for Mistral tokenizers. (parameter=chat_template)"},
    {"{\"messages\": [{\"role\": \"assistant\"}], \"continue_final_message\": true}",
     "Cannot set both `add_generation_prompt` and `continue_final_message` to True."},
    {"{\"messages\": [{\"role\": \"assistant\"}]}",
     "Cannot set `add_generation_prompt` to True when the last message is from the assistant. Consider using "
     "`continue_final_message` instead."},
    {"{\"messages\": [{\"role\": \"user\"}], \"continue_final_message\": true, \"add_generation_prompt\": "
     "false}",
     "Cannot set `continue_final_message` to True when the last message is not from the assistant."},
    {"{\"messages\": [{\"role\": \"user\"}], \"tools\": []}",
     "`tools` must not be an empty array. Either provide at least one tool or omit the field entirely. "
     "(parameter=tools)"},
    {"{\"messages\": [{\"role\": \"user\"}], \"continue_final_message\": 1, \"add_generation_prompt\": "
     "true}",
     "Cannot set both `continue_final_message` and `add_generation_prompt` to True."},
    /* flags in words */
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": []}], \"continue_final_message\": \"Yes\", "
     "\"add_generation_prompt\": \"off\"}",
     "Cannot set both `continue_final_message` and `add_generation_prompt` to True."},
    {"{\"messages\": [{\"role\": \"user\"}], \"continue_final_message\": \"no\"}",
     "{\"messages\": [{\"role\": \"user\"}], \"continue_final_message\": false}"},
    {"{\"messages\": []}", "list index out of range"},
    {"{\"messages\": [{}]}", "'role'"},
    /* left for the library */
    {"{\"messages\": \"x\", \"chat_template\": null}", "{\"messages\": \"x\", \"chat_template\": null}"},
    {"[1]", "[1]"},
};

TEST(requests_are_changed_as_vllm_changes_them)
{
    for (size_t i = 0; i < sizeof prepare_cases / sizeof prepare_cases[0]; i++) {
        struct call call;
        struct str got = prepare(&call, prepare_cases[i].body, 11);
        CHECK_STR(got, str_from(prepare_cases[i].expected));
        call_done(&call);
    }
}

TEST(effort_is_passed_on_from_v15)
{
    static const char body[] = "{\"messages\": [{\"role\": \"user\"}], \"reasoning_effort\": \"high\"}";
    struct call call;
    CHECK_STR(prepare(&call, body, 15), str_from(body));
    call_done(&call);
    CHECK_STR(prepare(&call, body, 13), STR("{\"messages\": [{\"role\": \"user\"}]}"));
    call_done(&call);
}

TEST(broken_arguments_leave_no_failure)
{
    struct call call;
    prepare(
        &call,
        "{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"function\": {\"arguments\": \"{\"}}]},"
        " {\"role\": \"user\"}]}",
        11);
    CHECK_INT(call.failure.code, SIDETOK_OK);
    call_done(&call);
}

TEST(every_failing_allocation_is_out_of_memory)
{
    static const char body[] =
        "{\"messages\": [{\"role\": \"assistant\", \"reasoning_content\": \"r\", \"tool_calls\": "
        "[{\"id\": \"1234567890\", \"function\": {\"arguments\": \"{\\\"a\\\": [1]}\"}}]},"
        "{\"role\": \"user\"}], \"tools\": [{\"function\": {}}]}";
    struct call call;
    struct json value, prepared;
    size_t n = 1;
    for (bool done = false; !done; n++) {
        call_init(&call);
        CHECK_INT(json_read(&call, str_from(body), &value), SIDETOK_OK);
        call.arena.fail_after = n;
        done = vllm_prepare(&call, &value, 15, &prepared) == SIDETOK_OK;
        CHECK_INT(call.failure.code, done ? SIDETOK_OK : SIDETOK_E_NO_MEMORY);
        call_done(&call);
    }
    CHECK(n > 8);
}

TEST_MAIN(RUN(requests_are_changed_as_vllm_changes_them), RUN(effort_is_passed_on_from_v15),
          RUN(broken_arguments_leave_no_failure), RUN(every_failing_allocation_is_out_of_memory))
