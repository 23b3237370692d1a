#include "long_table.h"
#include "piece_table.h"
#include "tests/support/test.h"

static struct table_key key_of(uint32_t n)
{
    char text[TABLE_MAX_SIZE] = {0};
    int size = snprintf(text, sizeof text, "k%u", n);
    return table_key(text, (size_t)size);
}

TEST(piece_table_tells_keys_of_every_size_apart)
{
    struct piece_table table;
    const char text[TABLE_MAX_SIZE] = "aaaaaaaaaaaaaaa";
    CHECK(piece_table_open(&table, 4096, true));
    for (uint32_t size = 1; size <= TABLE_MAX_SIZE; size++)
        CHECK(piece_table_find(&table, table_key(text, size)) == NULL);
    for (uint32_t size = 1; size <= TABLE_MAX_SIZE; size++)
        piece_table_add(&table, table_key(text, size), &size, TABLE_VOCAB | 1);
    for (uint32_t size = 1; size <= TABLE_MAX_SIZE; size++) {
        struct table_entry *entry = piece_table_find(&table, table_key(text, size));
        CHECK(entry == NULL || entry->ids[0] == size);
    }
    piece_table_close(&table);
}

TEST(piece_table_keeps_the_vocabulary_and_replaces_what_it_learned)
{
    struct piece_table table;
    CHECK(piece_table_open(&table, 4096, true));
    size_t kept = 0;
    uint32_t newest = 0;
    static bool placed[40];
    for (uint32_t i = 0; i < 40; i++)
        placed[i] = piece_table_add(&table, key_of(i), &i, TABLE_VOCAB | 1);
    for (uint32_t i = 1000; i < 100000; i++)
        newest = piece_table_add(&table, key_of(i), (uint32_t[]){i, i + 1, i + 2}, 3) ? i : newest;
    for (uint32_t i = 0; i < 40; i++) {
        struct table_entry *found = piece_table_find(&table, key_of(i));
        CHECK((found != NULL) == placed[i]);
        kept += found && found->ids[0] == i;
    }
    CHECK(kept > 30);
    struct table_entry *entry = piece_table_find(&table, key_of(newest));
    CHECK(newest > 90000 && entry && entry->ids[2] == newest + 2);
    CHECK_INT(table.size_bytes, 4096);
    piece_table_close(&table);
}

TEST(piece_table_learns_only_when_it_may)
{
    struct piece_table table;
    uint32_t id = 7;
    CHECK(piece_table_open(&table, 4096, false));
    CHECK(!piece_table_add(&table, key_of(1), &id, 1));
    CHECK(piece_table_add(&table, key_of(2), &id, TABLE_VOCAB | 1));
    CHECK(piece_table_find(&table, key_of(1)) == NULL);
    piece_table_close(&table);
}

TEST(long_table_recalls_the_newest)
{
    struct long_table table;
    CHECK(long_table_open(&table, 4096));
    const uint32_t ids[LONG_MAX_IDS] = {1, 2, 3, 4, 5, 6, 7};
    struct str piece = STR("a word of more than 16 bytes");
    struct long_key key = long_key(piece), other = long_key((struct str){piece.data, piece.size - 1});
    CHECK(long_table_find(&table, &key) == NULL);
    long_table_add(&table, &key, ids, LONG_MAX_IDS);
    const struct long_entry *entry = long_table_find(&table, &key);
    CHECK(entry && entry->n == LONG_MAX_IDS && entry->ids[6] == 7);
    CHECK(long_table_find(&table, &other) == NULL);
    long_table_close(&table);
    CHECK(long_table_open(&table, 0));
    long_table_add(&table, &key, ids, 1);
    CHECK(long_table_find(&table, &key) == NULL);
    long_table_close(&table);
}

TEST_MAIN(RUN(piece_table_tells_keys_of_every_size_apart),
          RUN(piece_table_keeps_the_vocabulary_and_replaces_what_it_learned),
          RUN(piece_table_learns_only_when_it_may), RUN(long_table_recalls_the_newest))
