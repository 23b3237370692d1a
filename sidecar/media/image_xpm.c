#include "image_file.h"
#include "image_reader.h"
#include "map.h"

/* Rule: PIL.XpmImagePlugin of Pillow 13.0.0: lines of C, read as far as Pillow reads them. */

static image_codec xpm_codec;

/* The colours' keys, and the characters of one. */
struct xpm_palette {
    struct map keys;
    size_t key_size;
};

static bool xpm_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("/* XPM */"));
}

/* "width height colours characters: four runs of digits, perhaps empty. False where the line is none. */
static bool xpm_match_head(struct str line, struct str ret_numbers[4])
{
    size_t at = 1;
    if (line.size == 0 || line.data[0] != '"')
        return false;
    for (int i = 0; i < 4; i++) {
        size_t begin = at;
        while (at < line.size && line.data[at] >= '0' && line.data[at] <= '9')
            at++;
        ret_numbers[i] = (struct str){line.data + begin, at - begin};
        if (i < 3 && (at >= line.size || line.data[at++] != ' '))
            return false;
    }
    return true;
}

/* The colour for "c" among pairs of words. Rule: the loop in XpmImageFile._open. */
static enum image_verdict xpm_read_color(struct str words, bool *ret_transparent)
{
    for (struct str word = image_word(&words); word.size; word = image_word(&words)) {
        struct str value = image_word(&words);
        int64_t number;
        if (!str_equal(word, STR("c")))
            continue;
        if (value.size == 0)
            return IMAGE_NEXT;
        *ret_transparent = str_equal(value, STR("None"));
        if (*ret_transparent)
            return IMAGE_OPENED;
        bool is_hex = value.data[0] == '#' && image_python_int(str_from_offset(value, 1), 16, &number);
        return is_hex ? IMAGE_OPENED : IMAGE_REFUSED;
    }
    return IMAGE_REFUSED;
}

/* line[begin:end] of Python, for a begin that is not negative. */
static struct str xpm_slice(struct str line, uint64_t begin, uint64_t end)
{
    end = end < line.size ? end : line.size;
    begin = begin < end ? begin : end;
    return (struct str){line.data + begin, (size_t)(end - begin)};
}

static enum image_verdict xpm_read_palette(struct image_file *image, struct image_reader *file,
                                           int64_t n_colors, struct xpm_palette *palette)
{
    bool has_transparent = false;
    uint64_t key_size = palette->key_size;
    for (int64_t i = 0; i < n_colors; i++) {
        struct str line = image_read_line(file, UINT64_MAX);
        bool is_transparent = false;
        while (line.size && image_is_space(line.data[line.size - 1]))
            line.size--;
        struct str key = xpm_slice(line, 1, key_size + 1);
        struct str words = xpm_slice(line, key_size + 1, line.size > 2 ? line.size - 2 : 0);
        enum image_verdict verdict = xpm_read_color(words, &is_transparent);
        if (verdict != IMAGE_OPENED)
            return verdict;
        has_transparent = has_transparent || is_transparent;
        if (map_add(image->call, &palette->keys, key, 0, NULL) != SIDETOK_OK)
            return IMAGE_REFUSED;
    }
    image->mode = n_colors <= 256 ? "P" : has_transparent ? "RGBA" : "RGB";
    return IMAGE_OPENED;
}

static enum image_verdict xpm_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 9};
    struct xpm_palette *palette = call_alloc_array(image->call, 1, sizeof *palette);
    struct str numbers[4], line;
    int64_t n_colors, key_size;
    if (!palette || map_init(image->call, &palette->keys, 16) != SIDETOK_OK)
        return IMAGE_REFUSED;
    do {
        line = image_read_line(&file, UINT64_MAX);
        if (line.size == 0)
            return IMAGE_NEXT;
    } while (!xpm_match_head(line, numbers));
    if (!image_python_int(numbers[0], 10, &image->width) ||
        !image_python_int(numbers[1], 10, &image->height) || !image_python_int(numbers[2], 10, &n_colors) ||
        !image_python_int(numbers[3], 10, &key_size))
        return IMAGE_REFUSED;
    palette->key_size = (size_t)key_size;
    image->raw.state = palette;
    enum image_verdict verdict = xpm_read_palette(image, &file, n_colors, palette);
    return verdict == IMAGE_OPENED ? image_one_tile(image, xpm_codec, (int64_t)file.at, 8) : verdict;
}

/* What stands between the first and the last quotation mark of a line. */
static struct str xpm_quoted(struct str line)
{
    const char *first = line.size ? memchr(line.data, '"', line.size) : NULL;
    const char *last = line.size ? memrchr(line.data, '"', line.size) : NULL;
    return first && last > first ? (struct str){first + 1, (size_t)(last - first) - 1} : (struct str){"", 0};
}

/* Counts keys, each of which must have a colour; a line is read to its end. */
static enum sidetok_error xpm_codec(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    const struct xpm_palette *palette = image->raw.state;
    struct image_reader file = {data, 0};
    uint64_t n = 0, need = (uint64_t)tile->x1 * (uint64_t)tile->y1;
    bool seen_pixels = false;
    (void)ret_status;
    while (n < need) {
        struct str line = image_read_line(&file, UINT64_MAX), bare = line;
        if (line.size == 0)
            return image_not_enough(call);
        while (bare.size && image_is_space(bare.data[bare.size - 1]))
            bare.size--;
        if (!seen_pixels && str_equal(bare, STR("/* pixels */"))) {
            seen_pixels = true;
            continue;
        }
        line = xpm_quoted(line);
        if (palette->key_size == 0)
            return failure_set_str(call, SIDETOK_E_VALUE, STR("range() arg 3 must not be zero"));
        for (size_t at = 0; at < line.size; at += palette->key_size, n++) {
            struct str key = xpm_slice(line, at, (uint64_t)at + palette->key_size);
            if (!map_find(&palette->keys, key, NULL))
                return failure_set_str(call, SIDETOK_E_VALUE, STR("unknown color"));
            if (line.size - at <= palette->key_size) {
                n++;
                break;
            }
        }
    }
    return SIDETOK_OK;
}

const struct image_format image_format_xpm = {"XPM", xpm_accept, xpm_open, NULL};
