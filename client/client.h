#ifndef SIDETOK_CLIENT_CLIENT_H
#define SIDETOK_CLIENT_CLIENT_H

#include "peer.h"
#include "pending.h"
#include "sidetok.h"

#include <sys/types.h>
#include <unistd.h>

/** What sidetok.h calls a client. */
struct sidetok_client {
    pid_t pid; /* of the process that opened it: nng aborts in a forked child */
    int epoll_fd, wake_fd, timer_fd;
    struct peer *peers;
    uint32_t n_peers;
    struct pending_table table;
    struct pending_list urgent; /* pings: sent before all others, whatever is under way */
    struct pending_list queue;  /* submitted, not sent, in order */
    struct pending_list failed; /* could not be sent; told with the next process() */
    uint64_t armed_ns;          /* when the timer goes off; 0: it does not */
    uint64_t away_since_ns;     /* since when no sidecar is connected; 0: one is */
    uint32_t max_pending, max_sent;
    uint64_t connect_timeout_ns;
    bool is_processing;
    bool is_closed; /* closed by a callback; freed when process() returns */
};

static inline bool client_is_forked(const struct sidetok_client *client)
{
    return client->pid != getpid();
}

/** CLOCK_MONOTONIC. */
uint64_t client_now_ns(void);

/* dispatch.c: what goes out */

/** Sends what can be sent now, pings first, then in order, each to the connected peer with the fewest
 * unanswered. */
void client_send(struct sidetok_client *client);

/** Tells the sidecar that a sent request is no longer wanted. Best effort: without memory nothing is said. */
void client_send_cancel(struct sidetok_client *client, uint32_t slot);

/** Notes whether any peer is connected, and since when none is. Returns how many are. */
uint32_t client_note_connected(struct sidetok_client *client);

/** The next deadline or end of patience in CLOCK_MONOTONIC, 0 without any. */
uint64_t client_next_ns(const struct sidetok_client *client);

/** Sets the timer to client_next_ns(), unless it goes off earlier anyway. */
void client_arm_timer(struct sidetok_client *client);

/* process.c: what comes in, and callbacks */

/** One round; callbacks run in it. */
void client_process(struct sidetok_client *client);

#endif
