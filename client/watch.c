#include "client.h"

/* A connection may stand and nobody be behind it: nng before 1.10 greets peers that it never serves (issue
 * 1518), a machine may vanish without a word, a sidecar may be stopped. A ping tells, because a sidecar
 * answers it at once, whatever it works on. */

static bool is_of_interest(const struct peer *peer)
{
    return atomic_load(&peer->pipe) != 0 && (!peer_is_connected(peer) || peer->sent.n > 0);
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
}

static void ping(struct sidetok_client *client, struct peer *peer)
{
    client_send_ping(client, peer);
    peer->pinged_ns = client_now_ns();
}

static void watch(struct sidetok_client *client, struct peer *peer)
{
    uint32_t pipe = atomic_load(&peer->pipe);
    uint64_t now_ns = client_now_ns(), half_ns = client->silence_ns / 2;
    if (pipe != peer->watched) {
        peer->watched = pipe;
        ping(client, peer);
    } else if (peer->pinged_ns != 0 && now_ns >= peer->pinged_ns + half_ns) {
        peer_drop(peer);
    } else if (peer->pinged_ns == 0 && now_ns >= peer->heard_ns + half_ns) {
        ping(client, peer);
    }
}

void client_watch(struct sidetok_client *client)
{
    for (uint32_t i = 0; i < client->n_peers; i++) {
        struct peer *peer = &client->peers[i];
        if (client->silence_ns == 0)
            peer->proven = atomic_load(&peer->pipe);
        else if (is_of_interest(peer))
            watch(client, peer);
    }
}

uint64_t client_watch_ns(const struct sidetok_client *client)
{
    uint64_t next_ns = 0;
    for (uint32_t i = 0; client->silence_ns != 0 && i < client->n_peers; i++) {
        const struct peer *peer = &client->peers[i];
        if (!is_of_interest(peer))
            continue;
        uint64_t since_ns = peer->pinged_ns != 0 ? peer->pinged_ns : peer->heard_ns;
        if (next_ns == 0 || since_ns + client->silence_ns / 2 < next_ns)
            next_ns = since_ns + client->silence_ns / 2;
    }
    return next_ns;
}
