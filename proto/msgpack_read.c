#include "msgpack_read.h"

#include <string.h>

struct msgpack_reader msgpack_reader_of(struct view bytes)
{
    static const uint8_t none[1];
    const uint8_t *at = bytes.data ? (const uint8_t *)bytes.data : none;
    return (struct msgpack_reader){at, at + bytes.size};
}

static size_t bytes_left(const struct msgpack_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/** n big-endian bytes (1, 2, 4 or 8). */
static bool read_big_endian(struct msgpack_reader *reader, size_t n, uint64_t *ret)
{
    if (bytes_left(reader) < n)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | reader->at[i];
    reader->at += n;
    *ret = value;
    return true;
}

static bool read_bytes(struct msgpack_reader *reader, uint64_t size, struct view *ret)
{
    if (size > bytes_left(reader))
        return false;
    *ret = (struct view){(const char *)reader->at, (size_t)size};
    reader->at += size;
    return true;
}

/** A length of n_length bytes, then as many bytes. */
static bool read_sized(struct msgpack_reader *reader, size_t n_length, struct msgpack_token *ret)
{
    uint64_t size;
    return read_big_endian(reader, n_length, &size) && read_bytes(reader, size, &ret->bytes);
}

static bool read_ext(struct msgpack_reader *reader, uint64_t size, struct msgpack_token *ret)
{
    uint64_t type;
    if (!read_big_endian(reader, 1, &type))
        return false;
    ret->kind = MSGPACK_READ_EXT;
    ret->ext_type = (int8_t)(uint8_t)type;
    return read_bytes(reader, size, &ret->bytes);
}

static bool read_sized_ext(struct msgpack_reader *reader, size_t n_length, struct msgpack_token *ret)
{
    uint64_t size;
    return read_big_endian(reader, n_length, &size) && read_ext(reader, size, ret);
}

/** Each member takes a byte at least: a longer count than that is a lie, and found before anyone allocates by
 * it. */
static bool set_members(const struct msgpack_reader *reader, enum msgpack_kind kind, uint64_t n,
                        struct msgpack_token *ret)
{
    uint64_t n_values = kind == MSGPACK_READ_MAP ? n * 2 : n;
    ret->kind = kind;
    ret->n = (uint32_t)n;
    return n_values <= bytes_left(reader);
}

static bool read_members(struct msgpack_reader *reader, enum msgpack_kind kind, size_t n_length,
                         struct msgpack_token *ret)
{
    uint64_t n;
    return read_big_endian(reader, n_length, &n) && set_members(reader, kind, n, ret);
}

static bool read_unsigned(struct msgpack_reader *reader, size_t n, struct msgpack_token *ret)
{
    ret->kind = MSGPACK_READ_UINT;
    return read_big_endian(reader, n, &ret->unsigned_integer);
}

/** A signed integer that is not negative is the same number as the unsigned one, and is reported as that. */
static bool read_signed(struct msgpack_reader *reader, size_t n, struct msgpack_token *ret)
{
    uint64_t raw;
    if (!read_big_endian(reader, n, &raw))
        return false;
    unsigned shift = 64 - 8 * (unsigned)n;
    int64_t value = (int64_t)(raw << shift) >> shift;
    if (value < 0) {
        ret->kind = MSGPACK_READ_INT;
        ret->integer = value;
    } else {
        ret->kind = MSGPACK_READ_UINT;
        ret->unsigned_integer = (uint64_t)value;
    }
    return true;
}

static bool read_float(struct msgpack_reader *reader, size_t n, struct msgpack_token *ret)
{
    uint64_t raw;
    if (!read_big_endian(reader, n, &raw))
        return false;
    ret->kind = MSGPACK_READ_FLOAT;
    if (n == sizeof(float)) {
        uint32_t raw32 = (uint32_t)raw;
        float number;
        memcpy(&number, &raw32, sizeof number);
        ret->number = (double)number;
    } else {
        memcpy(&ret->number, &raw, sizeof ret->number);
    }
    return true;
}

/** The formats 0xc0 to 0xdf, each with its own lead byte. */
static bool read_by_lead(struct msgpack_reader *reader, uint8_t lead, struct msgpack_token *ret)
{
    switch (lead) {
    case 0xc0:
        ret->kind = MSGPACK_READ_NIL;
        return true;
    case 0xc2:
    case 0xc3:
        ret->kind = MSGPACK_READ_BOOL;
        ret->boolean = lead == 0xc3;
        return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        ret->kind = MSGPACK_READ_BIN;
        return read_sized(reader, (size_t)1 << (lead - 0xc4), ret);
    case 0xc7:
    case 0xc8:
    case 0xc9:
        return read_sized_ext(reader, (size_t)1 << (lead - 0xc7), ret);
    case 0xca:
    case 0xcb:
        return read_float(reader, lead == 0xca ? 4 : 8, ret);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return read_unsigned(reader, (size_t)1 << (lead - 0xcc), ret);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_signed(reader, (size_t)1 << (lead - 0xd0), ret);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        return read_ext(reader, 1ull << (lead - 0xd4), ret);
    case 0xd9:
    case 0xda:
    case 0xdb:
        ret->kind = MSGPACK_READ_STR;
        return read_sized(reader, (size_t)1 << (lead - 0xd9), ret);
    case 0xdc:
    case 0xdd:
        return read_members(reader, MSGPACK_READ_ARRAY, lead == 0xdc ? 2 : 4, ret);
    case 0xde:
    case 0xdf:
        return read_members(reader, MSGPACK_READ_MAP, lead == 0xde ? 2 : 4, ret);
    default: /* 0xc1 is never used */
        return false;
    }
}

/** The formats whose lead byte carries the value or the size. */
static bool read_any(struct msgpack_reader *reader, struct msgpack_token *ret)
{
    if (reader->at == reader->end)
        return false;
    uint8_t lead = *reader->at++;
    if (lead <= 0x7f) {
        ret->kind = MSGPACK_READ_UINT;
        ret->unsigned_integer = lead;
        return true;
    }
    if (lead >= 0xe0) {
        ret->kind = MSGPACK_READ_INT;
        ret->integer = (int8_t)lead;
        return true;
    }
    if (lead <= 0x8f)
        return set_members(reader, MSGPACK_READ_MAP, lead & 0x0f, ret);
    if (lead <= 0x9f)
        return set_members(reader, MSGPACK_READ_ARRAY, lead & 0x0f, ret);
    if (lead <= 0xbf) {
        ret->kind = MSGPACK_READ_STR;
        return read_bytes(reader, lead & 0x1f, &ret->bytes);
    }
    return read_by_lead(reader, lead, ret);
}

enum sidetok_error msgpack_read_token(struct msgpack_reader *reader, struct msgpack_token *ret)
{
    struct msgpack_reader ahead = *reader;
    struct msgpack_token token = {0};
    if (!read_any(&ahead, &token))
        return SIDETOK_E_BAD_REQUEST;
    *reader = ahead;
    *ret = token;
    return SIDETOK_OK;
}

enum sidetok_error msgpack_read_value(struct msgpack_reader *reader, struct view *ret_value)
{
    struct msgpack_reader ahead = *reader;
    struct msgpack_token token = {0};
    for (uint64_t to_come = 1; to_come > 0; to_come--) {
        /* Each value takes a byte at least, so to_come stays below the size of the message and can't
         * overflow. */
        if (to_come > bytes_left(&ahead) || !read_any(&ahead, &token))
            return SIDETOK_E_BAD_REQUEST;
        if (token.kind == MSGPACK_READ_ARRAY)
            to_come += token.n;
        else if (token.kind == MSGPACK_READ_MAP)
            to_come += (uint64_t)token.n * 2;
    }
    if (ret_value)
        *ret_value = (struct view){(const char *)reader->at, (size_t)(ahead.at - reader->at)};
    *reader = ahead;
    return SIDETOK_OK;
}
