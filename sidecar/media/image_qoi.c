#include "image_file.h"

/* Rule: PIL.QoiImagePlugin of Pillow 13.0.0. Pixels are counted: their colours cannot be wrong. */

static image_codec qoi_codec;

static bool qoi_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("qoif"));
}

static enum image_verdict qoi_open(struct image_file *image)
{
    if (image->bytes.size < 13)
        return IMAGE_NEXT;
    image->width = image_be32(image->bytes.data + 4);
    image->height = image_be32(image->bytes.data + 8);
    image->mode = image->bytes.data[12] == 3 ? "RGB" : "RGBA";
    return image_one_tile(image, qoi_codec, 14, 8);
}

static enum sidetok_error qoi_codec(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    uint64_t need = (uint64_t)tile->x1 * (uint64_t)tile->y1, n = 0;
    for (size_t at = 0; n < need && at < data.size;) {
        uint8_t code = (uint8_t)data.data[at];
        size_t more = code == 0xfe ? 3 : code == 0xff ? 4 : code >> 6 == 2 ? 1 : 0;
        if (data.size - at - 1 < more)
            break;
        at += 1 + more;
        n += code >= 0xc0 && code < 0xfe ? (code & 0x3f) + 1u : 1;
    }
    return n >= need ? SIDETOK_OK : image_not_enough(call);
}

const struct image_format image_format_qoi = {"QOI", qoi_accept, qoi_open, NULL};
