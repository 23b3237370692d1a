#include "image_file.h"
#include "image_reader.h"

#include <zlib.h>

/* Rule: PIL.FitsImagePlugin of Pillow 13.0.0: the first unit that has a picture, plain or gzipped. */

enum { FITS_CARD = 80, FITS_BLOCK = 2880 };

static image_codec fits_codec_gzip;

static bool fits_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("SIMPLE"));
}

/* The cards that decide, the last of each name; data NULL where there is none. */
enum fits_key {
    FITS_XTENSION,
    FITS_ZIMAGE,
    FITS_ZCMPTYPE,
    FITS_NAXIS,
    FITS_NAXIS1,
    FITS_NAXIS2,
    FITS_BITPIX,
    FITS_ZNAXIS,
    FITS_ZNAXIS1,
    FITS_ZNAXIS2,
    FITS_ZBITPIX,
    FITS_KEYS
};

static const char *const fits_keys[FITS_KEYS] = {"XTENSION", "ZIMAGE",  "ZCMPTYPE", "NAXIS",
                                                 "NAXIS1",   "NAXIS2",  "BITPIX",   "ZNAXIS",
                                                 "ZNAXIS1",  "ZNAXIS2", "ZBITPIX"};

/* The headers read so far, and what they make. */
struct fits_unit {
    struct str cards[FITS_KEYS];
    bool has_card, is_in_header, is_found, is_gzip;
    int64_t offset;
    int64_t bits;
};

/* int(headers[key]). A missing card is a KeyError, a bad one a ValueError. */
static enum image_verdict fits_integer(const struct fits_unit *unit, int key, int64_t *ret)
{
    if (!unit->cards[key].data)
        return IMAGE_NEXT;
    return image_python_int(unit->cards[key], 10, ret) ? IMAGE_OPENED : IMAGE_REFUSED;
}

/* Rule: _get_size. Height 0 stands for no picture. */
static enum image_verdict fits_size(const struct fits_unit *unit, int naxis_key, int64_t ret_size[2])
{
    int64_t naxis;
    ret_size[0] = 1;
    ret_size[1] = 0;
    enum image_verdict verdict = fits_integer(unit, naxis_key, &naxis);
    if (verdict != IMAGE_OPENED || naxis == 0)
        return verdict;
    verdict = fits_integer(unit, naxis_key + 1, naxis == 1 ? &ret_size[1] : &ret_size[0]);
    if (verdict == IMAGE_OPENED && naxis != 1)
        verdict = fits_integer(unit, naxis_key + 2, &ret_size[1]);
    if (verdict == IMAGE_OPENED && ret_size[1] == 0)
        ret_size[1] = -1; /* a picture, but an empty one */
    return verdict;
}

static bool fits_find_mode(struct image_file *image, int64_t bits, bool is_gzip)
{
    image->mode = bits == 8 ? "L" : bits == 16 ? "I;16" : bits == 32 ? "I" : "F";
    return bits == 8 || bits == 16 || bits == 32 || bits == -32 || (bits == -64 && !is_gzip);
}

/* A table that holds a gzipped picture: what comes before the picture has the table's own size. */
static enum image_verdict fits_open_table(struct fits_unit *unit)
{
    int64_t size[2], bits;
    if (!unit->cards[FITS_ZCMPTYPE].data)
        return IMAGE_NEXT;
    if (!str_equal(unit->cards[FITS_ZCMPTYPE], STR("'GZIP_1  '")))
        return IMAGE_OPENED;
    enum image_verdict verdict = fits_size(unit, FITS_NAXIS, size);
    if (verdict == IMAGE_OPENED)
        verdict = fits_integer(unit, FITS_BITPIX, &bits);
    if (verdict != IMAGE_OPENED)
        return verdict;
    int64_t bytes = bits >= 0 ? bits / 8 : -((7 - bits) / 8);
    __int128 offset = (__int128)size[0] * (size[1] > 0 ? size[1] : 0) * bytes;
    unit->offset = offset > INT64_MAX ? INT64_MAX : offset < INT64_MIN ? INT64_MIN : (int64_t)offset;
    unit->is_gzip = true;
    return IMAGE_OPENED;
}

/* Rule: _parse_headers. */
static enum image_verdict fits_parse(struct image_file *image, struct fits_unit *unit)
{
    int64_t size[2];
    unit->is_gzip = false;
    unit->offset = 0;
    if (str_equal(unit->cards[FITS_XTENSION], STR("'BINTABLE'")) &&
        str_equal(unit->cards[FITS_ZIMAGE], STR("T"))) {
        enum image_verdict table = fits_open_table(unit);
        if (table != IMAGE_OPENED)
            return table;
    }
    enum image_verdict verdict = fits_size(unit, unit->is_gzip ? FITS_ZNAXIS : FITS_NAXIS, size);
    if (verdict != IMAGE_OPENED || size[1] == 0)
        return verdict;
    verdict = fits_integer(unit, unit->is_gzip ? FITS_ZBITPIX : FITS_BITPIX, &unit->bits);
    if (verdict != IMAGE_OPENED)
        return verdict;
    image->width = size[0];
    image->height = size[1];
    unit->is_found = true;
    return fits_find_mode(image, unit->bits, unit->is_gzip) ? IMAGE_OPENED : IMAGE_REFUSED;
}

/* A card of 80 bytes: a keyword of 8, then the value up to a slash. */
static enum image_verdict fits_read_card(struct fits_unit *unit, struct str keyword, struct str card)
{
    struct str value = card.size > 8 ? str_from_offset(card, 8) : (struct str){"", 0};
    const char *slash = value.size ? memchr(value.data, '/', value.size) : NULL;
    value.size = slash ? (size_t)(slash - value.data) : value.size;
    value = image_strip(value);
    if (str_starts_with(value, STR("=")))
        value = image_strip(str_from_offset(value, 1));
    if (!unit->has_card && (!fits_accept(keyword) || !str_equal(value, STR("T"))))
        return IMAGE_NEXT;
    unit->has_card = true;
    for (int i = 0; i < FITS_KEYS; i++)
        if (str_equal(keyword, str_from(fits_keys[i])))
            unit->cards[i] = value;
    return IMAGE_OPENED;
}

/* Units follow each other; the one that begins no header ends the search. */
static enum image_verdict fits_read_units(struct image_file *image, struct image_reader *file,
                                          struct fits_unit *unit)
{
    for (;;) {
        struct str card = image_read(file, FITS_CARD);
        struct str keyword = image_strip((struct str){card.data, card.size < 8 ? card.size : 8});
        enum image_verdict verdict = IMAGE_OPENED;
        if (card.size == 0)
            return IMAGE_REFUSED;
        if (str_equal(keyword, STR("SIMPLE")) || str_equal(keyword, STR("XTENSION"))) {
            unit->is_in_header = true;
        } else if (unit->has_card && !unit->is_in_header) {
            return unit->is_found ? IMAGE_OPENED : IMAGE_REFUSED;
        } else if (str_equal(keyword, STR("END"))) {
            file->at = (file->at + FITS_BLOCK - 1) / FITS_BLOCK * FITS_BLOCK;
            verdict = unit->is_found ? IMAGE_OPENED : fits_parse(image, unit);
            unit->is_in_header = false;
            if (verdict != IMAGE_OPENED)
                return verdict;
            continue;
        }
        if (!unit->is_found)
            verdict = fits_read_card(unit, keyword, card);
        if (verdict != IMAGE_OPENED)
            return verdict;
    }
}

static enum image_verdict fits_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct fits_unit unit = {0};
    enum image_verdict verdict = fits_read_units(image, &file, &unit);
    if (verdict != IMAGE_OPENED)
        return verdict;
    int64_t bits = unit.bits < 0 ? -unit.bits : unit.bits;
    int64_t offset;
    if (__builtin_add_overflow(unit.offset, (int64_t)file.at - FITS_CARD, &offset))
        offset = INT64_MAX;
    if (image->width <= 0 || image->height <= 0)
        return IMAGE_NEXT;
    return image_one_tile(image, unit.is_gzip ? fits_codec_gzip : image_codec_raw, offset, bits);
}

static enum sidetok_error fits_bad_gzip(struct call *call, bool is_cut)
{
    return failure_set_str(call, SIDETOK_E_OS,
                           is_cut ? STR("Truncated FITS gzip data") : STR("Corrupt FITS gzip data"));
}

/* A text of the head, up to its zero. */
static bool fits_skip_text(struct image_reader *file)
{
    struct str c;
    do
        c = image_read(file, 1);
    while (c.size && c.data[0]);
    return c.size > 0;
}

/* The head of a gzip member, as Python's gzip reads it: flags that it does not know are ignored. */
static enum sidetok_error fits_read_gzip_head(struct call *call, struct image_reader *file)
{
    struct str head = image_read(file, 10);
    if (head.size < 2 || memcmp(head.data, "\x1f\x8b", 2) != 0)
        return fits_bad_gzip(call, false);
    if (head.size < 10)
        return fits_bad_gzip(call, true);
    uint8_t flags = (uint8_t)head.data[3];
    if (head.data[2] != 8)
        return fits_bad_gzip(call, false);
    if (flags & 4) {
        struct str size = image_read(file, 2);
        if (size.size < 2 || !image_has(file, image_le16(size.data)))
            return fits_bad_gzip(call, true);
        image_read(file, image_le16(size.data));
    }
    if ((flags & 8 && !fits_skip_text(file)) || (flags & 16 && !fits_skip_text(file)) ||
        (flags & 2 && image_read(file, 2).size < 2))
        return fits_bad_gzip(call, true);
    return SIDETOK_OK;
}

/* Inflates a member, until *n is need; what follows that is not looked at. */
static enum sidetok_error fits_inflate(struct call *call, struct image_reader *file, uint64_t need,
                                       uint64_t *n)
{
    z_stream zip = {0};
    char out[16384];
    uint64_t begin = *n;
    uLong crc = crc32(0, NULL, 0);
    int result = Z_OK;
    struct str packed = image_rest(file->bytes, file->at);
    if (inflateInit2(&zip, -MAX_WBITS) != Z_OK)
        return failure_no_memory(call);
    zip.next_in = (Bytef *)(uintptr_t)packed.data;
    zip.avail_in = packed.size < UINT32_MAX ? (uInt)packed.size : UINT32_MAX;
    while (*n < need && result == Z_OK) {
        zip.next_out = (Bytef *)out;
        zip.avail_out = sizeof out;
        result = inflate(&zip, Z_NO_FLUSH);
        crc = crc32(crc, (const Bytef *)out, (uInt)sizeof out - zip.avail_out);
        *n += sizeof out - zip.avail_out;
    }
    file->at += (uint64_t)((const char *)zip.next_in - packed.data);
    inflateEnd(&zip);
    if (*n >= need)
        return SIDETOK_OK;
    if (result != Z_STREAM_END)
        return fits_bad_gzip(call, result == Z_BUF_ERROR);
    struct str tail = image_read(file, 8);
    bool is_right =
        tail.size == 8 && image_le32(tail.data) == crc && image_le32(tail.data + 4) == (uint32_t)(*n - begin);
    return is_right ? SIDETOK_OK : fits_bad_gzip(call, tail.size < 8);
}

/* Each pixel stands in four bytes. Members follow each other, with zeroes between them. */
static enum sidetok_error fits_codec_gzip(struct call *call, const struct image_file *image,
                                          const struct image_tile *tile, struct str data, int *ret_status)
{
    struct image_reader file = {data, 0};
    uint64_t need = (uint64_t)tile->x1 * (uint64_t)tile->y1 * 4;
    (void)image, (void)ret_status;
    for (uint64_t n = 0; n < need;) {
        while (file.at > 0 && image_has(&file, 1) && data.data[file.at] == '\0')
            file.at++;
        if (!image_has(&file, 1))
            return image_not_enough(call);
        TRY(fits_read_gzip_head(call, &file));
        TRY(fits_inflate(call, &file, need, &n));
    }
    /* the reference loses the first pixel of four bytes: a slice of it ends at -1 */
    return tile->bits == 32 ? image_not_enough(call) : SIDETOK_OK;
}

const struct image_format image_format_fits = {"FITS", fits_accept, fits_open, NULL};
