#include "validate.h"

#include "buf.h"

static enum sidetok_error fail_structure(const struct validation *validation, struct str message)
{
    return failure_set_str(validation->call, SIDETOK_E_INVALID_MESSAGE_STRUCTURE, message);
}

/* Rule: the last message of finetuning is a whole assistant message; from v3 its calls are looked at before
 * the order of roles is. */
static enum sidetok_error validate_last_of_finetuning(const struct validation *validation,
                                                      const struct message *last)
{
    if (last->role != ROLE_ASSISTANT)
        return validate_fail(validation, SIDETOK_E_INVALID_MESSAGE_STRUCTURE,
                             STR("Expected last role Assistant for finetuning but got "),
                             role_name(last->role), STR(""));
    if (last->prefix)
        return fail_structure(validation, STR("Cannot continue final message in finetuning mode"));
    if (validation->rules->version < 3)
        return SIDETOK_OK;
    for (size_t i = 0; i < last->n_tool_calls; i++)
        TRY(validate_tool_call(validation, &last->tool_calls[i], true));
    return SIDETOK_OK;
}

/* Rule: _validate_last_message. A system message may be the last. */
static enum sidetok_error validate_last(const struct validation *validation, const struct message *last)
{
    if (validation->mode == MODE_AGNOSTIC)
        return SIDETOK_OK;
    if (validation->mode == MODE_FINETUNING)
        return validate_last_of_finetuning(validation, last);
    if (last->role == ROLE_ASSISTANT && !last->prefix)
        return fail_structure(validation,
                              STR("Expected last role User or Tool (or Assistant with prefix) for "
                                  "serving but got assistant"));
    return SIDETOK_OK;
}

/* Rule: _validate_message_order. */
static enum sidetok_error validate_order(const struct validation *validation, const struct message *messages,
                                         size_t n_messages)
{
    enum {
        SYSTEM = 1 << ROLE_SYSTEM,
        USER = 1 << ROLE_USER,
        ASSISTANT = 1 << ROLE_ASSISTANT,
        TOOL = 1 << ROLE_TOOL
    };
    static const unsigned may_follow[] = {
        [ROLE_SYSTEM] = USER | ASSISTANT | SYSTEM,
        [ROLE_USER] = ASSISTANT | SYSTEM | USER,
        [ROLE_ASSISTANT] = ASSISTANT | USER | TOOL,
        [ROLE_TOOL] = ASSISTANT | TOOL | USER,
    };
    for (size_t i = 1; i < n_messages; i++) {
        enum role before = messages[i - 1].role, role = messages[i].role;
        if (!(may_follow[before] & 1u << role))
            return failure_set(validation->call, SIDETOK_E_INVALID_MESSAGE_STRUCTURE,
                               "Unexpected role '%.*s' after role '%.*s'", STR_ARG(role_name(role)),
                               STR_ARG(role_name(before)));
    }
    return SIDETOK_OK;
}

static bool is_system(const struct message *message)
{
    return message->role == ROLE_SYSTEM;
}

static bool is_user_with_sound(const struct message *message)
{
    if (message->role != ROLE_USER || message->content.kind != CONTENT_CHUNKS)
        return false;
    for (size_t i = 0; i < message->content.n_chunks; i++) {
        enum chunk_kind kind = message->content.chunks[i].kind;
        if (kind == CHUNK_INPUT_AUDIO || kind == CHUNK_AUDIO_URL)
            return true;
    }
    return false;
}

static bool any_message(const struct message *messages, size_t n_messages,
                        bool (*matches)(const struct message *))
{
    for (size_t i = 0; i < n_messages; i++)
        if (matches(&messages[i]))
            return true;
    return false;
}

/* "[0, 2]": the repr of the list of indexes of those that match. */
static void append_indexes(struct buf *text, const struct message *messages, size_t n_messages,
                           bool (*matches)(const struct message *))
{
    const char *separator = "[";
    for (size_t i = 0; i < n_messages; i++) {
        if (matches(&messages[i])) {
            buf_printf(text, "%s%zu", separator, i);
            separator = ", ";
        }
    }
    buf_append_char(text, ']');
}

/* Rule: MistralRequestValidatorV5._validate_system_prompt_and_audio. */
static enum sidetok_error validate_system_and_sounds(const struct validation *validation,
                                                     const struct message *messages, size_t n_messages)
{
    if (!any_message(messages, n_messages, is_system) ||
        !any_message(messages, n_messages, is_user_with_sound))
        return SIDETOK_OK;
    struct buf text;
    buf_init(&text, validation->call);
    buf_append(&text, STR("Found system messages at indexes "));
    append_indexes(&text, messages, n_messages, is_system);
    buf_append(&text, STR(" and audio chunks in messages at indexes "));
    append_indexes(&text, messages, n_messages, is_user_with_sound);
    buf_append(&text, STR(". This is not allowed prior to the tokenizer version 13."));
    struct str message;
    TRY(buf_finish(&text, &message));
    return failure_set_str(validation->call, SIDETOK_E_VALUE, message);
}

enum sidetok_error validate_structure(const struct validation *validation, const struct message *messages,
                                      size_t n_messages)
{
    if (n_messages == 0)
        return fail_structure(validation, STR("Conversation must have at least one message"));
    if (n_messages == 1 && messages[0].role != ROLE_USER && messages[0].role != ROLE_SYSTEM)
        return fail_structure(validation,
                              STR("Conversation must start with a user message or system message"));
    if (n_messages > 1 || validation->mode == MODE_FINETUNING)
        TRY(validate_last(validation, &messages[n_messages - 1]));
    TRY(validate_order(validation, messages, n_messages));
    TRY(validate_pairs(validation, messages, n_messages));
    if (validation->rules->system_bars_audio)
        return validate_system_and_sounds(validation, messages, n_messages);
    return SIDETOK_OK;
}
