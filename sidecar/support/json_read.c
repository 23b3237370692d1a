#include "json.h"

#include "json_build.h"
#include "json_scan.h"
#include "utf8.h"

#include <stdlib.h>

/* Rule: CPython 3.11, Lib/json/decoder.py and the C scanner in Modules/_json.c, whose order of checks decides
 * which error a broken text gets. */

struct reader {
    struct call *call;
    const char *begin, *at, *end;
    struct json_builder builder;
    size_t depth;
};

enum { JSON_MAX_INT_DIGITS = 4300 };

static enum sidetok_error read_value(struct reader *reader, struct json *ret_value);

static size_t count_characters(const char *from, const char *to)
{
    return utf8_count((struct str){from, (size_t)(to - from)});
}

/* Rule: json.JSONDecodeError.__init__. Lines and columns count from 1. */
static enum sidetok_error fail_at(struct reader *reader, const char *message, const char *at)
{
    const char *line = reader->begin;
    size_t n_lines = 1;
    for (const char *c = reader->begin; c < at; c++)
        if (*c == '\n') {
            n_lines++;
            line = c + 1;
        }
    size_t column = count_characters(line, at) + 1;
    return failure_set(reader->call, SIDETOK_E_JSON_DECODE, "%s: line %zu column %zu (char %zu)", message,
                       n_lines, column, count_characters(reader->begin, at));
}

static void skip_space(struct reader *reader)
{
    const char *at = reader->at;
    while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    reader->at = at;
}

/* True, and past it, when the next byte is c. */
static bool take(struct reader *reader, char c)
{
    bool found = reader->at < reader->end && *reader->at == c;
    reader->at += found;
    return found;
}

static bool take_word(struct reader *reader, struct str word)
{
    struct str rest = {reader->at, (size_t)(reader->end - reader->at)};
    bool found = str_starts_with(rest, word);
    reader->at += found ? word.size : 0;
    return found;
}

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

/* The end of a fraction and an exponent after the integer digits; at itself when there is neither. An "e"
 * without digits is left standing. */
static const char *skip_float_tail(const char *at, const char *end)
{
    if (at < end && *at == '.' && is_digit(at + 1, end))
        at = skip_digits(at + 1, end);
    if (at < end && (*at == 'e' || *at == 'E')) {
        const char *digits = at + 1;
        if (digits < end && (*digits == '-' || *digits == '+'))
            digits++;
        if (is_digit(digits, end))
            at = skip_digits(digits, end);
    }
    return at;
}

/* strtod() rounds correctly, as Python's float() does, but needs a terminator. */
static enum sidetok_error read_float(struct reader *reader, struct str digits, struct json *ret_value)
{
    char small[64];
    char *text = digits.size < sizeof small ? small : call_alloc(reader->call, digits.size + 1);
    if (!text)
        return SIDETOK_E_NO_MEMORY;
    memcpy(text, digits.data, digits.size);
    text[digits.size] = '\0';
    *ret_value = (struct json){.kind = JSON_FLOAT, .number = strtod(text, NULL)};
    return SIDETOK_OK;
}

static enum sidetok_error read_int(struct reader *reader, struct str digits, struct json *ret_value)
{
    size_t n_digits = digits.size - (digits.data[0] == '-');
    if (n_digits > JSON_MAX_INT_DIGITS)
        return failure_set(
            reader->call, SIDETOK_E_VALUE,
            "Exceeds the limit (4300 digits) for integer string conversion: value has %zu digits; "
            "use sys.set_int_max_str_digits() to increase the limit",
            n_digits);
    *ret_value = (struct json){.kind = JSON_INT, .text = str_equal(digits, STR("-0")) ? STR("0") : digits};
    return SIDETOK_OK;
}

static enum sidetok_error read_number(struct reader *reader, struct json *ret_value)
{
    const char *begin = reader->at, *end = reader->end;
    const char *at = begin + (begin < end && *begin == '-');
    if (!is_digit(at, end))
        return fail_at(reader, "Expecting value", begin);
    at = *at == '0' ? at + 1 : skip_digits(at, end);
    reader->at = skip_float_tail(at, end);
    struct str digits = {begin, (size_t)(reader->at - begin)};
    return reader->at > at ? read_float(reader, digits, ret_value) : read_int(reader, digits, ret_value);
}

/* A hex digit's value and HEX; 0 for other bytes. */
enum { HEX = 16 };
static const uint8_t hex_digits[256] = {
    ['0'] = HEX,      ['1'] = HEX | 1,  ['2'] = HEX | 2,  ['3'] = HEX | 3,  ['4'] = HEX | 4,
    ['5'] = HEX | 5,  ['6'] = HEX | 6,  ['7'] = HEX | 7,  ['8'] = HEX | 8,  ['9'] = HEX | 9,
    ['a'] = HEX | 10, ['b'] = HEX | 11, ['c'] = HEX | 12, ['d'] = HEX | 13, ['e'] = HEX | 14,
    ['f'] = HEX | 15, ['A'] = HEX | 10, ['B'] = HEX | 11, ['C'] = HEX | 12, ['D'] = HEX | 13,
    ['E'] = HEX | 14, ['F'] = HEX | 15,
};

/* Four hex digits at at, or -1. */
static int32_t hex4(const char *at)
{
    const unsigned char *c = (const unsigned char *)at;
    unsigned a = hex_digits[c[0]], b = hex_digits[c[1]], d = hex_digits[c[2]], e = hex_digits[c[3]];
    if (!(a & b & d & e & HEX))
        return -1;
    return (int32_t)((a & 15) << 12 | (b & 15) << 8 | (d & 15) << 4 | (e & 15));
}

/* The escape of a low surrogate after that of a high one joins it to one character. Another \u escape there
 * is looked at too: its digits must be good even though it will be read again. */
static enum sidetok_error join_surrogates(struct reader *reader, uint32_t *c)
{
    const char *at = reader->at;
    if (*c < 0xd800 || *c > 0xdbff || reader->end - at <= 6 || at[0] != '\\' || at[1] != 'u')
        return SIDETOK_OK;
    int32_t low = hex4(at + 2);
    if (low < 0)
        return fail_at(reader, "Invalid \\uXXXX escape", at + 1);
    if (low >= 0xdc00 && low <= 0xdfff) {
        *c = 0x10000 + ((*c - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
        reader->at += 6;
    }
    return SIDETOK_OK;
}

/* After "\u". At least one more character must follow the digits, or the string could not end. */
static enum sidetok_error read_unicode_escape(struct reader *reader, char **out)
{
    int32_t value = reader->end - reader->at > 4 ? hex4(reader->at) : -1;
    if (value < 0)
        return fail_at(reader, "Invalid \\uXXXX escape", reader->at - 1);
    uint32_t c = (uint32_t)value;
    reader->at += 4;
    TRY(join_surrogates(reader, &c));
    *out += utf8_write(*out, c);
    return SIDETOK_OK;
}

/* After the backslash; begin is the string's opening quote. */
static enum sidetok_error read_escape(struct reader *reader, const char *begin, char **out)
{
    static const char meanings[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                       ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    if (reader->at == reader->end)
        return fail_at(reader, "Unterminated string starting at", begin);
    char c = *reader->at++;
    if (c == 'u')
        return read_unicode_escape(reader, out);
    char meaning = meanings[(unsigned char)c];
    if (!meaning)
        return fail_at(reader, "Invalid \\escape", reader->at - 2);
    *(*out)++ = meaning;
    return SIDETOK_OK;
}

/* Where the string's body ends, or the text's end: room enough for what the escapes stand for. */
static const char *find_body_end(const char *at, const char *end)
{
    for (;;) {
        at = json_scan_plain(at, end);
        if (at == end || *at == '"')
            return at;
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    }
}

/* A string from its first escape on; body is its beginning. No escape is shorter than what it stands for. */
static enum sidetok_error read_escaped(struct reader *reader, const char *body, struct str *ret_text)
{
    char *text = call_alloc(reader->call, (size_t)(find_body_end(reader->at, reader->end) - body));
    if (!text)
        return SIDETOK_E_NO_MEMORY;
    char *out = text;
    for (const char *chunk = body;; chunk = reader->at) {
        reader->at = json_scan_plain(reader->at, reader->end);
        size_t size = (size_t)(reader->at - chunk);
        if (size)
            memcpy(out, chunk, size);
        out += size;
        if (reader->at == reader->end)
            return fail_at(reader, "Unterminated string starting at", body - 1);
        char c = *reader->at++;
        if (c == '"')
            break;
        if (c != '\\')
            return fail_at(reader, "Invalid control character at", reader->at - 1);
        TRY(read_escape(reader, body - 1, &out));
        while (take(reader, '\\')) /* escapes come in runs: text in \u form */
            TRY(read_escape(reader, body - 1, &out));
    }
    *ret_text = (struct str){text, (size_t)(out - text)};
    return SIDETOK_OK;
}

/* After the opening quote. */
static enum sidetok_error read_string(struct reader *reader, struct str *ret_text)
{
    const char *body = reader->at;
    reader->at = json_scan_plain(body, reader->end);
    if (reader->at == reader->end || *reader->at != '"')
        return read_escaped(reader, body, ret_text);
    *ret_text = (struct str){body, (size_t)(reader->at - body)};
    reader->at++;
    return SIDETOK_OK;
}

static enum sidetok_error enter(struct reader *reader, const char *what)
{
    if (++reader->depth > JSON_MAX_DEPTH)
        return failure_set(reader->call, SIDETOK_E_RECURSION,
                           "maximum recursion depth exceeded while decoding a JSON %s from a unicode string",
                           what);
    skip_space(reader);
    return SIDETOK_OK;
}

/* Between two elements: true when the container goes on, false when it closed; an error otherwise. */
static enum sidetok_error read_comma(struct reader *reader, char closing, bool *ret_more)
{
    skip_space(reader);
    *ret_more = !take(reader, closing);
    if (!*ret_more)
        return SIDETOK_OK;
    if (!take(reader, ','))
        return fail_at(reader, "Expecting ',' delimiter", reader->at);
    skip_space(reader);
    return SIDETOK_OK;
}

/* After the opening bracket. */
static enum sidetok_error read_array(struct reader *reader, struct json *ret_value)
{
    size_t first = reader->builder.n;
    TRY(enter(reader, "array"));
    bool more = !take(reader, ']');
    while (more) {
        struct json element;
        TRY(read_value(reader, &element));
        TRY(json_build_push(&reader->builder, &element));
        TRY(read_comma(reader, ']', &more));
    }
    reader->depth--;
    return json_build_array(&reader->builder, first, ret_value);
}

/* After the opening brace. */
static enum sidetok_error read_object(struct reader *reader, struct json *ret_value)
{
    size_t first = reader->builder.n;
    TRY(enter(reader, "object"));
    bool more = !take(reader, '}');
    while (more) {
        struct json key = {.kind = JSON_STRING}, value;
        if (!take(reader, '"'))
            return fail_at(reader, "Expecting property name enclosed in double quotes", reader->at);
        TRY(read_string(reader, &key.text));
        TRY(json_build_push(&reader->builder, &key));
        skip_space(reader);
        if (!take(reader, ':'))
            return fail_at(reader, "Expecting ':' delimiter", reader->at);
        skip_space(reader);
        TRY(read_value(reader, &value));
        TRY(json_build_push(&reader->builder, &value));
        TRY(read_comma(reader, '}', &more));
    }
    reader->depth--;
    return json_build_object(&reader->builder, first, ret_value);
}

/* The words of JSON and of Python's own additions; anything else must be a number. */
static enum sidetok_error read_word(struct reader *reader, struct json *ret_value)
{
    if (take_word(reader, STR("null")))
        *ret_value = (struct json){.kind = JSON_NULL};
    else if (take_word(reader, STR("true")))
        *ret_value = (struct json){.kind = JSON_BOOL, .boolean = true};
    else if (take_word(reader, STR("false")))
        *ret_value = (struct json){.kind = JSON_BOOL, .boolean = false};
    else if (take_word(reader, STR("NaN")))
        *ret_value = (struct json){.kind = JSON_FLOAT, .number = __builtin_nan("")};
    else if (take_word(reader, STR("Infinity")))
        *ret_value = (struct json){.kind = JSON_FLOAT, .number = __builtin_inf()};
    else if (take_word(reader, STR("-Infinity")))
        *ret_value = (struct json){.kind = JSON_FLOAT, .number = -__builtin_inf()};
    else
        return read_number(reader, ret_value);
    return SIDETOK_OK;
}

static enum sidetok_error read_value(struct reader *reader, struct json *ret_value)
{
    if (take(reader, '"')) {
        ret_value->kind = JSON_STRING;
        return read_string(reader, &ret_value->text);
    }
    if (take(reader, '{'))
        return read_object(reader, ret_value);
    if (take(reader, '['))
        return read_array(reader, ret_value);
    return read_word(reader, ret_value);
}

enum sidetok_error json_read(struct call *call, struct str text, struct json *ret_value)
{
    struct reader reader = {.call = call, .begin = text.data, .at = text.data, .builder = {.call = call}};
    reader.end = text.data + text.size;
    if (str_starts_with(text, STR("\xef\xbb\xbf")))
        return fail_at(&reader, "Unexpected UTF-8 BOM (decode using utf-8-sig)", reader.at);
    skip_space(&reader);
    TRY(read_value(&reader, ret_value));
    skip_space(&reader);
    if (reader.at < reader.end)
        return fail_at(&reader, "Extra data", reader.at);
    return SIDETOK_OK;
}
