#include "deferred.h"

#include "tests/support/ranks_maker.h"
#include "tests/support/reference_bpe.h"

enum { N_SPECIAL = 1000, MOST_IDS = 4096, KNOWN = 7 };

static struct vocab vocab;
static struct deferred deferred;
static struct piece_table table;
static uint32_t got_ids[MOST_IDS], expected[MOST_IDS];
static size_t n_expected;
static char texts[DEFERRED_ROOM][32]; /* keys are read 16 bytes at a time */

/* An id that is known when the holes before it are still open. */
static void put_known(struct ids *ids)
{
    ids->data[ids->n++] = expected[n_expected++] = KNOWN;
}

/* Returns how many ids it will be. */
static size_t put_hole(struct ids *ids, size_t i, size_t size, unsigned *seed)
{
    const struct reference_vocab reference = {vocab.pieces, vocab.n};
    struct str segment = {texts[i], size};
    for (size_t k = 0; k < size; k++)
        texts[i][k] = (char)('a' + rand_r(seed) % 3);
    deferred_add(&deferred, segment, table_key(texts[i], size), true, ids);
    size_t n = reference_bpe(&reference, segment, expected + n_expected);
    for (size_t k = 0; k < n; k++)
        expected[n_expected++] += N_SPECIAL;
    return n;
}

static void check_learned(struct str piece, const uint32_t *ids, size_t n)
{
    struct table_answer answer = piece_table_find(&table, piece, table_key(piece.data, piece.size));
    CHECK(n > TABLE_LONG_IDS || answer.ids);
    if (answer.ids)
        CHECK((answer.meta & TABLE_COUNT) == n && memcmp(answer.ids, ids, n * sizeof *ids) == 0);
}

static void open_all(unsigned *seed, struct joins *joins)
{
    vocab_fill(&vocab, seed, 3);
    CHECK_INT(joins_build(&vocab.call, joins, &vocab.ranks), SIDETOK_OK);
    CHECK(piece_table_open(&table, 1 << 20, true));
}

static void close_all(void)
{
    piece_table_close(&table);
    call_done(&vocab.call);
}

/* Holes of any size with any number of known ids between them. */
TEST(deferred_ids_come_out_in_order_and_are_learned)
{
    unsigned seed = 5;
    for (int round = 0; round < 100; round++) {
        struct joins joins;
        struct ids ids = {.data = got_ids, .capacity = MOST_IDS};
        size_t n = 1 + (size_t)rand_r(&seed) % DEFERRED_ROOM;
        n_expected = 0;
        open_all(&seed, &joins);
        for (size_t i = 0; i < n; i++) {
            for (int known = rand_r(&seed) % 9; known > 0; known--)
                put_known(&ids);
            put_hole(&ids, i, 1 + (size_t)rand_r(&seed) % (i % 4 ? 8 : TABLE_SHORT_SIZE), &seed);
        }
        for (int known = rand_r(&seed) % 9; known > 0; known--)
            put_known(&ids);
        deferred_flush(&deferred, joins_lanes_c, &joins, &table, N_SPECIAL, &ids);
        CHECK_INT(ids.n, n_expected);
        CHECK(memcmp(got_ids, expected, n_expected * sizeof *expected) == 0);
        CHECK(deferred.n == 0 && deferred.n_torn == 0);
        close_all();
    }
}

/* A known part, a hole, a known part, a hole, a known part: all of it is one piece. */
TEST(deferred_pieces_of_several_segments_are_learned_whole)
{
    unsigned seed = 9;
    for (int round = 0; round < 100; round++) {
        struct joins joins;
        struct ids ids = {.data = got_ids, .capacity = MOST_IDS};
        char piece[TABLE_LONG_SIZE] = "a piece of twenty-one";
        n_expected = 0;
        open_all(&seed, &joins);
        put_hole(&ids, 0, 3, &seed);
        size_t first = ids.n, first_expected = n_expected;
        for (size_t i = 1; i < 3; i++) {
            for (int known = rand_r(&seed) % 2; known > 0; known--)
                put_known(&ids);
            put_hole(&ids, i, 1 + (size_t)rand_r(&seed) % 3, &seed);
        }
        put_known(&ids);
        deferred_add_torn(&deferred, (struct str){piece, 21}, table_key(piece, 21), first, 1, &ids);
        size_t n = n_expected - first_expected;
        put_hole(&ids, 3, 2, &seed);
        deferred_flush(&deferred, joins_lanes_c, &joins, &table, N_SPECIAL, &ids);
        check_learned((struct str){piece, 21}, expected + first_expected, n);
        close_all();
    }
}

TEST_MAIN(RUN(deferred_ids_come_out_in_order_and_are_learned),
          RUN(deferred_pieces_of_several_segments_are_learned_whole))
