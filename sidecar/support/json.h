#ifndef SIDETOK_SUPPORT_JSON_H
#define SIDETOK_SUPPORT_JSON_H

#include "call.h"
#include "str.h"

#include <stdint.h>

/** A Python value as JSON or msgpack can carry it. Immutable once built; memory: a call's arena or the input.
 */
enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,   /* any size: canonical decimal text, "-" only before a non-zero value */
    JSON_FLOAT, /* a double, NaN and infinities included */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
    JSON_BYTES, /* msgpack bin only: a Python bytes value */
};

struct json {
    enum json_kind kind;
    union {
        bool boolean;
        double number;
        struct str text; /* INT, STRING, BYTES */
        struct {
            const struct json *items;
            size_t n;
        } array;
        struct {
            const struct json_member *members;
            size_t n;
        } object; /* unique keys, in order */
    };
};

struct json_member {
    struct str key;
    struct json value;
};

/** The member's value, or NULL when there is none or value is no object. Linear in the members. */
const struct json *json_get(const struct json *value, struct str key);

/**
 * Makes the keys of members unique as a Python dict does: the last value wins, at the first one's place. *n
 * becomes the number of members left. Linear in the size of the keys; a large object takes a map from the
 * call's memory. Returns SIDETOK_OK or SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error json_unique(struct call *call, struct json_member *members, size_t *n);

/** Whether a Python bytes value is in value, which json.dumps refuses. Recurses as deep as value is nested. */
bool json_has_bytes(const struct json *value);

/** The value of a JSON integer of up to 23 digits, at the ends of int64_t where it lies beyond them; false for any other value. */
bool json_int64(const struct json *value, int64_t *ret_number);

/** Deepest nesting that json_read() accepts; the reference's own limit is near 986 (Python's recursion
 * limit). */
enum { JSON_MAX_DEPTH = 985 };

/**
 * Reads JSON text as Python's json.loads reads a str: NaN and infinities pass, the last of equal keys wins at
 * the first one's place, \ud800 escapes stay lone, a control character inside a string fails, surrogate pairs
 * join. Strings without escapes are views into text, which must outlive the value.
 *
 * Errors, with Python's own message: SIDETOK_E_JSON_DECODE ("Expecting value: line 1 column 1 (char 0)"),
 * SIDETOK_E_VALUE (an integer of more than 4,300 digits), SIDETOK_E_RECURSION, SIDETOK_E_NO_MEMORY.
 * Positions count code points, as Python does. Linear in the size of text.
 */
enum sidetok_error json_read(struct call *call, struct str text, struct json *ret_value);

struct buf;

/** How json_write() spells: the arguments of Python's json.dumps that the reference uses. */
struct json_style {
    bool ensure_ascii; /* \uXXXX for everything beyond ASCII */
};

/**
 * Appends value as Python's json.dumps writes it with separators ", " and ": ": floats by shortest repr, NaN,
 * Infinity, lone surrogates as they are (or escaped under ensure_ascii). JSON_BYTES must not occur.
 * Depth was bounded when the value was read; the writer recurses at most JSON_MAX_DEPTH deep.
 */
void json_write(struct buf *out, const struct json *value, struct json_style style);

/** Appends Python's repr() of a float, "1e+16" and "nan" included. */
void json_write_float(struct buf *out, double number);

#endif
