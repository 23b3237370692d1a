#ifndef SIDETOK_TOKENIZER_FIRST_LOOK_H
#define SIDETOK_TOKENIZER_FIRST_LOOK_H

#include "tekken_encode.h"

/**
 * Pre-tokens found and looked up a window of 64 bytes at a time; most of any text goes no further. One
 * source, compiled for each instruction set: plain C, AVX2 (with BMI), NEON.
 */
struct first_look {
    const char *name; /* as SIDETOK_SIMD spells it */

    /**
     * Appends the ids of text by encoder. What the windows leave goes to pretokenizer_next(), what the table
     * does not know to tekken_encode_piece(). Errors: theirs, SIDETOK_E_NO_MEMORY.
     */
    enum sidetok_error (*encode)(struct call *call, struct tekken_encoder *encoder, struct str text,
                                 struct ids *ids);

    joins_encode_lanes *merge; /* several new pieces at once */

    /** boundaries_find() and boundaries_find_last(), for the tests. */
    uint64_t (*find)(const uint8_t *bytes);
    uint64_t (*find_last)(const uint8_t *bytes, unsigned n);
};

extern const struct first_look first_look_c;
#if defined(__x86_64__)
extern const struct first_look first_look_avx2;
#elif defined(__aarch64__)
extern const struct first_look first_look_neon;
#endif

/** The fastest that this processor can run. SIDETOK_SIMD=c in the environment asks for plain C. */
const struct first_look *first_look_choose(void);

/** The path of an instruction set, NULL where this processor cannot run it. */
const struct first_look *first_look_vector(void);

#endif
