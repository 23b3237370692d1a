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
    int done_fd; /* of client_free_aside() */
    struct peer *peers;
    uint32_t n_peers;
    uint32_t first_peer; /* whose replies the next round reads first */
    struct pending_table table;
    struct pending_list urgent; /* pings: sent before all others, whatever is under way */
    struct pending_list queue;  /* submitted, not sent, in order */
    struct pending_list failed; /* could not be sent; told with the next process() */
    uint64_t armed_ns;          /* when the timer goes off; 0: it does not */
    uint64_t away_since_ns;     /* since when no sidecar is connected; 0: one is */
    uint32_t max_pending, max_sent;
    uint64_t connect_timeout_ns, silence_ns;
    bool is_processing;
    bool is_closed; /* closed by a callback; freed when process() returns */
};

static inline bool client_is_forked(const struct sidetok_client *client)
{
    return client->pid != getpid();
}

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

/** Sends a ping over peer's connection as soon as nng takes one. Without memory nothing is sent, and
 * pinged_ns is 0 again. */
void client_send_ping(struct sidetok_client *client, struct peer *peer);

/* watch.c: does the other side live? */

/** Proves new connections by a ping, pings silent ones, drops those that stay silent. */
void client_watch(struct sidetok_client *client);

/** When client_watch() has something to do if nothing is heard until then, in CLOCK_MONOTONIC; 0: never. */
uint64_t client_watch_ns(const struct sidetok_client *client);

/** Whether a connection stands that has still to prove itself: no time yet to lose patience. */
bool client_is_proving(const struct sidetok_client *client);

/** Something came from peer over its connection pipe. */
void client_heard(struct peer *peer, uint32_t pipe);

/* linger.c: the end of a client that is not at rest, which nng cannot close well */

/** Whether every peer is at rest. */
bool client_is_at_rest(const struct sidetok_client *client);

/** Hands the client to a thread that frees it once it is at rest. False when there is no thread to be had: it
 * is still the caller's. */
bool client_linger(struct sidetok_client *client);

/** Closes and frees a client at rest on a thread, for which the caller waits a tenth of a second at most.
 * False: there is no thread, and nothing was done. */
bool client_free_aside(struct sidetok_client *client);

/* client.c */

/** Frees all. In a forked child sockets and messages are left alone: nng would abort. */
void client_free(struct sidetok_client *client);

/** The two descriptors of a peer: reported from now on, or no more. */
bool client_watch_peer(const struct sidetok_client *client, uint32_t i);
void client_unwatch_peer(const struct sidetok_client *client, uint32_t i);

/** A descriptor that reports all the others; the former one is closed. False when there is none. */
bool client_watch_descriptors(struct sidetok_client *client);

/* process.c: what comes in, and callbacks */

/** One round; callbacks run in it. */
void client_process(struct sidetok_client *client);

#endif
