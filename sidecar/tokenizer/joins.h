#ifndef SIDETOK_TOKENIZER_JOINS_H
#define SIDETOK_TOKENIZER_JOINS_H

#include "ranks.h"

/* Four numbers that are compared at once, by whatever instructions there are. */
typedef uint32_t join_four __attribute__((vector_size(16)));

/** A line of the processor's cache: eight pairs of parts, and the rank of what each becomes; 0: none. */
struct join_line {
    join_four tags[2], ranks[2];
};

/**
 * Merging by the ranks of parts, not by their bytes: which two parts become which piece. Immutable once
 * built; threads may share it.
 *
 * A piece has one pair of parts or none. Where two parts lie side by side in the middle of merging, nothing
 * from outside has entered them; so merging their bytes alone comes to the same two parts, and as each step
 * there is the only one possible, these two are the last step to the piece. So 130,000 pairs answer for all
 * 450,000 ways to cut a piece in two. They take 2 MB, which the third-level cache has (15 ns; memory: 110),
 * and a search is one line of it, found or not.
 */
struct joins {
    struct join_line *lines;
    unsigned tag_bits;  /* of the hash; the bits above are the number of the line */
    uint32_t *of_bytes; /* 65,536: the same for two bytes, without a hash */
    uint64_t *reached;  /* one bit a rank: merges lead to the piece */
    bool usable;        /* false for a vocabulary of more than 2 million pieces */
};

enum { JOINS_RANK_BITS = 21, JOINS_WINDOW = 64 };
enum { JOINS_MOVED = 1u << 31 }; /* in a tag: from the line before; in the last rank: some are in the next */

/** Builds the tables in call's memory, out of the answers of bpe_split(). Errors: SIDETOK_E_NO_MEMORY. */
enum sidetok_error joins_build(struct call *call, struct joins *joins, const struct ranks *ranks);

/* All bits of a key, mixed: no two keys have the same. */
static inline uint64_t joins_hash(uint32_t left, uint32_t right)
{
    uint64_t key = (uint64_t)left << JOINS_RANK_BITS | right;
    return key * 0x9e3779b97f4a7c15u & (((uint64_t)1 << 2 * JOINS_RANK_BITS) - 1);
}

/* What a line says of a tag: eight comparisons without a branch. */
static inline uint32_t join_line_find(const struct join_line *line, uint32_t tag)
{
    join_four found = ((join_four)(line->tags[0] == tag) & line->ranks[0]) |
                      ((join_four)(line->tags[1] == tag) & line->ranks[1]);
    uint64_t two[2];
    memcpy(two, &found, sizeof two);
    two[0] |= two[1];
    return (uint32_t)(two[0] | two[0] >> 32) & ~JOINS_MOVED;
}

/** The rank of left and right joined, 0 where merging never joins them. */
static inline uint32_t joins_find(const struct joins *joins, uint32_t left, uint32_t right)
{
    uint64_t hash = joins_hash(left, right);
    uint32_t tag = (uint32_t)(hash & (((uint64_t)1 << joins->tag_bits) - 1));
    const struct join_line *line = &joins->lines[hash >> joins->tag_bits];
    uint32_t rank = join_line_find(line, tag);
    return line->ranks[1][3] & JOINS_MOVED && !rank ? join_line_find(line + 1, tag | JOINS_MOVED) : rank;
}

/** Fetches what joins_find() will read. */
static inline void joins_prefetch(const struct joins *joins, uint32_t left, uint32_t right)
{
    __builtin_prefetch(&joins->lines[joins_hash(left, right) >> joins->tag_bits]);
}

/** Segments of so many bytes take no steps: the two bytes that join first are seen at once, then these and
 * the third. */
enum { JOINS_SHORT = 3 };

/**
 * bpe_encode() of 1 to JOINS_SHORT bytes. For usable tables.
 *
 * ret  Room for JOINS_SHORT ranks.
 * Returns how many were written.
 */
static inline size_t joins_encode_short(const struct joins *joins, struct str segment, uint32_t *ret)
{
    const uint8_t *bytes = (const uint8_t *)segment.data;
    uint32_t front = segment.size > 1 ? joins->of_bytes[bytes[0] << 8 | bytes[1]] : 0;
    uint32_t back = segment.size > 2 ? joins->of_bytes[bytes[1] << 8 | bytes[2]] : 0;
    if (segment.size < 3 || !(front | back)) {
        for (size_t i = 0; i < segment.size; i++)
            ret[i] = bytes[i];
        ret[0] = front ? front : ret[0];
        return segment.size - (front != 0);
    }
    bool in_front = front - 1 <= back - 1; /* no join, 0, comes last; on a tie the left one */
    uint32_t left = in_front ? front : bytes[0], right = in_front ? bytes[2] : back;
    uint32_t whole = joins_find(joins, left, right);
    ret[0] = whole ? whole : left;
    ret[1] = right;
    return whole ? 1 : 2;
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
