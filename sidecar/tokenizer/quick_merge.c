#include "quick.h"

#include <stdlib.h>

enum {
    WINDOW = QUICK_WINDOW,
    OVERLAP = 20,  /* a window begins at a token at least so far before the last one's end */
    RUN_UNIT = 48, /* runs are shortened by multiples of it: of 1, 2, 3, 4, 6, 8, 12, 16, 24 and 48 */
    RUN_KEPT = 96, /* characters of a run that are kept at least */
};

enum { LANES = 8, OUTSIDE = WINDOW };

/*
 * Merging in a window. Positions are those of first characters; OUTSIDE stands for both ends: a symbol that
 * merges with nothing, so that no end needs a test.
 */
struct quick_window {
    uint32_t
        ranks[WINDOW + LANES]; /* of the pair that begins here: order << 16 | position; UINT32_MAX: none */
    uint16_t symbols[WINDOW + 1];
    uint16_t merged[WINDOW + 1]; /* what the pair that begins here becomes */
    uint8_t next[WINDOW + 1], prev[WINDOW + 1];
};

void quick_row_done(struct quick_row *row)
{
    free(row->cells);
    free(row->tokens);
    free(row->runs);
    *row = (struct quick_row){0};
}

/* Room for `wanted` elements; false (recorded) when memory is out. */
static bool reserve(struct call *call, void **array, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return true;
    size_t target = wanted < 128 ? 128 : wanted * 2;
    void *grown = wanted > UINT32_MAX / 4 ? NULL : realloc(*array, target * size);
    if (!grown) {
        failure_no_memory(call);
        return false;
    }
    *array = grown;
    *capacity = target;
    return true;
}

static inline void set_pair(struct quick_window *window, uint32_t at, uint32_t pair)
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

static inline void fill_window(struct quick_window *window, const struct quick *quick,
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
static inline uint32_t best_rank(const struct quick_window *window, uint32_t n)
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

/* Merges n cells, 1 to WINDOW. A merge is one vector minimum and two look-ups; all but the tables stays in
 * L1. */
static inline __attribute__((always_inline)) void merge_window(struct quick_window *window,
                                                               const struct quick *quick,
                                                               const struct quick_cell *cells, uint32_t n)
{
    fill_window(window, quick, cells, n);
    for (uint32_t best; (best = best_rank(window, n)) != UINT32_MAX;) {
        uint32_t at = best & 0xffff, right = window->next[at], after = window->next[right];
        uint32_t before = window->prev[at], symbol = window->merged[at];
        window->symbols[at] = (uint16_t)symbol;
        window->next[at] = (uint8_t)after;
        window->prev[after] = (uint8_t)at;
        window->ranks[right] = UINT32_MAX;
        set_pair(window, before, quick_pair(quick, window->symbols[before], symbol));
        set_pair(window, at, quick_pair(quick, symbol, window->symbols[after]));
    }
}

static void merge_plain(struct quick_window *window, const struct quick *quick,
                        const struct quick_cell *cells, uint32_t n)
{
    merge_window(window, quick, cells, n);
}

#if defined(__x86_64__) && defined(__GNUC__)
static __attribute__((target("avx2"))) void merge_avx2(struct quick_window *window, const struct quick *quick,
                                                       const struct quick_cell *cells, uint32_t n)
{
    merge_window(window, quick, cells, n);
}

void quick_choose_merge(struct quick *quick)
{
    quick->merge = __builtin_cpu_supports("avx2") ? merge_avx2 : merge_plain;
}
#else
void quick_choose_merge(struct quick *quick)
{
    quick->merge = merge_plain;
}
#endif

static void add_token(struct quick_row *row, uint32_t symbol, uint32_t start)
{
    row->tokens[row->n_tokens++] = (struct quick_token){symbol, start, 1};
}

/* The place to begin the next window: the last token that starts before limit; 0 when the first goes beyond.
 */
static uint32_t last_start(const struct quick_window *window, uint32_t limit)
{
    uint32_t at = 0;
    while (window->next[at] <= limit)
        at = window->next[at];
    return at;
}

/*
 * Windows that overlap. What text encodes to is decided by neighbours: tokens t1 t2 t3 .. are its encoding if
 * each two neighbours are the encoding of their own text (the first merge across a border would happen in
 * those two alone as well). So windows join at a token that both of them found. False when they do not agree.
 */
static bool merge_windows(const struct quick *quick, struct quick_row *row)
{
    struct quick_window window;
    uint32_t at = 0, total = (uint32_t)row->n_cells, expected = SYMBOL_NONE;
    row->n_tokens = 0;
    for (;;) {
        uint32_t n = total - at < WINDOW ? total - at : WINDOW;
        quick->merge(&window, quick, row->cells + at, n);
        if (expected != SYMBOL_NONE && window.symbols[0] != expected)
            return false;
        uint32_t end = at + n == total ? n : last_start(&window, WINDOW - OVERLAP);
        if (end == 0)
            return false;
        for (uint32_t i = 0; i < end; i = window.next[i])
            add_token(row, window.symbols[i], at + i);
        at += end;
        if (at == total)
            return true;
        expected = window.symbols[end];
    }
}

/* The whole row on the heap. */
static enum sidetok_error merge_heap(struct call *call, const struct quick *quick, struct quick_row *row,
                                     struct merger *merger)
{
    merger_begin(merger);
    for (size_t i = 0; i < row->n_cells; i++)
        TRY(merger_add(call, merger, row->cells[i].symbol, 1, false));
    TRY(merger_run(call, merger, quick->symbols));
    row->n_tokens = 0;
    for (uint32_t at = 0; at != MERGE_END; at = merger->nodes[at].next)
        add_token(row, merger->nodes[at].symbol, at);
    return SIDETOK_OK;
}

/* Reads text into cells. */
static enum sidetok_error read_cells(struct call *call, const struct quick *quick, struct quick_row *row,
                                     struct str text)
{
    struct character character;
    if (!reserve(call, (void **)&row->cells, &row->cell_capacity, text.size, sizeof *row->cells))
        return SIDETOK_E_NO_MEMORY;
    row->n_cells = 0;
    for (size_t at = 0; at < text.size;) {
        uint8_t byte = (uint8_t)text.data[at];
        size_t size = 1;
        if (byte < 0x80)
            character = quick->symbols->ascii[byte];
        else
            size = symbols_read(quick->symbols, text, at, &character);
        row->cells[row->n_cells++] =
            (struct quick_cell){(uint32_t)at, (uint16_t)character.symbol, (uint16_t)character.joint};
        at += size;
    }
    if (!reserve(call, (void **)&row->tokens, &row->token_capacity, row->n_cells, sizeof *row->tokens))
        return SIDETOK_E_NO_MEMORY;
    return SIDETOK_OK;
}

static size_t run_end(const struct quick_row *row, size_t at)
{
    size_t end = at + 1;
    while (end < row->n_cells && row->cells[at].joint != 0 && row->cells[end].symbol == row->cells[at].symbol)
        end++;
    return end;
}

/* Leaves out the middle of long runs of one character, in multiples of RUN_UNIT. */
static enum sidetok_error shorten_runs(struct call *call, struct quick_row *row)
{
    size_t n = 0;
    row->n_runs = 0;
    for (size_t at = 0, end; at < row->n_cells; at = end) {
        end = run_end(row, at);
        size_t kept = end - at;
        if (kept >= RUN_KEPT + RUN_UNIT) {
            kept = RUN_KEPT + (kept - RUN_KEPT) % RUN_UNIT;
            if (!reserve(call, (void **)&row->runs, &row->run_capacity, row->n_runs + 1, sizeof *row->runs))
                return SIDETOK_E_NO_MEMORY;
            row->runs[row->n_runs++] =
                (struct quick_run){(uint32_t)n, (uint32_t)(n + kept), (uint32_t)(end - at - kept)};
        }
        memmove(row->cells + n, row->cells + at, kept * sizeof *row->cells);
        n += kept;
    }
    row->n_cells = n;
    return SIDETOK_OK;
}

/* The first of two equal tokens side by side within the run, NULL when there is none. */
static struct quick_token *find_twins(const struct quick_row *row, const struct quick_run *run)
{
    for (size_t i = 0; i + 2 < row->n_tokens && row->tokens[i + 2].start <= run->end; i++)
        if (row->tokens[i].start >= run->start && row->tokens[i].symbol == row->tokens[i + 1].symbol)
            return &row->tokens[i];
    return NULL;
}

/*
 * Puts back what was left out: where two equal tokens stand side by side any number of them may, by the same
 * rule that lets windows join. False when a run has no such place or its length does not divide.
 */
static bool lengthen_runs(struct quick_row *row)
{
    for (size_t i = 0; i < row->n_runs; i++) {
        struct quick_token *twins = find_twins(row, &row->runs[i]);
        uint32_t size = twins ? twins[1].start - twins[0].start : 0;
        if (!twins || row->runs[i].removed % size != 0)
            return false;
        twins->count += row->runs[i].removed / size;
    }
    return true;
}

enum sidetok_error quick_merge(struct call *call, const struct quick *quick, struct quick_row *row,
                               struct merger *merger, struct str text)
{
    TRY(read_cells(call, quick, row, text));
    if (row->n_cells >= RUN_KEPT + RUN_UNIT) {
        TRY(shorten_runs(call, row));
        if (merge_windows(quick, row) && lengthen_runs(row))
            return SIDETOK_OK;
        if (row->n_runs > 0)
            TRY(read_cells(call, quick, row, text));
    }
    if (merge_windows(quick, row))
        return SIDETOK_OK;
    return merge_heap(call, quick, row, merger);
}
