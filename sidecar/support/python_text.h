#ifndef SIDETOK_SUPPORT_PYTHON_TEXT_H
#define SIDETOK_SUPPORT_PYTHON_TEXT_H

#include "str.h"

#include <stdint.h>

/* What Python 3.11's str methods do, over views; nothing allocates. len() is utf8_count(). Any thread. */

/** str.isspace() of one code point: what str.strip() and str.split() take for white space. */
bool python_is_space(uint32_t code_point);

/** str.isprintable() of one code point, by Unicode 14.0. */
bool python_is_printable(uint32_t code_point);

/** text.strip(): without white space at either end. */
struct str python_strip(struct str text);

/** text.lstrip() */
struct str python_lstrip(struct str text);

/** text.rstrip() */
struct str python_rstrip(struct str text);

/** text.rstrip(c) for one ASCII character. */
struct str python_rstrip_char(struct str text, char c);

/**
 * The last n code points of text, as text[-n:] gives them for n above 0: all of it when there are fewer.
 */
struct str python_last(struct str text, size_t n);

#endif
