#include "utf8.h"

static unsigned byte_at(struct str text, size_t at)
{
    return at < text.size ? (unsigned char)text.data[at] : 0;
}

static bool is_continuation(unsigned byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The size a first byte announces; 0 for bytes that begin nothing (80..C1, F5..FF). */
static size_t size_announced(unsigned first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* Whether the second byte may follow the first: no overlong forms, nothing above U+10FFFF, surrogates on
 * demand. */
static bool second_fits(unsigned first, unsigned second, bool surrogates_pass)
{
    if (!is_continuation(second))
        return false;
    switch (first) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return surrogates_pass || second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return true;
    }
}

/* How many bytes of the sequence at `at` are right; *ret_whole when that is the whole sequence. 0: no start.
 */
static size_t sequence_size(struct str text, size_t at, bool surrogates_pass, bool *ret_whole)
{
    unsigned first = byte_at(text, at);
    size_t size = size_announced(first), good = 1;
    *ret_whole = size == 1;
    if (size < 2 || at + 1 >= text.size || !second_fits(first, byte_at(text, at + 1), surrogates_pass))
        return size > 0;
    for (good = 2; good < size; good++)
        if (at + good >= text.size || !is_continuation(byte_at(text, at + good)))
            return good;
    *ret_whole = true;
    return size;
}

size_t utf8_read(struct str text, size_t at, uint32_t *ret_code_point)
{
    bool whole;
    size_t size = sequence_size(text, at, true, &whole);
    if (!whole) {
        *ret_code_point = UTF8_REPLACEMENT;
        return 1;
    }
    unsigned first = byte_at(text, at);
    uint32_t code_point = size == 1 ? first : first & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        code_point = code_point << 6 | (byte_at(text, at + i) & 0x3f);
    *ret_code_point = code_point;
    return size;
}

size_t utf8_write(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

void utf8_append(struct buf *out, uint32_t code_point)
{
    char bytes[4];
    size_t size = utf8_write(bytes, code_point);
    buf_append(out, (struct str){bytes, size});
}

size_t utf8_count(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
}

bool utf8_has_surrogate(struct str text)
{
    const char *at = text.data, *end = text.data + text.size;
    while (at < end && (at = memchr(at, 0xed, (size_t)(end - at))) != NULL) {
        if (end - at > 1 && (unsigned char)at[1] >= 0xa0)
            return true;
        at++;
    }
    return false;
}

/* The end of the ASCII that begins at `at`, eight bytes a step. */
static size_t ascii_end(struct str text, size_t at)
{
    while (text.size - at >= 8) {
        uint64_t word;
        memcpy(&word, text.data + at, 8);
        if (word & 0x8080808080808080)
            break;
        at += 8;
    }
    while (at < text.size && (unsigned char)text.data[at] < 0x80)
        at++;
    return at;
}

/* The first place that is not UTF-8, or text.size. */
static size_t first_fault(struct str text, bool surrogates_pass)
{
    size_t at = 0;
    bool whole;
    while ((at = ascii_end(text, at)) < text.size) {
        size_t size = sequence_size(text, at, surrogates_pass, &whole);
        if (!whole)
            return at;
        at += size;
    }
    return at;
}

bool utf8_is_valid(struct str text, bool surrogates_pass)
{
    return first_fault(text, surrogates_pass) == text.size;
}

/* Rule: CPython's unicode_decode_utf8: the fault spans the right bytes; the text's end cuts, other bytes
 * break. */
enum sidetok_error utf8_check(struct call *call, struct str bytes)
{
    size_t at = first_fault(bytes, false);
    if (at == bytes.size)
        return SIDETOK_OK;
    bool whole;
    size_t good = sequence_size(bytes, at, false, &whole);
    if (good == 0)
        return failure_set(call, SIDETOK_E_UNICODE_DECODE,
                           "'utf-8' codec can't decode byte 0x%02x in position %zu: invalid start byte",
                           byte_at(bytes, at), at);
    const char *reason = at + good >= bytes.size ? "unexpected end of data" : "invalid continuation byte";
    if (good == 1)
        return failure_set(call, SIDETOK_E_UNICODE_DECODE,
                           "'utf-8' codec can't decode byte 0x%02x in position %zu: %s", byte_at(bytes, at),
                           at, reason);
    return failure_set(call, SIDETOK_E_UNICODE_DECODE,
                       "'utf-8' codec can't decode bytes in position %zu-%zu: %s", at, at + good - 1, reason);
}

void utf8_append_replaced(struct buf *out, struct str bytes)
{
    bool whole;
    for (size_t at = 0, begin = 0;;) {
        at = ascii_end(bytes, at);
        size_t good = at < bytes.size ? sequence_size(bytes, at, false, &whole) : 0;
        if (at < bytes.size && whole) {
            at += good;
            continue;
        }
        buf_append(out, (struct str){bytes.data + begin, at - begin});
        if (at >= bytes.size)
            return;
        utf8_append(out, UTF8_REPLACEMENT);
        at += good ? good : 1;
        begin = at;
    }
}

static bool is_high_surrogate(uint32_t c)
{
    return c >= 0xd800 && c < 0xdc00;
}

static bool is_surrogate(uint32_t c)
{
    return c >= 0xd800 && c < 0xe000;
}

static void append_joined(struct buf *out, struct str text)
{
    for (size_t at = 0; at < text.size;) {
        uint32_t c, low = 0;
        at += utf8_read(text, at, &c);
        if (is_high_surrogate(c) && at < text.size) {
            size_t size = utf8_read(text, at, &low);
            if (is_surrogate(low) && !is_high_surrogate(low)) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                at += size;
            }
        }
        utf8_append(out, is_surrogate(c) ? UTF8_REPLACEMENT : c);
    }
}

struct str utf8_join_surrogates(struct call *call, struct str text)
{
    if (!utf8_has_surrogate(text))
        return text;
    struct buf out;
    buf_init(&out, call);
    append_joined(&out, text);
    struct str joined = {NULL, 0};
    (void)buf_finish(&out, &joined);
    return joined;
}
