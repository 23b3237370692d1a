#ifndef SIDETOK_TOKENIZER_JOINS_LANES_H
#define SIDETOK_TOKENIZER_JOINS_LANES_H

#include "joins.h"

enum { LANE_SIZE = 62 }; /* bytes of the longest segment that a lane takes */

/** A segment of 1 to LANE_SIZE bytes to be merged, and the ranks that it becomes. */
struct lane_job {
    struct str segment;
    uint64_t begins; /* of the parts, one bit a byte */
    uint32_t n, ranks[LANE_SIZE];
};

/**
 * joins_encode() of several segments, one step of each in turn. A step asks for two joins and needs them in
 * its next turn: alone it would wait for the third-level cache each time, or for memory, and guess wrongly
 * what they are. Only for usable tables. One source, compiled for each instruction set, as first_look.h has
 * them.
 */
typedef void joins_encode_lanes(const struct joins *joins, struct lane_job *jobs, size_t n);

extern joins_encode_lanes joins_lanes_c;
#if defined(__x86_64__)
extern joins_encode_lanes joins_lanes_avx2;
#elif defined(__aarch64__)
extern joins_encode_lanes joins_lanes_neon;
#endif

/**
 * joins_encode() of a segment of more than LANE_SIZE bytes, in windows that overlap and are merged in lanes.
 *
 * ret  Room for segment.size ranks.
 * Returns false, with ret's contents undefined, where two windows have no part in common: joins_encode() is
 * to be asked.
 */
bool joins_encode_stitched(const struct joins *joins, joins_encode_lanes *merge, struct str segment,
                           uint32_t *ret, size_t *ret_n);

#endif
