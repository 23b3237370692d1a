#ifndef SIDETOK_TOKENIZER_CUTS_H
#define SIDETOK_TOKENIZER_CUTS_H

#include "ranks.h"

/**
 * Where a pre-token can be cut without changing its encoding. What merges make is always a piece of the
 * vocabulary; so no merge crosses a place that lies inside no piece, looking at up to three bytes on each
 * side. The parts left and right are encoded by themselves: words become segments of 4 bytes, a megabyte
 * without a space too.
 */
struct cuts {
    const uint64_t *pairs; /* 65,536 bits: two bytes that are neighbours inside some piece */
    const uint64_t
        *contexts; /* bits by hash: up to three bytes left and right of a place inside some piece */
    unsigned shift;
    uint64_t key;
};

/** Builds the tables in call's memory. */
enum sidetok_error cuts_build(struct call *call, struct cuts *cuts, const struct ranks *ranks);

/** The end of the segment of text (one pre-token) that begins at `at`: the next place to cut, or text.size.
 */
size_t cuts_next(const struct cuts *cuts, struct str text, size_t at);

#endif
