#ifndef SIDETOK_SUPPORT_RANDOM_H
#define SIDETOK_SUPPORT_RANDOM_H

#include <stdint.h>

/** A number of this process that input cannot foresee: the key of its hash tables. Never 0; thread safe. */
uint64_t random_key(void);

#endif
