#include "joins_lanes.h"

enum { N_LANES = 8, PLACES = 64, PLACE_BITS = 6 };

/* A rank that no part has: what lies before the first part and behind the last. */
enum { NO_PART = (1 << JOINS_RANK_BITS) - 1 };

/* Joins less one, shifted, with the place below: so that none, a join of 0, is the highest of all. They stay
 * below 2^31: all instruction sets can compare numbers with signs. */
enum { NO_JOIN = INT32_MAX >> PLACE_BITS << PLACE_BITS };
typedef int32_t lane_four __attribute__((vector_size(16)));

/* A question to the joins: the line is being fetched. */
struct question {
    const struct join_line *line;
    uint32_t tag, keep;
};

/*
 * A segment in the middle of merging. Parts are named by the place where they begin, 1 for the first; at 0
 * and behind the last are parts that join with nothing, so no step asks whether there is a neighbour.
 */
struct lane {
    union {
        int32_t joins[PLACES]; /* of the part with the next */
        lane_four fours[PLACES / 4];
    };
    uint32_t ranks[PLACES];
    uint64_t begins;     /* one bit a part */
    uint32_t at, before; /* whose joins with the next are asked for */
    struct question at_next, before_at;
    struct lane_job *job;
};

/* Where there is no part, another pair is asked for and its answer left out: no branch, which would be
 * guessed wrongly. */
static inline struct question ask(const struct joins *joins, uint32_t left, uint32_t right)
{
    uint32_t keep = (uint32_t)((left == NO_PART) | (right == NO_PART)) - 1;
    uint64_t hash = joins_hash(left & keep, right & keep);
    const struct join_line *line = &joins->lines[hash >> joins->tag_bits];
    __builtin_prefetch(line);
    return (struct question){line, (uint32_t)(hash & (((uint64_t)1 << joins->tag_bits) - 1)), keep};
}

static inline uint32_t answer(struct question question)
{
    uint32_t rank = join_line_find(question.line, question.tag);
    if (question.line->ranks[1][3] & JOINS_MOVED && !rank)
        rank = join_line_find(question.line + 1, question.tag | JOINS_MOVED);
    return rank & question.keep;
}

static inline int32_t join_at(uint32_t rank, uint32_t place)
{
    return (int32_t)(((rank - 1) << PLACE_BITS | place) & INT32_MAX);
}

static void lane_begin(const struct joins *joins, struct lane *lane, struct lane_job *job)
{
    const uint8_t *bytes = (const uint8_t *)job->segment.data;
    uint32_t n = (uint32_t)job->segment.size;
    for (uint32_t i = 0; i <= n / 16 * 4 + 3; i++)
        lane->fours[i] = (lane_four){0} + NO_JOIN;
    lane->ranks[1] = bytes[0];
    for (uint32_t i = 1; i < n; i++) {
        lane->joins[i] = join_at(joins->of_bytes[bytes[i - 1] << 8 | bytes[i]], i);
        lane->ranks[i + 1] = bytes[i];
    }
    lane->ranks[0] = lane->ranks[n + 1] = NO_PART;
    lane->begins = UINT64_MAX >> (LANE_SIZE - n); /* bits 0 to n + 1 */
    lane->at = n + 1;
    lane->before = 0;
    lane->at_next = lane->before_at = (struct question){joins->lines, 0, 0};
    lane->job = job;
}

static inline lane_four lower(lane_four a, lane_four b)
{
    lane_four first = a < b;
    return (a & first) | (b & ~first);
}

static inline lane_four lowest_of_16(const lane_four *fours)
{
    return lower(lower(fours[0], fours[1]), lower(fours[2], fours[3]));
}

static inline int32_t lowest_join(const struct lane *lane)
{
    lane_four low = lowest_of_16(lane->fours);
    for (size_t i = 1; i <= lane->job->segment.size / 16; i++)
        low = lower(low, lowest_of_16(lane->fours + 4 * i));
    int32_t a = low[0] < low[1] ? low[0] : low[1], b = low[2] < low[3] ? low[2] : low[3];
    return a < b ? a : b;
}

/* Takes the answers, merges the lowest join and asks for its neighbours'; false when there is none. */
static inline bool lane_step(const struct joins *joins, struct lane *lane)
{
    lane->joins[lane->at] = join_at(answer(lane->at_next), lane->at);
    lane->joins[lane->before] = join_at(answer(lane->before_at), lane->before);
    int32_t join = lowest_join(lane);
    if (join >= NO_JOIN)
        return false;
    uint32_t at = (uint32_t)join & (PLACES - 1), rank = ((uint32_t)join >> PLACE_BITS) + 1;
    uint64_t here = (uint64_t)1 << at, behind = lane->begins & -(here << 1), next = behind & -behind;
    lane->begins &= ~next;
    lane->joins[__builtin_ctzll(next)] = NO_JOIN;
    lane->ranks[at] = rank;
    lane->at = at;
    lane->before = 63 - (uint32_t)__builtin_clzll(lane->begins & (here - 1));
    lane->at_next = ask(joins, rank, lane->ranks[__builtin_ctzll(behind & (behind - 1))]);
    lane->before_at = ask(joins, lane->ranks[lane->before], rank);
    return true;
}

static void lane_end(const struct lane *lane)
{
    uint64_t parts = lane->begins & (((uint64_t)2 << lane->job->segment.size) - 2);
    uint32_t n = 0;
    lane->job->begins = parts >> 1;
    for (; parts; parts &= parts - 1)
        lane->job->ranks[n++] = lane->ranks[__builtin_ctzll(parts)];
    lane->job->n = n;
}

void JOINS_LANES(const struct joins *joins, struct lane_job *jobs, size_t n)
{
    struct lane lanes[N_LANES], *live[N_LANES];
    size_t n_live = 0, begun = 0;
    for (; begun < n && n_live < N_LANES; begun++, n_live++) {
        live[n_live] = &lanes[n_live];
        lane_begin(joins, live[n_live], &jobs[begun]);
    }
    while (n_live > 0) {
        for (size_t i = 0; i < n_live; i++) {
            if (lane_step(joins, live[i]))
                continue;
            lane_end(live[i]);
            if (begun < n)
                lane_begin(joins, live[i], &jobs[begun++]);
            else
                live[i--] = live[--n_live];
        }
    }
}
