#include "decode.h"

#include "python_object.h"

static const struct json json_empty_list = {.kind = JSON_ARRAY};

/* What iterating over value meets first where it is no list: nothing, or an item without the attribute. */
static enum sidetok_error not_a_list(struct call *call, const struct json *value, const char *attribute)
{
    switch (value->kind) {
    case JSON_STRING:
        return value->text.size == 0 ? SIDETOK_OK : python_no_attribute(call, STR("str"), attribute);
    case JSON_BYTES:
        return value->text.size == 0 ? SIDETOK_OK : python_no_attribute(call, STR("int"), attribute);
    case JSON_OBJECT:
        return value->object.n == 0 ? SIDETOK_OK : python_no_attribute(call, STR("str"), attribute);
    default:
        return python_not_iterable(call, value);
    }
}

static enum sidetok_error as_list(struct call *call, const struct json *value, const char *attribute,
                                  const struct json **ret_list)
{
    *ret_list = value;
    if (value->kind == JSON_ARRAY)
        return SIDETOK_OK;
    *ret_list = &json_empty_list;
    return not_a_list(call, value, attribute);
}

/* Rule: convert_openai_messages. */
static enum sidetok_error decode_messages(struct call *call, const struct json *raw, struct request *request)
{
    const struct json *list;
    TRY(as_list(call, raw, "get", &list));
    request->messages = call_alloc_array(call, list->array.n, sizeof *request->messages);
    if (!request->messages)
        return SIDETOK_E_NO_MEMORY;
    for (; request->n_messages < list->array.n; request->n_messages++)
        TRY(decode_message(call, &list->array.items[request->n_messages],
                           &request->messages[request->n_messages]));
    return SIDETOK_OK;
}

/* Rule: _map_continue_final_message. */
static enum sidetok_error decode_continue(struct call *call, const struct json *raw, struct request *request)
{
    struct pydantic errors;
    bool wanted = false;
    if (!raw)
        return SIDETOK_OK;
    pydantic_init(&errors, call, STR("bool"));
    pydantic_bool(&errors, NULL, raw, &wanted);
    TRY(pydantic_finish(&errors));
    if (!wanted)
        return SIDETOK_OK;
    struct message *last = request->n_messages > 0 ? &request->messages[request->n_messages - 1] : NULL;
    if (!last || last->role != ROLE_ASSISTANT)
        return failure_set(call, SIDETOK_E_INVALID_MESSAGE_STRUCTURE,
                           "continue_final_message=True requires final message to be an assistant.");
    last->prefix = true;
    return SIDETOK_OK;
}

/* Rule: convert_openai_tools. */
static enum sidetok_error decode_tools(struct call *call, const struct json *raw, struct request *request)
{
    const struct json *list;
    if (!raw || raw->kind == JSON_NULL)
        return SIDETOK_OK;
    TRY(as_list(call, raw, "copy", &list));
    request->has_tools = true;
    request->tools = call_alloc_array(call, list->array.n, sizeof *request->tools);
    if (!request->tools)
        return SIDETOK_E_NO_MEMORY;
    for (; request->n_tools < list->array.n; request->n_tools++)
        TRY(decode_tool(call, &list->array.items[request->n_tools], &request->tools[request->n_tools]));
    return SIDETOK_OK;
}

/* Rule: NamedToolChoice. */
static void check_named_choice(struct pydantic *errors, const struct pydantic_loc *loc,
                               const struct json *raw)
{
    const struct str types[] = {STR("function")};
    const struct pydantic_loc *function_loc = LOC(loc, "function");
    struct str text;
    size_t index;
    if (!pydantic_model(errors, loc, raw, STR("NamedToolChoice")))
        return;
    const struct json *type = json_get(raw, STR("type"));
    if (type)
        pydantic_enum(errors, LOC(loc, "type"), type, types, 1, &index);
    const struct json *function = pydantic_required(errors, function_loc, raw);
    if (!function || !pydantic_model(errors, function_loc, function, STR("FunctionName")))
        return;
    const struct json *name = pydantic_required(errors, LOC(function_loc, "name"), function);
    if (name)
        pydantic_str(errors, LOC(function_loc, "name"), name, &text);
}

/* Checked only: no template shows it. Rule: ToolChoice, the union of ToolChoiceEnum and NamedToolChoice. */
static void check_tool_choice(struct pydantic *errors, const struct json *raw)
{
    const struct str names[] = {STR("auto"), STR("none"), STR("any"), STR("required")};
    const struct pydantic_loc *loc = LOC(NULL, "tool_choice");
    size_t n_before = errors->n, index;
    if (pydantic_enum(errors,
                      LOC(loc, "function-after[operator.attrgetter('value')(), str-enum[ToolChoiceEnum]]"),
                      raw, names, 4, &index))
        return;
    size_t n_enum = errors->n;
    check_named_choice(errors, LOC(loc, "NamedToolChoice"), raw);
    if (errors->n == n_enum)
        pydantic_rollback(errors, n_before);
}

/* Rule: ReasoningEffort | None. */
static void read_effort(struct pydantic *errors, const struct json *raw, struct request *request)
{
    const struct str names[] = {STR("none"), STR("minimal"), STR("low"), STR("medium"),
                                STR("high"), STR("xhigh"),   STR("max")};
    size_t index;
    if (raw && raw->kind != JSON_NULL &&
        pydantic_enum(errors, LOC(NULL, "reasoning_effort"), raw, names, sizeof names / sizeof names[0],
                      &index))
        request->reasoning_effort = (enum reasoning_effort)(EFFORT_NONE + index);
}

static void check_bool(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *raw,
                       bool *ret_value)
{
    if (raw)
        pydantic_bool(errors, loc, raw, ret_value);
}

/* null means the default. Rule: from_openai. */
static void check_parallel(struct pydantic *errors, const struct json *raw)
{
    bool parallel;
    if (raw && raw->kind != JSON_NULL)
        pydantic_bool(errors, LOC(NULL, "parallel_tool_calls"), raw, &parallel);
}

static const struct json *find_seed(const struct json *body)
{
    const struct json *seed = json_get(body, STR("seed"));
    return seed && seed->kind != JSON_NULL ? seed : json_get(body, STR("random_seed"));
}

/* The fields of the class in its order; messages and tools are models already. Rule: ChatCompletionRequest.
 */
static enum sidetok_error decode_fields(struct call *call, const struct json *body, struct request *request)
{
    struct pydantic errors;
    const struct json *model = json_get(body, STR("model"));
    const struct json *format = json_get(body, STR("response_format"));
    const struct json *tool_choice = json_get(body, STR("tool_choice"));
    pydantic_init(&errors, call, STR("ChatCompletionRequest"));
    pydantic_completion_fields(&errors, body, find_seed(body));
    if (model)
        pydantic_str_or_none(&errors, LOC(NULL, "model"), model, &request->model);
    if (format)
        TRY(decode_response_format(&errors, format, request));
    if (tool_choice)
        check_tool_choice(&errors, tool_choice);
    check_parallel(&errors, json_get(body, STR("parallel_tool_calls")));
    check_bool(&errors, LOC(NULL, "truncate_for_context_length"),
               json_get(body, STR("truncate_for_context_length")), &request->truncate_for_context_length);
    read_effort(&errors, json_get(body, STR("reasoning_effort")), request);
    return pydantic_finish(&errors);
}

/* What Python refuses in f(**body) before the function runs. */
static enum sidetok_error check_arguments(struct call *call, const struct json *body)
{
    if (body->kind != JSON_OBJECT)
        return failure_set(
            call, SIDETOK_E_TYPE,
            "mistral_common.protocol.instruct.request.ChatCompletionRequest.from_openai() argument"
            " after ** must be a mapping, not %.*s",
            STR_ARG(pydantic_type_name(body)));
    if (json_get(body, STR("cls")))
        return failure_set(call, SIDETOK_E_TYPE,
                           "ChatCompletionRequest.from_openai() got multiple values for argument 'cls'");
    if (!json_get(body, STR("messages")))
        return failure_set(
            call, SIDETOK_E_TYPE,
            "ChatCompletionRequest.from_openai() missing 1 required positional argument: 'messages'");
    if (json_get(body, STR("seed")) && json_get(body, STR("random_seed")))
        return failure_set(call, SIDETOK_E_VALUE, "Cannot specify both `seed` and `random_seed`.");
    return SIDETOK_OK;
}

enum sidetok_error request_decode(struct call *call, const struct json *body, struct request *ret_request)
{
    *ret_request = (struct request){0};
    TRY(check_arguments(call, body));
    TRY(decode_messages(call, json_get(body, STR("messages")), ret_request));
    TRY(decode_continue(call, json_get(body, STR("continue_final_message")), ret_request));
    TRY(decode_tools(call, json_get(body, STR("tools")), ret_request));
    return decode_fields(call, body, ret_request);
}
