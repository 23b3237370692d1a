#include "image_reader.h"
#include "image_tiff.h"

#include <math.h>

/* Rule: ImageFileDirectory_v2 of PIL.TiffImagePlugin of Pillow 13.0.0. */

struct tiff_entry {
    uint32_t tag;
    struct tiff_value value;
};

/* The types: the bytes of one, and what Python makes of it. */
static const struct {
    uint8_t size;
    enum tiff_kind kind;
    bool is_signed;
} tiff_types[] = {
    [1] = {1, TIFF_BYTES, false},     [2] = {1, TIFF_TEXT, false},      [3] = {2, TIFF_INTEGERS, false},
    [4] = {4, TIFF_INTEGERS, false},  [5] = {8, TIFF_REALS, false},     [6] = {1, TIFF_INTEGERS, true},
    [7] = {1, TIFF_TEXT, false},      [8] = {2, TIFF_INTEGERS, true},   [9] = {4, TIFF_INTEGERS, true},
    [10] = {8, TIFF_REALS, true},     [11] = {4, TIFF_REALS, false},    [12] = {8, TIFF_REALS, false},
    [13] = {4, TIFF_INTEGERS, false}, [16] = {8, TIFF_INTEGERS, false},
};

static uint64_t tiff_unpack(const char *p, uint32_t size, bool is_big_endian)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < size; i++)
        n = n << 8 | (uint8_t)p[is_big_endian ? i : size - 1 - i];
    return n;
}

static double tiff_ratio(const char *p, const struct tiff_value *value)
{
    uint32_t above = (uint32_t)tiff_unpack(p, 4, value->is_big_endian);
    uint32_t below = (uint32_t)tiff_unpack(p + 4, 4, value->is_big_endian);
    double n = value->is_signed ? (double)(int32_t)above : (double)above;
    return below ? n / (value->is_signed ? (double)(int32_t)below : (double)below) : (double)NAN;
}

double tiff_real(const struct tiff_value *value, size_t i)
{
    const char *p = value->data.data + i * value->size;
    if (value->is_ratio)
        return tiff_ratio(p, value);
    uint64_t word = tiff_unpack(p, value->size, value->is_big_endian);
    uint32_t half = (uint32_t)word;
    float single;
    double number;
    memcpy(&single, &half, sizeof single);
    memcpy(&number, &word, sizeof number);
    return value->size == sizeof single ? (double)single : number;
}

int64_t tiff_number(const struct tiff_value *value, size_t i)
{
    if (value->kind == TIFF_REALS) {
        double real = tiff_real(value, i);
        return fabs(real) < 0x1p40 && trunc(real) == real ? (int64_t)real : INT64_MIN;
    }
    uint64_t n = tiff_unpack(value->data.data + i * value->size, value->size, value->is_big_endian);
    uint32_t bits = 8u * value->size;
    if (value->is_signed && bits < 64 && n >> (bits - 1))
        return (int64_t)n - ((int64_t)1 << bits);
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static bool tiff_has(const struct tiff_directory *directory, uint32_t tag)
{
    return tiff_directory_find(directory, tag).kind != TIFF_ABSENT;
}

/* The entry at p. False where the directory's reading ends: what it points to is not there. */
static bool tiff_read_entry(struct tiff_directory *directory, struct str file, const char *p, uint64_t *total)
{
    uint32_t inner = directory->is_big ? 8 : 4;
    bool be = directory->is_big_endian;
    uint32_t tag = (uint32_t)tiff_unpack(p, 2, be), type = (uint32_t)tiff_unpack(p + 2, 2, be);
    uint64_t count = tiff_unpack(p + 4, inner, be), size;
    if (tiff_has(directory, tag) || type >= sizeof tiff_types / sizeof tiff_types[0] ||
        !tiff_types[type].size)
        return true;
    uint32_t unit = tiff_types[type].size;
    if (__builtin_mul_overflow(count, (uint64_t)unit, &size))
        size = (uint64_t)1 << 63;
    struct str data = {p + 4 + inner, (size_t)size};
    if (size > inner) {
        uint64_t offset = tiff_unpack(p + 4 + inner, inner, be);
        if (offset >> 63)
            return true;
        *total = size > UINT64_MAX - *total ? UINT64_MAX : *total + size;
        if (*total > file.size)
            return true;
        data = image_rest(file, offset);
        if (data.size < size)
            return false;
        data.size = (size_t)size;
    }
    if (size == 0)
        return true;
    directory->entries[directory->n++] =
        (struct tiff_entry){tag,
                            {tiff_types[type].kind, (size_t)count, data, (uint8_t)unit,
                             tiff_types[type].is_signed, be, type == 5 || type == 10}};
    return true;
}

/* The directory's entries; a tag is looked for among those before it, of which the format has few: an entry
 * costs as many steps, and no directory is read beyond 65,535. */
static enum sidetok_error tiff_read_entries(struct image_file *image, struct tiff_directory *directory)
{
    struct image_reader file = {image->bytes, directory->offset};
    uint32_t head = directory->is_big ? 8 : 2, step = directory->is_big ? 20 : 12;
    struct str count = image_read(&file, head);
    uint64_t total = 0;
    if (count.size < head)
        return SIDETOK_OK;
    uint64_t n = tiff_unpack(count.data, head, directory->is_big_endian);
    uint64_t held = image_rest(image->bytes, file.at).size / step;
    n = n < held ? n : held;
    n = n < 65535 ? n : 65535;
    directory->entries = call_alloc_array(image->call, (size_t)n + 1, sizeof *directory->entries);
    if (!directory->entries)
        return SIDETOK_E_NO_MEMORY;
    for (uint64_t i = 0; i < n; i++)
        if (!tiff_read_entry(directory, image->bytes, image_read(&file, step).data, &total))
            break;
    return SIDETOK_OK;
}

enum image_verdict tiff_directory_read(struct image_file *image, struct tiff_directory *ret_directory)
{
    struct str bytes = image->bytes;
    *ret_directory = (struct tiff_directory){0};
    if (bytes.size < 8)
        return IMAGE_NEXT;
    ret_directory->is_big_endian = bytes.data[0] == 'M';
    ret_directory->is_big = bytes.data[2] == 43;
    if (ret_directory->is_big && bytes.size < 16)
        return IMAGE_NEXT;
    ret_directory->offset = tiff_unpack(bytes.data + (ret_directory->is_big ? 8 : 4),
                                        ret_directory->is_big ? 8 : 4, ret_directory->is_big_endian);
    if (ret_directory->offset == 0)
        return IMAGE_NEXT;
    if (ret_directory->offset >> 63)
        return IMAGE_REFUSED;
    return tiff_read_entries(image, ret_directory) == SIDETOK_OK ? IMAGE_OPENED : IMAGE_REFUSED;
}

struct tiff_value tiff_directory_find(const struct tiff_directory *directory, uint32_t tag)
{
    for (size_t i = 0; i < directory->n; i++)
        if (directory->entries[i].tag == tag)
            return directory->entries[i].value;
    return (struct tiff_value){0};
}
