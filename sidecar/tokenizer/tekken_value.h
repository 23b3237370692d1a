#ifndef SIDETOK_TOKENIZER_TEKKEN_VALUE_H
#define SIDETOK_TOKENIZER_TEKKEN_VALUE_H

#include "call.h"
#include "json.h"

/* What Python does with a value of a file that is not of the type it should be, and what it says then. */

/** type(value).__name__, NULL being None. Static. */
const char *value_type(const struct json *value);

/** bool(value), NULL being None. */
bool value_is_true(const struct json *value);

/** len(value); 0 for what has none. */
size_t value_len(const struct json *value);

/** value[key]: KeyError where it is missing, TypeError where value takes no such key. ret is set on success.
 */
enum sidetok_error value_item(struct call *call, const struct json *value, struct str key,
                              const struct json **ret);

/** str(value) in call's memory, NULL being None. */
enum sidetok_error value_str(struct call *call, const struct json *value, struct str *ret_text);

/** repr(value) in call's memory. */
enum sidetok_error value_repr(struct call *call, const struct json *value, struct str *ret_text);

/** TypeError "unhashable type: 'list'", or SIDETOK_OK. */
enum sidetok_error value_check_hashable(struct call *call, const struct json *value);

/**
 * An int, or a bool as the int it is. Numbers beyond 62 bits are cut to that: what is compared with them, a
 * count of list items, is far below. False for other kinds.
 */
bool value_int(const struct json *value, int64_t *ret);

/** A deep copy into call's memory; false when memory is out. Recurses as deep as the value, JSON_MAX_DEPTH at
 * most. */
bool value_copy(struct call *call, const struct json *value, struct json *ret);

#endif
