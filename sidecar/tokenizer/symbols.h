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
 * The character at `at` (below text.size) and its size in bytes, at least 1 and never beyond the end. Where
 * the bytes are not UTF-8, as utf8_read() says.
 */
size_t symbols_read(const struct symbols *symbols, struct str text, size_t at, struct character *ret);

/** The same, by the shortest way for text that is UTF-8. */
static inline size_t symbols_read_quickly(const struct symbols *symbols, struct str text, size_t at,
                                          struct character *ret)
{
    const uint8_t *bytes = (const uint8_t *)text.data + at;
    size_t left = text.size - at, size;
    uint32_t code_point;
    if (bytes[0] < 0x80) {
        *ret = symbols->ascii[bytes[0]];
        return 1;
    }
    if (left >= 3 && bytes[0] >> 4 == 14 && bytes[1] >> 6 == 2 && bytes[2] >> 6 == 2) {
        code_point = (bytes[0] & 15u) << 12 | (bytes[1] & 63u) << 6 | (bytes[2] & 63u);
        size = code_point < 0x800 ? 0 : 3;
    } else if (left >= 2 && bytes[0] >> 5 == 6 && bytes[1] >> 6 == 2) {
        code_point = (bytes[0] & 31u) << 6 | (bytes[1] & 63u);
        size = code_point < 0x80 ? 0 : 2;
    } else {
        return symbols_read(symbols, text, at, ret);
    }
    const struct character *page = symbols->pages[code_point / 256];
    if (size == 0)
        return symbols_read(symbols, text, at, ret);
    *ret = page ? page[code_point % 256] : (struct character){SYMBOL_NONE, 0};
    return size;
}

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
