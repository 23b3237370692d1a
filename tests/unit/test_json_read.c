#include "buf.h"
#include "json.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* Reads text and writes it again, or gives the error's message. */
static struct str read_write(struct call *call, struct str text)
{
    struct json value;
    call_reset(call);
    if (json_read(call, text, &value) != SIDETOK_OK)
        return call->failure.message;
    struct buf buf;
    struct str out = STR("");
    buf_init(&buf, call);
    json_write(&buf, &value, (struct json_style){.ensure_ascii = false});
    CHECK_INT(buf_finish(&buf, &out), SIDETOK_OK);
    return out;
}

struct text_case {
    struct str in, out;
};

/* The input lies in memory of its exact size, so that a read beyond it is found by the address sanitizer. */
static void check_cases(const struct text_case *cases, size_t n)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < n; i++) {
        char *copy = malloc(cases[i].in.size + (cases[i].in.size == 0));
        if (!copy)
            continue;
        memcpy(copy, cases[i].in.data, cases[i].in.size);
        CHECK_STR(read_write(&call, (struct str){copy, cases[i].in.size}), cases[i].out);
        free(copy);
    }
    call_done(&call);
}
#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof(cases)[0])

TEST(json_values_read_as_in_python)
{
    static const struct text_case cases[] = {
        {STR(" \t\n\r[ 1 , 2 ] \n"), STR("[1, 2]")},
        {STR("{}"), STR("{}")},
        {STR("[ ]"), STR("[]")},
        {STR("{ \"a\" : null , \"b\":[true,false]}"), STR("{\"a\": null, \"b\": [true, false]}")},
        {STR("[NaN, Infinity, -Infinity]"), STR("[NaN, Infinity, -Infinity]")},
        {STR("\"\""), STR("\"\"")},
    };
    CHECK_CASES(cases);
}

TEST(json_numbers_read_as_in_python)
{
    static const struct text_case cases[] = {
        {STR("-0"), STR("0")},
        {STR("-0.0"), STR("-0.0")},
        {STR("123456789012345678901234567890"), STR("123456789012345678901234567890")},
        {STR("1e400"), STR("Infinity")},
        {STR("-1E+400"), STR("-Infinity")},
        {STR("1.5E3"), STR("1500.0")},
        {STR("0.1"), STR("0.1")},
        {STR("9007199254740993.0"), STR("9007199254740992.0")},
        {STR("01"), STR("Extra data: line 1 column 2 (char 1)")},
        {STR("1."), STR("Extra data: line 1 column 2 (char 1)")},
        {STR("1e"), STR("Extra data: line 1 column 2 (char 1)")},
        {STR("1e+"), STR("Extra data: line 1 column 2 (char 1)")},
        {STR(".5"), STR("Expecting value: line 1 column 1 (char 0)")},
        {STR("-"), STR("Expecting value: line 1 column 1 (char 0)")},
        {STR("[-x]"), STR("Expecting value: line 1 column 2 (char 1)")},
        {STR("-Infinit"), STR("Expecting value: line 1 column 1 (char 0)")},
        {STR("+1"), STR("Expecting value: line 1 column 1 (char 0)")},
    };
    CHECK_CASES(cases);
}

TEST(json_strings_read_as_in_python)
{
    static const struct text_case cases[] = {
        {STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), STR("\"\\\"\\\\/\\b\\f\\n\\r\\t\"")},
        {STR("\"\\u00e9\\u20AC\""), STR("\"\xc3\xa9\xe2\x82\xac\"")},
        {STR("\"\\ud83d\\ude00\""), STR("\"\xf0\x9f\x98\x80\"")},
        {STR("\"\\ud83d\""), STR("\"\xed\xa0\xbd\"")},
        {STR("\"\\ude00\\ud83d\""), STR("\"\xed\xb8\x80\xed\xa0\xbd\"")},
        {STR("\"\\ud83d\\ud83d\\ude00\""), STR("\"\xed\xa0\xbd\xf0\x9f\x98\x80\"")},
        {STR("\"\\ud83d\xed\xb8\x80\""), STR("\"\xed\xa0\xbd\xed\xb8\x80\"")},
        {STR("\"\\u0000\""), STR("\"\\u0000\"")},
        {STR("\"long enough for a step of the scan, \\t then an escape\""),
         STR("\"long enough for a step of the scan, \\t then an escape\"")},
    };
    CHECK_CASES(cases);
}

TEST(json_broken_strings_fail_at_pythons_position)
{
    static const struct text_case cases[] = {
        {STR("\""), STR("Unterminated string starting at: line 1 column 1 (char 0)")},
        {STR("[\"abc"), STR("Unterminated string starting at: line 1 column 2 (char 1)")},
        {STR("\"\\"), STR("Unterminated string starting at: line 1 column 1 (char 0)")},
        {STR("\"\\n"), STR("Unterminated string starting at: line 1 column 1 (char 0)")},
        {STR("\"a\\qb\""), STR("Invalid \\escape: line 1 column 3 (char 2)")},
        {STR("\"\\\0\""), STR("Invalid \\escape: line 1 column 2 (char 1)")},
        {STR("\"\\u12"), STR("Invalid \\uXXXX escape: line 1 column 3 (char 2)")},
        {STR("\"\\u1234"), STR("Invalid \\uXXXX escape: line 1 column 3 (char 2)")},
        {STR("\"\\u12g4\""), STR("Invalid \\uXXXX escape: line 1 column 3 (char 2)")},
        {STR("\"\\ud800\\u12x4a\""), STR("Invalid \\uXXXX escape: line 1 column 9 (char 8)")},
        {STR("\"\n\""), STR("Invalid control character at: line 1 column 2 (char 1)")},
        {STR("\"a\\n\x1f\""), STR("Invalid control character at: line 1 column 5 (char 4)")},
        {STR("[\"\xc3\xa9\xf0\x9f\x98\x80\", \"\xe2\x82\xac\",\n\"\xc3\xa9\x01\"]"),
         STR("Invalid control character at: line 2 column 3 (char 14)")},
    };
    CHECK_CASES(cases);
}

TEST(json_broken_containers_fail_at_pythons_position)
{
    static const struct text_case cases[] = {
        {STR(""), STR("Expecting value: line 1 column 1 (char 0)")},
        {STR("  "), STR("Expecting value: line 1 column 3 (char 2)")},
        {STR("tru"), STR("Expecting value: line 1 column 1 (char 0)")},
        {STR("["), STR("Expecting value: line 1 column 2 (char 1)")},
        {STR("[1,]"), STR("Expecting value: line 1 column 4 (char 3)")},
        {STR("[1 2]"), STR("Expecting ',' delimiter: line 1 column 4 (char 3)")},
        {STR("[1"), STR("Expecting ',' delimiter: line 1 column 3 (char 2)")},
        {STR("{"), STR("Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")},
        {STR("{,}"), STR("Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")},
        {STR("{\"a\":1,}"),
         STR("Expecting property name enclosed in double quotes: line 1 column 8 (char 7)")},
        {STR("{\"a\" 1}"), STR("Expecting ':' delimiter: line 1 column 6 (char 5)")},
        {STR("{\"a\":"), STR("Expecting value: line 1 column 6 (char 5)")},
        {STR("{\"a\":1"), STR("Expecting ',' delimiter: line 1 column 7 (char 6)")},
        {STR("1 \n 2"), STR("Extra data: line 2 column 2 (char 4)")},
        {STR("\xef\xbb\xbf{}"),
         STR("Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)")},
        {STR("\xc2\xa0{}"), STR("Expecting value: line 1 column 1 (char 0)")},
    };
    CHECK_CASES(cases);
}

TEST(json_last_value_wins_at_the_first_place)
{
    static const struct text_case cases[] = {
        {STR("{\"a\":1,\"b\":2,\"a\":3}"), STR("{\"a\": 3, \"b\": 2}")},
        {STR("{\"a\":1,\"\\u0061\":2}"), STR("{\"a\": 2}")},
        {STR("{\"\":1,\"\":2}"), STR("{\"\": 2}")},
        {STR("{\"01\":0,\"02\":0,\"03\":0,\"04\":0,\"05\":0,\"06\":0,\"07\":0,\"08\":0,\"09\":0,\"02\":1,"
             "\"10\":0,"
             "\"11\":0,\"12\":0,\"13\":0,\"14\":0,\"15\":0,\"16\":0,\"17\":0,\"18\":0,\"17\":1,\"02\":2}"),
         STR("{\"01\": 0, \"02\": 2, \"03\": 0, \"04\": 0, \"05\": 0, \"06\": 0, \"07\": 0, \"08\": 0, "
             "\"09\": 0, "
             "\"10\": 0, \"11\": 0, \"12\": 0, \"13\": 0, \"14\": 0, \"15\": 0, \"16\": 0, \"17\": 1, "
             "\"18\": 0}")},
    };
    CHECK_CASES(cases);
}

static struct str repeat(struct call *call, struct str part, size_t n)
{
    struct buf buf;
    buf_init(&buf, call);
    for (size_t i = 0; i < n; i++)
        buf_append(&buf, part);
    return buf_str(&buf);
}

TEST(json_integers_have_at_most_4300_digits)
{
    struct call call, input;
    call_init(&call);
    call_init(&input);
    struct str good = repeat(&input, STR("7"), 4300), bad = repeat(&input, STR("7"), 4301);
    CHECK_STR(read_write(&call, good), good);
    CHECK_STR(read_write(&call, bad),
              STR("Exceeds the limit (4300 digits) for integer string conversion: value has 4301 digits; use "
                  "sys.set_int_max_str_digits() to increase the limit"));
    CHECK_INT(call.failure.code, SIDETOK_E_VALUE);
    call_done(&call);
    call_done(&input);
}

TEST(json_nesting_is_bounded)
{
    struct call call, input;
    struct json value;
    call_init(&call);
    call_init(&input);
    CHECK_STR(read_write(&call, repeat(&input, STR("["), JSON_MAX_DEPTH)),
              STR("Expecting value: line 1 column 986 (char 985)"));
    CHECK_STR(read_write(&call, repeat(&input, STR("["), 1000000)),
              STR("maximum recursion depth exceeded while decoding a JSON array from a unicode string"));
    CHECK_INT(call.failure.code, SIDETOK_E_RECURSION);
    CHECK_STR(read_write(&call, repeat(&input, STR("{\"a\":"), 1000000)),
              STR("maximum recursion depth exceeded while decoding a JSON object from a unicode string"));
    call_reset(&call);
    CHECK_INT(json_read(&call, repeat(&input, STR("[],[[]]"), 0), &value), SIDETOK_E_JSON_DECODE);
    call_done(&call);
    call_done(&input);
}

TEST(json_strings_without_escapes_are_views)
{
    struct call call;
    struct json value;
    struct str text = STR("{\"key\":\"a body without escapes\"}");
    call_init(&call);
    CHECK_INT(json_read(&call, text, &value), SIDETOK_OK);
    const struct json *body = json_get(&value, STR("key"));
    CHECK(body && body->text.data == text.data + 8);
    CHECK(json_get(&value, STR("other")) == NULL && json_get(NULL, STR("key")) == NULL);
    call_done(&call);
}

TEST(json_read_survives_every_failing_allocation)
{
    struct call call;
    struct json value;
    struct str text =
        STR("{\"a\\n\":[1,2,{}],\"b\":1.000000000000000000000000000000000000000000000000000000000000000001}");
    size_t n = 1;
    call_init(&call);
    for (;; n++) {
        call_reset(&call);
        call.arena.fail_after = n;
        if (json_read(&call, text, &value) == SIDETOK_OK)
            break;
        CHECK_INT(call.failure.code, SIDETOK_E_NO_MEMORY);
    }
    CHECK(n > 5);
    call_done(&call);
}

/* The ways of large objects and arrays: beyond 16 members, and beyond 4,096 elements from the stack's first
 * on. */
TEST(large_objects_and_arrays_are_read_as_small_ones)
{
    enum { N = 10000 };
    struct call call;
    struct buf text;
    struct json value;
    call_init(&call);
    buf_init(&text, &call);
    buf_append(&text, STR("[["));
    for (int i = 0; i < N; i++)
        buf_printf(&text, "%s%d", i ? "," : "", i);
    buf_append(&text, STR("],{"));
    for (int i = 0; i < 2 * N; i++)
        buf_printf(&text, "%s\"k%d\":%d", i ? "," : "", i % N, i);
    buf_append(&text, STR("}]"));
    CHECK_INT(json_read(&call, buf_str(&text), &value), SIDETOK_OK);
    CHECK_INT(value.array.n, 2);
    const struct json *list = &value.array.items[0], *object = &value.array.items[1];
    CHECK_INT(list->array.n, N);
    CHECK_INT(object->object.n, N);
    for (int i = 0; i < N; i += 7) {
        int64_t number = -1, last = -1;
        CHECK(json_int64(&list->array.items[i], &number) && number == i);
        CHECK(json_int64(&object->object.members[i].value, &last) && last == i + N);
    }
    call_done(&call);
}

TEST_MAIN(RUN(large_objects_and_arrays_are_read_as_small_ones), RUN(json_values_read_as_in_python),
          RUN(json_numbers_read_as_in_python), RUN(json_strings_read_as_in_python),
          RUN(json_broken_strings_fail_at_pythons_position),
          RUN(json_broken_containers_fail_at_pythons_position), RUN(json_last_value_wins_at_the_first_place),
          RUN(json_integers_have_at_most_4300_digits), RUN(json_nesting_is_bounded),
          RUN(json_strings_without_escapes_are_views), RUN(json_read_survives_every_failing_allocation))
