#include "buf.h"
#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.IptcImagePlugin of Pillow 13.0.0: fields, of which the last ones hold a picture. The format has
 * no magic beyond a field's first bytes. */

/* The fields that matter: (3, key) of a record. */
enum iptc_key { IPTC_WIDTH, IPTC_HEIGHT, IPTC_LAYERS, IPTC_BAND, IPTC_COMPRESSION, IPTC_KEYS };

static const uint8_t iptc_keys[IPTC_KEYS] = {20, 30, 60, 65, 120};

struct iptc_fields {
    struct {
        uint32_t n; /* how often it was there */
        struct str data;
    } values[IPTC_KEYS];
};

struct iptc_field {
    uint8_t record, key; /* 0, 0: the end */
    uint64_t size;
};

static bool iptc_is_picture(const struct iptc_field *field)
{
    return field->record == 8 && field->key == 10;
}

/* _i(): the number in the last four bytes at most. */
static uint32_t iptc_number(struct str bytes)
{
    uint32_t n = 0;
    for (size_t i = bytes.size > 4 ? bytes.size - 4 : 0; i < bytes.size; i++)
        n = n << 8 | (uint8_t)bytes.data[i];
    return n;
}

/* Returns the class of what Pillow raises, without setting a failure. */
static enum sidetok_error iptc_read_field(struct image_reader *file, struct iptc_field *ret_field)
{
    struct str head = image_read(file, 5);
    const char *p = head.data;
    size_t n_zero = 0;
    *ret_field = (struct iptc_field){0};
    while (n_zero < head.size && p[n_zero] == '\0')
        n_zero++;
    if (n_zero == head.size)
        return SIDETOK_OK;
    if (head.size < 3)
        return SIDETOK_E_INDEX;
    uint8_t record = (uint8_t)p[1];
    if (p[0] != 0x1c || !((record >= 1 && record <= 9) || record == 240))
        return SIDETOK_E_SYNTAX;
    uint8_t size = head.size > 3 ? (uint8_t)p[3] : 0;
    if (size > 132)
        return SIDETOK_E_OS;
    if (head.size < 4 || (size < 128 && head.size < 5))
        return SIDETOK_E_INDEX;
    *ret_field = (struct iptc_field){record, (uint8_t)p[2], 0};
    if (size > 128)
        ret_field->size = iptc_number(image_read(file, size - 128u));
    else if (size < 128)
        ret_field->size = image_be16(p + 3);
    return SIDETOK_OK;
}

/* Fields up to the picture or the end; *ret_offset: where the last one begins. */
static enum image_verdict iptc_read_fields(struct image_reader *file, struct iptc_fields *fields,
                                           struct iptc_field *ret_last, uint64_t *ret_offset)
{
    for (;;) {
        *ret_offset = file->at;
        enum sidetok_error error = iptc_read_field(file, ret_last);
        if (error != SIDETOK_OK)
            return error == SIDETOK_E_OS ? IMAGE_REFUSED : IMAGE_NEXT;
        if (ret_last->record == 0 || iptc_is_picture(ret_last))
            return IMAGE_OPENED;
        struct str data = image_read(file, ret_last->size);
        for (int i = 0; i < IPTC_KEYS; i++) {
            if (ret_last->record != 3 || ret_last->key != iptc_keys[i])
                continue;
            fields->values[i].n++;
            fields->values[i].data = ret_last->size ? data : (struct str){NULL, 0};
        }
    }
}

/* A field given once, with data. */
static bool iptc_find(const struct iptc_fields *fields, enum iptc_key key, uint32_t *ret_number)
{
    *ret_number = iptc_number(fields->values[key].data);
    return fields->values[key].n == 1 && fields->values[key].data.data;
}

/* Layers and component make the mode; one layer without a component is gray. */
static bool iptc_find_mode(struct image_file *image, const struct iptc_fields *fields, int64_t *ret_band)
{
    struct str layers = fields->values[IPTC_LAYERS].data, band = fields->values[IPTC_BAND].data;
    if (fields->values[IPTC_LAYERS].n != 1 || layers.size < 2)
        return false;
    uint8_t n = (uint8_t)layers.data[0], component = (uint8_t)layers.data[1];
    *ret_band = -1;
    image->mode = n == 1 && !component  ? "L"
                  : n == 3 && component ? "RGB"
                  : n == 4 && component ? "CMYK"
                                        : "";
    if (n == 1 && !component)
        return true;
    *ret_band = 0;
    if (fields->values[IPTC_BAND].n == 0)
        return true;
    if (fields->values[IPTC_BAND].n != 1 || band.size < 1)
        return false;
    int64_t bands = n == 3 ? 3 : 4, number = (uint8_t)band.data[0] - 1;
    *ret_band = number < 0 ? bands - 1 : number; /* Python counts -1 from the end */
    return true;
}

static enum image_verdict iptc_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct iptc_fields fields = {0};
    struct iptc_field last;
    uint64_t offset;
    int64_t band;
    uint32_t width, height, compression;
    enum image_verdict verdict = iptc_read_fields(&file, &fields, &last, &offset);
    if (verdict != IMAGE_OPENED)
        return verdict;
    if (!iptc_find_mode(image, &fields, &band) || !iptc_find(&fields, IPTC_WIDTH, &width) ||
        !iptc_find(&fields, IPTC_HEIGHT, &height))
        return IMAGE_NEXT;
    bool has_compression = iptc_find(&fields, IPTC_COMPRESSION, &compression);
    if (!has_compression || (compression != 1 && compression != 5))
        return fields.values[IPTC_COMPRESSION].n && !has_compression ? IMAGE_NEXT : IMAGE_REFUSED;
    image->width = width;
    image->height = height;
    image->data_offset = (size_t)offset;
    image->raw.kind = iptc_is_picture(&last);
    image->raw.bits = compression;
    image->raw.stride = (uint32_t)(band + 1);
    return IMAGE_OPENED;
}

/* The picture's fields, one after another; raw pixels get the head of a PGM. */
static enum sidetok_error iptc_gather(struct call *call, const struct image_file *image,
                                      struct str *ret_bytes)
{
    struct image_reader file = {image->bytes, image->data_offset};
    struct buf whole;
    buf_init(&whole, call);
    if (image->raw.bits == 1)
        buf_printf(&whole, "P5\n%lld %lld\n255\n", (long long)image->width, (long long)image->height);
    for (;;) {
        struct iptc_field field;
        enum sidetok_error error = iptc_read_field(&file, &field);
        if (error != SIDETOK_OK)
            return failure_set_str(call, error, STR("invalid IPTC/NAA file"));
        if (!iptc_is_picture(&field))
            return buf_finish(&whole, ret_bytes);
        buf_append(&whole, image_read(&file, field.size));
    }
}

/* One band of several must be gray, and one of those that there are. */
static enum sidetok_error iptc_load(struct call *call, struct image_file *image)
{
    struct image_file picture;
    struct str bytes = {0};
    if (!image->raw.kind)
        return image_cannot_load(call);
    TRY(iptc_gather(call, image, &bytes));
    enum image_verdict verdict = image_file_find(call, bytes, &picture);
    if (call->failure.code == SIDETOK_E_NO_MEMORY)
        return SIDETOK_E_NO_MEMORY;
    if (verdict == IMAGE_REFUSED)
        return failure_set_str(call, SIDETOK_E_OS, STR("Truncated File Read"));
    if (verdict == IMAGE_NEXT || picture.format == &image_format_iptc)
        return failure_set_str(call, SIDETOK_E_UNIDENTIFIED_IMAGE,
                               STR("cannot identify image file <_io.BytesIO object at 0x0>"));
    uint32_t n_bands = image_mode_is(image, "CMYK") ? 4 : 3, band = image->raw.stride;
    if (band > n_bands)
        return failure_set_str(call, SIDETOK_E_INDEX, STR("list assignment index out of range"));
    bool is_gray = image_mode_is(&picture, "L");
    if (band > 1 && !is_gray) /* the first band's mode counts when it is put there only */
        return failure_set_str(call, SIDETOK_E_VALUE, STR("mode mismatch"));
    TRY(image_file_load(call, &picture));
    if (band == 1 && !is_gray && !image_mode_is(&picture, "P") && !image_mode_is(&picture, "1"))
        return failure_set_str(call, SIDETOK_E_VALUE, STR("image has wrong mode"));
    return SIDETOK_OK;
}

const struct image_format image_format_iptc = {"IPTC", NULL, iptc_open, iptc_load};
