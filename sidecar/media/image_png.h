#ifndef SIDETOK_MEDIA_IMAGE_PNG_H
#define SIDETOK_MEDIA_IMAGE_PNG_H

#include "image_file.h"

/** A chunk: its type, and its data of size bytes at offset. */
struct png_chunk {
    char type[4];
    uint32_t size;
    size_t offset;
};

/** What the chunks say, beside the image's size and mode. */
struct png_info {
    uint32_t bits; /* of a pixel as stored, 0: no known kind */
    bool is_interlaced, has_frames, has_sequence, has_box;
    bool has_default; /* data that is of none of the frames came before the header */
    uint32_t n_frames, sequence;
    uint32_t x0, y0, x1, y1; /* of the box: the frame that the next data is of */
    uint64_t text_bytes;
    size_t n_alphas; /* of a palette; 0: none that can be wrong */
};

static inline bool png_is_type(const struct png_chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/** The chunk head at offset; false where the file ends or the type is none. */
bool png_chunk_at(struct str bytes, size_t offset, struct png_chunk *ret_chunk);

/**
 * Takes what a chunk says, all but image data. Returns the class of the exception that Pillow's handler
 * raises; no failure is set. SIDETOK_E_OS: the chunk is cut. Rule: PngStream.chunk_*.
 */
enum sidetok_error png_take_chunk(struct image_file *image, struct png_info *info,
                                  const struct png_chunk *chunk);

#endif
