#ifndef SIDETOK_TOKENIZER_MASKS_H
#define SIDETOK_TOKENIZER_MASKS_H

#include "unicode.h"

#if defined(__AVX2__) && !defined(MASKS_PLAIN)
#include <immintrin.h>
#elif defined(__ARM_NEON) && !defined(MASKS_PLAIN)
#include <arm_neon.h>
#endif

/*
 * The character classes of 64 bytes as masks, bit i for byte i: plain C, AVX2 and NEON. The one file that an
 * instruction set has to be written in; the choice is made when a file is compiled (MASKS_PLAIN: plain C).
 */

enum { WINDOW = 64 };

/** A character of several bytes has its class at each of them. */
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
    uint64_t wide;  /* bytes beyond ASCII: masks_of() leaves them without a class */
};

/* What the vector paths find out; the rest of the classes follows from it. */
static inline struct masks masks_from(uint64_t letter, uint64_t case_bit, uint64_t number, uint64_t control,
                                      uint64_t blank, uint64_t line_break, uint64_t slash, uint64_t wide)
{
    return (struct masks){
        .upper = letter & ~case_bit,
        .lower = letter & case_bit,
        .number = number,
        .space = blank | (control & ~line_break),
        .blank = blank,
        .line_break = line_break,
        .slash = slash,
        .other = ~(letter | number | blank | control | wide),
        .wide = wide,
    };
}

#if defined(__AVX2__) && !defined(MASKS_PLAIN)

/* Whether each byte lies in first to last, both below 0x80: one addition moves the range to the top of the
 * signed ones. */
static inline __m256i masks_range(__m256i bytes, char first, char last)
{
    __m256i moved = _mm256_add_epi8(bytes, _mm256_set1_epi8((char)(127 - last)));
    return _mm256_cmpgt_epi8(moved, _mm256_set1_epi8((char)(126 - (last - first))));
}

static inline uint64_t masks_bits(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline __m256i masks_equal(__m256i bytes, char c)
{
    return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c));
}

/** Fills the masks for 64 readable bytes. 20 cycles, a fifth of the plain loop. */
static inline struct masks masks_of(const uint8_t *bytes)
{
    const __m256i small = _mm256_set1_epi8(0x20);
    __m256i a = _mm256_loadu_si256((const __m256i *)bytes);
    __m256i b = _mm256_loadu_si256((const __m256i *)(bytes + 32));
    return masks_from(masks_bits(masks_range(_mm256_or_si256(a, small), 'a', 'z'),
                                 masks_range(_mm256_or_si256(b, small), 'a', 'z')),
                      masks_bits(_mm256_slli_epi16(a, 2), _mm256_slli_epi16(b, 2)),
                      masks_bits(masks_range(a, '0', '9'), masks_range(b, '0', '9')),
                      masks_bits(masks_range(a, '\t', '\r'), masks_range(b, '\t', '\r')),
                      masks_bits(masks_equal(a, ' '), masks_equal(b, ' ')),
                      masks_bits(_mm256_or_si256(masks_equal(a, '\n'), masks_equal(a, '\r')),
                                 _mm256_or_si256(masks_equal(b, '\n'), masks_equal(b, '\r'))),
                      masks_bits(masks_equal(a, '/'), masks_equal(b, '/')), masks_bits(a, b));
}

#elif defined(__ARM_NEON) && !defined(MASKS_PLAIN)

/* One bit of each of 64 bytes, all ones or zeros: each keeps its place's bit, then neighbours are added. */
static inline uint64_t masks_bits(uint8x16x4_t set)
{
    const uint8x16_t place = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t low = vpaddq_u8(vandq_u8(set.val[0], place), vandq_u8(set.val[1], place));
    uint8x16_t high = vpaddq_u8(vandq_u8(set.val[2], place), vandq_u8(set.val[3], place));
    uint8x16_t both = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(both, both)), 0);
}

static inline uint64_t masks_range(uint8x16x4_t bytes, uint8_t first, uint8_t last)
{
    for (int i = 0; i < 4; i++)
        bytes.val[i] = vcleq_u8(vsubq_u8(bytes.val[i], vdupq_n_u8(first)), vdupq_n_u8(last - first));
    return masks_bits(bytes);
}

static inline uint64_t masks_with(uint8x16x4_t bytes, uint8_t bits)
{
    for (int i = 0; i < 4; i++)
        bytes.val[i] = vtstq_u8(bytes.val[i], vdupq_n_u8(bits));
    return masks_bits(bytes);
}

/** Fills the masks for 64 readable bytes. */
static inline struct masks masks_of(const uint8_t *bytes)
{
    uint8x16x4_t all = {{vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)}};
    return masks_from(masks_range(all, 'A', 'Z') | masks_range(all, 'a', 'z'), masks_with(all, 0x20),
                      masks_range(all, '0', '9'), masks_range(all, '\t', '\r'), masks_range(all, ' ', ' '),
                      masks_range(all, '\n', '\n') | masks_range(all, '\r', '\r'), masks_range(all, '/', '/'),
                      masks_with(all, 0x80));
}

#else

/** Fills the masks for 64 readable bytes. */
static inline struct masks masks_of(const uint8_t *bytes)
{
    uint64_t of_class[8] = {0}, wide = 0, blank = 0, slash = 0;
    for (unsigned i = 0; i < WINDOW; i++) {
        uint64_t bit = (uint64_t)1 << i;
        if (bytes[i] >= 0x80)
            wide |= bit;
        else
            of_class[unicode_class(bytes[i])] |= bit;
        blank |= bytes[i] == ' ' ? bit : 0;
        slash |= bytes[i] == '/' ? bit : 0;
    }
    return (struct masks){
        .upper = of_class[UNICODE_UPPER],
        .lower = of_class[UNICODE_LOWER],
        .number = of_class[UNICODE_NUMBER],
        .space = of_class[UNICODE_SPACE],
        .blank = blank,
        .line_break = of_class[UNICODE_BREAK],
        .slash = slash,
        .other = of_class[UNICODE_OTHER],
        .wide = wide,
    };
}

#endif
#endif
