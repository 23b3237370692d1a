#ifndef SIDETOK_TOKENIZER_PAIR_TABLE_H
#define SIDETOK_TOKENIZER_PAIR_TABLE_H

#include "call.h"

#include <stdint.h>

/*
 * Keys and values of 64 bits together by perfect hashing: each key has one slot, so that a search is two
 * loads and no branch, whether it finds or not. Merging asks for pairs that mostly do not exist; a branch on
 * that cannot be predicted.
 *
 * A key's hash names a group of about four keys; the group's step, found when the table is built, spreads
 * them over free slots.
 */
struct pair_table {
    uint64_t *slots; /* the key in the high bits, the value in the low ones; all ones: empty */
    uint16_t *steps; /* by group */
    uint64_t multiplier;
    uint32_t group_shift, slot_mask, value_bits;
};

enum { PAIR_TABLE_NONE = UINT32_MAX };

struct pair_table_item {
    uint64_t key;
    uint32_t value;
};

/**
 * Builds the table in call's memory. Keys are distinct and leave value_bits (1 to 32) free; the key of all
 * ones is not allowed. items is sorted anew. Errors: SIDETOK_E_NO_MEMORY, also when no table is found that
 * the memory allowed (16 slots a key) could hold.
 */
enum sidetok_error pair_table_build(struct call *call, struct pair_table_item *items, size_t n_items,
                                    uint32_t value_bits, struct pair_table *ret);

static inline uint32_t pair_table_slot(const struct pair_table *table, uint64_t hash, uint32_t step)
{
    return ((uint32_t)(hash >> 20) + step * ((uint32_t)hash | 1)) & table->slot_mask;
}

/** The key's value, PAIR_TABLE_NONE when it is not there. */
static inline uint32_t pair_table_find(const struct pair_table *table, uint64_t key)
{
    uint64_t hash = key * table->multiplier;
    uint64_t slot = table->slots[pair_table_slot(table, hash, table->steps[hash >> table->group_shift])];
    uint64_t value =
        slot ^ key << table->value_bits; /* of the key's slot; of another's, bits stand above it */
    return (uint32_t)value | -(uint32_t)(value >> table->value_bits != 0); /* without a branch */
}

#endif
