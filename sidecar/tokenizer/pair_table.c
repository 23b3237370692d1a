#include "pair_table.h"

#include <stdlib.h>

enum { GROUP_SIZE = 4, MAX_SLOTS_PER_KEY = 16, N_STEPS = 1 << 16 };

/* The keys in the order in which they are placed: by size of their group, the largest first. */
struct build {
    struct pair_table *table;
    struct pair_table_item *items;
    size_t n_items, n_groups;
    uint32_t *starts; /* of the groups in items; one more than there are groups */
    uint32_t *order;  /* of the groups */
};

static uint32_t group_of(const struct pair_table *table, uint32_t key)
{
    return (uint32_t)(key * table->multiplier >> table->group_shift);
}

/* A counting sort of groups by their size, descending. */
static void order_groups(struct build *build)
{
    size_t n = 0;
    uint32_t largest = 0;
    for (size_t group = 0; group < build->n_groups; group++)
        if (build->starts[group + 1] - build->starts[group] > largest)
            largest = build->starts[group + 1] - build->starts[group];
    for (uint32_t size = largest; size > 0; size--)
        for (size_t group = 0; group < build->n_groups; group++)
            if (build->starts[group + 1] - build->starts[group] == size)
                build->order[n++] = (uint32_t)group;
    build->n_groups = n;
}

/* Brings the items of one group side by side. sorted has room for all. */
static bool sort_items(struct build *build, struct pair_table_item *sorted)
{
    memset(build->starts, 0, (build->n_groups + 2) * sizeof *build->starts);
    for (size_t i = 0; i < build->n_items; i++)
        build->starts[group_of(build->table, build->items[i].key) + 2]++;
    for (size_t group = 0; group < build->n_groups; group++) {
        if (build->starts[group + 2] > 255)
            return false;
        build->starts[group + 2] += build->starts[group + 1];
    }
    for (size_t i = 0; i < build->n_items; i++)
        sorted[build->starts[group_of(build->table, build->items[i].key) + 1]++] = build->items[i];
    memcpy(build->items, sorted, build->n_items * sizeof *sorted);
    order_groups(build);
    return true;
}

/* Places a group's items with this step; takes them out again when two want one slot. */
static bool place_group(struct build *build, uint32_t start, uint32_t end, uint32_t step)
{
    struct pair_table *table = build->table;
    for (uint32_t i = start; i < end; i++) {
        uint64_t key = build->items[i].key;
        uint64_t *slot = &table->slots[pair_table_slot(table, key * table->multiplier, step)];
        if (*slot == UINT64_MAX) {
            *slot = key << 32 | build->items[i].value;
            continue;
        }
        while (i-- > start)
            table->slots[pair_table_slot(table, build->items[i].key * table->multiplier, step)] = UINT64_MAX;
        return false;
    }
    return true;
}

static bool place_all(struct build *build)
{
    for (size_t n = 0; n < build->n_groups; n++) {
        uint32_t group = build->order[n], step = 0;
        while (step < N_STEPS && !place_group(build, build->starts[group], build->starts[group + 1], step))
            step++;
        if (step == N_STEPS)
            return false;
        build->table->steps[group] = (uint16_t)step;
    }
    return true;
}

/* One attempt with n_slots slots. ret_done: whether it worked. */
static enum sidetok_error attempt(struct call *call, struct build *build, size_t n_slots, bool *ret_done)
{
    struct pair_table *table = build->table;
    size_t n_groups = n_slots / GROUP_SIZE;
    struct pair_table_item *sorted = call_alloc_array(call, build->n_items + 1, sizeof *sorted);
    build->n_groups = n_groups;
    build->starts = call_alloc_array(call, n_groups + 2, sizeof *build->starts);
    build->order = call_alloc_array(call, n_groups, sizeof *build->order);
    table->slots = call_alloc_array(call, n_slots, sizeof *table->slots);
    table->steps = call_alloc_array(call, n_groups, sizeof *table->steps);
    if (!sorted || !build->starts || !build->order || !table->slots || !table->steps)
        return SIDETOK_E_NO_MEMORY;
    memset(table->slots, 0xff, n_slots * sizeof *table->slots);
    table->slot_mask = (uint32_t)n_slots - 1;
    table->group_shift = 64 - (uint32_t)__builtin_ctzll(n_groups);
    *ret_done = sort_items(build, sorted) && place_all(build);
    return SIDETOK_OK;
}

enum sidetok_error pair_table_build(struct call *call, struct pair_table_item *items, size_t n_items,
                                    struct pair_table *ret)
{
    struct build build = {.table = ret, .items = items, .n_items = n_items};
    size_t n_slots = 16;
    bool done = false;
    *ret = (struct pair_table){.multiplier = 0x9e3779b97f4a7c15u};
    while (n_slots / 16 * 15 < n_items)
        n_slots *= 2;
    for (size_t limit = n_slots * MAX_SLOTS_PER_KEY; !done && n_slots <= limit; ret->multiplier += 2) {
        TRY(attempt(call, &build, n_slots, &done));
        if (!done)
            n_slots *= 2;
        else
            break;
    }
    return done ? SIDETOK_OK : failure_no_memory(call);
}
