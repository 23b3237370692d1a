#include "tests/support/test.h"
#include "tool_schema_regex.h"

static enum sidetok_error check(struct call *call, struct str pattern, bool *ret_valid,
                                struct str *ret_raised)
{
    *ret_valid = false;
    return tool_schema_regex(call, pattern, ret_valid, ret_raised);
}

static void check_all(const char *const *patterns, size_t n, bool expected)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < n; i++) {
        bool valid;
        struct str raised;
        call_reset(&call);
        CHECK_INT(check(&call, str_from(patterns[i]), &valid, &raised), SIDETOK_OK);
        CHECK(raised.data == NULL);
        if (valid != expected)
            printf("# pattern %s\n", patterns[i]);
        CHECK_INT(valid, expected);
    }
    call_done(&call);
}

#define CHECK_VALID(...)                                                                                     \
    check_all((const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),    \
              true)
#define CHECK_INVALID(...)                                                                                   \
    check_all((const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),    \
              false)

TEST(regex_characters_and_escapes)
{
    CHECK_VALID("", "a|b|", "\\d+\\.\\d*", "^$", "\\x41\\u00e9\\U0001F600", "\\U0010ffff", "\\0\\07\\377",
                "\\/\\-\\_\\ ", "]}", "\\N{EM DASH}", "\xc3\xa9\\\xc3\xa9");
    CHECK_INVALID("\\", "\\187", "\\12", "a\\", "\\p{L}", "\\z", "\\cA", "\\x4", "\\u12", "\\U00110000",
                  "\\400", "\\N", "\\N{}", "\\N{A");
}

TEST(regex_sets)
{
    CHECK_VALID("[]]", "[\\n-\\r]", "[a-a]", "[\\x4f-\\x50]", "[\\N{DIGIT ONE}-b]", "[a-\\N{EM DASH}]",
                "[\\a\\b\\t\\n\\v\\f\\r]", "[^]]", "[]-a]", "[a-]", "[\\w-]", "[\\b]", "[--a]", "[[a]",
                "[\\101-\\132]", "[a-\\x7a]");
    CHECK_INVALID("[", "[]", "[^]", "[z-a]", "[a-\\d]", "[\\d-z]", "[\\8]", "[\\Z]", "[\\400]", "[a-");
}

TEST(regex_repeats)
{
    CHECK_VALID("a*", "(?(1)b)*(a)", "a*?", "a*+", "a{2}", "a{2,}+", "a{,}", "a{,3}?", "a{", "a{x", "a{}",
                "a{1", "a{1,x}", "(?:a*)*", "(?:^)*", "a{4294967294}", "a(?#c)*");
    CHECK_INVALID("*", "{2}", "a**", "a{2}{3}", "a*??", "^*", "\\b+", "a{3,2}", "(*)", "a|*", "(?#c)*",
                  "(?i)*");
}

TEST(regex_groups)
{
    CHECK_VALID("(a)\\1", "(?P<n>a)(?P=n)", "(?:a)", "(?>a)", "(?=a)(?!b)", "(?#a|)", "(?P<\xc3\xa9>a)",
                "(a)(?(1)b|c)", "(?(1)b)(a)", "(?P<n>a)(?(n)b)", "(?(+0_1)a)(b)", "(?( 1 )a)(b)",
                "(?(\xef\xbc\x91)a)(b)", "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10");
    CHECK_INVALID("(", "(?<a", "(?(", "(?(1", "(?P", "(?P=", "(?(1)a|b", "(?=a", "(?<=a", ")", "a)", "(a",
                  "(a\\1)", "\\1", "(?P<n>a)(?P<n>b)", "(?P=n)", "(?P<1>a)", "(?P<>a)", "(?P>a)", "(?<n>a)",
                  "(?", "(?#", "(?(1)b)", "(?(0)a)", "(?(n)a)", "(?(1)a|b|c)(d)", "(?(-1)a)(b)", "(?'n'a)",
                  "(?(1_)a)(b)",
                  "(?(\x1c"
                  "1)a)(b)");
}

TEST(regex_flags)
{
    CHECK_VALID("(?i)a", "(?u)a", "(?a)a", "(?x:(?-x:#))", "(?i:#)", "(?x-i: # )\n)", "(?i)(?x) # )",
                "a|b (?#x)", "(?i)(?m)a", "(?x) a # b)\n c", "(?i:a)", "(?i-s:a)", "(?-i:a)", "(?x: # )\n)",
                "(?ai:a)", "(?t)a");
    CHECK_INVALID("a(?i)", "(?i-i:", "(?x:#)", "a(?x)#)", "(?i:(?x:#))", "|(?i)", "((?i))", "(?L)", "(?z)",
                  "(?i", "(?i-)", "(?-)", "(?i-i:a)", "(?-a:a)", "(?t:a)", "(?t)a*", "(?x)(?x:# )",
                  "(?i-L:a)", "(?au:a)");
}

TEST(regex_look_behind_is_of_one_width)
{
    CHECK_VALID("(?<=ab)", "(?<=a|b)", "(?<!a{3})", "(a)(?<=\\1)", "(?<=(?:ab){2}c)", "(?<=(?=a*))",
                "(?<=a{4294967294})", "(?<=[ab].\\d)");
    CHECK_INVALID("(?<=a*)", "(?<=a+)", "(?<=a?)", "(?<=a{2,3})", "(?<=(a)?)", "(?<=a|bc)", "(?<!a?)",
                  "(?<=(a)\\1)", "(a*)(?<=\\1)", "(?<=(?(1)a))(b)", "(?<=a{4294967294}aa)",
                  "(?<=a{0,4294967294})");
}

TEST(regex_exceptions_that_are_no_regex_errors)
{
    char pattern[5003];
    bool valid;
    struct str raised;
    struct call call;
    call_init(&call);
    CHECK_INT(check(&call, STR("a{4294967295}"), &valid, &raised), SIDETOK_E_OVERFLOW);
    CHECK_STR(call.failure.message, STR("the repetition number is too large"));
    call_reset(&call);
    CHECK_INT(check(&call, STR("a{4294967295}\\"), &valid, &raised), SIDETOK_OK);
    CHECK(!valid);
    CHECK_INT(check(&call, STR("(?a)(?u)a)"), &valid, &raised), SIDETOK_OK);
    CHECK_STR(raised, STR("ASCII and UNICODE flags are incompatible"));
    memset(pattern, '0', sizeof pattern);
    memcpy(pattern, "a{", 2);
    pattern[sizeof pattern - 1] = '}';
    CHECK_INT(check(&call, (struct str){pattern, sizeof pattern}, &valid, &raised), SIDETOK_OK);
    CHECK_STR(raised,
              STR("Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; "
                  "use sys.set_int_max_str_digits() to increase the limit"));
    call_done(&call);
}

TEST(regex_depth_is_bounded)
{
    enum { DEEP = 100000 };
    static char pattern[2 * DEEP];
    struct call call;
    bool valid;
    struct str raised;
    call_init(&call);
    memset(pattern, '(', DEEP);
    memset(pattern + DEEP, ')', DEEP);
    CHECK_INT(check(&call, (struct str){pattern, sizeof pattern}, &valid, &raised), SIDETOK_E_RECURSION);
    call_reset(&call);
    size_t fits = REGEX_MAX_DEPTH - 1;
    CHECK_INT(check(&call, (struct str){pattern + DEEP - fits, 2 * fits}, &valid, &raised), SIDETOK_OK);
    CHECK(valid);
    call_done(&call);
}

TEST(regex_characters_by_name)
{
    CHECK_VALID("\\N{EM DASH}", "\\N{em dash}", "[a-\\N{EM DASH}]", "[\\N{DIGIT ONE}-\\N{DIGIT NINE}]");
    CHECK_INVALID("\\N{NO SUCH NAME}", "[\\N{DIGIT NINE}-\\N{DIGIT ONE}]", "[\\N{EM DASH}-a]", "\\N{A\\}",
                  "\\N{\xed\xa0\x80}", "\\N{ EM DASH}");
}

TEST_MAIN(RUN(regex_characters_and_escapes), RUN(regex_sets), RUN(regex_repeats), RUN(regex_groups),
          RUN(regex_flags), RUN(regex_look_behind_is_of_one_width),
          RUN(regex_exceptions_that_are_no_regex_errors), RUN(regex_depth_is_bounded),
          RUN(regex_characters_by_name))
