#ifndef SIDETOK_TOKENIZER_QUICK_H
#define SIDETOK_TOKENIZER_QUICK_H

#include "merge.h"
#include "symbols.h"

/*
 * The vocabulary once more, packed for speed: symbols and the order of scores in 16 bits each, so that a pair
 * is one 64-bit word. For vocabularies of up to 65,535 symbols; others are merged by merge.c alone.
 */
enum { QUICK_NO_PAIR = UINT32_MAX, QUICK_MAX_SYMBOLS = 0xffff, QUICK_WINDOW = 64 };

struct quick {
    const struct symbols *symbols;
    uint64_t *pairs; /* left 16, right 16, order 16, symbol 16 bits; hash table, linear probing */
    uint32_t pair_shift;
    uint32_t *joint_pairs; /* [left joint * n_joints + right joint]: order and symbol, of two characters */
    bool usable;
};

/** What a row was merged to. */
struct quick_token {
    uint32_t symbol;
    uint32_t start; /* of its first character in the row: a cell's number */
    uint32_t count; /* how many stand side by side, in a long run of one character */
};

/** A row in characters, and what merging makes of it. Zero it to begin with; grows to the longest row. */
struct quick_row {
    struct quick_cell {
        uint32_t start_bytes; /* in the row's text */
        uint16_t symbol;
        uint16_t joint;
    } * cells;
    struct quick_token *tokens;
    struct quick_run {
        uint32_t start, end, removed; /* in cells; characters left out */
    } * runs;
    size_t n_cells, cell_capacity, n_tokens, token_capacity, n_runs, run_capacity;
};

/** Builds the tables in call's memory; usable stays false when the vocabulary does not fit. */
enum sidetok_error quick_build(struct call *call, const struct symbols *symbols, struct quick *ret);

static inline size_t quick_slot(const struct quick *quick, uint32_t left, uint32_t right)
{
    return (uint32_t)((left << 16 | right) * 0x9e3779b1u) >> quick->pair_shift;
}

/** Order (high half) and symbol of what two symbols merge to, QUICK_NO_PAIR when they do not. */
static inline uint32_t quick_pair(const struct quick *quick, uint32_t left, uint32_t right)
{
    uint32_t key = left << 16 | right;
    for (size_t at = quick_slot(quick, left, right);; at++) {
        uint64_t entry = quick->pairs[at];
        if (entry >> 32 == key)
            return (uint32_t)entry;
        if (entry == UINT64_MAX)
            return QUICK_NO_PAIR;
    }
}

void quick_row_done(struct quick_row *row);

/**
 * Merges the characters of text, which is one row: row->tokens is the result. Exact for any text; linear
 * unless the text is made to prevent it, then n log n by merger. Errors: SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error quick_merge(struct call *call, const struct quick *quick, struct quick_row *row,
                               struct merger *merger, struct str text);

#endif
