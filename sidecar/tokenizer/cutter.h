#ifndef SIDETOK_TOKENIZER_CUTTER_H
#define SIDETOK_TOKENIZER_CUTTER_H

#include "symbols.h"

/**
 * Cuts text into rows: between two characters that symbols_join() denies nothing ever merges.
 *
 * Spaces get one cut more where the vocabulary allows it, and those of Mistral do: if spaces only lead
 * pieces, and what consists of spaces alone merges after everything else, then in a run of spaces all but the
 * last are a row of their own, and the last leads what follows. It comes back to the run if it merged with
 * nothing.
 */
struct cutter {
    const struct symbols *symbols;
    bool spaces_lead;
    uint64_t *joins; /* as those of symbols, but for the two spaces */
    uint8_t *ascii;  /* [left * 128 + right]: 1 where to cut */
};

enum { CUTTER_BLOCK = 64 };

/** Builds the tables in call's memory. Errors: SIDETOK_E_NO_MEMORY. */
enum sidetok_error cutter_build(struct call *call, const struct symbols *symbols, struct cutter *ret);

/**
 * Finds the cuts in the next bytes of text, CUTTER_BLOCK at most: bit i is set where a row begins at `at` +
 * i.
 *
 * last      The character before `at`, {SYMBOL_NONE, 0} at the beginning; moves on.
 * ret_size  How many bytes were looked at: whole characters, at least one.
 */
uint64_t cutter_block(const struct cutter *cutter, struct str text, size_t at, struct character *last,
                      size_t *ret_size);

#endif
