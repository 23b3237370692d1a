#include "pydantic_number.h"

#include "unicode.h"
#include "utf8.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

enum { MAX_DIGITS = 4300 }; /* Python's limit on integer text, kept by jiter */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(struct str text, size_t at, size_t *ret_size)
{
    uint32_t code_point;
    *ret_size = utf8_read(text, at, &code_point);
    enum unicode_class class = unicode_class(code_point);
    return class == UNICODE_SPACE || class == UNICODE_BREAK;
}

/* Where the last character begins. */
static size_t last_char(struct str text)
{
    size_t at = text.size - 1;
    while (at > 0 && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at--;
    return at;
}

struct str number_trim(struct str text)
{
    size_t size;
    while (text.size > 0 && is_space(text, 0, &size))
        text = str_from_offset(text, size);
    while (text.size > 0 && is_space(text, last_char(text), &size) && last_char(text) + size == text.size)
        text.size -= size;
    return text;
}

/* JSON's integer: no plus, no leading zero. The limit counts before what follows the digits is looked at. */
static enum number_result read_plain(struct str text, struct str *ret_digits)
{
    size_t sign = text.size > 0 && text.data[0] == '-', end = sign;
    while (end < text.size && is_digit(text.data[end]))
        end++;
    size_t n = end - sign;
    if (n == 0 || (text.data[sign] == '0' && n > 1))
        return NUMBER_BAD;
    if (n > MAX_DIGITS)
        return NUMBER_TOO_LONG;
    if (end != text.size)
        return NUMBER_BAD;
    bool zero = text.data[sign] == '0';
    *ret_digits = zero ? STR("0") : text;
    return NUMBER_OK;
}

/* Rule: pydantic_core strip_leading_zeros, "0-5" included. */
static bool skip_zeros(struct str *text)
{
    if (text->size == 0 || !(is_digit(text->data[0]) || text->data[0] == '-'))
        return false;
    if (text->data[0] != '0')
        return true;
    for (size_t i = 1; i < text->size; i++) {
        char c = text->data[i];
        if (c == '0' || c == '_')
            continue;
        if (c != '.' && c != '-' && !is_digit(c))
            return false;
        *text = str_from_offset(*text, c == '.' ? i - 1 : i);
        return true;
    }
    *text = str_from_offset(*text, text->size - 1);
    return true;
}

/* "12.000" is 12. */
static void cut_zero_fraction(struct str *text)
{
    const char *point = memchr(text->data, '.', text->size);
    if (!point)
        return;
    size_t whole = (size_t)(point - text->data), at = whole + 1;
    if (at == text->size)
        return;
    while (at < text->size && text->data[at] == '0')
        at++;
    if (at == text->size)
        text->size = whole;
}

/* Underscores stand between other characters, one at a time; else the text is left as it is. */
static bool has_good_underscores(struct str text)
{
    if (text.size == 0 || text.data[0] == '_' || text.data[text.size - 1] == '_')
        return false;
    return memchr(text.data, '_', text.size) && !memmem(text.data, text.size, "__", 2);
}

/* A copy without underscores, after a minus when negative. */
static char *copy_without_underscores(struct call *call, struct str text, bool negative, struct str *ret_copy)
{
    char *copy = call_alloc(call, text.size + 2);
    size_t n = 0;
    if (!copy)
        return NULL;
    if (negative)
        copy[n++] = '-';
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '_')
            copy[n++] = text.data[i];
    copy[n] = '\0';
    *ret_copy = (struct str){copy, n};
    return copy;
}

static bool starts_with(struct str text, char c)
{
    return text.size > 0 && text.data[0] == c;
}

/* Rule: pydantic_core clean_int_str, up to the underscores. */
static bool clean_int(struct str *text, bool *ret_negative)
{
    *text = number_trim(*text);
    if (starts_with(*text, '+')) {
        *text = str_from_offset(*text, 1);
        if (starts_with(*text, '-'))
            return false;
    }
    *ret_negative = starts_with(*text, '-');
    if (*ret_negative) {
        *text = str_from_offset(*text, 1);
        if (starts_with(*text, '-') || starts_with(*text, '+'))
            return false;
    }
    if (!skip_zeros(text))
        return false;
    cut_zero_fraction(text);
    return true;
}

enum number_result number_read_int(struct call *call, struct str text, struct str *ret_digits)
{
    enum number_result result = read_plain(text, ret_digits);
    if (result != NUMBER_BAD)
        return result;
    bool negative;
    if (!clean_int(&text, &negative))
        return NUMBER_BAD;
    if (negative && !has_good_underscores(text) && memchr(text.data, '_', text.size))
        return NUMBER_BAD;
    if (negative || has_good_underscores(text))
        if (!copy_without_underscores(call, text, negative, &text))
            return NUMBER_NO_MEMORY;
    return read_plain(text, ret_digits) == NUMBER_OK ? NUMBER_OK : NUMBER_BAD;
}

static size_t skip_digits(struct str text, size_t at)
{
    while (at < text.size && is_digit(text.data[at]))
        at++;
    return at;
}

/* Rule: the grammar of Rust's f64: digits with a point anywhere among them, an exponent. */
static bool is_rust_number(struct str text)
{
    size_t whole = skip_digits(text, 0), at = whole, fraction = 0;
    if (at < text.size && text.data[at] == '.') {
        at = skip_digits(text, at + 1);
        fraction = at - whole - 1;
    }
    if (whole + fraction == 0)
        return false;
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        if (at < text.size && (text.data[at] == '+' || text.data[at] == '-'))
            at++;
        size_t end = skip_digits(text, at);
        if (end == at)
            return false;
        at = end;
    }
    return at == text.size;
}

static bool is_word(struct str text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static bool is_rust_float(struct str text)
{
    if (starts_with(text, '+') || starts_with(text, '-'))
        text = str_from_offset(text, 1);
    return is_word(text, "inf") || is_word(text, "infinity") || is_word(text, "nan") || is_rust_number(text);
}

enum number_result number_from_digits(struct call *call, struct str digits, double *ret_number)
{
    char *copy = call_alloc(call, digits.size + 1);
    if (!copy)
        return NUMBER_NO_MEMORY;
    memcpy(copy, digits.data, digits.size);
    copy[digits.size] = '\0';
    *ret_number = strtod(copy, NULL);
    return isinf(*ret_number) ? NUMBER_TOO_LONG : NUMBER_OK;
}

enum number_result number_read_float(struct call *call, struct str text, double *ret_number)
{
    struct str bare = number_trim(text);
    if (!is_rust_float(bare)) {
        if (!has_good_underscores(text))
            return NUMBER_BAD;
        if (!copy_without_underscores(call, text, false, &bare))
            return NUMBER_NO_MEMORY;
        if (!is_rust_float(bare))
            return NUMBER_BAD;
    }
    enum number_result result = number_from_digits(call, bare, ret_number);
    return result == NUMBER_TOO_LONG ? NUMBER_OK : result;
}
