#ifndef SIDETOK_REQUEST_PYDANTIC_NUMBER_H
#define SIDETOK_REQUEST_PYDANTIC_NUMBER_H

#include "call.h"
#include "str.h"

/* How pydantic reads numbers out of text. */

enum number_result { NUMBER_OK, NUMBER_BAD, NUMBER_TOO_LONG, NUMBER_NO_MEMORY };

/**
 * An int: digits, a sign, white space around, leading zeros, single underscores within, zeros after a point.
 * ret_digits: canonical decimal text, in text or in the arena. NUMBER_TOO_LONG: over 4,300 digits.
 * Rule: pydantic_core str_as_int and jiter's NumberInt.
 */
enum number_result number_read_int(struct call *call, struct str text, struct str *ret_digits);

/** A float as Rust's str::parse::<f64> reads it, with white space around or underscores within. */
enum number_result number_read_float(struct call *call, struct str text, double *ret_number);

/** An int's decimal text as the nearest double; false when it is beyond the largest. Rule: Python float(int).
 */
enum number_result number_from_digits(struct call *call, struct str digits, double *ret_number);

/** Cuts white space (Unicode White_Space) from both ends. Rule: Rust str::trim. */
struct str number_trim(struct str text);

#endif
