#include "client.h"
#include "request.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

uint32_t client_note_connected(struct sidetok_client *client)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < client->n_peers; i++)
        n += peer_is_connected(&client->peers[i]);
    if (n > 0)
        client->away_since_ns = 0;
    else if (client->away_since_ns == 0)
        client->away_since_ns = client_now_ns();
    return n;
}

/** Replies that nng can't queue are lost in silence: never more under way than fit. Pings may use what the
 * rest leaves. */
static bool has_room(const struct sidetok_client *client, const struct peer *peer, bool is_urgent)
{
    return peer->sent.n < (is_urgent ? (uint32_t)PEER_SENT_MAX : client->max_sent);
}

/** The connected peer with room and the fewest unanswered, the first on a tie; NULL when all are away, full
 * or blocked. */
static struct peer *choose_peer(const struct sidetok_client *client, bool is_urgent)
{
    struct peer *best = NULL;
    for (uint32_t i = 0; i < client->n_peers; i++) {
        struct peer *peer = &client->peers[i];
        if (peer_is_connected(peer) && !peer->is_blocked && has_room(client, peer, is_urgent) &&
            (!best || peer->sent.n < best->sent.n))
            best = peer;
    }
    return best;
}

/** The request waited: the sidecar is to know what is left, not what there was. Rounded up. */
static void update_timeout(const struct pending *entry)
{
    if (entry->deadline_ns == 0)
        return;
    uint64_t now_ns = client_now_ns();
    uint64_t left_ns =
        entry->deadline_ns > now_ns ? entry->deadline_ns - now_ns : 1; /* 0 would mean no limit */
    message_set_timeout(nng_msg_body(entry->message), nng_msg_len(entry->message),
                        (uint32_t)((left_ns + 999999) / 1000000));
}

/**
 * The connection is read before sending: should another one take its place in between, the request counts as
 * sent on the old one and fails as lost, rather than being taken for safe. Nothing is ever sent twice.
 */
static int send_to(struct sidetok_client *client, struct peer *peer, uint32_t slot)
{
    struct pending *entry = &client->table.slots[slot];
    uint32_t pipe = atomic_load(&peer->pipe);
    int error = compat_nng_try_send(peer->socket, peer->send_fd, entry->message);
    if (error)
        return error;
    if (peer->sent.n == 0)
        peer->heard_ns = client_now_ns(); /* it owes something from now on */
    entry->message = NULL;
    entry->state = entry->done ? PENDING_SENT : PENDING_GHOST;
    entry->peer = (uint32_t)(peer - client->peers);
    entry->pipe = pipe;
    pending_move(&client->table, slot, &peer->sent);
    if (pipe == 0) { /* it went away just before: see that someone looks */
        peer->must_check_loss = true;
        peer_wake(client->wake_fd);
    }
    return 0;
}

static void fail_later(struct sidetok_client *client, uint32_t slot, enum sidetok_error error)
{
    struct pending *entry = &client->table.slots[slot];
    nng_msg_free(entry->message);
    entry->message = NULL;
    entry->state = PENDING_FAILED;
    entry->error = error;
    pending_move(&client->table, slot, &client->failed);
    peer_wake(client->wake_fd);
}

/** A cancel makes sense only to the sidecar that has the request, on the connection over which it went. */
static void send_cancels(struct sidetok_client *client, struct peer *peer)
{
    while (peer->cancels.n > 0 && !peer->is_blocked && has_room(client, peer, true) &&
           client->table.slots[peer->cancels.first].pipe == atomic_load(&peer->pipe)) {
        int error = send_to(client, peer, peer->cancels.first);
        peer->is_blocked = error == NNG_EAGAIN;
        if (error && error != NNG_EAGAIN)
            fail_later(client, peer->cancels.first, SIDETOK_E_SYSTEM);
    }
}

static void send_list(struct sidetok_client *client, struct pending_list *list)
{
    bool is_urgent = list == &client->urgent;
    struct peer *peer;
    while (list->n > 0 && (peer = choose_peer(client, is_urgent)) != NULL) {
        uint32_t slot = list->first;
        update_timeout(&client->table.slots[slot]);
        int error = send_to(client, peer, slot);
        if (error == NNG_EAGAIN)
            peer->is_blocked = true;
        else if (error)
            fail_later(client, slot, error == NNG_ENOMEM ? SIDETOK_E_NO_MEMORY : SIDETOK_E_SYSTEM);
    }
}

/** A send descriptor is readable whenever nng would take a message, so it is polled only while we wait for
 * that. */
static void arm_senders(struct sidetok_client *client)
{
    bool has_work = client->queue.n > 0 || client->urgent.n > 0;
    for (uint32_t i = 0; i < client->n_peers; i++) {
        struct peer *peer = &client->peers[i];
        bool has_own = peer->cancels.n > 0 || peer->must_ping;
        bool wanted = (has_own || (has_work && peer_is_connected(peer))) && peer->is_blocked &&
                      atomic_load(&peer->pipe) != 0;
        if (wanted == peer->is_armed)
            continue;
        struct epoll_event event = {.events = wanted ? EPOLLIN : 0, .data.u32 = 3 + 2 * i};
        if (epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, peer->send_fd, &event) == 0)
            peer->is_armed = wanted;
    }
}

/** A slot of its own for a message in which nobody waits, PENDING_NONE without memory. */
static uint32_t take_own(struct sidetok_client *client, const struct message_request *fields)
{
    uint32_t slot = pending_take(&client->table);
    if (slot == PENDING_NONE)
        return PENDING_NONE;
    struct pending *entry = &client->table.slots[slot]; /* taking it may have moved the table */
    if (request_pack(fields, pending_wire_id(entry->id), &entry->message) != SIDETOK_OK) {
        pending_release(&client->table, slot);
        return PENDING_NONE;
    }
    entry->state = PENDING_QUEUED;
    return slot;
}

/** Where there is no slot or memory for it, nothing is asked, and nothing owed. */
static void send_ping(struct sidetok_client *client, struct peer *peer)
{
    const struct message_request fields = {.op = MESSAGE_OP_PING};
    if (peer->is_blocked || atomic_load(&peer->pipe) == 0)
        return;
    uint32_t slot = take_own(client, &fields);
    if (slot == PENDING_NONE) {
        peer->must_ping = false;
        peer->pinged_ns = 0;
        peer->heard_ns = client_now_ns();
        return;
    }
    int error = send_to(client, peer, slot);
    peer->is_blocked = error == NNG_EAGAIN;
    peer->must_ping = error == NNG_EAGAIN;
    if (error) {
        nng_msg_free(client->table.slots[slot].message);
        pending_release(&client->table, slot);
    }
}

void client_send_ping(struct sidetok_client *client, struct peer *peer)
{
    peer->must_ping = true;
    send_ping(client, peer);
    arm_senders(client);
}

void client_send(struct sidetok_client *client)
{
    for (uint32_t i = 0; i < client->n_peers; i++) {
        if (client->peers[i].must_ping)
            send_ping(client, &client->peers[i]);
        send_cancels(client, &client->peers[i]);
    }
    send_list(client, &client->urgent);
    send_list(client, &client->queue);
    arm_senders(client);
}

/** The reply to the cancel message tells whether the target's is to come. */
void client_send_cancel(struct sidetok_client *client, uint32_t target)
{
    uint64_t target_id = client->table.slots[target].id;
    const struct message_request fields = {.op = MESSAGE_OP_CANCEL, .cancel = pending_wire_id(target_id)};
    uint32_t slot = take_own(client, &fields);
    if (slot == PENDING_NONE)
        return;
    struct pending *entry = &client->table.slots[slot];
    entry->cancels = target_id;
    entry->peer = client->table.slots[target].peer;
    entry->pipe = client->table.slots[target].pipe;
    pending_move(&client->table, slot, &client->peers[entry->peer].cancels);
    client_send(client);
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns == 0 || (b_ns != 0 && b_ns < a_ns) ? b_ns : a_ns;
}

uint64_t client_next_ns(const struct sidetok_client *client)
{
    uint32_t slot = pending_earliest(&client->table);
    uint64_t next_ns = slot == PENDING_NONE ? 0 : client->table.slots[slot].deadline_ns;
    bool is_impatient = client->away_since_ns > 0 && client->connect_timeout_ns > 0 &&
                        (client->queue.n > 0 || client->urgent.n > 0) && !client_is_proving(client);
    if (is_impatient)
        next_ns = earlier(next_ns, client->away_since_ns + client->connect_timeout_ns);
    return earlier(next_ns, client_watch_ns(client));
}

/** Set too early, it goes off once for nothing; that is rarer than setting it for each request. */
void client_arm_timer(struct sidetok_client *client)
{
    uint64_t next_ns = client_next_ns(client);
    if (next_ns == 0 || (client->armed_ns != 0 && client->armed_ns <= next_ns))
        return;
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(next_ns / 1000000000), .tv_nsec = (long)(next_ns % 1000000000)}};
    if (timerfd_settime(client->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) == 0)
        client->armed_ns = next_ns;
}
