#include "image_file.h"

/* Rule: PIL.BmpImagePlugin of Pillow 13.0.0. Only lengths are checked: every bit pattern is a pixel. */

enum { BMP_RAW, BMP_RLE8, BMP_RLE4, BMP_BITFIELDS };

static bool bmp_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("BM"));
}

static bool dib_accept(struct str bytes)
{
    if (bytes.size < 4)
        return false;
    uint32_t size = image_le32(bytes.data);
    return size == 12 || size == 40 || size == 52 || size == 56 || size == 64 || size == 108 || size == 124;
}

/* What the header says beside the image's size. */
struct bmp_header {
    uint32_t size, bits, compression, n_colors, palette_entry;
    bool is_flipped;
};

static bool bmp_read_header(struct image_file *image, size_t at, struct bmp_header *header)
{
    struct str rest = str_from_offset(image->bytes, at);
    if (!dib_accept(rest) || rest.size < image_le32(rest.data))
        return false;
    const char *p = rest.data;
    *header = (struct bmp_header){.size = image_le32(p), .palette_entry = 3};
    if (header->size == 12) {
        image->width = image_le16(p + 4);
        image->height = image_le16(p + 6);
        header->bits = image_le16(p + 10);
        return true;
    }
    header->is_flipped = (uint8_t)p[11] == 0xff;
    image->width = image_le32(p + 4);
    image->height = header->is_flipped ? -image_le32(p + 8) : image_le32(p + 8);
    header->bits = image_le16(p + 14);
    header->compression = image_le32(p + 16);
    header->n_colors = image_le32(p + 32);
    header->palette_entry = 4;
    return true;
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
static bool bmp_read_masks(struct str rest, const struct bmp_header *header, size_t *ret_after)
{
    uint32_t mask[4] = {0};
    size_t n_masks = header->size >= 56 ? 4 : 3;
    *ret_after = header->size >= 52 ? header->size : (size_t)header->size + 12;
    if (rest.size < 40 + 4 * n_masks)
        return false;
    for (size_t i = 0; i < n_masks; i++)
        mask[i] = image_le32(rest.data + 40 + 4 * i);
    return bmp_masks_are_known(header->bits, mask);
}

/* The header at offset `at`; pixels as given by the file head, 0 when it has none. */
static bool bmp_open_at(struct image_file *image, size_t at, size_t pixels)
{
    struct bmp_header header;
    if (at > image->bytes.size || !bmp_read_header(image, at, &header))
        return false;
    struct str rest = str_from_offset(image->bytes, at);
    size_t after = header.size;
    uint32_t bits = header.bits;
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
        return false;
    if (header.compression > BMP_BITFIELDS ||
        (header.compression == BMP_BITFIELDS && !bmp_read_masks(rest, &header, &after)))
        return false;
    uint32_t n_colors = header.n_colors ? header.n_colors : 1u << (bits & 31);
    size_t palette = (size_t)header.palette_entry * n_colors;
    if (bits <= 8 && n_colors > 65536)
        return false;
    if (bits <= 8 && pixels == 14 + (size_t)header.size)
        pixels += palette;
    after = at + after + (bits <= 8 ? palette : 0);
    image->data_offset = pixels ? pixels : after < image->bytes.size ? after : image->bytes.size;
    image->raw.kind = header.compression;
    image->raw.bits = bits;
    image->raw.stride = (uint32_t)((((uint64_t)image->width * bits + 31) >> 3) & ~(uint64_t)3);
    return true;
}

static bool bmp_open(struct image_file *image)
{
    return image->bytes.size >= 14 && bmp_open_at(image, 14, image_le32(image->bytes.data + 10));
}

static bool dib_open(struct image_file *image)
{
    return bmp_open_at(image, 0, 0);
}

/* Pillow fills what the run-length data leaves open, then wants every pixel: fewer is "not enough image
 * data". */
static uint64_t bmp_count_rle(const struct image_file *image, uint64_t n_wanted)
{
    struct str bytes = image->bytes;
    size_t at = image->data_offset;
    uint64_t n = 0, x = 0;
    while (n < n_wanted && at + 1 < bytes.size) {
        uint32_t count = (uint8_t)bytes.data[at], value = (uint8_t)bytes.data[at + 1];
        at += 2;
        if (count) {
            uint64_t room = x < image->width ? image->width - x : 0;
            n += count < room ? count : room;
            x += count < room ? count : room;
        } else if (value == 0) {
            n = (n + image->width - 1) / image->width * image->width;
            x = 0;
        } else if (value == 1) {
            break;
        } else if (value == 2) {
            if (at + 2 > bytes.size)
                break;
            uint64_t skip = (uint8_t)bytes.data[at] + (uint64_t)(uint8_t)bytes.data[at + 1] * image->width;
            at += 2;
            n += skip < n_wanted - n ? skip : n_wanted - n;
            x = n % image->width;
        } else {
            uint64_t n_pixels = value < n_wanted - n ? value : n_wanted - n;
            size_t n_bytes = (size_t)(image->raw.kind == BMP_RLE4 ? (n_pixels + 1) / 2 : n_pixels);
            bool cut = n_bytes > bytes.size - at;
            n += cut ? (image->raw.kind == BMP_RLE4 ? 2 : 1) * (uint64_t)(bytes.size - at) : n_pixels;
            if (cut || n == n_wanted)
                break;
            x += value;
            at += n_bytes;
            at += at & 1;
        }
    }
    return n;
}

static enum sidetok_error bmp_load(struct call *call, struct image_file *image)
{
    uint64_t n_wanted = (uint64_t)image->width * image->height;
    if (image->raw.kind == BMP_RLE8 || image->raw.kind == BMP_RLE4)
        return bmp_count_rle(image, n_wanted) >= n_wanted
                   ? SIDETOK_OK
                   : failure_set_str(call, SIDETOK_E_VALUE, STR("not enough image data"));
    size_t held = image->data_offset < image->bytes.size ? image->bytes.size - image->data_offset : 0;
    uint64_t last_row = ((uint64_t)image->width * image->raw.bits + 7) / 8;
    uint64_t need = (uint64_t)image->raw.stride * (image->height - 1) + last_row;
    return held >= need ? SIDETOK_OK : image_truncated_at(call, held % image->raw.stride);
}

const struct image_format image_format_bmp = {"BMP", bmp_accept, bmp_open, bmp_load};
const struct image_format image_format_dib = {"DIB", dib_accept, dib_open, bmp_load};
