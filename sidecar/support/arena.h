#ifndef SIDETOK_SUPPORT_ARENA_H
#define SIDETOK_SUPPORT_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/** A bump allocator: everything one call allocates, given back together. Not thread safe. */
struct arena {
    struct arena_block *blocks; /* newest first; allocation happens in the newest */
    size_t used_bytes;          /* handed out since the last reset */
    size_t fail_after;          /* test hook: fail the n-th allocation from now; 0 means never */
};

/** Prepares an empty arena; allocates nothing. */
void arena_init(struct arena *arena);

/** Frees all memory. The arena may be used again. NULL-safe. */
void arena_done(struct arena *arena);

/**
 * What an arena keeps for the next call: the memory of a request of a megabyte. Pages that are there already
 * cost nothing, new ones a microsecond for each 4 KB.
 */
enum { ARENA_KEPT_BYTES = 8 << 20 };

/** Forgets all allocations, keeps one block of at most ARENA_KEPT_BYTES for the next call and frees the rest.
 */
void arena_reset(struct arena *arena);

/**
 * Returns size bytes aligned to 16, uninitialised; NULL when memory is out. A size of 0 gives a valid
 * pointer. The memory lives until arena_reset() or arena_done().
 */
void *arena_alloc(struct arena *arena, size_t size);

/**
 * Grows old (old_size bytes) to new_size, in place when it was the newest allocation and fits, else by a
 * copy. Returns NULL when memory is out; old stays valid then.
 */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size);

#endif
