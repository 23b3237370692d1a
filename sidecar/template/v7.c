#include "render.h"

/* System messages and tool results between tokens of their own; content beside calls; sounds; truncation. */

/* Only inline sounds count: audio_url passes. Rule: InstructTokenizerV7.validate_messages. */
enum sidetok_error v7_check(struct render *r)
{
    bool has_system = false, has_sound = false;
    for (size_t i = 0; i < r->request->n_messages; i++) {
        const struct message *message = &r->request->messages[i];
        has_system |= message->role == ROLE_SYSTEM;
        for (size_t j = 0; message->role == ROLE_USER && j < message->content.n_chunks; j++)
            has_sound |= message->content.chunks[j].kind == CHUNK_INPUT_AUDIO;
    }
    if (has_system && has_sound)
        return failure_set(r->call, SIDETOK_E_VALUE,
                           "System messages are not yet allowed when audio is present");
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV7.encode_system_message. */
enum sidetok_error v7_system(struct render *r, const struct message *message, size_t number)
{
    (void)number;
    stream_control(r->stream, CONTROL_BEGIN_SYSTEM, 1);
    TRY(render_content(r, &message->content));
    stream_control(r->stream, CONTROL_END_SYSTEM, 1);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV7.encode_user_content. */
enum sidetok_error v7_user_content(struct render *r, const struct content *content, bool is_last)
{
    (void)is_last;
    if (content->kind == CONTENT_CHUNKS)
        return render_user_chunks(r, content);
    stream_text(r->stream, content->text);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV7.encode_tool_message. */
enum sidetok_error v7_tool(struct render *r, const struct message *message, size_t number)
{
    (void)number;
    if (!message->tool_call_id.data)
        return failure_set_str(r->call, SIDETOK_E_ASSERTION, STR(""));
    if (message->content.kind != CONTENT_TEXT)
        return failure_set(r->call, SIDETOK_E_ASSERTION, "Message content must be normalized");
    stream_control(r->stream, CONTROL_BEGIN_TOOL_RESULTS, 1);
    stream_text(r->stream, message->tool_call_id);
    stream_control(r->stream, CONTROL_BEGIN_TOOL_CONTENT, 1);
    stream_text(r->stream, message->content.text);
    stream_control(r->stream, CONTROL_END_TOOL_RESULTS, 1);
    return SIDETOK_OK;
}

/* Text alone loses its last spaces, text among chunks does not. Rule:
 * InstructTokenizerV7.encode_assistant_message. */
enum sidetok_error v7_assistant(struct render *r, const struct message *message, size_t number)
{
    bool has_content = render_has_content(&message->content);
    (void)number;
    if (!has_content && message->n_tool_calls == 0)
        return render_fail_message(r, SIDETOK_E_TOKENIZER, STR("Invalid assistant message: "), message);
    if (has_content && message->content.kind == CONTENT_TEXT)
        stream_text(r->stream, render_strip_right(message->content.text));
    else if (has_content)
        TRY(render_chunks(r, &message->content));
    if (message->n_tool_calls > 0)
        TRY(r->env->template->tool_calls(r, message));
    if (!message->prefix)
        stream_control(r->stream, CONTROL_EOS, 1);
    return SIDETOK_OK;
}

const struct template template_v7 = {
    .version = 7,
    .truncates = true,
    .n_controls = 14,
    .check = v7_check,
    .system = v7_system,
    .user = v2_user,
    .settings = v2_settings,
    .user_content = v7_user_content,
    .assistant = v7_assistant,
    .tool_calls = v3_tool_calls,
    .tool = v7_tool,
    .think = v1_think,
    .fim = v2_fim,
};
