#include "json_scan.h"
#include "tests/support/test.h"

/* The portable path once more, under other names. */
#undef SIDETOK_SUPPORT_JSON_SCAN_H
#undef __SSE2__
#define json_scan_is_special portable_is_special
#define json_scan_bits       portable_bits
#define json_scan_mask       portable_mask
#define json_scan_first      portable_first
#define json_scan_plain      portable_plain
#define JSON_SCAN_STEP       PORTABLE_STEP
#include "json_scan.h"
#undef json_scan_plain

static size_t plain_size(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size && text[at] != '"' && text[at] != '\\' && (unsigned char)text[at] >= 0x20)
        at++;
    return at;
}

static void check(const char *text, size_t size)
{
    size_t expected = plain_size(text, size);
    CHECK_INT(json_scan_plain(text, text + size) - text, expected);
    CHECK_INT(portable_plain(text, text + size) - text, expected);
}

/* Every byte at every place of a block, in front of every kind of neighbour. */
TEST(json_scan_stops_at_the_first_special_byte)
{
    static const char neighbours[] = "a\"\\\x1f\x20\x80\xff!#[]";
    char text[40];
    for (size_t n = 0; n < sizeof neighbours; n++)
        for (unsigned byte = 0; byte < 256; byte++)
            for (size_t at = 0; at < sizeof text; at++) {
                memset(text, 'a', sizeof text);
                text[at] = (char)byte;
                if (at + 1 < sizeof text)
                    text[at + 1] = neighbours[n];
                check(text, sizeof text);
            }
}

TEST(json_scan_stays_inside)
{
    char text[40];
    memset(text, 'a', sizeof text);
    for (size_t size = 0; size < sizeof text; size++) {
        text[size] = '"';
        check(text, size);
        text[size] = 'a';
    }
}

TEST_MAIN(RUN(json_scan_stops_at_the_first_special_byte), RUN(json_scan_stays_inside))
