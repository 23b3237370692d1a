#include "print.h"

#include "failure.h"
#include "json.h"
#include "utf8.h"

enum { PRINT_MAX_DEPTH = 32 }; /* of a value in a reply; deeper ones are cut to null */

static struct str as_str(struct view view)
{
    return (struct str){view.data, view.size};
}

static void print_code_point(struct buf *out, uint32_t c)
{
    if (c > 0xffff) {
        buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
        return;
    }
    buf_printf(out, "\\u%04x", c);
}

/* Plain ASCII needs no escape: runs of it are copied whole. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void print_string(struct buf *out, struct str text)
{
    buf_append_char(out, '"');
    for (size_t at = 0; at < text.size;) {
        size_t run = at;
        while (run < text.size && is_plain((unsigned char)text.data[run]))
            run++;
        buf_append(out, (struct str){text.data + at, run - at});
        at = run;
        if (at == text.size)
            break;
        uint32_t c;
        at += utf8_read(text, at, &c);
        if (c == '"' || c == '\\')
            buf_append_char(out, '\\'), buf_append_char(out, (char)c);
        else if (c == '\n')
            buf_append(out, STR("\\n"));
        else
            print_code_point(out, c);
    }
    buf_append_char(out, '"');
}

static void begin_member(struct buf *out, bool *is_first, const char *name)
{
    buf_printf(out, "%s\"%s\": ", *is_first ? "" : ", ", name);
    *is_first = false;
}

/* Decimal by hand: printf of a million ids takes longer than encoding them. */
static void print_uint(struct buf *out, uint32_t value)
{
    char digits[10];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_append(out, (struct str){digits + n, sizeof digits - n});
}

static void print_ids(struct buf *out, struct view ids)
{
    buf_append_char(out, '[');
    for (size_t i = 0; i + 4 <= ids.size; i += 4) {
        const uint8_t *b = (const uint8_t *)ids.data + i;
        uint32_t id = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        if (i > 0)
            buf_append(out, STR(", "));
        if (id > INT32_MAX) /* a SentencePiece file without the token: -1 */
            buf_printf(out, "%d", (int32_t)id);
        else
            print_uint(out, id);
    }
    buf_append_char(out, ']');
}

/* The ids of a batch: a list for each conversation. */
static void print_batch(struct buf *out, struct view ids, struct view lengths)
{
    const uint8_t *b = (const uint8_t *)lengths.data;
    buf_append_char(out, '[');
    for (size_t i = 0; i + 4 <= lengths.size; i += 4) {
        size_t n = (size_t)b[i] | (size_t)b[i + 1] << 8 | (size_t)b[i + 2] << 16 | (size_t)b[i + 3] << 24;
        struct view part = {ids.data, n <= ids.size / 4 ? 4 * n : ids.size};
        if (i > 0)
            buf_append(out, STR(", "));
        print_ids(out, part);
        ids = (struct view){ids.data + part.size, ids.size - part.size};
    }
    buf_append_char(out, ']');
}

static void print_hex(struct buf *out, struct view bytes)
{
    buf_append_char(out, '"');
    for (size_t i = 0; i < bytes.size; i++)
        buf_printf(out, "%02x", (unsigned)(uint8_t)bytes.data[i]);
    buf_append_char(out, '"');
}

static bool is_own_member(struct view key)
{
    static const char *const own[] = {"name", "kind", "file", "server", "sha256"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (str_equal(as_str(key), str_from(own[i])))
            return true;
    return false;
}

static void print_value(struct buf *out, struct msgpack_reader *reader, int depth);

/* A bin that is a digest, not text. False when the value is no bin: nothing is read then. */
static bool print_digest(struct buf *out, struct msgpack_reader *reader)
{
    struct msgpack_reader ahead = *reader;
    struct msgpack_token token;
    if (msgpack_read_token(&ahead, &token) != SIDETOK_OK || token.kind != MSGPACK_READ_BIN)
        return false;
    print_hex(out, token.bytes);
    *reader = ahead;
    return true;
}

/* The members; is_first: whether none stands before them. */
static void print_map(struct buf *out, struct msgpack_reader *reader, uint32_t n, int depth, bool is_bare,
                      bool is_first)
{
    for (uint32_t i = 0; i < n; i++) {
        struct msgpack_token key;
        struct view skipped;
        if (msgpack_read_token(reader, &key) != SIDETOK_OK || key.kind != MSGPACK_READ_STR)
            return;
        if (is_bare && is_own_member(key.bytes)) {
            if (msgpack_read_value(reader, &skipped) != SIDETOK_OK)
                return;
            continue;
        }
        if (!is_first)
            buf_append(out, STR(", "));
        is_first = false;
        print_string(out, as_str(key.bytes));
        buf_append(out, STR(": "));
        if (!str_equal(as_str(key.bytes), STR("sha256")) || !print_digest(out, reader))
            print_value(out, reader, depth + 1);
    }
}

static void print_array(struct buf *out, struct msgpack_reader *reader, uint32_t n, int depth)
{
    buf_append_char(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0)
            buf_append(out, STR(", "));
        print_value(out, reader, depth + 1);
    }
    buf_append_char(out, ']');
}

static void print_token(struct buf *out, struct msgpack_reader *reader, const struct msgpack_token *token,
                        int depth)
{
    switch (token->kind) {
    case MSGPACK_READ_BOOL:
        buf_append(out, token->boolean ? STR("true") : STR("false"));
        break;
    case MSGPACK_READ_INT:
        buf_printf(out, "%lld", (long long)token->integer);
        break;
    case MSGPACK_READ_UINT:
        buf_printf(out, "%llu", (unsigned long long)token->unsigned_integer);
        break;
    case MSGPACK_READ_FLOAT: /* NaN and infinities in JSON's spelling, not repr()'s */
        json_write(out, &(struct json){.kind = JSON_FLOAT, .number = token->number}, (struct json_style){0});
        break;
    case MSGPACK_READ_STR:
        print_string(out, as_str(token->bytes));
        break;
    case MSGPACK_READ_BIN: /* text with lone surrogates, or bytes */
        if (utf8_is_valid(as_str(token->bytes), true))
            print_string(out, as_str(token->bytes));
        else
            print_hex(out, token->bytes);
        break;
    case MSGPACK_READ_ARRAY:
        print_array(out, reader, token->n, depth);
        break;
    case MSGPACK_READ_MAP:
        buf_append_char(out, '{');
        print_map(out, reader, token->n, depth, false, true);
        buf_append_char(out, '}');
        break;
    case MSGPACK_READ_NIL:
    case MSGPACK_READ_EXT:
        buf_append(out, STR("null"));
        break;
    }
}

static void print_value(struct buf *out, struct msgpack_reader *reader, int depth)
{
    struct msgpack_token token;
    struct view value;
    if (depth < PRINT_MAX_DEPTH && msgpack_read_token(reader, &token) == SIDETOK_OK) {
        print_token(out, reader, &token, depth);
        return;
    }
    if (msgpack_read_value(reader, &value) != SIDETOK_OK) /* nothing whole is left */
        reader->at = reader->end;
    buf_append(out, STR("null"));
}

/* images: [[height, width], ...]; audios: [{"samples": n, "sampling_rate": r}, ...] */
static void print_pairs(struct buf *out, struct view pairs, const char *format)
{
    struct msgpack_reader reader = message_pairs(pairs);
    uint64_t first, second;
    buf_append_char(out, '[');
    for (bool more = false; message_next_pair(&reader, &first, &second); more = true) {
        if (more)
            buf_append(out, STR(", "));
        buf_printf(out, format, (unsigned long long)first, (unsigned long long)second);
    }
    buf_append_char(out, ']');
}

static void print_error(struct buf *out, const struct message_reply *reply)
{
    buf_append(out, STR("\"error\": {\"type\": "));
    print_string(out, as_str(reply->type));
    buf_append(out, STR(", \"message\": "));
    print_string(out, as_str(reply->message));
    if (reply->stage.data) {
        buf_append(out, STR(", \"stage\": "));
        print_string(out, as_str(reply->stage));
    }
    if (reply->errors.data) {
        struct msgpack_reader reader = msgpack_reader_of(reply->errors);
        buf_append(out, STR(", \"errors\": "));
        print_value(out, &reader, 0);
    } else {
        buf_append(out, STR(", \"family\": "));
        print_string(out, as_str(reply->family));
    }
    buf_append_char(out, '}');
}

/* The value of the smaller operations, under the name that the parity records give it. */
static void print_named_value(struct buf *out, bool *is_first, struct view value, enum message_op op,
                              bool is_bare)
{
    struct msgpack_reader reader = msgpack_reader_of(value);
    struct msgpack_token token;
    if (op == MESSAGE_OP_BYTE_PIECE && msgpack_read_token(&reader, &token) == SIDETOK_OK &&
        token.kind == MSGPACK_READ_BIN) {
        begin_member(out, is_first, "hex");
        print_hex(out, token.bytes);
        return;
    }
    reader = msgpack_reader_of(value);
    if (op == MESSAGE_OP_IS_SPECIAL || op == MESSAGE_OP_SPECIAL_ID || op == MESSAGE_OP_BYTE_PIECE) {
        begin_member(out, is_first, op == MESSAGE_OP_SPECIAL_ID ? "id" : "value");
        print_value(out, &reader, 0);
    } else if (msgpack_read_token(&reader, &token) == SIDETOK_OK && token.kind == MSGPACK_READ_MAP) {
        print_map(out, &reader, token.n, 0, is_bare, *is_first);
    }
}

void print_reply(struct buf *out, const struct message_reply *reply, enum message_op op, bool is_bare)
{
    bool is_first = true;
    if (reply->code != SIDETOK_OK) {
        print_error(out, reply);
        return;
    }
    if (reply->ids.data) {
        begin_member(out, &is_first, "tokens");
        if (reply->lengths.data)
            print_batch(out, reply->ids, reply->lengths);
        else
            print_ids(out, reply->ids);
    }
    if (reply->text.data) {
        begin_member(out, &is_first, "text");
        print_string(out, as_str(reply->text));
    }
    if (reply->prefix_ids.data) {
        begin_member(out, &is_first, "prefix_ids");
        print_ids(out, reply->prefix_ids);
    }
    if (reply->images.data) {
        begin_member(out, &is_first, "images");
        print_pairs(out, reply->images, "[%llu, %llu]");
    }
    if (reply->audios.data) {
        begin_member(out, &is_first, "audios");
        print_pairs(out, reply->audios, "{\"samples\": %llu, \"sampling_rate\": %llu}");
    }
    if (reply->has_count) {
        begin_member(out, &is_first, "count");
        buf_printf(out, "%llu", (unsigned long long)reply->count);
    }
    if (reply->value.data)
        print_named_value(out, &is_first, reply->value, op, is_bare);
}

void print_failure(struct buf *out, const struct failure *failure)
{
    buf_append(out, STR("\"error\": {\"type\": "));
    print_string(out, str_from(error_name(failure->code)));
    buf_append(out, STR(", \"message\": "));
    print_string(out, failure->message);
    buf_append(out, STR(", \"family\": "));
    print_string(out, str_from(error_family(failure->code)));
    buf_append_char(out, '}');
}
