#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.XbmImagePlugin and libImaging/XbmDecode.c of Pillow 13.0.0. */

static image_codec xbm_codec;

static bool xbm_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("#define")) || str_starts_with(bytes, STR("\n#define")) ||
           str_starts_with(bytes, STR("/*"));
}

static struct str xbm_strip_end(struct str line)
{
    while (line.size && image_is_space(line.data[line.size - 1]))
        line.size--;
    return line;
}

/* "#define name value": the value is the last word. False for one that is no number. */
static bool xbm_read_define(struct image_file *image, struct str line)
{
    struct str rest = line, word = {"", 0}, next;
    int64_t value;
    while ((next = image_word(&rest)).size)
        word = next;
    if (!image_python_int(word, 10, &value))
        return false;
    if (memmem(line.data, line.size, "width ", 6))
        image->width = value;
    else if (memmem(line.data, line.size, "height ", 7))
        image->height = value;
    return true;
}

/* Lines of 75 bytes at most: comments, definitions, then the one that opens the data. */
static enum image_verdict xbm_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    bool starting = true, in_comment = false;
    uint64_t data = 0;
    image->width = image->height = -1;
    for (;;) {
        struct str raw = image_read_line(&file, 75), line = xbm_strip_end(raw);
        if (raw.size == 0)
            break;
        if (in_comment || str_starts_with(line, STR("/*"))) {
            in_comment = !str_ends_with(line, STR("*/"));
            continue;
        }
        if (starting && line.size == 0) {
            starting = false;
            continue;
        }
        if (!str_starts_with(line, STR("#define "))) {
            data = str_ends_with(line, STR("_bits[] = {")) ? file.at : 0;
            break;
        }
        if (!xbm_read_define(image, line))
            return IMAGE_REFUSED;
    }
    image->mode = "1";
    return data ? image_one_tile(image, xbm_codec, (int64_t)data, 1) : IMAGE_NEXT;
}

/* Each byte is an x and two characters, digits or not. */
static enum sidetok_error xbm_codec(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    uint64_t need = (uint64_t)((tile->x1 + 7) / 8) * (uint64_t)tile->y1;
    size_t at = 0;
    for (uint64_t n = 0; n < need; n++, at += 3) {
        const char *x = at < data.size ? memchr(data.data + at, 'x', data.size - at) : NULL;
        if (!x || data.size - (size_t)(x - data.data) < 3)
            return image_truncated_at(call, x ? data.size - (size_t)(x - data.data) : 0);
        at = (size_t)(x - data.data);
    }
    return SIDETOK_OK;
}

const struct image_format image_format_xbm = {"XBM", xbm_accept, xbm_open, NULL};
