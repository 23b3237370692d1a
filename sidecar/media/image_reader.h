#ifndef SIDETOK_MEDIA_IMAGE_READER_H
#define SIDETOK_MEDIA_IMAGE_READER_H

#include "str.h"

#include <stdint.h>

/** A file in memory that is read as Python reads one: what lies behind the end is empty, not an error. */
struct image_reader {
    struct str bytes;
    uint64_t at;
};

/** fp.read(size): shorter at the end of the file. */
static inline struct str image_read(struct image_reader *reader, uint64_t size)
{
    size_t begin = reader->at < reader->bytes.size ? (size_t)reader->at : reader->bytes.size;
    size_t left = reader->bytes.size - begin;
    size_t n = size < left ? (size_t)size : left;
    reader->at = n ? begin + n : reader->at;
    return (struct str){reader->bytes.data + begin, n};
}

/** fp.readline(limit): up to and with the line feed. */
static inline struct str image_read_line(struct image_reader *reader, uint64_t limit)
{
    struct image_reader ahead = *reader;
    struct str rest = image_read(&ahead, limit);
    const char *end = rest.size ? memchr(rest.data, '\n', rest.size) : NULL;
    return image_read(reader, end ? (size_t)(end - rest.data) + 1 : rest.size);
}

/** Whether size bytes follow; nothing is read. */
static inline bool image_has(const struct image_reader *reader, uint64_t size)
{
    return reader->at <= reader->bytes.size && size <= reader->bytes.size - reader->at;
}

/** What follows offset; empty behind the end. */
static inline struct str image_rest(struct str bytes, uint64_t offset)
{
    return offset < bytes.size ? str_from_offset(bytes, (size_t)offset) : (struct str){"", 0};
}

static inline bool image_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/** bytes.strip(), of ASCII white space. */
static inline struct str image_strip(struct str s)
{
    while (s.size && image_is_space(s.data[0]))
        s = str_from_offset(s, 1);
    while (s.size && image_is_space(s.data[s.size - 1]))
        s.size--;
    return s;
}

/** bytes.split()[0]; s keeps what follows it. Empty when there is no word left. */
struct str image_word(struct str *s);

/** int(bytes, base), base 10 or 16. Numbers beyond 2^40 are 2^40: every use of one refuses it. */
bool image_python_int(struct str text, int base, int64_t *ret);

/** float(bytes), of less than 256 bytes. */
bool image_python_float(struct str text, double *ret);

#endif
