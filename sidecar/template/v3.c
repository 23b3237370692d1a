#include "render.h"

/* As v2, but every call and result of the history is written, each with its id; images in user messages. */

/* Rule: InstructTokenizerV3.encode_assistant_message. */
static enum sidetok_error v3_assistant(struct render *r, const struct message *message, size_t number)
{
    (void)number;
    return v2_turn(r, message, false);
}

/* The system prompt is encoded apart before chunks, though joined to a plain text.
 * Rule: InstructTokenizerV3.encode_user_content. */
static enum sidetok_error v3_system_prompt(struct render *r)
{
    struct buf text;
    buf_init(&text, r->call);
    buf_append(&text, r->request->system_prompt);
    buf_append(&text, STR("\n\n"));
    return render_buf(r, &text);
}

static enum sidetok_error v3_user_content(struct render *r, const struct content *content, bool is_last)
{
    if (content->kind != CONTENT_CHUNKS)
        return v1_user_content(r, content, is_last);
    if (is_last && r->request->system_prompt.size > 0)
        TRY(v3_system_prompt(r));
    return render_user_chunks(r, content);
}

/* Rule: InstructTokenizerV3.encode_tool_message and _prepare_tool_result. */
static enum sidetok_error v3_tool(struct render *r, const struct message *message, size_t number)
{
    struct buf text;
    (void)number;
    if (!message->tool_call_id.data)
        return failure_set(r->call, SIDETOK_E_ASSERTION,
                           "Tool message has to have the tool call id defined in v3");
    buf_init(&text, r->call);
    buf_append(&text, STR("{\"content\": "));
    render_json(&text, message->content.text, message->content_is_json);
    buf_append(&text, STR(", \"call_id\": "));
    render_json_text(&text, message->tool_call_id);
    buf_append_char(&text, '}');
    stream_control(r->stream, CONTROL_BEGIN_TOOL_RESULTS, 1);
    TRY(render_buf(r, &text));
    stream_control(r->stream, CONTROL_END_TOOL_RESULTS, 1);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV3._prepare_function_call. */
static void v3_call(struct buf *out, const struct tool_call *call)
{
    buf_append(out, STR("{\"name\": "));
    render_json_text(out, call->name);
    buf_append(out, STR(", \"arguments\": "));
    render_json(out, call->arguments, call->arguments_is_json);
    if (render_has_id(call)) {
        buf_append(out, STR(", \"id\": "));
        render_json_text(out, call->id);
    }
    buf_append_char(out, '}');
}

enum sidetok_error v3_tool_calls(struct render *r, const struct message *message)
{
    return render_call_list(r, message, v3_call);
}

const struct template template_v3 = {
    .version = 3,
    .n_controls = 10,
    .system = v1_system,
    .user = v2_user,
    .settings = v2_settings,
    .user_content = v3_user_content,
    .assistant = v3_assistant,
    .tool_calls = v3_tool_calls,
    .tool = v3_tool,
    .think = v1_think,
    .fim = v2_fim,
};
