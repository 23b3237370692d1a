#ifndef SIDETOK_PROTO_MSGPACK_WRITE_H
#define SIDETOK_PROTO_MSGPACK_WRITE_H

#include "error.h"
#include "view.h"

#include <stdbool.h>

/**
 * Makes the writer's bytes larger: at least capacity bytes, the first size ones kept, *ret_capacity what it
 * became. Returns where the bytes now are, or NULL when memory is out (the old ones stay valid).
 */
typedef uint8_t *msgpack_grow(void *context, size_t size, size_t capacity, size_t *ret_capacity);

/**
 * msgpack into the owner's bytes: an nng message, an array on the stack, anything that grows. Running out is
 * remembered: later writes do nothing, and msgpack_writer_error() tells once. One thread at a time.
 */
struct msgpack_writer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    msgpack_grow *grow; /* NULL: data has a fixed size */
    void *context;      /* grow's */
    bool failed;
};

/** A writer over capacity bytes at data, which the caller owns. */
struct msgpack_writer msgpack_writer_fixed(void *data, size_t capacity);

/** A writer that begins empty and asks grow for room, twice as much each time. The bytes belong to grow's
 * owner. */
struct msgpack_writer msgpack_writer_growing(msgpack_grow *grow, void *context);

/** SIDETOK_OK, or SIDETOK_E_NO_MEMORY when something written so far found no room. */
enum sidetok_error msgpack_writer_error(const struct msgpack_writer *writer);

/** The bytes so far; valid until the next write. */
struct view msgpack_writer_view(const struct msgpack_writer *writer);

/**
 * Room for n bytes behind those written, uncounted until msgpack_write_advance(); NULL (remembered) when
 * there is none. For values that are produced in place. Valid until the next call with this writer.
 */
uint8_t *msgpack_write_room(struct msgpack_writer *writer, size_t n);

/** Counts n bytes, filled by the caller, of the room just asked for. */
void msgpack_write_advance(struct msgpack_writer *writer, size_t n);

void msgpack_write_nil(struct msgpack_writer *writer);
void msgpack_write_bool(struct msgpack_writer *writer, bool value);
void msgpack_write_int(struct msgpack_writer *writer, int64_t value);
void msgpack_write_uint(struct msgpack_writer *writer, uint64_t value);
void msgpack_write_float(struct msgpack_writer *writer, double value);

/** Headers: n values, or n pairs of key and value, are to be written next. */
void msgpack_write_array(struct msgpack_writer *writer, uint32_t n);
void msgpack_write_map(struct msgpack_writer *writer, uint32_t n);

/** bytes must be under 4 GiB, msgpack's limit; more is remembered as out of memory. */
void msgpack_write_str(struct msgpack_writer *writer, struct view bytes);
void msgpack_write_bin(struct msgpack_writer *writer, struct view bytes);

/**
 * Text that may hold lone surrogates as three bytes each: a bin then, so that a reader who insists on UTF-8
 * in str is not hurt; a str otherwise.
 */
void msgpack_write_text(struct msgpack_writer *writer, struct view text);

/** Bytes that are msgpack already, as they are. */
void msgpack_write_raw(struct msgpack_writer *writer, struct view value);

#endif
