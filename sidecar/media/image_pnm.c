#include "image_file.h"

/* Rule: PIL.PpmImagePlugin of Pillow 13.0.0: the binary kinds P4, P5 and P6 and the plain P1, P2 and P3. */

static bool pnm_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool pnm_accept(struct str bytes)
{
    return bytes.size >= 2 && bytes.data[0] == 'P' && bytes.data[1] >= '1' && bytes.data[1] <= '6' &&
           (bytes.size == 2 || pnm_is_space(bytes.data[2]));
}

/* The next number of the header, at most ten digits; comments run to the end of their line. */
static bool pnm_number(struct str bytes, size_t *at, uint64_t *ret_number)
{
    size_t n_digits = 0;
    *ret_number = 0;
    while (*at < bytes.size) {
        char c = bytes.data[(*at)++];
        if (c == '#') {
            while (*at < bytes.size && bytes.data[*at] != '\n' && bytes.data[*at] != '\r')
                (*at)++;
            (*at)++;
        } else if (pnm_is_space(c)) {
            if (n_digits)
                return true;
        } else if (c < '0' || c > '9' || ++n_digits > 10) {
            return false;
        } else {
            *ret_number = *ret_number * 10 + (uint64_t)(c - '0');
        }
    }
    return n_digits > 0;
}

static bool pnm_open(struct image_file *image)
{
    uint64_t width, height, max = 1;
    size_t at = 3;
    uint32_t kind = (uint32_t)(image->bytes.data[1] - '0');
    if (!pnm_number(image->bytes, &at, &width) || !pnm_number(image->bytes, &at, &height))
        return false;
    if (kind != 1 && kind != 4 && (!pnm_number(image->bytes, &at, &max) || max == 0 || max > 65535))
        return false;
    if (width > IMAGE_MAX_PIXELS || height > IMAGE_MAX_PIXELS)
        return false;
    image->width = (uint32_t)width;
    image->height = (uint32_t)height;
    image->raw.kind = kind;
    image->raw.bits = (uint32_t)max;
    image->data_offset = at < image->bytes.size ? at : image->bytes.size;
    return true;
}

/* Plain samples: digits of 0 and 1 need no space between them, other numbers do. */
static uint64_t pnm_count_plain(const struct image_file *image)
{
    struct str bytes = image->bytes;
    uint64_t n = 0;
    for (size_t at = image->data_offset; at < bytes.size;) {
        char c = bytes.data[at];
        if (c == '#') {
            while (at < bytes.size && bytes.data[at] != '\n' && bytes.data[at] != '\r')
                at++;
        } else if (pnm_is_space(c)) {
            at++;
        } else if (c < '0' || c > '9') {
            return 0;
        } else {
            n++;
            do
                at++;
            while (image->raw.kind != 1 && at < bytes.size && bytes.data[at] >= '0' && bytes.data[at] <= '9');
        }
    }
    return n;
}

static enum sidetok_error pnm_load(struct call *call, struct image_file *image)
{
    uint32_t channels = image->raw.kind == 3 || image->raw.kind == 6 ? 3 : 1;
    uint64_t n_samples = (uint64_t)image->width * image->height * channels;
    size_t held = image->bytes.size - image->data_offset;
    if (image->raw.kind <= 3)
        return pnm_count_plain(image) >= n_samples
                   ? SIDETOK_OK
                   : failure_set_str(call, SIDETOK_E_VALUE, STR("not enough image data"));
    uint64_t row = image->raw.kind == 4 ? (image->width + 7) / 8
                                        : (uint64_t)image->width * channels * (image->raw.bits > 255 ? 2 : 1);
    if (held >= row * image->height)
        return SIDETOK_OK;
    bool is_raw =
        image->raw.bits == 1 || image->raw.bits == 255 || (image->raw.bits == 65535 && channels == 1);
    return is_raw ? image_truncated_at(call, (size_t)(held % row))
                  : failure_set_str(call, SIDETOK_E_VALUE, STR("not enough image data"));
}

const struct image_format image_format_pnm = {"PPM", pnm_accept, pnm_open, pnm_load};
