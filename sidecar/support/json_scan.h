#ifndef SIDETOK_SUPPORT_JSON_SCAN_H
#define SIDETOK_SUPPORT_JSON_SCAN_H

/* The one loop of JSON that runs over megabytes: from a byte of a string body to the next that ends or bends
 * it. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/** A quote, a backslash or a control character: all that JSON treats apart inside a string. */
static inline bool json_scan_is_special(unsigned char c)
{
    return c == '"' || c == '\\' || c < 0x20;
}

#ifdef __SSE2__
typedef unsigned json_scan_bits;

static inline json_scan_bits json_scan_mask(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
}

static inline size_t json_scan_first(json_scan_bits found)
{
    return (size_t)__builtin_ctz(found);
}
enum { JSON_SCAN_STEP = 16 };
#else
typedef uint64_t json_scan_bits;

/* Eight bytes in a word, the first one lowest. A borrow spoils only marks above the first true one. */
static inline json_scan_bits json_scan_mask(const char *at)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t word;
    memcpy(&word, at, sizeof word);
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        word = __builtin_bswap64(word);
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    uint64_t found =
        ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((word - ones * 0x20) & ~word);
    return found & (ones * 0x80);
}

static inline size_t json_scan_first(json_scan_bits found)
{
    return (size_t)__builtin_ctzll(found) / 8;
}
enum { JSON_SCAN_STEP = 8 };
#endif

/** The first special byte in at .. end, or end. Never reads beyond end. */
static inline const char *json_scan_plain(const char *at, const char *end)
{
    for (; end - at >= JSON_SCAN_STEP; at += JSON_SCAN_STEP) {
        json_scan_bits found = json_scan_mask(at);
        if (found)
            return at + json_scan_first(found);
    }
    while (at < end && !json_scan_is_special((unsigned char)*at))
        at++;
    return at;
}

#endif
