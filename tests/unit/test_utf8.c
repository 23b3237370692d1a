#include "tests/support/test.h"
#include "utf8.h"

#include <stdlib.h>

TEST(utf8_every_code_point_reads_back)
{
    for (uint32_t c = 0; c < 0x110000; c++) {
        char bytes[4];
        struct str text = {bytes, utf8_write(bytes, c)};
        uint32_t got = 0;
        if (utf8_read(text, 0, &got) != text.size || got != c)
            CHECK_INT(got, c);
        bool surrogate = c >= 0xd800 && c < 0xe000;
        if (utf8_is_valid(text, false) == surrogate || !utf8_is_valid(text, true))
            CHECK_INT(c, -1);
        if (utf8_has_surrogate(text) != surrogate)
            CHECK_INT(c, -2);
    }
}

/* Expected values: bytes.decode("utf-8") and bytes.decode("utf-8", "replace") of Python 3.11. */
TEST(utf8_faults_read_like_python)
{
#define FAULT(what) "'utf-8' codec can't decode " what
    static const struct {
        struct str bytes, message, replaced;
    } cases[] = {
        {STR("\xff"), STR(FAULT("byte 0xff in position 0: invalid start byte")), STR("\xef\xbf\xbd")},
        {STR("ab\x80"), STR(FAULT("byte 0x80 in position 2: invalid start byte")), STR("ab\xef\xbf\xbd")},
        {STR("\xc0\x80"), STR(FAULT("byte 0xc0 in position 0: invalid start byte")),
         STR("\xef\xbf\xbd\xef\xbf\xbd")},
        {STR("\xc3"), STR(FAULT("byte 0xc3 in position 0: unexpected end of data")), STR("\xef\xbf\xbd")},
        {STR("\xc3(x"), STR(FAULT("byte 0xc3 in position 0: invalid continuation byte")),
         STR("\xef\xbf\xbd(x")},
        {STR("\xe2\x82"), STR(FAULT("bytes in position 0-1: unexpected end of data")), STR("\xef\xbf\xbd")},
        {STR("\xe2\x82x"), STR(FAULT("bytes in position 0-1: invalid continuation byte")),
         STR("\xef\xbf\xbdx")},
        {STR("\xe0\x80\x80"), STR(FAULT("byte 0xe0 in position 0: invalid continuation byte")),
         STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
        {STR("\xed\xa0\x80"), STR(FAULT("byte 0xed in position 0: invalid continuation byte")),
         STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
        {STR("\xf0\x9f\x98"), STR(FAULT("bytes in position 0-2: unexpected end of data")),
         STR("\xef\xbf\xbd")},
        {STR("\xf4\x90\x80\x80"), STR(FAULT("byte 0xf4 in position 0: invalid continuation byte")),
         STR("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
        {STR("\xf5z"), STR(FAULT("byte 0xf5 in position 0: invalid start byte")), STR("\xef\xbf\xbdz")},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_INT(utf8_check(&call, cases[i].bytes), SIDETOK_E_UNICODE_DECODE);
        CHECK_STR(call.failure.message, cases[i].message);
        struct buf out;
        buf_init(&out, &call);
        utf8_append_replaced(&out, cases[i].bytes);
        CHECK_STR(buf_str(&out), cases[i].replaced);
        call_reset(&call);
    }
    call_done(&call);
}

/* Rule: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"). */
TEST(utf8_surrogates_join_or_are_replaced)
{
    static const struct {
        struct str text, joined;
    } cases[] = {
        {STR("plain \xed\x9f\xbf"), STR("plain \xed\x9f\xbf")},
        {STR("\xed\xa0\xbd\xed\xb8\x80"), STR("\xf0\x9f\x98\x80")},
        {STR("\xed\xa0\xbd"), STR("\xef\xbf\xbd")},
        {STR("\xed\xb8\x80\xed\xa0\xbd"), STR("\xef\xbf\xbd\xef\xbf\xbd")},
        {STR("\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80"), STR("\xef\xbf\xbd\xf0\x9f\x98\x80")},
        {STR("\xed\xa0\xbdx"), STR("\xef\xbf\xbdx")},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_STR(utf8_join_surrogates(&call, cases[i].text), cases[i].joined);
    call_done(&call);
}

TEST(utf8_counts_code_points)
{
    CHECK_INT(utf8_count(STR("")), 0);
    CHECK_INT(utf8_count(STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\x80")), 5);
}

TEST_MAIN(RUN(utf8_every_code_point_reads_back), RUN(utf8_faults_read_like_python),
          RUN(utf8_surrogates_join_or_are_replaced), RUN(utf8_counts_code_points))
