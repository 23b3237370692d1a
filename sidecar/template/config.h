#ifndef SIDETOK_TEMPLATE_CONFIG_H
#define SIDETOK_TEMPLATE_CONFIG_H

#include "buf.h"
#include "json.h"

/* A section of tekken.json as the arguments of a Python dataclass, whose fields take values of any type: what
 * Python makes of them where the class compares and divides. */

/** A Python number: an int (or a bool) of any size, or a float. */
struct config_number {
    bool is_float;
    double real;   /* an int's nearest; infinite where an int has no float */
    int64_t whole; /* an int, or a float cut to one; beyond 2**62 the nearest of +-2**62 */
};

/**
 * The arguments of a class: anything but an object, an unknown name or a missing one is a TypeError.
 *
 * class_name  "ImageConfig"; path: "mistral_common.tokens.tokenizers.image.ImageConfig".
 * names       The required ones first, n_required of n.
 */
enum sidetok_error config_check_names(struct call *call, struct str path, struct str class_name,
                                      const struct json *section, const struct str *names, size_t n_required,
                                      size_t n);

/** TypeError "CLASS() argument after ** must be a mapping, not TYPE" for anything but an object. */
enum sidetok_error config_check_mapping(struct call *call, struct str path, const struct json *section);

/** Whether the member is there and not null. */
bool config_has(const struct json *section, struct str name);

/** A member's Python repr() or str(); None when it is absent. In the call's memory. */
struct str config_repr(struct call *call, const struct json *section, struct str name);
struct str config_str(struct call *call, const struct json *section, struct str name);

/** A member as a number; false: it is none, or absent. */
bool config_number(const struct json *section, struct str name, struct config_number *ret);

/**
 * `assert value > 0, message`: ret_number on success; a TypeError for what is no number, else an
 * AssertionError whose message is before and the value's str().
 */
enum sidetok_error config_positive(struct call *call, const struct json *section, struct str name,
                                   struct str before, struct config_number *ret_number);

/** `a * b`, cut to an int as Python's int() does. Errors: OverflowError, ValueError. */
enum sidetok_error config_product(struct call *call, struct config_number a, struct config_number b,
                                  struct config_number *ret);

/** `int(a // b)`; b is not zero. Errors: OverflowError, ValueError. */
enum sidetok_error config_floor_divide(struct call *call, struct config_number a, struct config_number b,
                                       struct config_number *ret);

/** `int(float(a) / b)`; b is not zero. Errors: OverflowError, ValueError. */
enum sidetok_error config_divide(struct call *call, struct config_number a, struct config_number b,
                                 struct config_number *ret);

/** OverflowError for an int that has no float. */
enum sidetok_error config_check_float(struct call *call, struct config_number number);

/** "can't multiply sequence by non-int of type 'float'" where a list is repeated that often; ints pass. */
enum sidetok_error config_check_repeat(struct call *call, struct config_number number);

#endif
