#include "merge.h"

#include <stdlib.h>

void merger_done(struct merger *merger)
{
    free(merger->nodes);
    free(merger->heap);
    free(merger->splits);
    *merger = (struct merger){0};
}

void merger_trim(struct merger *merger)
{
    enum { KEPT_NODES = 1 << 16 };
    if (merger->node_capacity > KEPT_NODES || merger->heap_capacity > KEPT_NODES)
        merger_done(merger);
}

/* Room for one more element; NULL (recorded) when memory is out. */
static void *grow(struct call *call, void *array, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return array;
    size_t wanted = *capacity ? *capacity * 2 : 256;
    void *grown = wanted > UINT32_MAX / 2 ? NULL : realloc(array, wanted * size);
    if (!grown) {
        failure_no_memory(call);
        return NULL;
    }
    *capacity = wanted;
    return grown;
}

enum sidetok_error merger_add(struct call *call, struct merger *merger, uint32_t symbol, uint32_t size_bytes,
                              bool frozen)
{
    uint32_t at = (uint32_t)merger->n_nodes;
    struct merge_node *nodes =
        grow(call, merger->nodes, merger->n_nodes, &merger->node_capacity, sizeof *nodes);
    if (!nodes)
        return SIDETOK_E_NO_MEMORY;
    merger->nodes = nodes;
    merger->n_nodes++;
    nodes[at] = (struct merge_node){
        .symbol = symbol,
        .prev = at - 1, /* MERGE_END for the first */
        .next = MERGE_END,
        .size_bytes = size_bytes | (frozen ? MERGE_FROZEN : 0),
    };
    if (at > 0)
        nodes[at - 1].next = at;
    return SIDETOK_OK;
}

static void sift_up(struct merge_candidate *heap, size_t at)
{
    struct merge_candidate moving = heap[at];
    while (at > 0 && moving.rank < heap[(at - 1) / 2].rank) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = moving;
}

static void sift_down(struct merge_candidate *heap, size_t n, size_t at)
{
    struct merge_candidate moving = heap[at];
    for (size_t child; (child = at * 2 + 1) < n; at = child) {
        if (child + 1 < n && heap[child + 1].rank < heap[child].rank)
            child++;
        if (moving.rank <= heap[child].rank)
            break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

static struct merge_candidate pop(struct merger *merger)
{
    struct merge_candidate best = merger->heap[0];
    merger->heap[0] = merger->heap[--merger->n_heap];
    if (merger->n_heap > 0)
        sift_down(merger->heap, merger->n_heap, 0);
    return best;
}

/* Puts the neighbours on the heap if they merge. */
static enum sidetok_error consider(struct call *call, struct merger *merger, const struct symbols *symbols,
                                   uint32_t left, uint32_t right)
{
    if (left == MERGE_END || right == MERGE_END)
        return SIDETOK_OK;
    const struct merge_node *l = &merger->nodes[left], *r = &merger->nodes[right];
    if ((l->size_bytes | r->size_bytes) & MERGE_FROZEN)
        return SIDETOK_OK;
    const struct pair *pair = symbols_pair(symbols, l->symbol, r->symbol);
    if (!pair)
        return SIDETOK_OK;
    if (merger->splits)
        merger->splits[pair->symbol] = (struct merge_split){l->symbol, r->symbol, l->size_bytes};
    struct merge_candidate *heap =
        grow(call, merger->heap, merger->n_heap, &merger->heap_capacity, sizeof *heap);
    if (!heap)
        return SIDETOK_E_NO_MEMORY;
    merger->heap = heap;
    heap[merger->n_heap] = (struct merge_candidate){
        .rank = (uint64_t)pair->order << 32 | left,
        .right = right,
        .size_bytes = l->size_bytes + r->size_bytes,
    };
    sift_up(heap, merger->n_heap++);
    return SIDETOK_OK;
}

static enum sidetok_error prepare_splits(struct call *call, struct merger *merger,
                                         const struct symbols *symbols)
{
    if (!symbols->splits_unused)
        return SIDETOK_OK;
    if (!merger->splits)
        merger->splits = malloc(symbols->model->n_pieces * sizeof *merger->splits);
    if (!merger->splits)
        return failure_no_memory(call);
    for (uint32_t id = 0; id < symbols->model->n_pieces; id++)
        merger->splits[id] = (struct merge_split){SYMBOL_NONE, SYMBOL_NONE, 0};
    return SIDETOK_OK;
}

static bool is_stale(const struct merger *merger, const struct merge_candidate *candidate)
{
    uint32_t left = merger->nodes[(uint32_t)candidate->rank].size_bytes;
    uint32_t right = merger->nodes[candidate->right].size_bytes;
    return left == 0 || right == 0 || left + right != candidate->size_bytes;
}

enum sidetok_error merger_run(struct call *call, struct merger *merger, const struct symbols *symbols)
{
    merger->n_heap = 0;
    TRY(prepare_splits(call, merger, symbols));
    for (uint32_t at = 0; at + 1 < merger->n_nodes; at++)
        TRY(consider(call, merger, symbols, at, at + 1));
    while (merger->n_heap > 0) {
        struct merge_candidate best = pop(merger);
        if (is_stale(merger, &best))
            continue;
        uint32_t at = (uint32_t)best.rank;
        struct merge_node *left = &merger->nodes[at], *right = &merger->nodes[best.right];
        left->symbol = symbols_pair(symbols, left->symbol, right->symbol)->symbol;
        left->size_bytes = best.size_bytes;
        left->next = right->next;
        right->size_bytes = 0;
        if (left->next != MERGE_END)
            merger->nodes[left->next].prev = at;
        TRY(consider(call, merger, symbols, left->prev, at));
        TRY(consider(call, merger, symbols, at, left->next));
    }
    return SIDETOK_OK;
}
