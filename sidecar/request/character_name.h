#ifndef SIDETOK_REQUEST_CHARACTER_NAME_H
#define SIDETOK_REQUEST_CHARACTER_NAME_H

#include "str.h"

#include <stdint.h>

/**
 * The character of a Unicode 14.0 name: those of the database and their aliases in any case, those of Hangul
 * syllables and unified ideographs in upper case only. False for an unknown name, and for the name of a
 * sequence. Any thread; a table of 230 KB, a search of 9 steps and at most 64 names.
 *
 * Rule: unicodedata.lookup of Python 3.11, which re calls for \N{...}.
 */
bool character_name_find(struct str name, uint32_t *ret_code);

#endif
