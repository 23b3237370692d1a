#ifndef SIDETOK_TESTS_FUZZ_GROW_H
#define SIDETOK_TESTS_FUZZ_GROW_H

#include "buf.h"
#include "proto/msgpack_write.h"

/** The growing bytes of a msgpack_writer, in a call's memory: context is a struct buf. */
static inline uint8_t *fuzz_grow(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    struct buf *bytes = context;
    bytes->size = size;
    char *room = buf_reserve(bytes, capacity - size);
    *ret_capacity = capacity;
    return room ? (uint8_t *)bytes->data : NULL;
}

#endif
