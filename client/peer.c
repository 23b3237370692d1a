#include "peer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** What nng's threads know of a peer. It outlives the peer where its socket does. */
struct peer_link {
    pthread_mutex_t lock;
    struct peer *peer; /* NULL: the socket was given up */
    nng_socket socket;
    nng_dialer dialer;
    atomic_bool has_connected; /* after it was given up */
};

/* CONNECTS_WITHIN_MS is longer than RECONNMAXT: what nng had planned has been tried by then. */
enum { CLOSES_WITHIN_MS = 1000, RECONNECTS_WITHIN_MS = 500, CONNECTS_WITHIN_MS = 600, TURN_MS = 20 };

static _Atomic uint64_t
    closing_since_ns; /* since when a socket that was given up is being closed; 0: none is */

uint64_t client_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void peer_wake(int wake_fd)
{
    uint64_t one = 1;
    ssize_t written = write(wake_fd, &one, sizeof one);
    (void)written; /* it fails only when the counter is full, and then the descriptor is readable anyway */
}

static void note_pipe(struct peer *peer, uint32_t id, nng_pipe_ev event)
{
    if (event == NNG_PIPE_EV_ADD_POST)
        atomic_store(&peer->pipe, id);
    else
        atomic_compare_exchange_strong(&peer->pipe, &id,
                                       0); /* an older connection's end must not hide a newer one */
    peer_wake(peer->wake_fd);
}

/** On a thread of nng: nothing but atomics and the eventfd. */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct peer_link *link = context;
    pthread_mutex_lock(&link->lock);
    if (link->peer)
        note_pipe(link->peer, (uint32_t)nng_pipe_id(pipe), event);
    else if (event == NNG_PIPE_EV_ADD_POST)
        atomic_store(&link->has_connected, true);
    pthread_mutex_unlock(&link->lock);
}

/**
 * SENDBUF 0: what nng has taken is on its way to one connection; with a queue inside nng, requests could
 * neither be cancelled nor told apart from sent ones. A reply is as long as nng takes it, see nng_compat.h.
 * RECONNMINT 20 ms: a restarted sidecar answers again after 20 ms rather than after nng's 100.
 */
static int set_options(nng_socket socket)
{
    int error = nng_socket_set_int(socket, NNG_OPT_SENDBUF, 0);
    if (!error)
        error = nng_socket_set_int(socket, NNG_OPT_RECVBUF, PEER_RECV_QUEUE);
    if (!error)
        error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, COMPAT_MESSAGE_MAX);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, 1); /* for compat_nng_try_send() and its twin */
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 1);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 20);
    if (!error)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECTS_WITHIN_MS);
    return error;
}

static int watch(struct peer *peer)
{
    int error = (int)nng_pipe_notify(peer->socket, NNG_PIPE_EV_ADD_POST, on_pipe, peer->link);
    if (!error)
        error = (int)nng_pipe_notify(peer->socket, NNG_PIPE_EV_REM_POST, on_pipe, peer->link);
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

static void link_free(struct peer_link *link)
{
    if (link)
        pthread_mutex_destroy(&link->lock);
    free(link);
}

static enum sidetok_error open_socket(struct peer *peer)
{
    peer->link = calloc(1, sizeof *peer->link);
    if (!peer->link)
        return SIDETOK_E_NO_MEMORY;
    pthread_mutex_init(&peer->link->lock, NULL);
    peer->link->peer = peer;
    int error = nng_req0_open_raw(&peer->socket);
    if (error)
        return error_of_nng(error);
    peer->is_open = true;
    peer->link->socket = peer->socket;
    error = set_options(peer->socket);
    if (!error)
        error = watch(peer);
    if (!error)
        error = (int)nng_dial(peer->socket, peer->url, &peer->dialer, NNG_FLAG_NONBLOCK);
    if (!error)
        peer->link->dialer = peer->dialer;
    return error_of_nng(error);
}

enum sidetok_error peer_open(struct peer *peer, const char *url, int wake_fd)
{
    peer->wake_fd = wake_fd;
    peer->recv_fd = peer->send_fd = -1;
    pending_list_init(&peer->sent);
    pending_list_init(&peer->cancels);
    peer->url = strdup(url);
    return peer->url ? open_socket(peer) : SIDETOK_E_NO_MEMORY;
}

void peer_forget(struct peer *peer)
{
    link_free(peer->link);
    free(peer->url);
    peer->link = NULL;
    peer->url = NULL;
    peer->is_open = false;
}

void peer_close(struct peer *peer)
{
    if (peer->is_open)
        compat_nng_close(peer->socket);
    peer_forget(peer);
}

static void stay_away(nng_dialer dialer)
{
    enum { FOR_EVER_MS = 24 * 3600 * 1000 };
    nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, FOR_EVER_MS);
    nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, FOR_EVER_MS);
}

/** nng forgets a connection that is made while its socket closes, and with it a descriptor; the sidecar's nng
 * before 1.10 may become deaf by who leaves it in the handshake. So nothing new is begun, and what was gets
 * its time. */
static void let_connect(struct peer_link *link)
{
    const struct timespec turn = {.tv_nsec = TURN_MS * 1000000};
    uint64_t end_ns = client_now_ns() + CONNECTS_WITHIN_MS * UINT64_C(1000000);
    stay_away(link->dialer);
    while (!atomic_load(&link->has_connected) && client_now_ns() < end_ns)
        nanosleep(&turn, NULL);
}

/** Where nng is stuck this never returns; the next one that returns says that it is not. */
static void *close_given_up(void *context)
{
    struct peer_link *link = context;
    uint64_t none = 0;
    if (!peer_nng_is_stuck())
        let_connect(link);
    atomic_compare_exchange_strong(&closing_since_ns, &none, client_now_ns());
    compat_nng_close(link->socket);
    atomic_store(&closing_since_ns, 0);
    link_free(link);
    return NULL;
}

bool peer_nng_is_stuck(void)
{
    uint64_t since_ns = atomic_load(&closing_since_ns);
    return since_ns != 0 && client_now_ns() - since_ns > CLOSES_WITHIN_MS * UINT64_C(1000000);
}

bool peer_start_thread(void *(*run)(void *), void *context)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, former;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    int error = pthread_create(&thread, &attributes, run, context);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    pthread_attr_destroy(&attributes);
    return error == 0;
}

/** Without a thread the socket stays as it is: nobody listens to it any more. */
static void give_up(struct peer *peer)
{
    struct peer_link *link = peer->link;
    peer->link = NULL;
    if (!link)
        return;
    pthread_mutex_lock(&link->lock);
    link->peer = NULL;
    pthread_mutex_unlock(&link->lock);
    if (!peer->is_open)
        link_free(link);
    else
        peer_start_thread(close_given_up, link);
    peer->is_open = false;
}

bool peer_renew(struct peer *peer)
{
    give_up(peer);
    atomic_store(&peer->pipe, 0);
    peer->is_blocked = peer->is_armed = peer->must_ping = false;
    peer->must_check_loss = true;
    peer->recv_fd = peer->send_fd = -1;
    return open_socket(peer) == SIDETOK_OK;
}

void peer_stay_away(struct peer *peer)
{
    peer->stays_away = true;
    stay_away(peer->dialer);
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
