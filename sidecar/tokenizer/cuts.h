#ifndef SIDETOK_TOKENIZER_CUTS_H
#define SIDETOK_TOKENIZER_CUTS_H

#include "ranks.h"

/**
 * Where a pre-token can be cut without changing its encoding. What merges make is always a piece of the
 * vocabulary; so no merge crosses a place that lies inside no piece, as far as two bytes on each side tell.
 * The parts left and right are encoded by themselves. Of a megabyte without a space segments of a few bytes
 * are left: random CJK 1.5, base64 2.4, Chinese 3.4, random lower case 5.5. (Three bytes a
 * side: 1.5, 2.4, 3.3, 5.5, at twice the price.)
 */
struct cuts {
    const uint64_t *pairs;    /* 65,536 bits: two bytes that are neighbours inside some piece */
    const uint64_t *whole;    /* 65,536 bits: pieces of two bytes */
    const uint64_t *contexts; /* bits by hash: the bytes around a place inside some piece */
    uint64_t keys[3];         /* one hash for each of the three kinds of context */
};

/** Builds the tables in call's memory. */
enum sidetok_error cuts_build(struct call *call, struct cuts *cuts, const struct ranks *ranks);

/** The end of the segment of text (one pre-token) that begins at `at`: the next place to cut, or text.size.
 */
size_t cuts_next(const struct cuts *cuts, struct str text, size_t at);

#endif
