#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_ALIGN = 16, ARENA_MIN_BLOCK = 64 * 1024, ARENA_MAX_DOUBLING = 64 << 20, HUGE_PAGE = 2 << 20 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(ARENA_ALIGN) unsigned char data[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

static void arena_free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_done(struct arena *arena)
{
    if (!arena)
        return;
    arena_free_blocks(arena->blocks);
    arena_init(arena);
}

/* The block to keep for the next call: the largest that is not too large. */
static struct arena_block *choose_kept(const struct arena *arena)
{
    struct arena_block *best = NULL;
    for (struct arena_block *block = arena->blocks; block; block = block->next)
        if (block->size <= ARENA_KEPT_BYTES && (!best || block->size > best->size))
            best = block;
    return best;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *keep = choose_kept(arena);
    for (struct arena_block *block = arena->blocks; block;) {
        struct arena_block *next = block->next;
        if (block != keep)
            free(block);
        block = next;
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    arena->blocks = keep;
    arena->used_bytes = 0;
}

/* A large block is huge pages where the system has them, asked for before the first touch: 5 MB of ids cost
 * 1,280 faults of a microsecond otherwise, a fifth of the time to find them. */
static struct arena_block *allocate_block(size_t bytes)
{
    if (bytes < HUGE_PAGE)
        return malloc(bytes);
    bytes = (bytes + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
    void *block = aligned_alloc(HUGE_PAGE, bytes);
    if (block)
        (void)madvise(block, bytes, MADV_HUGEPAGE);
    return block;
}

/* Blocks double so that n bytes cost O(log n) calls to malloc. */
static struct arena_block *arena_add_block(struct arena *arena, size_t need)
{
    size_t size = arena->blocks ? arena->blocks->size * 2 : ARENA_MIN_BLOCK;
    if (size > ARENA_MAX_DOUBLING)
        size = ARENA_MAX_DOUBLING;
    if (size < need)
        size = need;
    struct arena_block *block = allocate_block(sizeof *block + size);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    block->size = size;
    block->used = 0;
    arena->blocks = block;
    return block;
}

/* Counts down the test hook; true when this allocation is the one to fail. */
static bool arena_must_fail(struct arena *arena)
{
    return arena->fail_after && --arena->fail_after == 0;
}

static void *arena_take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t need = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < need)
        block = arena_add_block(arena, need);
    if (!block)
        return NULL;
    void *memory = block->data + block->used;
    block->used += need;
    arena->used_bytes += need;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return arena_must_fail(arena) ? NULL : arena_take(arena, size);
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size)
{
    if (arena_must_fail(arena))
        return NULL;
    if (new_size > SIZE_MAX / 2)
        return NULL;
    struct arena_block *block = arena->blocks;
    size_t held = (old_size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    size_t need = (new_size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (old && need <= held)
        return old;
    if (block && old && (unsigned char *)old + held == block->data + block->used &&
        need - held <= block->size - block->used) {
        block->used += need - held;
        arena->used_bytes += need - held;
        return old;
    }
    void *memory = arena_take(arena, new_size);
    if (memory && old)
        memcpy(memory, old, old_size);
    return memory;
}
