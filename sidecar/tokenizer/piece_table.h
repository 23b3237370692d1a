#ifndef SIDETOK_TOKENIZER_PIECE_TABLE_H
#define SIDETOK_TOKENIZER_PIECE_TABLE_H

#include "str.h"

#include <stdint.h>

#if defined(__AVX2__) && !defined(MASKS_PLAIN)
#include <immintrin.h>
#endif

enum {
    TABLE_SHORT_SIZE = 16, /* bytes of a piece that shares a line with another */
    TABLE_SHORT_IDS = 3,
    TABLE_LONG_SIZE = 30, /* bytes of a piece that has a line of its own */
    TABLE_LONG_IDS = 7,
};

/* What an entry is. Vocabulary pieces are there from the start and stay; the rest is learned and may be
 * replaced. */
enum {
    TABLE_COUNT = 0xff,     /* mask: how many ids */
    TABLE_VOCAB = 0x100,    /* a vocabulary piece */
    TABLE_NO_MERGE = 0x200, /* to which no merges lead: the answer for a whole pre-token, not for a segment */
    TABLE_LONG = 0x400,     /* in the second meta of a line: it holds one long entry */
    TABLE_SPILLS = 0x800,   /* there, too: some of its pieces are in its neighbour */
    TABLE_LACKS = 0x1000,   /* and: a vocabulary piece of it found no place at all */
    TABLE_OF_LINE = TABLE_SPILLS | TABLE_LACKS,
};

/** The bytes of a piece of up to 16, filled up with FF, which no UTF-8 text holds: so the length needs no
 * place of its own. */
struct table_key {
    uint64_t low, high;
};

struct table_value {
    uint32_t ids[TABLE_SHORT_IDS];
    uint32_t meta;
};

/**
 * One line of the processor's cache: two short entries or a long one, for a piece of more than 16 bytes or 3
 * ids. A long key is two halves, each FE and 15 bytes, filled up with FF. No short key begins with FE, so a
 * search for one can pass over long entries and empty places (which are all FE) without asking what they are.
 */
struct table_line {
    struct table_key keys[2];
    union {
        struct table_value values[2];
        struct {
            uint32_t long_ids[TABLE_LONG_IDS], long_meta;
        };
    };
};

/**
 * Pieces of up to 30 bytes to their ids: seeded from the vocabulary, learning what was encoded. Bounded: a
 * piece has one line, or that line's neighbour where vocabulary pieces are in its way, which the line says of
 * itself; what is learned replaces what was learned before. So most searches end in the line that the first
 * look has fetched, those in vain too. The hash is keyed, so text cannot be written to make pieces collide,
 * and if it could, a search would still end after two lines. One thread at a time.
 */
struct piece_table {
    struct table_line *lines;
    unsigned shift; /* of the hash, which leaves the number of a line */
    bool learns;
    unsigned turn; /* which of the learned entries goes next */
    uint64_t secret[4];
    size_t size_bytes;
};

/** Makes an empty table of at most size_bytes (a power of two, at least 4 KiB); false when memory is out. */
bool piece_table_open(struct piece_table *table, size_t size_bytes, bool learns);
void piece_table_close(struct piece_table *table);

/* The bytes FF that fill up a key of n bytes; beyond 16 there is nothing but FF, a key that is never found.
 */
#define FF UINT64_MAX
static const struct table_key table_fill[64 + 1] = {
    {FF, FF},       {FF << 8, FF},  {FF << 16, FF}, {FF << 24, FF}, {FF << 32, FF}, {FF << 40, FF},
    {FF << 48, FF}, {FF << 56, FF}, {0, FF},        {0, FF << 8},   {0, FF << 16},  {0, FF << 24},
    {0, FF << 32},  {0, FF << 40},  {0, FF << 48},  {0, FF << 56},  {0, 0},
#define FOUR                                                                                                 \
    {FF, FF}, {FF, FF}, {FF, FF},                                                                            \
    {                                                                                                        \
        FF, FF                                                                                               \
    }
    FOUR,           FOUR,           FOUR,           FOUR,           FOUR,           FOUR,
    FOUR,           FOUR,           FOUR,           FOUR,           FOUR,           FOUR,
#undef FOUR
};
#undef FF

/** The key of the n bytes at data, 1 to 64; 16 bytes must be readable there. */
static inline struct table_key table_key(const void *data, size_t n)
{
    struct table_key key;
    memcpy(&key, data, sizeof key);
    key.low |= table_fill[n].low;
    key.high |= table_fill[n].high;
    return key;
}

/** Where the search for a short key begins. */
static inline struct table_line *piece_table_line(const struct piece_table *table, struct table_key key)
{
    return table->lines + ((key.low * table->secret[0] + key.high * table->secret[1]) >> table->shift);
}

/** Where the search for a piece of 17 to 30 bytes begins. */
struct table_line *piece_table_long_line(const struct piece_table *table, struct str piece);

static inline bool table_key_equal(struct table_key a, struct table_key b)
{
    return ((a.low ^ b.low) | (a.high ^ b.high)) == 0;
}

/** The value of a short key in this line, NULL when it is not there. */
static inline struct table_value *table_line_find(struct table_line *line, const struct table_key *key)
{
#if defined(__AVX2__) && !defined(MASKS_PLAIN)
    __m256i both = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)key));
    __m256i equal = _mm256_cmpeq_epi64(both, *(const __m256i *)line->keys);
    unsigned words = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(equal)); /* two bits an entry */
    words &= words >> 1;
    return words & 5 ? (struct table_value *)((char *)line->values + 4 * (words & 4)) : NULL;
#else
    if (table_key_equal(line->keys[0], *key))
        return &line->values[0];
    return table_key_equal(line->keys[1], *key) ? &line->values[1] : NULL;
#endif
}

/** Whether a short key that table_line_find() does not find here is nowhere, in no form, and no vocabulary piece. */
static inline bool table_line_is_certain(const struct table_line *line)
{
    return !(line->values[1].meta & (TABLE_LONG | TABLE_OF_LINE));
}

/** What is known of a piece. */
struct table_answer {
    const uint32_t *ids; /* NULL: nothing */
    uint32_t meta;
    bool certain; /* where ids is NULL: it is no vocabulary piece */
};

/**
 * Searches all forms and places of a piece of 1 to 30 bytes; key is table_key() of it. What is found in a
 * neighbour is brought home: the answer's ids are valid until the next call.
 */
struct table_answer piece_table_find(struct piece_table *table, struct str piece, struct table_key key);

/** Fetches what a search for piece will read. */
void piece_table_prefetch(const struct piece_table *table, struct str piece, struct table_key key);

/**
 * Adds a piece that is not there: 1 to 7 ids, meta's count says how many. False when there is no place for
 * it: vocabulary pieces have both lines, or the table does not learn.
 */
bool piece_table_add(struct piece_table *table, struct str piece, struct table_key key, const uint32_t *ids,
                     uint32_t meta);

#endif
