#ifndef SIDETOK_SERVICE_MEMORY_H
#define SIDETOK_SERVICE_MEMORY_H

#include <stdbool.h>
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
    uint64_t seen_bytes;     /* moved by the last tick */
    uint64_t left_bytes;     /* moved since memory was last to be given back */
    uint64_t quiet_since_ms; /* the last tick that saw messages of weight */
    uint64_t next_ms;        /* of quiet, until memory is given back; 0: nothing to do */
};

/**
 * Gives free memory back to the system when messages have left much of it: after half a second of quiet and
 * again later, because nng frees a reply when its reader has taken it. Some milliseconds then, else nothing.
 * Quiet is a tick in which next to nothing moved, not one without a message: pings never end, the guard's own
 * least of all.
 *
 * moved_bytes  Of all messages that ever came and went.
 * now_ms       CLOCK_MONOTONIC; ticks are some 100 ms apart.
 *
 * Returns whether memory was given back.
 */
bool memory_tick(struct memory_watch *watch, uint64_t moved_bytes, uint64_t now_ms);

#endif
