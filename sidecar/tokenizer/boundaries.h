#ifndef SIDETOK_TOKENIZER_BOUNDARIES_H
#define SIDETOK_TOKENIZER_BOUNDARIES_H

#include <stdint.h>

/*
 * Where pre-tokens begin, 64 bytes at a time: the pattern as bit algebra over masks of character classes, bit
 * i for byte i. pretokenizer_next() walks character by character at 5 to 10 cycles a byte; this takes about
 * one.
 */

enum { BOUNDARIES_WINDOW = 64 };

/** The classes of 64 bytes. A character of several bytes has its class at each of them. */
struct masks {
    uint64_t upper, lower; /* letters with case */
    uint64_t letter;       /* other letters, and marks */
    uint64_t mark;         /* marks, which are also in letter */
    uint64_t number;
    uint64_t space; /* white space but for line breaks */
    uint64_t blank; /* U+0020, also in space */
    uint64_t line_break;
    uint64_t slash; /* also in other */
    uint64_t other; /* everything else */
    uint64_t wide;  /* bytes beyond ASCII: classify leaves them without a class */
};

/** Fills the masks for 64 readable bytes; bytes beyond ASCII only get their bit in wide. */
typedef void boundaries_classify(const uint8_t *bytes, struct masks *ret);

boundaries_classify boundaries_classify_c;
#if defined(__x86_64__)
boundaries_classify boundaries_classify_avx2; /* only where the processor has AVX2 */
#endif

/**
 * The fastest classify this processor can run. SIDETOK_SIMD=c in the environment asks for plain C, for tests
 * that compare the two.
 */
boundaries_classify *boundaries_choose(void);

/**
 * The pre-tokens that begin in the window: bit 0, at which one must begin, and every further start that
 * nothing behind the window can change. 0 where the window holds what the algebra leaves to
 * pretokenizer_next(): that is then to be asked for the pre-token at bit 0. The last start's own end is not
 * known.
 *
 * bytes  64 readable bytes of UTF-8.
 */
uint64_t boundaries_find(boundaries_classify *classify, const uint8_t *bytes);

#endif
