#include "map.h"
#include "tests/support/test.h"

TEST(map_keeps_the_first_value_of_a_key)
{
    struct call call;
    call_init(&call);
    struct map map;
    CHECK_INT(map_init(&call, &map, 0), SIDETOK_OK);
    uint32_t value = 99;
    CHECK(!map_find(&map, STR(""), &value));
    CHECK_INT(map_add(&call, &map, STR("a"), 1, &value), SIDETOK_OK);
    CHECK_INT(value, 1);
    CHECK_INT(map_add(&call, &map, STR("a"), 2, &value), SIDETOK_OK);
    CHECK_INT(value, 1);
    CHECK_INT(map_add(&call, &map, STR(""), 3, NULL), SIDETOK_OK);
    CHECK(map_find(&map, STR(""), &value) && value == 3);
    CHECK(!map_find(&map, STR("a\0"), NULL));
    CHECK_INT(map.n, 2);
    call_done(&call);
}

TEST(map_grows_and_finds_every_key)
{
    static char keys[20000][8];
    struct call call;
    call_init(&call);
    struct map map;
    CHECK_INT(map_init(&call, &map, 3), SIDETOK_OK);
    for (uint32_t i = 0; i < 20000; i++) {
        snprintf(keys[i], sizeof keys[i], "%x", i * 7);
        CHECK_INT(map_add(&call, &map, str_from(keys[i]), i, NULL), SIDETOK_OK);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t value = 0;
        CHECK(map_find(&map, str_from(keys[i]), &value) && value == i);
    }
    CHECK(!map_find(&map, STR("no such"), NULL));
    call_done(&call);
}

TEST_MAIN(RUN(map_keeps_the_first_value_of_a_key), RUN(map_grows_and_finds_every_key))
