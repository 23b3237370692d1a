#ifndef SIDETOK_SERVICE_LISTENER_H
#define SIDETOK_SERVICE_LISTENER_H

#include "options.h"

#include <nng/nng.h>

/** The addresses of one socket. */
struct listener {
    nng_socket socket;
    const struct options *options;
    char **urls; /* NUL-terminated */
    size_t n_urls;
    uint64_t n_restarts;
};

/**
 * Listens on every URL of the options.
 *
 * call  Failures: SIDETOK_E_SYSTEM, with the URL and what to do: the address is in use by a live process; a
 * file that is no socket stands at the path (it is left alone); the folder is missing. A socket that nobody
 * serves is replaced. Memory: the call's, as long as the listener.
 */
enum sidetok_error listener_open(struct call *call, nng_socket socket, const struct options *options,
                                 struct listener *ret_listener);

/** Whether this nng may stop accepting after a peer left during the handshake: before 1.10. */
bool listener_needs_guard(void);

/**
 * Asks each address, as a client would; one that accepts and does not answer gets a fresh listener.
 * Connections that are established go on. Blocks for some seconds at worst; one thread.
 */
void listener_check(struct listener *listener);

#endif
