#include "memory.h"

#include <malloc.h>

enum {
    LARGE_BYTES = 4 << 20,
    TOP_BYTES = 8 << 20,
    KEPT_BYTES = 16 << 20,
    QUIET_BYTES = 64 << 10, /* a hundred pings, or one small chat */
    FIRST_MS = 500,
    LAST_MS = 32000,
};

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

bool memory_tick(struct memory_watch *watch, uint64_t moved_bytes, uint64_t now_ms)
{
    uint64_t moved = moved_bytes - watch->seen_bytes;
    watch->seen_bytes = moved_bytes;
    watch->left_bytes += moved;
    if (moved >= QUIET_BYTES)
        watch->quiet_since_ms = now_ms;
    if (watch->left_bytes >= KEPT_BYTES) {
        watch->left_bytes = 0;
        watch->next_ms = FIRST_MS;
    }
    if (watch->next_ms == 0 || now_ms - watch->quiet_since_ms < watch->next_ms)
        return false;
    give_back();
    watch->next_ms = watch->next_ms < LAST_MS ? watch->next_ms * 2 : 0;
    return true;
}
