#ifndef SIDETOK_MEDIA_IMAGE_TIFF_H
#define SIDETOK_MEDIA_IMAGE_TIFF_H

#include "image_file.h"

/** The tags that decide how an image is read. */
enum tiff_tag {
    TIFF_WIDTH = 256,
    TIFF_HEIGHT = 257,
    TIFF_BITS = 258,
    TIFF_COMPRESSION = 259,
    TIFF_PHOTOMETRIC = 262,
    TIFF_FILL_ORDER = 266,
    TIFF_STRIP_OFFSETS = 273,
    TIFF_ORIENTATION = 274,
    TIFF_SAMPLES = 277,
    TIFF_ROWS_PER_STRIP = 278,
    TIFF_X_RESOLUTION = 282,
    TIFF_Y_RESOLUTION = 283,
    TIFF_PLANAR = 284,
    TIFF_RESOLUTION_UNIT = 296,
    TIFF_COLOR_MAP = 320,
    TIFF_TILE_WIDTH = 322,
    TIFF_TILE_LENGTH = 323,
    TIFF_TILE_OFFSETS = 324,
    TIFF_EXTRA_SAMPLES = 338,
    TIFF_SAMPLE_FORMAT = 339,
    TIFF_MEDIA_PHOTO = 48129,
};

/** How Python has a tag's value. */
enum tiff_kind { TIFF_ABSENT, TIFF_INTEGERS, TIFF_BYTES, TIFF_TEXT, TIFF_REALS };

/** A tag's value, as bytes of the file. */
struct tiff_value {
    enum tiff_kind kind;
    size_t n; /* numbers, or bytes */
    struct str data;
    uint8_t size; /* bytes of a number */
    bool is_signed, is_big_endian, is_ratio;
};

/** A directory of tags: the first of equal ones counts. */
struct tiff_directory {
    bool is_big_endian, is_big; /* BigTIFF */
    uint64_t offset;
    struct tiff_entry *entries;
    size_t n;
};

/**
 * Reads the head and the first directory, as far as it goes: what is broken in it is left out. Rule:
 * TiffImageFile._open, ImageFileDirectory_v2.load.
 */
enum image_verdict tiff_directory_read(struct image_file *image, struct tiff_directory *ret_directory);

/** The tag's value; kind is TIFF_ABSENT where it is not there. */
struct tiff_value tiff_directory_find(const struct tiff_directory *directory, uint32_t tag);

/** The i-th number of integers, or the i-th byte; of reals that are whole, too. INT64_MIN: one that is not.
 */
int64_t tiff_number(const struct tiff_value *value, size_t i);

/** The i-th number of reals. Not a number: a ratio to 0. */
double tiff_real(const struct tiff_value *value, size_t i);

/** What the loader by libtiff has to know. */
struct tiff_plan {
    uint64_t offset; /* of the directory */
    uint32_t compression, bands;
    int64_t width, height, bits;
};

/** Decodes by libtiff, which Pillow does for all that is compressed. Rule: libImaging/TiffDecode.c. */
enum sidetok_error image_libtiff_decode(struct call *call, const struct image_file *image,
                                        const struct tiff_plan *plan);

#endif
