#include "render.h"

/* Each call has its tokens: name, id and arguments are split. */

/* Rule: InstructTokenizerV11._encode_tool_calls_in_assistant_message. */
static enum sidetok_error v11_tool_calls(struct render *r, const struct message *message)
{
    for (size_t i = 0; i < message->n_tool_calls; i++) {
        const struct tool_call *call = &message->tool_calls[i];
        stream_control(r->stream, CONTROL_TOOL_CALLS, 1);
        stream_text(r->stream, call->name);
        if (render_has_id(call)) {
            stream_control(r->stream, CONTROL_CALL_ID, 1);
            stream_text(r->stream, call->id);
        }
        stream_control(r->stream, CONTROL_ARGS, 1);
        TRY(render_arguments(r, call));
    }
    return SIDETOK_OK;
}

const struct template template_v11 = {
    .version = 11,
    .truncates = true,
    .n_controls = 16,
    .check = v7_check,
    .system = v7_system,
    .user = v2_user,
    .settings = v2_settings,
    .user_content = v7_user_content,
    .assistant = v7_assistant,
    .tool_calls = v11_tool_calls, /* the only difference */
    .tool = v7_tool,
    .think = v1_think,
    .fim = v2_fim,
};
