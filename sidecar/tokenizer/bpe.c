#include "bpe.h"

#include "runs.h"

#include <string.h>

enum { SHORT = 64 };

static uint32_t rank_of_join(const struct ranks *ranks, const char *data, size_t begin, size_t end)
{
    if (end - begin == 2)
        return ranks->of_pair[(uint8_t)data[begin] << 8 | (uint8_t)data[begin + 1]];
    return ranks_find(ranks, (struct str){data + begin, end - begin});
}

/*
 * Short segments: the parts lie side by side in arrays on the stack, and the lowest rank is found by looking
 * at all of them. Quadratic in 64 at most; faster than any heap there. A copy of the segment lets 8 bytes be
 * read anywhere.
 */
struct parts {
    char bytes[SHORT + 8];
    uint8_t begin[SHORT + 2];
    uint32_t join[SHORT + 1]; /* rank of part i joined with part i + 1 */
    size_t n;
};

static uint32_t join_of(const struct ranks *ranks, const struct parts *parts, size_t i)
{
    size_t begin = parts->begin[i], size = parts->begin[i + 2] - begin;
    if (size > 8)
        return ranks_find(ranks, (struct str){parts->bytes + begin, size});
    uint64_t first;
    memcpy(&first, parts->bytes + begin, 8);
    return ranks_find_short(ranks, first & ~(uint64_t)0 >> (64 - 8 * size), size);
}

static void parts_init(const struct ranks *ranks, struct parts *parts, struct str segment, uint32_t *ret)
{
    size_t n = segment.size;
    memcpy(parts->bytes, segment.data, n);
    memset(parts->bytes + n, 0, 8);
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)segment.data[i];
        parts->begin[i] = (uint8_t)i;
        parts->join[i] = ranks->of_pair[byte << 8 | (uint8_t)parts->bytes[i + 1]];
        ret[i] = byte;
    }
    parts->begin[n] = (uint8_t)n;
    parts->join[n - 1] = RANK_NONE;
    parts->n = n;
}

/* Part i and the next become one. */
static void parts_merge(struct parts *parts, size_t i, uint32_t *ret)
{
    ret[i] = parts->join[i];
    for (size_t k = i + 1; k + 1 < parts->n; k++) {
        parts->begin[k] = parts->begin[k + 1];
        ret[k] = ret[k + 1];
        parts->join[k - 1] = parts->join[k];
    }
    parts->n--;
    parts->begin[parts->n] = parts->begin[parts->n + 1];
    parts->join[parts->n - 1] = RANK_NONE;
}

static size_t encode_short(const struct ranks *ranks, struct str segment, uint32_t *ret)
{
    struct parts parts;
    parts_init(ranks, &parts, segment, ret);
    for (;;) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < parts.n; i++)
            best = parts.join[i] < parts.join[best] ? i : best;
        if (parts.join[best] == RANK_NONE)
            return parts.n;
        parts_merge(&parts, best, ret);
        if (best + 1 < parts.n)
            parts.join[best] = join_of(ranks, &parts, best);
        if (best > 0)
            parts.join[best - 1] = join_of(ranks, &parts, best - 1);
    }
}

/* Long segments: a linked list of parts, and a heap of joins ordered by rank, then by place. */
struct part {
    uint32_t rank, next, previous; /* next is where the following part begins; rank RANK_NONE: merged away */
};

struct join {
    uint32_t rank, begin, end; /* end tells whether the parts are still those it was made of */
};

struct heap {
    struct join *joins;
    size_t n;
};

static bool join_before(struct join a, struct join b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.begin < b.begin;
}

static void heap_push(struct heap *heap, struct join join)
{
    size_t i = heap->n++;
    while (i > 0 && join_before(join, heap->joins[(i - 1) / 2])) {
        heap->joins[i] = heap->joins[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->joins[i] = join;
}

static struct join heap_pop(struct heap *heap)
{
    struct join top = heap->joins[0], last = heap->joins[--heap->n];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < heap->n) {
        if (child + 1 < heap->n && join_before(heap->joins[child + 1], heap->joins[child]))
            child++;
        if (!join_before(heap->joins[child], last))
            break;
        heap->joins[i] = heap->joins[child];
        i = child;
    }
    heap->joins[i] = last;
    return top;
}

static void push_join(struct heap *heap, const struct ranks *ranks, struct str segment,
                      const struct part *parts, uint32_t begin)
{
    uint32_t middle = parts[begin].next;
    if (middle >= segment.size)
        return;
    uint32_t end = parts[middle].next;
    uint32_t rank = rank_of_join(ranks, segment.data, begin, end);
    if (rank != RANK_NONE)
        heap_push(heap, (struct join){rank, begin, end});
}

static void merge_all(const struct ranks *ranks, struct str segment, struct part *parts, struct heap *heap)
{
    while (heap->n > 0) {
        struct join join = heap_pop(heap);
        struct part *part = &parts[join.begin];
        if (part->rank == RANK_NONE || part->next >= join.end || parts[part->next].next != join.end)
            continue;
        parts[part->next].rank = RANK_NONE;
        part->rank = join.rank;
        part->next = join.end;
        if (join.end < segment.size)
            parts[join.end].previous = join.begin;
        push_join(heap, ranks, segment, parts, join.begin);
        if (join.begin > 0)
            push_join(heap, ranks, segment, parts, part->previous);
    }
}

static enum sidetok_error encode_long(struct call *call, const struct ranks *ranks, struct str segment,
                                      uint32_t *ret, size_t *ret_n)
{
    /* Each merge pushes two joins at most and there are size - 1 merges. */
    struct part *parts = call_alloc_array(call, segment.size, sizeof *parts);
    struct heap heap = {call_alloc_array(call, segment.size, 3 * sizeof *heap.joins), 0};
    if (!parts || !heap.joins)
        return SIDETOK_E_NO_MEMORY;
    for (uint32_t i = 0; i < segment.size; i++)
        parts[i] = (struct part){(uint8_t)segment.data[i], i + 1, i - 1};
    for (uint32_t i = 0; i + 1 < segment.size; i++)
        push_join(&heap, ranks, segment, parts, i);
    merge_all(ranks, segment, parts, &heap);
    *ret_n = 0;
    for (uint32_t i = 0; i < segment.size; i = parts[i].next)
        ret[(*ret_n)++] = parts[i].rank;
    return SIDETOK_OK;
}

enum sidetok_error bpe_encode(struct call *call, const struct ranks *ranks, struct str segment, uint32_t *ret,
                              size_t *ret_n)
{
    if (segment.size > SHORT) {
        if (runs_encode(ranks, segment, ret, ret_n))
            return SIDETOK_OK;
        return encode_long(call, ranks, segment, ret, ret_n);
    }
    *ret_n = encode_short(ranks, segment, ret);
    return SIDETOK_OK;
}
