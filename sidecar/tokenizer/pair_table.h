#ifndef SIDETOK_TOKENIZER_PAIR_TABLE_H
#define SIDETOK_TOKENIZER_PAIR_TABLE_H

#include "call.h"

#include <stdint.h>

/*
 * 32-bit keys to 32-bit values by perfect hashing: each key has one slot, so that a search is two loads and
 * no branch, whether it finds or not. Merging asks for pairs that mostly do not exist; a branch on that
 * cannot be predicted.
 *
 * A key's hash names a group of about four keys; the group's step, found when the table is built, spreads
 * them over free slots.
 */
struct pair_table {
    uint64_t *slots; /* key 32, value 32 bits; all ones: empty */
    uint16_t *steps; /* by group */
    uint64_t multiplier;
    uint32_t group_shift, slot_mask;
};

enum { PAIR_TABLE_NONE = UINT32_MAX };

struct pair_table_item {
    uint32_t key, value;
};

/**
 * Builds the table in call's memory. Keys are distinct; the key of all ones is not allowed. items is sorted
 * anew. Errors: SIDETOK_E_NO_MEMORY, also when no table is found that the memory allowed (16 slots a key)
 * could hold.
 */
enum sidetok_error pair_table_build(struct call *call, struct pair_table_item *items, size_t n_items,
                                    struct pair_table *ret);

static inline uint32_t pair_table_slot(const struct pair_table *table, uint64_t hash, uint32_t step)
{
    return ((uint32_t)(hash >> 20) + step * ((uint32_t)hash | 1)) & table->slot_mask;
}

/** The two loads of a search by themselves, for who has several searches going: the step of the key's group,
 * the slot. */
static inline const uint16_t *pair_table_step(const struct pair_table *table, uint32_t key)
{
    return &table->steps[key * table->multiplier >> table->group_shift];
}

static inline uint32_t pair_table_place(const struct pair_table *table, uint32_t key)
{
    return pair_table_slot(table, key * table->multiplier, *pair_table_step(table, key));
}

static inline uint32_t pair_table_read(const struct pair_table *table, uint32_t place, uint32_t key)
{
    uint64_t slot = table->slots[place];
    return (uint32_t)slot | -(uint32_t)(slot >> 32 != key); /* PAIR_TABLE_NONE without a branch */
}

/** The key's value, PAIR_TABLE_NONE when it is not there. */
static inline uint32_t pair_table_find(const struct pair_table *table, uint32_t key)
{
    return pair_table_read(table, pair_table_place(table, key), key);
}

#endif
