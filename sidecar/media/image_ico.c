#include "image_bmp.h"
#include "image_reader.h"

/* Rule: PIL.IcoImagePlugin and PIL.CurImagePlugin of Pillow 13.0.0. An icon is decoded when it is opened. */

static bool ico_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\0\0\1\0"));
}

static bool cur_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\0\0\2\0"));
}

/* An entry of the directory. */
struct ico_entry {
    uint32_t area, depth, bits, size, offset;
};

static struct ico_entry ico_read_entry(const char *p)
{
    uint32_t width = (uint8_t)p[0], height = (uint8_t)p[1], n_colors = (uint8_t)p[2];
    struct ico_entry entry = {.area = (width ? width : 256) * (height ? height : 256),
                              .bits = image_le16(p + 6),
                              .size = image_le32(p + 8),
                              .offset = image_le32(p + 12)};
    uint32_t log2 = 0;
    while (1u << log2 < n_colors)
        log2++;
    entry.depth = entry.bits ? entry.bits : log2 ? log2 : 256;
    return entry;
}

/* The entry that Pillow sorts to the front: the largest area, of these the least depth, of these the first.
 */
static bool ico_find_best(struct str bytes, struct ico_entry *ret_best)
{
    size_t n = bytes.size >= 6 ? image_le16(bytes.data + 4) : 0;
    if (n == 0 || bytes.size - 6 < 16 * n)
        return false;
    *ret_best = ico_read_entry(bytes.data + 6);
    for (size_t i = 1; i < n; i++) {
        struct ico_entry entry = ico_read_entry(bytes.data + 6 + 16 * i);
        if (entry.area > ret_best->area || (entry.area == ret_best->area && entry.depth < ret_best->depth))
            *ret_best = entry;
    }
    return true;
}

/* The mask behind a bitmap, or its alpha bytes, must be whole. */
static bool ico_mask_is_whole(struct str file, const struct ico_entry *entry, const struct image_file *frame)
{
    uint64_t width = (uint64_t)frame->width, height = (uint64_t)frame->height;
    if (entry->bits == 32) {
        uint64_t offset = entry->offset + (uint64_t)frame->tiles[0].offset;
        return image_rest(file, offset).size >= 4 * width * height;
    }
    uint64_t padded = (width + 31) / 32 * 32, size = padded * height / 8;
    int64_t offset = (int64_t)entry->offset + entry->size - (int64_t)size;
    struct str mask = offset < 0 ? (struct str){"", 0} : image_rest(file, (uint64_t)offset);
    uint64_t held = mask.size < size ? mask.size : size;
    return offset >= 0 && height > 0 && held >= padded / 8 * (height - 1) + (width + 7) / 8;
}

/* The bitmap's height counts its mask, which follows it. */
static enum image_verdict ico_open_bitmap(struct image_file *image, const struct ico_entry *entry,
                                          struct image_file *frame)
{
    enum image_verdict verdict = image_open_as(image->call, &image_format_dib,
                                               image_rest(image->bytes, entry->offset), entry->offset, frame);
    if (verdict != IMAGE_OPENED)
        return verdict;
    frame->height /= 2;
    frame->tiles[0].y1 = frame->height;
    return ico_mask_is_whole(image->bytes, entry, frame) ? IMAGE_OPENED : IMAGE_REFUSED;
}

static enum image_verdict ico_open(struct image_file *image)
{
    struct ico_entry entry;
    struct image_file frame;
    if (!ico_find_best(image->bytes, &entry))
        return IMAGE_NEXT;
    struct str data = image_rest(image->bytes, entry.offset);
    bool is_png = image_format_png.accept(data);
    enum image_verdict verdict =
        is_png ? image_open_as(image->call, &image_format_png, data, entry.offset, &frame)
               : ico_open_bitmap(image, &entry, &frame);
    if (verdict != IMAGE_OPENED)
        return verdict;
    enum sidetok_error error = image_file_load(image->call, &frame);
    if (error == SIDETOK_E_NO_MEMORY)
        return IMAGE_REFUSED;
    failure_clear(image->call);
    image->mode = "RGBA";
    image->width = frame.width;
    image->height = frame.height;
    return error == SIDETOK_OK ? IMAGE_OPENED : error == SIDETOK_E_SYNTAX ? IMAGE_NEXT : IMAGE_REFUSED;
}

static enum sidetok_error ico_load(struct call *call, struct image_file *image)
{
    (void)call, (void)image;
    return SIDETOK_OK;
}

/* The largest cursor: each that is wider and higher than the one before it wins. */
static enum image_verdict cur_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 6};
    const char *best = NULL;
    if (image->bytes.size < 6)
        return IMAGE_NEXT;
    size_t n = image_le16(image->bytes.data + 4);
    for (size_t i = 0; i < n; i++) {
        struct str entry = image_read(&file, 16);
        bool wins = best == NULL;
        if (!wins && entry.size == 0)
            return IMAGE_NEXT;
        if (!wins && (uint8_t)entry.data[0] > (uint8_t)best[0]) {
            if (entry.size < 2)
                return IMAGE_NEXT;
            wins = (uint8_t)entry.data[1] > (uint8_t)best[1];
        }
        if (wins && entry.size < 16)
            return IMAGE_NEXT;
        best = wins ? entry.data : best;
    }
    if (!best)
        return IMAGE_NEXT;
    uint32_t header = image_le32(best + 12);
    enum image_verdict verdict = image_bmp_read(image, header ? header : file.at, 0);
    if (verdict != IMAGE_OPENED)
        return verdict;
    image->height /= 2;
    bool is_masked = image_mode_is(image, "1") || image_mode_is(image, "L");
    image->raw.kind = is_masked;
    if (!is_masked)
        image->tiles[0].y1 = image->height;
    return IMAGE_OPENED;
}

/* A mask is decoded with the picture, above it; an odd height leaves a row too many. */
static enum sidetok_error cur_load(struct call *call, struct image_file *image)
{
    image->height *= image->raw.kind ? 2 : 1;
    enum sidetok_error error = image_tiles_load(call, image);
    image->height /= image->raw.kind ? 2 : 1;
    return error;
}

const struct image_format image_format_ico = {"ICO", ico_accept, ico_open, ico_load};
const struct image_format image_format_cur = {"CUR", cur_accept, cur_open, cur_load};
