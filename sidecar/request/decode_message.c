#include "decode.h"

#include "buf.h"
#include "message_repr.h"
#include "python_object.h"
#include "python_repr.h"
#include "rules.h"

enum {
    CHUNKS_OF_USER = CHUNK_BIT(CHUNK_TEXT) | CHUNK_BIT(CHUNK_IMAGE) | CHUNK_BIT(CHUNK_IMAGE_URL) |
                     CHUNK_BIT(CHUNK_INPUT_AUDIO) | CHUNK_BIT(CHUNK_AUDIO_URL),
    CHUNKS_OF_SYSTEM = CHUNK_BIT(CHUNK_TEXT) | CHUNK_BIT(CHUNK_INPUT_AUDIO) | CHUNK_BIT(CHUNK_THINKING),
    CHUNKS_OF_ASSISTANT = CHUNK_BIT(CHUNK_TEXT) | CHUNK_BIT(CHUNK_THINKING),
};

/* Rule: the message classes and their _allowed_content_chunks. */
static const struct role_model {
    const char *role;
    const char *model;
    unsigned chunks; /* set of the kinds that may occur */
} role_models[] = {
    [ROLE_SYSTEM] = {"system", "SystemMessage", CHUNKS_OF_SYSTEM},
    [ROLE_USER] = {"user", "UserMessage", CHUNKS_OF_USER},
    [ROLE_ASSISTANT] = {"assistant", "AssistantMessage", CHUNKS_OF_ASSISTANT},
    [ROLE_TOOL] = {"tool", "ToolMessage", CHUNKS_OF_USER},
};

static const struct chunk *first_bad_chunk(const struct message *message)
{
    const struct content *content = &message->content;
    for (size_t i = 0; content->kind == CONTENT_CHUNKS && i < content->n_chunks; i++)
        if (!(CHUNK_BIT(content->chunks[i].kind) & role_models[message->role].chunks))
            return &content->chunks[i];
    return NULL;
}

static void write_raw_member(struct buf *out, const char *name, const struct json *raw)
{
    const struct json none = {.kind = JSON_NULL};
    const struct json *value = json_get(raw, str_from(name));
    buf_printf(out, ", '%s': ", name);
    python_repr(out, value ? value : &none);
}

/* The repr of the dict that the reference hands to the model. */
static void write_model_input(struct buf *out, const struct json *raw, const struct message *message)
{
    buf_printf(out, "{'role': '%s'", role_models[message->role].role);
    if (message->role == ROLE_TOOL)
        write_raw_member(out, "tool_call_id", raw);
    buf_append(out, STR(", 'content': "));
    content_repr(out, &message->content);
    if (message->role == ROLE_TOOL)
        write_raw_member(out, "name", raw);
    if (message->role == ROLE_ASSISTANT) {
        buf_append(out, STR(", 'tool_calls': "));
        tool_calls_repr(out, message);
    }
    buf_append_char(out, '}');
}

/* Rule: BaseMessage._validate_allowed_content_chunks. */
static enum sidetok_error fault_chunk(struct pydantic *errors, const struct json *raw,
                                      const struct message *message, const struct chunk *chunk)
{
    struct buf text, input;
    struct str fault, repr;
    buf_init(&text, errors->call);
    buf_printf(&text, "Value error, %s cannot be used in %s message.", chunk_class_name(chunk->kind),
               role_models[message->role].role);
    TRY(buf_finish(&text, &fault));
    buf_init(&input, errors->call);
    write_model_input(&input, raw, message);
    TRY(buf_finish(&input, &repr));
    pydantic_fault_repr(errors, NULL, STR("value_error"), fault, repr, STR("dict"));
    return SIDETOK_OK;
}

/* What is left to check of a message whose parts are converted; content None is a fault but for the
 * assistant. */
static enum sidetok_error finish_message(struct pydantic *errors, const struct json *raw,
                                         const struct message *message)
{
    const struct chunk *bad = errors->n == 0 ? first_bad_chunk(message) : NULL;
    if (bad)
        TRY(fault_chunk(errors, raw, message, bad));
    return pydantic_finish(errors);
}

static void fault_no_content(struct pydantic *errors, const struct json *content)
{
    const struct pydantic_loc *loc = LOC(NULL, "content");
    pydantic_fault(errors, LOC(loc, "str"), STR("string_type"), STR("Input should be a valid string"),
                   content);
    pydantic_fault(errors,
                   LOC(loc, "list[tagged-union[TextChunk,ImageChunk,ImageURLChunk,AudioChunk,AudioURLChunk,"
                            "ThinkChunk]]"),
                   STR("list_type"), STR("Input should be a valid list"), content);
}

/* Rule: UserMessage.from_openai, SystemMessage.from_openai. */
static enum sidetok_error decode_plain_message(struct call *call, const struct json *raw,
                                               struct message *message)
{
    const struct json *content = json_get(raw, STR("content"));
    struct pydantic errors;
    if (!content)
        return python_key_error(call, "content");
    TRY(decode_content(call, content, &message->content));
    pydantic_init(&errors, call, str_from(role_models[message->role].model));
    if (message->content.kind == CONTENT_NONE)
        fault_no_content(&errors, content);
    return finish_message(&errors, raw, message);
}

/* Rule: ToolMessage.from_openai. */
static enum sidetok_error decode_tool_message(struct call *call, const struct json *raw,
                                              struct message *message)
{
    const struct json *content = json_get(raw, STR("content")), *id, *name;
    struct pydantic errors;
    if (!content)
        return python_key_error(call, "content");
    TRY(decode_content(call, content, &message->content));
    id = json_get(raw, STR("tool_call_id"));
    if (!id)
        return python_key_error(call, "tool_call_id");
    name = json_get(raw, STR("name"));
    pydantic_init(&errors, call, STR("ToolMessage"));
    if (message->content.kind == CONTENT_NONE)
        fault_no_content(&errors, content);
    pydantic_str_or_none(&errors, LOC(NULL, "tool_call_id"), id, &message->tool_call_id);
    if (name)
        pydantic_str_or_none(&errors, LOC(NULL, "name"), name, &message->name);
    return finish_message(&errors, raw, message);
}

static enum sidetok_error decode_tool_calls(struct call *call, const struct json *raw,
                                            struct message *message)
{
    if (!raw || raw->kind == JSON_NULL)
        return SIDETOK_OK;
    if (raw->kind != JSON_ARRAY)
        return failure_set(call, SIDETOK_E_VALUE, "tool_calls must be a list, got <class '%.*s'>",
                           STR_ARG(pydantic_type_name(raw)));
    message->has_tool_calls = true;
    message->tool_calls = call_alloc_array(call, raw->array.n, sizeof *message->tool_calls);
    if (!message->tool_calls)
        return SIDETOK_E_NO_MEMORY;
    for (; message->n_tool_calls < raw->array.n; message->n_tool_calls++)
        TRY(decode_tool_call(call, &raw->array.items[message->n_tool_calls],
                             &message->tool_calls[message->n_tool_calls]));
    return SIDETOK_OK;
}

static bool is_none(const struct json *value)
{
    return !value || value->kind == JSON_NULL;
}

/* reasoning, or reasoning_content, or NULL; both must be equal. */
static enum sidetok_error find_reasoning(struct call *call, const struct json *raw,
                                         const struct json **ret_reasoning)
{
    const struct json *content = json_get(raw, STR("reasoning_content"));
    const struct json *reasoning = json_get(raw, STR("reasoning"));
    bool equal = true;
    if (!is_none(content) && !is_none(reasoning))
        TRY(python_equal(call, content, reasoning, &equal));
    if (!equal)
        return failure_set(call, SIDETOK_E_VALUE, "`reasoning_content` and `reasoning` should be equal.");
    *ret_reasoning = !is_none(reasoning) ? reasoning : !is_none(content) ? content : NULL;
    return SIDETOK_OK;
}

static bool has_thinking(const struct content *content)
{
    for (size_t i = 0; content->kind == CONTENT_CHUNKS && i < content->n_chunks; i++)
        if (content->chunks[i].kind == CHUNK_THINKING)
            return true;
    return false;
}

/* Puts a think chunk before the content; text becomes a chunk of its own. */
static enum sidetok_error prepend_thinking(struct call *call, const struct json *reasoning,
                                           struct content *content)
{
    struct pydantic errors;
    size_t n = content->kind == CONTENT_CHUNKS ? content->n_chunks : content->kind == CONTENT_TEXT;
    struct chunk *chunks = call_alloc_array(call, n + 1, sizeof *chunks);
    if (!chunks)
        return SIDETOK_E_NO_MEMORY;
    pydantic_init(&errors, call, STR("ThinkChunk"));
    chunks[0] = (struct chunk){.kind = CHUNK_THINKING, .closed = true};
    pydantic_str(&errors, LOC(NULL, "thinking"), reasoning, &chunks[0].text);
    TRY(pydantic_finish(&errors));
    if (content->kind == CONTENT_TEXT)
        chunks[1] = (struct chunk){.kind = CHUNK_TEXT, .text = content->text};
    else if (n > 0)
        memcpy(chunks + 1, content->chunks, n * sizeof *chunks);
    *content = (struct content){.kind = CONTENT_CHUNKS, .chunks = chunks, .n_chunks = n + 1};
    return SIDETOK_OK;
}

/* Rule: AssistantMessage.from_openai. */
static enum sidetok_error decode_assistant_message(struct call *call, const struct json *raw,
                                                   struct message *message)
{
    const struct json *reasoning = NULL;
    struct pydantic errors;
    TRY(decode_tool_calls(call, json_get(raw, STR("tool_calls")), message));
    TRY(decode_content(call, json_get(raw, STR("content")), &message->content));
    TRY(find_reasoning(call, raw, &reasoning));
    if (reasoning && has_thinking(&message->content))
        return failure_set(call, SIDETOK_E_INVALID_ASSISTANT_MESSAGE,
                           "Message cannot have both thinking chunks in `content` and a top-level"
                           " `reasoning` or `reasoning_content` field.");
    if (reasoning)
        TRY(prepend_thinking(call, reasoning, &message->content));
    pydantic_init(&errors, call, STR("AssistantMessage"));
    return finish_message(&errors, raw, message);
}

static bool find_role(const struct json *role, enum role *ret_role)
{
    if (!role || role->kind != JSON_STRING)
        return false;
    for (size_t i = 0; i < sizeof role_models / sizeof role_models[0]; i++)
        if (str_equal(role->text, str_from(role_models[i].role))) {
            *ret_role = (enum role)i;
            return true;
        }
    *ret_role = ROLE_SYSTEM;
    return str_equal(role->text, STR("developer"));
}

enum sidetok_error decode_message(struct call *call, const struct json *raw, struct message *ret_message)
{
    const struct json none = {.kind = JSON_NULL};
    if (raw->kind != JSON_OBJECT)
        return python_no_attribute(call, pydantic_type_name(raw), "get");
    const struct json *role = json_get(raw, STR("role"));
    if (!find_role(role, &ret_message->role))
        return python_error_str(call, SIDETOK_E_VALUE, STR("Unknown message role: "), role ? role : &none,
                                STR(""));
    if (ret_message->role == ROLE_ASSISTANT)
        return decode_assistant_message(call, raw, ret_message);
    if (ret_message->role == ROLE_TOOL)
        return decode_tool_message(call, raw, ret_message);
    return decode_plain_message(call, raw, ret_message);
}
