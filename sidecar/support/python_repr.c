#include "python_repr.h"

#include "python_text.h"
#include "utf8.h"

/* Rule: CPython 3.11 unicode_repr() and bytes_repr(): single quotes unless only those occur inside. */
static char quote_for(struct str text)
{
    bool has_single = text.size && memchr(text.data, '\'', text.size);
    bool has_double = text.size && memchr(text.data, '"', text.size);
    return has_single && !has_double ? '"' : '\'';
}

/* ASCII that stands for itself inside quotes of this kind. */
static bool is_plain(unsigned char c, char quote)
{
    return c >= 0x20 && c < 0x7f && c != '\\' && c != (unsigned char)quote;
}

static size_t plain_size(struct str text, size_t at, char quote)
{
    size_t end = at;
    while (end < text.size && is_plain((unsigned char)text.data[end], quote))
        end++;
    return end - at;
}

static void write_escape(struct buf *out, uint32_t c)
{
    switch (c) {
    case '\t':
        buf_append(out, STR("\\t"));
        return;
    case '\n':
        buf_append(out, STR("\\n"));
        return;
    case '\r':
        buf_append(out, STR("\\r"));
        return;
    case '\'':
    case '"':
    case '\\':
        buf_append_char(out, '\\');
        buf_append_char(out, (char)c);
        return;
    default:
        buf_printf(out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
}

void python_repr_str(struct buf *out, struct str text)
{
    char quote = quote_for(text);
    buf_append_char(out, quote);
    for (size_t at = 0; at < text.size;) {
        size_t plain = plain_size(text, at, quote);
        buf_append(out, (struct str){text.data + at, plain});
        at += plain;
        if (at == text.size)
            break;
        uint32_t c;
        size_t size = utf8_read(text, at, &c);
        if (c >= 0x80 && python_is_printable(c))
            buf_append(out, (struct str){text.data + at, size});
        else
            write_escape(out, c);
        at += size;
    }
    buf_append_char(out, quote);
}

void python_repr_bytes(struct buf *out, struct str bytes)
{
    char quote = quote_for(bytes);
    buf_append_char(out, 'b');
    buf_append_char(out, quote);
    for (size_t at = 0; at < bytes.size;) {
        size_t plain = plain_size(bytes, at, quote);
        buf_append(out, (struct str){bytes.data + at, plain});
        at += plain;
        if (at < bytes.size)
            write_escape(out, (unsigned char)bytes.data[at++]);
    }
    buf_append_char(out, quote);
}

static void array_repr(struct buf *out, const struct json *value)
{
    buf_append_char(out, '[');
    for (size_t i = 0; i < value->array.n; i++) {
        if (i)
            buf_append(out, STR(", "));
        python_repr(out, &value->array.items[i]);
    }
    buf_append_char(out, ']');
}

static void object_repr(struct buf *out, const struct json *value)
{
    buf_append_char(out, '{');
    for (size_t i = 0; i < value->object.n; i++) {
        if (i)
            buf_append(out, STR(", "));
        python_repr_str(out, value->object.members[i].key);
        buf_append(out, STR(": "));
        python_repr(out, &value->object.members[i].value);
    }
    buf_append_char(out, '}');
}

void python_repr(struct buf *out, const struct json *value)
{
    switch (value->kind) {
    case JSON_NULL:
        buf_append(out, STR("None"));
        break;
    case JSON_BOOL:
        buf_append(out, value->boolean ? STR("True") : STR("False"));
        break;
    case JSON_INT:
        buf_append(out, value->text);
        break;
    case JSON_FLOAT:
        json_write_float(out, value->number);
        break;
    case JSON_STRING:
        python_repr_str(out, value->text);
        break;
    case JSON_ARRAY:
        array_repr(out, value);
        break;
    case JSON_OBJECT:
        object_repr(out, value);
        break;
    case JSON_BYTES:
        python_repr_bytes(out, value->text);
        break;
    }
}

void python_str(struct buf *out, const struct json *value)
{
    if (value->kind == JSON_STRING)
        buf_append(out, value->text);
    else
        python_repr(out, value);
}
