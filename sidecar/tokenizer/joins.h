#ifndef SIDETOK_TOKENIZER_JOINS_H
#define SIDETOK_TOKENIZER_JOINS_H

#include "pair_table.h"
#include "ranks.h"

/**
 * Merging by the ranks of parts, not by their bytes: which two parts become which piece. Immutable once
 * built; threads may share it.
 *
 * A piece has one pair of parts or none. Where two parts lie side by side in the middle of merging, nothing
 * from outside has entered them; so merging their bytes alone comes to the same two parts, and as each step
 * there is the only one possible, these two are the last step to the piece. So 130,000 pairs answer for all
 * 450,000 ways to cut a piece in two, and one search without a branch replaces hashing bytes.
 */
struct joins {
    struct pair_table pairs;  /* left 21, right 21 bits to rank */
    const uint32_t *of_bytes; /* ranks->of_pair: nothing hashed for single bytes */
    uint64_t *reached;        /* one bit a rank: merges lead to the piece */
    bool usable;              /* false for a vocabulary of more than 2 million pieces */
};

enum { JOINS_RANK_BITS = 21, JOINS_WINDOW = 64 };

/** Builds the tables in call's memory, out of the answers of bpe_split(). Errors: SIDETOK_E_NO_MEMORY. */
enum sidetok_error joins_build(struct call *call, struct joins *joins, const struct ranks *ranks);

/** The rank of left and right joined, RANK_NONE where merging never joins them. */
static inline uint32_t joins_find(const struct joins *joins, uint32_t left, uint32_t right)
{
    return pair_table_find(&joins->pairs, (uint64_t)left << JOINS_RANK_BITS | right);
}

/** Whether merges lead to the piece of this rank. */
static inline bool joins_reach(const struct joins *joins, uint32_t rank)
{
    return joins->reached[rank / 64] >> rank % 64 & 1;
}

/**
 * bpe_encode() in linear time and without memory, for usable tables.
 *
 * ret  Room for segment.size ranks.
 * Returns false, with ret's contents undefined, for text that is made to prevent it: bpe_encode() is to be
 * asked. Never false up to JOINS_WINDOW bytes.
 */
bool joins_encode(const struct joins *joins, struct str segment, uint32_t *ret, size_t *ret_n);

#endif
