#include "first_look.h"

#include "tests/support/ranks_maker.h"
#include "tests/support/reference_bpe.h"

static struct vocab vocab;

static void check_equal(const struct lane_job *job)
{
    uint32_t expected[LANE_SIZE];
    const struct reference_vocab reference = {vocab.pieces, vocab.n};
    size_t n = reference_bpe(&reference, job->segment, expected);
    CHECK_INT(job->n, n);
    if (job->n != n || memcmp(job->ranks, expected, n * sizeof *expected) != 0) {
        printf("# differs for \"%.*s\"\n", STR_ARG(job->segment));
        CHECK(false);
    }
}

static void fill(char *text, size_t size, unsigned *seed, int letters)
{
    size_t period = rand_r(seed) % 3 ? size : 1 + (size_t)rand_r(seed) % 7;
    for (size_t k = 0; k < size; k++)
        text[k] = (char)(k < period ? 'a' + rand_r(seed) % letters : text[k - period]);
}

/* Any number of segments of any size, each beside others that take more or fewer steps. */
static void check_path(joins_encode_lanes *merge)
{
    enum { MOST = 40 };
    static char texts[MOST][LANE_SIZE];
    static struct lane_job jobs[MOST];
    unsigned seed = 20240911;
    for (int round = 0; round < 100; round++) {
        int letters = 1 + rand_r(&seed) % 4;
        struct joins joins;
        vocab_fill(&vocab, &seed, letters);
        CHECK_INT(joins_build(&vocab.call, &joins, &vocab.ranks), SIDETOK_OK);
        size_t n = (size_t)rand_r(&seed) % (MOST + 1);
        for (size_t i = 0; i < n; i++) {
            jobs[i].segment = (struct str){texts[i], 1 + (size_t)rand_r(&seed) % LANE_SIZE};
            fill(texts[i], jobs[i].segment.size, &seed, letters);
        }
        merge(&joins, jobs, n);
        for (size_t i = 0; i < n; i++)
            check_equal(&jobs[i]);
        call_done(&vocab.call);
    }
}

/* Vocabularies of one and two letters make windows disagree, those of four rarely. */
TEST(joins_stitched_equal_the_obvious_way)
{
    static char text[400];
    static uint32_t got[400], expected[400];
    unsigned seed = 7;
    size_t n_done = 0, n_texts = 0;
    for (int round = 0; round < 30; round++) {
        int letters = 2 + rand_r(&seed) % 3;
        struct joins joins;
        vocab_fill(&vocab, &seed, letters);
        CHECK_INT(joins_build(&vocab.call, &joins, &vocab.ranks), SIDETOK_OK);
        for (int i = 0; i < 10; i++, n_texts++) {
            const struct reference_vocab reference = {vocab.pieces, vocab.n};
            size_t size = LANE_SIZE + 1 + (size_t)rand_r(&seed) % (sizeof text - LANE_SIZE), n;
            fill(text, size, &seed, letters);
            if (!joins_encode_stitched(&joins, joins_lanes_c, (struct str){text, size}, got, &n))
                continue;
            n_done++;
            CHECK_INT(n, reference_bpe(&reference, (struct str){text, size}, expected));
            CHECK(memcmp(got, expected, n * sizeof *got) == 0);
        }
        call_done(&vocab.call);
    }
    CHECK(n_done > n_texts / 2);
}

TEST(joins_lanes_in_plain_c_equal_the_obvious_way)
{
    check_path(joins_lanes_c);
}

TEST(joins_lanes_by_vectors_equal_the_obvious_way)
{
    if (first_look_vector())
        check_path(first_look_vector()->merge);
}

TEST_MAIN(RUN(joins_stitched_equal_the_obvious_way), RUN(joins_lanes_in_plain_c_equal_the_obvious_way),
          RUN(joins_lanes_by_vectors_equal_the_obvious_way))
