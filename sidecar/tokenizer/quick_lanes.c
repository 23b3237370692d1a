#include "quick.h"

#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/*
 * Short rows side by side. A merge asks for two pairs, and each answer is a line of a table of half a
 * megabyte that other work has pushed out of the nearer caches: one row after the other waits for each. So
 * each step is done for all rows in turn: choose the pair, see where in the table its neighbours would be,
 * read the answers; meanwhile the lines of all rows are on their way.
 */

static void merge_rows_plain(const struct quick *quick, struct quick_short *rows, size_t n)
{
    uint16_t symbols[QUICK_WINDOW];
    for (struct quick_short *row = rows; row < rows + n; row++) {
        row->starts = (uint32_t)quick->merge(quick, row->cells, row->n, symbols);
        memcpy(row->symbols, symbols, row->n * sizeof *symbols);
    }
}

#ifdef __x86_64__

/* Positions count from 1; 0 and n + 1 are the two ends, which merge with nothing. */
struct lane {
    uint16_t orders[QUICK_SHORT + 1];  /* of the pair that begins here; all ones: none */
    uint16_t symbols[QUICK_SHORT + 2]; /* by the first character */
    uint16_t merged[QUICK_SHORT + 1];  /* what the pair that begins here becomes */
    uint64_t here;                     /* bits of the symbols that are left, the ends included */
    uint32_t at, before;               /* of the last merge: its place, and its left neighbour's */
    uint32_t keys[2], slots[2];        /* its pairs with both neighbours, and where they would be */
    struct quick_short *row;
};

static inline uint32_t joint_pair(const struct quick *quick, struct quick_cell left, struct quick_cell right)
{
    if (quick->joint_pairs)
        return quick->joint_pairs[(size_t)left.joint * quick->n_joints + right.joint];
    return quick_pair(quick, left.symbol, right.symbol);
}

static void begin_lane(struct lane *lane, const struct quick *quick, struct quick_short *row)
{
    const struct quick_cell *cells = row->cells;
    uint32_t n = row->n;
    memset(lane->orders, 0xff, sizeof lane->orders);
    lane->row = row;
    lane->here = ((uint64_t)4 << n) - 1;
    lane->symbols[0] = lane->symbols[n + 1] = QUICK_NO_SYMBOL;
    for (uint32_t i = 0; i < n; i++)
        lane->symbols[i + 1] = cells[i].symbol;
    for (uint32_t i = 1; i < n; i++) {
        uint32_t pair = joint_pair(quick, cells[i - 1], cells[i]);
        lane->orders[i] = (uint16_t)(pair >> 16);
        lane->merged[i] = (uint16_t)pair;
    }
}

static void end_lane(const struct lane *lane)
{
    struct quick_short *row = lane->row;
    row->starts = (uint32_t)((lane->here & (((uint64_t)2 << row->n) - 1)) >> 1);
    memcpy(row->symbols, lane->symbols + 1, sizeof row->symbols);
}

/* Where the best pair begins, the leftmost on a tie; 0 when there is none. */
static inline __attribute__((target("avx2"))) uint32_t best_place(const struct lane *lane)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(lane->orders + 1));
    __m256i high = _mm256_loadu_si256((const __m256i *)(lane->orders + 17)),
            all = _mm256_min_epu16(low, high);
    __m128i half = _mm_min_epu16(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    uint32_t best = (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(half)) & 0xffff;
    __m256i wanted = _mm256_set1_epi16((short)best);
    uint64_t places = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi16(high, wanted));
    places = places << 32 | (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi16(low, wanted));
    return best == 0xffff ? 0 : (uint32_t)__builtin_ctzll(places) / 2 + 1;
}

/* Does the best merge and says which pairs are to be looked up; false when none is left. */
static inline __attribute__((target("avx2"))) bool merge_best(struct lane *lane, const struct quick *quick)
{
    uint32_t at = best_place(lane);
    if (at == 0)
        return false;
    uint64_t above = lane->here & (~(uint64_t)1 << at), below = lane->here & (((uint64_t)1 << at) - 1);
    uint32_t right = (uint32_t)__builtin_ctzll(above), after = (uint32_t)__builtin_ctzll(above & (above - 1));
    uint32_t before = 63 - (uint32_t)__builtin_clzll(below);
    uint32_t symbol = lane->symbols[at] = lane->merged[at];
    lane->here &= ~((uint64_t)1 << right);
    lane->orders[right] = 0xffff;
    lane->at = at;
    lane->before = before;
    lane->keys[0] = (uint32_t)lane->symbols[before] << 16 | symbol;
    lane->keys[1] = symbol << 16 | lane->symbols[after];
    for (int i = 0; i < 2; i++)
        __builtin_prefetch(pair_table_step(&quick->pairs, lane->keys[i]));
    return true;
}

static inline void find_slots(struct lane *lane, const struct quick *quick)
{
    for (int i = 0; i < 2; i++) {
        lane->slots[i] = pair_table_place(&quick->pairs, lane->keys[i]);
        __builtin_prefetch(&quick->pairs.slots[lane->slots[i]]);
    }
}

static inline void read_pairs(struct lane *lane, const struct quick *quick)
{
    uint32_t places[2] = {lane->before, lane->at};
    for (int i = 0; i < 2; i++) {
        uint32_t pair = pair_table_read(&quick->pairs, lane->slots[i], lane->keys[i]);
        lane->orders[places[i]] = (uint16_t)(pair >> 16);
        lane->merged[places[i]] = (uint16_t)pair;
    }
}

/* Up to QUICK_LANES rows until all are done; who is done makes room for the last. */
static __attribute__((target("avx2"))) void merge_lanes(const struct quick *quick, struct quick_short *rows,
                                                        size_t n)
{
    struct lane lanes[QUICK_LANES], *active[QUICK_LANES];
    for (size_t i = 0; i < n; i++) {
        active[i] = &lanes[i];
        begin_lane(&lanes[i], quick, &rows[i]);
    }
    while (n > 0) {
        for (size_t i = 0; i < n;) {
            if (merge_best(active[i], quick)) {
                i++;
            } else {
                end_lane(active[i]);
                active[i] = active[--n];
            }
        }
        for (size_t i = 0; i < n; i++)
            find_slots(active[i], quick);
        for (size_t i = 0; i < n; i++)
            read_pairs(active[i], quick);
    }
}

static void merge_rows_avx2(const struct quick *quick, struct quick_short *rows, size_t n)
{
    for (size_t at = 0; at < n; at += QUICK_LANES)
        merge_lanes(quick, rows + at, n - at < QUICK_LANES ? n - at : QUICK_LANES);
}

void quick_choose_lanes(struct quick *quick)
{
    const char *wanted = getenv("SIDETOK_SIMD");
    bool plain = wanted && strcmp(wanted, "c") == 0;
    quick->merge_rows = __builtin_cpu_supports("avx2") && !plain ? merge_rows_avx2 : merge_rows_plain;
}

#else

void quick_choose_lanes(struct quick *quick)
{
    quick->merge_rows = merge_rows_plain;
}

#endif
