#include "answer.h"

#include "sound.h"

/* Operations on sounds: transcription, speech. */

static enum sidetok_error finish(struct answer *answer, struct model *model, enum sidetok_error rendered,
                                 const struct stream *stream)
{
    struct encoded encoded = {0};
    if (rendered == SIDETOK_E_NO_MEMORY)
        return rendered;
    if (rendered != SIDETOK_OK)
        return encode_first_error(answer->call, model, stream);
    answer_ids_begin(answer, &encoded.ids);
    TRY(encode_stream(answer->call, model, stream, &encoded));
    return answer_encoded(answer, model, &encoded, stream);
}

enum sidetok_error answer_transcription(struct answer *answer)
{
    struct json body;
    struct transcription_request request;
    struct model *model;
    struct stream stream;
    TRY(answer_body(answer, &body));
    TRY(request_decode_transcription(answer->call, &body, &request));
    answer->call->failure.stage = FAILURE_STAGE_ENCODE;
    TRY(answer_model(answer, &model));
    return finish(answer, model, template_render_transcription(answer->call, &model->env, &request, &stream),
                  &stream);
}

enum sidetok_error answer_speech(struct answer *answer)
{
    struct json body;
    struct speech_request request;
    struct model *model;
    struct stream stream;
    TRY(answer_body(answer, &body));
    TRY(request_decode_speech(answer->call, &body, &request));
    answer->call->failure.stage = FAILURE_STAGE_ENCODE;
    TRY(answer_model(answer, &model));
    return finish(answer, model, template_render_speech(answer->call, &model->env, &request, &stream),
                  &stream);
}
