#ifndef SIDETOK_MEDIA_IMAGE_FILE_H
#define SIDETOK_MEDIA_IMAGE_FILE_H

#include "call.h"
#include "str.h"

#include <stdint.h>

/**
 * An image file that was opened but not decoded: what Pillow's Image.open() knows. The layout of an image
 * needs its size only, but the reference decodes all of it, so that truncated and broken data must be found
 * here too: image_file_load().
 */
struct image_file {
    const struct image_format *format;
    struct str bytes;
    uint32_t width, height;
    size_t data_offset; /* where the format's own loader begins */
    struct {
        uint32_t bits, stride, kind;
    } raw; /* what the format's opener found out for its loader */
};

/** One file format. Openers and loaders keep no pixels: memory stays small whatever a header claims. */
struct image_format {
    const char *name;
    bool (*accept)(struct str bytes);       /* the magic bytes fit */
    bool (*open)(struct image_file *image); /* false: the reference cannot identify it */
    enum sidetok_error (*load)(struct call *call, struct image_file *image); /* NULL: not supported here */
};

/** Pillow's limit on pixels, above which it raises DecompressionBombError at open. */
enum { IMAGE_MAX_PIXELS = 2 * 89478485 };

/**
 * Finds the format and the size of an image. Returns false where Pillow's Image.open() raises: unknown
 * format, a broken header, more than IMAGE_MAX_PIXELS pixels. bytes are borrowed for the life of the struct.
 * Rule: PIL.Image.open of Pillow 13.0.0.
 */
bool image_file_open(struct str bytes, struct image_file *ret_image);

/**
 * Decodes the image and forgets the pixels. SIDETOK_E_OS in Pillow's words where its load() raises OSError;
 * SIDETOK_E_NOT_SUPPORTED for a format that Pillow decodes and we do not. Its prose may differ:
 * docs/parity.md. Rule: PIL.ImageFile.ImageFile.load of Pillow 13.0.0.
 */
enum sidetok_error image_file_load(struct call *call, struct image_file *image);

/* Pillow's errors of a decoder, as OSError. */
enum sidetok_error image_truncated(struct call *call);
enum sidetok_error image_truncated_at(struct call *call, size_t n_unprocessed);
enum sidetok_error image_broken_stream(struct call *call);
enum sidetok_error image_unrecognized(struct call *call);

/* Little and big endian numbers; the caller has checked the bounds. */
static inline uint32_t image_le16(const char *p)
{
    const uint8_t *b = (const uint8_t *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static inline uint32_t image_le32(const char *p)
{
    return image_le16(p) | image_le16(p + 2) << 16;
}

static inline uint32_t image_be16(const char *p)
{
    const uint8_t *b = (const uint8_t *)p;
    return (uint32_t)b[0] << 8 | b[1];
}

static inline uint32_t image_be32(const char *p)
{
    return image_be16(p) << 16 | image_be16(p + 2);
}

extern const struct image_format image_format_png, image_format_jpeg, image_format_gif, image_format_webp,
    image_format_bmp, image_format_dib, image_format_tiff, image_format_pnm;

#endif
