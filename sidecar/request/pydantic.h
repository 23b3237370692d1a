#ifndef SIDETOK_REQUEST_PYDANTIC_H
#define SIDETOK_REQUEST_PYDANTIC_H

#include "call.h"
#include "json.h"
#include "str.h"

/* Pydantic's lax validation, as far as a request can meet it: coercions, and the ValidationError that lists
 * every fault. A model is read field by field, in the order of its class; faults are collected;
 * pydantic_finish() turns them into the call's failure:
 *
 *     pydantic_init(&errors, call, STR("FIMRequest"));
 *     const struct json *prompt = pydantic_required(&errors, LOC(NULL, "prompt"), body);
 *     if (prompt)
 *         pydantic_str(&errors, LOC(NULL, "prompt"), prompt, &ret->prompt);
 *     pydantic_no_extra(&errors, NULL, body, known, n_known, 0);
 *     return pydantic_finish(&errors);
 *
 * The readers return false after recording a fault, and then leave *ret untouched. Nothing is allocated while
 * there is no fault, but for text that must be rewritten. Rule: pydantic 2.14 with pydantic_core 2.50, lax
 * mode. */

/** A place in the input, from the inside out. Lives on the caller's stack; a recorded fault copies it. */
struct pydantic_loc {
    const struct pydantic_loc *outer; /* NULL: the outermost */
    struct str key;                   /* data NULL: an index */
    size_t index;
};

/** The place of a member; lives until the end of the enclosing block. */
#define LOC(outer, literal)  (&(const struct pydantic_loc){(outer), STR(literal), 0})
#define LOC_KEY(outer, view) (&(const struct pydantic_loc){(outer), (view), 0})
#define LOC_INDEX(outer, n)  (&(const struct pydantic_loc){(outer), {NULL, 0}, (n)})

struct pydantic_fault;

/** The faults found in one model so far. Memory: the call's arena. */
struct pydantic {
    struct call *call;
    struct str title; /* the model's class name */
    struct pydantic_fault *newest;
    size_t n;
};

void pydantic_init(struct pydantic *errors, struct call *call, struct str title);

/**
 * Records a fault. loc NULL is the model itself. type: pydantic's name for it ("missing"); message: its
 * words. Both are borrowed: static or in the arena. input is the value complained about, borrowed. Returns
 * false.
 */
bool pydantic_fault(struct pydantic *errors, const struct pydantic_loc *loc, struct str type,
                    struct str message, const struct json *input);

/** The same for an input that is no struct json: its repr() and the name of its type. */
void pydantic_fault_repr(struct pydantic *errors, const struct pydantic_loc *loc, struct str type,
                         struct str message, struct str input_repr, struct str input_type);

/** A ValueError raised by a validator of the model: type "value_error", message "Value error, ...". */
void pydantic_value_error(struct pydantic *errors, const struct pydantic_loc *loc, struct str message,
                          const struct json *input);

/** Forgets the faults recorded after errors->n was n. */
void pydantic_rollback(struct pydantic *errors, size_t n);

/**
 * SIDETOK_OK when nothing was recorded; else sets the call's failure to SIDETOK_E_VALIDATION, with str(e) as
 * message and e.errors() as details, and returns it. Also SIDETOK_E_NO_MEMORY, and SIDETOK_E_TOO_LARGE for
 * more than 100,000 faults.
 */
enum sidetok_error pydantic_finish(struct pydantic *errors);

/** True when input is an object; else "Input should be a valid dictionary or instance of <model>". */
bool pydantic_model(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                    struct str model);

/** The member named by loc's own key, or NULL after recording "Field required". */
const struct json *pydantic_required(struct pydantic *errors, const struct pydantic_loc *loc,
                                     const struct json *object);

/**
 * extra="forbid": a fault for each member of object that is not among the keys. loc is the object's place.
 * n_before: errors->n before the object's own fields were read; a key with a lone surrogate replaces what was
 * recorded since.
 */
void pydantic_no_extra(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *object,
                       const struct str *keys, size_t n_keys, size_t n_before);

/** str: a string, or bytes that are UTF-8. */
bool pydantic_str(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                  struct str *ret_text);

/** str with a constraint on its text, such as to_lower: a lone surrogate is a fault, too. */
bool pydantic_text(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                   struct str *ret_text);

/** str | None: None gives data == NULL. */
bool pydantic_str_or_none(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                          struct str *ret_text);

/** str | bytes: bytes stay bytes. Faults carry the locations "str" and "bytes" of the union. */
bool pydantic_str_or_bytes(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                           struct str *ret_text, bool *ret_is_bytes);

/** bool: also 0, 1, 0.0, 1.0, and the words of pydantic in any case. */
bool pydantic_bool(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                   bool *ret_value);

/** int of any size, as canonical decimal text ("-" only before a non-zero value), in the arena or static. */
bool pydantic_int(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                  struct str *ret_digits);

/** float: also an int and text that spells a number. */
bool pydantic_float(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                    double *ret_value);

/** A string enum: ret_index is the place in names. */
bool pydantic_enum(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                   const struct str *names, size_t n_names, size_t *ret_index);

/** dict[str, Any]: true when input is an object. */
bool pydantic_dict(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input);

/**
 * temperature, top_p, max_tokens and random_seed of a request; loc NULL, checked only: tokenization needs
 * none. random_seed is passed apart since a chat request takes it from "seed" too; NULL: not given. Rule:
 * mistral_common.protocol.base.BaseCompletionRequest.
 */
void pydantic_completion_fields(struct pydantic *errors, const struct json *body,
                                const struct json *random_seed);

/** The name of a value's Python type: "str", "NoneType", "dict" ... Static. */
struct str pydantic_type_name(const struct json *value);

#endif
