#include "random.h"

#include <stdbool.h>
#include <sys/random.h>
#include <time.h>

static uint64_t drawn;

uint64_t random_key(void)
{
    uint64_t key = __atomic_load_n(&drawn, __ATOMIC_RELAXED);
    if (key != 0)
        return key;
    if (getrandom(&key, sizeof key, GRND_NONBLOCK) != sizeof key)
        key = (uint64_t)time(NULL) * 0x9e3779b97f4a7c15 ^ (uint64_t)(uintptr_t)&key;
    uint64_t none = 0;
    __atomic_compare_exchange_n(&drawn, &none, key | 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return __atomic_load_n(&drawn, __ATOMIC_RELAXED);
}
