#include "image.h"

enum sidetok_error image_render(struct call *call, const struct image_config *config,
                                const struct chunk *chunk, struct stream *stream)
{
    (void)config, (void)chunk, (void)stream;
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED, "images are not supported yet");
}
