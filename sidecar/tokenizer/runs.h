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

#endif
