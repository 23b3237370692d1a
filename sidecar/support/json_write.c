#include "buf.h"
#include "json.h"
#include "json_scan.h"
#include "utf8.h"

/* Rule: CPython 3.11, Lib/json/encoder.py and Modules/_json.c. */

static void write_value(struct buf *out, const struct json *value, struct json_style style);

static void write_hex_escape(struct buf *out, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\',          'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
                    hex[unit & 15]};
    buf_append(out, (struct str){text, sizeof text});
}

/* A quote, a backslash or a control character. */
static void write_escape(struct buf *out, unsigned char c)
{
    static const char letters[256] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char text[2] = {'\\', letters[c]};
    if (letters[c])
        buf_append(out, (struct str){text, sizeof text});
    else
        write_hex_escape(out, c);
}

static void write_string(struct buf *out, struct str text)
{
    const char *at = text.data, *end = text.data + text.size;
    buf_append_char(out, '"');
    while (at < end) {
        const char *stop = json_scan_plain(at, end);
        buf_append(out, (struct str){at, (size_t)(stop - at)});
        at = stop;
        if (at < end)
            write_escape(out, (unsigned char)*at++);
    }
    buf_append_char(out, '"');
}

static void write_non_ascii(struct buf *out, uint32_t c)
{
    if (c >= 0x10000) {
        write_hex_escape(out, 0xd800 + ((c - 0x10000) >> 10));
        write_hex_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
        return;
    }
    write_hex_escape(out, c);
}

static void write_string_ascii(struct buf *out, struct str text)
{
    buf_append_char(out, '"');
    for (size_t at = 0; at < text.size;) {
        uint32_t c;
        at += utf8_read(text, at, &c);
        if (c >= 0x7f)
            write_non_ascii(out, c);
        else if (json_scan_is_special((unsigned char)c))
            write_escape(out, (unsigned char)c);
        else
            buf_append_char(out, (char)c);
    }
    buf_append_char(out, '"');
}

static void write_key(struct buf *out, struct str text, struct json_style style)
{
    if (style.ensure_ascii)
        write_string_ascii(out, text);
    else
        write_string(out, text);
}

static void write_float(struct buf *out, double number)
{
    if (number != number)
        buf_append(out, STR("NaN"));
    else if (__builtin_isinf(number))
        buf_append(out, number < 0 ? STR("-Infinity") : STR("Infinity"));
    else
        json_write_float(out, number);
}

static void write_array(struct buf *out, const struct json *value, struct json_style style)
{
    buf_append_char(out, '[');
    for (size_t i = 0; i < value->array.n; i++) {
        if (i)
            buf_append(out, STR(", "));
        write_value(out, &value->array.items[i], style);
    }
    buf_append_char(out, ']');
}

static void write_object(struct buf *out, const struct json *value, struct json_style style)
{
    buf_append_char(out, '{');
    for (size_t i = 0; i < value->object.n; i++) {
        if (i)
            buf_append(out, STR(", "));
        write_key(out, value->object.members[i].key, style);
        buf_append(out, STR(": "));
        write_value(out, &value->object.members[i].value, style);
    }
    buf_append_char(out, '}');
}

static void write_value(struct buf *out, const struct json *value, struct json_style style)
{
    switch (value->kind) {
    case JSON_NULL:
    case JSON_BYTES:
        buf_append(out, STR("null"));
        break;
    case JSON_BOOL:
        buf_append(out, value->boolean ? STR("true") : STR("false"));
        break;
    case JSON_INT:
        buf_append(out, value->text);
        break;
    case JSON_FLOAT:
        write_float(out, value->number);
        break;
    case JSON_STRING:
        write_key(out, value->text, style);
        break;
    case JSON_ARRAY:
        write_array(out, value, style);
        break;
    case JSON_OBJECT:
        write_object(out, value, style);
        break;
    }
}

void json_write(struct buf *out, const struct json *value, struct json_style style)
{
    write_value(out, value, style);
}
