#ifndef SIDETOK_REQUEST_TOOL_SCHEMA_REGEX_H
#define SIDETOK_REQUEST_TOOL_SCHEMA_REGEX_H

#include "call.h"
#include "str.h"

/** Groups inside groups that a pattern may have; Python's own limit is near 490 and depends on its stack. */
enum { REGEX_MAX_DEPTH = 480 };

/**
 * Whether Python's re.compile() takes a pattern. Only the syntax is read; nothing is compiled.
 *
 * pattern      Text; borrowed for the call.
 * ret_valid    On success whether it compiles.
 * ret_raised   On success with data NULL, or the message of the ValueError that re.compile() raises in place
 * of its own error: a repetition number of more than 4,300 digits, or the flags "a" and "u" together.
 *
 * Errors, recorded in the call: SIDETOK_E_OVERFLOW (a repetition number of 4294967295 or more),
 * SIDETOK_E_RECURSION (groups nested deeper than REGEX_MAX_DEPTH), SIDETOK_E_NO_MEMORY. Linear in the size of
 * the pattern.
 *
 * Rule: re._parser and re._compiler of Python 3.11.
 */
enum sidetok_error tool_schema_regex(struct call *call, struct str pattern, bool *ret_valid,
                                     struct str *ret_raised);

#endif
