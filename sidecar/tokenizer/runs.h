#ifndef SIDETOK_TOKENIZER_RUNS_H
#define SIDETOK_TOKENIZER_RUNS_H

#include "ranks.h"

/**
 * Merges a segment that consists of few long runs of one byte, run by run: n equal parts are n / 2 joined
 * parts after one step, whatever n is. A megabyte of one letter takes 20 steps and the time to write its ids,
 * where a heap takes a million steps.
 *
 * ret      Room for segment.size ranks. Its contents are undefined when the answer is no.
 * Returns whether the segment was of that kind and merging it run by run is exact.
 */
bool runs_encode(const struct ranks *ranks, struct str segment, uint32_t *ret, size_t *ret_n);

enum { RUN_NAME_SIZE = 16 };

/**
 * A short name for a pre-token that is one long run, as rulers and indents are: " ------", "======\n". It
 * says all of it: the first byte, the byte of the run behind it, how many there are, and what follows. It
 * begins with a byte that no text has. So such a pre-token of any length is remembered as a piece of up to 16
 * bytes.
 *
 * Returns the name's size; 0 where piece (17 bytes or more) is nothing of the kind.
 */
size_t runs_name(struct str piece, char name[RUN_NAME_SIZE]);

#endif
