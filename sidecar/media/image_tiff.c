#include "image_tiff.h"
#include "image_reader.h"

#include <math.h>

/* Rule: PIL.TiffImagePlugin of Pillow 13.0.0: the first page. Uncompressed pixels are read as tiles, all
 * others by libtiff. */

static bool tiff_accept(struct str bytes)
{
    static const char prefixes[][5] = {"MM\0*", "II*\0", "MM*\0", "II\0*", "MM\0+", "II+\0"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (bytes.size >= 4 && memcmp(bytes.data, prefixes[i], 4) == 0)
            return true;
    return false;
}

enum { TIFF_RAW = 1, TIFF_OLD_JPEG = 6, TIFF_JPEG = 7, TIFF_LITTLE = 1, TIFF_BIG = 2, TIFF_BOTH = 3 };

/* OPEN_INFO: the kinds of pixels that Pillow knows, by photometric interpretation, sample format, fill orders
 * (1, 2 or both, as a sum), samples, bits of each, extra samples and the first of these, byte orders. */
static const struct tiff_layout {
    uint8_t photometric, format, fills, n_samples, bits, n_extra;
    uint16_t extra;
    uint8_t orders;
    char mode[6], raw[7];
} tiff_layouts[] = {
    {0, 1, 3, 1, 1, 0, 0, 3, "1", "1;I"},        {1, 1, 3, 1, 1, 0, 0, 3, "1", "1"},
    {0, 1, 3, 1, 2, 0, 0, 3, "L", "L;2I"},       {1, 1, 3, 1, 2, 0, 0, 3, "L", "L;2"},
    {0, 1, 3, 1, 4, 0, 0, 3, "L", "L;4I"},       {1, 1, 3, 1, 4, 0, 0, 3, "L", "L;4"},
    {0, 1, 3, 1, 8, 0, 0, 3, "L", "L;I"},        {1, 1, 3, 1, 8, 0, 0, 3, "L", "L"},
    {1, 2, 1, 1, 8, 0, 0, 3, "L", "L"},          {1, 1, 1, 1, 12, 0, 0, 1, "I;16", "I;12"},
    {0, 1, 1, 1, 16, 0, 0, 1, "I;16", "I;16"},   {1, 1, 3, 1, 16, 0, 0, 1, "I;16", "I;16"},
    {1, 1, 1, 1, 16, 0, 0, 2, "I;16B", "I;16B"}, {1, 2, 1, 1, 16, 0, 0, 3, "I", "I;16S"},
    {0, 3, 1, 1, 32, 0, 0, 3, "F", "F;32F"},     {1, 1, 1, 1, 32, 0, 0, 1, "I", "I;32N"},
    {1, 2, 1, 1, 32, 0, 0, 3, "I", "I;32S"},     {1, 3, 1, 1, 32, 0, 0, 3, "F", "F;32F"},
    {1, 1, 1, 2, 8, 1, 0, 3, "L", "LX"},         {1, 1, 1, 2, 8, 1, 1, 3, "La", "La"},
    {1, 1, 1, 2, 8, 1, 2, 3, "LA", "LA"},        {2, 1, 3, 3, 8, 0, 0, 3, "RGB", "RGB"},
    {2, 1, 1, 4, 8, 0, 0, 3, "RGBA", "RGBA"},    {2, 1, 1, 4, 8, 1, 0, 3, "RGB", "RGBX"},
    {2, 1, 1, 5, 8, 2, 0, 3, "RGB", "RGBXX"},    {2, 1, 1, 6, 8, 3, 0, 3, "RGB", "RGBXXX"},
    {2, 1, 1, 4, 8, 1, 1, 3, "RGBA", "RGBa"},    {2, 1, 1, 5, 8, 2, 1, 3, "RGBA", "RGBaX"},
    {2, 1, 1, 6, 8, 3, 1, 3, "RGBA", "RGBaXX"},  {2, 1, 1, 4, 8, 1, 2, 3, "RGBA", "RGBA"},
    {2, 1, 1, 5, 8, 2, 2, 3, "RGBA", "RGBAX"},   {2, 1, 1, 6, 8, 3, 2, 3, "RGBA", "RGBAXX"},
    {2, 1, 1, 4, 8, 1, 999, 3, "RGBA", "RGBA"},  {2, 1, 1, 3, 16, 0, 0, 3, "RGB", "RGB;16"},
    {2, 1, 1, 4, 16, 0, 0, 3, "RGBA", "RGBA;1"}, {2, 1, 1, 4, 16, 1, 0, 3, "RGB", "RGBX;1"},
    {2, 1, 1, 4, 16, 1, 1, 3, "RGBA", "RGBa;1"}, {2, 1, 1, 4, 16, 1, 2, 3, "RGBA", "RGBA;1"},
    {3, 1, 3, 1, 1, 0, 0, 3, "P", "P;1"},        {3, 1, 3, 1, 2, 0, 0, 3, "P", "P;2"},
    {3, 1, 3, 1, 4, 0, 0, 3, "P", "P;4"},        {3, 1, 3, 1, 8, 0, 0, 3, "P", "P"},
    {3, 1, 1, 2, 8, 1, 0, 3, "P", "PX"},         {3, 1, 1, 2, 8, 1, 2, 3, "PA", "PA"},
    {5, 1, 1, 4, 8, 0, 0, 3, "CMYK", "CMYK"},    {5, 1, 1, 5, 8, 1, 0, 3, "CMYK", "CMYKX"},
    {5, 1, 1, 6, 8, 2, 0, 3, "CMYK", "CMYKXX"},  {5, 1, 1, 4, 16, 0, 0, 3, "CMYK", "CMYK;1"},
    {6, 1, 1, 1, 8, 0, 0, 3, "L", "L"},          {6, 1, 1, 3, 8, 0, 0, 3, "YCbCr", "YCbCr"},
    {8, 1, 1, 3, 8, 0, 0, 3, "LAB", "LAB"},
};

/* The key by which Pillow looks a layout up. */
struct tiff_key {
    int64_t photometric, format, fill, n_samples, bits, n_extra, extra;
    uint8_t order;
};

static const struct tiff_layout *tiff_find_layout(const struct tiff_key *key)
{
    if (key->fill != 1 && key->fill != 2)
        return NULL;
    for (size_t i = 0; i < sizeof tiff_layouts / sizeof tiff_layouts[0]; i++) {
        const struct tiff_layout *layout = &tiff_layouts[i];
        if (layout->photometric == key->photometric && layout->format == key->format &&
            layout->fills & key->fill && layout->n_samples == key->n_samples && layout->bits == key->bits &&
            layout->n_extra == key->n_extra && layout->extra == key->extra && layout->orders & key->order)
            return layout;
    }
    return NULL;
}

/* A tag of one number; the default where it is absent. False for a value that is no integer. */
static bool tiff_integer(const struct tiff_directory *directory, uint32_t tag, int64_t absent, int64_t *ret)
{
    struct tiff_value value = tiff_directory_find(directory, tag);
    *ret = value.kind == TIFF_INTEGERS ? tiff_number(&value, 0) : absent;
    return value.kind == TIFF_ABSENT || value.kind == TIFF_INTEGERS;
}

/* The same, of a tag that is compared only: a real may be equal, too. Of several numbers the first counts;
 * but those of the colours are then as if absent. What is equal to nothing is INT64_MIN. */
static int64_t tiff_equal(const struct tiff_directory *directory, uint32_t tag, int64_t absent)
{
    struct tiff_value value = tiff_directory_find(directory, tag);
    bool is_numeric = value.kind == TIFF_INTEGERS || value.kind == TIFF_REALS;
    if (value.kind == TIFF_ABSENT || (tag == TIFF_PHOTOMETRIC && is_numeric && value.n > 1))
        return absent;
    return is_numeric ? tiff_number(&value, 0) : INT64_MIN;
}

/* All numbers are the same one; false otherwise. */
static bool tiff_is_uniform(const struct tiff_value *value, size_t n, int64_t *ret)
{
    *ret = n ? tiff_number(value, 0) : 0;
    for (size_t i = 1; i < n; i++)
        if (tiff_number(value, i) != *ret)
            return false;
    return true;
}

/* Extra samples: how many, and the first; no layout has another one that is not 0. Those of planes that lie
 * apart are left out where all are 0. */
static bool tiff_read_extra(const struct tiff_directory *directory, int64_t planar, struct tiff_key *key,
                            int64_t *n_bits)
{
    struct tiff_value extra = tiff_directory_find(directory, TIFF_EXTRA_SAMPLES);
    int64_t n = (int64_t)extra.n;
    bool has_others = false, is_zero = true;
    key->n_extra = key->extra = 0;
    if (extra.kind == TIFF_ABSENT)
        return true;
    if (extra.kind == TIFF_TEXT)
        return false;
    for (size_t i = 0; i < extra.n; i++) {
        is_zero = is_zero && tiff_number(&extra, i) == 0;
        has_others = has_others || (i > 0 && tiff_number(&extra, i) != 0);
    }
    if (planar == 2 && is_zero) {
        *n_bits = *n_bits > n ? *n_bits - n : 0;
        key->n_samples -= n;
        return true;
    }
    key->n_extra = n;
    key->extra = tiff_number(&extra, 0);
    return !has_others && extra.kind != TIFF_BYTES;
}

/* Numbers that must all be one; absent ones are 1. */
static bool tiff_read_format(const struct tiff_directory *directory, struct tiff_key *key)
{
    struct tiff_value format = tiff_directory_find(directory, TIFF_SAMPLE_FORMAT);
    bool is_list = format.kind == TIFF_INTEGERS || format.kind == TIFF_REALS ||
                   (format.kind == TIFF_BYTES && format.n > 1);
    key->format = 1;
    return format.kind == TIFF_ABSENT || (is_list && tiff_is_uniform(&format, format.n, &key->format));
}

/* Samples: their format, how many, the bits of each. Rule: TiffImageFile._setup. */
static bool tiff_read_samples(const struct tiff_directory *directory, int64_t planar, int64_t compression,
                              struct tiff_key *key)
{
    struct tiff_value bits = tiff_directory_find(directory, TIFF_BITS);
    bool is_jpeg = compression == TIFF_OLD_JPEG && (key->photometric == 2 || key->photometric == 6);
    int64_t n_bits = bits.kind == TIFF_ABSENT ? 1 : (int64_t)bits.n;
    bool is_real = tiff_directory_find(directory, TIFF_SAMPLES).kind == TIFF_REALS;
    key->n_samples = tiff_equal(directory, TIFF_SAMPLES, is_jpeg ? 3 : 1);
    if (key->n_samples == INT64_MIN || bits.kind == TIFF_BYTES || bits.kind == TIFF_TEXT ||
        !tiff_read_format(directory, key) || !tiff_read_extra(directory, planar, key, &n_bits))
        return false;
    if (is_real && key->n_samples != n_bits) /* a tuple has no real number of elements */
        return false;
    bool is_repeated = key->n_samples > n_bits && n_bits == 1;
    if (key->n_samples > 6 || key->n_samples < 0 || (!is_repeated && n_bits < key->n_samples))
        return false;
    key->bits = 1;
    return bits.kind == TIFF_ABSENT ||
           tiff_is_uniform(&bits, is_repeated ? 1 : (size_t)key->n_samples, &key->bits);
}

/* The bits of one band that lies by itself, 0 where Pillow cannot unpack it. */
static int64_t tiff_band_bits(const char *mode, char band)
{
    bool is_single = (strcmp(mode, "I") == 0 || strcmp(mode, "F") == 0) && band == mode[0];
    if (is_single)
        return 32;
    if (strcmp(mode, "1") == 0)
        return band == '1';
    bool has_bands = strcmp(mode, "RGB") == 0 || strcmp(mode, "RGBA") == 0 || strcmp(mode, "CMYK") == 0 ||
                     strcmp(mode, "LAB") == 0 || strcmp(mode, "L") == 0 || strcmp(mode, "P") == 0;
    return has_bands && strchr(mode, band) ? 8 : 0;
}

/* Where a strip or tile is, as Pillow steps through them. */
struct tiff_grid {
    int64_t width, height; /* of the picture as stored */
    int64_t w, h;          /* of a strip or tile */
    int64_t x, y;
    size_t layer;
};

static enum image_verdict tiff_add_tile(struct image_file *image, const struct tiff_layout *layout,
                                        struct tiff_grid *grid, int64_t planar, int64_t offset)
{
    double stride =
        grid->x + grid->w > grid->width ? (double)grid->w * layout->bits * layout->n_samples / 8 : 0;
    int64_t bits = layout->bits * layout->n_samples;
    if (planar == 2) {
        size_t raw_size = strlen(layout->raw) + (layout->bits == 16 && layout->n_samples > 1 ? 2 : 0);
        uint8_t colors = layout->photometric;
        int64_t n_bands = (colors == 2 || colors == 6 || colors == 8 ? 3
                           : colors == 5                             ? 4
                                                                     : 1) +
                          layout->n_extra;
        if (grid->layer >= raw_size)
            return IMAGE_NEXT;
        char band = grid->layer < strlen(layout->raw) ? layout->raw[grid->layer] : ';';
        bits = tiff_band_bits(image->mode, band);
        stride /= (double)n_bands;
    }
    struct image_tile *tile = image_add_tile(image, image_codec_raw, offset, bits);
    if (!tile)
        return IMAGE_REFUSED;
    tile->x0 = grid->x;
    tile->y0 = grid->y;
    tile->x1 = grid->x + grid->w < grid->width ? grid->x + grid->w : grid->width;
    tile->y1 = grid->y + grid->h < grid->height ? grid->y + grid->h : grid->height;
    tile->stride = stride < -9e15 ? INT64_MIN : stride > 9e15 ? INT64_MAX : (int64_t)stride;
    tile->arg = planar == 2 ? (int64_t)grid->layer : 0;
    grid->x += grid->w;
    if (grid->x >= grid->width) {
        grid->x = 0;
        grid->y += grid->h;
        if (grid->y >= grid->height) {
            grid->y = 0;
            grid->layer++;
        }
    }
    return IMAGE_OPENED;
}

/* The rows of a strip; a real makes the tiles' lower edges reals, unless they lie below the picture's. */
static bool tiff_read_rows(struct image_file *image, const struct tiff_directory *directory,
                           struct tiff_grid *grid)
{
    struct tiff_value rows = tiff_directory_find(directory, TIFF_ROWS_PER_STRIP);
    if (rows.kind != TIFF_REALS)
        return tiff_integer(directory, TIFF_ROWS_PER_STRIP, grid->height, &grid->h);
    double real = tiff_real(&rows, 0);
    grid->h = real > (double)grid->height ? grid->height + 1 : fabs(real) < 0x1p40 ? (int64_t)real : 0;
    image->sides = real > (double)grid->height ? IMAGE_SIDES_WHOLE : IMAGE_SIDES_REAL;
    return true;
}

/* Strips, or else tiles, of uncompressed pixels. */
static enum image_verdict tiff_add_tiles(struct image_file *image, const struct tiff_directory *directory,
                                         const struct tiff_layout *layout, struct tiff_grid grid,
                                         int64_t planar)
{
    struct tiff_value offsets = tiff_directory_find(directory, TIFF_STRIP_OFFSETS);
    bool is_whole_row = offsets.kind != TIFF_ABSENT;
    grid.w = grid.width;
    if (is_whole_row) {
        if (!tiff_read_rows(image, directory, &grid))
            return IMAGE_NEXT;
    } else {
        offsets = tiff_directory_find(directory, TIFF_TILE_OFFSETS);
        if (offsets.kind == TIFF_ABSENT)
            return IMAGE_NEXT;
        if (!tiff_integer(directory, TIFF_TILE_WIDTH, INT64_MIN, &grid.w) || grid.w == INT64_MIN ||
            !tiff_integer(directory, TIFF_TILE_LENGTH, INT64_MIN, &grid.h) || grid.h == INT64_MIN)
            return IMAGE_REFUSED;
    }
    if (offsets.kind != TIFF_INTEGERS && offsets.kind != TIFF_BYTES) {
        image->sides = IMAGE_SIDES_REAL; /* seek() takes none of these */
        return IMAGE_OPENED;
    }
    int64_t limit = (int64_t)1 << 40; /* so that sums stay numbers */
    grid.w = grid.w > limit ? limit : grid.w;
    grid.h = grid.h > limit ? limit : grid.h;
    bool is_one = grid.w == grid.width && grid.h == grid.height && planar != 2;
    for (size_t i = is_one ? offsets.n - 1 : 0; i < offsets.n; i++) {
        enum image_verdict verdict = tiff_add_tile(image, layout, &grid, planar, tiff_number(&offsets, i));
        if (verdict != IMAGE_OPENED)
            return verdict;
    }
    return IMAGE_OPENED;
}

/* The upper bytes of the colours; the first that is none decides. Rule: array.array("B", ...). */
static enum sidetok_error tiff_check_colors(const struct tiff_value *map)
{
    for (size_t i = 0; i < map->n; i++) {
        bool is_real = map->kind == TIFF_REALS;
        double color = is_real ? tiff_real(map, i) : (double)tiff_number(map, i);
        if (is_real && (!map->is_ratio || isnan(color)))
            return SIDETOK_E_TYPE;
        if (color < 0 || color >= 65536)
            return SIDETOK_E_OVERFLOW;
    }
    return SIDETOK_OK;
}

/* The colours, three lists of 16-bit numbers, one after another. */
static enum image_verdict tiff_read_palette(struct image_file *image, const struct tiff_directory *directory)
{
    if (!image_mode_is(image, "P") && !image_mode_is(image, "PA"))
        return IMAGE_OPENED;
    struct tiff_value map = tiff_directory_find(directory, TIFF_COLOR_MAP);
    if (map.kind == TIFF_ABSENT || map.kind == TIFF_TEXT)
        return IMAGE_NEXT;
    image->palette.given = true;
    image->palette.bits = 24;
    image->palette.size = map.n;
    image->palette.error = tiff_check_colors(&map);
    return IMAGE_OPENED;
}

static bool tiff_compression_is_known(int64_t compression)
{
    static const uint16_t known[] = {1,     2,     3,     4,     5,     6,     7,     8,    32771,
                                     32773, 32809, 32946, 34676, 34677, 34925, 50000, 50001};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i] == compression)
            return true;
    return false;
}

/* A resolution that is no number cannot be scaled to inches. */
static bool tiff_resolution_is_right(const struct tiff_directory *directory)
{
    struct tiff_value x = tiff_directory_find(directory, TIFF_X_RESOLUTION);
    struct tiff_value y = tiff_directory_find(directory, TIFF_Y_RESOLUTION);
    bool is_text = x.kind == TIFF_TEXT || x.kind == TIFF_BYTES || y.kind == TIFF_TEXT || y.kind == TIFF_BYTES;
    return tiff_equal(directory, TIFF_RESOLUTION_UNIT, 0) != 3 || !is_text;
}

static uint32_t tiff_bands(const char *mode)
{
    if (strcmp(mode, "RGBA") == 0 || strcmp(mode, "CMYK") == 0)
        return 4;
    if (strcmp(mode, "RGB") == 0 || strcmp(mode, "LAB") == 0 || strcmp(mode, "YCbCr") == 0)
        return 3;
    return mode[0] && (mode[1] == 'A' || mode[1] == 'a') ? 2 : 1;
}

/* What libtiff decodes: the fill order is its business then, and so is YCbCr. */
static enum image_verdict tiff_plan_libtiff(struct image_file *image, const struct tiff_directory *directory,
                                            struct tiff_key *key, int64_t compression, int64_t planar,
                                            struct tiff_plan *plan)
{
    key->fill = 1;
    const struct tiff_layout *layout = tiff_find_layout(key);
    if (!layout)
        return IMAGE_NEXT;
    image->mode = layout->mode;
    plan->bits = layout->bits * layout->n_samples;
    if (key->photometric == 6) {
        image->mode = "RGB";
        plan->bits = compression == TIFF_JPEG && planar == 1 ? 24 : 32;
    }
    plan->offset = directory->offset;
    plan->compression = (uint32_t)compression;
    plan->bands = tiff_bands(image->mode);
    return IMAGE_OPENED;
}

/* Width and height as stored, and as shown: an orientation may turn the picture. */
static enum image_verdict tiff_read_size(struct image_file *image, const struct tiff_directory *directory,
                                         struct tiff_plan *plan)
{
    if (tiff_directory_find(directory, TIFF_WIDTH).kind == TIFF_ABSENT ||
        tiff_directory_find(directory, TIFF_HEIGHT).kind == TIFF_ABSENT)
        return IMAGE_NEXT;
    if (!tiff_integer(directory, TIFF_WIDTH, 0, &plan->width) ||
        !tiff_integer(directory, TIFF_HEIGHT, 0, &plan->height))
        return IMAGE_REFUSED;
    int64_t orientation = tiff_equal(directory, TIFF_ORIENTATION, 1);
    bool is_turned = orientation >= 5 && orientation <= 8;
    image->width = is_turned ? plan->height : plan->width;
    image->height = is_turned ? plan->width : plan->height;
    return IMAGE_OPENED;
}

static enum image_verdict tiff_setup(struct image_file *image, const struct tiff_directory *directory,
                                     struct tiff_plan *plan)
{
    struct tiff_key key = {.order = directory->is_big_endian ? TIFF_BIG : TIFF_LITTLE};
    int64_t compression = tiff_equal(directory, TIFF_COMPRESSION, 1);
    int64_t planar = tiff_equal(directory, TIFF_PLANAR, 1);
    if (!tiff_compression_is_known(compression))
        return IMAGE_NEXT;
    key.photometric = compression == TIFF_OLD_JPEG ? 6 : tiff_equal(directory, TIFF_PHOTOMETRIC, 0);
    key.fill = tiff_equal(directory, TIFF_FILL_ORDER, 1);
    enum image_verdict verdict = tiff_read_size(image, directory, plan);
    if (verdict != IMAGE_OPENED)
        return verdict;
    bool is_known = tiff_read_samples(directory, planar, compression, &key);
    const struct tiff_layout *layout = is_known ? tiff_find_layout(&key) : NULL;
    if (!layout || !tiff_resolution_is_right(directory))
        return IMAGE_NEXT;
    image->mode = layout->mode;
    if (compression != TIFF_RAW)
        verdict = tiff_plan_libtiff(image, directory, &key, compression, planar, plan);
    else if (!image_is_bomb(plan->width, plan->height))
        verdict = tiff_add_tiles(image, directory, layout,
                                 (struct tiff_grid){.width = plan->width, .height = plan->height}, planar);
    return verdict == IMAGE_OPENED ? tiff_read_palette(image, directory) : verdict;
}

static enum image_verdict tiff_open(struct image_file *image)
{
    struct tiff_directory directory;
    struct tiff_plan *plan = call_alloc_array(image->call, 1, sizeof *plan);
    if (!plan)
        return IMAGE_REFUSED;
    enum image_verdict verdict = tiff_directory_read(image, &directory);
    if (verdict == IMAGE_OPENED && tiff_directory_find(&directory, TIFF_MEDIA_PHOTO).kind != TIFF_ABSENT)
        return IMAGE_REFUSED;
    verdict = verdict == IMAGE_OPENED ? tiff_setup(image, &directory, plan) : verdict;
    image->raw.state = plan;
    return verdict;
}

/* Decoded as stored, whichever way it is shown. */
static enum sidetok_error tiff_load(struct call *call, struct image_file *image)
{
    const struct tiff_plan *plan = image->raw.state;
    struct image_file stored = *image;
    stored.width = plan->width;
    stored.height = plan->height;
    return plan->bits ? image_libtiff_decode(call, &stored, plan) : image_tiles_load(call, &stored);
}

const struct image_format image_format_tiff = {"TIFF", tiff_accept, tiff_open, tiff_load};
