#include "body.h"
#include "buf.h"
#include "python_repr.h"
#include "tests/support/test.h"

/* The value's repr(), or the error's message. */
static struct str read_repr(struct call *call, struct str bytes, bool is_json)
{
    struct json value;
    struct buf buf;
    struct str out = STR("");
    call_reset(call);
    if ((is_json ? body_read_json : body_read_msgpack)(call, bytes, &value) != SIDETOK_OK)
        return call->failure.message;
    buf_init(&buf, call);
    python_repr(&buf, &value);
    CHECK_INT(buf_finish(&buf, &out), SIDETOK_OK);
    return out;
}

struct body_case {
    struct str in, out;
};

static void check_cases(const struct body_case *cases, size_t n, bool is_json)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < n; i++)
        CHECK_STR(read_repr(&call, cases[i].in, is_json), cases[i].out);
    call_done(&call);
}

TEST(body_msgpack_reads_every_kind)
{
    static const struct body_case cases[] = {
        {STR("\xc0"), STR("None")},
        {STR("\x93\xc2\xc3\xc4\x02\xff'"), STR("[False, True, b\"\\xff'\"]")},
        {STR("\x94\x00\x7f\xff\xd3\x80\0\0\0\0\0\0\0"), STR("[0, 127, -1, -9223372036854775808]")},
        {STR("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), STR("18446744073709551615")},
        {STR("\x92\xca\x3f\xc0\0\0\xcb\x7f\xf0\0\0\0\0\0\0"), STR("[1.5, inf]")},
        {STR("\x82\xa1"
             "a\x01\xa3\xed\xa0\x80\x80"),
         STR("{'a': 1, '\\ud800': {}}")},
        {STR("\x83\xa1"
             "a\x01\xa1"
             "b\x02\xa1"
             "a\x90"),
         STR("{'a': [], 'b': 2}")},
    };
    check_cases(cases, sizeof cases / sizeof cases[0], false);
}

TEST(body_msgpack_refuses_what_python_has_no_value_for)
{
    static const struct body_case cases[] = {
        {STR(""), STR("body: the bytes are not msgpack")},
        {STR("\xc1"), STR("body: the bytes are not msgpack")},
        {STR("\x92\x01"), STR("body: the bytes are not msgpack")},
        {STR("\x01\x02"), STR("body: bytes are left over")},
        {STR("\xa1\xff"), STR("body: a text is not UTF-8")},
        {STR("\x81\xa1\x80\x01"), STR("body: a text is not UTF-8")},
        {STR("\x81\x01\x02"), STR("body: a map's key is no text")},
        {STR("\xd4\x01\x02"), STR("body: an extension type has no meaning here")},
    };
    check_cases(cases, sizeof cases / sizeof cases[0], false);
}

TEST(body_json_errors_are_bad_requests)
{
    static const struct body_case cases[] = {
        {STR("{\"a\": NaN}"), STR("{'a': nan}")},
        {STR("\"\xed\xa0\x80\""), STR("'\\ud800'")},
        {STR("\"\xff\""), STR("body: the text is not UTF-8")},
        {STR("{"), STR("body: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")},
    };
    check_cases(cases, sizeof cases / sizeof cases[0], true);
}

TEST(body_nesting_is_bounded_in_both_forms)
{
    struct call call, input;
    struct json value;
    struct buf arrays, brackets;
    call_init(&call);
    call_init(&input);
    buf_init(&arrays, &input);
    buf_init(&brackets, &input);
    for (int i = 0; i < JSON_MAX_DEPTH; i++)
        buf_append_char(&arrays, '\x91');
    buf_append_char(&arrays, '\xc0');
    CHECK_INT(body_read_msgpack(&call, buf_str(&arrays), &value), SIDETOK_OK);
    buf_init(&arrays, &input);
    for (int i = 0; i < 100000; i++) {
        buf_append_char(&arrays, '\x91');
        buf_append_char(&brackets, '[');
    }
    CHECK_INT(body_read_msgpack(&call, buf_str(&arrays), &value), SIDETOK_E_RECURSION);
    call_reset(&call);
    CHECK_INT(body_read_json(&call, buf_str(&brackets), &value), SIDETOK_E_RECURSION);
    call_done(&call);
    call_done(&input);
}

/* 985 headers that each claim all bytes left: memory follows what is there. */
TEST(body_claimed_lengths_cost_no_memory)
{
    struct call call;
    struct json value;
    static char bytes[985 * 5 + 100000];
    call_init(&call);
    for (size_t i = 0; i < 985; i++)
        memcpy(bytes + i * 5, "\xdd\x00\x01\x80\x00", 5);
    memset(bytes + 985 * 5, '\xc1', 1);
    CHECK(body_read_msgpack(&call, (struct str){bytes, sizeof bytes}, &value) != SIDETOK_OK);
    CHECK(call.arena.used_bytes < 1 << 20);
    call_done(&call);
}

TEST(body_read_survives_every_failing_allocation)
{
    struct call call;
    struct json value;
    size_t n = 1;
    call_init(&call);
    for (;; n++) {
        call_reset(&call);
        call.arena.fail_after = n;
        if (body_read_msgpack(&call, STR("\x93\x05\x81\xa1z\x01\x91\xc4\x01x"), &value) == SIDETOK_OK)
            break;
        CHECK_INT(call.failure.code, SIDETOK_E_NO_MEMORY);
    }
    CHECK(n > 4);
    call_done(&call);
}

TEST_MAIN(RUN(body_msgpack_reads_every_kind), RUN(body_msgpack_refuses_what_python_has_no_value_for),
          RUN(body_json_errors_are_bad_requests), RUN(body_nesting_is_bounded_in_both_forms),
          RUN(body_claimed_lengths_cost_no_memory), RUN(body_read_survives_every_failing_allocation))
