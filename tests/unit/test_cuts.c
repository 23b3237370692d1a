#include "cuts.h"

#include "tests/support/ranks_maker.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct vocab vocab;

/* Stretches of one letter, of two in turn, and of any. */
static size_t write_runs(char *text, size_t size, int letters, unsigned *seed)
{
    size_t n = 0;
    while (n < size) {
        size_t run = 1 + (size_t)rand_r(seed) % 70, period = 1 + (size_t)rand_r(seed) % 3;
        for (size_t k = 0; k < run && n < size; k++, n++)
            text[n] = (char)(k < period ? 'a' + rand_r(seed) % letters : text[n - period]);
    }
    return n;
}

/* Long runs are passed over in strides; a search that begins less than 16 bytes before the cut takes none. */
TEST(a_cut_is_the_same_wherever_the_search_begins)
{
    unsigned seed = 5;
    size_t longest = 0;
    for (int round = 0; round < 300; round++) {
        int letters = 1 + rand_r(&seed) % 4;
        struct cuts cuts;
        char text[400];
        vocab_fill(&vocab, &seed, letters);
        CHECK_INT(cuts_build(&vocab.call, &cuts, &vocab.ranks), SIDETOK_OK);
        size_t size = write_runs(text, 1 + (size_t)rand_r(&seed) % sizeof text, letters, &seed);
        struct str all = {text, size};
        for (size_t at = 0, end; at < size; at = end) {
            end = cuts_next(&cuts, all, at);
            CHECK(end > at && end <= size);
            longest = end - at > longest ? end - at : longest;
            for (size_t begin = at + 1; begin < end; begin++)
                CHECK_INT(cuts_next(&cuts, all, begin), end);
        }
        call_done(&vocab.call);
    }
    CHECK(longest > 60);
}

TEST(no_cut_is_inside_a_character)
{
    static const char text[] = "\xe6\x97\xa5\xf0\x9f\x98\x80\xc3\xa9z";
    struct cuts cuts;
    vocab_open(&vocab);
    vocab_build(&vocab);
    CHECK_INT(cuts_build(&vocab.call, &cuts, &vocab.ranks), SIDETOK_OK);
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        at = cuts_next(&cuts, (struct str){text, sizeof text - 1}, at);
        CHECK_INT(at, ((const size_t[]){3, 7, 9, 10})[i]);
    }
    call_done(&vocab.call);
}

TEST_MAIN(RUN(a_cut_is_the_same_wherever_the_search_begins), RUN(no_cut_is_inside_a_character))
