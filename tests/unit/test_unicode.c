#include "tests/support/test.h"
#include "unicode.h"

/* The places where versions of Unicode, and Python's tables, differ, and the edges of each class. */
TEST(unicode_classes_are_those_of_unicode_16)
{
    static const struct {
        uint32_t code_point;
        enum unicode_class class;
        const char *why;
    } cases[] = {
        {'A', UNICODE_UPPER, "Lu"},
        {0x1c5, UNICODE_UPPER, "Lt counts as upper"},
        {'z', UNICODE_LOWER, "Ll"},
        {0xaa, UNICODE_LETTER, "Lo, though Lowercase"},
        {0x2b0, UNICODE_LETTER, "Lm"},
        {0x300, UNICODE_MARK, "Mn"},
        {0x20dd, UNICODE_MARK, "Me"},
        {'7', UNICODE_NUMBER, "Nd"},
        {0xb2, UNICODE_NUMBER, "No"},
        {0x3007, UNICODE_NUMBER, "Nl"},
        {'\n', UNICODE_BREAK, "line feed"},
        {'\r', UNICODE_BREAK, "carriage return"},
        {'\v', UNICODE_SPACE, "White_Space"},
        {0x1c, UNICODE_OTHER, "a space to Python, not to White_Space"},
        {0x85, UNICODE_SPACE, "White_Space, category Cc"},
        {0x200b, UNICODE_OTHER, "zero width space is no White_Space"},
        {0x180e, UNICODE_OTHER, "no White_Space since Unicode 6.3"},
        {0x1c89, UNICODE_UPPER, "new in 16.0"},
        {0x1c8a, UNICODE_LOWER, "new in 16.0"},
        {0x88f, UNICODE_OTHER, "a letter only from 17.0 on"},
        {0xd800, UNICODE_OTHER, "surrogate"},
        {0x10ffff, UNICODE_OTHER, "the last one"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (unicode_class(cases[i].code_point) != cases[i].class)
            printf("# U+%04X: %s\n", cases[i].code_point, cases[i].why);
        CHECK_INT(unicode_class(cases[i].code_point), cases[i].class);
    }
}

TEST_MAIN(RUN(unicode_classes_are_those_of_unicode_16))
