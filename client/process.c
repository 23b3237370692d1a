#include "client.h"
#include "reply.h"

#include <sys/epoll.h>

enum { REPLIES_PER_CALL = 32, TURN_NS = 500000, EVENTS_PER_CALL = 64, TAG_WAKE = 0, TAG_TIMER = 1 };

/** What one call may still do. */
struct turn {
    uint32_t n_replies;
    uint64_t end_ns;
};

static void clear_fd(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got; /* nothing to read is fine: it was for the last round */
}

/**
 * Ends a request: its slot is free before the callback runs, so that the callback may submit, cancel or
 * close. Slots may have moved when this returns.
 */
static void finish(struct sidetok_client *client, uint32_t slot, struct sidetok_reply *reply)
{
    struct pending *entry = &client->table.slots[slot];
    sidetok_done *done = entry->done;
    void *user = entry->user;
    if (entry->message)
        nng_msg_free(entry->message);
    pending_release(&client->table, slot);
    if (!done)
        return;
    client->table.n_awaited--;
    done(client, user, reply);
}

static void finish_with_error(struct sidetok_client *client, uint32_t slot, enum sidetok_error error)
{
    struct sidetok_reply reply = {0};
    reply_set_error(&reply, error);
    finish(client, slot, &reply);
}

/** A cancel that caught its target in time: the sidecar won't answer that one any more. */
static void release_cancelled(struct sidetok_client *client, uint64_t target_id,
                              const struct sidetok_reply *reply)
{
    uint32_t target = pending_find(&client->table, target_id);
    if (target != PENDING_NONE && client->table.slots[target].state == PENDING_GHOST &&
        sidetok_reply_count(reply) == 1)
        pending_release(&client->table, target);
}

/** A reply to nobody (a stranger's id, another connection's) is dropped. */
static void on_message(struct sidetok_client *client, uint32_t peer, nng_msg *message)
{
    uint32_t wire_id = 0;
    client_heard(&client->peers[peer], (uint32_t)nng_pipe_id(nng_msg_get_pipe(message)));
    uint32_t slot = nng_msg_header_trim_u32(message, &wire_id) == 0
                        ? pending_find_wire(&client->table, wire_id)
                        : PENDING_NONE;
    struct pending *entry = slot == PENDING_NONE ? NULL : &client->table.slots[slot];
    bool is_ours =
        entry && (entry->state == PENDING_SENT || entry->state == PENDING_GHOST) && entry->peer == peer;
    if (!is_ours) {
        nng_msg_free(message);
        return;
    }
    struct sidetok_reply reply = {0};
    reply_read(&reply, message);
    if (entry->cancels != 0)
        release_cancelled(client, entry->cancels, &reply);
    finish(client, slot, &reply);
    reply_done(&reply);
}

/** Receives until nothing is left (true) or the turn is over or the client closed (false). */
static bool receive(struct sidetok_client *client, uint32_t i, struct turn *turn)
{
    while (turn->n_replies > 0 && !client->is_closed) {
        nng_msg *message;
        if (compat_nng_try_receive(client->peers[i].socket, client->peers[i].recv_fd, &message) != 0)
            return true;
        turn->n_replies--;
        on_message(client, i, message);
        if (client_now_ns() >= turn->end_ns)
            turn->n_replies = 0;
    }
    return false;
}

/** All that the lost connection had delivered is read: what it still owes will never come. */
static void fail_lost(struct sidetok_client *client, struct peer *peer)
{
    uint32_t pipe = atomic_load(&peer->pipe);
    peer->must_check_loss = false;
    while (peer->cancels.n > 0 && client->table.slots[peer->cancels.first].pipe != pipe)
        finish_with_error(client, peer->cancels.first, SIDETOK_E_PEER_LOST); /* nobody waits for it */
    while (!client->is_closed && peer->sent.n > 0) {
        uint32_t slot = peer->sent.first; /* the oldest: those of an older connection come first */
        if (client->table.slots[slot].pipe == pipe && pipe != 0)
            return;
        finish_with_error(client, slot, SIDETOK_E_PEER_LOST);
    }
}

/** Callbacks that copy megabytes take their time: the loop has a turn after half a millisecond of them
 * (bench/loop_lag.c). Each round begins with another peer: where callbacks take all of it, the first would
 * have replies again and again, and the others would never be read. */
static void receive_all(struct sidetok_client *client)
{
    struct turn turn = {.n_replies = REPLIES_PER_CALL, .end_ns = client_now_ns() + TURN_NS};
    uint32_t first = client->first_peer++;
    for (uint32_t n = 0; n < client->n_peers && !client->is_closed; n++) {
        uint32_t i = (first % client->n_peers + n) % client->n_peers;
        struct peer *peer = &client->peers[i];
        bool is_drained = receive(client, i, &turn);
        if (is_drained && peer->must_check_loss)
            fail_lost(client, peer);
    }
    if (turn.n_replies == 0 && !client->is_closed)
        peer_wake(client->wake_fd); /* there may be more: an edge-triggered loop needs another edge */
}

static void fail_unsent(struct sidetok_client *client)
{
    while (client->failed.n > 0 && !client->is_closed)
        finish_with_error(client, client->failed.first, client->table.slots[client->failed.first].error);
}

/** A request that was sent leaves a ghost, which keeps its id from being used again until the reply came. */
static void expire_one(struct sidetok_client *client, uint32_t slot)
{
    struct pending *entry = &client->table.slots[slot];
    if (entry->state != PENDING_SENT) {
        finish_with_error(client, slot,
                          client->away_since_ns > 0 ? SIDETOK_E_NOT_CONNECTED : SIDETOK_E_EXPIRED);
        return;
    }
    struct sidetok_reply reply = {0};
    sidetok_done *done = entry->done;
    void *user = entry->user;
    entry->state = PENDING_GHOST;
    entry->done = NULL;
    client->table.n_awaited--;
    pending_set_deadline(&client->table, slot, 0);
    reply_set_error(&reply, SIDETOK_E_EXPIRED);
    done(client, user, &reply);
}

static void expire(struct sidetok_client *client)
{
    uint64_t now_ns = client_now_ns();
    client->armed_ns = 0;
    for (uint32_t slot = pending_earliest(&client->table); slot != PENDING_NONE && !client->is_closed;
         slot = pending_earliest(&client->table)) {
        if (client->table.slots[slot].deadline_ns > now_ns)
            return;
        expire_one(client, slot);
    }
}

/** No sidecar for longer than the caller's patience: those that wait for one hear so now. Later ones are
 * refused at submit. */
static void lose_patience(struct sidetok_client *client)
{
    if (client_note_connected(client) > 0 || client->connect_timeout_ns == 0 || client_is_proving(client) ||
        client_now_ns() < client->away_since_ns + client->connect_timeout_ns)
        return;
    struct pending_list *lists[] = {&client->urgent, &client->queue};
    for (size_t i = 0; i < 2; i++)
        while (lists[i]->n > 0 && !client->is_closed)
            finish_with_error(client, lists[i]->first, SIDETOK_E_NOT_CONNECTED);
}

static void take_events(struct sidetok_client *client, bool *ret_is_time)
{
    struct epoll_event events[EVENTS_PER_CALL];
    int n = epoll_wait(client->epoll_fd, events, EVENTS_PER_CALL, 0);
    *ret_is_time = false;
    for (int i = 0; i < n; i++) {
        uint32_t tag = events[i].data.u32;
        if (tag == TAG_WAKE)
            clear_fd(client->wake_fd);
        else if (tag == TAG_TIMER)
            clear_fd(client->timer_fd);
        if (tag == TAG_TIMER)
            *ret_is_time = true;
        else if (tag == TAG_WAKE)
            for (uint32_t j = 0; j < client->n_peers; j++)
                client->peers[j].must_check_loss = true;
        else if (tag % 2 == 1)
            client->peers[(tag - 3) / 2].is_blocked = false;
    }
}

void client_process(struct sidetok_client *client)
{
    bool is_time;
    take_events(client, &is_time);
    for (uint32_t i = 0; i < client->n_peers; i++)
        if (client->peers[i].must_check_loss)
            client->peers[i].is_blocked = false; /* a new connection takes messages again */
    receive_all(client);
    if (!client->is_closed)
        client_watch(client);
    client_note_connected(client);
    fail_unsent(client);
    if (is_time)
        expire(client);
    if (!client->is_closed)
        lose_patience(client);
    if (client->is_closed)
        return;
    client_send(client);
    client_arm_timer(client);
}
