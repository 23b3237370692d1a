#include "image_file.h"
#include "image_reader.h"

#include <math.h>

/* Rule: PIL.EpsImagePlugin of Pillow 13.0.0. Pillow hands the file to Ghostscript; where there is none, as
 * here, decoding fails. What is left is to tell which files it takes for PostScript, and how large they say
 * they are. */

enum { EPS_LINE = 255 };

/* The comments read so far. */
struct eps_header {
    bool has_title, has_box_comment, has_box, has_size, box_at_end, in_header, in_trailer;
    size_t n_box;
    int64_t box[4], size[2];
    const char *mode;
};

static bool eps_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("%!PS")) || (bytes.size >= 4 && image_le32(bytes.data) == 0xc6d3d0c5);
}

static bool eps_is_space(char c)
{
    return image_is_space(c) || (c >= 0x1c && c <= 0x1f) || c == (char)0x85 || c == (char)0xa0;
}

/* str.split() of Latin-1 text, which has more white space than bytes have. */
static struct str eps_word(struct str *s)
{
    while (s->size && eps_is_space(s->data[0]))
        *s = str_from_offset(*s, 1);
    struct str word = *s;
    while (s->size && !eps_is_space(s->data[0]))
        *s = str_from_offset(*s, 1);
    word.size -= s->size;
    return word;
}

/* [int(float(word)) ...]; false for a word that is no number. */
static bool eps_read_box(struct str value, struct eps_header *header)
{
    int64_t box[4] = {0};
    size_t n = 0;
    for (struct str word = eps_word(&value); word.size; word = eps_word(&value)) {
        double number;
        if (!image_python_float(word, &number) || !isfinite(number))
            return false;
        if (n < 4)
            box[n] = (int64_t)(number > 1e12 ? 1e12 : number < -1e12 ? -1e12 : number);
        n++;
    }
    memcpy(header->box, box, sizeof box);
    header->n_box = n;
    header->has_box = n > 0;
    return true;
}

/* "%%Key: value". False where the line is none. */
static bool eps_read_comment(struct eps_header *header, struct str line)
{
    const char *colon = line.size > 2 ? memchr(line.data + 2, ':', line.size - 2) : NULL;
    if (!str_starts_with(line, STR("%%")) || !colon)
        return false;
    struct str key = {line.data + 2, (size_t)(colon - line.data) - 2};
    struct str value = str_from_offset(line, key.size + 3);
    while (value.size && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = str_from_offset(value, 1);
    header->has_title = header->has_title || str_equal(key, STR("PS-Adobe"));
    if (!str_equal(key, STR("BoundingBox")))
        return true;
    header->has_box_comment = true;
    if (str_equal(value, STR("(atend)")))
        header->box_at_end = true;
    else if (!header->has_box || (header->in_trailer && header->box_at_end))
        eps_read_box(value, header);
    return true;
}

static bool eps_is_complete(const struct eps_header *header)
{
    return header->has_title && header->has_box_comment;
}

/* A line before the end of the comments. */
static enum image_verdict eps_read_header_line(struct eps_header *header, struct str line)
{
    if (line.data[0] != '%' || str_starts_with(line, STR("%%EndComments"))) {
        header->in_header = false;
        return eps_is_complete(header) ? IMAGE_OPENED : IMAGE_NEXT;
    }
    if (eps_read_comment(header, line))
        return IMAGE_OPENED;
    bool is_title = line.size > 2 && (line.data[1] == '!' || line.data[1] == '%') &&
                    str_starts_with(str_from_offset(line, 2), STR("PS-Adobe")) &&
                    !memchr(line.data, ':', line.size);
    header->has_title = header->has_title || is_title;
    return IMAGE_OPENED;
}

/* "%ImageData: columns rows depth mode ...". *ret_end: nothing more is read. */
static enum image_verdict eps_read_image_data(struct eps_header *header, struct str line, bool *ret_end)
{
    static const char *const modes[] = {"", "L", "LAB", "RGB", "CMYK"};
    struct str rest = str_from_offset(line, sizeof "%ImageData:" - 1);
    int64_t numbers[4];
    if (header->has_size)
        return IMAGE_OPENED;
    for (int i = 0; i < 4; i++)
        if (!image_python_int(image_word(&rest), 10, &numbers[i]))
            return IMAGE_REFUSED;
    *ret_end = numbers[2] != 1 && numbers[2] != 8;
    if (*ret_end)
        return IMAGE_OPENED;
    if (numbers[2] == 8 && (numbers[3] < 1 || numbers[3] > 4))
        return IMAGE_NEXT;
    header->mode = numbers[2] == 1 ? "1" : modes[numbers[3]];
    header->has_size = true;
    header->size[0] = numbers[0];
    header->size[1] = numbers[1];
    return IMAGE_OPENED;
}

/* A line behind the comments. */
static enum image_verdict eps_read_body_line(struct eps_header *header, struct image_reader *file,
                                             struct str line, bool *ret_end)
{
    int64_t count;
    if (str_starts_with(line, STR("%ImageData:")))
        return eps_read_image_data(header, line, ret_end);
    *ret_end = str_starts_with(line, STR("%%EOF"));
    if (*ret_end)
        return IMAGE_OPENED;
    if (header->in_trailer && header->box_at_end) {
        eps_read_comment(header, line);
    } else if (str_starts_with(line, STR("%%Trailer"))) {
        header->in_trailer = true;
    } else if (str_starts_with(line, STR("%%BeginBinary:"))) {
        if (!image_python_int(str_from_offset(line, 14), 10, &count) || count < 0)
            return IMAGE_REFUSED;
        file->at += (uint64_t)count;
    }
    return IMAGE_OPENED;
}

/* The next line, of 255 bytes at most; its end is read with it. */
static struct str eps_next_line(struct image_reader *file)
{
    struct str rest = image_rest(file->bytes, file->at);
    size_t n = 0;
    while (n < rest.size && n <= EPS_LINE && rest.data[n] != '\n' && rest.data[n] != '\r')
        n++;
    file->at += n > EPS_LINE ? EPS_LINE : n + (n < rest.size);
    return (struct str){rest.data, n};
}

/* The line that ends the comments is not forgotten: Pillow appends the next one to it. */
static enum image_verdict eps_swallow(struct image_reader *file, struct str line)
{
    struct image_reader ahead = *file;
    struct str next = eps_next_line(&ahead);
    if (line.size + next.size <= EPS_LINE) {
        *file = ahead;
        return IMAGE_OPENED;
    }
    file->at += EPS_LINE - line.size;
    return line.data[0] == '%' ? IMAGE_NEXT : IMAGE_OPENED;
}

static enum image_verdict eps_read(struct eps_header *header, struct image_reader *file)
{
    for (bool end = false; !end;) {
        struct str line = eps_next_line(file);
        enum image_verdict verdict = IMAGE_OPENED;
        if (line.size == 0 && file->at >= file->bytes.size)
            return header->in_header && !eps_is_complete(header) ? IMAGE_NEXT : IMAGE_OPENED;
        if (line.size == 0)
            continue;
        if (line.size > EPS_LINE) {
            bool ends_header = header->in_header;
            header->in_header = false;
            if (line.data[0] == '%' || (ends_header && !eps_is_complete(header)))
                return IMAGE_NEXT;
            continue;
        }
        bool was_header = header->in_header;
        verdict =
            was_header ? eps_read_header_line(header, line) : eps_read_body_line(header, file, line, &end);
        if (verdict == IMAGE_OPENED && was_header && !header->in_header)
            verdict = eps_swallow(file, line);
        if (verdict != IMAGE_OPENED)
            return verdict;
    }
    return IMAGE_OPENED;
}

static enum image_verdict eps_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct eps_header header = {.in_header = true, .mode = "RGB"};
    if (image->bytes.data[0] != '%') {
        if (image->bytes.size < 12)
            return IMAGE_NEXT;
        file.at = image_le32(image->bytes.data + 4);
    }
    enum image_verdict verdict = eps_read(&header, &file);
    if (verdict != IMAGE_OPENED)
        return verdict;
    if (!header.has_box)
        return IMAGE_REFUSED;
    if (!header.has_size && header.n_box < 4)
        return IMAGE_NEXT;
    image->mode = header.mode;
    image->width = header.has_size ? header.size[0] : header.box[2] - header.box[0];
    image->height = header.has_size ? header.size[1] : header.box[3] - header.box[1];
    return IMAGE_OPENED;
}

static enum sidetok_error eps_load(struct call *call, struct image_file *image)
{
    (void)image;
    return failure_set_str(call, SIDETOK_E_OS, STR("Unable to locate Ghostscript on paths"));
}

const struct image_format image_format_eps = {"EPS", eps_accept, eps_open, eps_load};
