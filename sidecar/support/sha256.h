#ifndef SIDETOK_SUPPORT_SHA256_H
#define SIDETOK_SUPPORT_SHA256_H

#include "str.h"

#include <stdint.h>

/** SHA-256 of data (FIPS 180-4). Uses the processor's instructions where it has them. */
void sha256(struct str data, uint8_t ret_digest[32]);

/** The same in C alone, as on a processor without such instructions. For tests, which compare the two. */
void sha256_plain(struct str data, uint8_t ret_digest[32]);

#endif
