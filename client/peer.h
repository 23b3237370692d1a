#ifndef SIDETOK_CLIENT_PEER_H
#define SIDETOK_CLIENT_PEER_H

#include "nng_compat.h"
#include "pending.h"

#include <stdatomic.h>

struct peer_link;

/** Nanoseconds of CLOCK_MONOTONIC, by which the whole client goes. */
uint64_t client_now_ns(void);

/** One URL: a raw REQ socket with one dialer, hence at most one connection at a time. */
struct peer {
    char *url;
    struct peer_link *link; /* by which nng's threads find this; see peer.c */
    nng_socket socket;
    nng_dialer dialer;
    bool is_open;
    bool stays_away;             /* see peer_stay_away() */
    int recv_fd, send_fd;        /* the socket's */
    int wake_fd;                 /* the client's eventfd; written by nng's thread */
    _Atomic uint32_t pipe;       /* the connection's id, written by nng's thread; 0: not connected */
    bool is_blocked;             /* the last send found no taker */
    bool is_armed;               /* send_fd is polled */
    bool must_check_loss;        /* a connection came or went; look once all it delivered is read */
    bool must_ping;              /* a ping waits to be taken by nng; see watch.c */
    uint32_t watched;            /* the connection that the next three belong to */
    uint32_t proven;             /* the connection over which the sidecar has sent something; 0: none */
    uint64_t heard_ns;           /* when it last did, or began to owe something */
    uint64_t pinged_ns;          /* since when a ping is unanswered; 0: none is */
    uint32_t n_unproven;         /* connections in a row over which nothing came */
    uint64_t away_ns;            /* since when there is no connection; 0: there is one, or never was */
    bool is_renewed;             /* by another socket since then */
    struct pending_list sent;    /* not answered, oldest first */
    struct pending_list cancels; /* cancel messages that wait for this connection to take them */
};

/**
 * nng's raw REP keeps 64 replies for a connection and drops what comes beyond without a word, and raw REQ
 * drops what its own queue does not hold. So no more than 64 are ever under way: measured, 10,000 requests at
 * once lost 7,751 replies without it.
 */
enum { PEER_SENT_MAX = 64, PEER_RECV_QUEUE = 2 * PEER_SENT_MAX };

/**
 * Opens the socket and begins to connect, without waiting. wake_fd is written whenever a connection comes or
 * goes, on a thread of nng. Errors: SIDETOK_E_INVALID_ARGUMENT (url), SIDETOK_E_NO_MEMORY, SIDETOK_E_SYSTEM;
 * close it then too. peer must stay where it is until peer_close().
 */
enum sidetok_error peer_open(struct peer *peer, const char *url, int wake_fd);

/** Ends connection and socket; no notification comes afterwards. */
void peer_close(struct peer *peer);

/** Gives back what belongs to a forked child; nng is left alone. */
void peer_forget(struct peer *peer);

/**
 * Another socket in place of this one, which a thread closes, once the connection that nng may just be making
 * has had 600 ms. nng before 1.9 clears connections away on one thread of the process, which waits for ever
 * where a connection broke in the middle of a message: then nothing connects again, but for new sockets. The
 * descriptors change: take the old ones out of epoll before. What was sent is lost. False when there is no
 * memory for it; try later.
 */
bool peer_renew(struct peer *peer);

/**
 * Makes no further connection once the present one, or the one that is being made, is lost: a socket that is
 * closed while nng makes a connection loses the memory of both (seen with 1.5.2, a few in 150 under load).
 */
void peer_stay_away(struct peer *peer);

/** Whether closing a socket takes so long that nng's thread must be stuck, see peer_renew(). It tells of lost
 * connections no more then. Any thread. */
bool peer_nng_is_stuck(void);

/** A detached thread that takes no signals. False when there is none to be had. */
bool peer_start_thread(void *(*run)(void *), void *context);

/** Gives the present connection up: it is lost at once, another one will be made. */
void peer_drop(struct peer *peer);

/** A connection counts once the sidecar has answered on it: nng before 1.10 greets peers that it never
 * serves. */
static inline bool peer_is_connected(const struct peer *peer)
{
    uint32_t pipe = atomic_load(&peer->pipe);
    return pipe != 0 && pipe == peer->proven;
}

/** Whether nothing is on its way, in either direction: then nng closes the socket soundly, whatever its
 * version. */
bool peer_is_at_rest(const struct peer *peer);

/** Writes 1 to an eventfd. Any thread. */
void peer_wake(int wake_fd);

#endif
