#ifndef SIDETOK_SERVICE_MEMORY_H
#define SIDETOK_SERVICE_MEMORY_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * What the daemon asks of malloc. Messages of up to some megabytes come out of memory that stays, because a
 * new page costs a fault of about a microsecond and a request of 500 KB has 250 of them, a fifth of its time.
 * Larger ones come from the system and go back to it at once; what a crowd of small ones leaves behind goes
 * back when it has gone.
 */

/** Before the first thread starts. */
void memory_set_up(void);

/** Zeros to begin with. One thread. */
struct memory_watch {
    uint64_t next_ms; /* 0: nothing to do */
};

/**
 * Gives free memory back to the system when messages have left much of it: after half a second without a
 * reply and again later, because nng frees a reply when its reader has taken it. Some milliseconds then, else
 * nothing.
 *
 * moved_bytes  Of messages that came and went; set to 0 when they are accounted for.
 * idle_ms      Since the last reply.
 */
void memory_tick(struct memory_watch *watch, atomic_size_t *moved_bytes, uint64_t idle_ms);

#endif
