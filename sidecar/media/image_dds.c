#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.DdsImagePlugin and PIL.FtexImagePlugin of Pillow 13.0.0. */

enum {
    DDS_HEAD = 128,
    DDS_ALPHA = 0x1,
    DDS_FOURCC = 0x4,
    DDS_PALETTE = 0x20,
    DDS_RGB = 0x40,
    DDS_GRAY = 0x20000
};

static image_codec dds_codec_rgb;

static bool dds_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("DDS "));
}

static bool ftex_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("FTEX"));
}

/* A compression: the bytes of a block, and the mode of its pixels. */
struct dds_blocks {
    uint32_t first, last; /* DXGI formats, from first to last */
    char fourcc[5];
    uint8_t block_bytes; /* 0: four bytes a pixel, not compressed */
    char mode[5];
};

static const struct dds_blocks dds_blocks[] = {
    {70, 71, "DXT1", 8, "RGBA"}, {73, 74, "DXT3", 16, "RGBA"}, {76, 77, "DXT5", 16, "RGBA"},
    {79, 80, "BC4U", 8, "L"},    {79, 80, "ATI1", 8, "L"},     {82, 84, "BC5U", 16, "RGB"},
    {82, 84, "ATI2", 16, "RGB"}, {82, 84, "BC5S", 16, "RGB"},  {95, 96, "", 16, "RGB"},
    {97, 99, "", 16, "RGBA"},    {27, 29, "", 0, "RGBA"},
};

static const struct dds_blocks *dds_find(const char *fourcc, uint32_t dxgi)
{
    for (size_t i = 0; i < sizeof dds_blocks / sizeof dds_blocks[0]; i++) {
        const struct dds_blocks *blocks = &dds_blocks[i];
        bool is_it = fourcc ? blocks->fourcc[0] && memcmp(blocks->fourcc, fourcc, 4) == 0
                            : dxgi >= blocks->first && dxgi <= blocks->last;
        if (is_it)
            return blocks;
    }
    return NULL;
}

static enum image_verdict image_add_blocks(struct image_file *image, int64_t offset, int64_t block_bytes)
{
    struct image_tile *tile = image_add_tile(image, image_codec_bcn, offset, 8);
    if (!tile)
        return IMAGE_REFUSED;
    tile->arg = block_bytes;
    return IMAGE_OPENED;
}

static enum image_verdict dds_open_fourcc(struct image_file *image, const char *fourcc)
{
    bool is_dx10 = memcmp(fourcc, "DX10", 4) == 0;
    struct str more = image_rest(image->bytes, DDS_HEAD);
    if (is_dx10 && more.size < 4)
        return IMAGE_NEXT;
    const struct dds_blocks *blocks = dds_find(is_dx10 ? NULL : fourcc, is_dx10 ? image_le32(more.data) : 0);
    if (!blocks)
        return IMAGE_REFUSED;
    int64_t offset = DDS_HEAD + (is_dx10 ? 20 : 0);
    image->mode = blocks->mode;
    return blocks->block_bytes ? image_add_blocks(image, offset, blocks->block_bytes)
                               : image_one_tile(image, image_codec_raw, offset, 32);
}

/* Kinds by their flags, the first that is set. */
static enum image_verdict dds_open_pixels(struct image_file *image, uint32_t flags, uint32_t bits)
{
    const char *format = image->bytes.data + 76;
    if (flags & DDS_RGB) {
        struct image_tile *tile = image_add_tile(image, dds_codec_rgb, DDS_HEAD, 8);
        image->mode = flags & DDS_ALPHA ? "RGBA" : "RGB";
        if (tile)
            tile->arg = bits / 8;
        return tile ? IMAGE_OPENED : IMAGE_REFUSED;
    }
    if (flags & DDS_GRAY) {
        if (bits != 8 && (bits != 16 || !(flags & DDS_ALPHA)))
            return IMAGE_REFUSED;
        image->mode = bits == 8 ? "L" : "LA";
        return image_one_tile(image, image_codec_raw, DDS_HEAD, bits);
    }
    if (flags & DDS_PALETTE) {
        image->mode = "P";
        image->palette.given = true;
        image->palette.bits = 32;
        image->palette.size = 1024;
        return image_one_tile(image, image_codec_raw, DDS_HEAD + 1024, 8);
    }
    return flags & DDS_FOURCC ? dds_open_fourcc(image, format + 8) : IMAGE_REFUSED;
}

static enum image_verdict dds_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    if (image->bytes.size < 8)
        return IMAGE_NEXT;
    if (image_le32(p + 4) != 124 || image->bytes.size < DDS_HEAD)
        return IMAGE_REFUSED;
    image->height = image_le32(p + 12);
    image->width = image_le32(p + 16);
    return dds_open_pixels(image, image_le32(p + 80), image_le32(p + 88));
}

/* Pixels of arg whole bytes. */
static enum sidetok_error dds_codec_rgb(struct call *call, const struct image_file *image,
                                        const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    uint64_t n = (uint64_t)tile->x1 * (uint64_t)tile->y1;
    return tile->arg > 0 && data.size / (uint64_t)tile->arg >= n ? SIDETOK_OK : image_not_enough(call);
}

/* One texture, at an offset that the header gives; its bytes alone are the data. */
static enum image_verdict ftex_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    if (image->bytes.size < 24)
        return IMAGE_NEXT;
    image->width = (int32_t)image_le32(p + 8);
    image->height = (int32_t)image_le32(p + 12);
    if (image_le32(p + 20) != 1)
        return IMAGE_REFUSED;
    if (image->bytes.size < 32)
        return IMAGE_NEXT;
    uint32_t kind = image_le32(p + 24);
    int32_t where = (int32_t)image_le32(p + 28);
    if (where < 0)
        return IMAGE_REFUSED;
    struct image_reader file = {image->bytes, (uint64_t)where};
    struct str size = image_read(&file, 4);
    if (size.size < 4)
        return IMAGE_NEXT;
    int32_t n_bytes = (int32_t)image_le32(size.data);
    image->bytes = image_read(&file, n_bytes < 0 ? UINT64_MAX : (uint64_t)n_bytes);
    image->mode = kind ? "RGB" : "RGBA";
    if (kind > 1)
        return IMAGE_REFUSED;
    return kind ? image_one_tile(image, image_codec_raw, 0, 24) : image_add_blocks(image, 0, 8);
}

const struct image_format image_format_dds = {"DDS", dds_accept, dds_open, NULL};
const struct image_format image_format_ftex = {"FTEX", ftex_accept, ftex_open, NULL};
