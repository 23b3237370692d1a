#include "validate.h"

#include "buf.h"

/* Chunk classes as the reference names them, in the order of their names. */
static const struct {
    enum chunk_kind kind;
    const char *name;
} chunk_classes[] = {
    {CHUNK_INPUT_AUDIO, "AudioChunk"},  {CHUNK_AUDIO_URL, "AudioURLChunk"}, {CHUNK_IMAGE, "ImageChunk"},
    {CHUNK_IMAGE_URL, "ImageURLChunk"}, {CHUNK_TEXT, "TextChunk"},          {CHUNK_THINKING, "ThinkChunk"},
};

/* Rule: _validate_content_chunk_types. */
static enum sidetok_error validate_chunks(const struct validation *validation, const struct message *message,
                                          unsigned allowed, enum sidetok_error code)
{
    if (message->content.kind != CONTENT_CHUNKS)
        return SIDETOK_OK;
    unsigned found = 0;
    for (size_t i = 0; i < message->content.n_chunks; i++)
        found |= CHUNK_BIT(message->content.chunks[i].kind);
    if (!(found & ~allowed))
        return SIDETOK_OK;
    struct buf text;
    buf_init(&text, validation->call);
    buf_append(&text, STR("Unexpected content chunk types in "));
    buf_append(&text, role_name(message->role));
    const char *separator = " message: [";
    for (size_t i = 0; i < sizeof chunk_classes / sizeof chunk_classes[0]; i++) {
        if (found & ~allowed & CHUNK_BIT(chunk_classes[i].kind)) {
            buf_printf(&text, "%s'%s'", separator, chunk_classes[i].name);
            separator = ", ";
        }
    }
    buf_append_char(&text, ']');
    struct str message_text;
    TRY(buf_finish(&text, &message_text));
    return failure_set_str(validation->call, code, message_text);
}

/* Rule: re.match(r"^[a-zA-Z0-9]{9}$", id): "$" matches before a last line feed too. */
static bool is_nine_id(struct str id)
{
    if (id.size == 10 && id.data[9] == '\n')
        id.size = 9;
    if (id.size != 9)
        return false;
    for (size_t i = 0; i < 9; i++) {
        char c = id.data[i], lower = (char)(c | 0x20);
        if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')))
            return false;
    }
    return true;
}

static enum sidetok_error validate_nine_id(const struct validation *validation, enum sidetok_error code,
                                           struct str id)
{
    if (is_nine_id(id))
        return SIDETOK_OK;
    return validate_fail(validation, code, STR("Tool call id was "), id,
                         STR(" but must be a-z, A-Z, 0-9, with a length of 9."));
}

static enum sidetok_error validate_given_id(const struct validation *validation, enum sidetok_error code,
                                            struct str id)
{
    if (id.size > 0 && !str_equal(id, STR("null")))
        return SIDETOK_OK;
    return failure_set_str(
        validation->call, code,
        STR("Tool call id must be a non-empty string other than 'null' for tokenizer version 13 "
            "or newer."));
}

/* A call without an id carries "null". Rule: MistralRequestValidatorV3._validate_tool_call_id. */
static enum sidetok_error validate_null_id(const struct validation *validation, bool is_last)
{
    static const char *const messages[] = {
        [MODE_TEST] =
            "Tool call id 'null' is only allowed for the last assistant message in finetuning mode.",
        [MODE_SERVING] = "Tool call id has to be defined in serving mode.",
        [MODE_FINETUNING] =
            "Tool call id of assistant message that is not last has to be defined in finetuning mode.",
        [MODE_AGNOSTIC] =
            "Tool call id of assistant message that is not last has to be defined in agnostic mode.",
    };
    if (is_last && (validation->mode == MODE_FINETUNING || validation->mode == MODE_AGNOSTIC))
        return SIDETOK_OK;
    return failure_set_str(validation->call, SIDETOK_E_INVALID_FUNCTION_CALL,
                           str_from(messages[validation->mode]));
}

static enum sidetok_error validate_call_id(const struct validation *validation, struct str id, bool is_last)
{
    switch (validation->rules->call_id) {
    case CALL_ID_NINE:
        if (str_equal(id, STR("null")))
            return validate_null_id(validation, is_last);
        return validate_nine_id(validation, SIDETOK_E_INVALID_FUNCTION_CALL, id);
    case CALL_ID_GIVEN:
        return validate_given_id(validation, SIDETOK_E_INVALID_FUNCTION_CALL, id);
    case CALL_ID_ANY:
        break;
    }
    return SIDETOK_OK;
}

enum sidetok_error validate_tool_call(const struct validation *validation, const struct tool_call *tool_call,
                                      bool is_last)
{
    TRY(validate_call_id(validation, tool_call->id, is_last));
    return validate_name(validation, SIDETOK_E_INVALID_FUNCTION_CALL, tool_call->name);
}

/* Rule: _validate_tool_message_id. */
static enum sidetok_error validate_result_id(const struct validation *validation, struct str id)
{
    switch (validation->rules->call_id) {
    case CALL_ID_NINE:
        if (!id.data)
            return failure_set_str(validation->call, SIDETOK_E_INVALID_REQUEST,
                                   STR("Tool call id has to be defined."));
        return validate_nine_id(validation, SIDETOK_E_INVALID_TOOL_MESSAGE, id);
    case CALL_ID_GIVEN:
        return validate_given_id(validation, SIDETOK_E_INVALID_TOOL_MESSAGE, id);
    case CALL_ID_ANY:
        break;
    }
    return SIDETOK_OK;
}

static enum sidetok_error validate_tool_message(const struct validation *validation,
                                                const struct message *message)
{
    TRY(validate_chunks(validation, message, validation->rules->tool_chunks, SIDETOK_E_INVALID_TOOL_MESSAGE));
    if (message->name.data)
        TRY(validate_name(validation, SIDETOK_E_INVALID_TOOL_MESSAGE, message->name));
    return validate_result_id(validation, message->tool_call_id);
}

static bool has_content(const struct content *content)
{
    return content->kind == CONTENT_CHUNKS ? content->n_chunks > 0
                                           : content->kind == CONTENT_TEXT && content->text.size > 0;
}

/* A message converted from JSON has no weight: the reference's rule for it is out of reach. */
static enum sidetok_error validate_assistant_message(const struct validation *validation,
                                                     const struct message *message, bool is_last)
{
    enum sidetok_error code = SIDETOK_E_INVALID_ASSISTANT_MESSAGE;
    TRY(validate_chunks(validation, message, validation->rules->assistant_chunks, code));
    if (!validation->rules->calls_with_content &&
        has_content(&message->content) == (message->n_tool_calls > 0))
        return failure_set_str(
            validation->call, code,
            STR("Assistant message must have either content or tool_calls, but not both."));
    for (size_t i = 0; i < message->n_tool_calls; i++)
        TRY(validate_tool_call(validation, &message->tool_calls[i], is_last));
    if (message->prefix && !is_last)
        return failure_set_str(validation->call, code,
                               STR("Assistant message with prefix True must be last message"));
    return SIDETOK_OK;
}

static enum sidetok_error validate_message(const struct validation *validation, const struct message *message,
                                           bool is_last)
{
    const struct rules *rules = validation->rules;
    switch (message->role) {
    case ROLE_USER:
        return validate_chunks(validation, message, rules->user_chunks, SIDETOK_E_INVALID_USER_MESSAGE);
    case ROLE_SYSTEM:
        return validate_chunks(validation, message, rules->system_chunks, SIDETOK_E_INVALID_SYSTEM_PROMPT);
    case ROLE_TOOL:
        return validate_tool_message(validation, message);
    case ROLE_ASSISTANT:
        break;
    }
    return validate_assistant_message(validation, message, is_last);
}

enum sidetok_error validate_contents(const struct validation *validation, const struct message *messages,
                                     size_t n_messages)
{
    for (size_t i = 0; i < n_messages; i++)
        TRY(validate_message(validation, &messages[i], i == n_messages - 1));
    return SIDETOK_OK;
}
