#include "joins.h"

#include "bpe.h"

#include <sys/mman.h>

enum { FEWEST_LINES = 11, MOST_LINES = 24 }; /* bits of their number */

/* n lines and one more, into which the last may overflow; searched at random, so huge pages are asked for. */
static struct join_line *alloc_lines(struct call *call, size_t n)
{
    enum { HUGE_PAGE = 2 << 20 };
    size_t size = (n + 1) * sizeof(struct join_line);
    char *room = call_alloc(call, size + HUGE_PAGE);
    if (!room)
        return NULL;
    room += -(uintptr_t)room & (HUGE_PAGE - 1);
    if (size >= HUGE_PAGE)
        (void)madvise(room, size, MADV_HUGEPAGE);
    return memset(room, 0, size);
}

static bool put(struct join_line *line, uint32_t tag, uint32_t rank)
{
    for (int i = 0; i < 8; i++)
        if ((line->ranks[i / 4][i % 4] & ~JOINS_MOVED) == 0) {
            line->tags[i / 4][i % 4] = tag;
            line->ranks[i / 4][i % 4] |= rank;
            return true;
        }
    return false;
}

/* Into its line or the next; false when both are full. */
static bool add(struct joins *joins, uint64_t hash, uint32_t rank)
{
    struct join_line *line = &joins->lines[hash >> joins->tag_bits];
    uint32_t tag = (uint32_t)(hash & (((uint64_t)1 << joins->tag_bits) - 1));
    if (put(line, tag, rank))
        return true;
    line->ranks[1][3] |= JOINS_MOVED;
    return put(line + 1, tag | JOINS_MOVED, rank);
}

/* The last step to each piece of the vocabulary, by rank; 0, 0 where there is none. */
struct split {
    uint32_t left, right;
};

static enum sidetok_error find_splits(struct call *call, struct joins *joins, const struct ranks *ranks,
                                      struct split *splits)
{
    for (uint32_t rank = 256; rank < ranks->n; rank++) {
        bool found;
        TRY(bpe_split(call, ranks, ranks_piece(ranks, rank), &splits[rank].left, &splits[rank].right,
                      &found));
        joins->reached[rank / 64] |= (uint64_t)found << rank % 64;
    }
    return SIDETOK_OK;
}

static bool add_all(struct joins *joins, const struct ranks *ranks, const struct split *splits)
{
    for (uint32_t rank = 256; rank < ranks->n; rank++)
        if (joins_reach(joins, rank) && !add(joins, joins_hash(splits[rank].left, splits[rank].right), rank))
            return false;
    return true;
}

/* Lines are half full or less; twice as many where one and its next cannot take all that belongs to it. */
static enum sidetok_error fill(struct call *call, struct call *scratch, struct joins *joins,
                               const struct ranks *ranks)
{
    struct split *splits = call_alloc_array(scratch, ranks->n, sizeof *splits);
    unsigned bits = FEWEST_LINES;
    if (!splits)
        return SIDETOK_E_NO_MEMORY;
    TRY(find_splits(scratch, joins, ranks, splits));
    while ((size_t)4 << bits < ranks->n)
        bits++;
    for (; bits <= MOST_LINES; bits++) {
        joins->tag_bits = 2 * JOINS_RANK_BITS - bits;
        joins->lines = alloc_lines(call, (size_t)1 << bits);
        if (!joins->lines)
            return SIDETOK_E_NO_MEMORY;
        if (add_all(joins, ranks, splits))
            return SIDETOK_OK;
    }
    joins->usable = false;
    return SIDETOK_OK;
}

enum sidetok_error joins_build(struct call *call, struct joins *joins, const struct ranks *ranks)
{
    struct call scratch;
    *joins = (struct joins){.usable = ranks->n >> JOINS_RANK_BITS == 0};
    joins->reached = call_alloc_array(call, ranks->n / 64 + 1, sizeof *joins->reached);
    joins->of_bytes = call_alloc_array(call, 65536, sizeof *joins->of_bytes);
    if (!joins->reached || !joins->of_bytes)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < 65536; i++)
        joins->of_bytes[i] = ranks->of_pair[i] == RANK_NONE ? 0 : ranks->of_pair[i];
    memset(joins->reached, 0xff, 256 / 8); /* a byte is reached by no merge at all */
    if (!joins->usable)
        return SIDETOK_OK;
    call_init(&scratch);
    enum sidetok_error error = fill(call, &scratch, joins, ranks);
    call_done(&scratch);
    return error;
}
