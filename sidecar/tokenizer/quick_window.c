#include "quick.h"

#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { WINDOW = QUICK_WINDOW, LANES = 8, OUTSIDE = WINDOW };

/*
 * Merging in a window. Positions are those of first characters; OUTSIDE stands for both ends: a symbol that
 * merges with nothing, so that no end needs a test.
 */
struct window {
    uint32_t
        ranks[WINDOW + LANES]; /* of the pair that begins here: order << 16 | position; UINT32_MAX: none */
    uint16_t symbols[WINDOW + 1];
    uint16_t merged[WINDOW + 1]; /* what the pair that begins here becomes */
    uint8_t next[WINDOW + 1], prev[WINDOW + 1];
};

static inline void set_pair(struct window *window, uint32_t at, uint32_t pair)
{
    window->ranks[at] = (pair & 0xffff0000u) | (pair == QUICK_NO_PAIR ? 0xffff : at);
    window->merged[at] = (uint16_t)pair;
}

static inline uint32_t joint_pair(const struct quick *quick, struct quick_cell left, struct quick_cell right)
{
    if (quick->joint_pairs)
        return quick->joint_pairs[(size_t)left.joint * quick->n_joints + right.joint];
    return quick_pair(quick, left.symbol, right.symbol);
}

static inline void fill_window(struct window *window, const struct quick *quick,
                               const struct quick_cell *cells, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        window->symbols[i] = cells[i].symbol;
        window->next[i] = (uint8_t)(i + 1);
        window->prev[i] = (uint8_t)(i - 1);
    }
    window->next[(n - 1) % WINDOW] = OUTSIDE;
    window->prev[0] = OUTSIDE;
    window->symbols[OUTSIDE] = QUICK_NO_SYMBOL;
    for (uint32_t i = 0; i + 1 < n; i++)
        set_pair(window, i, joint_pair(quick, cells[i], cells[i + 1]));
    for (uint32_t i = n - 1; i < n + LANES - 1; i++)
        window->ranks[i] = UINT32_MAX;
}

/* The least rank: the best score, leftmost on a tie. */
static inline uint32_t best_rank(const struct window *window, uint32_t n)
{
    uint32_t lanes[LANES], best = UINT32_MAX;
    memcpy(lanes, window->ranks, sizeof lanes);
    for (uint32_t i = LANES; i < n; i += LANES)
        for (uint32_t lane = 0; lane < LANES; lane++)
            lanes[lane] = window->ranks[i + lane] < lanes[lane] ? window->ranks[i + lane] : lanes[lane];
    for (uint32_t lane = 0; lane < LANES; lane++)
        best = lanes[lane] < best ? lanes[lane] : best;
    return best;
}

/* A merge is one vector minimum and two look-ups; all but the tables stays in L1. */
static inline __attribute__((always_inline)) uint64_t
merge_window(const struct quick *quick, const struct quick_cell *cells, uint32_t n, uint16_t symbols[WINDOW])
{
    struct window window;
    uint64_t starts = UINT64_MAX >> (WINDOW - n);
    fill_window(&window, quick, cells, n);
    for (uint32_t best; (best = best_rank(&window, n)) != UINT32_MAX;) {
        uint32_t at = best & 0xffff, right = window.next[at], after = window.next[right];
        uint32_t before = window.prev[at], symbol = window.merged[at];
        starts &= ~(UINT64_C(1) << right);
        window.symbols[at] = (uint16_t)symbol;
        window.next[at] = (uint8_t)after;
        window.prev[after] = (uint8_t)at;
        window.ranks[right] = UINT32_MAX;
        set_pair(&window, before, quick_pair(quick, window.symbols[before], symbol));
        set_pair(&window, at, quick_pair(quick, symbol, window.symbols[after]));
    }
    memcpy(symbols, window.symbols, n * sizeof *symbols);
    return starts;
}

static uint64_t merge_plain(const struct quick *quick, const struct quick_cell *cells, uint32_t n,
                            uint16_t symbols[WINDOW])
{
    return merge_window(quick, cells, n, symbols);
}

#ifdef __x86_64__

static __attribute__((target("avx2"))) uint64_t
merge_wide(const struct quick *quick, const struct quick_cell *cells, uint32_t n, uint16_t symbols[WINDOW])
{
    return merge_window(quick, cells, n, symbols);
}

/* By position + 1: the lane of a position; none for the two ends. */
static const uint16_t lane_masks[LANES + 2][LANES] = {
    {0},
    {0xffff},
    {0, 0xffff},
    {0, 0, 0xffff},
    {0, 0, 0, 0xffff},
    {0, 0, 0, 0, 0xffff},
    {0, 0, 0, 0, 0, 0xffff},
    {0, 0, 0, 0, 0, 0, 0xffff},
    {0, 0, 0, 0, 0, 0, 0, 0xffff},
    {0},
};

static inline __attribute__((target("avx2"))) __m128i set_lane(__m128i orders, uint32_t at, uint32_t pair)
{
    __m128i mask = _mm_loadu_si128((const __m128i *)lane_masks[at]);
    return _mm_blendv_epi8(orders, _mm_set1_epi16((short)(pair >> 16)), mask);
}

/*
 * Up to 8 characters: the orders of their pairs stay in one register, whose least and its place one
 * instruction finds. Positions count from 1; bits of `here` are the symbols that are left, the first and last
 * of them the two ends.
 */
static __attribute__((target("avx2"))) uint64_t
merge_narrow(const struct quick *quick, const struct quick_cell *cells, uint32_t n, uint16_t symbols[WINDOW])
{
    uint16_t row[LANES + 2] = {QUICK_NO_SYMBOL}, merged[LANES + 2], first[LANES];
    uint32_t here = (4u << n) - 1;
    memset(first, 0xff, sizeof first);
    for (uint32_t i = 0; i < n; i++)
        row[i + 1] = cells[i].symbol;
    row[n + 1] = QUICK_NO_SYMBOL;
    for (uint32_t i = 0; i + 1 < n; i++) {
        uint32_t pair = joint_pair(quick, cells[i], cells[i + 1]);
        first[i] = (uint16_t)(pair >> 16);
        merged[i + 1] = (uint16_t)pair;
    }
    __m128i orders = _mm_loadu_si128((const __m128i *)first);
    for (;;) {
        uint32_t best = (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(orders));
        if ((best & 0xffff) == 0xffff)
            break;
        uint32_t at = (best >> 16) + 1, above = here & (~1u << at);
        uint32_t right = (uint32_t)__builtin_ctz(above), after = (uint32_t)__builtin_ctz(above & (above - 1));
        uint32_t before = 31 - (uint32_t)__builtin_clz(here & ((1u << at) - 1));
        here &= ~(1u << right);
        row[at] = merged[at];
        uint32_t left_pair = quick_pair(quick, row[before], row[at]),
                 right_pair = quick_pair(quick, row[at], row[after]);
        merged[before] = (uint16_t)left_pair;
        merged[at] = (uint16_t)right_pair;
        orders =
            set_lane(set_lane(set_lane(orders, right, QUICK_NO_PAIR), before, left_pair), at, right_pair);
    }
    memcpy(symbols, row + 1, LANES * sizeof *symbols);
    return (here & ((2u << n) - 1)) >> 1;
}

static uint64_t merge_avx2(const struct quick *quick, const struct quick_cell *cells, uint32_t n,
                           uint16_t symbols[WINDOW])
{
    return n <= LANES ? merge_narrow(quick, cells, n, symbols) : merge_wide(quick, cells, n, symbols);
}

void quick_choose_merge(struct quick *quick)
{
    const char *wanted = getenv("SIDETOK_SIMD"); /* "c" for tests that compare the two ways */
    bool plain = wanted && strcmp(wanted, "c") == 0;
    quick->merge = __builtin_cpu_supports("avx2") && !plain ? merge_avx2 : merge_plain;
}

#else

void quick_choose_merge(struct quick *quick)
{
    quick->merge = merge_plain;
}

#endif
