#ifndef SIDETOK_MEDIA_IMAGE_FILE_H
#define SIDETOK_MEDIA_IMAGE_FILE_H

#include "call.h"
#include "str.h"

#include <stdint.h>

struct image_file;
struct image_tile;

/** How Image.open() takes a format's answer. */
enum image_verdict {
    IMAGE_OPENED,
    IMAGE_NEXT,    /* SyntaxError, IndexError, KeyError, TypeError, EOFError, struct.error: the next format is
                      asked */
    IMAGE_REFUSED, /* any other exception ends the search */
};

/**
 * Reads one tile's data and forgets the pixels. data begins at the tile's offset and ends with the file.
 * Returns the exception that the reference raises; ret_status is 0 or the decoder's error, which counts for
 * the last tile only.
 */
typedef enum sidetok_error image_codec(struct call *call, const struct image_file *image,
                                       const struct image_tile *tile, struct str data, int *ret_status);

/** A part of the picture, as PIL.ImageFile._Tile. */
struct image_tile {
    image_codec *codec;
    int64_t x0, y0, x1, y1;
    int64_t offset;
    int64_t bits;   /* of a pixel as stored; 0 where Pillow has no such raw mode for the image's mode */
    int64_t stride; /* bytes of a row as stored, 0: no more than its pixels */
    int64_t arg;    /* the codec's own */
};

/** One file format. Openers and loaders keep no pixels: memory stays small whatever a header claims. */
struct image_format {
    const char *name;
    bool (*accept)(struct str bytes); /* the magic bytes fit; NULL: asked for every file */
    enum image_verdict (*open)(struct image_file *image);
    enum sidetok_error (*load)(struct call *call, struct image_file *image); /* NULL: by its tiles */
};

/** What Python has as the size; a text header gives any numbers. */
enum image_sides {
    IMAGE_SIDES_WHOLE,
    IMAGE_SIDES_REAL, /* a side, or a tile's side or offset, is no integer: a TypeError. Below 1 is 0 */
    IMAGE_SIDES_MANY, /* more than two: a ValueError */
};

/**
 * An image file that was opened but not decoded: what Pillow's Image.open() knows. The layout of an image
 * needs its size only, but the reference decodes all of it, so that truncated and broken data must be found
 * here too: image_file_load().
 */
struct image_file {
    struct call *call; /* its arena holds the tiles */
    const struct image_format *format;
    struct str bytes;
    size_t base;           /* where bytes begin in the whole file, for an image within another */
    const char *mode;      /* Pillow's */
    int64_t width, height; /* 0 for the formats of which Pillow knows the name only */
    enum image_sides sides;
    enum sidetok_error refusal; /* what a refused opening raises; none said: an OSError */
    struct image_tile *tiles;
    size_t n_tiles;
    struct {
        bool given;
        uint32_t bits;            /* of an entry */
        size_t size;              /* bytes */
        enum sidetok_error error; /* its entries are no bytes */
    } palette;
    size_t data_offset; /* where the format's own loader begins */
    struct {
        uint32_t bits, stride, kind;
        void *state;
    } raw; /* what the format's opener found out for its loader */
};

/** Pillow's limit on pixels, above which it raises DecompressionBombError at open. */
enum { IMAGE_MAX_PIXELS = 2 * 89478485 };

/**
 * Finds the format and the size of an image. Returns false where Pillow's Image.open() raises: unknown
 * format, a broken header, more than IMAGE_MAX_PIXELS pixels; also when memory is out, which call->failure
 * then says. bytes are borrowed for the life of the struct. Rule: PIL.Image.open of Pillow 13.0.0.
 */
bool image_file_open(struct call *call, struct str bytes, struct image_file *ret_image);

/** The same; IMAGE_NEXT where no format knows the file, IMAGE_REFUSED where one raises another exception. */
enum image_verdict image_file_find(struct call *call, struct str bytes, struct image_file *ret_image);

/** Opens an image as one format only, as that format's class does: for images within images. */
enum image_verdict image_open_as(struct call *call, const struct image_format *format, struct str bytes,
                                 size_t base, struct image_file *ret_image);

/**
 * Decodes the image and forgets the pixels. SIDETOK_E_OS or SIDETOK_E_VALUE in Pillow's words where its
 * load() raises; SIDETOK_E_NOT_SUPPORTED for a format whose library was not there when this was built. Its
 * prose may differ: docs/parity.md. Rule: PIL.ImageFile.ImageFile.load of Pillow 13.0.0, then
 * convert("RGBA").
 */
enum sidetok_error image_file_load(struct call *call, struct image_file *image);

/** Loads by the image's tiles, in the order of their offsets. Rule: ImageFile.load. */
enum sidetok_error image_tiles_load(struct call *call, struct image_file *image);

/** Adds a tile over the whole image; NULL when memory is out. */
struct image_tile *image_add_tile(struct image_file *image, image_codec *codec, int64_t offset, int64_t bits);

/** IMAGE_OPENED, or IMAGE_REFUSED when the tile's memory was not there. */
enum image_verdict image_one_tile(struct image_file *image, image_codec *codec, int64_t offset, int64_t bits);

bool image_is_bomb(int64_t width, int64_t height);
bool image_mode_is(const struct image_file *image, const char *mode);

/* Codecs of more than one format. */
image_codec image_codec_raw, image_codec_packbits, image_codec_bcn, image_codec_data;

/* What a codec finds wrong, as Pillow's negative numbers. */
enum { IMAGE_OVERRUN = -1, IMAGE_BROKEN = -2, IMAGE_UNKNOWN = -3, IMAGE_CONFIG = -8, IMAGE_MEMORY = -9 };

/* Pillow's errors of a decoder, as OSError; "not enough image data" as ValueError. */
enum sidetok_error image_truncated(struct call *call);
enum sidetok_error image_truncated_at(struct call *call, size_t n_unprocessed);
enum sidetok_error image_broken_stream(struct call *call);
enum sidetok_error image_unrecognized(struct call *call);
enum sidetok_error image_cannot_load(struct call *call);
enum sidetok_error image_not_enough(struct call *call);

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

extern const struct image_format image_format_avif, image_format_blp, image_format_bmp, image_format_bufr,
    image_format_cur, image_format_dcx, image_format_dds, image_format_dib, image_format_eps,
    image_format_fits, image_format_fli, image_format_ftex, image_format_gbr, image_format_gif,
    image_format_grib, image_format_hdf5, image_format_icns, image_format_ico, image_format_im,
    image_format_imt, image_format_iptc, image_format_jpeg, image_format_jpeg2000, image_format_mcidas,
    image_format_mpeg, image_format_msp, image_format_pcd, image_format_pcx, image_format_pixar,
    image_format_png, image_format_ppm, image_format_psd, image_format_qoi, image_format_sgi,
    image_format_spider, image_format_sun, image_format_tga, image_format_tiff, image_format_webp,
    image_format_wmf, image_format_xbm, image_format_xpm, image_format_xvthumb;

#endif
