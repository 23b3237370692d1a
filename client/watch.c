#include "client.h"

/* A connection may stand and nobody be behind it: nng before 1.10 greets peers that it never serves (issue
 * 1518), a machine may vanish without a word, a sidecar may be stopped. A ping tells, because a sidecar
 * answers it at once, whatever it works on. */

enum { AWAY_MS = 700, STUCK_SILENCE_MS = 1000, FIRST_PROOF_MS = 500 };

/** What waits and is not taken tells of a loss too, where nng does not. */
static bool is_of_interest(const struct sidetok_client *client, const struct peer *peer)
{
    bool is_waited_for = peer->sent.n > 0 ||
                         (peer->is_blocked && client->queue.n + client->urgent.n > 0 && peer_nng_is_stuck());
    return atomic_load(&peer->pipe) != 0 && (!peer_is_connected(peer) || is_waited_for);
}

static uint64_t half_silence_ns(const struct sidetok_client *client)
{
    uint64_t least_ns = STUCK_SILENCE_MS * UINT64_C(1000000);
    return (client->silence_ns > least_ns && peer_nng_is_stuck() ? least_ns : client->silence_ns) / 2;
}

bool client_is_proving(const struct sidetok_client *client)
{
    for (uint32_t i = 0; i < client->n_peers; i++)
        if (atomic_load(&client->peers[i].pipe) != 0 && !peer_is_connected(&client->peers[i]))
            return true;
    return false;
}

void client_heard(struct peer *peer, uint32_t pipe)
{
    if (pipe != atomic_load(&peer->pipe))
        return;
    peer->proven = peer->watched = pipe;
    peer->heard_ns = client_now_ns();
    peer->pinged_ns = 0;
    peer->n_unproven = 0;
}

/** How long a ping may be unanswered. A new connection gets less time, and the next one twice as much: a
 * listener that nng has made deaf is replaced within a second, but who was caught in it is not told before
 * the service is idle. The doubling keeps a machine that is merely slow from connecting for ever. */
static uint64_t patience_ns(const struct sidetok_client *client, const struct peer *peer)
{
    if (peer_is_connected(peer))
        return half_silence_ns(client);
    uint64_t proof_ns = (FIRST_PROOF_MS * UINT64_C(1000000)) << peer->n_unproven;
    return client->silence_ns / 2 < proof_ns ? client->silence_ns / 2 : proof_ns;
}

/** What has come and was not read yet is no silence: the caller has been busy with other things. */
static bool has_unread(const struct peer *peer)
{
    struct pollfd receiver = {.fd = peer->recv_fd, .events = POLLIN};
    return poll(&receiver, 1, 0) == 1;
}

static void drop(struct peer *peer)
{
    if (!peer_is_connected(peer) && peer->n_unproven < 16)
        peer->n_unproven++;
    peer_drop(peer);
}

static void ping(struct sidetok_client *client, struct peer *peer)
{
    peer->pinged_ns = client_now_ns();
    client_send_ping(client, peer);
}

static void watch(struct sidetok_client *client, struct peer *peer)
{
    uint32_t pipe = atomic_load(&peer->pipe);
    uint64_t now_ns = client_now_ns();
    if (pipe != peer->watched) {
        peer->watched = pipe;
        ping(client, peer);
    } else if (peer->pinged_ns != 0 && now_ns >= peer->pinged_ns + patience_ns(client, peer)) {
        if (!has_unread(peer))
            drop(peer);
    } else if (peer->pinged_ns == 0 && now_ns >= peer->heard_ns + half_silence_ns(client)) {
        ping(client, peer);
    }
}

/** When a peer without connection gets another socket, since nng might be stuck; 0: never. */
static uint64_t renew_ns(const struct peer *peer)
{
    if (peer->away_ns == 0 || peer->is_renewed || peer->stays_away || compat_nng_closes_soundly())
        return 0;
    return peer->away_ns + (peer_nng_is_stuck() ? 0 : AWAY_MS * UINT64_C(1000000));
}

static void watch_away(struct sidetok_client *client, uint32_t i)
{
    struct peer *peer = &client->peers[i];
    if (peer->away_ns == 0 && peer->watched != 0)
        peer->away_ns = client_now_ns();
    uint64_t at_ns = renew_ns(peer);
    if (at_ns == 0 || client_now_ns() < at_ns)
        return;
    client_unwatch_peer(client, i);
    peer->is_renewed = peer_renew(peer) && client_watch_peer(client, i);
    peer->away_ns = client_now_ns() + (peer->is_renewed ? 0 : AWAY_MS * UINT64_C(1000000));
    peer_wake(client->wake_fd); /* what was sent over the former is lost */
}

void client_watch(struct sidetok_client *client)
{
    for (uint32_t i = 0; i < client->n_peers; i++) {
        struct peer *peer = &client->peers[i];
        if (atomic_load(&peer->pipe) == 0) {
            watch_away(client, i);
            continue;
        }
        peer->away_ns = 0;
        peer->is_renewed = false;
        if (client->silence_ns == 0)
            peer->proven = peer->watched = atomic_load(&peer->pipe);
        else if (is_of_interest(client, peer))
            watch(client, peer);
    }
}

static uint64_t next_of_peer(const struct sidetok_client *client, const struct peer *peer)
{
    if (atomic_load(&peer->pipe) == 0)
        return renew_ns(peer);
    if (client->silence_ns == 0 || !is_of_interest(client, peer))
        return 0;
    return peer->pinged_ns != 0 ? peer->pinged_ns + patience_ns(client, peer)
                                : peer->heard_ns + half_silence_ns(client);
}

uint64_t client_watch_ns(const struct sidetok_client *client)
{
    uint64_t next_ns = 0;
    for (uint32_t i = 0; i < client->n_peers; i++) {
        uint64_t one_ns = next_of_peer(client, &client->peers[i]);
        if (one_ns != 0 && (next_ns == 0 || one_ns < next_ns))
            next_ns = one_ns;
    }
    return next_ns;
}
