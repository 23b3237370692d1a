#include "answer.h"

/* Rule: MistralTokenizer.encode_chat_completion, the check between validation and normalization. */
static enum sidetok_error set_limit(struct answer *answer, struct request *request)
{
    if (!request->truncate_for_context_length)
        return SIDETOK_OK;
    request->has_max_tokens = answer->request->has_max_model_input_len;
    request->max_tokens = answer->request->max_model_input_len;
    if (request->has_max_tokens)
        return SIDETOK_OK;
    return failure_set_str(
        answer->call, SIDETOK_E_TOKENIZER,
        STR("encoding a chat completion request with truncation, but no max model len was provided"));
}

enum sidetok_error answer_encode_request(struct answer *answer, struct model *model, struct request *request,
                                         struct stream *ret_stream, struct encoded *ret_encoded)
{
    struct call *call = answer->call;
    enum validation_mode mode = (enum validation_mode)answer->request->mode; /* numbered alike */
    TRY(request_validate(call, model->rules, mode, request));
    TRY(set_limit(answer, request));
    TRY(request_normalize(call, model->rules, model->env.settings, request));
    enum sidetok_error error = template_render(call, &model->env, request, ret_stream);
    if (error != SIDETOK_OK)
        return error == SIDETOK_E_NO_MEMORY ? error : encode_first_error(call, model, ret_stream);
    return encode_stream(call, model, ret_stream, ret_encoded);
}

enum sidetok_error answer_chat(struct answer *answer)
{
    struct json body;
    struct request request;
    struct model *model;
    struct stream stream;
    struct encoded encoded = {0};
    TRY(answer_chat_body(answer, &body));
    TRY(request_decode(answer->call, &body, &request));
    answer->call->failure.stage = FAILURE_STAGE_ENCODE;
    TRY(answer_model(answer, &model));
    answer_ids_begin(answer, &encoded.ids);
    TRY(answer_encode_request(answer, model, &request, &stream, &encoded));
    return answer_encoded(answer, model, &encoded, &stream);
}

/* Rule: FIMRequest, InstructTokenizerV*.encode_fim: the prompt is encoded before the suffix. */
enum sidetok_error answer_fim(struct answer *answer)
{
    struct json body;
    struct str prompt, suffix;
    struct model *model;
    struct stream stream;
    struct encoded encoded = {0};
    TRY(answer_body(answer, &body));
    TRY(request_decode_fim(answer->call, &body, &prompt, &suffix));
    answer->call->failure.stage = FAILURE_STAGE_ENCODE;
    TRY(answer_model(answer, &model));
    TRY(template_render_fim(answer->call, &model->env, prompt, suffix, &stream));
    TRY(encoder_check(answer->call, model->encoder, prompt));
    answer_ids_begin(answer, &encoded.ids);
    TRY(encode_stream(answer->call, model, &stream, &encoded));
    return answer_encoded(answer, model, &encoded, &stream);
}
