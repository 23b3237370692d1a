#include "render.h"

/* Tools at the first user message; ids of calls are no longer written; thinking has its tokens. Tekken only.
 */

/* Rule: InstructTokenizerV13._encode_tool_calls_in_assistant_message. */
enum sidetok_error v13_tool_calls(struct render *r, const struct message *message)
{
    for (size_t i = 0; i < message->n_tool_calls; i++) {
        const struct tool_call *call = &message->tool_calls[i];
        if (!render_has_id(call))
            return failure_set_str(r->call, SIDETOK_E_ASSERTION, STR(""));
        stream_control(r->stream, CONTROL_TOOL_CALLS, 1);
        stream_text(r->stream, call->name);
        stream_control(r->stream, CONTROL_ARGS, 1);
        TRY(render_arguments(r, call));
    }
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV13.encode_tool_message. */
enum sidetok_error v13_tool(struct render *r, const struct message *message, size_t number)
{
    (void)number;
    if (!message->tool_call_id.data)
        return failure_set(r->call, SIDETOK_E_ASSERTION,
                           "Tool call id must be provided for tokenizer >= v13");
    stream_control(r->stream, CONTROL_BEGIN_TOOL_RESULTS, 1);
    TRY(render_content(r, &message->content));
    stream_control(r->stream, CONTROL_END_TOOL_RESULTS, 1);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV13.encode_think. */
enum sidetok_error v13_think(struct render *r, const struct chunk *chunk)
{
    if (!r->env->has_think)
        return failure_set(r->call, SIDETOK_E_ASSERTION,
                           "think tokens are not available for this tokenizer.");
    stream_control(r->stream, CONTROL_BEGIN_THINK, 1);
    stream_text(r->stream, chunk->text);
    if (chunk->closed)
        stream_control(r->stream, CONTROL_END_THINK, 1);
    return SIDETOK_OK;
}

const struct template template_v13 = {
    .version = 13,
    .needs_tekken = true,
    .truncates = true,
    .tools_first = true,
    .n_controls = 16,
    .system = v7_system,
    .user = v2_user,
    .settings = v2_settings,
    .user_content = v7_user_content,
    .assistant = v7_assistant,
    .tool_calls = v13_tool_calls,
    .tool = v13_tool,
    .think = v13_think,
    .fim = v2_fim,
};
