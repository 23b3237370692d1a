#include "piece_cache.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

enum { HUGE_PAGE = 2 << 20, MAX_STAYING = PIECE_WAYS - 1 };

/* What keeps the first n bytes of 16, as a little-endian machine loads them. */
#define KEEP_LOW(n)  ((n) >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * ((n)&7)) - 1)
#define KEEP_HIGH(n) ((n) >= 16 ? UINT64_MAX : (n) <= 8 ? 0 : (UINT64_C(1) << 8 * ((n)&7)) - 1)
#define KEEP(n)                                                                                              \
    {                                                                                                        \
        KEEP_LOW(n), KEEP_HIGH(n)                                                                            \
    }
const struct piece_key piece_key_masks[PIECE_KEY_BYTES + 1] = {
    KEEP(0), KEEP(1),  KEEP(2),  KEEP(3),  KEEP(4),  KEEP(5),  KEEP(6),  KEEP(7),  KEEP(8),
    KEEP(9), KEEP(10), KEEP(11), KEEP(12), KEEP(13), KEEP(14), KEEP(15), KEEP(16),
};

static uint64_t draw(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
        number = (uint64_t)time(NULL) * 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)&number;
    return number;
}

/* Zeroed pages, huge ones where the system has them: asked for before the first touch. */
static void *map_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    if (size >= HUGE_PAGE)
        madvise(pages, size, MADV_HUGEPAGE);
    return pages;
}

static size_t entries_bytes(const struct piece_cache *cache)
{
    return ((size_t)cache->bucket_mask + 1) * PIECE_WAYS * sizeof *cache->entries;
}

enum sidetok_error piece_cache_open(struct call *call, struct piece_cache *cache, size_t size_bytes)
{
    size_t bucket_bytes = PIECE_WAYS * sizeof *cache->entries, n_buckets = 1;
    *cache = (struct piece_cache){.secret = {draw(), draw()}};
    if (size_bytes < bucket_bytes * 2)
        return SIDETOK_OK;
    while (n_buckets <= UINT32_MAX / 4 && n_buckets * 2 * bucket_bytes <= size_bytes / 8 * 7)
        n_buckets *= 2;
    cache->bucket_mask = (uint32_t)n_buckets - 1;
    cache->pool_size = (uint32_t)(n_buckets * bucket_bytes / 8 / sizeof *cache->pool);
    cache->entries = map_pages(entries_bytes(cache));
    cache->pool = map_pages(cache->pool_size * sizeof *cache->pool);
    if (cache->entries && cache->pool)
        return SIDETOK_OK;
    piece_cache_close(cache);
    return failure_no_memory(call);
}

void piece_cache_close(struct piece_cache *cache)
{
    if (cache->entries)
        munmap(cache->entries, entries_bytes(cache));
    if (cache->pool)
        munmap(cache->pool, cache->pool_size * sizeof *cache->pool);
    *cache = (struct piece_cache){0};
}

/* The entry to write: the key's own, an empty one, or the first that need not stay, the others moving back.
 */
static struct piece_entry *make_room(struct piece_entry *bucket, struct piece_key key)
{
    int n_staying = 0;
    for (int i = 0; i < PIECE_WAYS; i++) {
        if (piece_key_equal(bucket[i].key, key) || bucket[i].n_ids == 0)
            return &bucket[i];
        n_staying += bucket[i].stays;
    }
    for (int i = PIECE_WAYS - 1; i > n_staying; i--)
        bucket[i] = bucket[i - 1];
    return &bucket[n_staying];
}

/* The count of turns starts over after 65,536: no answer of an equal number may be left then. */
static void forget_long(struct piece_cache *cache)
{
    size_t n = ((size_t)cache->bucket_mask + 1) * PIECE_WAYS;
    for (size_t i = 0; i < n; i++)
        if (cache->entries[i].n_ids > PIECE_INLINE_IDS)
            cache->entries[i] = (struct piece_entry){0};
}

/* Where in the pool n ids go. */
static uint32_t take_pool(struct piece_cache *cache, uint32_t n)
{
    if (cache->pool_size - cache->pool_used < n) {
        cache->pool_used = 0;
        if (++cache->pool_turn == 0)
            forget_long(cache);
    }
    cache->pool_used += n;
    return cache->pool_used - n;
}

void piece_cache_put(struct piece_cache *cache, struct piece_key key, const uint32_t *ids, uint32_t n_ids,
                     bool stays)
{
    if (!cache->entries || n_ids == 0 || n_ids > PIECE_MAX_IDS || n_ids > cache->pool_size)
        return;
    struct piece_entry *bucket = piece_cache_bucket(cache, key), *entry = make_room(bucket, key);
    bool is_long = n_ids > PIECE_INLINE_IDS;
    stays = stays && !is_long && entry - bucket < MAX_STAYING;
    *entry = (struct piece_entry){.key = key, .n_ids = (uint8_t)n_ids, .stays = stays};
    if (is_long) {
        entry->ids[0] = take_pool(cache, n_ids);
        entry->pool_turn = cache->pool_turn;
        memcpy(cache->pool + entry->ids[0], ids, n_ids * sizeof *ids);
    } else {
        memcpy(entry->ids, ids, n_ids * sizeof *ids);
    }
}
