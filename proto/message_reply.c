#include "message.h"

#include <string.h>

enum {
    FORMAT_MAP32 = 0xdf,
    FORMAT_BIN32 = 0xc6,
    MAP32_SIZE = 5,
    BIN32_SIZE = 5,
    ID_SIZE = 4,
    FORMAT_UINT8 = 0xcc,
};

static void put_big_endian(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/** The number of fields is not known yet: the widest header, filled in by message_reply_end(). */
void message_reply_begin(struct message_reply_writer *reply, struct msgpack_writer *out,
                         enum sidetok_error code)
{
    static const char header[MAP32_SIZE] = "\xdf";
    *reply = (struct message_reply_writer){.out = out, .begin = out->size};
    msgpack_write_raw(out, (struct view){header, sizeof header});
    message_reply_field(reply, MESSAGE_REPLY_VERSION);
    msgpack_write_uint(out, MESSAGE_VERSION);
    message_reply_field(reply, MESSAGE_REPLY_CODE);
    msgpack_write_uint(out, code);
}

void message_reply_field(struct message_reply_writer *reply, enum message_reply_field field)
{
    msgpack_write_uint(reply->out, field);
    reply->n_fields++;
}

/** Header 5, version 2, code 2, key 2 and length 5 bytes make 16: the key is written in two bytes for that.
 */
void message_reply_ids_begin(struct message_reply_writer *reply)
{
    static const uint8_t head[2 + BIN32_SIZE] = {FORMAT_UINT8, MESSAGE_REPLY_IDS, FORMAT_BIN32};
    msgpack_write_raw(reply->out, (struct view){(const char *)head, sizeof head});
    reply->n_fields++;
    reply->ids_begin = reply->out->size;
}

/** The room is counted at once, so that growing keeps what was produced in it. */
uint32_t *message_reply_ids_room(struct message_reply_writer *reply, size_t n)
{
    struct msgpack_writer *out = reply->out;
    if (n > UINT32_MAX / ID_SIZE)
        out->failed = true;
    if (out->failed)
        return NULL;
    size_t end = reply->ids_begin + n * ID_SIZE;
    if (end > out->size) {
        size_t more = end - out->size;
        if (!msgpack_write_room(out, more))
            return NULL;
        msgpack_write_advance(out, more);
    }
    return (uint32_t *)(void *)(out->data + reply->ids_begin);
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static void swap_ids(uint8_t *at, size_t n)
{
    for (uint8_t *end = at + n * ID_SIZE; at < end; at += ID_SIZE) {
        uint8_t id[ID_SIZE] = {at[3], at[2], at[1], at[0]};
        memcpy(at, id, ID_SIZE);
    }
}
#else
static void swap_ids(uint8_t *at, size_t n)
{
    (void)at, (void)n; /* the wire's order is the machine's */
}
#endif

void message_reply_ids_end(struct message_reply_writer *reply, size_t n)
{
    if (reply->out->failed)
        return;
    reply->out->size = reply->ids_begin + n * ID_SIZE;
    put_big_endian(reply->out->data + reply->ids_begin - 4, (uint32_t)(n * ID_SIZE));
    swap_ids(reply->out->data + reply->ids_begin, n);
}

void message_reply_ids(struct message_reply_writer *reply, enum message_reply_field field,
                       const uint32_t *ids, size_t n)
{
    if (n > UINT32_MAX / ID_SIZE)
        reply->out->failed = true;
    message_reply_field(reply, field);
    msgpack_write_bin(reply->out, (struct view){(const char *)ids, n * ID_SIZE});
    if (!reply->out->failed)
        swap_ids(reply->out->data + reply->out->size - n * ID_SIZE, n);
}

static void put_text(struct message_reply_writer *reply, enum message_reply_field field, struct view text)
{
    message_reply_field(reply, field);
    msgpack_write_text(reply->out, text);
}

static struct view view_of(const char *text)
{
    return (struct view){text, strlen(text)};
}

void message_reply_failure(struct message_reply_writer *reply, enum sidetok_error code, struct view message,
                           struct view stage)
{
    put_text(reply, MESSAGE_REPLY_TYPE, view_of(error_name(code)));
    put_text(reply, MESSAGE_REPLY_FAMILY, view_of(error_family(code)));
    put_text(reply, MESSAGE_REPLY_MESSAGE, message);
    if (stage.data)
        put_text(reply, MESSAGE_REPLY_STAGE, stage);
}

enum sidetok_error message_reply_end(struct message_reply_writer *reply)
{
    if (!reply->out->failed)
        put_big_endian(reply->out->data + reply->begin + 1, reply->n_fields);
    return msgpack_writer_error(reply->out);
}

/* Unpacking. */

struct reply_unpack {
    struct msgpack_reader reader;
    struct message_reply *reply;
    uint64_t seen; /* one bit for each known key */
};

static enum sidetok_error bad_reply(struct message_reply *reply, const char *problem)
{
    reply->problem = problem;
    return SIDETOK_E_BAD_REPLY;
}

static bool read_uint(struct msgpack_reader *reader, uint64_t max, uint64_t *ret)
{
    struct msgpack_token token;
    if (msgpack_read_token(reader, &token) || token.kind != MSGPACK_READ_UINT || token.unsigned_integer > max)
        return false;
    *ret = token.unsigned_integer;
    return true;
}

static bool read_text(struct msgpack_reader *reader, struct view *ret)
{
    struct msgpack_token token;
    if (msgpack_read_token(reader, &token) ||
        (token.kind != MSGPACK_READ_STR && token.kind != MSGPACK_READ_BIN))
        return false;
    *ret = token.bytes;
    return true;
}

static bool read_ids(struct msgpack_reader *reader, struct view *ret)
{
    struct msgpack_token token;
    if (msgpack_read_token(reader, &token) || token.kind != MSGPACK_READ_BIN ||
        token.bytes.size % ID_SIZE != 0)
        return false;
    *ret = token.bytes;
    return true;
}

static bool read_array(struct msgpack_reader *reader, struct view *ret)
{
    struct msgpack_reader ahead = *reader;
    struct msgpack_token token;
    return msgpack_read_token(&ahead, &token) == SIDETOK_OK && token.kind == MSGPACK_READ_ARRAY &&
           msgpack_read_value(reader, ret) == SIDETOK_OK;
}

static bool read_count(struct message_reply *reply, struct msgpack_reader *reader)
{
    reply->has_count = read_uint(reader, UINT64_MAX, &reply->count);
    return reply->has_count;
}

static bool read_code(struct message_reply *reply, struct msgpack_reader *reader)
{
    uint64_t code;
    if (!read_uint(reader, UINT32_MAX, &code))
        return false;
    reply->code = (uint32_t)code;
    return true;
}

/** False when the field has another type than the specification's. */
static bool read_field(struct reply_unpack *unpack, uint64_t key)
{
    struct message_reply *reply = unpack->reply;
    struct msgpack_reader *reader = &unpack->reader;
    switch (key) {
    case MESSAGE_REPLY_CODE:
        return read_code(reply, reader);
    case MESSAGE_REPLY_IDS:
        return read_ids(reader, &reply->ids);
    case MESSAGE_REPLY_TEXT:
        return read_text(reader, &reply->text);
    case MESSAGE_REPLY_COUNT:
        return read_count(reply, reader);
    case MESSAGE_REPLY_PREFIX_IDS:
        return read_ids(reader, &reply->prefix_ids);
    case MESSAGE_REPLY_IMAGES:
        return read_array(reader, &reply->images);
    case MESSAGE_REPLY_AUDIOS:
        return read_array(reader, &reply->audios);
    case MESSAGE_REPLY_VALUE:
        return msgpack_read_value(reader, &reply->value) == SIDETOK_OK;
    case MESSAGE_REPLY_LENGTHS:
        return read_ids(reader, &reply->lengths);
    case MESSAGE_REPLY_TYPE:
        return read_text(reader, &reply->type);
    case MESSAGE_REPLY_FAMILY:
        return read_text(reader, &reply->family);
    case MESSAGE_REPLY_MESSAGE:
        return read_text(reader, &reply->message);
    case MESSAGE_REPLY_STAGE:
        return read_text(reader, &reply->stage);
    case MESSAGE_REPLY_ERRORS:
        return read_array(reader, &reply->errors);
    default:
        return msgpack_read_value(reader, NULL) == SIDETOK_OK;
    }
}

static enum sidetok_error read_pair(struct reply_unpack *unpack)
{
    uint64_t key;
    struct msgpack_reader before = unpack->reader;
    if (!read_uint(&unpack->reader, UINT64_MAX, &key)) {
        unpack->reader = before;
        bool skipped =
            !msgpack_read_value(&unpack->reader, NULL) && !msgpack_read_value(&unpack->reader, NULL);
        return skipped ? SIDETOK_OK : bad_reply(unpack->reply, "the envelope is cut");
    }
    uint64_t bit = key < 64 ? 1ull << key : 0;
    if (unpack->seen & bit)
        return bad_reply(unpack->reply, "a field stands twice");
    unpack->seen |= bit;
    return read_field(unpack, key) ? SIDETOK_OK
                                   : bad_reply(unpack->reply, "a field is cut or of the wrong type");
}

static enum sidetok_error read_version(struct reply_unpack *unpack, uint32_t *ret_n_fields)
{
    struct msgpack_token map;
    uint64_t key, version;
    if (msgpack_read_token(&unpack->reader, &map) || map.kind != MSGPACK_READ_MAP || map.n == 0)
        return bad_reply(unpack->reply, "a reply is a map");
    if (!read_uint(&unpack->reader, UINT64_MAX, &key) || key != MESSAGE_REPLY_VERSION ||
        !read_uint(&unpack->reader, UINT32_MAX, &version))
        return bad_reply(unpack->reply, "the first field must be the version (0)");
    unpack->reply->version = (uint32_t)version;
    unpack->seen = 1;
    *ret_n_fields = map.n;
    if (version == MESSAGE_VERSION)
        return SIDETOK_OK;
    unpack->reply->problem = "this client speaks protocol 1";
    return SIDETOK_E_UNKNOWN_VERSION;
}

enum sidetok_error message_unpack_reply(struct view bytes, struct message_reply *ret)
{
    struct reply_unpack unpack = {.reader = msgpack_reader_of(bytes), .reply = ret};
    *ret = (struct message_reply){0};
    uint32_t n_fields;
    enum sidetok_error error = read_version(&unpack, &n_fields);
    for (uint32_t i = 1; !error && i < n_fields; i++)
        error = read_pair(&unpack);
    if (error)
        return error;
    if (!msgpack_read_at_end(&unpack.reader))
        return bad_reply(ret, "bytes are left over behind the envelope");
    if (!(unpack.seen & (1ull << MESSAGE_REPLY_CODE)))
        return bad_reply(ret, "code (1) is missing");
    return SIDETOK_OK;
}

struct msgpack_reader message_pairs(struct view array)
{
    struct msgpack_reader reader = msgpack_reader_of(array);
    struct msgpack_token header;
    if (msgpack_read_token(&reader, &header))
        reader.at = reader.end;
    return reader;
}

bool message_next_pair(struct msgpack_reader *reader, uint64_t *ret_first, uint64_t *ret_second)
{
    struct msgpack_token pair;
    return msgpack_read_token(reader, &pair) == SIDETOK_OK && pair.kind == MSGPACK_READ_ARRAY &&
           pair.n == 2 && read_uint(reader, UINT64_MAX, ret_first) &&
           read_uint(reader, UINT64_MAX, ret_second);
}
