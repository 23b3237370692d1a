#include "boundaries.h"
#include "first_look.h"
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
static size_t compare(const struct first_look *look, struct str text)
{
    size_t at = 0, n = 1;
    while (text.size - at >= WINDOW) {
        uint64_t starts = look->find((const uint8_t *)text.data + at);
        size_t base = at;
        for (starts &= starts ? starts - 1 : 0; starts; starts &= starts - 1, n++) {
            size_t end = pretokenizer_next(text, at);
            if (end != base + (size_t)__builtin_ctzll(starts))
                return 0;
            at = end;
        }
        if (at == base)
            at = pretokenizer_next(text, at);
        if (at > text.size - WINDOW)
            break;
    }
    return n;
}

/* The same for a text that ends within the window: all up to its end must be found, or nothing but a part. */
static size_t compare_last(const struct first_look *look, struct str text)
{
    uint8_t bytes[WINDOW] = {0};
    size_t at = 0, n = 1;
    memcpy(bytes, text.data, text.size);
    uint64_t starts = look->find_last(bytes, (unsigned)text.size);
    for (starts &= starts ? starts - 1 : 0; starts;
         starts &= starts - 1, n++, at = pretokenizer_next(text, at))
        if (at >= text.size || pretokenizer_next(text, at) != (size_t)__builtin_ctzll(starts))
            return 0;
    return n;
}

static void check_path(const struct first_look *look)
{
    unsigned seed = 16;
    size_t n = 0, n_last = 0;
    for (int round = 0; round < 60000; round++) {
        char text[TEXT];
        size_t size = random_text(&seed, text), compared = compare(look, (struct str){text, size});
        struct str few = {text, 1 + (size_t)rand_r(&seed) % 63};
        size_t last = compare_last(look, few);
        if (compared == 0 || last == 0) {
            CHECK_STR((compared == 0 ? (struct str){text, size} : few),
                      STR("starts as pretokenizer_next() has them"));
            return;
        }
        n += compared;
        n_last += last;
    }
    CHECK(n > 500000);
    CHECK(n_last > 100000);
}

TEST(boundaries_in_plain_c_are_those_of_the_pattern)
{
    check_path(&first_look_c);
}

TEST(boundaries_by_vectors_are_those_of_the_pattern)
{
    if (first_look_vector())
        check_path(first_look_vector());
}

TEST(boundaries_survive_any_bytes)
{
    unsigned seed = 3;
    const struct first_look *best = first_look_choose();
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[WINDOW];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)rand_r(&seed);
        unsigned n = 1 + (unsigned)round % 63;
        CHECK(best->find(bytes) == first_look_c.find(bytes));
        memset(bytes + n, 0, sizeof bytes - n);
        CHECK(best->find_last(bytes, n) == first_look_c.find_last(bytes, n));
    }
}

TEST_MAIN(RUN(boundaries_in_plain_c_are_those_of_the_pattern),
          RUN(boundaries_by_vectors_are_those_of_the_pattern), RUN(boundaries_survive_any_bytes))
