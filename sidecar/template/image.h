#ifndef SIDETOK_TEMPLATE_IMAGE_H
#define SIDETOK_TEMPLATE_IMAGE_H

#include "request.h"
#include "stream.h"

struct image_config; /* how a tokenizer lays images out; its image section */

/**
 * Appends an image's control tokens to the stream, row by row, and its resized size to stream->images.
 *
 * config  Of the loaded tokenizer; not NULL.
 * chunk   CHUNK_IMAGE or CHUNK_IMAGE_URL.
 *
 * Rule: mistral_common ImageEncoder.__call__.
 */
enum sidetok_error image_render(struct call *call, const struct image_config *config,
                                const struct chunk *chunk, struct stream *stream);

#endif
