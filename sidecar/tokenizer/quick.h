#ifndef SIDETOK_TOKENIZER_QUICK_H
#define SIDETOK_TOKENIZER_QUICK_H

#include "merge.h"
#include "pair_table.h"
#include "symbols.h"

/*
 * The vocabulary once more, packed for speed: symbols and the order of scores in 16 bits each. For
 * vocabularies of up to 65,534 symbols; others are merged by merge.c alone.
 */
enum {
    QUICK_NO_PAIR = PAIR_TABLE_NONE,
    QUICK_NO_SYMBOL = 0xffff,
    QUICK_WINDOW = 64,
    QUICK_SHORT = 32, /* characters of a short row */
    QUICK_LANES = 16, /* short rows that are merged side by side */
};

/** A character of a row. */
struct quick_cell {
    uint32_t start_bytes; /* in the row's text */
    uint16_t symbol;
    uint16_t joint;
};

struct quick;

/**
 * Merges 1 to QUICK_WINDOW cells. Bits of the result are the positions at which tokens start; symbols holds
 * each token's symbol at its position.
 */
typedef uint64_t quick_merge_window(const struct quick *quick, const struct quick_cell *cells, uint32_t n,
                                    uint16_t symbols[QUICK_WINDOW]);

/** A short row, and what it is merged to: as for a window. */
struct quick_short {
    struct quick_cell cells[QUICK_SHORT];
    uint16_t symbols[QUICK_SHORT];
    uint32_t n, starts;
};

/** Merges n rows of 1 to QUICK_SHORT cells. */
typedef void quick_merge_rows(const struct quick *quick, struct quick_short *rows, size_t n);

struct quick {
    const struct symbols *symbols;
    struct pair_table pairs; /* left 16, right 16 bits to order 16, symbol 16 bits */
    uint32_t
        *joint_pairs; /* the same of two characters: [left joint * n_joints + right joint]; may be NULL */
    uint32_t n_joints;
    quick_merge_window *merge;
    quick_merge_rows *merge_rows;
    bool usable;
};

/** What a row was merged to. */
struct quick_token {
    uint32_t symbol;
    uint32_t start; /* of its first character in the row: a cell's number */
    uint32_t count; /* how many stand side by side, in a long run of one character */
};

/** A row in characters, and what merging makes of it. Zero it to begin with. */
struct quick_row {
    struct quick_cell *cells;
    struct quick_token *tokens;
    struct quick_run {
        uint32_t start, end, removed; /* in cells; characters left out */
    } * runs;
    size_t n_cells, cell_capacity, n_tokens, token_capacity, n_runs, run_capacity;
};

/** Builds the tables in call's memory; usable stays false when the vocabulary does not fit. */
enum sidetok_error quick_build(struct call *call, const struct symbols *symbols, struct quick *ret);

/** Order (high half) and symbol of what two symbols merge to, QUICK_NO_PAIR when they do not. */
static inline uint32_t quick_pair(const struct quick *quick, uint32_t left, uint32_t right)
{
    return pair_table_find(&quick->pairs, left << 16 | right);
}

/** The way of merging a window that suits this processor. */
void quick_choose_merge(struct quick *quick);

/** The way of merging several short rows that does. */
void quick_choose_lanes(struct quick *quick);

/** Reads text into cells, one for each character; there is room for text.size. Returns how many. */
size_t quick_read(const struct quick *quick, struct str text, struct quick_cell *cells);

/** Frees the working memory; row is empty then. */
void quick_row_done(struct quick_row *row);

/** Gives back what a huge row took. Between texts. */
void quick_row_trim(struct quick_row *row);

/**
 * Merges the characters of text, which is one row: row->tokens is the result. Exact for any text; linear
 * unless the text is made to prevent it, then n log n by merger. Errors: SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error quick_merge(struct call *call, const struct quick *quick, struct quick_row *row,
                               struct merger *merger, struct str text);

#endif
