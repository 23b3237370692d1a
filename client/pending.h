#ifndef SIDETOK_CLIENT_PENDING_H
#define SIDETOK_CLIENT_PENDING_H

#include "nng_compat.h"
#include "sidetok.h"

#include <stdbool.h>

/* Requests in flight: slots named by index, the lists they stand in, and a heap of deadlines. Slots move when
 * the table grows, so an index is kept across callbacks, never a pointer. */

enum pending_state {
    PENDING_FREE,
    PENDING_QUEUED, /* waits in the client; message is ours */
    PENDING_SENT,   /* nng and the sidecar have it */
    PENDING_GHOST, /* sent, its callback is gone (cancelled, expired); the reply is awaited only to be dropped
                    */
    PENDING_FAILED, /* could not be sent; the callback comes with the next process() */
};

enum { PENDING_NONE = 0xffffffff, PENDING_MAX = 65536 };

/** Slots by index, in order. */
struct pending_list {
    uint32_t first, last;
    uint32_t n;
};

struct pending {
    uint64_t id; /* uses << 16 | slot; the caller's handle */
    enum pending_state state;
    enum sidetok_error error; /* PENDING_FAILED */
    sidetok_done *done;       /* NULL: nobody waits */
    void *user;
    nng_msg *message;          /* PENDING_QUEUED */
    uint64_t deadline_ns;      /* CLOCK_MONOTONIC; 0: none */
    uint32_t heap_at;          /* PENDING_NONE: not in the heap */
    uint32_t next, previous;   /* in its list */
    struct pending_list *list; /* NULL: in none */
    uint32_t peer;             /* PENDING_SENT: to whom */
    uint32_t pipe;             /* PENDING_SENT: over which connection */
    uint64_t cancels;          /* a cancel message: the id of its target */
};

struct pending_table {
    struct pending *slots;
    uint32_t n_slots;
    uint32_t n_awaited; /* those with a callback to come */
    struct pending_list free;
    uint32_t *heap; /* slots by deadline, the earliest first; as large as slots */
    uint32_t n_heap;
};

/** An empty table; allocates nothing. */
void pending_init(struct pending_table *table);

/** Frees the table, not the messages in it. */
void pending_done(struct pending_table *table);

void pending_list_init(struct pending_list *list);

/** A free slot, with its id set; PENDING_NONE when all PENDING_MAX are taken or memory is out. Grows the
 * table. */
uint32_t pending_take(struct pending_table *table);

/** Gives a slot back: out of its list and the heap. The message must be gone. */
void pending_release(struct pending_table *table, uint32_t slot);

/** The slot of an id that is in use, else PENDING_NONE. */
uint32_t pending_find(const struct pending_table *table, uint64_t id);

/** The same by the id on the wire. */
uint32_t pending_find_wire(const struct pending_table *table, uint32_t wire_id);

/**
 * The id on the wire: 31 bits of the handle under the top bit that ends an SP header. A slot stays taken
 * until its reply came or the connection went, so that no two requests on one connection share it.
 */
static inline uint32_t pending_wire_id(uint64_t id)
{
    return 0x80000000u | (uint32_t)id;
}

/** Puts a slot at the end of a list, out of the one it was in. */
void pending_move(struct pending_table *table, uint32_t slot, struct pending_list *list);

/** Sets a slot's deadline; 0: none. Its place in the heap must exist: pending_take() saw to it. */
void pending_set_deadline(struct pending_table *table, uint32_t slot, uint64_t deadline_ns);

/** The slot with the earliest deadline, PENDING_NONE without any. */
static inline uint32_t pending_earliest(const struct pending_table *table)
{
    return table->n_heap > 0 ? table->heap[0] : PENDING_NONE;
}

#endif
