#include "render.h"

/* Control tokens in place of v1's markers; tools, calls and one result a turn, as JSON; fill in the middle.
 */

/* Rule: Tool.model_dump(exclude={"function": {"strict": True}}). */
static enum sidetok_error write_tool(struct render *r, struct buf *out, const struct tool *tool)
{
    buf_append(out, STR("{\"type\": \"function\", \"function\": {\"name\": "));
    render_json_text(out, tool->name);
    buf_append(out, STR(", \"description\": "));
    render_json_text(out, tool->description);
    buf_append(out, STR(", \"parameters\": "));
    TRY(render_json_value(r, out, &tool->parameters));
    buf_append(out, STR("}}"));
    return SIDETOK_OK;
}

static enum sidetok_error render_tools(struct render *r)
{
    struct buf text;
    if (r->request->n_tools == 0)
        return SIDETOK_OK;
    buf_init(&text, r->call);
    for (size_t i = 0; i < r->request->n_tools; i++) {
        buf_append(&text, i ? STR(", ") : STR("["));
        TRY(write_tool(r, &text, &r->request->tools[i]));
    }
    buf_append_char(&text, ']');
    stream_control(r->stream, CONTROL_BEGIN_TOOLS, 1);
    TRY(render_buf(r, &text));
    stream_control(r->stream, CONTROL_END_TOOLS, 1);
    return SIDETOK_OK;
}

/* No version before v15 writes settings. */
enum sidetok_error v2_settings(struct render *r)
{
    (void)r;
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV2.encode_user_message. */
enum sidetok_error v2_user(struct render *r, const struct message *message, size_t number)
{
    const struct template *template = r->env->template;
    if (number == (template->tools_first ? r->first_user : r->last_user)) {
        TRY(render_tools(r));
        TRY(template->settings(r));
    }
    stream_control(r->stream, CONTROL_BEGIN_INST, 1);
    TRY(template->user_content(r, &message->content, number == r->last_user));
    stream_control(r->stream, CONTROL_END_INST, 1);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV2.encode_tool_message: results before the last user message are left out. */
static enum sidetok_error v2_tool(struct render *r, const struct message *message, size_t number)
{
    struct buf text;
    if (render_is_past(r, number))
        return SIDETOK_OK;
    buf_init(&text, r->call);
    buf_append(&text, STR("[{\"name\": "));
    render_json_text(&text, message->name);
    buf_append(&text, STR(", \"content\": "));
    render_json(&text, message->content.text, message->content_is_json);
    buf_append(&text, STR("}]"));
    stream_control(r->stream, CONTROL_BEGIN_TOOL_RESULTS, 1);
    TRY(render_buf(r, &text));
    stream_control(r->stream, CONTROL_END_TOOL_RESULTS, 1);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV2._prepare_function_call. */
static void v2_call(struct buf *out, const struct tool_call *call)
{
    buf_append(out, STR("{\"name\": "));
    render_json_text(out, call->name);
    buf_append(out, STR(", \"arguments\": "));
    render_json(out, call->arguments, call->arguments_is_json);
    buf_append_char(out, '}');
}

static enum sidetok_error v2_tool_calls(struct render *r, const struct message *message)
{
    return render_call_list(r, message, v2_call);
}

/* Rule: InstructTokenizerV2.encode_assistant_message. */
enum sidetok_error v2_turn(struct render *r, const struct message *message, bool is_past)
{
    bool has_content = render_has_content(&message->content);
    if (message->n_tool_calls > 0 && has_content)
        return render_fail_message(
            r, SIDETOK_E_VALUE,
            STR("Cannot have tool calls and content defined in the same assistant message "), message);
    if (message->n_tool_calls > 0) {
        if (is_past)
            return SIDETOK_OK;
        TRY(r->env->template->tool_calls(r, message));
    } else if (!has_content) {
        return failure_set(r->call, SIDETOK_E_TOKENIZER, "Invalid assistant message: ");
    } else if (message->content.kind != CONTENT_TEXT) {
        return failure_set(r->call, SIDETOK_E_ASSERTION,
                           "Message content must be a string for tokenizer < V7");
    } else {
        stream_text(r->stream, render_strip_right(message->content.text));
    }
    if (!message->prefix)
        stream_control(r->stream, CONTROL_EOS, 1);
    return SIDETOK_OK;
}

/* Calls before the last user message are left out, the end of the turn with them. */
static enum sidetok_error v2_assistant(struct render *r, const struct message *message, size_t number)
{
    return v2_turn(r, message, render_is_past(r, number));
}

/* One result for each turn of calls, where they are written at all. Rule:
 * InstructTokenizerV2._validate_tool_results. */
static enum sidetok_error v2_check(struct render *r)
{
    size_t n_results = 0;
    bool has_calls = false;
    for (size_t i = r->last_user == RENDER_NONE ? 0 : r->last_user; i < r->request->n_messages; i++) {
        const struct message *message = &r->request->messages[i];
        if (message->role == ROLE_TOOL) {
            if (has_calls && ++n_results > 1)
                return failure_set(
                    r->call, SIDETOK_E_UNSUPPORTED_TOKENIZER_FEATURE,
                    "Tokenizer v2 does not support multiple tool results for one assistant turn.");
            continue;
        }
        has_calls = message->role == ROLE_ASSISTANT && message->n_tool_calls > 0;
        n_results = 0;
    }
    return SIDETOK_OK;
}

/* "☺" keeps SentencePiece's dummy prefix away from the suffix; its ids are dropped again.
 * Rule: InstructTokenizerV2.encode_fim and _encode_infilling. */
enum sidetok_error v2_fim(struct call *call, struct str prompt, struct str suffix, struct stream *stream)
{
    struct buf text;
    struct str infilling;
    stream_control(stream, CONTROL_BOS, 1);
    stream_control(stream, CONTROL_SUFFIX, 1);
    if (suffix.size > 0) {
        buf_init(&text, call);
        buf_append(&text, STR("☺"));
        buf_append(&text, suffix);
        TRY(buf_finish(&text, &infilling));
        stream_text_skip(stream, infilling, 2);
    }
    stream_control(stream, CONTROL_PREFIX, 1);
    stream_text(stream, prompt);
    return SIDETOK_OK;
}

const struct template template_v2 = {
    .version = 2,
    .n_controls = 10,
    .check = v2_check,
    .system = v1_system,
    .user = v2_user,
    .settings = v2_settings,
    .user_content = v1_user_content,
    .assistant = v2_assistant,
    .tool_calls = v2_tool_calls,
    .tool = v2_tool,
    .think = v1_think,
    .fim = v2_fim,
};
