#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.SunImagePlugin and libImaging/SunRleDecode.c of Pillow 13.0.0. */

static image_codec sun_codec_rle;

static bool sun_accept(struct str bytes)
{
    return bytes.size >= 4 && image_be32(bytes.data) == 0x59a66a95;
}

static enum image_verdict sun_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct str head = image_read(&file, 32);
    if (head.size < 32)
        return IMAGE_NEXT;
    const char *p = head.data;
    uint32_t depth = image_be32(p + 12), kind = image_be32(p + 20), palette_length = image_be32(p + 28);
    image->width = image_be32(p + 4);
    image->height = image_be32(p + 8);
    if (depth != 1 && depth != 4 && depth != 8 && depth != 24 && depth != 32)
        return IMAGE_NEXT;
    image->mode = depth == 1 ? "1" : depth <= 8 ? "L" : "RGB";
    if (palette_length) {
        if (palette_length > 1024 || image_be32(p + 24) != 1)
            return IMAGE_NEXT;
        image->palette.given = true;
        image->palette.bits = 24;
        image->palette.size = image_read(&file, palette_length).size;
        image->mode = image_mode_is(image, "L") ? "P" : image->mode;
    }
    if (kind > 5)
        return IMAGE_NEXT;
    struct image_tile *tile = image_add_tile(image, kind == 2 ? sun_codec_rle : image_codec_raw,
                                             32 + (int64_t)palette_length, depth);
    if (!tile)
        return IMAGE_REFUSED;
    tile->stride = kind == 2 ? 0 : (image->width * depth + 15) / 16 * 2;
    return IMAGE_OPENED;
}

/* A run may go on in the next rows. */
static enum sidetok_error sun_codec_rle(struct call *call, const struct image_file *image,
                                        const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    uint64_t row = ((uint64_t)tile->x1 * (uint64_t)tile->bits + 7) / 8, x = 0, y = 0;
    size_t at = 0;
    while (at < data.size) {
        bool is_code = (uint8_t)data.data[at] == 0x80;
        size_t left = data.size - at;
        if (is_code && (left < 2 || (data.data[at + 1] != 0 && left < 3)))
            break;
        uint32_t count = is_code ? (uint8_t)data.data[at + 1] : 0;
        at += !is_code ? 1 : count ? 3 : 2;
        x += count + 1;
        y += x / row;
        x %= row;
        if (y >= (uint64_t)tile->y1)
            return SIDETOK_OK;
    }
    return image_truncated_at(call, data.size - at);
}

const struct image_format image_format_sun = {"SUN", sun_accept, sun_open, NULL};
