#include "pending.h"

#include <stdlib.h>
#include <string.h>

void pending_list_init(struct pending_list *list)
{
    *list = (struct pending_list){PENDING_NONE, PENDING_NONE, 0};
}

void pending_init(struct pending_table *table)
{
    *table = (struct pending_table){0};
    pending_list_init(&table->free);
}

void pending_done(struct pending_table *table)
{
    free(table->slots);
    free(table->heap);
    pending_init(table);
}

static void list_remove(struct pending_table *table, uint32_t slot)
{
    struct pending *entry = &table->slots[slot];
    struct pending_list *list = entry->list;
    if (!list)
        return;
    *(entry->previous == PENDING_NONE ? &list->first : &table->slots[entry->previous].next) = entry->next;
    *(entry->next == PENDING_NONE ? &list->last : &table->slots[entry->next].previous) = entry->previous;
    list->n--;
    entry->list = NULL;
}

void pending_move(struct pending_table *table, uint32_t slot, struct pending_list *list)
{
    list_remove(table, slot);
    struct pending *entry = &table->slots[slot];
    entry->list = list;
    entry->previous = list->last;
    entry->next = PENDING_NONE;
    *(list->last == PENDING_NONE ? &list->first : &table->slots[list->last].next) = slot;
    list->last = slot;
    list->n++;
}

static bool table_grow(struct pending_table *table)
{
    uint32_t n = table->n_slots == 0 ? 64 : table->n_slots * 2;
    if (n > PENDING_MAX)
        return false;
    uint32_t *heap = realloc(table->heap, n * sizeof *heap);
    if (!heap)
        return false;
    table->heap = heap;
    struct pending *slots = realloc(table->slots, n * sizeof *slots);
    if (!slots)
        return false;
    table->slots = slots;
    memset(slots + table->n_slots, 0, (n - table->n_slots) * sizeof *slots);
    for (uint32_t slot = table->n_slots; slot < n; slot++) {
        slots[slot].id = slot;
        slots[slot].heap_at = PENDING_NONE;
        pending_move(table, slot, &table->free);
    }
    table->n_slots = n;
    return true;
}

uint32_t pending_take(struct pending_table *table)
{
    if (table->free.n == 0 && !table_grow(table))
        return PENDING_NONE;
    uint32_t slot = table->free.first;
    list_remove(table, slot);
    table->slots[slot].id += PENDING_MAX; /* the next use of this slot: never 0, never the same again */
    return slot;
}

void pending_release(struct pending_table *table, uint32_t slot)
{
    struct pending *entry = &table->slots[slot];
    pending_set_deadline(table, slot, 0);
    pending_move(table, slot, &table->free);
    entry->state = PENDING_FREE;
    entry->done = NULL;
    entry->user = NULL;
    entry->message = NULL;
    entry->cancels = 0;
}

uint32_t pending_find(const struct pending_table *table, uint64_t id)
{
    uint32_t slot = (uint32_t)(id % PENDING_MAX);
    bool used =
        slot < table->n_slots && table->slots[slot].id == id && table->slots[slot].state != PENDING_FREE;
    return used ? slot : PENDING_NONE;
}

uint32_t pending_find_wire(const struct pending_table *table, uint32_t wire_id)
{
    uint32_t slot = wire_id % PENDING_MAX;
    bool used = slot < table->n_slots && table->slots[slot].state != PENDING_FREE &&
                pending_wire_id(table->slots[slot].id) == wire_id;
    return used ? slot : PENDING_NONE;
}

static uint64_t heap_deadline(const struct pending_table *table, uint32_t at)
{
    return table->slots[table->heap[at]].deadline_ns;
}

static void heap_place(struct pending_table *table, uint32_t at, uint32_t slot)
{
    table->heap[at] = slot;
    table->slots[slot].heap_at = at;
}

static void heap_rise(struct pending_table *table, uint32_t at)
{
    uint32_t slot = table->heap[at];
    uint64_t deadline_ns = table->slots[slot].deadline_ns;
    while (at > 0 && heap_deadline(table, (at - 1) / 2) > deadline_ns) {
        heap_place(table, at, table->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_place(table, at, slot);
}

static void heap_sink(struct pending_table *table, uint32_t at)
{
    uint32_t slot = table->heap[at];
    uint64_t deadline_ns = table->slots[slot].deadline_ns;
    for (uint32_t child = 2 * at + 1; child < table->n_heap; child = 2 * at + 1) {
        if (child + 1 < table->n_heap && heap_deadline(table, child + 1) < heap_deadline(table, child))
            child++;
        if (heap_deadline(table, child) >= deadline_ns)
            break;
        heap_place(table, at, table->heap[child]);
        at = child;
    }
    heap_place(table, at, slot);
}

static void heap_remove(struct pending_table *table, uint32_t at)
{
    table->slots[table->heap[at]].heap_at = PENDING_NONE;
    table->n_heap--;
    if (at == table->n_heap)
        return;
    heap_place(table, at, table->heap[table->n_heap]);
    heap_sink(table, at);
    heap_rise(table, at); /* the last one may be earlier than this place's parent */
}

void pending_set_deadline(struct pending_table *table, uint32_t slot, uint64_t deadline_ns)
{
    struct pending *entry = &table->slots[slot];
    if (entry->heap_at != PENDING_NONE)
        heap_remove(table, entry->heap_at);
    entry->deadline_ns = deadline_ns;
    if (deadline_ns == 0)
        return;
    heap_place(table, table->n_heap++, slot);
    heap_rise(table, table->n_heap - 1);
}
