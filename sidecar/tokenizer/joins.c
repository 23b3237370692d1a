#include "joins.h"

#include "bpe.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Searched at random: a huge page of its own is asked for, in memory that lives as long as call's. */
static enum sidetok_error move_to_huge_pages(struct call *call, struct pair_table *pairs)
{
    enum { HUGE_PAGE = 2 << 20 };
    size_t n = (size_t)pairs->slot_mask + 1, n_groups = (size_t)1 << (64 - pairs->group_shift);
    size_t size = n * sizeof *pairs->slots;
    char *room = call_alloc(call, size + HUGE_PAGE);
    uint16_t *steps = call_alloc(call, n_groups * sizeof *steps);
    if (!room || !steps)
        return SIDETOK_E_NO_MEMORY;
    room += -(uintptr_t)room & (HUGE_PAGE - 1);
    if (size >= HUGE_PAGE)
        (void)madvise(room, size, MADV_HUGEPAGE);
    pairs->slots = memcpy(room, pairs->slots, size);
    pairs->steps = memcpy(steps, pairs->steps, n_groups * sizeof *steps);
    return SIDETOK_OK;
}

/* Finds the pair of each piece; scratch is given back when the tables stand. */
static enum sidetok_error fill(struct call *call, struct call *scratch, struct joins *joins,
                               const struct ranks *ranks)
{
    struct pair_table_item *items = call_alloc_array(scratch, ranks->n, sizeof *items);
    size_t n = 0;
    if (!items)
        return SIDETOK_E_NO_MEMORY;
    for (uint32_t rank = 256; rank < ranks->n; rank++) {
        uint32_t left, right;
        bool found;
        TRY(bpe_split(scratch, ranks, ranks_piece(ranks, rank), &left, &right, &found));
        if (!found)
            continue;
        joins->reached[rank / 64] |= (uint64_t)1 << rank % 64;
        items[n++] = (struct pair_table_item){(uint64_t)left << JOINS_RANK_BITS | right, rank};
    }
    TRY(pair_table_build(scratch, items, n, 64 - 2 * JOINS_RANK_BITS, &joins->pairs));
    return move_to_huge_pages(call, &joins->pairs);
}

enum sidetok_error joins_build(struct call *call, struct joins *joins, const struct ranks *ranks)
{
    struct call scratch;
    *joins = (struct joins){.of_bytes = ranks->of_pair, .usable = ranks->n >> JOINS_RANK_BITS == 0};
    joins->reached = call_alloc_array(call, ranks->n / 64 + 1, sizeof *joins->reached);
    if (!joins->reached)
        return SIDETOK_E_NO_MEMORY;
    memset(joins->reached, 0xff, 256 / 8); /* a byte is reached by no merge at all */
    if (!joins->usable)
        return SIDETOK_OK;
    call_init(&scratch);
    enum sidetok_error error = fill(call, &scratch, joins, ranks);
    call_done(&scratch);
    return error;
}
