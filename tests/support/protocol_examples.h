#ifndef SIDETOK_TESTS_PROTOCOL_EXAMPLES_H
#define SIDETOK_TESTS_PROTOCOL_EXAMPLES_H

/* The byte examples of proto/PROTOCOL.md: blocks that begin "```hex request NAME" or "```hex reply NAME". */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct protocol_example {
    char kind[16]; /* "request" or "reply" */
    char name[32];
    uint8_t bytes[512];
    size_t size;
};

enum { PROTOCOL_EXAMPLES_MAX = 32 };

/** Reads the document; returns how many examples it found (0 when the file can't be read). */
size_t protocol_examples_read(const char *path, struct protocol_example *ret_examples);

/** The example of that name, or NULL. */
const struct protocol_example *protocol_example_find(const struct protocol_example *examples, size_t n,
                                                     const char *name);

#endif
