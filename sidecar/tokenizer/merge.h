#ifndef SIDETOK_TOKENIZER_MERGE_H
#define SIDETOK_TOKENIZER_MERGE_H

#include "symbols.h"

/** A symbol in a row; merging makes one of two and empties the right one. */
struct merge_node {
    uint32_t symbol;
    uint32_t prev, next; /* MERGE_END at the ends */
    uint32_t size_bytes; /* in inner spelling; 0: merged into a node to the left */
};

enum { MERGE_END = UINT32_MAX, MERGE_FROZEN = 0x80000000u /* in the size: never merges */ };

/** Two neighbours that merge, unless one of them has changed since. */
struct merge_candidate {
    uint64_t rank; /* order, then position */
    uint32_t right, size_bytes;
};

/** Working memory of merging. Zero it to begin with. Not thread safe. */
struct merger {
    struct merge_node *nodes;
    size_t n_nodes, node_capacity;
    struct merge_candidate *heap;
    size_t n_heap, heap_capacity;
    struct merge_split {
        uint32_t left, right, left_bytes;
    } * splits; /* by piece: of what it was last about to be made; only with pieces of type UNUSED */
};

/** Frees the working memory. */
void merger_done(struct merger *merger);

/** Gives back what a huge row took. Between texts. */
void merger_trim(struct merger *merger);

/** Begins a new row. */
static inline void merger_begin(struct merger *merger)
{
    merger->n_nodes = 0;
}

/** Appends a symbol; size_bytes is that of its text. Errors: SIDETOK_E_NO_MEMORY. */
enum sidetok_error merger_add(struct call *call, struct merger *merger, uint32_t symbol, uint32_t size_bytes,
                              bool frozen);

/**
 * Merges neighbours, the best score first, leftmost on a tie, until none is left. The row is then the chain
 * of next from node 0. O(n log n). Errors: SIDETOK_E_NO_MEMORY. Rule: bpe::Model::SampleEncode with alpha 0.
 */
enum sidetok_error merger_run(struct call *call, struct merger *merger, const struct symbols *symbols);

#endif
