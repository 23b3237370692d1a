#include "image_file.h"
#include "image_reader.h"
#include "python_repr.h"

#include <math.h>
#include <stdio.h>

/* Rule: PIL.PpmImagePlugin of Pillow 13.0.0: binary, plain and floating point pictures. */

enum { PPM_TOKEN = 10, PPM_BLOCK = 1024 * 1024 }; /* a number's digits; PIL.ImageFile.SAFEBLOCK */

static image_codec ppm_codec_plain;

static const struct {
    const char *magic, *mode;
    uint8_t bands;
} ppm_kinds[] = {{"P1", "1", 1},  {"P2", "L", 1},        {"P3", "RGB", 3},      {"P4", "1", 1},
                 {"P5", "L", 1},  {"P6", "RGB", 3},      {"P0CMYK", "CMYK", 4}, {"Pf", "F", 1},
                 {"PyP", "P", 1}, {"PyRGBA", "RGBA", 4}, {"PyCMYK", "CMYK", 4}};

static bool ppm_accept(struct str bytes)
{
    return bytes.size >= 2 && bytes.data[0] == 'P' && bytes.data[1] != '\0' &&
           strchr("0123456fy", bytes.data[1]);
}

/* At most six characters, up to a space. Returns an index into ppm_kinds, -1 for none. */
static int ppm_read_magic(struct image_reader *file)
{
    char magic[6];
    size_t n = 0;
    for (; n < sizeof magic; n++) {
        struct str c = image_read(file, 1);
        if (c.size == 0 || image_is_space(c.data[0]))
            break;
        magic[n] = c.data[0];
    }
    for (size_t i = 0; i < sizeof ppm_kinds / sizeof ppm_kinds[0]; i++)
        if (str_equal((struct str){magic, n}, str_from(ppm_kinds[i].magic)))
            return (int)i;
    return -1;
}

/* The next word of the header, at most ten characters; a comment runs to the end of its line and parts no
 * word. */
static bool ppm_read_token(struct image_reader *file, char ret_token[PPM_TOKEN + 1])
{
    size_t n = 0;
    for (;;) {
        struct str c = image_read(file, 1);
        if (c.size == 0 || (image_is_space(c.data[0]) && n > 0))
            break;
        if (image_is_space(c.data[0]))
            continue;
        if (c.data[0] == '#') {
            do
                c = image_read(file, 1);
            while (c.size && c.data[0] != '\n' && c.data[0] != '\r');
            continue;
        }
        if (n == PPM_TOKEN || c.data[0] == '\0') /* too long; or no number whatever follows */
            return false;
        ret_token[n++] = c.data[0];
    }
    ret_token[n] = '\0';
    return n > 0;
}

static bool ppm_read_integer(struct image_reader *file, int64_t *ret)
{
    char token[PPM_TOKEN + 1];
    return ppm_read_token(file, token) && image_python_int(str_from(token), 10, ret);
}

/* A floating point picture's scale: any number but 0. */
static bool ppm_read_scale(struct image_reader *file)
{
    char token[PPM_TOKEN + 1];
    double scale;
    return ppm_read_token(file, token) && image_python_float(str_from(token), &scale) && isfinite(scale) &&
           scale != 0;
}

static enum image_verdict ppm_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    int kind = ppm_read_magic(&file);
    if (kind < 0)
        return IMAGE_NEXT;
    int64_t max = 1, bits = 1;
    bool is_bits = kind == 0 || kind == 3, is_float = kind == 7;
    image->mode = ppm_kinds[kind].mode;
    if (!ppm_read_integer(&file, &image->width) || !ppm_read_integer(&file, &image->height))
        return IMAGE_REFUSED;
    if (is_float && !ppm_read_scale(&file))
        return IMAGE_REFUSED;
    if (!is_bits && !is_float && (!ppm_read_integer(&file, &max) || max <= 0 || max >= 65536))
        return IMAGE_REFUSED;
    if (!is_bits)
        bits = is_float ? 32 : (max > 255 ? 16 : 8) * ppm_kinds[kind].bands;
    bool is_raw = is_bits || is_float || max == 255 || (max == 65535 && kind == 4);
    struct image_tile *tile = image_add_tile(image,
                                             kind < 3 ? ppm_codec_plain
                                             : is_raw ? image_codec_raw
                                                      : image_codec_data,
                                             (int64_t)file.at, bits);
    if (!tile)
        return IMAGE_REFUSED;
    tile->arg = max;
    image->mode = kind == 1 || kind == 4 ? (max > 255 ? "I" : "L") : image->mode;
    image->raw.kind = ppm_kinds[kind].bands;
    image->raw.bits = kind == 0;
    return IMAGE_OPENED;
}

/* Plain samples as they are read: a block at a time, comments cut out with the end of their line. */
struct ppm_plain {
    const struct image_file *image;
    struct str data;
    uint64_t n, need;
    int64_t max;
    size_t n_token;
    char token[PPM_TOKEN + 1];
};

/* int() of bytes that are no number. */
static enum sidetok_error ppm_bad_literal(struct call *call, struct str token)
{
    struct buf text;
    struct str message;
    buf_init(&text, call);
    buf_append(&text, STR("invalid literal for int() with base 10: "));
    python_repr_bytes(&text, token);
    TRY(buf_finish(&text, &message));
    return failure_set_str(call, SIDETOK_E_VALUE, message);
}

static enum sidetok_error ppm_end_token(struct call *call, struct ppm_plain *plain)
{
    int64_t value;
    struct str token = {plain->token, plain->n_token};
    if (plain->n_token == 0)
        return SIDETOK_OK;
    plain->n_token = 0;
    if (!image_python_int(token, 10, &value))
        return ppm_bad_literal(call, token);
    if (value < 0)
        return failure_set(call, SIDETOK_E_VALUE, "Channel value is negative: %lld", (long long)value);
    if (value > plain->max)
        return failure_set(call, SIDETOK_E_VALUE, "Channel value too large for this mode: %lld",
                           (long long)value);
    plain->n++;
    return SIDETOK_OK;
}

/* One character outside of comments. Of a bilevel picture each is a sample. */
static enum sidetok_error ppm_take(struct call *call, struct ppm_plain *plain, char c)
{
    if (plain->image->raw.bits) {
        if (c != '0' && c != '1')
            return failure_set_str(call, SIDETOK_E_VALUE, STR("Invalid token for this mode"));
        plain->n++;
        return SIDETOK_OK;
    }
    if (plain->n_token == PPM_TOKEN)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("Token too long found in data"));
    plain->token[plain->n_token++] = c;
    return SIDETOK_OK;
}

/* A bilevel picture's block is looked at to its end, whatever is needed of it. */
static enum sidetok_error ppm_codec_plain(struct call *call, const struct image_file *image,
                                          const struct image_tile *tile, struct str data, int *ret_status)
{
    struct ppm_plain plain = {.image = image,
                              .data = data,
                              .need = (uint64_t)tile->x1 * (uint64_t)tile->y1 * image->raw.kind,
                              .max = tile->arg};
    bool in_comment = false;
    (void)ret_status;
    for (size_t at = 0; at < data.size; at++) {
        bool is_done = plain.n >= plain.need;
        if (is_done && (!image->raw.bits || at % PPM_BLOCK == 0))
            return SIDETOK_OK;
        char c = data.data[at];
        if (in_comment)
            in_comment = c != '\n' && c != '\r';
        else if (c == '#')
            in_comment = true;
        else if (image_is_space(c))
            TRY(ppm_end_token(call, &plain));
        else
            TRY(ppm_take(call, &plain, c));
    }
    TRY(plain.n < plain.need ? ppm_end_token(call, &plain) : SIDETOK_OK);
    return plain.n >= plain.need ? SIDETOK_OK : image_not_enough(call);
}

const struct image_format image_format_ppm = {"PPM", ppm_accept, ppm_open, NULL};
