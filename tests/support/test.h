#ifndef SIDETOK_TESTS_TEST_H
#define SIDETOK_TESTS_TEST_H

/* The smallest test runner that names what it ran. One program per source file:
 *
 *     TEST(bpe_tie_takes_leftmost) { CHECK(...); CHECK_STR(got, STR("...")); }
 *     TEST_MAIN(RUN(bpe_tie_takes_leftmost))
 *
 * A test goes on after a failed CHECK so that one run shows all. Output is TAP, which meson counts. Arguments are
 * substrings: only tests whose name contains one of them run. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

static int test_failures; /* of the running test */

#define TEST(name) static void test_##name(void)
#define RUN(name) {#name, test_##name}

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("# %s:%d: false: %s\n", __FILE__, __LINE__, #condition);                                    \
            test_failures++;                                                                                   \
        }                                                                                                      \
    } while (0)

#define CHECK_INT(got, expected)                                                                               \
    do {                                                                                                       \
        long long got_ = (long long)(got), expected_ = (long long)(expected);                                  \
        if (got_ != expected_) {                                                                               \
            printf("# %s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #got, got_, expected_);         \
            test_failures++;                                                                                   \
        }                                                                                                      \
    } while (0)

/* got and expected are struct str (sidecar/support/str.h). */
#define CHECK_STR(got, expected)                                                                               \
    do {                                                                                                       \
        struct str got_ = (got), expected_ = (expected);                                                       \
        if (!str_equal(got_, expected_)) {                                                                     \
            printf("# %s:%d: %s is \"%.*s\", expected \"%.*s\"\n", __FILE__, __LINE__, #got, STR_ARG(got_),    \
                   STR_ARG(expected_));                                                                        \
            test_failures++;                                                                                   \
        }                                                                                                      \
    } while (0)

static bool test_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(name, argv[i]))
            return true;
    return argc < 2;
}

static int test_main(const struct test_case *cases, size_t n_cases, int argc, char **argv)
{
    int failed = 0;
    printf("1..%zu\n", n_cases);
    for (size_t i = 0; i < n_cases; i++) {
        if (!test_wanted(cases[i].name, argc, argv)) {
            printf("ok %zu - %s # SKIP not asked for\n", i + 1, cases[i].name);
            continue;
        }
        test_failures = 0;
        cases[i].run();
        printf("%s %zu - %s\n", test_failures ? "not ok" : "ok", i + 1, cases[i].name);
        fflush(stdout);
        failed += test_failures > 0;
    }
    return failed ? 1 : 0;
}

#define TEST_MAIN(...)                                                                                         \
    int main(int argc, char **argv)                                                                            \
    {                                                                                                          \
        static const struct test_case cases[] = {__VA_ARGS__};                                                 \
        return test_main(cases, sizeof cases / sizeof cases[0], argc, argv);                                   \
    }

#endif
