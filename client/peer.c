#include "peer.h"

#include <unistd.h>

void peer_wake(int wake_fd)
{
    uint64_t one = 1;
    ssize_t written = write(wake_fd, &one, sizeof one);
    (void)written; /* it fails only when the counter is full, and then the descriptor is readable anyway */
}

/** On a thread of nng: nothing but atomics and the eventfd. */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct peer *peer = context;
    uint32_t id = (uint32_t)nng_pipe_id(pipe);
    if (event == NNG_PIPE_EV_ADD_POST)
        atomic_store(&peer->pipe, id);
    else
        atomic_compare_exchange_strong(&peer->pipe, &id,
                                       0); /* an older connection's end must not hide a newer one */
    peer_wake(peer->wake_fd);
}

/**
 * SENDBUF 0: what nng has taken is on its way to one connection; with a queue inside nng, requests could
 * neither be cancelled nor told apart from sent ones. RECVMAXSZ 0: a reply has no limit but memory.
 * RECONNMINT 20 ms: a restarted sidecar answers again after 20 ms rather than after nng's 100.
 */
static int set_options(nng_socket socket)
{
    int error = nng_socket_set_int(socket, NNG_OPT_SENDBUF, 0);
    if (!error)
        error = nng_socket_set_int(socket, NNG_OPT_RECVBUF, PEER_RECV_QUEUE);
    if (!error)
        error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, 1); /* for compat_nng_try_send() and its twin */
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 1);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 20);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 500);
    return error;
}

static int watch(struct peer *peer)
{
    int error = (int)nng_pipe_notify(peer->socket, NNG_PIPE_EV_ADD_POST, on_pipe, peer);
    if (!error)
        error = (int)nng_pipe_notify(peer->socket, NNG_PIPE_EV_REM_POST, on_pipe, peer);
    if (!error)
        error = compat_nng_recv_fd(peer->socket, &peer->recv_fd);
    if (!error)
        error = compat_nng_send_fd(peer->socket, &peer->send_fd);
    return error;
}

static enum sidetok_error error_of_nng(int error)
{
    switch (error) {
    case 0:
        return SIDETOK_OK;
    case NNG_ENOMEM:
        return SIDETOK_E_NO_MEMORY;
    case NNG_EINVAL:
    case NNG_EADDRINVAL:
    case NNG_ENOTSUP:
        return SIDETOK_E_INVALID_ARGUMENT;
    default:
        return SIDETOK_E_SYSTEM;
    }
}

enum sidetok_error peer_open(struct peer *peer, const char *url, int wake_fd)
{
    peer->wake_fd = wake_fd;
    pending_list_init(&peer->sent);
    pending_list_init(&peer->cancels);
    int error = nng_req0_open_raw(&peer->socket);
    if (error)
        return error_of_nng(error);
    peer->is_open = true;
    error = set_options(peer->socket);
    if (!error)
        error = watch(peer);
    if (!error)
        error = (int)nng_dial(peer->socket, url, NULL, NNG_FLAG_NONBLOCK);
    return error_of_nng(error);
}

void peer_close(struct peer *peer)
{
    if (!peer->is_open)
        return;
    compat_nng_close(peer->socket);
    peer->is_open = false;
}

void peer_drop(struct peer *peer)
{
    uint32_t pipe = atomic_exchange(&peer->pipe, 0);
    if (pipe == 0)
        return;
    nng_pipe handle = NNG_PIPE_INITIALIZER;
    handle.id = pipe;
    nng_pipe_close(handle);
    peer->must_check_loss = true;
    peer_wake(peer->wake_fd);
}

bool peer_is_at_rest(const struct peer *peer)
{
    struct pollfd sender = {.fd = peer->send_fd, .events = POLLIN};
    return peer_is_connected(peer) && peer->sent.n == 0 && peer->cancels.n == 0 && poll(&sender, 1, 0) == 1;
}
