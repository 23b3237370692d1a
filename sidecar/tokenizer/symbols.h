#ifndef SIDETOK_TOKENIZER_SYMBOLS_H
#define SIDETOK_TOKENIZER_SYMBOLS_H

#include "sentencepiece_model.h"

/**
 * A SentencePiece vocabulary laid out for merging.
 *
 * Texts here are in inner spelling: where the model escapes white space, U+2581 is one byte, the space; text
 * holds no other space then. A symbol is a mergeable piece (its id), or a character without such a piece that
 * occurs inside one (from n_pieces on), or SYMBOL_NONE: a character in no piece at all.
 */
enum { SYMBOL_NONE = UINT32_MAX };

/** Two symbols that merge. The order is the score as a number: the lower merges first. */
struct pair {
    uint32_t left, right; /* SYMBOL_NONE, SYMBOL_NONE: an empty slot */
    uint32_t order, symbol;
};

/** A character: its symbol, and its row and column in the table of neighbours. */
struct character {
    uint32_t symbol;
    uint32_t joint; /* 0: in no piece of several characters */
};

struct symbols {
    const struct sentencepiece_model *model;
    uint32_t n;         /* symbols */
    struct str *texts;  /* by symbol; data is NULL for a piece that no text becomes */
    struct pair *pairs; /* hash table, linear probing */
    uint32_t pair_mask;
    struct character ascii[128];
    struct character **pages; /* by code point / 256; NULL: all SYMBOL_NONE */
    uint32_t n_joints;
    uint64_t *joins;       /* bit [left joint * joint_stride * 64 + right joint] */
    uint32_t joint_stride; /* words in a row */
    bool splits_unused;    /* a piece of type UNUSED can come out of merging */
};

/** Builds the tables in call's memory. Errors: SIDETOK_E_NO_MEMORY. */
enum sidetok_error symbols_build(struct call *call, const struct sentencepiece_model *model,
                                 struct symbols *ret);

/** The pair of two symbols, NULL when they do not merge. */
const struct pair *symbols_pair(const struct symbols *symbols, uint32_t left, uint32_t right);

/**
 * The character at `at` (below text.size) and its size in bytes, at least 1 and never beyond the end.
 * Rule: string_util::OneCharLen.
 */
size_t symbols_read(const struct symbols *symbols, struct str text, size_t at, struct character *ret);

/** Writes the joint of each symbol that is one character; joints has symbols->n elements, zeroed. */
void symbols_list_joints(const struct symbols *symbols, uint32_t *joints);

/**
 * Whether two symbols that merge can meet with these characters at their border. If not, no merge ever
 * crosses the place between the two characters: text can be cut there.
 */
static inline bool symbols_join(const struct symbols *symbols, struct character left, struct character right)
{
    size_t row = (size_t)left.joint * symbols->joint_stride;
    return symbols->joins[row + right.joint / 64] >> (right.joint % 64) & 1;
}

#endif
