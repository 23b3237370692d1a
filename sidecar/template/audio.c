#include "audio.h"

enum sidetok_error audio_render(struct call *call, const struct audio_config *config,
                                const struct chunk *chunk, struct stream *stream)
{
    (void)config, (void)chunk, (void)stream;
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED, "audio is not supported yet");
}
