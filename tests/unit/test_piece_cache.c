#include "sidecar/tokenizer/piece_cache.h"

#include "tests/support/test.h"

#include <stdlib.h>

static struct call call;

static struct piece_key key_of(uint64_t n)
{
    return (struct piece_key){n + 1, n * 3};
}

static uint32_t n_ids_of(uint64_t n)
{
    return 1 + (uint32_t)(n % PIECE_MAX_IDS);
}

/* The ids under a key: n_ids times n. */
static void put(struct piece_cache *cache, uint64_t n, uint32_t n_ids, bool stays)
{
    uint32_t ids[PIECE_MAX_IDS];
    for (uint32_t i = 0; i < n_ids; i++)
        ids[i] = (uint32_t)n;
    piece_cache_put(cache, key_of(n), ids, n_ids, stays);
}

/* Whether the key is there; if it is, its ids must be right. */
static bool is_there(const struct piece_cache *cache, uint64_t n, uint32_t n_ids)
{
    const struct piece_entry *entry =
        piece_cache_find(cache, piece_cache_bucket(cache, key_of(n)), key_of(n));
    if (!entry)
        return false;
    CHECK_INT(entry->n_ids, n_ids);
    for (uint32_t i = 0; i < n_ids; i++)
        CHECK_INT(piece_cache_ids(cache, entry)[i], n);
    return true;
}

TEST(what_was_put_last_is_there)
{
    struct piece_cache cache;
    call_init(&call);
    CHECK_INT(piece_cache_open(&call, &cache, 1 << 16), SIDETOK_OK);
    for (uint64_t n = 0; n < 100000; n++) {
        put(&cache, n, n_ids_of(n), false);
        CHECK(is_there(&cache, n, n_ids_of(n)));
    }
    piece_cache_close(&cache);
}

/* Far more than fits, long answers that fill the pool many times over: what is found is right. */
TEST(old_answers_lapse_and_are_never_wrong)
{
    struct piece_cache cache;
    size_t n_found = 0;
    CHECK_INT(piece_cache_open(&call, &cache, 1 << 12), SIDETOK_OK);
    srand(1);
    for (int round = 0; round < 2000000; round++) {
        uint64_t n = (uint64_t)rand() % 200;
        if (rand() % 2)
            put(&cache, n, n_ids_of(n), false);
        else
            n_found += is_there(&cache, n, n_ids_of(n));
    }
    CHECK(n_found > 1000);
    piece_cache_close(&cache);
}

TEST(the_vocabulary_s_answers_stay)
{
    struct piece_cache cache;
    size_t n_before = 0, n_after = 0;
    CHECK_INT(piece_cache_open(&call, &cache, 1 << 16), SIDETOK_OK);
    for (uint64_t n = 0; n < 200; n++)
        put(&cache, n, 2, true);
    for (uint64_t n = 0; n < 200; n++)
        n_before += is_there(&cache, n, 2);
    for (uint64_t n = 1000; n < 50000; n++)
        put(&cache, n, 2, false);
    for (uint64_t n = 0; n < 200; n++)
        n_after += is_there(&cache, n, 2);
    CHECK(n_before > n_after); /* one of each bucket stays, of 200 in 512 */
    CHECK(n_after > 120);
    piece_cache_close(&cache);
}

TEST(a_cache_of_no_size_holds_nothing)
{
    struct piece_cache cache;
    CHECK_INT(piece_cache_open(&call, &cache, 0), SIDETOK_OK);
    CHECK(cache.entries == NULL);
    put(&cache, 1, 1, false);
    piece_cache_close(&cache);
}

TEST(keys_keep_the_bytes_of_their_size)
{
    static const char text[] = "abcdefghijklmnopqrstuvwxyz";
    for (size_t size = 1; size <= PIECE_KEY_BYTES; size++) {
        char expected[PIECE_KEY_BYTES] = {0};
        memcpy(expected, text, size);
        struct piece_key key = piece_key_of(text, size);
        CHECK(memcmp(&key, expected, sizeof key) == 0);
    }
}

/* Keys that meet in one bucket, found with the secret at hand: what nobody outside can do. Vocabulary stays,
 * answers are right, other buckets are not touched, and under another secret the same keys are spread. */
TEST(pieces_made_to_collide_crowd_one_bucket_only)
{
    enum { N_KEYS = 64 };
    struct piece_cache cache, other;
    uint64_t keys[N_KEYS];
    size_t n = 0, n_met = 0;
    CHECK_INT(piece_cache_open(&call, &cache, 1 << 16), SIDETOK_OK);
    CHECK_INT(piece_cache_open(&call, &other, 1 << 16), SIDETOK_OK);
    const struct piece_entry *crowded = piece_cache_bucket(&cache, key_of(0));
    for (uint64_t key = 0; n < N_KEYS; key++)
        if (piece_cache_bucket(&cache, key_of(key)) == crowded)
            keys[n++] = key;
    uint64_t elsewhere = 1;
    while (piece_cache_bucket(&cache, key_of(elsewhere)) == crowded)
        elsewhere++;
    put(&cache, keys[0], 1, true);
    put(&cache, elsewhere, 2, false);
    for (size_t round = 0; round < 100; round++)
        for (size_t i = 1; i < N_KEYS; i++) {
            put(&cache, keys[i], n_ids_of(keys[i]), false);
            CHECK(is_there(&cache, keys[i], n_ids_of(keys[i])));
        }
    CHECK(is_there(&cache, keys[0], 1));
    CHECK(is_there(&cache, elsewhere, 2));
    for (size_t i = 1; i < N_KEYS; i++)
        n_met += piece_cache_bucket(&other, key_of(keys[i])) == piece_cache_bucket(&other, key_of(keys[0]));
    CHECK(n_met < N_KEYS / 2);
    piece_cache_close(&cache);
    piece_cache_close(&other);
}

TEST_MAIN(RUN(pieces_made_to_collide_crowd_one_bucket_only), RUN(what_was_put_last_is_there),
          RUN(old_answers_lapse_and_are_never_wrong), RUN(the_vocabulary_s_answers_stay),
          RUN(a_cache_of_no_size_holds_nothing), RUN(keys_keep_the_bytes_of_their_size))
