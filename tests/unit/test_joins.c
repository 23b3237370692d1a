#include "joins.h"

#include "bpe.h"
#include "tests/support/ranks_maker.h"
#include "tests/support/reference_bpe.h"

static struct vocab vocab;
static size_t n_refused, n_long;

static void check_equal(const struct joins *joins, struct str text)
{
    static uint32_t got[1 << 12], expected[1 << 12];
    const struct reference_vocab reference = {vocab.pieces, vocab.n};
    size_t n = 0, n_expected = reference_bpe(&reference, text, expected);
    n_long += text.size > JOINS_WINDOW;
    if (!joins_encode(joins, text, got, &n)) {
        CHECK(text.size > JOINS_WINDOW);
        n_refused++;
        return;
    }
    CHECK_INT(n, n_expected);
    if (n != n_expected || memcmp(got, expected, n * sizeof *got) != 0) {
        printf("# differs for \"%.*s\"\n", STR_ARG(text));
        CHECK(false);
    }
}

static void check_short(const struct joins *joins, struct str text)
{
    uint32_t got[JOINS_SHORT], expected[JOINS_SHORT];
    const struct reference_vocab reference = {vocab.pieces, vocab.n};
    size_t n = joins_encode_short(joins, text, got);
    CHECK_INT(n, reference_bpe(&reference, text, expected));
    CHECK(memcmp(got, expected, n * sizeof *got) == 0);
}

/* Of two and three bytes all that there are over four letters, in all orders of their joins. */
TEST(short_segments_equal_the_obvious_way)
{
    unsigned seed = 3;
    for (int round = 0; round < 300; round++) {
        struct joins joins;
        vocab_fill(&vocab, &seed, 1 + rand_r(&seed) % 4);
        CHECK_INT(joins_build(&vocab.call, &joins, &vocab.ranks), SIDETOK_OK);
        for (int i = 0; i < 64; i++) {
            char text[3] = {(char)('a' + i % 4), (char)('a' + i / 4 % 4), (char)('a' + i / 16)};
            for (size_t size = 1; size <= sizeof text; size++)
                check_short(&joins, (struct str){text, size});
        }
        call_done(&vocab.call);
    }
}

/* Random vocabularies, in which pieces of low rank are made of pieces of high rank and of none, too. */
TEST(joins_equal_the_obvious_way)
{
    unsigned seed = 20240911;
    for (int round = 0; round < 60; round++) {
        int letters = 1 + rand_r(&seed) % 4;
        struct joins joins;
        vocab_fill(&vocab, &seed, letters);
        CHECK_INT(joins_build(&vocab.call, &joins, &vocab.ranks), SIDETOK_OK);
        CHECK(joins.usable);
        for (int i = 0; i < 30; i++) {
            char text[300];
            size_t size = 1 + (size_t)rand_r(&seed) % (i < 22 ? JOINS_WINDOW : 299);
            size_t period = i % 3 ? size : 1 + (size_t)rand_r(&seed) % 7;
            for (size_t k = 0; k < size; k++)
                text[k] = (char)(k < period ? 'a' + rand_r(&seed) % letters : text[k - period]);
            check_equal(&joins, (struct str){text, size});
        }
        call_done(&vocab.call);
    }
    CHECK(n_long > 300 && n_refused < n_long / 4);
}

/* Pieces of up to 32 and 64 bytes, each twice the one before: a window of 32 has no place for the next to
 * begin. */
TEST(joins_of_long_pieces_equal_the_obvious_way)
{
    static const char *const units[] = {"ab", "abcd", "aab"};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        for (size_t longest = 32; longest <= 64; longest *= 2) {
            char text[300];
            struct joins joins;
            size_t size = strlen(units[u]), n_refused_before = n_refused;
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = units[u][i % size];
            vocab_open(&vocab);
            for (size_t n = 2; n < size; n++)
                vocab_add(&vocab, (struct str){text, n});
            for (size_t n = size; n <= longest; n *= 2)
                vocab_add(&vocab, (struct str){text, n});
            vocab_build(&vocab);
            CHECK_INT(joins_build(&vocab.call, &joins, &vocab.ranks), SIDETOK_OK);
            for (size_t n = 1; n < sizeof text; n += 1 + n / 16)
                for (size_t begin = 0; begin < size && begin + n < sizeof text; begin++)
                    check_equal(&joins, (struct str){text + begin, n});
            CHECK(longest > 32 || n_refused == n_refused_before);
            call_done(&vocab.call);
        }
}

TEST(joins_know_which_pieces_merges_reach)
{
    struct joins joins;
    vocab_open(&vocab);
    vocab_add(&vocab, STR("ab"));
    vocab_add(&vocab, STR("xyz"));
    vocab_add(&vocab, STR("abab"));
    vocab_build(&vocab);
    CHECK_INT(joins_build(&vocab.call, &joins, &vocab.ranks), SIDETOK_OK);
    CHECK(joins_reach(&joins, 'a') && joins_reach(&joins, 255) && joins_reach(&joins, 256));
    CHECK(!joins_reach(&joins, 257) && joins_reach(&joins, 258));
    CHECK_INT(joins_find(&joins, 256, 256), 258);
    CHECK_INT(joins_find(&joins, 256, 257), 0);
    call_done(&vocab.call);
}

TEST(joins_build_survives_every_failing_allocation)
{
    enum sidetok_error error = SIDETOK_E_NO_MEMORY;
    vocab_open(&vocab);
    vocab_add(&vocab, STR("ab"));
    vocab_build(&vocab);
    for (size_t fail = 1; fail < 50 && error != SIDETOK_OK; fail++) {
        struct call call;
        struct joins joins;
        call_init(&call);
        call.arena.fail_after = fail;
        error = joins_build(&call, &joins, &vocab.ranks);
        CHECK(error == SIDETOK_OK || error == SIDETOK_E_NO_MEMORY);
        call_done(&call);
    }
    CHECK_INT(error, SIDETOK_OK);
    call_done(&vocab.call);
}

TEST_MAIN(RUN(short_segments_equal_the_obvious_way), RUN(joins_equal_the_obvious_way),
          RUN(joins_of_long_pieces_equal_the_obvious_way), RUN(joins_know_which_pieces_merges_reach),
          RUN(joins_build_survives_every_failing_allocation))
