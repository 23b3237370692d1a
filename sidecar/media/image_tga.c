#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.TgaImagePlugin and libImaging/TgaRleDecode.c of Pillow 13.0.0. The format has no magic: every
 * file that no earlier format takes is asked. */

static image_codec tga_codec_rle;

/* Pillow's mode by kind; "" for a kind that it does not know. */
static const char *tga_mode(uint32_t kind, uint32_t depth, bool has_palette)
{
    switch (kind) {
    case 3:
    case 11:
        return depth == 1 ? "1" : depth == 16 ? "LA" : "L";
    case 1:
    case 9:
        return has_palette ? "P" : "L";
    case 2:
    case 10:
        return depth == 24 ? "RGB" : "RGBA";
    default:
        return "";
    }
}

/* Whether kind and depth have a raw mode. */
static bool tga_is_decodable(uint32_t kind, uint32_t depth)
{
    kind &= 7;
    return (kind == 1 && depth == 8) || (kind == 3 && (depth == 1 || depth == 8 || depth == 16)) ||
           (kind == 2 && (depth == 16 || depth == 24 || depth == 32));
}

/* False for entries of a size that is none. */
static bool tga_read_palette(struct image_file *image, struct image_reader *file, const char *head)
{
    uint32_t start = image_le16(head + 3), size = image_le16(head + 5), bits = (uint8_t)head[7];
    if (bits != 16 && bits != 24 && bits != 32)
        return false;
    struct str entries = image_read(file, (uint64_t)bits / 8 * size);
    image->palette.given = true;
    image->palette.bits = bits;
    image->palette.size = (size_t)bits / 8 * start + entries.size;
    return true;
}

static enum image_verdict tga_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct str head = image_read(&file, 18);
    if (head.size < 18)
        return IMAGE_NEXT;
    const char *p = head.data;
    uint32_t has_palette = (uint8_t)p[1], kind = (uint8_t)p[2], depth = (uint8_t)p[16];
    image->width = image_le16(p + 12);
    image->height = image_le16(p + 14);
    if (has_palette > 1 || !image->width || !image->height)
        return IMAGE_NEXT;
    if (depth != 1 && depth != 8 && depth != 16 && depth != 24 && depth != 32)
        return IMAGE_NEXT;
    image->mode = tga_mode(kind, depth, has_palette);
    if (image->mode[0] == '\0')
        return IMAGE_NEXT;
    image_read(&file, (uint8_t)p[0]);
    if (has_palette && !tga_read_palette(image, &file, p))
        return IMAGE_NEXT;
    if (!tga_is_decodable(kind, depth))
        return IMAGE_OPENED; /* and cannot be loaded */
    bool is_paletted_gray = (kind & 7) == 1 && !has_palette;
    return image_one_tile(image, kind & 8 ? tga_codec_rle : image_codec_raw, (int64_t)file.at,
                          is_paletted_gray ? 0 : depth);
}

/* A run must end in its row, literal pixels need not. */
static enum sidetok_error tga_codec_rle(struct call *call, const struct image_file *image,
                                        const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image;
    uint64_t row = ((uint64_t)tile->x1 * (uint64_t)tile->bits + 7) / 8, x = 0, y = 0;
    size_t pixel = (size_t)tile->bits / 8, at = 0;
    while (at < data.size) {
        uint8_t code = (uint8_t)data.data[at];
        size_t n = pixel * (size_t)((code & 0x7f) + 1), n_bytes = 1 + (code & 0x80 ? pixel : n);
        if (data.size - at < n_bytes)
            break;
        if (code & 0x80 && x + n > row) {
            *ret_status = IMAGE_OVERRUN;
            return SIDETOK_OK;
        }
        at += n_bytes;
        x += n;
        y += x / row;
        x %= row;
        if (y >= (uint64_t)tile->y1)
            return SIDETOK_OK;
    }
    return image_truncated_at(call, data.size - at);
}

const struct image_format image_format_tga = {"TGA", NULL, tga_open, NULL};
