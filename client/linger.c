#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* nng before 1.9 waits for ever in closing a socket when a message is in the middle of being read or written,
 * and never makes or clears a connection in that process again. Later ones return, but what they had taken
 * and not written yet is lost memory: with 1.10, 12 to 42 of 450 requests of 3 MB. So such a client is not
 * closed but left to a thread, which takes in what is still to come and closes when nothing moves any more. A
 * client that is just connecting gets a moment too: who leaves a sidecar with nng before 1.10 in the
 * handshake may make it deaf (issue 1518), and both forget a connection that is made while they close. */

enum {
    CONNECTING_MS = 5000, /* a handshake takes well under a millisecond, on a busy machine seconds */
    LINGER_MS = 30000,    /* the longest request, with a few in front of it */
    TURN_MS = 20,
    ASIDE_MS = 100, /* closing a client at rest takes about a millisecond, on a busy machine ten */
};

static bool is_at_rest(const struct peer *peer, bool may_be_connecting)
{
    if (atomic_load(&peer->pipe) == 0 && peer->sent.n == 0)
        return !may_be_connecting;
    return peer_is_at_rest(peer);
}

static bool are_at_rest(const struct sidetok_client *client, bool may_be_connecting)
{
    for (uint32_t i = 0; i < client->n_peers; i++)
        if (!is_at_rest(&client->peers[i], may_be_connecting))
            return false;
    return true;
}

bool client_is_at_rest(const struct sidetok_client *client)
{
    return are_at_rest(client, true);
}

/** Nothing is told to anyone any more; what was not sent never is, what was is cancelled. */
static void forget_requests(struct sidetok_client *client)
{
    client->table.n_awaited = 0;
    for (uint32_t slot = 0, n = client->table.n_slots; slot < n; slot++) {
        struct pending *entry = &client->table.slots[slot];
        entry->done = NULL;
        if (entry->state == PENDING_SENT) {
            entry->state = PENDING_GHOST;
            pending_set_deadline(&client->table, slot, 0);
            client_send_cancel(client, slot);
        } else if (entry->message && entry->cancels == 0) {
            nng_msg_free(entry->message);
            pending_release(&client->table, slot);
        } else if (entry->state == PENDING_FAILED) {
            pending_release(&client->table, slot);
        }
    }
}

static void *linger(void *context)
{
    struct sidetok_client *client = context;
    uint64_t begin_ns = client_now_ns(), age_ms = 0;
    for (uint32_t i = 0; i < client->n_peers; i++)
        peer_stay_away(&client->peers[i]);
    while (age_ms < LINGER_MS && !peer_nng_is_stuck() && !are_at_rest(client, age_ms < CONNECTING_MS)) {
        struct pollfd p = {.fd = client->epoll_fd, .events = POLLIN};
        poll(&p, 1, TURN_MS);
        client_process(client);
        age_ms = (client_now_ns() - begin_ns) / 1000000;
    }
    client_free(client);
    return NULL;
}

/** The caller's loop may still know the descriptor: the thread gets one of its own. */
bool client_linger(struct sidetok_client *client)
{
    client->is_closed = client->is_processing = false;
    forget_requests(client);
    return client_watch_descriptors(client) && peer_start_thread(linger, client);
}

static void *free_and_tell(void *context)
{
    struct sidetok_client *client = context;
    int done_fd = client->done_fd;
    client_free(client);
    close(done_fd);
    return NULL;
}

/** A socket at rest is closed by the same thread of nng as all others, and what another client's connection
 * has stopped there is known only a while later: the caller waits for a moment, not for ever. */
bool client_free_aside(struct sidetok_client *client)
{
    int done_fds[2];
    if (pipe2(done_fds, O_CLOEXEC) != 0)
        return false;
    close(client->epoll_fd); /* the caller's: gone when this returns */
    client->epoll_fd = -1;
    client->done_fd = done_fds[1];
    bool is_started = peer_start_thread(free_and_tell, client);
    struct pollfd done = {.fd = done_fds[0]};
    if (is_started)
        poll(&done, 1, ASIDE_MS); /* the thread's end is closed */
    else
        close(done_fds[1]);
    close(done_fds[0]);
    return is_started;
}
