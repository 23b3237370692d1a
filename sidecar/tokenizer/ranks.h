#ifndef SIDETOK_TOKENIZER_RANKS_H
#define SIDETOK_TOKENIZER_RANKS_H

#include "call.h"
#include "str.h"

#include <stdint.h>

enum { RANK_NONE = 0xffffffff };

/**
 * The pieces of a Tekken vocabulary: bytes by rank and rank by bytes. The rank is also the order of merges.
 * The first 256 pieces are the 256 bytes. Immutable once built; threads may share it.
 */
struct ranks {
    uint32_t n;              /* pieces */
    uint32_t longest;        /* size of the longest piece */
    const uint32_t *offsets; /* n + 1: piece r is bytes[offsets[r]] to bytes[offsets[r + 1]] */
    const char *bytes;       /* followed by 16 readable bytes */
    uint32_t *slots;         /* 0, or rank + 1 in the low id_bits and a tag of the hash above */
    uint32_t mask, id_bits;
    uint64_t seed;
    uint32_t *of_pair; /* 65,536: the rank of a piece of two bytes, RANK_NONE where there is none */
};

/**
 * Builds the tables. offsets and bytes are borrowed for the life of the result; the rest is call's memory.
 *
 * ret_duplicate  Set when two pieces have the same bytes; the tables are then of no use.
 * Returns SIDETOK_OK or SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error ranks_build(struct call *call, struct ranks *ranks, uint32_t n, const uint32_t *offsets,
                               const char *bytes, bool *ret_duplicate);

/** The rank of piece, RANK_NONE when the vocabulary has no such piece. */
uint32_t ranks_find(const struct ranks *ranks, struct str piece);

/** The bytes of a rank below n. */
static inline struct str ranks_piece(const struct ranks *ranks, uint32_t rank)
{
    return (struct str){ranks->bytes + ranks->offsets[rank], ranks->offsets[rank + 1] - ranks->offsets[rank]};
}

#endif
