#ifndef SIDETOK_TOKENIZER_RANKS_H
#define SIDETOK_TOKENIZER_RANKS_H

#include "call.h"
#include "str.h"

#include <stdint.h>

enum { RANK_NONE = 0xffffffff };

/** A piece and its rank; a slot of size 0 is empty. */
struct rank_slot {
    uint64_t first; /* its first 8 bytes, zeros behind a shorter one */
    uint32_t rank, size;
};

/**
 * The pieces of a Tekken vocabulary: bytes by rank and rank by bytes. The rank is also the order of merges.
 * The first 256 pieces are the 256 bytes. Immutable once built; threads may share it.
 */
struct ranks {
    uint32_t n;              /* pieces */
    uint32_t longest;        /* size of the longest piece */
    const uint32_t *offsets; /* n + 1: piece r is bytes[offsets[r]] to bytes[offsets[r + 1]] */
    const char *bytes;       /* followed by 16 readable bytes */
    struct rank_slot *slots; /* open addressing, at most half full */
    uint64_t *filter; /* one bit a piece, by hash: most searches are for what is not there and end here */
    size_t mask;
    unsigned shift, filter_shift;
    uint64_t key;
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

/** The hash of a piece of up to 8 bytes, given as they stand in a slot. */
static inline uint64_t ranks_hash(const struct ranks *ranks, uint64_t first, size_t size)
{
    return (first ^ (uint64_t)size << 58) * ranks->key;
}

static inline bool ranks_may_have(const struct ranks *ranks, uint64_t hash)
{
    uint64_t bit = (hash ^ hash >> 32) * ranks->key >> ranks->filter_shift;
    return ranks->filter[bit / 64] >> bit % 64 & 1;
}

/** ranks_find() of a piece of 1 to 8 bytes that are at hand in a register, zeros behind them. */
static inline uint32_t ranks_find_short(const struct ranks *ranks, uint64_t first, size_t size)
{
    uint64_t hash = ranks_hash(ranks, first, size);
    if (!ranks_may_have(ranks, hash))
        return RANK_NONE;
    for (size_t i = hash >> ranks->shift; ranks->slots[i].size != 0; i = (i + 1) & ranks->mask)
        if (ranks->slots[i].first == first && ranks->slots[i].size == size)
            return ranks->slots[i].rank;
    return RANK_NONE;
}

/** The bytes of a rank below n. */
static inline struct str ranks_piece(const struct ranks *ranks, uint32_t rank)
{
    return (struct str){ranks->bytes + ranks->offsets[rank], ranks->offsets[rank + 1] - ranks->offsets[rank]};
}

#endif
