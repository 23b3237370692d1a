#ifndef SIDETOK_TOKENIZER_DEFERRED_H
#define SIDETOK_TOKENIZER_DEFERRED_H

#include "joins_lanes.h"
#include "piece_table.h"
#include "tokenizer.h"

enum { DEFERRED_ENOUGH = 24, DEFERRED_ROOM = DEFERRED_ENOUGH + TABLE_LONG_SIZE };

/** A segment whose ids are to come: a hole among the ids. */
struct hole {
    struct table_key key;
    size_t at;
    bool learn;
};

enum { HOLE_MARGIN = 4 }; /* ids are moved four at a time, and those too many must fall into the hole */

/** A pre-token of several segments, some of them holes, which is to be remembered as well. */
struct torn {
    struct str piece;
    struct table_key key;
    size_t hole, next_hole; /* its first, and the first behind it */
    size_t before, behind;  /* its ids before the first and behind the last */
};

/**
 * Segments that wait to be merged together (joins_encode_lanes()). Text goes on behind holes in the ids,
 * which deferred_flush() closes. What they become is learned then.
 */
struct deferred {
    struct hole holes[DEFERRED_ROOM];
    struct torn torn[DEFERRED_ROOM];
    struct lane_job jobs[DEFERRED_ROOM];
    size_t n, n_torn;
};

/** Leaves a hole of size + HOLE_MARGIN for a segment of 1 to LANE_SIZE bytes; ids has room for it. */
static inline void deferred_add(struct deferred *deferred, struct str segment, struct table_key key,
                                bool learn, struct ids *ids)
{
    deferred->jobs[deferred->n].segment = segment;
    deferred->holes[deferred->n++] = (struct hole){key, ids->n, learn};
    ids->n += segment.size + HOLE_MARGIN;
}

/** Has a piece remembered whose ids begin at first and whose holes begin with that of number hole. */
static inline void deferred_add_torn(struct deferred *deferred, struct str piece, struct table_key key,
                                     size_t first, size_t hole, const struct ids *ids)
{
    size_t last = deferred->n - 1,
           end = deferred->holes[last].at + deferred->jobs[last].segment.size + HOLE_MARGIN;
    deferred->torn[deferred->n_torn++] =
        (struct torn){piece, key, hole, deferred->n, deferred->holes[hole].at - first, ids->n - end};
}

/** Merges what waits, closes the holes, learns. n_special is added to each rank. */
void deferred_flush(struct deferred *deferred, joins_encode_lanes *merge, const struct joins *joins,
                    struct piece_table *table, uint32_t n_special, struct ids *ids);

#endif
