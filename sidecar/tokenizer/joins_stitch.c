#include "joins_lanes.h"

/*
 * Windows of a long segment at places that do not depend on each other, so that lanes can take eight at once.
 * Where a window and the next have a part in common, the result goes from the one to the other: then each two
 * neighbours of it are what their own bytes merge to, and that makes it the result for all (joins_encode.c
 * says why). Parts come to agree after a few bytes nearly always.
 *
 * Random "the", "ing", "er", "ion", "in": 26 MB/s, 19.5 with windows one after the other (10 MB, one
 * segment).
 */
enum { WINDOW = LANE_SIZE, STRIDE = 44, AT_ONCE = 9 };

static inline uint32_t rank_at(const struct lane_job *job, unsigned at)
{
    return job->ranks[__builtin_popcountll(job->begins & (((uint64_t)1 << at) - 1))];
}

/* The first byte of the next window at which both have the same part; false when there is none. */
static bool common_part(const struct lane_job *job, const struct lane_job *next, unsigned *ret)
{
    uint64_t both = job->begins >> STRIDE & next->begins;
    for (; both; both &= both - 1) {
        *ret = (unsigned)__builtin_ctzll(both);
        if (rank_at(job, STRIDE + *ret) == rank_at(next, *ret))
            return true;
    }
    return false;
}

/* Writes the parts of a window from a byte on until another. */
static size_t write_parts(const struct lane_job *job, unsigned begin, unsigned end, uint32_t *ret)
{
    uint64_t parts = job->begins & (((uint64_t)1 << end) - 1) & ~(((uint64_t)1 << begin) - 1);
    unsigned n = (unsigned)__builtin_popcountll(parts),
             first = (unsigned)__builtin_popcountll(job->begins & (((uint64_t)1 << begin) - 1));
    memcpy(ret, job->ranks + first, n * sizeof *ret);
    return n;
}

/*
 * Where a window and the next disagree: a window that begins at one of the first one's parts and comes to the
 * same part there. Returns at which byte; 0 when four parts are tried in vain.
 */
static unsigned restart(const struct joins *joins, joins_encode_lanes *merge, struct str segment,
                        const struct lane_job *job, unsigned begin, struct lane_job *ret)
{
    uint64_t parts = job->begins & (((uint64_t)1 << STRIDE) - 1) & ~(((uint64_t)2 << begin) - 1);
    for (int i = 0; i < 4 && parts; i++) {
        unsigned at = 63 - (unsigned)__builtin_clzll(parts);
        const char *data = job->segment.data + at;
        size_t left = (size_t)(segment.data + segment.size - data);
        ret->segment = (struct str){data, left < WINDOW ? left : WINDOW};
        merge(joins, ret, 1);
        if (ret->ranks[0] == rank_at(job, at))
            return at;
        parts &= ~((uint64_t)1 << at);
    }
    return 0;
}

/* Fills up the jobs with the windows that follow the last one, or the segment's first. */
static size_t add_windows(struct str segment, struct lane_job *jobs, size_t n)
{
    const char *end = segment.data + segment.size;
    const char *data = n > 0 ? jobs[n - 1].segment.data + STRIDE : segment.data;
    bool all = n > 0 && jobs[n - 1].segment.data + jobs[n - 1].segment.size == end;
    for (; n < AT_ONCE && !all; n++, data += STRIDE) {
        size_t left = (size_t)(end - data);
        jobs[n].segment = (struct str){data, left < WINDOW ? left : WINDOW};
        all = left <= WINDOW;
    }
    return n;
}

bool joins_encode_stitched(const struct joins *joins, joins_encode_lanes *merge, struct str segment,
                           uint32_t *ret, size_t *ret_n)
{
    struct lane_job jobs[AT_ONCE + 1], other;
    size_t n;
    unsigned begin = 0, next;
    *ret_n = 0;
    for (size_t merged = 0; n = add_windows(segment, jobs, merged), n > merged; merged = 1) {
        merge(joins, jobs + merged, n - merged);
        size_t i = 0;
        for (; i + 1 < n && common_part(&jobs[i], &jobs[i + 1], &next); i++, begin = next)
            *ret_n += write_parts(&jobs[i], begin, STRIDE + next, ret + *ret_n);
        if (i + 1 < n) {
            unsigned at = restart(joins, merge, segment, &jobs[i], begin, &other);
            if (at == 0)
                return false;
            *ret_n += write_parts(&jobs[i], begin, at, ret + *ret_n);
            begin = 0;
            jobs[0] = other;
        } else {
            jobs[0] = jobs[i];
        }
    }
    *ret_n += write_parts(&jobs[0], begin, WINDOW, ret + *ret_n);
    return true;
}
