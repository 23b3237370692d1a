#include "first_look.h"

#include <stdlib.h>
#include <string.h>

const struct first_look *first_look_vector(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
        return &first_look_avx2;
#elif defined(__aarch64__)
    return &first_look_neon;
#endif
    return NULL;
}

const struct first_look *first_look_choose(void)
{
    const char *wanted = getenv("SIDETOK_SIMD");
    const struct first_look *vector = first_look_vector();
    return vector && !(wanted && strcmp(wanted, first_look_c.name) == 0) ? vector : &first_look_c;
}
