#include "vllm_steps.h"

#include "python_object.h"
#include "python_text.h"

#include <strings.h>

enum { ID_LENGTH = 9 };

static struct json json_text(struct str text)
{
    return (struct json){.kind = JSON_STRING, .text = text};
}

static bool is_none(const struct json *value)
{
    return !value || value->kind == JSON_NULL;
}

static bool is_text(const struct json *value, const char *text)
{
    return value && value->kind == JSON_STRING && str_equal(value->text, str_from(text));
}

/* An object being built; room is made once. */
struct builder {
    struct json_member *members;
    size_t n;
};

static enum sidetok_error builder_init(struct call *call, struct builder *builder, size_t capacity)
{
    builder->n = 0;
    builder->members = call_alloc_array(call, capacity, sizeof *builder->members);
    return builder->members ? SIDETOK_OK : SIDETOK_E_NO_MEMORY;
}

/* A copy of object with room for more members. */
static enum sidetok_error builder_copy(struct call *call, struct builder *builder, const struct json *object,
                                       size_t more)
{
    TRY(builder_init(call, builder, object->object.n + more));
    if (object->object.n > 0)
        memcpy(builder->members, object->object.members, object->object.n * sizeof *builder->members);
    builder->n = object->object.n;
    return SIDETOK_OK;
}

static void builder_set(struct builder *builder, struct str key, struct json value)
{
    size_t at = 0;
    while (at < builder->n && !str_equal(builder->members[at].key, key))
        at++;
    builder->n += at == builder->n;
    builder->members[at] = (struct json_member){key, value};
}

static void builder_drop(struct builder *builder, struct str key)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->n; i++)
        if (!str_equal(builder->members[i].key, key))
            builder->members[kept++] = builder->members[i];
    builder->n = kept;
}

static struct json builder_object(const struct builder *builder)
{
    return (struct json){.kind = JSON_OBJECT, .object = {builder->members, builder->n}};
}

/* json.loads(arguments or "{}"), {} where that fails or is no dict. */
static enum sidetok_error parse_arguments(struct call *call, const struct json *raw,
                                          struct json *ret_arguments)
{
    const struct json empty = {.kind = JSON_OBJECT};
    *ret_arguments = empty;
    if (raw && raw->kind == JSON_OBJECT)
        *ret_arguments = *raw;
    if (!raw || raw->kind != JSON_STRING || raw->text.size == 0)
        return SIDETOK_OK;
    enum sidetok_error error = json_read(call, raw->text, ret_arguments);
    if (error == SIDETOK_E_JSON_DECODE)
        failure_clear(call);
    else
        TRY(error);
    if (error != SIDETOK_OK || ret_arguments->kind != JSON_OBJECT)
        *ret_arguments = empty;
    return SIDETOK_OK;
}

static enum sidetok_error prepare_function(struct call *call, const struct json *raw,
                                           struct json *ret_function)
{
    struct builder function;
    struct json arguments;
    *ret_function = *raw;
    if (raw->kind != JSON_OBJECT)
        return SIDETOK_OK;
    TRY(parse_arguments(call, json_get(raw, STR("arguments")), &arguments));
    TRY(builder_copy(call, &function, raw, 1));
    builder_set(&function, STR("arguments"), arguments);
    *ret_function = builder_object(&function);
    return SIDETOK_OK;
}

static void cut_id(struct builder *object, const struct json *raw, struct str key)
{
    const struct json *id = json_get(raw, key);
    if (id && id->kind == JSON_STRING)
        builder_set(object, key, json_text(python_last(id->text, ID_LENGTH)));
}

static enum sidetok_error prepare_call(struct call *call, const struct json *raw, struct json *ret_call)
{
    struct builder tool_call;
    struct json prepared;
    *ret_call = *raw;
    if (raw->kind != JSON_OBJECT)
        return SIDETOK_OK;
    TRY(builder_copy(call, &tool_call, raw, 0));
    cut_id(&tool_call, raw, STR("id"));
    const struct json *function = json_get(raw, STR("function"));
    if (function) {
        TRY(prepare_function(call, function, &prepared));
        builder_set(&tool_call, STR("function"), prepared);
    }
    *ret_call = builder_object(&tool_call);
    return SIDETOK_OK;
}

/* A list with each item prepared; anything else as it is. */
static enum sidetok_error
prepare_list(struct call *call, const struct json *raw,
             enum sidetok_error (*prepare)(struct call *call, const struct json *raw, struct json *ret_item),
             struct json *ret_list)
{
    *ret_list = *raw;
    if (raw->kind != JSON_ARRAY)
        return SIDETOK_OK;
    struct json *items = call_alloc_array(call, raw->array.n, sizeof *items);
    if (!items)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < raw->array.n; i++)
        TRY(prepare(call, &raw->array.items[i], &items[i]));
    ret_list->array.items = items;
    return SIDETOK_OK;
}

static enum sidetok_error prepare_calls(struct call *call, struct builder *message, const struct json *raw)
{
    const struct json *calls = json_get(raw, STR("tool_calls"));
    struct json prepared = {.kind = JSON_ARRAY};
    if (!is_none(calls))
        TRY(prepare_list(call, calls, prepare_call, &prepared));
    builder_set(message, STR("tool_calls"), prepared);
    return SIDETOK_OK;
}

static void rename_reasoning(struct builder *message, const struct json *raw)
{
    const struct json *content = json_get(raw, STR("reasoning_content"));
    builder_drop(message, STR("reasoning_content"));
    if (!is_none(content) && is_none(json_get(raw, STR("reasoning"))))
        builder_set(message, STR("reasoning"), *content);
}

static enum sidetok_error prepare_message(struct call *call, const struct json *raw, struct json *ret_message)
{
    struct builder message;
    *ret_message = *raw;
    if (raw->kind != JSON_OBJECT)
        return SIDETOK_OK;
    const struct json *role = json_get(raw, STR("role")), *content = json_get(raw, STR("content"));
    TRY(builder_copy(call, &message, raw, 2));
    rename_reasoning(&message, raw);
    if (is_text(role, "assistant"))
        TRY(prepare_calls(call, &message, raw));
    else if (is_text(role, "tool") || is_text(role, "tool_results"))
        cut_id(&message, raw, STR("tool_call_id"));
    if (content && content->kind == JSON_OBJECT && content->object.n == 0)
        builder_set(&message, STR("content"), (struct json){.kind = JSON_ARRAY});
    *ret_message = builder_object(&message);
    return SIDETOK_OK;
}

static enum sidetok_error prepare_tool(struct call *call, const struct json *raw, struct json *ret_tool)
{
    const struct str kept[] = {STR("name"), STR("description"), STR("parameters")};
    const struct json none = {.kind = JSON_NULL};
    const struct json *raw_function = json_get(raw, STR("function")), *type = json_get(raw, STR("type"));
    struct builder tool, function;
    *ret_tool = *raw;
    if (raw->kind != JSON_OBJECT || !raw_function || raw_function->kind != JSON_OBJECT)
        return SIDETOK_OK;
    TRY(builder_init(call, &function, 3));
    for (size_t i = 0; i < 3; i++) {
        const struct json *value = json_get(raw_function, kept[i]);
        builder_set(&function, kept[i], value ? *value : none);
    }
    TRY(builder_init(call, &tool, 2));
    builder_set(&tool, STR("type"), type ? *type : json_text(STR("function")));
    builder_set(&tool, STR("function"), builder_object(&function));
    *ret_tool = builder_object(&tool);
    return SIDETOK_OK;
}

static enum sidetok_error refuse(struct call *call, struct str message)
{
    return failure_set_str(call, SIDETOK_E_VALUE, message);
}

/* Rule: _validate_apply_chat_template_args. */
static enum sidetok_error check_last(struct call *call, const struct json *messages, bool generate,
                                     bool continues)
{
    if (generate && continues)
        return refuse(call,
                      STR("Cannot set both `add_generation_prompt` and `continue_final_message` to True."));
    if (messages->array.n == 0)
        return failure_set(call, SIDETOK_E_INDEX, "list index out of range");
    const struct json *last = &messages->array.items[messages->array.n - 1];
    const struct json *role = json_get(last, STR("role"));
    if (!role && last->kind == JSON_OBJECT)
        return generate || continues ? python_key_error(call, "role") : SIDETOK_OK;
    if (generate && is_text(role, "assistant"))
        return refuse(call,
                      STR("Cannot set `add_generation_prompt` to True when the last message is from the "
                          "assistant. Consider using `continue_final_message` instead."));
    if (continues && !is_text(role, "assistant"))
        return refuse(call,
                      STR("Cannot set `continue_final_message` to True when the last message is not from "
                          "the assistant."));
    return SIDETOK_OK;
}

/* A flag as vLLM's own model reads it; absent or null means otherwise. */
static bool read_flag(const struct json *body, struct str key, bool otherwise)
{
    static const char *const words[] = {"true", "1", "yes", "on", "y", "t"};
    const struct json *value = json_get(body, key);
    if (is_none(value))
        return otherwise;
    if (value->kind != JSON_STRING)
        return python_is_true(value);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (value->text.size == strlen(words[i]) &&
            strncasecmp(value->text.data, words[i], value->text.size) == 0)
            return true;
    return false;
}

static bool is_true_as_written(const struct json *value)
{
    return value && python_is_true(value);
}

/* Rule: the validators of vLLM's ChatCompletionRequest, then validate_request_params, then
 * _validate_apply_chat_template_args. */
static enum sidetok_error check_body(struct call *call, const struct json *body)
{
    const struct json *tools = json_get(body, STR("tools"));
    if (is_true_as_written(json_get(body, STR("continue_final_message"))) &&
        is_true_as_written(json_get(body, STR("add_generation_prompt"))))
        return refuse(call,
                      STR("Cannot set both `continue_final_message` and `add_generation_prompt` to True."));
    if (tools && tools->kind == JSON_ARRAY && tools->array.n == 0)
        return refuse(call, STR("`tools` must not be an empty array. Either provide at least one tool or "
                                "omit the field entirely. (parameter=tools)"));
    if (!is_none(json_get(body, STR("chat_template"))) ||
        !is_none(json_get(body, STR("chat_template_kwargs"))))
        return refuse(call, STR("chat_template is not supported for Mistral tokenizers. "
                                "(parameter=chat_template)"));
    return check_last(call, json_get(body, STR("messages")),
                      read_flag(body, STR("add_generation_prompt"), true),
                      read_flag(body, STR("continue_final_message"), false));
}

/* The wrapper's arguments that vLLM passes on. */
static void copy_arguments(struct builder *arguments, const struct json *body, int version)
{
    const struct str names[] = {STR("padding"), STR("truncation"), STR("max_length"),
                                STR("reasoning_effort")};
    size_t n = sizeof names / sizeof names[0] - (version < 15);
    if (!is_none(json_get(body, STR("continue_final_message"))))
        builder_set(arguments, STR("continue_final_message"),
                    (struct json){.kind = JSON_BOOL,
                                  .boolean = read_flag(body, STR("continue_final_message"), false)});
    for (size_t i = 0; i < n; i++) {
        const struct json *value = json_get(body, names[i]);
        if (!is_none(value))
            builder_set(arguments, names[i], *value);
    }
}

enum sidetok_error vllm_prepare(struct call *call, const struct json *body, int version,
                                struct json *ret_body)
{
    const struct json *messages = json_get(body, STR("messages")), *tools = json_get(body, STR("tools"));
    struct builder arguments;
    struct json prepared;
    *ret_body = *body;
    if (!messages || messages->kind != JSON_ARRAY)
        return SIDETOK_OK;
    TRY(check_body(call, body));
    TRY(builder_init(call, &arguments, 7));
    TRY(prepare_list(call, messages, prepare_message, &prepared));
    builder_set(&arguments, STR("messages"), prepared);
    if (tools && python_is_true(tools)) {
        TRY(prepare_list(call, tools, prepare_tool, &prepared));
        builder_set(&arguments, STR("tools"), prepared);
    }
    copy_arguments(&arguments, body, version);
    *ret_body = builder_object(&arguments);
    return SIDETOK_OK;
}
