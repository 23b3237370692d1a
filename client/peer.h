#ifndef SIDETOK_CLIENT_PEER_H
#define SIDETOK_CLIENT_PEER_H

#include "nng_compat.h"
#include "pending.h"

#include <stdatomic.h>

/** One URL: a raw REQ socket with one dialer, hence at most one connection at a time. */
struct peer {
    nng_socket socket;
    bool is_open;
    int recv_fd, send_fd;     /* the socket's */
    int wake_fd;              /* the client's eventfd; written by nng's thread */
    _Atomic uint32_t pipe;    /* the connection's id, written by nng's thread; 0: not connected */
    bool is_blocked;          /* the last send found no taker */
    bool is_armed;            /* send_fd is polled */
    bool must_check_loss;     /* a connection came or went; look once all it delivered is read */
    struct pending_list sent; /* not answered, oldest first */
};

/** The largest queue of replies that every nng allows. What exceeds it is lost in silence, so fewer may be
 * sent. */
enum { PEER_RECV_QUEUE = 8192, PEER_SENT_MAX = 8000 };

/**
 * Opens the socket and begins to connect, without waiting. wake_fd is written whenever a connection comes or
 * goes, on a thread of nng. Errors: SIDETOK_E_INVALID_ARGUMENT (url), SIDETOK_E_NO_MEMORY, SIDETOK_E_SYSTEM;
 * close it then too. peer must stay where it is until peer_close().
 */
enum sidetok_error peer_open(struct peer *peer, const char *url, int wake_fd);

/** Ends connection and socket; no notification comes afterwards. */
void peer_close(struct peer *peer);

static inline bool peer_is_connected(const struct peer *peer)
{
    return atomic_load(&peer->pipe) != 0;
}

/** Writes 1 to an eventfd. Any thread. */
void peer_wake(int wake_fd);

#endif
