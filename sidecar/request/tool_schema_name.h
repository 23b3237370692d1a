#ifndef SIDETOK_REQUEST_TOOL_SCHEMA_NAME_H
#define SIDETOK_REQUEST_TOOL_SCHEMA_NAME_H

#include "str.h"

#include <stdint.h>

/** Python's str.isidentifier(), by Unicode 14.0. */
bool name_is_identifier(struct str name);

/**
 * Python's int(text) for a group number: spaces around, a plus sign, underscores between digits and the
 * digits of any script pass. False for what int() refuses, for negative numbers and for those of 1073741823
 * or more.
 */
bool name_read_number(struct str text, uint32_t *ret_number);

#endif
