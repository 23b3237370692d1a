#include "character_name.h"
#include "tests/support/test.h"

/* Expected code points are those of unicodedata.lookup() of Python 3.11; 0: it knows no such name. */
struct name_case {
    const char *name;
    uint32_t code;
};

static void check(const struct name_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t code = 0;
        bool found = character_name_find(str_from(cases[i].name), &code);
        printf("# %s\n", cases[i].name);
        CHECK_INT(found ? code : 0, cases[i].code);
    }
}

TEST(names_and_aliases_are_found_in_any_case)
{
    static const struct name_case cases[] = {
        {"EM DASH", 0x2014},
        {"em Dash", 0x2014},
        {"ABACUS", 0x1f9ee},
        {"ZZYZX", 0},
        {"LATIN SMALL LETTER A", 'a'},
        {"LATIN SMALL LETTER", 0},
        {"ZOMBIE", 0x1f9df},
        {"LF", '\n'},
        {"no-break space", 0xa0},
        {"EM  DASH", 0},
        {"EM DASH ", 0},
        {"", 0},
        {"NUSHU CHARACTER-1B170", 0x1b170},
        {"nushu character-1b170", 0x1b170},
        {"NUSHU CHARACTER-01B170", 0},
        {"NUSHU CHARACTER-1B2FC", 0},
        {"TANGUT IDEOGRAPH-17000", 0},
        {"LATIN SMALL LETTER E WITH VERTICAL LINE BELOW AND ACUTE", 0}, /* a sequence */
        {"A\xc3\x89", 0},
        {"ARABIC LIGATURE UIGHUR KIRGHIZ YEH WITH HAMZA ABOVE WITH ALEF MAKSURA ISOLATED FORM", 0xfbf9},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

TEST(syllables_and_ideographs_are_named_by_rule_in_upper_case)
{
    static const struct name_case cases[] = {
        {"HANGUL SYLLABLE GA", 0xac00},
        {"HANGUL SYLLABLE HIH", 0xd7a3},
        {"HANGUL SYLLABLE A", 0xc544},
        {"HANGUL SYLLABLE GGWAELM", 0xaf6e},
        {"hangul syllable GA", 0},
        {"HANGUL SYLLABLE ", 0},
        {"HANGUL SYLLABLE GAA", 0},
        {"CJK UNIFIED IDEOGRAPH-4E00", 0x4e00},
        {"CJK UNIFIED IDEOGRAPH-04E00", 0x4e00},
        {"CJK UNIFIED IDEOGRAPH-4e00", 0},
        {"cjk UNIFIED IDEOGRAPH-4E00", 0},
        {"CJK UNIFIED IDEOGRAPH-3134A", 0x3134a},
        {"CJK UNIFIED IDEOGRAPH-3134B", 0},
        {"CJK UNIFIED IDEOGRAPH-F900", 0},
        {"CJK COMPATIBILITY IDEOGRAPH-F900", 0xf900},
        {"CJK COMPATIBILITY IDEOGRAPH-f900", 0xf900},
    };
    check(cases, sizeof cases / sizeof cases[0]);
}

TEST_MAIN(RUN(names_and_aliases_are_found_in_any_case),
          RUN(syllables_and_ideographs_are_named_by_rule_in_upper_case))
