#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.SgiImagePlugin and libImaging/SgiRleDecode.c of Pillow 13.0.0. */

enum { SGI_HEAD = 512 };

static image_codec sgi_codec_rle, sgi_codec_16;

static bool sgi_accept(struct str bytes)
{
    return bytes.size >= 2 && image_be16(bytes.data) == 474;
}

/* Bands of the picture; 0 for a combination that Pillow does not know. */
static uint32_t sgi_bands(uint32_t bytes_per_channel, uint32_t dimension, uint32_t n_channels)
{
    if (bytes_per_channel != 1 && bytes_per_channel != 2)
        return 0;
    if ((dimension == 1 || dimension == 2) && n_channels == 1)
        return 1;
    return dimension == 3 && (n_channels == 3 || n_channels == 4) ? n_channels : 0;
}

static enum image_verdict sgi_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    if (image->bytes.size < 12)
        return IMAGE_NEXT;
    uint32_t kind = (uint8_t)p[2], depth = (uint8_t)p[3];
    uint32_t bands = sgi_bands(depth, image_be16(p + 4), image_be16(p + 10));
    if (!bands)
        return IMAGE_REFUSED;
    image->width = image_be16(p + 6);
    image->height = image_be16(p + 8);
    image->mode = bands == 1 ? "L" : bands == 3 ? "RGB" : "RGBA";
    image->raw.kind = bands;
    if (kind == 1 || (kind == 0 && depth == 2)) {
        struct image_tile *tile =
            image_add_tile(image, kind ? sgi_codec_rle : sgi_codec_16, SGI_HEAD, 8 * depth * bands);
        if (!tile)
            return IMAGE_REFUSED;
        tile->arg = depth;
        return IMAGE_OPENED;
    }
    for (uint32_t band = 0; kind == 0 && band < bands; band++) {
        struct image_tile *tile =
            image_add_tile(image, image_codec_raw, SGI_HEAD + band * image->width * image->height, 8);
        if (!tile)
            return IMAGE_REFUSED;
        tile->arg = band; /* no band is another's repetition */
    }
    return IMAGE_OPENED; /* of another kind: cannot be loaded */
}

/* Each band's rows, two bytes a pixel. */
static enum sidetok_error sgi_codec_16(struct call *call, const struct image_file *image,
                                       const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)ret_status;
    uint64_t need = 2 * (uint64_t)tile->x1 * (uint64_t)tile->y1 * image->raw.kind;
    return data.size >= need ? SIDETOK_OK : image_not_enough(call);
}

enum sgi_row { SGI_ROW_DONE, SGI_ROW_OVERRUN, SGI_ROW_LAST };

/*
 * One row of one channel: n codes from offset on, none for a negative n. SGI_ROW_LAST where the last code is
 * not the zero that ends a row: Pillow then takes the picture as it is. Rule: expandrow, expandrow2.
 */
static enum sgi_row sgi_expand(struct str data, uint64_t at, int32_t n, uint64_t depth, uint64_t width)
{
    uint64_t x = 0;
    for (; n > 0; n--) {
        if (at + depth > data.size)
            return SGI_ROW_OVERRUN;
        uint8_t code = (uint8_t)data.data[at + depth - 1], count = code & 0x7f;
        at += depth;
        if (n == 1 && code != 0)
            return SGI_ROW_LAST;
        if (count == 0)
            return SGI_ROW_DONE;
        x += count;
        uint64_t n_bytes = depth * (code & 0x80 ? count : 1);
        if (x > width)
            return SGI_ROW_OVERRUN;
        /* Pillow compares with the last byte, not with the end: what is copied may reach one byte less */
        bool is_strict = depth == 2 || code & 0x80;
        if (at + n_bytes > data.size - (is_strict ? 1 : 0))
            return SGI_ROW_OVERRUN;
        at += n_bytes;
    }
    return SGI_ROW_DONE;
}

/* Rows stand anywhere: two tables, of offsets in the file and of lengths, say where. */
static enum sidetok_error sgi_codec_rle(struct call *call, const struct image_file *image,
                                        const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)call;
    uint64_t rows = (uint64_t)tile->y1, bands = image->raw.kind, n = rows * bands;
    if (data.size < 8 * n) {
        *ret_status = IMAGE_OVERRUN;
        return SIDETOK_OK;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t entry = i / bands + i % bands * rows;
        uint32_t offset = image_be32(data.data + 4 * entry), length = image_be32(data.data + 4 * (n + entry));
        enum sgi_row row = offset < SGI_HEAD ? SGI_ROW_OVERRUN
                                             : sgi_expand(data, offset - SGI_HEAD, (int32_t)length,
                                                          (uint64_t)tile->arg, (uint64_t)tile->x1);
        if (row != SGI_ROW_DONE) {
            *ret_status = row == SGI_ROW_OVERRUN ? IMAGE_OVERRUN : 0;
            return SIDETOK_OK;
        }
    }
    return SIDETOK_OK;
}

const struct image_format image_format_sgi = {"SGI", sgi_accept, sgi_open, NULL};
