#include "pydantic_number.h"
#include "tests/support/test.h"

#include <math.h>

/* What pydantic makes of int fields given text: the digits, "!" for int_parsing, "#" for int_parsing_size. */
static const struct int_case {
    const char *text;
    const char *digits;
} int_cases[] = {
    {"12", "12"},      {"-12", "-12"},     {"+12", "12"},
    {" 12\n", "12"},   {"\302\2405", "5"}, {"5\342\200\203", "5"},
    {"0", "0"},        {"-0", "0"},        {"000", "0"},
    {"007", "7"},      {"-0007", "-7"},    {"0_5", "5"},
    {"-0_5", "-5"},    {"1_000", "1000"},  {"-1_0", "-10"},
    {"12.000", "12"},  {"-12.0", "-12"},   {"00.0", "0"},
    {"1_0.0", "10"},   {"0-5", "-5"},      {"0_-5", "-5"},
    {"", "!"},         {" ", "!"},         {"-", "!"},
    {"+", "!"},        {"+-5", "!"},       {"-+5", "!"},
    {"--5", "!"},      {"-0-5", "!"},      {"1__0", "!"},
    {"-1__0", "!"},    {"_1", "!"},        {"1_", "!"},
    {"0_", "!"},       {"-_1", "!"},       {"1.", "!"},
    {".0", "!"},       {"1.5", "!"},       {"1.0.0", "!"},
    {"1.0_0", "!"},    {"1e3", "!"},       {"0x1", "!"},
    {"\331\241", "!"}, {"1 2", "!"},       {"1\037", "!"},
};

TEST(int_text_is_cleaned_as_pydantic_cleans_it)
{
    for (size_t i = 0; i < sizeof int_cases / sizeof int_cases[0]; i++) {
        struct call call;
        struct str digits = STR("!");
        call_init(&call);
        number_read_int(&call, str_from(int_cases[i].text), &digits);
        CHECK_STR(digits, str_from(int_cases[i].digits));
        call_done(&call);
    }
}

/* The limit counts digits, before what follows them is looked at, and only where the text is plain. */
TEST(int_text_has_at_most_4300_digits)
{
    char text[4310];
    struct call call;
    struct str digits;
    call_init(&call);
    memset(text, '1', sizeof text);
    CHECK_INT(number_read_int(&call, (struct str){text, 4300}, &digits), NUMBER_OK);
    CHECK_INT(number_read_int(&call, (struct str){text, 4301}, &digits), NUMBER_TOO_LONG);
    text[4301] = 'x';
    CHECK_INT(number_read_int(&call, (struct str){text, 4302}, &digits), NUMBER_TOO_LONG);
    text[0] = ' ';
    CHECK_INT(number_read_int(&call, (struct str){text, 4301}, &digits), NUMBER_OK);
    text[4301] = '1';
    CHECK_INT(number_read_int(&call, (struct str){text, 4302}, &digits), NUMBER_BAD);
    call_done(&call);
}

static const struct float_case {
    const char *text;
    double number;
    bool good;
} float_cases[] = {
    {"1", 1, true},
    {"1.", 1, true},
    {".5", 0.5, true},
    {" 0.5 ", 0.5, true},
    {"+1e1", 10, true},
    {"1E-1", 0.1, true},
    {"1_0", 10, true},
    {"0._1", 0.1, true},
    {"1e1_0", 1e10, true},
    {"inf", INFINITY, true},
    {"-INFINITY", -INFINITY, true},
    {"1e400", INFINITY, true},
    {"1e-400", 0, true},
    {"", 0, false},
    {".", 0, false},
    {"+", 0, false},
    {"1e", 0, false},
    {"1e+", 0, false},
    {"in", 0, false},
    {"0x1p0", 0, false},
    {" 0_1", 0, false},
    {"1__0", 0, false},
    {"1.0f", 0, false},
    {"\331\241", 0, false},
    {"infin", 0, false},
};

TEST(float_text_is_read_as_rust_reads_it)
{
    for (size_t i = 0; i < sizeof float_cases / sizeof float_cases[0]; i++) {
        struct call call;
        double number = 0;
        call_init(&call);
        bool good = number_read_float(&call, str_from(float_cases[i].text), &number) == NUMBER_OK;
        CHECK_INT(good, float_cases[i].good);
        CHECK(number == float_cases[i].number);
        call_done(&call);
    }
}

TEST(ints_beyond_the_largest_double_are_told)
{
    struct call call;
    char digits[400];
    double number;
    call_init(&call);
    memset(digits, '9', sizeof digits);
    CHECK_INT(number_from_digits(&call, (struct str){digits, 308}, &number), NUMBER_OK);
    CHECK_INT(number_from_digits(&call, (struct str){digits, 309}, &number), NUMBER_TOO_LONG);
    call_done(&call);
}

TEST_MAIN(RUN(int_text_is_cleaned_as_pydantic_cleans_it), RUN(int_text_has_at_most_4300_digits),
          RUN(float_text_is_read_as_rust_reads_it), RUN(ints_beyond_the_largest_double_are_told))
