#include "bpe.h"
#include "runs.h"
#include "tests/support/reference_bpe.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct str pieces[1024];
static uint32_t offsets[1025], n_pieces;
static char bytes[1 << 16];

static void add(struct str piece)
{
    for (uint32_t i = 0; i < n_pieces; i++)
        if (str_equal(pieces[i], piece))
            return;
    uint32_t at = offsets[n_pieces];
    memcpy(bytes + at, piece.data, piece.size);
    pieces[n_pieces++] = (struct str){bytes + at, piece.size};
    offsets[n_pieces] = at + (uint32_t)piece.size;
}

/* The 256 bytes and random pieces of runs, in an order that no training would give: lower ranks may be
 * longer. */
static void random_pieces(unsigned *seed)
{
    n_pieces = 0;
    for (int i = 0; i < 256; i++)
        add((struct str){(char[]){(char)i}, 1});
    for (int i = 0; i < 24; i++) {
        char piece[24];
        size_t a = (size_t)rand_r(seed) % 9, b = (size_t)rand_r(seed) % (i % 2 ? 1 : 5), size = a + b;
        memset(piece, 'a', a);
        memset(piece + a, 'b', b);
        if (rand_r(seed) % 3 == 0)
            memset(piece, 'b', b), memset(piece + b, 'a', a);
        if (size > 1)
            add((struct str){piece, size});
    }
}

TEST(runs_equal_the_obvious_way)
{
    unsigned seed = 42;
    size_t taken = 0;
    for (int round = 0; round < 400; round++) {
        struct call call;
        struct ranks ranks;
        bool duplicate;
        call_init(&call);
        random_pieces(&seed);
        CHECK_INT(ranks_build(&call, &ranks, n_pieces, offsets, bytes, &duplicate), SIDETOK_OK);
        for (int i = 0; i < 5; i++) {
            char text[160];
            size_t size = 0;
            for (int k = 0; size < 100; k++) {
                size_t run = 1 + (size_t)rand_r(&seed) % 50;
                memset(text + size, k % 2 ? 'b' : 'a', run);
                size += run;
            }
            static uint32_t got[160], expected[160];
            const struct reference_vocab reference = {pieces, n_pieces};
            size_t n = 0, n_expected = reference_bpe(&reference, (struct str){text, size}, expected);
            if (!runs_encode(&ranks, (struct str){text, size}, got, &n))
                continue;
            taken++;
            CHECK_INT(n, n_expected);
            CHECK(n == n_expected && memcmp(got, expected, n * sizeof *got) == 0);
        }
        call_done(&call);
    }
    CHECK(taken > 500);
}

TEST(runs_refuse_what_is_no_run)
{
    struct call call;
    struct ranks ranks;
    bool duplicate;
    static uint32_t got[200];
    char text[200];
    size_t n;
    unsigned seed = 1;
    call_init(&call);
    random_pieces(&seed);
    CHECK_INT(ranks_build(&call, &ranks, n_pieces, offsets, bytes, &duplicate), SIDETOK_OK);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 2);
    CHECK(!runs_encode(&ranks, (struct str){text, sizeof text}, got, &n));
    call_done(&call);
}

/* All pre-tokens of one run with one byte before it and up to two behind: no two have one name. */
TEST(runs_have_names_of_their_own)
{
    enum { SIZES = 120, KINDS = 8 };
    static char names[SIZES * KINDS][RUN_NAME_SIZE];
    static size_t sizes[SIZES * KINDS];
    size_t n = 0;
    for (size_t run = 20; run < 20 + SIZES; run++)
        for (int kind = 0; kind < KINDS; kind++) {
            char text[200];
            memset(text, kind & 1 ? '=' : '-', run + 1);
            text[0] = kind & 2 ? ' ' : text[0];
            memcpy(text + run + 1, "\n/", 2);
            sizes[n] = runs_name((struct str){text, run + (kind & 4 ? 1 : 3)}, names[n]);
            CHECK(sizes[n] > 0 && sizes[n] <= RUN_NAME_SIZE && (uint8_t)names[n][0] == 0xf8);
            for (size_t i = 0; i < n; i++)
                CHECK(sizes[i] != sizes[n] || memcmp(names[i], names[n], sizes[n]) != 0);
            n++;
        }
    char name[RUN_NAME_SIZE];
    CHECK_INT(runs_name(STR("this is no run of anything, is it"), name), 0);
    CHECK_INT(runs_name(STR("-------------------- and then more of it"), name), 0);
}

TEST_MAIN(RUN(runs_equal_the_obvious_way), RUN(runs_refuse_what_is_no_run), RUN(runs_have_names_of_their_own))
