#include "sidecar/tokenizer/matcher.h"

#include "tests/support/test.h"

static struct call call;

static void check_find(const struct matcher *matcher, struct str text, int id)
{
    const struct matcher_word *word = matcher_find(matcher, text);
    CHECK_INT(word ? (int)word->id : -1, id);
}

TEST(the_longest_word_is_found)
{
    struct matcher matcher;
    call_init(&call);
    matcher_init(&matcher);
    CHECK_INT(matcher_add(&call, &matcher, STR("[REF]"), 1), SIDETOK_OK);
    CHECK_INT(matcher_add(&call, &matcher, STR("[REF_1]"), 2), SIDETOK_OK);
    CHECK_INT(matcher_add(&call, &matcher, STR("[REF_12]"), 3), SIDETOK_OK);
    CHECK_INT(matcher_add(&call, &matcher, STR("["), 4), SIDETOK_OK);
    matcher_finish(&matcher);
    check_find(&matcher, STR("[REF]"), 1);
    check_find(&matcher, STR("[REF_1]2"), 2);
    check_find(&matcher, STR("[REF_12]"), 3);
    check_find(&matcher, STR("[REF_12"), 4);
    check_find(&matcher, STR("["), 4);
    check_find(&matcher, STR("R"), -1);
    check_find(&matcher, STR(""), -1);
    CHECK_INT(matcher_seek(&matcher, STR("ab[c[d"), 0), 2);
    CHECK_INT(matcher_seek(&matcher, STR("ab[c[d"), 3), 4);
    CHECK_INT(matcher_seek(&matcher, STR("ab[c[d"), 5), 6);
}

TEST(no_words_find_nothing)
{
    struct matcher matcher;
    matcher_init(&matcher);
    matcher_finish(&matcher);
    check_find(&matcher, STR("a"), -1);
    CHECK_INT(matcher_seek(&matcher, STR("abc"), 0), 3);
}

/* Rule: PrefixMatcher looks at the 64 shortest words that fit. */
TEST(only_the_64_shortest_words_count)
{
    static char text[100];
    struct matcher matcher;
    memset(text, 'a', sizeof text);
    matcher_init(&matcher);
    for (uint32_t size = 1; size <= 80; size++)
        CHECK_INT(matcher_add(&call, &matcher, (struct str){text, size}, size), SIDETOK_OK);
    matcher_finish(&matcher);
    check_find(&matcher, (struct str){text, 100}, 64);
    check_find(&matcher, (struct str){text, 30}, 30);
}

TEST_MAIN(RUN(the_longest_word_is_found), RUN(no_words_find_nothing), RUN(only_the_64_shortest_words_count))
