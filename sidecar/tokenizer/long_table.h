#ifndef SIDETOK_TOKENIZER_LONG_TABLE_H
#define SIDETOK_TOKENIZER_LONG_TABLE_H

#include "str.h"

#include <stdint.h>

enum { LONG_MAX_SIZE = 32, LONG_MAX_IDS = 7 };

/** A key of up to 32 bytes, filled up with FF as in piece_table.h. */
struct long_key {
    uint64_t words[4];
};

/** One cache line. A key of FF only is empty. */
struct long_entry {
    struct long_key key;
    uint32_t ids[LONG_MAX_IDS];
    uint32_t n;
};

/**
 * What was learned of pre-tokens and segments that piece_table has no room for: up to 32 bytes and 7 ids, as
 * the words of Russian, Greek, Hindi and Thai are. Bounded, keyed, two places for a key; the newest replaces.
 * One thread at a time.
 */
struct long_table {
    struct long_entry *entries; /* NULL: a table of no size, in which nothing is found */
    unsigned shift;
    unsigned turn;
    uint64_t keys[4];
};

/** size_bytes is rounded down to a power of two; under 4 KiB the table has no size. False when memory is out.
 */
bool long_table_open(struct long_table *table, size_t size_bytes);
void long_table_close(struct long_table *table);

/** The key of piece, 1 to 32 bytes. */
struct long_key long_key(struct str piece);

/** The entry of key, NULL when there is none. */
const struct long_entry *long_table_find(const struct long_table *table, const struct long_key *key);

/** Adds a piece that is not there, of 1 to 7 ids. */
void long_table_add(struct long_table *table, const struct long_key *key, const uint32_t *ids, size_t n);

#endif
