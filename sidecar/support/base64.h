#ifndef SIDETOK_SUPPORT_BASE64_H
#define SIDETOK_SUPPORT_BASE64_H

#include "call.h"
#include "str.h"

/** What Python's base64.b64decode() says of a text, validate=False. */
enum base64_result {
    BASE64_OK,
    BASE64_NOT_ASCII,   /* ValueError: string argument should contain only ASCII characters */
    BASE64_ONE_MORE,    /* binascii.Error: number of data characters cannot be 1 more than a multiple of 4 */
    BASE64_BAD_PADDING, /* binascii.Error: Incorrect padding */
    BASE64_NO_MEMORY,   /* recorded in the call */
};

/**
 * Decodes text as Python does by default: characters outside the alphabet are skipped, decoding ends at the first
 * complete padding, and what follows it is not looked at.
 *
 * ret_bytes  In the call's arena. On BASE64_ONE_MORE its size is what had been decoded (Python's message counts it).
 * Rule: CPython 3.11 binascii.a2b_base64(strict_mode=False).
 */
enum base64_result base64_decode(struct call *call, struct str text, struct str *ret_bytes);

#endif
