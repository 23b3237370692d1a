#include "image_file.h"
#include "image_reader.h"

/* Formats that are a small header and plain rows. Rule:
 * PIL.{GbrImagePlugin,McIdasImagePlugin,PixarImagePlugin, XVThumbImagePlugin,PcdImagePlugin,MpegImagePlugin}
 * of Pillow 13.0.0. */

static image_codec pcd_codec;

static bool gbr_accept(struct str bytes)
{
    return bytes.size >= 8 && image_be32(bytes.data) >= 20 &&
           (image_be32(bytes.data + 4) == 1 || image_be32(bytes.data + 4) == 2);
}

/* A brush of GIMP: header, comment, pixels. A comment of negative length is all there is. */
static enum image_verdict gbr_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    if (image->bytes.size < 16)
        return IMAGE_NEXT;
    uint32_t head = image_be32(p), version = image_be32(p + 4);
    image->width = image_be32(p + 8);
    image->height = image_be32(p + 12);
    if (!image->width || !image->height || image->bytes.size < 20)
        return IMAGE_NEXT;
    uint32_t depth = image_be32(p + 16);
    if (depth != 1 && depth != 4)
        return IMAGE_NEXT;
    if (version == 2 && (image->bytes.size < 28 || memcmp(p + 20, "GIMP", 4) != 0))
        return IMAGE_NEXT;
    image->mode = depth == 1 ? "L" : "RGBA";
    bool is_all = version == 2 && head < 28;
    return image_one_tile(image, image_codec_data, is_all ? (int64_t)image->bytes.size : head, 8 * depth);
}

static bool mcidas_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\0\0\0\0\0\0\0\4"));
}

static int64_t mcidas_word(const struct image_file *image, size_t i)
{
    return (int32_t)image_be32(image->bytes.data + 4 * (i - 1));
}

static enum image_verdict mcidas_open(struct image_file *image)
{
    if (image->bytes.size < 256)
        return IMAGE_NEXT;
    int64_t depth = mcidas_word(image, 11), prefix = mcidas_word(image, 15);
    if (depth != 1 && depth != 2 && depth != 4)
        return IMAGE_NEXT;
    image->mode = depth == 1 ? "L" : depth == 2 ? "I;16B" : "I";
    image->width = mcidas_word(image, 10);
    image->height = mcidas_word(image, 9);
    struct image_tile *tile =
        image_add_tile(image, image_codec_raw, mcidas_word(image, 34) + prefix, 8 * depth);
    if (!tile)
        return IMAGE_REFUSED;
    if (!image_is_bomb(image->width, image->height)) /* which the caller refuses */
        tile->stride = prefix + image->width * depth * mcidas_word(image, 14);
    return IMAGE_OPENED;
}

static bool pixar_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\200\350\000\000"));
}

static enum image_verdict pixar_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    if (image->bytes.size < 428 || image_le16(p + 424) != 14 || image_le16(p + 426) != 2)
        return IMAGE_NEXT;
    image->width = image_le16(p + 418);
    image->height = image_le16(p + 416);
    image->mode = "RGB";
    return image_one_tile(image, image_codec_raw, 1024, 24);
}

static bool xvthumb_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("P7 332"));
}

/* Comments, then a line of width, height and more. */
static enum image_verdict xvthumb_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 6};
    struct str line;
    image_read_line(&file, UINT64_MAX);
    do {
        line = image_read_line(&file, UINT64_MAX);
        if (line.size == 0)
            return IMAGE_NEXT;
    } while (line.data[0] == '#');
    struct str width = image_word(&line), height = image_word(&line);
    if (!image_python_int(width, 10, &image->width) || !image_python_int(height, 10, &image->height))
        return IMAGE_REFUSED;
    image->mode = "P";
    return image_one_tile(image, image_codec_raw, (int64_t)file.at, 8);
}

/* Kodak's PhotoCD: always 768 x 512, perhaps on its side. */
static enum image_verdict pcd_open(struct image_file *image)
{
    struct str head = image_rest(image->bytes, 2048);
    if (!str_starts_with(head, STR("PCD_")) || head.size < 1539)
        return IMAGE_NEXT;
    image->width = 768;
    image->height = 512;
    image->mode = "RGB";
    enum image_verdict verdict = image_one_tile(image, pcd_codec, 96 * 2048, 24);
    if (head.data[1538] & 1) {
        image->width = 512;
        image->height = 768;
    }
    return verdict;
}

/* Three rows of bytes hold two rows of pixels. */
static enum sidetok_error pcd_codec(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)tile, (void)ret_status;
    return data.size >= 256 * 2304 ? SIDETOK_OK : image_truncated_at(call, data.size % 2304);
}

/* What lies on its side is decoded upright. */
static enum sidetok_error pcd_load(struct call *call, struct image_file *image)
{
    struct image_file upright = *image;
    upright.width = 768;
    upright.height = 512;
    return image_tiles_load(call, &upright);
}

static bool mpeg_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\0\0\1\xb3"));
}

/* Its size is all that Pillow knows of a film. */
static enum image_verdict mpeg_open(struct image_file *image)
{
    if (image->bytes.size < 7)
        return IMAGE_NEXT;
    uint32_t word = image_be32(image->bytes.data + 3) & 0xffffff;
    image->width = word >> 12;
    image->height = word & 0xfff;
    image->mode = "RGB";
    return IMAGE_OPENED;
}

const struct image_format image_format_gbr = {"GBR", gbr_accept, gbr_open, NULL};
const struct image_format image_format_mcidas = {"MCIDAS", mcidas_accept, mcidas_open, NULL};
const struct image_format image_format_pixar = {"PIXAR", pixar_accept, pixar_open, NULL};
const struct image_format image_format_xvthumb = {"XVThumb", xvthumb_accept, xvthumb_open, NULL};
const struct image_format image_format_pcd = {"PCD", NULL, pcd_open, pcd_load};
const struct image_format image_format_mpeg = {"MPEG", mpeg_accept, mpeg_open, NULL};
