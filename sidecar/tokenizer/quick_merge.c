#include "quick.h"

#include <stdlib.h>

enum {
    WINDOW = QUICK_WINDOW,
    OVERLAP = 20,         /* a window begins at a token at least so far before the last one's end */
    RUN_UNIT = 48,        /* runs are shortened by multiples of it: of 1, 2, 3, 4, 6, 8, 12, 16, 24 and 48 */
    RUN_KEPT = 96,        /* characters of a run that are kept at least */
    KEPT_CELLS = 1 << 16, /* of working memory between texts */
};

void quick_row_trim(struct quick_row *row)
{
    if (row->cell_capacity > KEPT_CELLS || row->token_capacity > KEPT_CELLS)
        quick_row_done(row);
}

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

static void add_token(struct quick_row *row, uint32_t symbol, uint32_t start)
{
    row->tokens[row->n_tokens++] = (struct quick_token){symbol, start, 1};
}

/*
 * Windows that overlap. What text encodes to is decided by neighbours: tokens t1 t2 t3 .. are its encoding if
 * each two neighbours are the encoding of their own text (the first merge across a border would happen in
 * those two alone as well). So windows join at a token that both of them found. False when they do not agree.
 */
static bool merge_windows(const struct quick *quick, struct quick_row *row)
{
    uint16_t symbols[WINDOW];
    uint32_t at = 0, total = (uint32_t)row->n_cells, expected = SYMBOL_NONE;
    row->n_tokens = 0;
    for (;;) {
        uint32_t n = total - at < WINDOW ? total - at : WINDOW, end = n;
        uint64_t starts = quick->merge(quick, row->cells + at, n, symbols);
        if (expected != SYMBOL_NONE && symbols[0] != expected)
            return false;
        if (at + n < total)
            end = 63 - (uint32_t)__builtin_clzll(starts & ((UINT64_C(2) << (WINDOW - OVERLAP)) - 1));
        if (end == 0)
            return false;
        for (starts &= UINT64_MAX >> (WINDOW - end); starts; starts &= starts - 1) {
            uint32_t i = (uint32_t)__builtin_ctzll(starts);
            add_token(row, symbols[i], at + i);
        }
        at += end;
        if (at == total)
            return true;
        expected = symbols[end];
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

size_t quick_read(const struct quick *quick, struct str text, struct quick_cell *cells)
{
    size_t n = 0;
    for (size_t at = 0; at < text.size;) {
        struct character character;
        size_t size = symbols_read_quickly(quick->symbols, text, at, &character);
        cells[n++] = (struct quick_cell){(uint32_t)at, (uint16_t)character.symbol, (uint16_t)character.joint};
        at += size;
    }
    return n;
}

/* How many bytes the character of size bytes at `at` goes on for, itself included. */
static size_t run_bytes(struct str text, size_t at, size_t size)
{
    const char *data = text.data + at;
    size_t n = size, left = text.size - at;
    while (n + 8 <= left && memcmp(data + n, data + n - size, 8) == 0)
        n += 8;
    while (n < left && data[n] == data[n - size])
        n++;
    return n - n % size;
}

/* How many of the same characters begin at `at`; a character that never merges counts alone. */
static size_t run_length(struct str text, size_t at, size_t size, struct character character)
{
    bool goes_on = character.joint != 0 && at + size < text.size && text.data[at] == text.data[at + size];
    return goes_on ? run_bytes(text, at, size) / size : 1;
}

/* Notes a run that begins at cell `first` and of which kept characters stay. */
static bool add_run(struct call *call, struct quick_row *row, size_t first, size_t kept, size_t length)
{
    if (!reserve(call, (void **)&row->runs, &row->run_capacity, row->n_runs + 1, sizeof *row->runs))
        return false;
    row->runs[row->n_runs++] =
        (struct quick_run){(uint32_t)first, (uint32_t)(first + kept), (uint32_t)(length - kept)};
    return true;
}

/*
 * Reads text into cells. Of a long run of one character the middle is left out, in multiples of RUN_UNIT: a
 * megabyte of one letter is 143 cells. Whole: nothing is left out.
 */
static enum sidetok_error read_row(struct call *call, const struct quick *quick, struct quick_row *row,
                                   struct str text, bool whole)
{
    size_t n = 0;
    row->n_runs = 0;
    for (size_t at = 0; at < text.size;) {
        struct character character;
        size_t size = symbols_read_quickly(quick->symbols, text, at, &character);
        size_t length = whole ? 1 : run_length(text, at, size, character), kept = length;
        if (length >= RUN_KEPT + RUN_UNIT)
            kept = RUN_KEPT + (length - RUN_KEPT) % RUN_UNIT;
        if (!reserve(call, (void **)&row->cells, &row->cell_capacity, n + kept, sizeof *row->cells) ||
            (kept < length && !add_run(call, row, n, kept, length)))
            return SIDETOK_E_NO_MEMORY;
        for (size_t i = 0; i < kept; i++)
            row->cells[n++] = (struct quick_cell){(uint32_t)(at + i * size), (uint16_t)character.symbol,
                                                  (uint16_t)character.joint};
        at += length * size;
    }
    row->n_cells = n;
    if (!reserve(call, (void **)&row->tokens, &row->token_capacity, n, sizeof *row->tokens))
        return SIDETOK_E_NO_MEMORY;
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
    TRY(read_row(call, quick, row, text, false));
    if (merge_windows(quick, row) && lengthen_runs(row))
        return SIDETOK_OK;
    if (row->n_runs > 0) {
        TRY(read_row(call, quick, row, text, true));
        if (merge_windows(quick, row))
            return SIDETOK_OK;
    }
    return merge_heap(call, quick, row, merger);
}
