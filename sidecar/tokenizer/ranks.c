#include "ranks.h"

#include "random.h"

#include <string.h>

static uint64_t load_up_to_8(const char *data, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, data, size < 8 ? size : 8);
    return word;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to 8 bytes as ranks_find_short() has it; what is behind them is folded in first, 8 bytes a step. */
static uint64_t hash_piece(const struct ranks *ranks, struct str piece)
{
    uint64_t rest = 0;
    for (size_t at = 8; at < piece.size; at += 8)
        rest = fold(rest ^ load_up_to_8(piece.data + at, piece.size - at) ^ ranks->key, 0xa0761d6478bd642f);
    return ranks_hash(ranks, load_up_to_8(piece.data, piece.size) ^ rest, piece.size < 64 ? piece.size : 63);
}

/* The slot that holds piece, or the empty one where the search ended. */
static struct rank_slot *slot_of(const struct ranks *ranks, struct str piece, uint64_t hash)
{
    uint64_t first = load_up_to_8(piece.data, piece.size);
    size_t i = hash >> ranks->shift;
    for (struct rank_slot *slot; (slot = &ranks->slots[i])->size != 0; i = (i + 1) & ranks->mask)
        if (slot->first == first && slot->size == piece.size &&
            (piece.size <= 8 || str_equal(ranks_piece(ranks, slot->rank), piece)))
            break;
    return &ranks->slots[i];
}

uint32_t ranks_find(const struct ranks *ranks, struct str piece)
{
    if (piece.size == 0 || piece.size > ranks->longest)
        return RANK_NONE;
    uint64_t hash = hash_piece(ranks, piece);
    if (!ranks_may_have(ranks, hash))
        return RANK_NONE;
    const struct rank_slot *slot = slot_of(ranks, piece, hash);
    return slot->size != 0 ? slot->rank : RANK_NONE;
}

static enum sidetok_error ranks_alloc(struct call *call, struct ranks *ranks)
{
    enum { FILTER_MORE = 3 }; /* 8 bits a slot: one search in 16 gets past the filter in vain */
    unsigned bits = 9;
    while ((uint32_t)1 << (bits - 1) < ranks->n)
        bits++;
    size_t n_slots = (size_t)1 << bits;
    ranks->mask = n_slots - 1;
    ranks->shift = 64 - bits;
    ranks->filter_shift = ranks->shift - FILTER_MORE;
    ranks->key = random_key() * 0x9e3779b97f4a7c15 | 1;
    ranks->slots = call_alloc_array(call, n_slots, sizeof *ranks->slots);
    ranks->filter = call_alloc_array(call, (size_t)1 << (bits + FILTER_MORE - 6), sizeof *ranks->filter);
    ranks->of_pair = call_alloc(call, 65536 * sizeof *ranks->of_pair);
    if (!ranks->slots || !ranks->filter || !ranks->of_pair)
        return SIDETOK_E_NO_MEMORY;
    memset(ranks->of_pair, 0xff, 65536 * sizeof *ranks->of_pair);
    return SIDETOK_OK;
}

static void ranks_add(struct ranks *ranks, uint32_t rank, struct rank_slot *slot, struct str piece,
                      uint64_t hash)
{
    uint64_t bit = (hash ^ hash >> 32) * ranks->key >> ranks->filter_shift;
    *slot = (struct rank_slot){load_up_to_8(piece.data, piece.size), rank, (uint32_t)piece.size};
    ranks->filter[bit / 64] |= (uint64_t)1 << bit % 64;
    if (piece.size > ranks->longest)
        ranks->longest = (uint32_t)piece.size;
    if (piece.size == 2)
        ranks->of_pair[(uint8_t)piece.data[0] << 8 | (uint8_t)piece.data[1]] = rank;
}

enum sidetok_error ranks_build(struct call *call, struct ranks *ranks, uint32_t n, const uint32_t *offsets,
                               const char *bytes, bool *ret_duplicate)
{
    bool empty_seen = false;
    *ranks = (struct ranks){.n = n, .offsets = offsets, .bytes = bytes};
    *ret_duplicate = false;
    TRY(ranks_alloc(call, ranks));
    for (uint32_t rank = 0; rank < n && !*ret_duplicate; rank++) {
        struct str piece = ranks_piece(ranks, rank);
        if (piece.size == 0) { /* no search is ever made for it */
            *ret_duplicate = empty_seen;
            empty_seen = true;
            continue;
        }
        uint64_t hash = hash_piece(ranks, piece);
        struct rank_slot *slot = slot_of(ranks, piece, hash);
        *ret_duplicate = slot->size != 0;
        if (!*ret_duplicate)
            ranks_add(ranks, rank, slot, piece, hash);
    }
    return SIDETOK_OK;
}
