#ifndef SIDETOK_REQUEST_PYTHON_OBJECT_H
#define SIDETOK_REQUEST_PYTHON_OBJECT_H

#include "call.h"
#include "json.h"
#include "str.h"

/* What Python itself does with a value of an unexpected type, and what it says then. */

/** AttributeError: "'str' object has no attribute 'get'". */
enum sidetok_error python_no_attribute(struct call *call, struct str type_name, const char *attribute);

/** TypeError: "'int' object is not iterable". */
enum sidetok_error python_not_iterable(struct call *call, const struct json *value);

/** KeyError, whose text is the key's repr. key must be plain ASCII without quotes. */
enum sidetok_error python_key_error(struct call *call, const char *key);

/** An error whose message is before, the value's str() or repr(), and after. */
enum sidetok_error python_error_str(struct call *call, enum sidetok_error code, struct str before,
                                    const struct json *value, struct str after);
enum sidetok_error python_error_repr(struct call *call, enum sidetok_error code, struct str before,
                                     const struct json *value, struct str after);

/** bool(value). */
bool python_is_true(const struct json *value);

/**
 * a == b as Python compares: 1, 1.0 and True are equal, members in any order; inside lists and dicts a NaN
 * equals a NaN, since json.loads makes them one object. ret_equal is set on success; fails for want of memory
 * only.
 */
enum sidetok_error python_equal(struct call *call, const struct json *a, const struct json *b,
                                bool *ret_equal);

/** One item of a dict whose keys may be no strings. */
struct python_item {
    struct json key, value;
};

/**
 * dict(value) of a value that is true: an object, or a list of pairs. ret_items: unique keys, in order.
 * Errors: Python's own TypeError and ValueError.
 */
enum sidetok_error python_dict(struct call *call, const struct json *value, struct python_item **ret_items,
                               size_t *ret_n);

#endif
