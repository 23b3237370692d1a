#ifndef SIDETOK_SUPPORT_UTF8_H
#define SIDETOK_SUPPORT_UTF8_H

#include "buf.h"
#include "call.h"
#include "str.h"

#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xfffd };

/**
 * Reads the code point at `at` (below text.size) and returns its size in bytes. Lone surrogates count as
 * code points. Where the bytes are not UTF-8 it returns 1 and UTF8_REPLACEMENT, so that loops always end.
 */
size_t utf8_read(struct str text, size_t at, uint32_t *ret_code_point);

/** Writes a code point (a surrogate too) as UTF-8; returns its size, 1 to 4. */
size_t utf8_write(char out[4], uint32_t code_point);

/** Appends one code point. */
void utf8_append(struct buf *out, uint32_t code_point);

/** Python's len(): the number of code points in valid text. */
size_t utf8_count(struct str text);

/** Whether text holds a surrogate (the bytes ED A0..BF). */
bool utf8_has_surrogate(struct str text);

/** Whether text is UTF-8; surrogates_pass allows lone surrogates as three bytes. At memory speed on ASCII. */
bool utf8_is_valid(struct str text, bool surrogates_pass);

/**
 * As bytes.decode("utf-8") checks: SIDETOK_OK, or SIDETOK_E_UNICODE_DECODE with Python's message
 * ("'utf-8' codec can't decode byte 0xff in position 0: invalid start byte").
 */
enum sidetok_error utf8_check(struct call *call, struct str bytes);

/** Appends bytes.decode("utf-8", "replace"): each maximal broken part becomes one U+FFFD. */
void utf8_append_replaced(struct buf *out, struct str bytes);

/**
 * Text with surrogate pairs joined into one code point and lone surrogates replaced by U+FFFD: Python's
 * text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"). Without surrogates it is text itself,
 * else in call's memory; data is NULL when memory is out (recorded).
 */
struct str utf8_join_surrogates(struct call *call, struct str text);

#endif
