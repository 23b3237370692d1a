#include "image_reader.h"

#include <stdlib.h>

struct str image_word(struct str *s)
{
    while (s->size && image_is_space(s->data[0]))
        *s = str_from_offset(*s, 1);
    struct str word = *s;
    while (s->size && !image_is_space(s->data[0]))
        *s = str_from_offset(*s, 1);
    word.size -= s->size;
    return word;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

bool image_python_int(struct str text, int base, int64_t *ret)
{
    text = image_strip(text);
    bool negative = text.size && text.data[0] == '-';
    if (text.size && (text.data[0] == '-' || text.data[0] == '+'))
        text = str_from_offset(text, 1);
    if (base == 16 && text.size >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
        text = str_from_offset(text, 2);
        if (text.size && text.data[0] == '_')
            text = str_from_offset(text, 1);
    }
    int64_t n = 0;
    bool after_digit = false;
    for (size_t i = 0; i < text.size; i++) {
        int digit = digit_value(text.data[i]);
        if (text.data[i] == '_' ? !after_digit : digit >= base)
            return false;
        after_digit = text.data[i] != '_';
        if (after_digit && n < (int64_t)1 << 40)
            n = n * base + digit;
    }
    n = n < (int64_t)1 << 40 ? n : (int64_t)1 << 40;
    *ret = negative ? -n : n;
    return after_digit;
}

static bool is_digit_at(struct str text, size_t i)
{
    return i < text.size && text.data[i] >= '0' && text.data[i] <= '9';
}

bool image_python_float(struct str text, double *ret)
{
    char copy[256], *end;
    size_t n = 0;
    text = image_strip(text);
    if (text.size == 0 || text.size >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_gap = c == '_' && i > 0 && is_digit_at(text, i - 1) && is_digit_at(text, i + 1);
        if ((c == '_' && !is_gap) || c == '(' ||
            (c | 0x20) == 'x') /* which strtod() knows and Python does not */
            return false;
        if (!is_gap)
            copy[n++] = c;
    }
    copy[n] = '\0';
    *ret = strtod(copy, &end);
    return end == copy + n;
}
