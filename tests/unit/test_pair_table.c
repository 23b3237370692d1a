#include "sidecar/tokenizer/pair_table.h"

#include "tests/support/test.h"

#include <stdlib.h>

static void check_table(size_t n, uint32_t (*key_of)(uint32_t))
{
    struct call call;
    struct pair_table table;
    struct pair_table_item *items = calloc(n + 1, sizeof *items);
    call_init(&call);
    for (uint32_t i = 0; i < n; i++)
        items[i] = (struct pair_table_item){key_of(i), i * 7};
    CHECK_INT(pair_table_build(&call, items, n, &table), SIDETOK_OK);
    for (uint32_t i = 0; i < n; i++)
        CHECK_INT(pair_table_find(&table, key_of(i)), i * 7);
    for (uint32_t i = (uint32_t)n; i < n + 5000; i++)
        CHECK_INT(pair_table_find(&table, key_of(i)), PAIR_TABLE_NONE);
    call_done(&call);
    free(items);
}

static uint32_t counting(uint32_t i)
{
    return i;
}

static uint32_t crossed(uint32_t i)
{
    return i % 300 << 16 | i / 300;
}

static uint32_t scattered(uint32_t i)
{
    return (i * 2654435761u) & 0x7fffffff;
}

TEST(every_key_is_found_and_no_other)
{
    static const size_t sizes[] = {0, 1, 2, 3, 15, 16, 17, 1000, 61000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_table(sizes[i], counting);
        check_table(sizes[i], crossed);
    }
    check_table(30000, scattered);
}

TEST_MAIN(RUN(every_key_is_found_and_no_other))
