#ifndef SIDETOK_TOKENIZER_PIECE_CACHE_H
#define SIDETOK_TOKENIZER_PIECE_CACHE_H

#include "call.h"

#include <stdint.h>

/*
 * What short stretches of text encode to: up to 16 bytes of text to up to 15 ids, bounded in memory.
 * Stretches of the vocabulary are put in first and stay; others are learned and make room for each other.
 *
 * A bucket of two entries is one line of the processor's cache. Keys are compared whole, so an answer is
 * never wrong; the hash is keyed with a number of the cache's own, so that text cannot be written to crowd
 * one bucket, and a crowded bucket costs no more than two comparisons. One thread at a time.
 */
enum { PIECE_KEY_BYTES = 16, PIECE_MAX_IDS = 15, PIECE_INLINE_IDS = 3, PIECE_WAYS = 2 };

/** The text, zeros behind it. Text that holds a zero byte is never a key. */
struct piece_key {
    uint64_t low, high;
};

struct piece_entry {
    struct piece_key key;           /* zeros: empty */
    uint32_t ids[PIECE_INLINE_IDS]; /* more than fit: ids[0] says where in the pool */
    uint8_t n_ids;
    uint8_t stays;      /* from the vocabulary: never replaced */
    uint16_t pool_turn; /* of which filling of the pool it speaks */
};

struct piece_cache {
    struct piece_entry *entries; /* NULL: a cache of no size, in which nothing is found */
    uint32_t bucket_mask;
    uint32_t *pool; /* ids of long answers; when it is full it starts over and the old answers lapse */
    uint32_t pool_size, pool_used;
    uint16_t pool_turn;
    uint64_t secret[2];
};

/**
 * Makes a cache of at most size_bytes (0, or less than one bucket: none). Errors: SIDETOK_E_NO_MEMORY.
 * A few MB hold a whole vocabulary and what a day's text adds; pages are touched as they are used.
 */
enum sidetok_error piece_cache_open(struct call *call, struct piece_cache *cache, size_t size_bytes);
void piece_cache_close(struct piece_cache *cache);

/** Puts an answer of 1 to PIECE_MAX_IDS ids in; stays keeps it for ever if its bucket has room left for
 * others. */
void piece_cache_put(struct piece_cache *cache, struct piece_key key, const uint32_t *ids, uint32_t n_ids,
                     bool stays);

/** By n: what keeps the first n bytes of a key. */
extern const struct piece_key piece_key_masks[PIECE_KEY_BYTES + 1];

/** The key of size bytes (1 to 16) at text, of which 16 may be read. */
static inline struct piece_key piece_key_of(const char *text, size_t size)
{
    struct piece_key key;
    memcpy(&key, text, sizeof key);
    return (struct piece_key){key.low & piece_key_masks[size].low, key.high & piece_key_masks[size].high};
}

/** The first entry of the key's bucket. */
static inline struct piece_entry *piece_cache_bucket(const struct piece_cache *cache, struct piece_key key)
{
    unsigned __int128 product =
        (unsigned __int128)(key.low ^ cache->secret[0]) * (key.high ^ cache->secret[1]);
    uint64_t hash = (uint64_t)product ^ (uint64_t)(product >> 64);
    return cache->entries + (size_t)((uint32_t)(hash >> 32) & cache->bucket_mask) * PIECE_WAYS;
}

static inline bool piece_key_equal(struct piece_key a, struct piece_key b)
{
    return ((a.low ^ b.low) | (a.high ^ b.high)) == 0;
}

/** The answer in a bucket, NULL when there is none. */
static inline const struct piece_entry *
piece_cache_find(const struct piece_cache *cache, const struct piece_entry *bucket, struct piece_key key)
{
    for (int i = 0; i < PIECE_WAYS; i++)
        if (piece_key_equal(bucket[i].key, key))
            return bucket[i].n_ids <= PIECE_INLINE_IDS || bucket[i].pool_turn == cache->pool_turn ? &bucket[i]
                                                                                                  : NULL;
    return NULL;
}

/** The ids of an answer; valid until the next piece_cache_put(). */
static inline const uint32_t *piece_cache_ids(const struct piece_cache *cache,
                                              const struct piece_entry *entry)
{
    return entry->n_ids <= PIECE_INLINE_IDS ? entry->ids : cache->pool + entry->ids[0];
}

#endif
