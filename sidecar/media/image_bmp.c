#include "image_bmp.h"
#include "image_reader.h"

/* Rule: PIL.BmpImagePlugin of Pillow 13.0.0. Only lengths are checked: every bit pattern is a pixel. */

enum { BMP_RAW, BMP_RLE8, BMP_RLE4, BMP_BITFIELDS };

static image_codec bmp_codec_rle;

static bool bmp_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("BM"));
}

static bool bmp_size_is_known(uint32_t size)
{
    return size == 12 || size == 40 || size == 52 || size == 56 || size == 64 || size == 108 || size == 124;
}

static bool dib_accept(struct str bytes)
{
    return bytes.size >= 4 && bmp_size_is_known(image_le32(bytes.data));
}

/* What the header says beside the image's size. */
struct bmp_header {
    uint32_t size, bits, compression, n_colors, palette_entry;
};

static enum image_verdict bmp_read_header(struct image_file *image, struct image_reader *file,
                                          struct bmp_header *header)
{
    if (!image_has(file, 4))
        return IMAGE_NEXT;
    *header = (struct bmp_header){.size = image_le32(image_read(file, 4).data), .palette_entry = 3};
    if (!bmp_size_is_known(header->size) || !image_has(file, header->size - 4))
        return IMAGE_REFUSED;
    const char *p = image_read(file, header->size - 4).data;
    if (header->size == 12) {
        image->width = image_le16(p);
        image->height = image_le16(p + 2);
        header->bits = image_le16(p + 6);
    } else {
        bool is_flipped = (uint8_t)p[7] == 0xff;
        image->width = image_le32(p);
        image->height = is_flipped ? ((int64_t)1 << 32) - image_le32(p + 4) : image_le32(p + 4);
        header->bits = image_le16(p + 10);
        header->compression = image_le32(p + 12);
        header->n_colors = image_le32(p + 28);
        header->palette_entry = 4;
    }
    if (!header->n_colors)
        header->n_colors = header->bits < 31 ? 1u << header->bits : UINT32_MAX;
    return IMAGE_OPENED;
}

static bool bmp_masks_are_known(uint32_t bits, const uint32_t mask[4])
{
    static const uint32_t known[][5] = {
        {32, 0xff0000, 0xff00, 0xff, 0x0},
        {32, 0xff000000, 0xff0000, 0xff00, 0x0},
        {32, 0xff000000, 0xff00, 0xff, 0x0},
        {32, 0xff000000, 0xff0000, 0xff00, 0xff},
        {32, 0xff, 0xff00, 0xff0000, 0xff000000},
        {32, 0xff0000, 0xff00, 0xff, 0xff000000},
        {32, 0xff000000, 0xff00, 0xff, 0xff0000},
        {32, 0, 0, 0, 0},
        {24, 0xff0000, 0xff00, 0xff, 0},
        {16, 0xf800, 0x7e0, 0x1f, 0},
        {16, 0x7c00, 0x3e0, 0x1f, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i][0] == bits && memcmp(known[i] + 1, mask, 3 * sizeof *mask) == 0 &&
            (bits != 32 || known[i][4] == mask[3]))
            return true;
    return false;
}

/* Bit fields stand in the header of 52 bytes or more, behind the header of 40. */
static enum image_verdict bmp_read_masks(struct image_file *image, struct image_reader *file, uint64_t at,
                                         const struct bmp_header *header)
{
    uint32_t mask[4] = {0};
    size_t n_masks = header->size >= 56 ? 4 : 3;
    const char *p = image->bytes.data + at + 40; /* of a header that was read; or behind one of 40 bytes */
    if (header->size == 40) {
        if (!image_has(file, 12))
            return IMAGE_NEXT;
        image_read(file, 12);
    }
    for (size_t i = 0; i < n_masks; i++)
        mask[i] = image_le32(p + 4 * i);
    return bmp_masks_are_known(header->bits, mask) ? IMAGE_OPENED : IMAGE_REFUSED;
}

/* A palette that is a ramp of grays makes a grayscale image, one of two grays a bilevel one: then Pillow
 * reads 8 bits or 1 bit for each pixel, whatever the header says. */
static uint32_t bmp_read_palette(struct image_file *image, struct image_reader *file,
                                 const struct bmp_header *header)
{
    uint32_t n = header->n_colors;
    struct str palette = image_read(file, (uint64_t)header->palette_entry * n);
    bool is_gray = palette.size / header->palette_entry >= n;
    for (uint32_t i = 0; is_gray && i < n; i++) {
        uint8_t value = n == 2 && i == 1 ? 255 : (uint8_t)i;
        const char *entry = palette.data + (size_t)header->palette_entry * i;
        is_gray = (uint8_t)entry[0] == value && (uint8_t)entry[1] == value && (uint8_t)entry[2] == value;
    }
    if (is_gray) {
        image->mode = n <= 2 ? "1" : "L";
        return n <= 2 ? 1 : 8;
    }
    image->palette.given = true;
    image->palette.bits = header->palette_entry * 8;
    image->palette.size = palette.size;
    return header->bits;
}

enum image_verdict image_bmp_read(struct image_file *image, uint64_t at, uint64_t pixels)
{
    struct image_reader file = {image->bytes, at};
    struct bmp_header header;
    enum image_verdict verdict = bmp_read_header(image, &file, &header);
    if (verdict != IMAGE_OPENED)
        return verdict;
    uint32_t bits = header.bits;
    bool has_palette = bits == 1 || bits == 4 || bits == 8;
    if (pixels == 14 + (uint64_t)header.size && bits <= 8)
        pixels += (uint64_t)header.palette_entry * header.n_colors;
    if (!has_palette && bits != 16 && bits != 24 && bits != 32)
        return IMAGE_REFUSED;
    if (header.compression == BMP_BITFIELDS)
        verdict = bmp_read_masks(image, &file, at, &header);
    if (verdict != IMAGE_OPENED || header.compression > BMP_BITFIELDS)
        return verdict == IMAGE_OPENED ? IMAGE_REFUSED : verdict;
    image->mode = has_palette ? "P" : "RGB";
    if (has_palette && header.n_colors > 65536)
        return IMAGE_REFUSED;
    uint32_t bits_read = has_palette ? bmp_read_palette(image, &file, &header) : bits;
    bool is_rle = header.compression == BMP_RLE8 || header.compression == BMP_RLE4;
    struct image_tile *tile = image_add_tile(image, is_rle ? bmp_codec_rle : image_codec_raw,
                                             (int64_t)(pixels ? pixels : file.at), bits_read);
    if (!tile)
        return IMAGE_REFUSED;
    tile->stride = is_rle ? 0 : (int64_t)((((uint64_t)image->width * bits + 31) >> 3) & ~(uint64_t)3);
    tile->arg = header.compression == BMP_RLE4;
    return IMAGE_OPENED;
}

static enum image_verdict bmp_open(struct image_file *image)
{
    return image->bytes.size < 14 ? IMAGE_NEXT
                                  : image_bmp_read(image, 14, image_le32(image->bytes.data + 10));
}

static enum image_verdict dib_open(struct image_file *image)
{
    return image_bmp_read(image, 0, 0);
}

/* Run-length data as it is read; positions count pixels of the tile. */
struct bmp_rle {
    struct str data;
    size_t at, parity; /* parity: of the data's offset in the file, to which literal runs are padded */
    uint64_t width, n_wanted, n, x;
    bool is_rle4;
};

/* A literal run. False where the data ends in it or the picture is whole. */
static bool bmp_rle_literal(struct bmp_rle *rle, uint32_t value)
{
    uint64_t n_pixels = value < rle->n_wanted - rle->n ? value : rle->n_wanted - rle->n;
    size_t n_bytes = (size_t)(rle->is_rle4 ? (n_pixels + 1) / 2 : n_pixels), left = rle->data.size - rle->at;
    if (n_bytes > left) {
        rle->n += (rle->is_rle4 ? 2 : 1) * (uint64_t)left;
        return false;
    }
    rle->n += n_pixels;
    rle->x += value;
    rle->at += n_bytes;
    if (rle->n == rle->n_wanted)
        return false;
    rle->at += (rle->at + rle->parity) & 1;
    return true;
}

/* One code: a run, the end of a row, a step, a literal run. False where the reading ends. */
static bool bmp_rle_step(struct bmp_rle *rle, uint32_t count, uint32_t value)
{
    if (count) {
        uint64_t room = rle->x < rle->width ? rle->width - rle->x : 0;
        rle->n += count < room ? count : room;
        rle->x += count < room ? count : room;
        return true;
    }
    if (value == 0) {
        rle->n = (rle->n + rle->width - 1) / rle->width * rle->width;
        rle->x = 0;
        return true;
    }
    if (value > 2)
        return bmp_rle_literal(rle, value);
    if (value == 1 || rle->data.size - rle->at < 2)
        return false;
    uint64_t skip = (uint8_t)rle->data.data[rle->at] + (uint8_t)rle->data.data[rle->at + 1] * rle->width;
    rle->at += 2;
    rle->n += skip < rle->n_wanted - rle->n ? skip : rle->n_wanted - rle->n;
    rle->x = rle->n % rle->width;
    return true;
}

/* Every pixel is wanted: fewer is "not enough image data". Rule: BmpRleDecoder. */
static enum sidetok_error bmp_codec_rle(struct call *call, const struct image_file *image,
                                        const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)ret_status;
    struct bmp_rle rle = {.data = data,
                          .parity = (image->base + (size_t)tile->offset) & 1,
                          .width = (uint64_t)(tile->x1 - tile->x0),
                          .is_rle4 = tile->arg};
    rle.n_wanted = rle.width * (uint64_t)(tile->y1 - tile->y0);
    bool more = true;
    while (more && rle.n < rle.n_wanted && rle.at < data.size && data.size - rle.at >= 2) {
        uint32_t count = (uint8_t)data.data[rle.at], value = (uint8_t)data.data[rle.at + 1];
        rle.at += 2;
        more = bmp_rle_step(&rle, count, value);
    }
    if (!image_mode_is(image, "1") && !image_mode_is(image, "L") && !image_mode_is(image, "P"))
        return failure_set_str(call, SIDETOK_E_VALUE, STR("unknown raw mode for given image mode"));
    return rle.n >= rle.n_wanted ? SIDETOK_OK : image_not_enough(call);
}

const struct image_format image_format_bmp = {"BMP", bmp_accept, bmp_open, NULL};
const struct image_format image_format_dib = {"DIB", dib_accept, dib_open, NULL};
