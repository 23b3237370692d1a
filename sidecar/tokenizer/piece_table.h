#ifndef SIDETOK_TOKENIZER_PIECE_TABLE_H
#define SIDETOK_TOKENIZER_PIECE_TABLE_H

#include "str.h"

#include <stdint.h>

enum {
    TABLE_MAX_SIZE = 16, /* bytes of a key */
    TABLE_MAX_IDS = 3,
};

/* What an entry is. Vocabulary pieces are there from the start and stay; the rest is learned and may be
 * replaced. */
enum {
    TABLE_COUNT = 0xff,     /* mask: how many ids */
    TABLE_VOCAB = 0x100,    /* a vocabulary piece: the answer for a whole pre-token */
    TABLE_MERGES = 0x200,   /* and the merges lead to it: the answer for a segment too */
    TABLE_NO_MERGE = 0x400, /* they do not */
};

/**
 * A piece and its ids, half a cache line. The key is the piece's bytes, filled up with FF, which no UTF-8
 * text holds: so the length needs no place of its own. An entry with a key of FF only is empty.
 */
struct table_entry {
    uint64_t low, high;
    uint32_t ids[TABLE_MAX_IDS];
    uint32_t meta;
};

/**
 * Pieces of up to 16 bytes to their ids: seeded from the vocabulary, learning what was encoded. Bounded: a
 * piece has four places, in two neighbouring cache lines; what is learned replaces what was learned before.
 * The hash is keyed, so text cannot be written to make pieces collide, and if it could, a search would still
 * end after four places. One thread at a time.
 */
struct piece_table {
    struct table_entry *entries; /* pairs: one cache line each */
    unsigned shift;              /* of the hash, which leaves the number of a pair */
    bool learns;
    unsigned turn; /* which of two learned entries goes next */
    uint64_t key_low, key_high;
    size_t size_bytes;
};

/** Makes an empty cache of at most size_bytes (a power of two, at least 4 KiB); false when memory is out. */
bool piece_table_open(struct piece_table *table, size_t size_bytes, bool learns);
void piece_table_close(struct piece_table *table);

struct table_key {
    uint64_t low, high;
};

/* The bytes FF that fill up a key of n bytes; index 0 to 16. */
extern const uint64_t table_fill[TABLE_MAX_SIZE + 1][2];

/** The key of the n bytes at data, 1 to 16; 16 bytes must be readable there. */
static inline struct table_key table_key(const char *data, size_t n)
{
    struct table_key key;
    memcpy(&key.low, data, 8);
    memcpy(&key.high, data + 8, 8);
    key.low |= table_fill[n][0];
    key.high |= table_fill[n][1];
    return key;
}

static inline bool table_entry_has(const struct table_entry *entry, struct table_key key)
{
    return ((entry->low ^ key.low) | (entry->high ^ key.high)) == 0;
}

/** The first of the two places of a key. */
static inline struct table_entry *piece_table_line(const struct piece_table *table, struct table_key key)
{
    uint64_t hash = key.low * table->key_low + key.high * table->key_high;
    return table->entries + 2 * (hash >> table->shift);
}

/** The entry of key in any of its four places, NULL when there is none. */
struct table_entry *piece_table_find(const struct piece_table *table, struct table_key key);

/**
 * Adds a piece that is not there; meta's count says how many ids. False when there is no place for it:
 * vocabulary pieces have all four, or the table does not learn.
 */
bool piece_table_add(struct piece_table *table, struct table_key key, const uint32_t *ids, uint32_t meta);

#endif
