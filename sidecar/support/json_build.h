#ifndef SIDETOK_SUPPORT_JSON_BUILD_H
#define SIDETOK_SUPPORT_JSON_BUILD_H

#include "json.h"

/**
 * Builds arrays and objects of unknown length. The elements of all containers still open lie on one stack; a
 * closed container takes its own from the top. So memory follows what was read, never what a header promised.
 */
struct json_builder {
    struct call *call;
    struct json *stack; /* an object's keys, as strings, each before its value */
    size_t n, capacity;
};

/** Puts one element, or a key, on the stack. */
enum sidetok_error json_build_push(struct json_builder *builder, const struct json *element);

/** Closes the array whose elements begin at first: they leave the stack and become ret_value. */
enum sidetok_error json_build_array(struct json_builder *builder, size_t first, struct json *ret_value);

/** The same of an object; its keys become unique as json_unique() says. */
enum sidetok_error json_build_object(struct json_builder *builder, size_t first, struct json *ret_value);

#endif
