#include "piece_table.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct str piece_of(char text[32], const char *kind, uint32_t n)
{
    return (struct str){text, (size_t)snprintf(text, 32, "%s%u", kind, n)};
}

/* A table of 64 lines with a hash of the test's own: what few lines hold depends on the process's key, and
 * one in some twenty lays numbers in a row on few of them. */
static bool open_small(struct piece_table *table, bool learns)
{
    static const uint64_t secret[4] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
                                       0xd6e8feb86659fd93};
    bool is_open = piece_table_open(table, 4096, learns);
    memcpy(table->secret, secret, sizeof secret);
    return is_open;
}

static bool add(struct piece_table *table, struct str piece, const uint32_t *ids, uint32_t meta)
{
    return piece_table_add(table, piece, table_key(piece.data, piece.size), ids, meta);
}

static struct table_answer find(struct piece_table *table, struct str piece)
{
    return piece_table_find(table, piece, table_key(piece.data, piece.size));
}

TEST(piece_table_tells_keys_of_every_size_apart)
{
    struct piece_table table;
    const char text[32] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    CHECK(piece_table_open(&table, 1 << 20, true));
    for (uint32_t size = 1; size <= TABLE_LONG_SIZE; size++)
        CHECK(find(&table, (struct str){text, size}).ids == NULL);
    for (uint32_t size = 1; size <= TABLE_LONG_SIZE; size++)
        CHECK(add(&table, (struct str){text, size}, &size, TABLE_VOCAB | 1));
    for (uint32_t size = 1; size <= TABLE_LONG_SIZE; size++) {
        struct table_answer answer = find(&table, (struct str){text, size});
        CHECK(answer.ids && answer.ids[0] == size && answer.meta & TABLE_VOCAB);
    }
    piece_table_close(&table);
}

/* The same piece is short with few ids and long with many; a search finds either. */
TEST(piece_table_gives_back_all_ids_of_both_forms)
{
    struct piece_table table;
    const uint32_t ids[TABLE_LONG_IDS] = {1, 2, 3, 4, 5, 6, 7};
    char text[32];
    CHECK(piece_table_open(&table, 1 << 20, true));
    for (uint32_t n = 1; n <= TABLE_LONG_IDS; n++) {
        struct str few = piece_of(text, "few", n);
        CHECK(add(&table, few, ids, n));
        struct table_answer answer = find(&table, few);
        CHECK(answer.ids && (answer.meta & TABLE_COUNT) == n && answer.ids[n - 1] == n);
        struct str many = piece_of(text, "a piece of over 16 bytes: ", n);
        CHECK(add(&table, many, ids, n));
        answer = find(&table, many);
        CHECK(answer.ids && (answer.meta & TABLE_COUNT) == n && answer.ids[n - 1] == n);
    }
    piece_table_close(&table);
}

/* A table too small for its vocabulary: what is in it is right, and what is not in it is not denied. */
TEST(piece_table_knows_what_it_lacks)
{
    enum { N = 200 };
    struct piece_table table;
    static bool placed[N];
    char text[32];
    size_t n_placed = 0;
    CHECK(open_small(&table, true));
    for (uint32_t i = 0; i < N; i++) {
        placed[i] =
            add(&table, piece_of(text, i % 5 ? "k" : "a piece of over 16 bytes ", i), &i, TABLE_VOCAB | 1);
        n_placed += placed[i];
    }
    CHECK(n_placed > 80 && n_placed < N);
    for (uint32_t i = 1000; i < 50000; i++)
        add(&table, piece_of(text, i % 3 ? "k" : "a piece of over 16 bytes ", i), (uint32_t[]){i, i, i, i},
            i % 2 ? 3 : 4);
    for (uint32_t i = 0; i < N; i++) {
        struct table_answer answer =
            find(&table, piece_of(text, i % 5 ? "k" : "a piece of over 16 bytes ", i));
        CHECK(placed[i] ? answer.ids && answer.ids[0] == i : !answer.ids && !answer.certain);
    }
    piece_table_close(&table);
}

TEST(piece_table_replaces_what_it_learned)
{
    struct piece_table table;
    char text[32];
    size_t kept = 0;
    CHECK(open_small(&table, true));
    CHECK_INT(table.size_bytes, 4096);
    for (uint32_t i = 0; i < 20; i++)
        CHECK(add(&table, piece_of(text, "v", i), &i, TABLE_VOCAB | 1));
    for (uint32_t i = 0; i < 100000; i++) {
        struct str piece = piece_of(text, i % 7 ? "k" : "a piece of over 16 bytes ", i);
        if (add(&table, piece, (uint32_t[]){i, i + 1, i + 2}, 3)) {
            struct table_answer answer = find(&table, piece);
            CHECK(answer.ids && answer.ids[2] == i + 2);
            kept++;
        }
    }
    CHECK(kept > 80000);
    for (uint32_t i = 0; i < 20; i++)
        CHECK(find(&table, piece_of(text, "v", i)).ids[0] == i);
    piece_table_close(&table);
}

/* In a crowded table all that was placed stays to be found, however often and in whatever order it is asked
 * for. */
TEST(piece_table_brings_home_and_loses_nothing)
{
    enum { N = 128 };
    struct piece_table table;
    static bool placed[N];
    char text[32];
    unsigned seed = 9;
    CHECK(open_small(&table, true));
    for (uint32_t i = 0; i < N; i++)
        placed[i] = add(&table, piece_of(text, "v", i), &i, TABLE_VOCAB | 1);
    for (int round = 0; round < 20000; round++) {
        uint32_t i = (uint32_t)rand_r(&seed) % N;
        struct table_answer answer = find(&table, piece_of(text, "v", i));
        CHECK(placed[i] ? answer.ids && answer.ids[0] == i : !answer.ids && !answer.certain);
        if (round % 5 == 0)
            add(&table, piece_of(text, "k", (uint32_t)round), (uint32_t[]){1, 2, 3, 4},
                1 + (uint32_t)round % 4);
    }
    piece_table_close(&table);
}

TEST(piece_table_learns_only_when_it_may)
{
    struct piece_table table;
    char text[32];
    uint32_t id = 7;
    CHECK(open_small(&table, false));
    CHECK(!add(&table, piece_of(text, "k", 1), &id, 1));
    CHECK(add(&table, piece_of(text, "k", 2), &id, TABLE_VOCAB | 1));
    CHECK(find(&table, piece_of(text, "k", 1)).ids == NULL);
    piece_table_close(&table);
}

/* What is longer than a short key, and what is empty, is found by no first look. */
TEST(piece_table_first_look_finds_short_pieces_only)
{
    struct piece_table table;
    const char text[80] = "a piece of 29 bytes, no short";
    uint32_t id = 7;
    CHECK(open_small(&table, true));
    struct table_key key = table_key(text, 29);
    CHECK(add(&table, (struct str){text, 29}, &id, 1));
    for (size_t i = 0; i < 4096 / sizeof(struct table_line); i++)
        CHECK(table_line_find(&table.lines[i], &key) == NULL);
    CHECK(add(&table, (struct str){text, 16}, &id, 1));
    key = table_key(text, 16);
    const struct table_value *value = table_line_find(piece_table_line(&table, key), &key);
    CHECK(value && value->ids[0] == 7);
    piece_table_close(&table);
}

TEST_MAIN(RUN(piece_table_tells_keys_of_every_size_apart), RUN(piece_table_gives_back_all_ids_of_both_forms),
          RUN(piece_table_knows_what_it_lacks), RUN(piece_table_replaces_what_it_learned),
          RUN(piece_table_brings_home_and_loses_nothing), RUN(piece_table_learns_only_when_it_may),
          RUN(piece_table_first_look_finds_short_pieces_only))
