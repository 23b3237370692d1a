#include "boundaries.h"
#include "pretokenizer.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* Characters of every class, and neighbours that the algebra leaves to the slow way. */
static const char *const atoms[] = {
    "a",
    "b",
    "Z",
    "AB",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\xc2\xa0",
    "1",
    "99",
    ".",
    "/",
    "!",
    "--",
    "//",
    "the",
    " of",
    "\n    ",
    "\xc3\xa9",
    "\xc3\x89",
    "\xc7\x85",
    "\xe3\x81\x82",
    "\xe6\xbc\xa2",
    "\xcc\x81",
    "\xf0\x9f\x98\x80",
    "\xef\xb8\x8f",
    "\xe2\x80\x9c",
    "\xd9\xa1",
    "\xe3\x80\x80",
    "\xe2\x80\xa8",
    "\x1c",
};
enum { N_ATOMS = sizeof atoms / sizeof atoms[0], TEXT = 256 };

/* Texts of all atoms, or of a few, so that runs and rare neighbours come up. */
static size_t random_text(unsigned *seed, char *text)
{
    size_t n = 0, few[6], n_few = 1 + (size_t)rand_r(seed) % 6;
    for (size_t i = 0; i < 6; i++)
        few[i] = (size_t)rand_r(seed) % N_ATOMS;
    bool all = rand_r(seed) % 2;
    while (n < TEXT - 16) {
        const char *atom = atoms[all ? (size_t)rand_r(seed) % N_ATOMS : few[(size_t)rand_r(seed) % n_few]];
        memcpy(text + n, atom, strlen(atom));
        n += strlen(atom);
    }
    return n;
}

/* Walks text by windows and by single steps; returns how many starts were compared, 0 after a difference. */
static size_t compare(boundaries_classify *classify, struct str text)
{
    size_t at = 0, n = 1;
    while (text.size - at >= BOUNDARIES_WINDOW) {
        uint64_t starts = boundaries_find(classify, (const uint8_t *)text.data + at);
        size_t base = at;
        for (starts &= starts ? starts - 1 : 0; starts; starts &= starts - 1, n++) {
            size_t end = pretokenizer_next(text, at);
            if (end != base + (size_t)__builtin_ctzll(starts))
                return 0;
            at = end;
        }
        if (at == base)
            at = pretokenizer_next(text, at);
        if (at > text.size - BOUNDARIES_WINDOW)
            break;
    }
    return n;
}

static void check_path(boundaries_classify *classify)
{
    unsigned seed = 16;
    size_t n = 0;
    for (int round = 0; round < 60000; round++) {
        char text[TEXT];
        size_t size = random_text(&seed, text), compared = compare(classify, (struct str){text, size});
        if (compared == 0) {
            CHECK_STR(((struct str){text, size}), STR("starts as pretokenizer_next() has them"));
            return;
        }
        n += compared;
    }
    CHECK(n > 500000);
}

TEST(boundaries_in_plain_c_are_those_of_the_pattern)
{
    check_path(boundaries_classify_c);
}

TEST(boundaries_by_avx2_are_those_of_the_pattern)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        check_path(boundaries_classify_avx2);
#endif
}

TEST(boundaries_survive_any_bytes)
{
    unsigned seed = 3;
    boundaries_classify *best = boundaries_choose();
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[BOUNDARIES_WINDOW];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)rand_r(&seed);
        CHECK(boundaries_find(best, bytes) == boundaries_find(boundaries_classify_c, bytes));
    }
}

TEST_MAIN(RUN(boundaries_in_plain_c_are_those_of_the_pattern),
          RUN(boundaries_by_avx2_are_those_of_the_pattern), RUN(boundaries_survive_any_bytes))
