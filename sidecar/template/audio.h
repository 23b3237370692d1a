#ifndef SIDETOK_TEMPLATE_AUDIO_H
#define SIDETOK_TEMPLATE_AUDIO_H

#include "request.h"
#include "stream.h"

struct audio_config; /* how a tokenizer lays sounds out; its audio section */

/**
 * Appends a sound's control tokens to the stream, and its samples and rate to stream->sounds.
 *
 * config  Of the loaded tokenizer; not NULL.
 * chunk   CHUNK_INPUT_AUDIO or CHUNK_AUDIO_URL.
 *
 * Rule: mistral_common AudioEncoder.__call__.
 */
enum sidetok_error audio_render(struct call *call, const struct audio_config *config,
                                const struct chunk *chunk, struct stream *stream);

#endif
