#include "memory.h"

#include <malloc.h>

enum { LARGE_BYTES = 4 << 20, TOP_BYTES = 8 << 20, KEPT_BYTES = 16 << 20, FIRST_MS = 500, LAST_MS = 32000 };

/* A fixed threshold: glibc's own moves up with what is freed, and 100 MB queued and dropped left 47 MB in its
 * arenas. */
void memory_set_up(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, TOP_BYTES);
    mallopt(M_ARENA_MAX, 2);
#endif
}

static void give_back(void)
{
#ifdef M_MMAP_THRESHOLD
    malloc_trim(0);
#endif
}

void memory_tick(struct memory_watch *watch, atomic_size_t *moved_bytes, uint64_t idle_ms)
{
    if (atomic_load(moved_bytes) >= KEPT_BYTES) {
        atomic_store(moved_bytes, 0);
        watch->next_ms = FIRST_MS;
    }
    if (watch->next_ms == 0 || idle_ms < watch->next_ms)
        return;
    give_back();
    watch->next_ms = watch->next_ms < LAST_MS ? watch->next_ms * 2 : 0;
}
