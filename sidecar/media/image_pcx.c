#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.PcxImagePlugin, PIL.DcxImagePlugin and libImaging/PcxDecode.c of Pillow 13.0.0. */

static image_codec pcx_codec;

static bool pcx_accept(struct str bytes)
{
    return bytes.size >= 2 && bytes.data[0] == 10 &&
           (bytes.data[1] == 0 || bytes.data[1] == 2 || bytes.data[1] == 3 || bytes.data[1] == 5);
}

static bool dcx_accept(struct str bytes)
{
    return bytes.size >= 4 && image_le32(bytes.data) == 0x3ade68b1;
}

/* A palette of 256 colours may stand at the file's end; a linear gray one does not count. */
static bool pcx_has_palette(struct str bytes)
{
    if (bytes.size < 769)
        return false;
    const char *palette = bytes.data + bytes.size - 769;
    bool is_gray = true;
    for (size_t i = 0; i < 768; i++)
        is_gray = is_gray && (uint8_t)palette[1 + i] == i / 3;
    return palette[0] == 12 && !is_gray;
}

/* Mode and bits of a row's unpacking; false: Pillow knows no such picture. */
static bool pcx_read_mode(struct image_file *image, const char *head, uint32_t *ret_bits)
{
    uint32_t version = (uint8_t)head[1], bits = (uint8_t)head[3], planes = (uint8_t)head[65];
    *ret_bits = bits * planes;
    if (bits == 1 && planes == 1) {
        image->mode = "1";
    } else if (bits == 1 && (planes == 2 || planes == 4)) {
        image->mode = "P";
    } else if (version == 5 && bits == 8 && planes == 1) {
        image->mode = pcx_has_palette(image->bytes) ? "P" : "L";
    } else if (version == 5 && bits == 8 && planes == 3) {
        image->mode = "RGB";
    } else {
        return false;
    }
    return true;
}

static enum image_verdict pcx_open_at(struct image_file *image, uint64_t offset)
{
    struct image_reader file = {image->bytes, offset};
    struct str head = image_read(&file, 68);
    uint32_t bits;
    if (!pcx_accept(head) || head.size < 12)
        return IMAGE_NEXT;
    const char *p = head.data;
    image->width = (int64_t)image_le16(p + 8) + 1 - image_le16(p + 4);
    image->height = (int64_t)image_le16(p + 10) + 1 - image_le16(p + 6);
    if (image->width <= 0 || image->height <= 0 || head.size < 68)
        return IMAGE_NEXT;
    if (!pcx_read_mode(image, p, &bits))
        return IMAGE_REFUSED;
    uint32_t planes = (uint8_t)p[65];
    int64_t stride = (image->width * (uint8_t)p[3] + 7) / 8;
    if (image_le16(p + 66) != stride)
        stride += stride % 2;
    struct image_tile *tile = image_add_tile(image, pcx_codec, (int64_t)file.at + 60, bits);
    if (!tile)
        return IMAGE_REFUSED;
    tile->stride = planes * stride;
    return IMAGE_OPENED;
}

static enum image_verdict pcx_open(struct image_file *image)
{
    return pcx_open_at(image, 0);
}

/* Up to 1024 offsets, the first of which is the picture. */
static enum image_verdict dcx_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 4};
    uint32_t first = 0;
    for (int i = 0; i < 1024; i++) {
        struct str entry = image_read(&file, 4);
        if (entry.size < 4)
            return IMAGE_NEXT;
        uint32_t offset = image_le32(entry.data);
        if (!offset)
            break;
        first = first ? first : offset;
    }
    return first ? pcx_open_at(image, first) : IMAGE_NEXT;
}

/* A run beyond its row is an error at the end, if the picture gets there. */
static enum sidetok_error pcx_codec(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image;
    int64_t row = tile->stride, x = 0, y = 0;
    size_t at = 0;
    if ((tile->x1 * tile->bits + 7) / 8 > row) {
        *ret_status = IMAGE_OVERRUN;
        return SIDETOK_OK;
    }
    while (at < data.size) {
        uint8_t code = (uint8_t)data.data[at];
        bool is_run = (code & 0xc0) == 0xc0;
        if (is_run && data.size - at < 2)
            break;
        at += is_run ? 2 : 1;
        x += is_run ? code & 0x3f : 1;
        if (x > row)
            *ret_status = IMAGE_OVERRUN;
        if (x < row)
            continue;
        x = 0;
        if (++y >= tile->y1)
            return SIDETOK_OK;
    }
    return image_truncated_at(call, data.size - at);
}

const struct image_format image_format_pcx = {"PCX", pcx_accept, pcx_open, NULL};
const struct image_format image_format_dcx = {"DCX", dcx_accept, dcx_open, NULL};
