#include "quick.h"

#include <stdlib.h>

/* A table of 512 x 512 has 1 MB. */
enum { MAX_DENSE_JOINTS = 512 };

static int compare_orders(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* The distinct orders of all pairs, ascending: an order's place is its short form. */
static enum sidetok_error list_orders(struct call *call, const struct symbols *symbols, uint32_t **ret,
                                      size_t *ret_n)
{
    size_t n = 0, kept = 0;
    uint32_t *orders = call_alloc_array(call, (size_t)symbols->pair_mask + 1, sizeof *orders);
    if (!orders)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i <= symbols->pair_mask; i++)
        if (symbols->pairs[i].left != SYMBOL_NONE)
            orders[n++] = symbols->pairs[i].order;
    qsort(orders, n, sizeof *orders, compare_orders);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || orders[kept - 1] != orders[i])
            orders[kept++] = orders[i];
    *ret = orders;
    *ret_n = kept;
    return SIDETOK_OK;
}

static enum sidetok_error fill_pairs(struct call *call, struct quick *quick, const uint32_t *orders,
                                     size_t n_orders)
{
    const struct symbols *symbols = quick->symbols;
    size_t n = 0;
    struct pair_table_item *items = call_alloc_array(call, (size_t)symbols->pair_mask + 1, sizeof *items);
    if (!items)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i <= symbols->pair_mask; i++) {
        const struct pair *pair = &symbols->pairs[i];
        if (pair->left == SYMBOL_NONE)
            continue;
        const uint32_t *order = bsearch(&pair->order, orders, n_orders, sizeof *orders, compare_orders);
        uint32_t value = (uint32_t)(order - orders) << 16 | pair->symbol;
        items[n++] = (struct pair_table_item){pair->left << 16 | pair->right, value};
    }
    return pair_table_build(call, items, n, &quick->pairs);
}

/* Pairs of two characters also by their joints, which needs no hash. */
static enum sidetok_error fill_joint_pairs(struct call *call, struct quick *quick)
{
    const struct symbols *symbols = quick->symbols;
    size_t n_cells = (size_t)symbols->n_joints * symbols->n_joints;
    uint32_t *joints;
    if (symbols->n_joints > MAX_DENSE_JOINTS)
        return SIDETOK_OK;
    quick->joint_pairs = call_alloc(call, n_cells * sizeof *quick->joint_pairs);
    joints = call_alloc_array(call, symbols->n, sizeof *joints);
    if (!quick->joint_pairs || !joints)
        return SIDETOK_E_NO_MEMORY;
    memset(quick->joint_pairs, 0xff, n_cells * sizeof *quick->joint_pairs);
    symbols_list_joints(symbols, joints);
    for (size_t i = 0; i <= symbols->pair_mask; i++) {
        const struct pair *pair = &symbols->pairs[i];
        if (pair->left == SYMBOL_NONE || !joints[pair->left] || !joints[pair->right])
            continue;
        size_t cell = (size_t)joints[pair->left] * symbols->n_joints + joints[pair->right];
        quick->joint_pairs[cell] = quick_pair(quick, pair->left, pair->right);
    }
    return SIDETOK_OK;
}

enum sidetok_error quick_build(struct call *call, const struct symbols *symbols, struct quick *ret)
{
    uint32_t *orders;
    size_t n_orders;
    *ret = (struct quick){.symbols = symbols, .n_joints = symbols->n_joints};
    if (symbols->n >= QUICK_NO_SYMBOL || symbols->splits_unused)
        return SIDETOK_OK;
    TRY(list_orders(call, symbols, &orders, &n_orders));
    TRY(fill_pairs(call, ret, orders, n_orders));
    TRY(fill_joint_pairs(call, ret));
    quick_choose_merge(ret);
    quick_choose_lanes(ret);
    ret->usable = true;
    return SIDETOK_OK;
}
