#ifndef SIDETOK_TOKENIZER_WIRE_H
#define SIDETOK_TOKENIZER_WIRE_H

#include "str.h"

#include <stdint.h>

/**
 * A reader of protobuf's wire format over bytes in memory: fields one by one, nothing allocated, every length
 * checked against the bytes left. A reader that failed stays failed. Rule: the parser of protobuf's C++
 * runtime.
 */
enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_GROUP = 3,
    WIRE_GROUP_END = 4,
    WIRE_FIXED32 = 5
};

/** Messages and groups inside each other, the outermost included. */
enum { WIRE_MAX_DEPTH = 100 };

struct wire {
    const uint8_t *at, *end;
    int depth; /* levels that may still be entered */
    bool failed;
};

struct wire_field {
    uint32_t number;
    enum wire_type type;
};

void wire_init(struct wire *wire, struct str bytes);

/** Reads the next field's number and type; false at the end and when the bytes are wrong: ask wire_ended().
 */
bool wire_next(struct wire *wire, struct wire_field *ret);

/** Whether all bytes were read and all were right. */
bool wire_ended(const struct wire *wire);

/** Passes over the value of a field just announced, groups included. False when the bytes are wrong. */
bool wire_skip(struct wire *wire, const struct wire_field *field);

/** The value of a field just announced, which must have the fitting type. False when the bytes are wrong. */
bool wire_varint(struct wire *wire, uint64_t *ret);
bool wire_bytes(struct wire *wire, struct str *ret); /* a view */
bool wire_float(struct wire *wire, float *ret);

/** A reader of the message that is the value of a field just announced (WIRE_BYTES), one level deeper. */
bool wire_message(struct wire *wire, struct wire *ret_inner);

#endif
