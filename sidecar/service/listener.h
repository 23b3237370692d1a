#ifndef SIDETOK_SERVICE_LISTENER_H
#define SIDETOK_SERVICE_LISTENER_H

#include "options.h"

#include <nng/nng.h>
#include <stdatomic.h>
#include <sys/types.h>

/** A listener that went deaf and still carries connections; id 0: none. */
struct former {
    nng_listener listener;
    uint64_t since_ns;
};

enum { LISTENER_FORMERS = 8 };

/** One address that is listened on. */
struct address {
    char *url; /* NUL-terminated */
    nng_listener listener;
    struct former formers[LISTENER_FORMERS];
    dev_t device; /* of the socket file: what else may stand at the path is not ours */
    ino_t inode;
    atomic_uint_least32_t listener_id; /* of listener; read by nng's threads */
    atomic_uint_least32_t n_taken;     /* connections that it handed over to the socket */
    uint64_t lost_ns; /* since when a port or an abstract name has no listener; 0: it has one */
};

/** The addresses of one socket. */
struct listener {
    nng_socket socket;
    const struct options *options;
    struct address *addresses;
    atomic_size_t n_addresses; /* read by nng's threads while the next one is opened */
};

/**
 * Listens on every URL of the options.
 *
 * call  Failures: SIDETOK_E_SYSTEM, with the URL and what to do: the address is in use by a live process; a
 * file that is no socket stands at the path (it is left alone); the folder is missing. A socket that nobody
 * serves is replaced. Memory: the call's, as long as the listener.
 *
 * ret_listener must stay where it is: listener_note_connection() may be called on it as soon as this begins.
 */
enum sidetok_error listener_open(struct call *call, nng_socket socket, const struct options *options,
                                 struct listener *ret_listener);

/** Removes the socket files that are still ours. Connections and the socket are left to their owner. */
void listener_close(struct listener *listener);

/** To be called for each new connection of the socket (NNG_PIPE_EV_ADD_POST). Any thread. */
void listener_note_connection(struct listener *listener, nng_pipe pipe);

/** Whether this nng may stop accepting after a peer left during the handshake: before 1.10. */
bool listener_needs_guard(void);

/**
 * Asks each address, as a client would. One that finishes the handshake and hands nobody over to the socket
 * is deaf: it gets a fresh listener at once, and the former one is closed as soon as the service is_idle,
 * after half a minute anyway, so that connections caught in between are lost and not left hanging; the
 * established ones of the former listener end with it.
 *
 * Returns how many connections of its own were answered and closed. Blocks for about a second at worst; one
 * thread.
 */
size_t listener_check(struct listener *listener, bool is_idle);

/** Whether a port or an abstract name has been without a listener for a second: nng does not give it back. */
bool listener_is_lost(const struct listener *listener);

#endif
