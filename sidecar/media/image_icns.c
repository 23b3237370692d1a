#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.IcnsImagePlugin of Pillow 13.0.0: the largest icon of the file. */

enum icns_reader { ICNS_FILE, ICNS_RLE, ICNS_RLE_SIGNED, ICNS_MASK };

/* What a code holds: an icon of side x scale pixels. Larger ones first, of one size in Pillow's order. */
static const struct icns_code {
    char code[5];
    uint16_t side, scale;
    enum icns_reader reader;
} icns_codes[] = {
    {"ic10", 512, 2, ICNS_FILE},       {"ic09", 512, 1, ICNS_FILE}, {"ic14", 256, 2, ICNS_FILE},
    {"ic08", 256, 1, ICNS_FILE},       {"ic13", 128, 2, ICNS_FILE}, {"ic07", 128, 1, ICNS_FILE},
    {"it32", 128, 1, ICNS_RLE_SIGNED}, {"t8mk", 128, 1, ICNS_MASK}, {"icp6", 64, 1, ICNS_FILE},
    {"ih32", 48, 1, ICNS_RLE},         {"h8mk", 48, 1, ICNS_MASK},  {"ic12", 32, 2, ICNS_FILE},
    {"icp5", 32, 1, ICNS_FILE},        {"il32", 32, 1, ICNS_RLE},   {"l8mk", 32, 1, ICNS_MASK},
    {"ic11", 16, 2, ICNS_FILE},        {"icp4", 16, 1, ICNS_FILE},  {"is32", 16, 1, ICNS_RLE},
    {"s8mk", 16, 1, ICNS_MASK},
};

enum { ICNS_CODES = sizeof icns_codes / sizeof icns_codes[0] };

/* Where each code's data is; the last of equal codes counts. */
struct icns_file {
    struct {
        bool given;
        uint64_t offset;
        int64_t size;
    } parts[ICNS_CODES];
};

static bool icns_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("icns"));
}

/* Walks the parts; the sizes count their heads. A size below that of a head steps back. */
static bool icns_read_parts(struct str bytes, struct icns_file *icons)
{
    struct image_reader file = {bytes, 8};
    if (bytes.size < 8)
        return false;
    for (uint64_t i = 8, end = image_be32(bytes.data + 4); i < end;) {
        struct str head = image_read(&file, 8);
        if (head.size < 8 || image_be32(head.data + 4) == 0)
            return false;
        uint32_t size = image_be32(head.data + 4);
        i += 8;
        for (size_t k = 0; k < ICNS_CODES; k++) {
            if (memcmp(head.data, icns_codes[k].code, 4) != 0)
                continue;
            icons->parts[k].given = true;
            icons->parts[k].offset = i;
            icons->parts[k].size = (int64_t)size - 8;
        }
        file.at += size;
        file.at -= 8;
        i += size;
        i -= 8;
    }
    return true;
}

/* The first code of the best size; ICNS_CODES for none. */
static size_t icns_find_best(const struct icns_file *icons)
{
    size_t k = 0;
    while (k < ICNS_CODES && !icons->parts[k].given)
        k++;
    while (k > 0 && k < ICNS_CODES && icns_codes[k - 1].side == icns_codes[k].side &&
           icns_codes[k - 1].scale == icns_codes[k].scale)
        k--;
    return k;
}

static enum image_verdict icns_open(struct image_file *image)
{
    struct icns_file *icons = call_alloc_array(image->call, 1, sizeof *icons);
    if (!icons)
        return IMAGE_REFUSED;
    if (!icns_read_parts(image->bytes, icons))
        return IMAGE_NEXT;
    size_t best = icns_find_best(icons);
    if (best == ICNS_CODES)
        return IMAGE_NEXT;
    image->raw.state = icons;
    image->raw.kind = (uint32_t)best;
    image->mode = "RGBA";
    image->width = image->height = icns_codes[best].side * icns_codes[best].scale;
    return IMAGE_OPENED;
}

static enum sidetok_error icns_fail(struct call *call, enum image_verdict verdict, enum sidetok_error refusal)
{
    if (call->failure.code != SIDETOK_OK)
        return call->failure.code;
    enum sidetok_error refused = refusal != SIDETOK_OK ? refusal : SIDETOK_E_OS;
    return failure_set_str(call, verdict == IMAGE_NEXT ? SIDETOK_E_SYNTAX : refused,
                           STR("not identified by this driver"));
}

/* The icon said that it was RGBA, of its size: it is taken for its own mask, which must be that still. */
static enum sidetok_error icns_check(struct call *call, const struct image_file *image,
                                     const struct image_file *picture, bool is_converted)
{
    if (picture->width != image->width || picture->height != image->height)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("images do not match"));
    bool is_mask = is_converted || image_mode_is(picture, "RGBA") || image_mode_is(picture, "L") ||
                   image_mode_is(picture, "LA") || image_mode_is(picture, "1");
    return is_mask ? SIDETOK_OK : failure_set_str(call, SIDETOK_E_VALUE, STR("bad transparency mask"));
}

/* A picture that is a file of its own. The last one is taken, and decoded when all others have been read; but
 * one of JPEG 2000 that has to be converted at once. */
struct icns_picture {
    struct image_file file;
    bool given, is_converted;
};

/* A PNG or JPEG 2000 file. */
static enum sidetok_error icns_open_file(struct call *call, const struct image_file *image,
                                         const struct icns_file *icons, size_t k,
                                         struct icns_picture *ret_picture)
{
    struct str data = image_rest(image->bytes, icons->parts[k].offset);
    bool is_png = image_format_png.accept(data), is_jpeg2000 = image_format_jpeg2000.accept(data);
    struct image_file *picture = &ret_picture->file;
    if (str_starts_with(data, STR("\r\n\x87\n"))) /* an old mark, which the format itself does not know */
        return icns_fail(call, IMAGE_NEXT, SIDETOK_OK);
    if (!is_png && !is_jpeg2000)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("Unsupported icon subimage format"));
    uint64_t size = icons->parts[k].size < 0 ? UINT64_MAX : (uint64_t)icons->parts[k].size;
    if (is_jpeg2000 && data.size > size)
        data.size = (size_t)size;
    if (is_jpeg2000 && !image_format_jpeg2000.accept(data)) /* the icon's size cuts it */
        return icns_fail(call, IMAGE_NEXT, SIDETOK_OK);
    enum image_verdict verdict =
        image_open_as(call, is_png ? &image_format_png : &image_format_jpeg2000, data, 0, picture);
    if (verdict != IMAGE_OPENED)
        return icns_fail(call, verdict, picture->refusal);
    ret_picture->given = true;
    ret_picture->is_converted = is_jpeg2000 && !image_mode_is(picture, "RGBA");
    return ret_picture->is_converted ? image_file_load(call, picture) : SIDETOK_OK;
}

/* One of three bands: runs, and bytes as they are. */
static enum sidetok_error icns_load_band(struct call *call, struct image_reader *file, int64_t n_pixels)
{
    int64_t left = n_pixels, held = 0;
    while (left > 0) {
        struct str code = image_read(file, 1);
        if (code.size == 0)
            break;
        uint8_t byte = (uint8_t)code.data[0];
        int64_t size = byte & 0x80 ? byte - 125 : byte + 1;
        held += byte & 0x80 ? (image_read(file, 1).size ? size : 0)
                            : (int64_t)image_read(file, (uint64_t)size).size;
        left -= size;
    }
    if (left != 0)
        return failure_set(call, SIDETOK_E_SYNTAX, "Error reading channel [%lld left]", (long long)left);
    return held >= n_pixels ? SIDETOK_OK : image_not_enough(call);
}

static enum sidetok_error icns_load_rle(struct call *call, const struct image_file *image,
                                        const struct icns_file *icons, size_t k)
{
    struct image_reader file = {image->bytes, icons->parts[k].offset};
    int64_t size = icons->parts[k].size, n_pixels = image->width * image->height;
    if (icns_codes[k].reader == ICNS_RLE_SIGNED) {
        if (!str_equal(image_read(&file, 4), STR("\0\0\0\0")))
            return failure_set_str(call, SIDETOK_E_SYNTAX, STR("Unknown signature, expecting 0x00000000"));
        file.at = icons->parts[k].offset + 4;
        size -= 4;
    }
    if (size == 3 * n_pixels)
        return image_has(&file, (uint64_t)size) ? SIDETOK_OK : image_not_enough(call);
    for (int band = 0; band < 3; band++)
        TRY(icns_load_band(call, &file, n_pixels));
    return SIDETOK_OK;
}

/* All codes of the size are read, whichever is then taken; a mask alone is no picture. */
static enum sidetok_error icns_load(struct call *call, struct image_file *image)
{
    const struct icns_file *icons = image->raw.state;
    const struct icns_code *best = &icns_codes[image->raw.kind];
    bool has_picture = false, has_mask = false;
    struct icns_picture picture = {.given = false};
    for (size_t k = image->raw.kind;
         k < ICNS_CODES && icns_codes[k].side == best->side && icns_codes[k].scale == best->scale; k++) {
        if (!icons->parts[k].given)
            continue;
        enum icns_reader reader = icns_codes[k].reader;
        struct str mask = image_rest(image->bytes, icons->parts[k].offset);
        if (reader == ICNS_FILE)
            TRY(icns_open_file(call, image, icons, k, &picture));
        else if (reader != ICNS_MASK)
            TRY(icns_load_rle(call, image, icons, k));
        else if (mask.size < (uint64_t)(image->width * image->height))
            return image_not_enough(call);
        has_picture = has_picture || reader != ICNS_MASK;
        has_mask = has_mask || reader == ICNS_MASK;
    }
    if (!has_picture)
        return failure_set_str(call, SIDETOK_E_KEY, STR("'RGB'"));
    if (picture.given && !picture.is_converted)
        TRY(image_file_load(call, &picture.file));
    if (picture.given)
        return icns_check(call, image, &picture.file, picture.is_converted);
    return has_mask ? SIDETOK_OK : failure_set_str(call, SIDETOK_E_VALUE, STR("bad transparency mask"));
}

const struct image_format image_format_icns = {"ICNS", icns_accept, icns_open, icns_load};
