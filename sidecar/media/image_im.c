#include "image_file.h"
#include "image_reader.h"

#include <stdio.h>
#include <stdlib.h>

/* Rule: PIL.ImImagePlugin, PIL.ImtImagePlugin and libImaging/BitDecode.c of Pillow 13.0.0. Text headers;
 * neither format has a magic, so that every file with a line feed near its start is looked at. */

static image_codec im_codec_bits;

/* The image types of a header: Pillow's mode, and the bits of a pixel. */
static const struct im_type {
    const char *name, *mode;
    uint8_t bits;
    bool is_planar; /* three bands, each for itself */
} im_types[] = {
    {"0 1 image", "1", 1, false},
    {"L 1 image", "1", 1, false},
    {"Greyscale image", "L", 8, false},
    {"Grayscale image", "L", 8, false},
    {"RGB image", "RGB", 24, false},
    {"RLB image", "RGB", 0, false},
    {"RYB image", "RGB", 0, false},
    {"B1 image", "1", 1, false},
    {"B2 image", "P", 2, false},
    {"B4 image", "P", 4, false},
    {"X 24 image", "RGB", 24, false},
    {"L 32 S image", "I", 32, false},
    {"L 32 F image", "F", 32, false},
    {"RGB3 image", "RGB", 8, true},
    {"RYB3 image", "RGB", 8, true},
    {"LA image", "LA", 16, false},
    {"PA image", "LA", 0, false},
    {"RGBA image", "RGBA", 32, false},
    {"RGBX image", "RGB", 32, false},
    {"CMYK image", "CMYK", 32, false},
    {"YCC image", "YCbCr", 24, false},
    {"8", "F", 8, false},
    {"8S", "F", 8, false},
    {"16", "I;16", 16, false},
    {"16S", "F", 16, false},
    {"32", "F", 32, false},
    {"32F", "F", 32, false},
    {"16L", "I;16L", 16, false},
    {"16B", "I;16B", 16, false},
    {"32S", "I", 32, false},
};

/* What a header says. */
struct im_header {
    const char *mode; /* NULL: one that is no image type */
    uint32_t bits;
    bool is_planar, has_palette, is_number; /* is_number: of a size that is no pair */
    bool has_zero;                          /* in its type */
    enum image_sides sides;
    int64_t width, height;
    uint32_t n_tags;
};

/* "L 16 image" and "L*16 image" are named by what stands between; "L*2" to "L*32" need no type of their own.
 */
static bool im_find_type(struct str value, struct im_header *header)
{
    struct str inner = value;
    bool is_gray = str_ends_with(value, STR(" image")) && value.size > 8 && value.data[0] == 'L' &&
                   (value.data[1] == ' ' || value.data[1] == '*');
    if (is_gray)
        inner = (struct str){value.data + 2, value.size - 8};
    for (size_t i = 0; i < sizeof im_types / sizeof im_types[0]; i++) {
        struct str name = str_from(im_types[i].name);
        bool is_short = !str_ends_with(name, STR(" image"));
        if (!str_equal(name, is_short ? inner : value) || (is_short && !is_gray))
            continue;
        header->mode = im_types[i].mode;
        header->bits = im_types[i].bits;
        header->is_planar = im_types[i].is_planar;
    }
    for (int bits = 2; is_gray && value.data[1] == '*' && bits <= 32; bits++) {
        char name[8];
        snprintf(name, sizeof name, "%d", bits);
        if (str_equal(inner, str_from(name))) {
            header->mode = "F";
            header->bits = (uint32_t)bits;
        }
    }
    return header->mode != NULL;
}

/* A mode may be given by Pillow's own name, too; the pixels are then unpacked as gray, where that can be. */
static void im_find_mode(struct str value, struct im_header *header)
{
    static const char *const modes[] = {"L",     "P",    "LAB",  "1",     "RGB",   "RGBA", "CMYK",
                                        "YCbCr", "HSV",  "I",    "F",     "LA",    "PA",   "La",
                                        "RGBX",  "RGBa", "I;16", "I;16L", "I;16B", "I;16N"};
    header->mode = value.size ? NULL : "";
    header->bits = 0;
    header->is_planar = false;
    if (value.size == 0 || im_find_type(value, header))
        return;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (!str_equal(value, str_from(modes[i])))
            continue;
        header->mode = modes[i];
        header->bits = i < 4 ? 8 : 0;
    }
}

/* What int() and float() strip of Latin-1 text, which is more than of bytes. */
static struct str im_strip(struct str text)
{
    static const char more[] = "\x85\xa0";
    while (text.size && (image_is_space(text.data[0]) || memchr(more, text.data[0], sizeof more - 1)))
        text = str_from_offset(text, 1);
    while (text.size && (image_is_space(text.data[text.size - 1]) ||
                         memchr(more, text.data[text.size - 1], sizeof more - 1)))
        text.size--;
    return text;
}

/* A float as far as it is whole, which is as far as anything asks. Of no pixels is what is not above 0; what
 * is below 1, or no number, is 0. */
static int64_t im_whole(double real)
{
    if (real <= 0)
        return -1;
    return real >= 0x1p40 ? (int64_t)1 << 40 : real >= 1 ? (int64_t)real : 0;
}

/* Numbers with commas or stars between them. False where one is none. */
static bool im_read_numbers(struct str value, int64_t ret_numbers[2], size_t *ret_n, bool *ret_is_fractional)
{
    *ret_n = 0;
    *ret_is_fractional = false;
    for (size_t begin = 0, at = 0; at <= value.size; at++) {
        if (at < value.size && value.data[at] != ',' && value.data[at] != '*')
            continue;
        int64_t number;
        double real;
        struct str text = im_strip((struct str){value.data + begin, at - begin});
        if (!image_python_int(text, 10, &number)) {
            if (!image_python_float(text, &real))
                return false;
            number = im_whole(real);
            *ret_is_fractional = true;
        }
        if (*ret_n < 2)
            ret_numbers[*ret_n] = number;
        ++*ret_n;
        begin = at + 1;
    }
    return true;
}

static enum image_verdict im_read_field(struct str key, struct str value, struct im_header *header)
{
    static const char *const tags[] = {"Comment",
                                       "Date",
                                       "Digitalization equipment",
                                       "File size (no of images)",
                                       "Lut",
                                       "Name",
                                       "Scale (x,y)",
                                       "Image size (x*y)",
                                       "Image type"};
    int64_t numbers[2] = {0, 0};
    size_t n = 0;
    bool is_fractional;
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        header->n_tags += str_equal(key, str_from(tags[i]));
    bool is_size = str_equal(key, STR("Image size (x*y)"));
    if (is_size || str_equal(key, STR("Scale (x,y)")) || str_equal(key, STR("File size (no of images)")))
        if (!im_read_numbers(value, numbers, &n, &is_fractional))
            return IMAGE_REFUSED;
    if (is_size) {
        header->is_number = n < 2;
        header->sides = n > 2 ? IMAGE_SIDES_MANY : is_fractional ? IMAGE_SIDES_REAL : IMAGE_SIDES_WHOLE;
        header->width = numbers[0];
        header->height = numbers[1];
    }
    if (str_equal(key, STR("Image type")))
        im_find_mode(value, header);
    if (str_equal(key, STR("Image type")))
        header->has_zero = value.size && memchr(value.data, '\0', value.size);
    header->has_palette = header->has_palette || str_equal(key, STR("Lut"));
    return IMAGE_OPENED;
}

/* One line: a letter, no colon up to the colon, blanks, the value. */
static enum image_verdict im_read_line(struct str line, struct im_header *header)
{
    const char *colon = line.size ? memchr(line.data, ':', line.size) : NULL;
    char first = line.size ? (char)(line.data[0] | 0x20) : 0;
    if (!colon || first < 'a' || first > 'z')
        return IMAGE_NEXT;
    struct str key = {line.data, (size_t)(colon - line.data)};
    struct str value = str_from_offset(line, key.size + 1);
    while (value.size && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = str_from_offset(value, 1);
    if (value.size && memchr(value.data, '\n', value.size))
        return IMAGE_NEXT;
    return im_read_field(key, value, header);
}

/* Lines up to a zero or a substitute character. */
static enum image_verdict im_read_header(struct image_reader *file, struct im_header *header, char *ret_stop)
{
    for (;;) {
        uint64_t begin = file->at;
        struct str first = image_read(file, 1);
        *ret_stop = 1;
        if (first.size && first.data[0] == '\r')
            continue;
        if (first.size == 0 || first.data[0] == '\0' || first.data[0] == '\x1a') {
            *ret_stop = first.size ? first.data[0] : 1;
            return first.size ? IMAGE_OPENED : IMAGE_NEXT;
        }
        struct str rest = image_read_line(file, UINT64_MAX);
        struct str line = {file->bytes.data + begin, 1 + rest.size};
        if (line.size > 100)
            return IMAGE_NEXT;
        if (str_ends_with(line, STR("\r\n")))
            line.size -= 2;
        else if (str_ends_with(line, STR("\n")))
            line.size -= 1;
        enum image_verdict verdict = im_read_line(line, header);
        if (verdict != IMAGE_OPENED)
            return verdict;
    }
}

/* 256 entries in three bands. Only a colourful one makes a palette, and only of gray pictures. */
static bool im_read_palette(struct image_file *image, struct image_reader *file, struct im_header *header)
{
    struct str palette = image_read(file, 768);
    bool is_gray = true;
    for (size_t i = 0; i < 256; i++) { /* the third band is looked at where the second is equal only */
        if (i + 256 >= palette.size)
            return false;
        bool is_equal = palette.data[i] == palette.data[i + 256];
        if (is_equal && i + 512 >= palette.size)
            return false;
        is_gray = is_gray && is_equal && palette.data[i] == palette.data[i + 512];
    }
    if (is_gray || !header->mode)
        return true;
    bool is_plain = strcmp(header->mode, "L") == 0 || strcmp(header->mode, "P") == 0;
    if (is_plain || strcmp(header->mode, "LA") == 0 || strcmp(header->mode, "PA") == 0) {
        header->mode = is_plain ? "P" : "PA";
        header->bits = is_plain ? 8 : 16;
        image->palette.given = true;
        image->palette.bits = 24;
        image->palette.size = palette.size;
    }
    return true;
}

static enum image_verdict im_add_tiles(struct image_file *image, const struct im_header *header,
                                       int64_t offset)
{
    bool is_bits = strcmp(image->mode, "F") == 0 && header->bits && header->bits % 8 != 0;
    is_bits = is_bits || (strcmp(image->mode, "F") == 0 && header->bits == 24);
    if (!header->is_planar)
        return image_one_tile(image, is_bits ? im_codec_bits : image_codec_raw, offset, header->bits);
    if (image_is_bomb(image->width, image->height))
        return IMAGE_REFUSED;
    for (int64_t band = 0; band < 3; band++) {
        struct image_tile *tile =
            image_add_tile(image, image_codec_raw, offset + band * image->width * image->height, 8);
        if (!tile)
            return IMAGE_REFUSED;
        tile->arg = band;
    }
    return IMAGE_OPENED;
}

static enum image_verdict im_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct im_header header = {.mode = "L", .bits = 8, .width = 512, .height = 512};
    char stop;
    struct str head = image_read(&file, 100);
    if (head.size == 0 || !memchr(head.data, '\n', head.size))
        return IMAGE_NEXT;
    file.at = 0;
    enum image_verdict verdict = im_read_header(&file, &header, &stop);
    if (verdict != IMAGE_OPENED || header.n_tags == 0)
        return verdict == IMAGE_OPENED ? IMAGE_NEXT : verdict;
    while (stop != '\x1a') {
        struct str next = image_read(&file, 1);
        if (next.size == 0)
            return IMAGE_NEXT;
        stop = next.data[0];
    }
    if (header.has_palette && !im_read_palette(image, &file, &header))
        return IMAGE_NEXT;
    if (header.is_number)
        return IMAGE_NEXT;
    image->mode = header.mode ? header.mode : "?";
    image->width = header.width;
    image->height = header.height;
    image->sides = header.has_zero ? IMAGE_SIDES_WHOLE : header.sides; /* the mode fails first */
    return im_add_tiles(image, &header, (int64_t)file.at);
}

/* Pixels of any number of bits, each row from a byte on. */
static enum sidetok_error im_codec_bits(struct call *call, const struct image_file *image,
                                        const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    uint64_t row = ((uint64_t)tile->x1 * (uint64_t)tile->bits + 7) / 8;
    return data.size / row >= (uint64_t)tile->y1 ? SIDETOK_OK : image_truncated_at(call, 0);
}

/* A line of an IMT header: a key of lower case letters, a blank, the value. */
static enum image_verdict imt_read_line(struct image_file *image, struct str line, bool *ret_more)
{
    size_t n = 0;
    while (n < line.size && line.data[n] >= 'a' && line.data[n] <= 'z')
        n++;
    *ret_more = n < line.size && line.data[n] == ' ';
    if (!*ret_more)
        return IMAGE_OPENED;
    struct str key = {line.data, n}, value = str_from_offset(line, n + 1);
    for (n = 0; n < value.size && value.data[n] != ' ' && value.data[n] != '\r' && value.data[n] != '\n';)
        n++;
    value.size = n;
    bool is_width = str_equal(key, STR("width")), is_height = str_equal(key, STR("height"));
    if ((is_width || is_height) && !image_python_int(value, 10, is_width ? &image->width : &image->height))
        return IMAGE_REFUSED;
    if (str_equal(key, STR("pixel")) && str_equal(value, STR("n8")))
        image->mode = "L";
    return IMAGE_OPENED;
}

/* Lines up to a form feed, behind which the pixels are. */
static enum image_verdict imt_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct str head = image_read(&file, 100);
    if (head.size == 0 || !memchr(head.data, '\n', head.size))
        return IMAGE_NEXT;
    file.at = 0;
    for (bool more = true; more;) {
        struct str next = image_rest(image->bytes, file.at);
        if (next.size == 0)
            break;
        if (next.data[0] == '\f')
            return image_one_tile(image, image_codec_raw, (int64_t)file.at + 1,
                                  image_mode_is(image, "L") ? 8 : 0);
        struct str line = image_read_line(&file, UINT64_MAX);
        line.size -= line.data[line.size - 1] == '\n';
        if (line.size <= 1 || line.size > 100)
            break;
        if (line.data[0] == '*')
            continue;
        enum image_verdict verdict = imt_read_line(image, line, &more);
        if (verdict != IMAGE_OPENED)
            return verdict;
    }
    return IMAGE_OPENED;
}

const struct image_format image_format_im = {"IM", NULL, im_open, NULL};
const struct image_format image_format_imt = {"IMT", NULL, imt_open, NULL};
