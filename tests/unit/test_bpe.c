#include "bpe.h"
#include "tests/support/reference_bpe.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* A vocabulary of the 256 bytes and some pieces more, ranks in order. */
struct vocab {
    struct call call;
    struct ranks ranks;
    struct str pieces[1024];
    uint32_t offsets[1025], n;
    char bytes[16384];
};

static void vocab_add(struct vocab *vocab, struct str piece)
{
    uint32_t at = vocab->offsets[vocab->n];
    for (uint32_t i = 0; i < vocab->n; i++)
        if (str_equal(vocab->pieces[i], piece))
            return;
    memcpy(vocab->bytes + at, piece.data, piece.size);
    vocab->pieces[vocab->n++] = (struct str){vocab->bytes + at, piece.size};
    vocab->offsets[vocab->n] = at + (uint32_t)piece.size;
}

static void vocab_open(struct vocab *vocab)
{
    vocab->n = 0;
    vocab->offsets[0] = 0;
    for (int i = 0; i < 256; i++)
        vocab_add(vocab, (struct str){(char[]){(char)i}, 1});
}

static void vocab_build(struct vocab *vocab)
{
    bool duplicate;
    call_init(&vocab->call);
    CHECK_INT(ranks_build(&vocab->call, &vocab->ranks, vocab->n, vocab->offsets, vocab->bytes, &duplicate),
              SIDETOK_OK);
    CHECK(!duplicate);
}

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
        vocab_open(&vocab);
        for (int i = 0; i < 60; i++) {
            char piece[12];
            size_t size = 2 + (size_t)rand_r(&seed) % (i < 20 ? 2 : 10);
            for (size_t k = 0; k < size; k++)
                piece[k] = (char)('a' + rand_r(&seed) % letters);
            vocab_add(&vocab, (struct str){piece, size});
        }
        vocab_build(&vocab);
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

TEST(bpe_runs_out_of_memory_as_an_ordinary_error)
{
    static char text[1000];
    static uint32_t got[1000];
    size_t n;
    for (size_t i = 0; i < sizeof text; i++) /* no run, which would need no memory */
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
          RUN(bpe_runs_out_of_memory_as_an_ordinary_error))
