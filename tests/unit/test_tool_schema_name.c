#include "str.h"
#include "tests/support/test.h"
#include "tool_schema_name.h"

TEST(name_identifiers_are_those_of_python)
{
    CHECK(name_is_identifier(STR("_a1")));
    CHECK(name_is_identifier(STR("\xc3\xa9\xcc\x81"))); /* a combining mark may follow */
    CHECK(!name_is_identifier(STR("\xcc\x81")));
    CHECK(!name_is_identifier(STR("1a")));
    CHECK(!name_is_identifier(STR("")));
    CHECK(!name_is_identifier(STR("a b")));
    CHECK(!name_is_identifier(STR("a\xed\xa0\x80")));
}

TEST(name_numbers_are_those_of_int)
{
    static const struct {
        struct str text;
        bool is_valid;
        uint32_t number;
    } rows[] = {
        {{"12", 2}, true, 12},
        {{" \t+1_2\n", 7}, true, 12},
        {{"0", 1}, true, 0},
        {{"\xd9\xa1\xd9\xa2", 4}, true, 12}, /* Arabic-Indic digits */
        {{"\xe3\x80\x80"
          "1\xc2\x85\xc2\xa0",
          8},
         true,
         1},
        {{"\xe1\x9a\x80\xe2\x80\x80\xe2\x80\x8a\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f"
          "1",
          22},
         true,
         1},
        {{"\x1f\x1c\xd9\xa1", 4}, true, 1}, /* separators are spaces in text that is not ASCII */
        {{"\x1c"
          "1",
          2},
         false,
         0},
        {{"\x1b\xd9\xa1", 3}, false, 0},
        {{"1073741822", 10}, true, 1073741822},
        {{"1073741823", 10}, false, 0},
        {{"", 0}, false, 0},
        {{" ", 1}, false, 0},
        {{"+", 1}, false, 0},
        {{"++1", 3}, false, 0},
        {{"-1", 2}, false, 0},
        {{"1_", 2}, false, 0},
        {{"_1", 2}, false, 0},
        {{"1__2", 4}, false, 0},
        {{"1 2", 3}, false, 0},
        {{"+ 1", 3}, false, 0},
        {{"1\xc2\xb2", 3}, false, 0}, /* superscript two is no decimal digit */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t number = 0;
        bool is_valid = name_read_number(rows[i].text, &number);
        if (is_valid != rows[i].is_valid)
            printf("# row %zu\n", i);
        CHECK_INT(is_valid, rows[i].is_valid);
        if (rows[i].is_valid)
            CHECK_INT(number, rows[i].number);
    }
}

TEST_MAIN(RUN(name_identifiers_are_those_of_python), RUN(name_numbers_are_those_of_int))
