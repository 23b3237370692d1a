#include "buf.h"
#include "json.h"
#include "tests/support/test.h"

#include <math.h>

static struct str dumps(struct call *call, const struct json *value, bool ensure_ascii)
{
    struct buf buf;
    struct str out = STR("");
    buf_init(&buf, call);
    json_write(&buf, value, (struct json_style){.ensure_ascii = ensure_ascii});
    CHECK_INT(buf_finish(&buf, &out), SIDETOK_OK);
    return out;
}

TEST(json_floats_are_shortest_as_in_python)
{
    static const struct {
        double in;
        struct str out;
    } cases[] = {
        {0.0, STR("0.0")},
        {-0.0, STR("-0.0")},
        {1.0, STR("1.0")},
        {0.1, STR("0.1")},
        {-1.5, STR("-1.5")},
        {100.0, STR("100.0")},
        {0.0001, STR("0.0001")},
        {0.00001, STR("1e-05")},
        {0.000123, STR("0.000123")},
        {1e15, STR("1000000000000000.0")},
        {1e16, STR("1e+16")},
        {1.5e16, STR("1.5e+16")},
        {9007199254740993.0, STR("9007199254740992.0")},
        {5e-324, STR("5e-324")},
        {2.2250738585072014e-308, STR("2.2250738585072014e-308")},
        {1.7976931348623157e308, STR("1.7976931348623157e+308")},
        {5.684341886080802e-14, STR("5.684341886080802e-14")}, /* 2^-44: its lower neighbour is nearer */
        {2e-44, STR("2e-44")},
        {1e23, STR("1e+23")},
        {123456789.125, STR("123456789.125")},
        {INFINITY, STR("Infinity")},
        {-INFINITY, STR("-Infinity")},
        {NAN, STR("NaN")},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json value = {.kind = JSON_FLOAT, .number = cases[i].in};
        CHECK_STR(dumps(&call, &value, false), cases[i].out);
    }
    call_done(&call);
}

TEST(json_strings_escape_as_in_python)
{
    static const struct {
        struct str in, plain, ascii;
    } cases[] = {
        {STR("a\"b\\c/"), STR("\"a\\\"b\\\\c/\""), STR("\"a\\\"b\\\\c/\"")},
        {STR("\n\r\t\f\b\v"), STR("\"\\n\\r\\t\\f\\b\\u000b\""), STR("\"\\n\\r\\t\\f\\b\\u000b\"")},
        {STR("\0\x1f"), STR("\"\\u0000\\u001f\""), STR("\"\\u0000\\u001f\"")},
        {STR("\x7f"), STR("\"\x7f\""), STR("\"\\u007f\"")},
        {STR("\xc3\xa9\xe2\x82\xac"), STR("\"\xc3\xa9\xe2\x82\xac\""), STR("\"\\u00e9\\u20ac\"")},
        {STR("\xf0\x9f\x98\x80"), STR("\"\xf0\x9f\x98\x80\""), STR("\"\\ud83d\\ude00\"")},
        {STR("\xed\xa0\x80"), STR("\"\xed\xa0\x80\""), STR("\"\\ud800\"")},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json value = {.kind = JSON_STRING, .text = cases[i].in};
        CHECK_STR(dumps(&call, &value, false), cases[i].plain);
        CHECK_STR(dumps(&call, &value, true), cases[i].ascii);
    }
    call_done(&call);
}

TEST(json_containers_use_pythons_separators)
{
    struct json items[2] = {{.kind = JSON_INT, .text = STR("-12")}, {.kind = JSON_NULL}};
    struct json_member members[2] = {{STR("\xc3\xa9"), {.kind = JSON_ARRAY, .array = {items, 2}}},
                                     {STR(""), {.kind = JSON_BOOL, .boolean = true}}};
    struct json value = {.kind = JSON_OBJECT, .object = {members, 2}};
    struct call call;
    call_init(&call);
    CHECK_STR(dumps(&call, &value, false), STR("{\"\xc3\xa9\": [-12, null], \"\": true}"));
    CHECK_STR(dumps(&call, &value, true), STR("{\"\\u00e9\": [-12, null], \"\": true}"));
    call_done(&call);
}

TEST(json_write_survives_every_failing_allocation)
{
    struct call call;
    struct json items[200], value = {.kind = JSON_ARRAY, .array = {items, 200}};
    size_t n = 1;
    for (size_t i = 0; i < 200; i++)
        items[i] = (struct json){.kind = JSON_FLOAT, .number = 1.0 / (double)(i + 1)};
    call_init(&call);
    for (;; n++) {
        struct buf buf;
        struct str text;
        call_reset(&call);
        buf_init(&buf, &call);
        call.arena.fail_after = n;
        json_write(&buf, &value, (struct json_style){.ensure_ascii = false});
        if (buf_finish(&buf, &text) == SIDETOK_OK)
            break;
        CHECK_INT(call.failure.code, SIDETOK_E_NO_MEMORY);
    }
    CHECK(n > 4);
    call_done(&call);
}

TEST_MAIN(RUN(json_floats_are_shortest_as_in_python), RUN(json_strings_escape_as_in_python),
          RUN(json_containers_use_pythons_separators), RUN(json_write_survives_every_failing_allocation))
