#include "rules.h"
#include "tests/support/test.h"

TEST(rules_exist_for_the_seven_versions_only)
{
    static const int versions[] = {1, 2, 3, 7, 11, 13, 15};
    size_t found = 0;
    for (int version = -1; version < 40; version++)
        found += rules_find(version) != NULL;
    CHECK_INT(found, 7);
    for (size_t i = 0; i < 7; i++)
        CHECK(rules_find(versions[i]) && rules_find(versions[i])->version == versions[i]);
}

TEST(rules_give_no_result_chunks_that_normalization_cannot_join)
{
    for (int version = 1; version <= 15; version++) {
        const struct rules *rules = rules_find(version);
        if (rules && !rules->results_keep_chunks)
            CHECK_INT(rules->tool_chunks, CHUNK_BIT(CHUNK_TEXT));
    }
}

TEST_MAIN(RUN(rules_exist_for_the_seven_versions_only),
          RUN(rules_give_no_result_chunks_that_normalization_cannot_join))
