#include "python_object.h"
#include "tests/support/test.h"

static struct json read_json(struct call *call, const char *text)
{
    struct json value = {.kind = JSON_NULL};
    CHECK_INT(json_read(call, str_from(text), &value), SIDETOK_OK);
    return value;
}

static const struct equal_case {
    const char *a, *b;
    bool equal;
} equal_cases[] = {
    {"1", "1.0", true},
    {"1", "true", true},
    {"false", "-0.0", true},
    {"\"1\"", "1", false},
    {"null", "false", false},
    {"9007199254740993", "9007199254740992.0", false},
    {"1e30", "1000000000000000019884624838656", true},
    {"[1, {\"a\": 2}]", "[true, {\"a\": 2.0}]", true},
    {"[1, 2]", "[2, 1]", false},
    {"[1]", "[1, 2]", false},
    {"{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", true},
    {"{\"a\": 1}", "{\"b\": 1}", false},
    {"{}", "[]", false},
    {"[]", "null", false},
    {"NaN", "NaN", false},
    {"[NaN]", "[NaN]", true},
};

TEST(values_compare_as_in_python)
{
    for (size_t i = 0; i < sizeof equal_cases / sizeof equal_cases[0]; i++) {
        struct call call;
        bool equal = !equal_cases[i].equal;
        call_init(&call);
        struct json a = read_json(&call, equal_cases[i].a), b = read_json(&call, equal_cases[i].b);
        CHECK_INT(python_equal(&call, &a, &b, &equal), SIDETOK_OK);
        if (equal != equal_cases[i].equal)
            printf("# %s == %s\n", equal_cases[i].a, equal_cases[i].b);
        CHECK_INT(equal, equal_cases[i].equal);
        call_done(&call);
    }
}

TEST(bytes_equal_no_text)
{
    const struct json bytes = {.kind = JSON_BYTES, .text = STR("a")},
                      text = {.kind = JSON_STRING, .text = STR("a")};
    struct call call;
    bool equal;
    call_init(&call);
    CHECK_INT(python_equal(&call, &bytes, &text, &equal), SIDETOK_OK);
    CHECK(!equal);
    CHECK_INT(python_equal(&call, &bytes, &bytes, &equal), SIDETOK_OK);
    CHECK(equal);
    call_done(&call);
}

TEST(pairs_of_bytes_are_numbers)
{
    const struct json pair = {.kind = JSON_BYTES, .text = STR("ab")};
    const struct json list = {.kind = JSON_ARRAY, .array = {&pair, 1}};
    struct python_item *items;
    struct call call;
    size_t n;
    call_init(&call);
    CHECK_INT(python_dict(&call, &list, &items, &n), SIDETOK_OK);
    CHECK_INT(n, 1);
    CHECK_STR(items[0].key.text, STR("97"));
    CHECK_STR(items[0].value.text, STR("98"));
    call_done(&call);
}

TEST(last_of_equal_keys_wins_at_the_first_place)
{
    struct python_item *items;
    struct call call;
    size_t n;
    call_init(&call);
    struct json list = read_json(&call, "[[1, 2], [\"1\", 3], [true, 4], [1.0, 5], [NaN, 6], [NaN, 7]]");
    CHECK_INT(python_dict(&call, &list, &items, &n), SIDETOK_OK);
    CHECK_INT(n, 3);
    CHECK_INT(items[0].key.kind, JSON_INT);
    CHECK_STR(items[0].value.text, STR("5"));
    CHECK_STR(items[2].value.text, STR("7"));
    call_done(&call);
}

TEST(truth_is_python_s)
{
    static const char *const falses[] = {"null", "false", "0", "-0", "0.0", "-0.0", "\"\"", "[]", "{}"};
    static const char *const trues[] = {"true", "1", "-1", "NaN", "1e-300", "\" \"", "[0]", "{\"\": 0}"};
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof falses / sizeof falses[0]; i++) {
        struct json value = read_json(&call, falses[i]);
        CHECK(!python_is_true(&value));
    }
    for (size_t i = 0; i < sizeof trues / sizeof trues[0]; i++) {
        struct json value = read_json(&call, trues[i]);
        CHECK(python_is_true(&value));
    }
    call_done(&call);
}

TEST_MAIN(RUN(values_compare_as_in_python), RUN(bytes_equal_no_text), RUN(pairs_of_bytes_are_numbers),
          RUN(last_of_equal_keys_wins_at_the_first_place), RUN(truth_is_python_s))
