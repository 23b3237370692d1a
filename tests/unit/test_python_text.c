#include "python_text.h"
#include "tests/support/test.h"

TEST(python_strip_takes_pythons_white_space)
{
    struct str text = STR("\x1c\t\xe2\x80\x83 a \xc2\xa0 b \xe3\x80\x80\xc2\x85\n");
    CHECK_STR(python_strip(text), STR("a \xc2\xa0 b"));
    CHECK_STR(python_lstrip(STR(" a ")), STR("a "));
    CHECK_STR(python_rstrip(STR(" a ")), STR(" a"));
    CHECK_STR(python_strip(STR("\xe2\x80\x8b")), STR("\xe2\x80\x8b")); /* zero width space is none */
    CHECK_STR(python_strip(STR(" \n ")), STR(""));
    CHECK_STR(python_strip(STR("")), STR(""));
}

TEST(python_rstrip_char_takes_only_that)
{
    CHECK_STR(python_rstrip_char(STR("a \n  "), ' '), STR("a \n"));
    CHECK_STR(python_rstrip_char(STR("   "), ' '), STR(""));
}

TEST(python_last_counts_characters)
{
    CHECK_STR(python_last(STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 2),
              STR("\xe2\x82\xac\xf0\x9f\x98\x80"));
    CHECK_STR(python_last(STR("abc"), 9), STR("abc"));
    CHECK_STR(python_last(STR(""), 9), STR(""));
}

/* The numbers are those of Python 3.11: sum(chr(c).isprintable() for c in range(0x110000)), and of isspace().
 */
TEST(python_classes_have_the_size_of_pythons)
{
    size_t n_printable = 0, n_space = 0;
    for (uint32_t c = 0; c < 0x110000; c++) {
        n_printable += python_is_printable(c);
        n_space += python_is_space(c);
    }
    CHECK_INT(n_printable, 144516);
    CHECK_INT(n_space, 29);
}

TEST_MAIN(RUN(python_strip_takes_pythons_white_space), RUN(python_rstrip_char_takes_only_that),
          RUN(python_last_counts_characters), RUN(python_classes_have_the_size_of_pythons))
