#ifndef SIDETOK_SUPPORT_STR_H
#define SIDETOK_SUPPORT_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/**
 * A borrowed view of bytes, not NUL-terminated. Text in this project is UTF-8 in which a lone surrogate of a
 * Python string is carried as its three bytes (U+D800 is ED A0 80), so every Python str has exactly one form.
 */
struct str {
    const char *data;
    size_t size; /* bytes */
};

/** A view of a string literal. */
#define STR(literal) ((struct str){"" literal, sizeof literal - 1})

/** For printf("%.*s", STR_ARG(s)); the size is cut to what an int holds. */
#define STR_ARG(s) (int)((s).size > 0x7fffffff ? 0x7fffffff : (s).size), (s).data

/** A view of a NUL-terminated string; NULL gives the empty view. */
static inline struct str str_from(const char *text)
{
    return text ? (struct str){text, strlen(text)} : (struct str){"", 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/** Byte order, the shorter first on a common prefix: the order of Python's code points too. */
static inline int str_compare(struct str a, struct str b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool str_starts_with(struct str s, struct str prefix)
{
    return s.size >= prefix.size && memcmp(s.data, prefix.data, prefix.size) == 0;
}

static inline bool str_ends_with(struct str s, struct str suffix)
{
    return s.size >= suffix.size && memcmp(s.data + s.size - suffix.size, suffix.data, suffix.size) == 0;
}

/** The bytes from offset on; offset must not exceed the size. */
static inline struct str str_from_offset(struct str s, size_t offset)
{
    return (struct str){s.data + offset, s.size - offset};
}

#endif
