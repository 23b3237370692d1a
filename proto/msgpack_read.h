#ifndef SIDETOK_PROTO_MSGPACK_READ_H
#define SIDETOK_PROTO_MSGPACK_READ_H

#include "error.h"
#include "view.h"

#include <stdbool.h>

/* A cursor over msgpack bytes: one token at a time, no allocation, no recursion, never past the end.
 * msgpack-c's own unpacker builds a tree on the heap and refuses more than 32 levels, which tool schemas
 * exceed. */

/** Where reading stands. Threads: one at a time. The bytes are borrowed and must outlive every view taken of
 * them. */
struct msgpack_reader {
    const uint8_t *at;
    const uint8_t *end;
};

enum msgpack_kind {
    MSGPACK_READ_NIL,
    MSGPACK_READ_BOOL,
    MSGPACK_READ_INT,   /* a negative integer: integer */
    MSGPACK_READ_UINT,  /* zero or above: unsigned_integer */
    MSGPACK_READ_FLOAT, /* number, widened from 32 bits where it was sent so */
    MSGPACK_READ_STR,   /* bytes: UTF-8 as sent, not checked; lone surrogates may stand as three bytes */
    MSGPACK_READ_BIN,   /* bytes */
    MSGPACK_READ_EXT,   /* bytes, ext_type */
    MSGPACK_READ_ARRAY, /* n values follow */
    MSGPACK_READ_MAP,   /* n pairs follow: key, value, key, value ... */
};

/** One token. Of arrays and maps it is the header alone; their members are the tokens that follow. */
struct msgpack_token {
    enum msgpack_kind kind;
    int8_t ext_type;
    union {
        bool boolean;
        int64_t integer;
        uint64_t unsigned_integer;
        double number;
        struct view bytes; /* into the reader's bytes */
        uint32_t n;
    };
};

/** A cursor at the first byte. */
struct msgpack_reader msgpack_reader_of(struct view bytes);

/**
 * Reads one token and moves behind it; strings are stepped over whole, arrays and maps by their header.
 *
 * reader  Unmoved on failure.
 * ret     On success the token; its bytes live as long as the message.
 *
 * The n of an array or map is at most the bytes left (twice n for a map), so that it may size an allocation.
 * Returns SIDETOK_OK, or SIDETOK_E_BAD_REQUEST where the bytes end too soon or are no msgpack (0xc1). O(1).
 */
enum sidetok_error msgpack_read_token(struct msgpack_reader *reader, struct msgpack_token *ret);

/**
 * Steps over one whole value, nested to any depth: a counter of values still to come takes the place of a
 * stack.
 *
 * ret_value  NULL, or on success the value's own bytes.
 *
 * Returns SIDETOK_OK or SIDETOK_E_BAD_REQUEST (reader unmoved). O(tokens).
 */
enum sidetok_error msgpack_read_value(struct msgpack_reader *reader, struct view *ret_value);

/** Whether all bytes are read. */
static inline bool msgpack_read_at_end(const struct msgpack_reader *reader)
{
    return reader->at == reader->end;
}

#endif
