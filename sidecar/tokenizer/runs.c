#include "runs.h"

enum { MAX_RUNS = 32 };

/* count parts of size bytes each, all of one rank, the first at begin. */
struct run {
    uint32_t rank;
    size_t begin, size, count;
};

struct runs {
    const struct ranks *ranks;
    struct str text;
    struct run run[MAX_RUNS];
    size_t n;
};

static size_t run_end(const struct run *run)
{
    return run->begin + run->size * run->count;
}

static uint32_t rank_at(const struct runs *runs, size_t begin, size_t end)
{
    return ranks_find(runs->ranks, (struct str){runs->text.data + begin, end - begin});
}

/* Splits the text into runs of one byte; false when there are too many. */
static bool runs_init(struct runs *runs)
{
    for (size_t at = 0, end; at < runs->text.size; at = end) {
        const char *data = runs->text.data;
        for (end = at + 1; end < runs->text.size && data[end] == data[at]; end++)
            ;
        if (runs->n == MAX_RUNS / 2)
            return false;
        runs->run[runs->n++] = (struct run){(uint8_t)data[at], at, 1, end - at};
    }
    return true;
}

/* A place where two parts join: inside run i, or between run i and the next. */
struct joint {
    uint32_t rank;
    size_t i;
    bool inside;
};

/* The joint of lowest rank, leftmost on a tie; RANK_NONE when there is none. */
static struct joint lowest(const struct runs *runs)
{
    struct joint best = {RANK_NONE, 0, false};
    for (size_t i = 0; i < runs->n; i++) {
        const struct run *run = &runs->run[i];
        size_t end = run_end(run);
        if (run->count > 1) {
            uint32_t rank = rank_at(runs, run->begin, run->begin + 2 * run->size);
            if (rank < best.rank)
                best = (struct joint){rank, i, true};
        }
        if (i + 1 < runs->n) {
            uint32_t rank = rank_at(runs, end - run->size, end + run[1].size);
            if (rank < best.rank)
                best = (struct joint){rank, i, false};
        }
    }
    return best;
}

/*
 * Whether all pairs of run i may be merged at once: while that goes on from left to right, none of the new
 * neighbours may be of lower rank than the pairs still to come.
 */
static bool may_halve(const struct runs *runs, size_t i, uint32_t rank)
{
    const struct run *run = &runs->run[i];
    size_t two = run->begin + 2 * run->size;
    if (i > 0 && rank_at(runs, run->begin - runs->run[i - 1].size, two) < rank)
        return false;
    if (run->count > 2 && rank_at(runs, run->begin, two + run->size) < rank)
        return false;
    return run->count < 4 || rank_at(runs, run->begin, two + 2 * run->size) >= rank;
}

static bool insert(struct runs *runs, size_t i, struct run run)
{
    if (run.count == 0)
        return true;
    if (runs->n == MAX_RUNS)
        return false;
    memmove(runs->run + i + 1, runs->run + i, (runs->n - i) * sizeof run);
    runs->run[i] = run;
    runs->n++;
    return true;
}

static void remove_empty(struct runs *runs, size_t i)
{
    if (runs->run[i].count > 0)
        return;
    runs->n--;
    memmove(runs->run + i, runs->run + i + 1, (runs->n - i) * sizeof runs->run[0]);
}

static bool halve(struct runs *runs, size_t i, uint32_t rank)
{
    struct run *run = &runs->run[i], odd = *run;
    if (!may_halve(runs, i, rank))
        return false;
    odd.count = run->count % 2;
    odd.begin = run_end(run) - odd.size * odd.count;
    *run = (struct run){rank, run->begin, run->size * 2, run->count / 2};
    return insert(runs, i + 1, odd);
}

static bool join_neighbours(struct runs *runs, size_t i, uint32_t rank)
{
    struct run *left = &runs->run[i], *right = left + 1;
    struct run joined = {rank, right->begin - left->size, left->size + right->size, 1};
    left->count--;
    right->count--;
    right->begin += right->size;
    remove_empty(runs, i + 1);
    if (!insert(runs, i + 1, joined))
        return false;
    remove_empty(runs, i);
    return true;
}

bool runs_encode(const struct ranks *ranks, struct str segment, uint32_t *ret, size_t *ret_n)
{
    struct runs runs = {.ranks = ranks, .text = segment};
    struct joint joint;
    if (!runs_init(&runs))
        return false;
    while ((joint = lowest(&runs)).rank != RANK_NONE)
        if (!(joint.inside ? halve : join_neighbours)(&runs, joint.i, joint.rank))
            return false;
    *ret_n = 0;
    for (size_t i = 0; i < runs.n; i++)
        for (size_t k = 0; k < runs.run[i].count; k++)
            ret[(*ret_n)++] = runs.run[i].rank;
    return true;
}

size_t runs_name(struct str piece, char name[RUN_NAME_SIZE])
{
    enum { MARK = 0xf8, HEAD = 7, MAX_COUNT = 1 << 28 };
    const char *data = piece.data;
    size_t end = 2;
    if (data[3] != data[2] || data[4] != data[2] || piece.size > MAX_COUNT) /* nearly all others */
        return 0;
    while (end < piece.size && data[end] == data[1])
        end++;
    if (piece.size - end > RUN_NAME_SIZE - HEAD)
        return 0;
    name[0] = (char)MARK;
    name[1] = data[0];
    name[2] = data[1];
    for (unsigned i = 0; i < 4; i++) /* base 128: FE and FF have a meaning in keys */
        name[3 + i] = (char)(end >> 7 * i & 127);
    memcpy(name + HEAD, data + end, piece.size - end);
    return HEAD + piece.size - end;
}
