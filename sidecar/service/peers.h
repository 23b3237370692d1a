#ifndef SIDETOK_SERVICE_PEERS_H
#define SIDETOK_SERVICE_PEERS_H

#include "options.h"

#include <nng/nng.h>
#include <stdatomic.h>

/** Whom the Unix sockets serve besides what their mode and group say. */
struct peers {
    uint64_t *users, *groups;
    size_t n_users, n_groups;
    uint64_t own_user;             /* always served: the daemon asks itself whether it is heard */
    bool serves_tcp;               /* peers without a name are let in */
    atomic_uint_least64_t told_ns; /* when a refusal was last logged */
    atomic_uint_least64_t n_refused;
};

/**
 * Sees to it that only allowed peers are served, from now on; without allow-uid and allow-gid it does
 * nothing. A peer is allowed when its user or its primary group is, or when it is of the daemon's own user:
 * what SO_PEERCRED said when it connected. Others are closed after their greeting, before anything else of
 * theirs is read. Peers over TCP have no such name and pass where insecure-tcp says so.
 *
 * call       Failures: SIDETOK_E_SYSTEM, SIDETOK_E_NO_MEMORY. Memory: the call's, as long as the socket.
 * ret_peers  As long as the socket: nng's threads read it.
 */
enum sidetok_error peers_guard(struct call *call, nng_socket socket, const struct options *options,
                               struct peers *ret_peers);

/** The rule by itself. */
bool peers_allow(const struct peers *peers, uint64_t user, uint64_t group);

#endif
