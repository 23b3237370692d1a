#include "render.h"

/* The first template: markers are text, the system prompt opens the first user message. No tools, no images.
 */

/* Never reached after request_normalize(): it leaves no system message up to v3. */
enum sidetok_error v1_system(struct render *r, const struct message *message, size_t number)
{
    (void)message, (void)number;
    return failure_set(r->call, SIDETOK_E_NOT_IMPLEMENTED,
                       "System message encoding not implemented for InstructTokenizerV%d",
                       r->env->template->version);
}

/* Rule: InstructTokenizerV1.encode_user_message. */
enum sidetok_error v1_user(struct render *r, const struct message *message, size_t number)
{
    struct str system_prompt = r->request->system_prompt;
    struct buf text;
    if (message->content.kind != CONTENT_TEXT)
        return failure_set(r->call, SIDETOK_E_ASSERTION, "Message content must be normalized");
    buf_init(&text, r->call);
    buf_reserve(&text, system_prompt.size + message->content.text.size + sizeof "[INST] \n\n [/INST]");
    buf_append(&text, STR("[INST] "));
    if (number == r->first_user && system_prompt.size > 0) {
        buf_append(&text, system_prompt);
        buf_append(&text, STR("\n\n"));
    }
    buf_append(&text, message->content.text);
    buf_append(&text, STR(" [/INST]"));
    return render_buf(r, &text);
}

/* Rule: InstructTokenizerV1.encode_user_content: one text, with the system prompt before the last user
 * message. */
enum sidetok_error v1_user_content(struct render *r, const struct content *content, bool is_last)
{
    struct str system_prompt = r->request->system_prompt;
    struct buf text;
    if (content->kind != CONTENT_TEXT)
        return failure_set_str(r->call, SIDETOK_E_ASSERTION, STR(""));
    if (!is_last || system_prompt.size == 0) {
        stream_text(r->stream, content->text);
        return SIDETOK_OK;
    }
    buf_init(&text, r->call);
    buf_reserve(&text, system_prompt.size + 2 + content->text.size);
    buf_append(&text, system_prompt);
    buf_append(&text, STR("\n\n"));
    buf_append(&text, content->text);
    return render_buf(r, &text);
}

static enum sidetok_error no_tools(struct render *r)
{
    return failure_set(r->call, SIDETOK_E_TOKENIZER, "Tools not implemented for tokenizer V1");
}

/* Rule: InstructTokenizerV1.encode_tool_message. */
enum sidetok_error v1_tool(struct render *r, const struct message *message, size_t number)
{
    (void)message, (void)number;
    return no_tools(r);
}

/* Rule: InstructTokenizerV1.encode_assistant_message: trailing spaces stay, unlike in later versions. */
enum sidetok_error v1_assistant(struct render *r, const struct message *message, size_t number)
{
    (void)number;
    if (message->n_tool_calls > 0)
        return no_tools(r);
    if (!render_has_content(&message->content))
        return failure_set(r->call, SIDETOK_E_TOKENIZER, " // None");
    if (message->content.kind != CONTENT_TEXT)
        return failure_set(r->call, SIDETOK_E_ASSERTION,
                           "Message content must be a string for tokenizer < V13");
    stream_text(r->stream, message->content.text);
    if (!message->prefix)
        stream_control(r->stream, CONTROL_EOS, 1);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV1.encode_think. */
enum sidetok_error v1_think(struct render *r, const struct chunk *chunk)
{
    (void)chunk;
    return failure_set(r->call, SIDETOK_E_TOKENIZER, "Think not implemented for tokenizer < V13.");
}

/* Rule: InstructTokenizerV1.encode_fim. */
static enum sidetok_error v1_fim(struct call *call, struct str prompt, struct str suffix,
                                 struct stream *stream)
{
    (void)prompt, (void)suffix, (void)stream;
    return failure_set(call, SIDETOK_E_TOKENIZER, "FIM not available for v1");
}

const struct template template_v1 = {
    .version = 1,
    .system = v1_system,
    .user = v1_user,
    .user_content = v1_user_content,
    .assistant = v1_assistant,
    .tool = v1_tool,
    .think = v1_think,
    .fim = v1_fim,
};
