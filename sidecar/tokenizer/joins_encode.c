#include "joins.h"

/*
 * One window of up to 64 bytes: all on the stack. A part is named by where it begins; two words of bits say
 * which parts there are and which of them join with the next, so that the lowest join is found by looking at
 * those few.
 */
struct parts {
    uint32_t rank[JOINS_WINDOW];
    uint32_t
        join[JOINS_WINDOW + 1]; /* the rank of the part joined with the next, 6 bits for where it begins */
    uint64_t begins, joinable;
};

enum { PLACE_BITS = 6, NO_JOIN = 0x7fffffff };

static inline void set_join(struct parts *parts, size_t at, uint32_t rank)
{
    parts->join[at] = rank << PLACE_BITS | (uint32_t)at;
    parts->joinable |= (uint64_t)(rank != 0) << at;
}

static inline void parts_init(const struct joins *joins, struct parts *parts, const uint8_t *bytes, size_t n)
{
    parts->begins = ~(uint64_t)0 >> (JOINS_WINDOW - n);
    parts->joinable = 0;
    parts->join[JOINS_WINDOW] = NO_JOIN;
    for (size_t i = 0; i < n; i++)
        parts->rank[i] = bytes[i];
    for (size_t i = 0; i + 1 < n; i++)
        set_join(parts, i, joins->of_bytes[bytes[i] << 8 | bytes[i + 1]]);
    for (size_t i = 0; i + 2 < n; i++) {
        joins_prefetch(joins, parts->join[i] >> PLACE_BITS, bytes[i + 2]);
        joins_prefetch(joins, bytes[i], parts->join[i + 1] >> PLACE_BITS);
    }
}

/* The lowest join, leftmost on a tie. Four at a time: a branch after each would be mispredicted once a merge.
 */
static inline uint32_t lowest_join(const struct parts *parts)
{
    uint32_t lowest = NO_JOIN;
    uint64_t left = parts->joinable;
    do {
        for (int i = 0; i < 4; i++, left &= left - 1) {
            uint32_t join = parts->join[left ? __builtin_ctzll(left) : JOINS_WINDOW];
            lowest = join < lowest ? join : lowest;
        }
    } while (left);
    return lowest;
}

/* A part and the next become one; both neighbours' joins are looked up anew. */
static inline void parts_merge(const struct joins *joins, struct parts *parts, uint32_t join)
{
    uint32_t rank = join >> PLACE_BITS, at = join & (JOINS_WINDOW - 1);
    uint64_t here = (uint64_t)1 << at, behind = parts->begins & -(here << 1);
    uint64_t next = behind & -behind, before = parts->begins & (here - 1);
    parts->rank[at] = rank;
    parts->begins &= ~next;
    parts->joinable &= ~(here | next);
    if (behind &= behind - 1)
        set_join(parts, at, joins_find(joins, rank, parts->rank[__builtin_ctzll(behind)]));
    if (before) {
        size_t previous = 63 - (size_t)__builtin_clzll(before);
        parts->joinable &= ~((uint64_t)1 << previous);
        set_join(parts, previous, joins_find(joins, parts->rank[previous], rank));
    }
}

static void merge_window(const struct joins *joins, struct parts *parts, struct str bytes)
{
    parts_init(joins, parts, (const uint8_t *)bytes.data, bytes.size);
    while (parts->joinable)
        parts_merge(joins, parts, lowest_join(parts));
}

/* Writes the ranks of the parts that begin at the bits of begins. */
static size_t write_parts(const struct parts *parts, uint64_t begins, uint32_t *ret)
{
    size_t n = 0;
    for (; begins; begins &= begins - 1)
        ret[n++] = parts->rank[__builtin_ctzll(begins)];
    return n;
}

/*
 * Longer segments in windows that overlap. Each window begins at a part of the one before and must come to
 * the same part there. Then each two neighbours of the result are what their own bytes merge to; and that
 * makes it the result for all: the first merge across one of its borders would happen in those two alone as
 * well.
 *
 * The part to begin at is the last one some bytes before the window's end; when the next window comes to
 * another part there, the one before it is tried, four times. Then once more with a wider window: a narrow
 * one costs a fifth less, since the lowest of fewer joins is looked for, but holds no pieces of more than 32
 * bytes.
 */
struct chain {
    const struct joins *joins;
    struct str segment;
    struct parts parts; /* of the window at `at` */
    size_t at, window;
};

enum { NARROW = 32, WIDE = JOINS_WINDOW };

static struct str window_at(const struct chain *chain, size_t at)
{
    size_t left = chain->segment.size - at;
    return (struct str){chain->segment.data + at, left < chain->window ? left : chain->window};
}

/* Goes to the next window, after writing the parts before it; false when none fits. */
static bool chain_next(struct chain *chain, uint32_t *ret, size_t *ret_n)
{
    enum { TRIES = 4 };
    uint64_t candidates = chain->parts.begins & (((uint64_t)1 << chain->window / 4 * 3) - 2);
    for (int i = 0; i < TRIES && candidates; i++) {
        unsigned begin = 63 - (unsigned)__builtin_clzll(candidates);
        struct parts next;
        merge_window(chain->joins, &next, window_at(chain, chain->at + begin));
        if (next.rank[0] == chain->parts.rank[begin]) { /* the same piece, so it ends in the same place */
            uint64_t done = chain->parts.begins & (((uint64_t)1 << begin) - 1);
            *ret_n += write_parts(&chain->parts, done, ret + *ret_n);
            chain->at += begin;
            chain->parts = next;
            return true;
        }
        candidates &= ~((uint64_t)1 << begin);
    }
    return false;
}

/* The same from a wider window, which has to begin with the part that the one before it ended with. */
static bool chain_next_wide(struct chain *chain, uint32_t *ret, size_t *ret_n)
{
    struct chain wide = *chain;
    wide.window = WIDE;
    merge_window(chain->joins, &wide.parts, window_at(&wide, chain->at));
    if (chain->at > 0 && wide.parts.rank[0] != chain->parts.rank[0])
        return false;
    while (wide.segment.size - wide.at > WIDE && wide.at == chain->at)
        if (!chain_next(&wide, ret, ret_n))
            return false;
    chain->at = wide.at;
    chain->parts = wide.parts;
    chain->window = WIDE;
    return true;
}

bool joins_encode(const struct joins *joins, struct str segment, uint32_t *ret, size_t *ret_n)
{
    struct chain chain = {.joins = joins, .segment = segment, .window = NARROW};
    *ret_n = 0;
    merge_window(joins, &chain.parts, segment.size <= WIDE ? segment : window_at(&chain, 0));
    while (segment.size > WIDE && segment.size - chain.at > chain.window)
        if (!chain_next(&chain, ret, ret_n) && (chain.window == WIDE || !chain_next_wide(&chain, ret, ret_n)))
            return false;
    *ret_n += write_parts(&chain.parts, chain.parts.begins, ret + *ret_n);
    return true;
}
