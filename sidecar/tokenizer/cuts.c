#include "cuts.h"

#include "random.h"

/*
 * Up to two bytes before a place and two behind it tell four kinds of pieces across it apart: two bytes in
 * all; beginning one byte before it; ending one byte behind it; and reaching two or more on both sides.
 */
enum context { BEGINS_NEAR, ENDS_NEAR, REACHES_FAR, N_CONTEXTS };
enum { CONTEXT_BITS = 21 };

static uint32_t byte_at(const char *p, ptrdiff_t i)
{
    return (uint8_t)p[i];
}

/* The bytes that a kind of context looks at. */
static uint32_t context_of(const char *p, enum context kind)
{
    uint32_t near = byte_at(p, -1) << 8 | byte_at(p, 0);
    if (kind == BEGINS_NEAR)
        return near << 8 | byte_at(p, 1);
    if (kind == ENDS_NEAR)
        return byte_at(p, -2) << 16 | near;
    return byte_at(p, -2) << 24 | near << 8 | byte_at(p, 1);
}

static uint64_t hash_of(const struct cuts *cuts, const char *p, enum context kind)
{
    return context_of(p, kind) * cuts->keys[kind] >> (64 - CONTEXT_BITS);
}

static void set_bit(uint64_t *bits, uint64_t i)
{
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

static bool has_bit(const uint64_t *bits, uint64_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

enum sidetok_error cuts_build(struct call *call, struct cuts *cuts, const struct ranks *ranks)
{
    uint64_t *pairs = call_alloc_array(call, 65536 / 64, sizeof *pairs);
    uint64_t *whole = call_alloc_array(call, 65536 / 64, sizeof *whole);
    uint64_t *contexts = call_alloc_array(call, (1u << CONTEXT_BITS) / 64, sizeof *contexts);
    uint64_t key = random_key();
    if (!pairs || !whole || !contexts)
        return SIDETOK_E_NO_MEMORY;
    *cuts = (struct cuts){
        pairs,
        whole,
        contexts,
        {key * 0x9e3779b97f4a7c15 | 1, key * 0xbf58476d1ce4e5b9 | 1, key * 0x94d049bb133111eb | 1}};
    for (uint32_t rank = 256; rank < ranks->n; rank++) {
        struct str piece = ranks_piece(ranks, rank);
        for (size_t at = 1; at < piece.size; at++) {
            const char *p = piece.data + at;
            size_t left = at, right = piece.size - at;
            set_bit(pairs, byte_at(p, -1) << 8 | byte_at(p, 0));
            if (left == 1 && right == 1)
                set_bit(whole, byte_at(p, -1) << 8 | byte_at(p, 0));
            else
                set_bit(contexts, hash_of(cuts, p,
                                          left == 1    ? BEGINS_NEAR
                                          : right == 1 ? ENDS_NEAR
                                                       : REACHES_FAR));
        }
    }
    return SIDETOK_OK;
}

/* Whether some piece may reach across `at`, which lies inside text. */
static bool crossed(const struct cuts *cuts, struct str text, size_t at)
{
    const char *p = text.data + at;
    bool left = at >= 2, right = text.size - at >= 2;
    uint32_t pair = byte_at(p, -1) << 8 | byte_at(p, 0);
    if (!has_bit(cuts->pairs, pair))
        return false;
    if (left && right && has_bit(cuts->contexts, hash_of(cuts, p, REACHES_FAR)))
        return true;
    return has_bit(cuts->whole, pair) || (right && has_bit(cuts->contexts, hash_of(cuts, p, BEGINS_NEAR))) ||
           (left && has_bit(cuts->contexts, hash_of(cuts, p, ENDS_NEAR)));
}

/* From `at`, which is crossed: the last place that has the same bytes around it, 8 at a time. */
static size_t skip_same(struct str text, size_t at)
{
    uint64_t word, shifted;
    for (; at >= 2 && text.size - at >= 8; at += 5) {
        memcpy(&word, text.data + at - 2, sizeof word);
        memcpy(&shifted, text.data + at - 1, sizeof shifted);
        if (word != shifted)
            break;
    }
    return at;
}

/* No place inside a character is asked about: a cut there is as right as any, and of little use. */
static bool may_cut(const struct cuts *cuts, struct str text, size_t at)
{
    return (text.data[at] & 0xc0) != 0x80 && !crossed(cuts, text, at);
}

size_t cuts_next(const struct cuts *cuts, struct str text, size_t at)
{
    enum { LONG = 16 }; /* so far without a cut: a run, perhaps */
    size_t begin = at++;
    for (; at < text.size && !may_cut(cuts, text, at); at++)
        if ((at - begin) % LONG == 0)
            at = skip_same(text, at);
    return at;
}
