/* The cursor over msgpack bytes: every format, every truncation, any depth. */
#include "proto/msgpack_read.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct view view_of(const void *data, size_t size)
{
    return (struct view){data, size};
}

TEST(every_integer_format_gives_its_number)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum msgpack_kind kind;
        long long expected;
    } cases[] = {
        {"\x00", 1, MSGPACK_READ_UINT, 0},
        {"\x7f", 1, MSGPACK_READ_UINT, 127},
        {"\xe0", 1, MSGPACK_READ_INT, -32},
        {"\xff", 1, MSGPACK_READ_INT, -1},
        {"\xcc\xff", 2, MSGPACK_READ_UINT, 255},
        {"\xcd\x01\x00", 3, MSGPACK_READ_UINT, 256},
        {"\xce\xff\xff\xff\xff", 5, MSGPACK_READ_UINT, 4294967295},
        {"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, MSGPACK_READ_UINT, INT64_MAX},
        {"\xd0\x80", 2, MSGPACK_READ_INT, -128},
        {"\xd0\x7f", 2, MSGPACK_READ_UINT, 127}, /* a signed format with a number that is not negative */
        {"\xd1\x80\x00", 3, MSGPACK_READ_INT, -32768},
        {"\xd2\x80\x00\x00\x00", 5, MSGPACK_READ_INT, INT32_MIN},
        {"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, MSGPACK_READ_INT, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct msgpack_reader reader = msgpack_reader_of(view_of(cases[i].bytes, cases[i].size));
        struct msgpack_token token;
        CHECK_INT(msgpack_read_token(&reader, &token), SIDETOK_OK);
        CHECK_INT(token.kind, cases[i].kind);
        CHECK_INT(token.integer, cases[i].expected);
        CHECK(msgpack_read_at_end(&reader));
    }
}

TEST(floats_of_both_widths_give_their_number)
{
    struct msgpack_token token;
    struct msgpack_reader reader = msgpack_reader_of(view_of("\xca\x3f\xc0\x00\x00", 5));
    CHECK_INT(msgpack_read_token(&reader, &token), SIDETOK_OK);
    CHECK(token.kind == MSGPACK_READ_FLOAT && token.number == 1.5);
    reader = msgpack_reader_of(view_of("\xcb\xc0\x04\x00\x00\x00\x00\x00\x00", 9));
    CHECK_INT(msgpack_read_token(&reader, &token), SIDETOK_OK);
    CHECK(token.kind == MSGPACK_READ_FLOAT && token.number == -2.5);
}

TEST(strings_are_views_into_the_message)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum msgpack_kind kind;
        size_t offset; /* of the text in the bytes */
    } cases[] = {
        {"\xa2hi", 3, MSGPACK_READ_STR, 1},
        {"\xd9\x02hi", 4, MSGPACK_READ_STR, 2},
        {"\xda\x00\x02hi", 5, MSGPACK_READ_STR, 3},
        {"\xdb\x00\x00\x00\x02hi", 7, MSGPACK_READ_STR, 5},
        {"\xc4\x02hi", 4, MSGPACK_READ_BIN, 2},
        {"\xc5\x00\x02hi", 5, MSGPACK_READ_BIN, 3},
        {"\xc6\x00\x00\x00\x02hi", 7, MSGPACK_READ_BIN, 5},
        {"\xd5\x07hi", 4, MSGPACK_READ_EXT, 2},
        {"\xc7\x02\x07hi", 5, MSGPACK_READ_EXT, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct msgpack_reader reader = msgpack_reader_of(view_of(cases[i].bytes, cases[i].size));
        struct msgpack_token token;
        CHECK_INT(msgpack_read_token(&reader, &token), SIDETOK_OK);
        CHECK_INT(token.kind, cases[i].kind);
        CHECK(token.bytes.data == cases[i].bytes + cases[i].offset);
        CHECK_INT(token.bytes.size, 2);
        CHECK(token.kind != MSGPACK_READ_EXT || token.ext_type == 7);
    }
}

TEST(members_follow_their_header)
{
    /* {"a": [nil, true]} */
    struct msgpack_reader reader = msgpack_reader_of(view_of("\x81\xa1"
                                                             "a\x92\xc0\xc3",
                                                             6));
    static const enum msgpack_kind expected[] = {MSGPACK_READ_MAP, MSGPACK_READ_STR, MSGPACK_READ_ARRAY,
                                                 MSGPACK_READ_NIL, MSGPACK_READ_BOOL};
    struct msgpack_token token;
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(msgpack_read_token(&reader, &token), SIDETOK_OK);
        CHECK_INT(token.kind, expected[i]);
    }
    CHECK(msgpack_read_at_end(&reader));
}

TEST(cut_anywhere_is_an_error_and_moves_nothing)
{
    static const char whole[] = "\x87\xa1"
                                "a\xcd\x01\x00\xa1"
                                "b\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa1"
                                "c\xc4\x03xyz\xa1"
                                "d\x92\x01\x81\x02\x03\xa1"
                                "e\xd9\x02hi\xa1"
                                "f\xd6\x01wxyz\xa1"
                                "g\xdc\x00\x01\xc2";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        char *exact = malloc(size ? size : 1); /* its own block, so that a read past the end is seen */
        memcpy(exact, whole, size);
        struct msgpack_reader reader = msgpack_reader_of(view_of(exact, size));
        CHECK_INT(msgpack_read_value(&reader, NULL), SIDETOK_E_BAD_REQUEST);
        CHECK(reader.at == (const uint8_t *)exact);
        free(exact);
    }
    struct msgpack_reader reader = msgpack_reader_of(view_of(whole, sizeof whole - 1));
    struct view value;
    CHECK_INT(msgpack_read_value(&reader, &value), SIDETOK_OK);
    CHECK(value.data == whole && value.size == sizeof whole - 1 && msgpack_read_at_end(&reader));
}

TEST(counts_beyond_the_bytes_left_are_refused)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"\xdd\xff\xff\xff\xff\xc0", 6}, {"\xdf\xff\xff\xff\xff\xc0", 6},
        {"\xdb\xff\xff\xff\xff\xc0", 6}, {"\xc6\xff\xff\xff\xff\xc0", 6},
        {"\xdf\x80\x00\x00\x00\xc0", 6}, {"\xc9\xff\xff\xff\xff\x01", 6},
        {"\x82\xc0\xc0\xc0", 4},         {"\xc1", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct msgpack_reader reader = msgpack_reader_of(view_of(cases[i].bytes, cases[i].size));
        struct msgpack_token token;
        CHECK_INT(msgpack_read_token(&reader, &token), SIDETOK_E_BAD_REQUEST);
        CHECK_INT(msgpack_read_value(&reader, NULL), SIDETOK_E_BAD_REQUEST);
    }
}

TEST(a_million_levels_are_skipped_without_recursion)
{
    size_t depth = 1000000;
    char *bytes = malloc(depth + 1);
    memset(bytes, '\x91', depth);
    bytes[depth] = '\xc0';
    struct msgpack_reader reader = msgpack_reader_of(view_of(bytes, depth + 1));
    CHECK_INT(msgpack_read_value(&reader, NULL), SIDETOK_OK);
    CHECK(msgpack_read_at_end(&reader));
    reader = msgpack_reader_of(view_of(bytes, depth));
    CHECK_INT(msgpack_read_value(&reader, NULL), SIDETOK_E_BAD_REQUEST);
    free(bytes);
}

TEST(no_bytes_are_an_error)
{
    struct msgpack_reader reader = msgpack_reader_of((struct view){NULL, 0});
    struct msgpack_token token;
    CHECK(msgpack_read_at_end(&reader));
    CHECK_INT(msgpack_read_token(&reader, &token), SIDETOK_E_BAD_REQUEST);
}

TEST_MAIN(RUN(every_integer_format_gives_its_number), RUN(floats_of_both_widths_give_their_number),
          RUN(strings_are_views_into_the_message), RUN(members_follow_their_header),
          RUN(cut_anywhere_is_an_error_and_moves_nothing), RUN(counts_beyond_the_bytes_left_are_refused),
          RUN(a_million_levels_are_skipped_without_recursion), RUN(no_bytes_are_an_error))
