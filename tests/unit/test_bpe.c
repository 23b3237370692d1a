#include "bpe.h"
#include "tests/support/ranks_maker.h"
#include "tests/support/reference_bpe.h"

static void check_equal(struct vocab *vocab, struct str text)
{
    static uint32_t got[1 << 16], expected[1 << 16];
    const struct reference_vocab reference = {vocab->pieces, vocab->n};
    size_t n = 0, n_expected = reference_bpe(&reference, text, expected);
    CHECK_INT(bpe_encode(&vocab->call, &vocab->ranks, text, got, &n), SIDETOK_OK);
    CHECK_INT(n, n_expected);
    if (n != n_expected || memcmp(got, expected, n * sizeof *got) != 0) {
        printf("# differs for \"%.*s\"\n", STR_ARG(text));
        CHECK(false);
    }
}

static struct vocab vocab;

TEST(bpe_tie_takes_leftmost)
{
    vocab_open(&vocab);
    vocab_add(&vocab, STR("aa"));
    vocab_build(&vocab);
    uint32_t got[3];
    size_t n;
    CHECK_INT(bpe_encode(&vocab.call, &vocab.ranks, STR("aaa"), got, &n), SIDETOK_OK);
    CHECK(n == 2 && got[0] == 256 && got[1] == 'a');
    call_done(&vocab.call);
}

/* "abc" is a piece, but "bc" joins first and "a" + "bc" is a way to it; "xyz" has no way. */
TEST(bpe_follows_ranks_and_not_length)
{
    vocab_open(&vocab);
    vocab_add(&vocab, STR("bc"));
    vocab_add(&vocab, STR("ab"));
    vocab_add(&vocab, STR("abc"));
    vocab_add(&vocab, STR("xyz"));
    vocab_build(&vocab);
    uint32_t got[4];
    size_t n;
    CHECK_INT(bpe_encode(&vocab.call, &vocab.ranks, STR("abc"), got, &n), SIDETOK_OK);
    CHECK(n == 1 && got[0] == 258);
    CHECK_INT(bpe_encode(&vocab.call, &vocab.ranks, STR("xyz"), got, &n), SIDETOK_OK);
    CHECK_INT(n, 3);
    check_equal(&vocab, STR("abcab"));
    call_done(&vocab.call);
}

/* Random vocabularies over few letters, so that joins compete; text both short and beyond the heap's
 * threshold. */
TEST(bpe_equals_the_obvious_way)
{
    unsigned seed = 20240718;
    for (int round = 0; round < 60; round++) {
        int letters = 1 + rand_r(&seed) % 4;
        vocab_fill(&vocab, &seed, letters);
        for (int i = 0; i < 30; i++) {
            char text[200];
            size_t size = 1 + (size_t)rand_r(&seed) % (i < 25 ? 30 : 199);
            for (size_t k = 0; k < size; k++)
                text[k] = (char)('a' + rand_r(&seed) % letters);
            check_equal(&vocab, (struct str){text, size});
        }
        call_done(&vocab.call);
    }
}

TEST(bpe_split_is_the_last_step)
{
    uint32_t left, right;
    bool found;
    vocab_open(&vocab);
    vocab_add(&vocab, STR("bc"));
    vocab_add(&vocab, STR("ab"));
    vocab_add(&vocab, STR("abc"));
    vocab_add(&vocab, STR("xyz"));
    vocab_build(&vocab);
    CHECK_INT(bpe_split(&vocab.call, &vocab.ranks, STR("abc"), &left, &right, &found), SIDETOK_OK);
    CHECK(found && left == 'a' && right == 256);
    CHECK_INT(bpe_split(&vocab.call, &vocab.ranks, STR("xyz"), &left, &right, &found), SIDETOK_OK);
    CHECK(!found);
    CHECK_INT(bpe_split(&vocab.call, &vocab.ranks, STR("a"), &left, &right, &found), SIDETOK_OK);
    CHECK(!found);
    call_done(&vocab.call);
}

TEST(bpe_runs_out_of_memory_as_an_ordinary_error)
{
    static char text[1000];
    static uint32_t got[1000];
    size_t n;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 2);
    vocab_open(&vocab);
    vocab_add(&vocab, STR("ab"));
    vocab_build(&vocab);
    for (size_t fail = 1; fail < 3; fail++) {
        struct call call;
        call_init(&call);
        call.arena.fail_after = fail;
        CHECK_INT(bpe_encode(&call, &vocab.ranks, (struct str){text, sizeof text}, got, &n),
                  SIDETOK_E_NO_MEMORY);
        call_done(&call);
    }
    call_done(&vocab.call);
}

TEST_MAIN(RUN(bpe_tie_takes_leftmost), RUN(bpe_follows_ranks_and_not_length), RUN(bpe_equals_the_obvious_way),
          RUN(bpe_split_is_the_last_step), RUN(bpe_runs_out_of_memory_as_an_ordinary_error))
