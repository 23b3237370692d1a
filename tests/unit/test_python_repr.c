#include "buf.h"
#include "json.h"
#include "python_repr.h"
#include "tests/support/test.h"

static struct str repr(struct call *call, const struct json *value)
{
    struct buf buf;
    struct str out = STR("");
    buf_init(&buf, call);
    python_repr(&buf, value);
    CHECK_INT(buf_finish(&buf, &out), SIDETOK_OK);
    return out;
}

TEST(python_repr_of_text_quotes_and_escapes)
{
    static const struct {
        struct str in, out;
    } cases[] = {
        {STR(""), STR("''")},
        {STR("it's"), STR("\"it's\"")},
        {STR("say \"it\""), STR("'say \"it\"'")},
        {STR("it's \"it\""), STR("'it\\'s \"it\"'")},
        {STR("a\\b\t\n\r\v\0\x7f"), STR("'a\\\\b\\t\\n\\r\\x0b\\x00\\x7f'")},
        {STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), STR("'\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'")},
        {STR("\xc2\x85\xc2\xa0\xc2\xad"), STR("'\\x85\\xa0\\xad'")},
        {STR("\xe2\x80\xa8\xe3\x80\x80\xee\x80\x80"), STR("'\\u2028\\u3000\\ue000'")},
        {STR("\xed\xa0\x80"), STR("'\\ud800'")},
        {STR("\xf3\xa0\x80\x81"), STR("'\\U000e0001'")},
        {STR("\xcd\xb8"), STR("'\\u0378'")}, /* unassigned */
        {STR("\xf0\x9f\xab\xa0\xf0\x9f\xab\xa8"),
         STR("'\xf0\x9f\xab\xa0\\U0001fae8'")}, /* Unicode 14.0, 15.0 */
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json value = {.kind = JSON_STRING, .text = cases[i].in};
        CHECK_STR(repr(&call, &value), cases[i].out);
    }
    call_done(&call);
}

TEST(python_repr_of_bytes_is_ascii)
{
    struct json value = {.kind = JSON_BYTES, .text = STR("a'\xc3\xa9\n\0")};
    struct call call;
    call_init(&call);
    CHECK_STR(repr(&call, &value), STR("b\"a'\\xc3\\xa9\\n\\x00\""));
    value.text = STR("'\"\\");
    CHECK_STR(repr(&call, &value), STR("b'\\'\"\\\\'"));
    call_done(&call);
}

TEST(python_repr_of_containers)
{
    struct call call;
    struct json value;
    call_init(&call);
    CHECK_INT(json_read(&call,
                        STR("{\"a\":[1,-2.5,1e16,null,true,false,NaN,-Infinity,{},[]],\"it's\":\"\\u00e9\"}"),
                        &value),
              SIDETOK_OK);
    CHECK_STR(repr(&call, &value),
              STR("{'a': [1, -2.5, 1e+16, None, True, False, nan, -inf, {}, []], \"it's\": '\xc3\xa9'}"));
    call_done(&call);
}

TEST(python_str_of_text_is_the_text)
{
    struct json value = {.kind = JSON_STRING, .text = STR("it's")};
    struct call call;
    struct buf buf;
    call_init(&call);
    buf_init(&buf, &call);
    python_str(&buf, &value);
    value = (struct json){.kind = JSON_NULL};
    python_str(&buf, &value);
    CHECK_STR(buf_str(&buf), STR("it'sNone"));
    call_done(&call);
}

TEST_MAIN(RUN(python_repr_of_text_quotes_and_escapes), RUN(python_repr_of_bytes_is_ascii),
          RUN(python_repr_of_containers), RUN(python_str_of_text_is_the_text))
