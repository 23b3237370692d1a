#ifndef SIDETOK_TESTS_FUZZ_H
#define SIDETOK_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** The entry of a fuzz target: libFuzzer calls it with inputs of its own, replay.c with those of the corpus.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A property of every input. */
#define FUZZ_CHECK(condition)                                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: false: %s\n", __FILE__, __LINE__, #condition);                           \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#endif
