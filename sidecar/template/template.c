#include "render.h"

const struct template *template_find(int version)
{
    static const struct template *const templates[] = {
        &template_v1, &template_v2, &template_v3, &template_v7, &template_v11, &template_v13, &template_v15};
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
        if (templates[i]->version == version)
            return templates[i];
    return NULL;
}

/* Each version looks up what the one before it does, and then its own: one list, of which it takes the head.
 */
const enum control *template_controls(const struct template *template, size_t *ret_n)
{
    static const enum control controls[] = {
        /* v2 */ CONTROL_BEGIN_INST,
        CONTROL_END_INST,
        CONTROL_BEGIN_TOOLS,
        CONTROL_END_TOOLS,
        CONTROL_BEGIN_TOOL_RESULTS,
        CONTROL_END_TOOL_RESULTS,
        CONTROL_TOOL_CALLS,
        CONTROL_BOS,
        CONTROL_PREFIX,
        CONTROL_SUFFIX,
        /* v7 */ CONTROL_BEGIN_SYSTEM,
        CONTROL_END_SYSTEM,
        CONTROL_BEGIN_TOOL_CONTENT,
        CONTROL_TRANSCRIBE,
        /* v11 */ CONTROL_ARGS,
        CONTROL_CALL_ID,
        /* v15 */ CONTROL_BEGIN_MODEL_SETTINGS,
        CONTROL_END_MODEL_SETTINGS,
    };
    *ret_n = template->n_controls;
    return controls;
}

enum sidetok_error template_check_kind(struct call *call, const struct template *template, bool is_tekken)
{
    if (is_tekken || !template->needs_tekken)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_ASSERTION,
                       "Tokenizer must be a Tekkenizer. Got "
                       "<class 'mistral_common.tokens.tokenizers.sentencepiece.SentencePieceTokenizer'>");
}

/* Rule: InstructTokenizerBase.find_first_last_user. */
static void find_users(struct render *r)
{
    for (size_t i = 0; i < r->request->n_messages; i++) {
        if (r->request->messages[i].role != ROLE_USER)
            continue;
        if (r->first_user == RENDER_NONE)
            r->first_user = i;
        r->last_user = i;
    }
}

static enum sidetok_error render_one(struct render *r, size_t number)
{
    static const enum stream_role roles[] = {[ROLE_SYSTEM] = STREAM_ROLE_SYSTEM,
                                             [ROLE_USER] = STREAM_ROLE_USER,
                                             [ROLE_ASSISTANT] = STREAM_ROLE_ASSISTANT,
                                             [ROLE_TOOL] = STREAM_ROLE_TOOL};
    const struct message *message = &r->request->messages[number];
    const struct template *template = r->env->template;
    stream_message(r->stream, roles[message->role]);
    switch (message->role) {
    case ROLE_SYSTEM:
        return template->system(r, message, number);
    case ROLE_USER:
        return template->user(r, message, number);
    case ROLE_TOOL:
        return template->tool(r, message, number);
    case ROLE_ASSISTANT:
        break;
    }
    TRY(template->assistant(r, message, number));
    if (!message->prefix)
        return SIDETOK_OK;
    if (number != r->request->n_messages - 1)
        return failure_set_str(r->call, SIDETOK_E_ASSERTION, STR(""));
    r->stream->has_prefix = true;
    return SIDETOK_OK;
}

enum sidetok_error template_render(struct call *call, const struct template_env *env,
                                   const struct request *request, struct stream *ret_stream)
{
    struct render r = {.call = call,
                       .env = env,
                       .request = request,
                       .stream = ret_stream,
                       .first_user = RENDER_NONE,
                       .last_user = RENDER_NONE};
    stream_init(ret_stream, call);
    find_users(&r);
    ret_stream->last_user = r.last_user;
    ret_stream->has_limit = env->template->truncates && request->has_max_tokens;
    ret_stream->max_tokens = request->max_tokens;
    stream_control(ret_stream, CONTROL_BOS, 1);
    if (env->template->check)
        TRY(env->template->check(&r));
    for (size_t i = 0; i < request->n_messages; i++)
        TRY(render_one(&r, i));
    return stream_finish(ret_stream);
}

enum sidetok_error template_render_fim(struct call *call, const struct template_env *env, struct str prompt,
                                       struct str suffix, struct stream *ret_stream)
{
    stream_init(ret_stream, call);
    TRY(env->template->fim(call, prompt, suffix, ret_stream));
    return stream_finish(ret_stream);
}
