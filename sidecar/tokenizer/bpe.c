#include "bpe.h"

#include <string.h>

enum { SHORT = 64 };

static uint32_t rank_of_join(const struct ranks *ranks, const char *data, size_t begin, size_t end)
{
    if (end - begin == 2)
        return ranks->of_pair[(uint8_t)data[begin] << 8 | (uint8_t)data[begin + 1]];
    return ranks_find(ranks, (struct str){data + begin, end - begin});
}

/*
 * Short segments: everything on the stack, a part is named by where it begins, and two words of bits say
 * which parts there are and which of them can be joined with the next. The lowest join is found by looking at
 * those few. A copy of the segment lets 8 bytes be read anywhere.
 */
struct parts {
    char bytes[SHORT + 8];
    uint8_t end[SHORT];
    uint32_t rank[SHORT], join[SHORT]; /* join: rank of the part joined with the next */
    uint64_t begins, joinable;
    size_t size;
};

static void set_join(const struct ranks *ranks, struct parts *parts, size_t begin, size_t end)
{
    size_t size = end - begin;
    uint32_t rank;
    uint64_t first;
    memcpy(&first, parts->bytes + begin, 8);
    if (size > 8)
        rank = ranks_find(ranks, (struct str){parts->bytes + begin, size});
    else
        rank = ranks_find_short(ranks, first & ~(uint64_t)0 >> (64 - 8 * size), size);
    parts->join[begin] = rank;
    parts->joinable |= (uint64_t)(rank != RANK_NONE) << begin;
}

static void parts_init(const struct ranks *ranks, struct parts *parts, struct str segment)
{
    size_t n = parts->size = segment.size;
    memcpy(parts->bytes, segment.data, n);
    memset(parts->bytes + n, 0, 8);
    parts->begins = ~(uint64_t)0 >> (SHORT - n);
    parts->joinable = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)parts->bytes[i];
        parts->end[i] = (uint8_t)(i + 1);
        parts->rank[i] = byte;
        parts->join[i] = ranks->of_pair[byte << 8 | (uint8_t)parts->bytes[i + 1]];
        parts->joinable |= (uint64_t)(parts->join[i] != RANK_NONE) << i;
    }
    parts->joinable &= ~((uint64_t)1 << (n - 1));
}

static size_t lowest_join(const struct parts *parts)
{
    uint64_t left = parts->joinable;
    size_t best = (size_t)__builtin_ctzll(left);
    while (left &= left - 1) {
        size_t i = (size_t)__builtin_ctzll(left);
        best = parts->join[i] < parts->join[best] ? i : best;
    }
    return best;
}

/* The part at begin and the next become one; joins with its neighbours are looked up anew. */
static void parts_merge(const struct ranks *ranks, struct parts *parts, size_t begin)
{
    size_t middle = parts->end[begin], end = parts->end[middle];
    parts->rank[begin] = parts->join[begin];
    parts->end[begin] = (uint8_t)end;
    parts->begins &= ~((uint64_t)1 << middle);
    parts->joinable &= ~((uint64_t)1 << middle | (uint64_t)1 << begin);
    if (end < parts->size)
        set_join(ranks, parts, begin, parts->end[end]);
    uint64_t before = parts->begins & (((uint64_t)1 << begin) - 1);
    if (before) {
        size_t previous = 63 - (size_t)__builtin_clzll(before);
        parts->joinable &= ~((uint64_t)1 << previous);
        set_join(ranks, parts, previous, end);
    }
}

/* Merges until `stop` parts are left, or nothing joins. */
static size_t encode_short(const struct ranks *ranks, struct str segment, size_t stop, uint32_t *ret)
{
    struct parts parts;
    size_t n = 0;
    parts_init(ranks, &parts, segment);
    for (size_t left = segment.size; parts.joinable && left > stop; left--)
        parts_merge(ranks, &parts, lowest_join(&parts));
    for (uint64_t left = parts.begins; left; left &= left - 1)
        ret[n++] = parts.rank[__builtin_ctzll(left)];
    return n;
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

static void merge_all(const struct ranks *ranks, struct str segment, struct part *parts, struct heap *heap,
                      size_t stop)
{
    for (size_t left = segment.size; heap->n > 0 && left > stop;) {
        struct join join = heap_pop(heap);
        struct part *part = &parts[join.begin];
        if (part->rank == RANK_NONE || part->next >= join.end || parts[part->next].next != join.end)
            continue;
        left--;
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
                                      size_t stop, uint32_t *ret, size_t *ret_n)
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
    merge_all(ranks, segment, parts, &heap, stop);
    *ret_n = 0;
    for (uint32_t i = 0; i < segment.size; i = parts[i].next)
        ret[(*ret_n)++] = parts[i].rank;
    return SIDETOK_OK;
}

enum sidetok_error bpe_encode(struct call *call, const struct ranks *ranks, struct str segment, uint32_t *ret,
                              size_t *ret_n)
{
    if (segment.size > SHORT)
        return encode_long(call, ranks, segment, 1, ret, ret_n);
    *ret_n = encode_short(ranks, segment, 1, ret);
    return SIDETOK_OK;
}

enum sidetok_error bpe_split(struct call *call, const struct ranks *ranks, struct str piece,
                             uint32_t *ret_left, uint32_t *ret_right, bool *ret_found)
{
    uint32_t few[SHORT], *parts = few;
    size_t n = 0;
    *ret_found = false;
    if (piece.size > SHORT) {
        parts = call_alloc_array(call, piece.size, sizeof *parts);
        if (!parts)
            return SIDETOK_E_NO_MEMORY;
        TRY(encode_long(call, ranks, piece, 2, parts, &n));
    } else if (piece.size > 1) {
        n = encode_short(ranks, piece, 2, parts);
    }
    if (n != 2)
        return SIDETOK_OK;
    *ret_left = parts[0];
    *ret_right = parts[1];
    *ret_found = true;
    return SIDETOK_OK;
}
