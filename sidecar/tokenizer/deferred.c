#include "deferred.h"

/* Ids to an earlier place, four at a time. Returns where the next go. */
static inline uint32_t *move(uint32_t *to, const uint32_t *from, size_t n)
{
    for (size_t i = 0; i < n; i += 4)
        memcpy(to + i, from + i, 4 * sizeof *to);
    return to + n;
}

/* The ids of a job. Returns where the next go. */
static inline uint32_t *put(uint32_t *to, const struct lane_job *job, uint32_t n_special)
{
    for (uint32_t i = 0; i < job->n; i++)
        to[i] = job->ranks[i] + n_special;
    return to + job->n;
}

/* Each hole's place is then where its ids begin. */
static void close_holes(struct deferred *deferred, uint32_t n_special, struct ids *ids)
{
    uint32_t *to = ids->data + deferred->holes[0].at, *from = to;
    for (size_t i = 0; i < deferred->n; i++) {
        struct hole *hole = &deferred->holes[i];
        uint32_t *at = ids->data + hole->at;
        to = move(to, from, (size_t)(at - from));
        from = at + deferred->jobs[i].segment.size + HOLE_MARGIN;
        hole->at = (size_t)(to - ids->data);
        to = put(to, &deferred->jobs[i], n_special);
    }
    size_t rest = (size_t)(ids->data + ids->n - from);
    memmove(to, from, rest * sizeof *to);
    ids->n = (size_t)(to - ids->data) + rest;
}

/* A piece may have come twice; most often it is in its own line then. */
static void learn(struct piece_table *table, struct str piece, struct table_key key, const uint32_t *ids,
                  size_t n)
{
    if (n > TABLE_LONG_IDS ||
        (piece.size <= TABLE_SHORT_SIZE && table_line_find(piece_table_line(table, key), &key)))
        return;
    piece_table_add(table, piece, key, ids, (uint32_t)n);
}

static void learn_torn(const struct deferred *deferred, struct piece_table *table, const struct torn *torn,
                       const struct ids *ids)
{
    const struct hole *first = &deferred->holes[torn->hole], *last = &deferred->holes[torn->next_hole - 1];
    size_t begin = first->at - torn->before,
           end = last->at + deferred->jobs[torn->next_hole - 1].n + torn->behind;
    learn(table, torn->piece, torn->key, ids->data + begin, end - begin);
}

void deferred_flush(struct deferred *deferred, joins_encode_lanes *merge, const struct joins *joins,
                    struct piece_table *table, uint32_t n_special, struct ids *ids)
{
    if (deferred->n == 0)
        return;
    merge(joins, deferred->jobs, deferred->n);
    close_holes(deferred, n_special, ids);
    for (size_t i = 0; i < deferred->n; i++)
        if (deferred->holes[i].learn)
            learn(table, deferred->jobs[i].segment, deferred->holes[i].key, ids->data + deferred->holes[i].at,
                  deferred->jobs[i].n);
    for (size_t i = 0; i < deferred->n_torn; i++)
        learn_torn(deferred, table, &deferred->torn[i], ids);
    deferred->n = deferred->n_torn = 0;
}
