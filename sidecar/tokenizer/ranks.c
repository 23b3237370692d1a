#include "ranks.h"

#include "random.h"

#include <string.h>

/*
 * Open addressing over 4-byte slots: a tag of the hash and the rank. 131,072 pieces take 1 MiB, so that a
 * search for what is not there, the usual answer while merging, ends without leaving the second-level cache.
 * Only an equal tag looks at the piece's bytes. The hash is keyed: a file cannot be written to make it slow.
 */
static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load_up_to_8(const char *data, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, data, size < 8 ? size : 8);
    return word;
}

static uint64_t hash_piece(uint64_t seed, struct str piece)
{
    uint64_t hash = seed ^ piece.size;
    size_t at = 0;
    for (; piece.size - at > 16; at += 8)
        hash = mix(hash ^ load_up_to_8(piece.data + at, 8), seed | 1);
    size_t rest = piece.size - at;
    uint64_t low = load_up_to_8(piece.data + at, rest);
    uint64_t high = rest > 8 ? load_up_to_8(piece.data + at + 8, rest - 8) : 0;
    return mix(low ^ hash, high ^ 0xa0761d6478bd642f ^ seed >> 7);
}

static uint32_t slot_of(const struct ranks *ranks, struct str piece, uint64_t hash, uint32_t *ret_index)
{
    uint32_t tag_mask = ~0u << ranks->id_bits, tag = (uint32_t)(hash >> 32) & tag_mask;
    uint32_t index = (uint32_t)hash & ranks->mask, slot;
    while ((slot = ranks->slots[index]) != 0) {
        uint32_t rank = (slot & ~tag_mask) - 1;
        if ((slot & tag_mask) == tag && str_equal(ranks_piece(ranks, rank), piece))
            return rank;
        index = (index + 1) & ranks->mask;
    }
    *ret_index = index;
    return RANK_NONE;
}

uint32_t ranks_find(const struct ranks *ranks, struct str piece)
{
    uint32_t index;
    if (piece.size > ranks->longest)
        return RANK_NONE;
    return slot_of(ranks, piece, hash_piece(ranks->seed, piece), &index);
}

static uint32_t bits_for(uint32_t n)
{
    uint32_t bits = 1;
    while (bits < 32 && n >> bits)
        bits++;
    return bits;
}

static enum sidetok_error ranks_alloc(struct call *call, struct ranks *ranks)
{
    size_t capacity = 512;
    while (capacity / 2 < ranks->n)
        capacity *= 2;
    ranks->mask = (uint32_t)(capacity - 1);
    ranks->id_bits = bits_for(ranks->n);
    ranks->seed = random_key();
    ranks->slots = call_alloc_array(call, capacity, sizeof *ranks->slots);
    ranks->of_pair = call_alloc(call, 65536 * sizeof *ranks->of_pair);
    if (!ranks->slots || !ranks->of_pair)
        return SIDETOK_E_NO_MEMORY;
    memset(ranks->of_pair, 0xff, 65536 * sizeof *ranks->of_pair);
    return SIDETOK_OK;
}

enum sidetok_error ranks_build(struct call *call, struct ranks *ranks, uint32_t n, const uint32_t *offsets,
                               const char *bytes, bool *ret_duplicate)
{
    *ranks = (struct ranks){.n = n, .offsets = offsets, .bytes = bytes};
    *ret_duplicate = false;
    TRY(ranks_alloc(call, ranks));
    for (uint32_t rank = 0; rank < n; rank++) {
        struct str piece = ranks_piece(ranks, rank);
        uint64_t hash = hash_piece(ranks->seed, piece);
        uint32_t index = 0;
        if (slot_of(ranks, piece, hash, &index) != RANK_NONE) {
            *ret_duplicate = true;
            return SIDETOK_OK;
        }
        ranks->slots[index] = ((uint32_t)(hash >> 32) & ~0u << ranks->id_bits) | (rank + 1);
        if (piece.size > ranks->longest)
            ranks->longest = (uint32_t)piece.size;
        if (piece.size == 2)
            ranks->of_pair[(uint8_t)piece.data[0] << 8 | (uint8_t)piece.data[1]] = rank;
    }
    return SIDETOK_OK;
}
