#ifndef SIDETOK_TESTS_VALGRIND_H
#define SIDETOK_TESTS_VALGRIND_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/** Whether valgrind runs this program. It brings an allocator of its own, and makes system calls of its own
 * on the program's threads. */
static inline bool is_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

#endif
