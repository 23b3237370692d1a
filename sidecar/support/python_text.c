#include "python_text.h"

#include "utf8.h"

/* Rule: CPython 3.11 _PyUnicode_IsWhitespace(): bidirectional type WS, B or S, or category Zs. */
bool python_is_space(uint32_t c)
{
    if (c < 0x80)
        return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

struct range {
    uint32_t first, last;
};

/* Beyond ASCII, in order. */
static const struct range unprintable[] = {
#include "python_unprintable.inc"
};

bool python_is_printable(uint32_t c)
{
    size_t low = 0, high = sizeof unprintable / sizeof unprintable[0];
    if (c < 0x80)
        return c >= 0x20 && c < 0x7f;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (unprintable[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low == sizeof unprintable / sizeof unprintable[0] || c < unprintable[low].first;
}

/* Where the last character of a text that is not empty begins. */
static size_t last_character(struct str text)
{
    size_t at = text.size - 1;
    while (at > 0 && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at--;
    return at;
}

struct str python_lstrip(struct str text)
{
    uint32_t c;
    while (text.size) {
        size_t size = utf8_read(text, 0, &c);
        if (!python_is_space(c))
            break;
        text = str_from_offset(text, size);
    }
    return text;
}

struct str python_rstrip(struct str text)
{
    uint32_t c;
    while (text.size) {
        size_t at = last_character(text);
        utf8_read(text, at, &c);
        if (!python_is_space(c))
            break;
        text.size = at;
    }
    return text;
}

struct str python_strip(struct str text)
{
    return python_lstrip(python_rstrip(text));
}

struct str python_rstrip_char(struct str text, char c)
{
    while (text.size && text.data[text.size - 1] == c)
        text.size--;
    return text;
}

struct str python_last(struct str text, size_t n)
{
    struct str rest = text;
    while (n-- && rest.size)
        rest.size = last_character(rest);
    return str_from_offset(text, rest.size);
}
