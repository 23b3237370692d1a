#ifndef SIDETOK_SUPPORT_CALL_H
#define SIDETOK_SUPPORT_CALL_H

#include "arena.h"
#include "failure.h"

#include <stdint.h>

/**
 * What one call owns: its memory, its first failure, and a count of its work. One thread at a time; reset between
 * calls. Functions that can fail take it first and return enum sidetok_error.
 */
struct call {
    struct arena arena;
    struct failure failure;
    uint64_t work;
};

/** Hands an error on. Allowed where all memory is the call's arena: nothing to free. */
#define TRY(expression)                                                                                        \
    do {                                                                                                       \
        enum sidetok_error try_error_ = (expression);                                                          \
        if (try_error_ != SIDETOK_OK)                                                                          \
            return try_error_;                                                                                 \
    } while (0)

void call_init(struct call *call);

/** Frees what the call owns. */
void call_done(struct call *call);

/** Forgets memory and failure; ready for the next call. */
void call_reset(struct call *call);

/**
 * Like arena_alloc(), but on failure sets the call's failure to SIDETOK_E_NO_MEMORY and returns NULL:
 * the caller returns SIDETOK_E_NO_MEMORY.
 */
void *call_alloc(struct call *call, size_t size);

/** call_alloc() of n elements of size bytes each, zeroed; overflow of the product is out of memory. */
void *call_alloc_array(struct call *call, size_t n, size_t size);

/** A copy of text and a NUL, for the system's functions; NULL as above. */
char *call_terminated(struct call *call, struct str text);

/* Four images of the largest size that is decoded, 60 photographs, two hours of sound at 44.1 kHz: some seconds. */
enum { CALL_MAX_WORK = 4 * 178956970 };

/**
 * Counts work that few bytes of a request can ask for: a pixel decoded is 1, a sample 2. A WebP of 34 bytes is 178
 * million pixels, and a megabyte holds many of them. Over CALL_MAX_WORK the call fails with SIDETOK_E_TOO_LARGE.
 */
enum sidetok_error call_spend(struct call *call, uint64_t work);

#endif
