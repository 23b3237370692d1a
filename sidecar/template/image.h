#ifndef SIDETOK_TEMPLATE_IMAGE_H
#define SIDETOK_TEMPLATE_IMAGE_H

#include "config.h"
#include "json.h"
#include "request.h"
#include "stream.h"

/** How a tokenizer lays images out. Rule: mistral_common ImageConfig. */
struct image_config {
    struct config_number patch_size; /* pixels of a patch's side */
    struct config_number max_size;   /* pixels of the longest side, beyond which an image is scaled down */
    struct config_number merge_size; /* patches of a token's side */
    const struct json *section;      /* as the file has it; NULL for image_config_m1 */
    bool is_empty;                   /* {} and the like: taken for a configuration until an image comes */
};

/**
 * Reads the image section of tekken.json, any value but null; the errors are those of ImageConfig(**section).
 * Rule: a value that is not true is passed on as it is, and fails where the first image comes.
 */
enum sidetok_error image_config_read(struct call *call, const struct json *section,
                                     struct image_config *ret_config);

/** The layout of a SentencePiece file whose name ends in the version m1. Rule: MultiModalVersion.m1.config.
 */
extern const struct image_config image_config_m1;

/**
 * Appends an image's control tokens to the stream, row by row, and its resized size to stream->images.
 *
 * config  Of the loaded tokenizer; not NULL.
 * chunk   CHUNK_IMAGE_URL. A data URL is decoded whole; "sidetok:image/WIDTHxHEIGHT" hands the size over
 * instead of the bytes; http and file URLs are never fetched: SIDETOK_E_NOT_SUPPORTED.
 *
 * Rule: mistral_common ImageEncoder.__call__.
 */
enum sidetok_error image_render(struct call *call, const struct image_config *config,
                                const struct chunk *chunk, struct stream *stream);

#endif
