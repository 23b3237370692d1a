#include "cuts.h"

#include "random.h"

enum { CONTEXT_BITS = 22, NEAR = 3 };

/* The bytes around a place: up to three before it in the low three bytes (nearest highest), three behind
 * above them. */
static uint64_t keep_near(uint64_t around, size_t left, size_t right)
{
    uint64_t low = 0xffffff & (uint64_t)0xffffff << 8 * (NEAR - left);
    uint64_t high = (((uint64_t)1 << 8 * right) - 1) << 24;
    return around & (low | high);
}

/*
 * left and right count up to three and tell "exactly one", "exactly two", "three or more"; a piece that
 * begins one byte before the place is another context than one that begins earlier.
 */
static uint64_t context_hash(const struct cuts *cuts, uint64_t around, size_t left, size_t right)
{
    uint64_t key = keep_near(around, left, right) | (left * 4 + right) << 48;
    return key * cuts->key >> cuts->shift;
}

static uint64_t load_around(const char *data, size_t left, size_t right)
{
    uint64_t around = 0;
    for (size_t i = 1; i <= left; i++)
        around |= (uint64_t)(uint8_t)data[-(ptrdiff_t)i] << 8 * (NEAR - i);
    for (size_t i = 0; i < right; i++)
        around |= (uint64_t)(uint8_t)data[i] << 8 * (NEAR + i);
    return around;
}

static size_t at_most_near(size_t n)
{
    return n < NEAR ? n : NEAR;
}

enum sidetok_error cuts_build(struct call *call, struct cuts *cuts, const struct ranks *ranks)
{
    uint64_t *pairs = call_alloc_array(call, 65536 / 64, sizeof *pairs);
    uint64_t *contexts = call_alloc_array(call, (1u << CONTEXT_BITS) / 64, sizeof *contexts);
    if (!pairs || !contexts)
        return SIDETOK_E_NO_MEMORY;
    *cuts = (struct cuts){pairs, contexts, 64 - CONTEXT_BITS, random_key() * 0x9e3779b97f4a7c15 | 1};
    for (uint32_t rank = 256; rank < ranks->n; rank++) {
        struct str piece = ranks_piece(ranks, rank);
        for (size_t at = 1; at < piece.size; at++) {
            const char *p = piece.data + at;
            size_t left = at_most_near(at), right = at_most_near(piece.size - at);
            uint64_t pair = (uint64_t)(uint8_t)p[-1] << 8 | (uint8_t)p[0];
            uint64_t hash = context_hash(cuts, load_around(p, left, right), left, right);
            pairs[pair / 64] |= (uint64_t)1 << pair % 64;
            contexts[hash / 64] |= (uint64_t)1 << hash % 64;
        }
    }
    return SIDETOK_OK;
}

static bool crossed(const struct cuts *cuts, struct str text, size_t at)
{
    const char *p = text.data + at;
    size_t most_left = at_most_near(at), most_right = at_most_near(text.size - at);
    uint64_t pair = (uint64_t)(uint8_t)p[-1] << 8 | (uint8_t)p[0];
    if (!(cuts->pairs[pair / 64] >> pair % 64 & 1))
        return false;
    uint64_t around = load_around(p, most_left, most_right);
    for (size_t left = most_left; left > 0; left--)
        for (size_t right = most_right; right > 0; right--) {
            uint64_t hash = context_hash(cuts, around, left, right);
            if (cuts->contexts[hash / 64] >> hash % 64 & 1)
                return true;
        }
    return false;
}

size_t cuts_next(const struct cuts *cuts, struct str text, size_t at)
{
    do
        at++;
    while (at < text.size && crossed(cuts, text, at));
    return at;
}
