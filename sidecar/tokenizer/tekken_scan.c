#include "tekken_scan.h"

#include "buf.h"

#include <stdint.h>

/* A cursor that goes off the rails once and for good: after a misfit every step says no. */
struct cursor {
    const char *at, *end;
};

static void skip_white(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

static bool take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, struct str word)
{
    if ((size_t)(c->end - c->at) < word.size || memcmp(c->at, word.data, word.size) != 0)
        return false;
    c->at += word.size;
    return true;
}

static bool take_escape(struct cursor *c)
{
    if (c->at == c->end)
        return false;
    char kind = *c->at++;
    if (kind != 'u')
        return kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL;
    for (int i = 0; i < 4; i++, c->at++)
        if (c->at == c->end || *c->at == '\0' || !strchr("0123456789abcdefABCDEF", *c->at))
            return false;
    return true;
}

/* A JSON string; *ret_text is what stands between the quotes, *ret_escaped whether that is not what it means.
 */
static bool take_string(struct cursor *c, struct str *ret_text, bool *ret_escaped)
{
    if (!take(c, '"'))
        return false;
    const char *begin = c->at;
    *ret_escaped = false;
    while (c->at < c->end) {
        unsigned char byte = (unsigned char)*c->at++;
        if (byte == '"') {
            *ret_text = (struct str){begin, (size_t)(c->at - 1 - begin)};
            return true;
        }
        if (byte < 0x20)
            return false;
        if (byte == '\\') {
            *ret_escaped = true;
            if (!take_escape(c))
                return false;
        }
    }
    return false;
}

/* A whole number without sign or leading zero, of which only the value n is wanted. */
static bool take_rank(struct cursor *c, size_t n)
{
    size_t value = 0;
    const char *begin = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - begin < 10)
        value = value * 10 + (size_t)(*c->at++ - '0');
    bool more = c->at < c->end && (*c->at == '.' || *c->at == 'e' || *c->at == 'E' || *c->at == '_');
    return c->at > begin && (*begin != '0' || c->at - begin == 1) && value == n && !more;
}

enum { HAS_RANK = 1, HAS_BYTES = 2, HAS_STR = 4, HAS_ALL = 7 };

/* One member of an entry; returns which, 0 for a misfit. */
static unsigned take_member(struct cursor *c, size_t rank, struct str *ret_bytes)
{
    struct str key, text;
    bool escaped;
    if (!take_string(c, &key, &escaped) || escaped)
        return 0;
    skip_white(c);
    if (!take(c, ':'))
        return 0;
    skip_white(c);
    if (str_equal(key, STR("rank")))
        return take_rank(c, rank) ? HAS_RANK : 0;
    if (str_equal(key, STR("token_bytes")))
        return take_string(c, ret_bytes, &escaped) && !escaped ? HAS_BYTES : 0;
    if (str_equal(key, STR("token_str")))
        return take_word(c, STR("null")) || take_string(c, &text, &escaped) ? HAS_STR : 0;
    return 0;
}

static bool take_entry(struct cursor *c, size_t rank, struct str *ret_bytes)
{
    unsigned seen = 0;
    if (!take(c, '{'))
        return false;
    for (int i = 0; i < 3; i++) {
        skip_white(c);
        if (i > 0 && !take(c, ','))
            return false;
        skip_white(c);
        unsigned member = take_member(c, rank, ret_bytes);
        if (member == 0 || seen & member)
            return false;
        seen |= member;
    }
    skip_white(c);
    return take(c, '}') && seen == HAS_ALL;
}

static bool scan_push(struct call *call, struct tekken_scan *scan, size_t *capacity, struct str token_bytes)
{
    if (scan->n == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 1 << 18, size = sizeof token_bytes;
        struct str *grown = arena_grow(&call->arena, scan->token_bytes, *capacity * size, more * size);
        if (!grown)
            return false;
        scan->token_bytes = grown;
        *capacity = more;
    }
    scan->token_bytes[scan->n++] = token_bytes;
    return true;
}

static bool take_vocab(struct call *call, struct cursor *c, struct tekken_scan *scan)
{
    size_t capacity = 0;
    if (!take(c, '['))
        return false;
    do {
        struct str token_bytes = {NULL, 0};
        skip_white(c);
        if (!take_entry(c, scan->n, &token_bytes))
            return false;
        if (!scan_push(call, scan, &capacity, token_bytes))
            return false;
        skip_white(c);
    } while (take(c, ','));
    return take(c, ']');
}

/* Goes past a value of any kind by its brackets and quotes; what is inside is the general reader's matter. */
static bool skip_value(struct cursor *c)
{
    size_t depth = 0;
    struct str text;
    bool escaped;
    do {
        skip_white(c);
        if (c->at == c->end)
            return false;
        char first = *c->at;
        if (first == '"') {
            if (!take_string(c, &text, &escaped))
                return false;
        } else if (first == '{' || first == '[') {
            depth++;
            c->at++;
        } else if (first == '}' || first == ']') {
            if (depth == 0)
                return false;
            depth--;
            c->at++;
        } else {
            if (depth == 0 && (first == ',' || first == ':'))
                return false;
            c->at++;
            while (depth == 0 && c->at < c->end && !strchr(",}] \n\t\r", *c->at))
                c->at++;
        }
    } while (depth > 0);
    return true;
}

/* The document's members, one by one; *vocab is where the list stood. */
static bool take_document(struct call *call, struct cursor *c, struct tekken_scan *scan, struct str *vocab)
{
    skip_white(c);
    if (!take(c, '{'))
        return false;
    do {
        struct str key;
        bool escaped;
        skip_white(c);
        if (!take_string(c, &key, &escaped) || escaped)
            return false;
        skip_white(c);
        if (!take(c, ':'))
            return false;
        skip_white(c);
        if (!str_equal(key, STR("vocab"))) {
            if (!skip_value(c))
                return false;
        } else {
            if (vocab->data)
                return false;
            vocab->data = c->at;
            if (!take_vocab(call, c, scan))
                return false;
            vocab->size = (size_t)(c->at - vocab->data);
        }
        skip_white(c);
    } while (take(c, ','));
    return take(c, '}') && vocab->data;
}

enum sidetok_error tekken_scan(struct call *call, struct str file, bool *ret_sure,
                               struct tekken_scan *ret_scan)
{
    struct cursor c = {file.data, file.data + file.size};
    struct str vocab = {NULL, 0};
    *ret_scan = (struct tekken_scan){0};
    *ret_sure = take_document(call, &c, ret_scan, &vocab);
    if (!*ret_sure)
        return SIDETOK_OK;
    struct buf rest;
    buf_init(&rest, call);
    buf_append(&rest, (struct str){file.data, (size_t)(vocab.data - file.data)});
    buf_append(&rest, STR("[]"));
    const char *after = vocab.data + vocab.size;
    buf_append(&rest, (struct str){after, (size_t)(file.data + file.size - after)});
    return buf_finish(&rest, &ret_scan->rest);
}
