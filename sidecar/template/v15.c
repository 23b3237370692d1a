#include "render.h"

#include "settings.h"

/* Model settings after the tools. */

/* Member names in order; the schema inside keeps its own, which is the order of generation. */
static enum sidetok_error write_settings(struct render *r)
{
    const struct request *request = r->request;
    struct buf text;
    buf_init(&text, r->call);
    buf_append_char(&text, '{');
    if (request->settings_schema) {
        buf_append(&text, STR("\"json_schema\": "));
        TRY(render_json_value(r, &text, request->settings_schema));
    }
    if (request->settings_effort != EFFORT_UNSET) {
        buf_append(&text, request->settings_schema ? STR(", \"reasoning_effort\": ")
                                                   : STR("\"reasoning_effort\": "));
        render_json_text(&text, settings_effort_text(request->settings_effort));
    }
    buf_append_char(&text, '}');
    return render_buf(r, &text);
}

/* Rule: InstructTokenizerV15._encode_settings and _validate_settings. */
static enum sidetok_error v15_settings(struct render *r)
{
    const struct request *request = r->request;
    if (!r->env->settings)
        return failure_set(r->call, SIDETOK_E_TOKENIZER, "Tokenizer v15 needs a `model_settings_builder`.");
    TRY(settings_validate(r->call, r->env->settings, request->settings_effort, request->settings_schema));
    if (request->settings_effort == EFFORT_UNSET && !request->settings_schema)
        return SIDETOK_OK;
    stream_control(r->stream, CONTROL_BEGIN_MODEL_SETTINGS, 1);
    TRY(write_settings(r));
    stream_control(r->stream, CONTROL_END_MODEL_SETTINGS, 1);
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV15.encode_system_message. */
static enum sidetok_error v15_system(struct render *r, const struct message *message, size_t number)
{
    for (size_t i = 0; i < message->content.n_chunks; i++)
        if (message->content.chunks[i].kind == CHUNK_THINKING)
            return failure_set(r->call, SIDETOK_E_TOKENIZER,
                               "ThinkChunk in system message is not supported for this model");
    return v7_system(r, message, number);
}

const struct template template_v15 = {
    .version = 15,
    .needs_tekken = true,
    .truncates = true,
    .tools_first = true,
    .n_controls = 18,
    .system = v15_system,
    .user = v2_user,
    .settings = v15_settings,
    .user_content = v7_user_content,
    .assistant = v7_assistant,
    .tool_calls = v13_tool_calls,
    .tool = v13_tool,
    .think = v13_think,
    .fim = v2_fim,
};
