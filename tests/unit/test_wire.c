#include "sidecar/tokenizer/wire.h"

#include "tests/support/test.h"

/* How bytes read as a message of fields that nobody knows. */
static bool passes(struct str bytes)
{
    struct wire wire;
    struct wire_field field;
    wire_init(&wire, bytes);
    while (wire_next(&wire, &field))
        if (!wire_skip(&wire, &field))
            return false;
    return wire_ended(&wire);
}

TEST(unknown_fields_are_passed_over)
{
    static const struct {
        struct str bytes;
        bool passes;
        const char *why;
    } table[] = {
        {{"", 0}, true, "nothing"},
        {{"\x08\x96\x01", 3}, true, "a varint"},
        {{"\x08\x96", 2}, false, "a varint cut short"},
        {{"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11}, true, "ten bytes"},
        {{"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}, false, "eleven bytes"},
        {{"\x09"
          "12345678",
          9},
         true,
         "64 bits"},
        {{"\x09"
          "1234567",
          8},
         false,
         "64 bits cut short"},
        {{"\x0d"
          "1234",
          5},
         true,
         "32 bits"},
        {{"\x0d"
          "123",
          4},
         false,
         "32 bits cut short"},
        {{"\x0a\x03"
          "abc",
          5},
         true,
         "bytes"},
        {{"\x0a\x04"
          "abc",
          5},
         false,
         "bytes beyond the end"},
        {{"\x0a\xff\xff\xff\xff\x0f", 6}, false, "a length of 4 GB"},
        {{"\x0a\xff\xff\xff\xff\xff\x01", 7}, false, "a length of six bytes"},
        {{"\x0b\x0c", 2}, true, "a group"},
        {{"\x0b\x08\x01\x0c", 4}, true, "a group with a field"},
        {{"\x0b\x14", 2}, false, "a group that another one ends"},
        {{"\x0b", 1}, false, "a group without an end"},
        {{"\x0c", 1}, false, "an end without a group"},
        {{"\x02\x00", 2}, false, "field number 0"},
        {{"\x0e", 1}, false, "type 6"},
        {{"\x0f", 1}, false, "type 7"},
        {{"\xa0\x80\x80\x80\x10\x00", 6}, true, "a tag of five bytes"},
        {{"\xa0\x80\x80\x80\x80\x01\x00", 7}, false, "a tag of six bytes"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (passes(table[i].bytes) != table[i].passes) {
            printf("# %s: %s\n", table[i].why, table[i].passes ? "refused" : "passed");
            CHECK(false);
        }
}

TEST(groups_nest_to_the_reference_s_depth)
{
    for (size_t depth = 98; depth <= 102; depth++) {
        char bytes[256];
        memset(bytes, 0x23, depth);
        memset(bytes + depth, 0x24, depth);
        CHECK_INT(passes((struct str){bytes, 2 * depth}), depth <= WIRE_MAX_DEPTH);
    }
}

TEST(values_read_back)
{
    struct wire wire, inner;
    struct wire_field field;
    uint64_t number;
    float score = 0;
    wire_init(&wire, STR("\x08\x96\x01\x12\x05\x1d\x00\x00\x20\xc1"));
    CHECK(wire_next(&wire, &field) && field.number == 1 && field.type == WIRE_VARINT);
    CHECK(wire_varint(&wire, &number));
    CHECK_INT(number, 150);
    CHECK(wire_next(&wire, &field) && field.number == 2 && wire_message(&wire, &inner));
    CHECK(wire_next(&inner, &field) && field.number == 3 && wire_float(&inner, &score));
    CHECK(score == -10.0f);
    CHECK(wire_ended(&inner) && wire_ended(&wire));
}

TEST_MAIN(RUN(unknown_fields_are_passed_over), RUN(groups_nest_to_the_reference_s_depth),
          RUN(values_read_back))
