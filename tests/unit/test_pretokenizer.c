#include "pretokenizer.h"

#include "tests/support/test.h"
#include "unicode.h"
#include "utf8.h"

#include <stdlib.h>

/* Cuts are written as |; expected values come from the pattern in the regex engine of tiktoken 0.14. */
TEST(pretokenizer_cuts_where_the_pattern_does)
{
    static const struct {
        struct str cut;
        const char *why;
    } cases[] = {
        {STR("Hello| world"), "a space belongs to the word behind it"},
        {STR("Hello|World"), "lower to upper begins a word"},
        {STR("HELLOworld"), "upper to lower does not"},
        {STR("a|  | b"), "the last of several spaces belongs to the word"},
        {STR("a|  | |1"), "a number takes no space"},
        {STR("1|2|3"), "each number by itself"},
        {STR("a| ,"), "a space before signs"},
        {STR("a|\t|,"), "no other white space before signs"},
        {STR("a|\tb"), "any white space before a word"},
        {STR("x|!!|y"), "signs before a word: the run of signs comes first"},
        {STR("x|!y"), "one sign belongs to the word"},
        {STR("x|!!\n\n/\n|y"), "line breaks and slashes behind signs"},
        {STR("x|\n\n|y"), "line breaks"},
        {STR("x| \n \n|  | y"), "white space up to the last line break"},
        {STR("x|            \n            \r\n|           | y"), "however long it is"},
        {STR("x|           \t\t\t\t\t\t\t\t\t|\ty"), "and its last character still belongs to the word"},
        {STR("x|   "), "white space at the end stays whole"},
        {STR("\xe6\x97\xa5|A"), "a star that took all gives back to the last letter that is lower too"},
        {STR("\xe6\x97\xa5"
             "Ab"),
         "letters without case are upper and lower"},
        {STR("A\xcc\x81|B"), "a mark ends the lower part"},
        {STR("!\xcc\x81|!"), "a mark makes a word of the sign before it"},
        {STR("!!\xcc\x81"), "but not of two"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64], got[128];
        size_t n = 0, m = 0;
        for (size_t k = 0; k < cases[i].cut.size; k++)
            if (cases[i].cut.data[k] != '|')
                text[n++] = cases[i].cut.data[k];
        for (size_t at = 0, end; at < n; at = end) {
            end = pretokenizer_next((struct str){text, n}, at);
            if (at > 0)
                got[m++] = '|';
            memcpy(got + m, text + at, end - at);
            m += end - at;
        }
        if (!str_equal((struct str){got, m}, cases[i].cut))
            printf("# %s\n", cases[i].why);
        CHECK_STR(((struct str){got, m}), cases[i].cut);
    }
}

/* Eight letters a to z are passed at once; whatever ends them, wherever it stands among them. */
TEST(a_long_word_ends_where_its_letters_do)
{
    static const char *const ends[] = {"`", "{", "A", "Z", "@", "[", "\x7f", "\xe1", "1", " "};
    char text[48];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t end = 1; end < 40; end++) {
            for (size_t k = 0; k < sizeof text; k++)
                text[k] = "az"[k % 2];
            text[end] = ends[i][0];
            CHECK_INT(pretokenizer_next((struct str){text, sizeof text}, 0), end);
        }
    memcpy(text + 9, "\xc3\xa9", 2);
    CHECK_INT(pretokenizer_next((struct str){text, 39}, 0), 39);
}

/* Characters of three bytes are read in a way of their own. */
TEST(three_bytes_are_the_character_that_they_are_elsewhere)
{
    for (unsigned i = 0; i < 16 << 16; i++) {
        char text[4] = {'a', (char)(0xe0 + (i >> 16)), (char)(i >> 8), (char)i};
        uint32_t code_point;
        for (size_t size = i % 251 ? sizeof text : 2; size <= sizeof text; size++) {
            utf8_read((struct str){text, size}, 1, &code_point);
            enum unicode_class class = unicode_class(code_point);
            bool joins = class == UNICODE_LOWER || class == UNICODE_LETTER || class == UNICODE_MARK;
            CHECK((pretokenizer_next((struct str){text, size}, 0) > 1) == joins);
        }
    }
}

TEST(pretokenizer_takes_every_byte_once)
{
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[40];
        size_t n = 1 + (size_t)rand_r(&seed) % sizeof text, at = 0;
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(rand_r(&seed) % (round % 2 ? 256 : 128));
        while (at < n) {
            size_t end = pretokenizer_next((struct str){text, n}, at);
            CHECK(end > at && end <= n);
            if (end <= at || end > n)
                return;
            at = end;
        }
    }
}

TEST(pretokenizer_knows_when_the_reference_gives_up)
{
    enum { MANY = 999999 };
    static char text[MANY + 8];
    memset(text, ' ', sizeof text);
    CHECK(!pretokenizer_overflows((struct str){text, MANY - 1}));
    CHECK(pretokenizer_overflows((struct str){text, MANY}));
    text[MANY - 1] = 'a';
    CHECK(!pretokenizer_overflows((struct str){text, MANY}));
    text[MANY - 1] = ' ';
    text[MANY] = 'a';
    CHECK(pretokenizer_overflows((struct str){text, MANY + 1}));
    text[MANY] = '\r';
    CHECK(!pretokenizer_overflows((struct str){text, MANY + 1}));
    text[MANY] = ' ';
    text[0] = '\n';
    CHECK(!pretokenizer_overflows((struct str){text, MANY}));
    CHECK(pretokenizer_overflows((struct str){text, MANY + 1}));
}

/* Counted in code points: white space of one byte and of several, in runs and mixed. */
TEST(pretokenizer_counts_all_kinds_of_white_space)
{
    enum { MANY = 999999 };
    static const struct str kinds[] = {STR(" "), STR("\t"), STR("\xc2\xa0"), STR("\xe3\x80\x80")};
    static char text[3 * MANY + 8];
    unsigned seed = 11;
    for (int round = 0; round < 4; round++) {
        size_t n = 1, size_before = 0;
        text[0] = 'a';
        for (size_t count = 0, run = 0; count < MANY; count += run) {
            struct str kind = kinds[(size_t)rand_r(&seed) % 4];
            run = 1 + (size_t)rand_r(&seed) % (round % 2 ? 40000 : 12);
            for (run = run < MANY - count ? run : MANY - count; run > 0 && count < MANY; run--, count++) {
                size_before = n;
                memcpy(text + n, kind.data, kind.size);
                n += kind.size;
            }
        }
        text[n] = 'b';
        CHECK(pretokenizer_overflows((struct str){text, n + 1}));
        CHECK(pretokenizer_overflows((struct str){text, n}));
        text[size_before] = 'b';
        CHECK(!pretokenizer_overflows((struct str){text, size_before + 1}));
        text[n / 2 - n / 2 % 4] = '\n';
        CHECK(!pretokenizer_overflows((struct str){text, size_before + 1}));
    }
}

TEST_MAIN(RUN(pretokenizer_cuts_where_the_pattern_does), RUN(a_long_word_ends_where_its_letters_do),
          RUN(three_bytes_are_the_character_that_they_are_elsewhere), RUN(pretokenizer_takes_every_byte_once),
          RUN(pretokenizer_knows_when_the_reference_gives_up),
          RUN(pretokenizer_counts_all_kinds_of_white_space))
