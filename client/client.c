#include "client.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_MAX_PENDING = PENDING_MAX - 1,
    DEFAULT_MAX_SENT = 56,
    DEFAULT_CONNECT_TIMEOUT_MS = 5000,
    DEFAULT_SILENCE_MS = 5000
};

static const uint64_t NS_PER_MS = 1000000;

const char *sidetok_version(void)
{
    return SIDETOK_VERSION;
}

const char *sidetok_error_name(enum sidetok_error error)
{
    return error_name(error);
}

/** What epoll reports: 0 for the eventfd, 1 for the timer, then two for each peer. See process.c. */
static bool watch_fd(const struct sidetok_client *client, int fd, uint32_t events, uint32_t tag)
{
    struct epoll_event event = {.events = events, .data.u32 = tag};
    return epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool client_watch_peer(const struct sidetok_client *client, uint32_t i)
{
    const struct peer *peer = &client->peers[i];
    return watch_fd(client, peer->recv_fd, EPOLLIN, 2 + 2 * i) &&
           watch_fd(client, peer->send_fd, 0, 3 + 2 * i);
}

void client_unwatch_peer(const struct sidetok_client *client, uint32_t i)
{
    const struct peer *peer = &client->peers[i];
    epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, peer->recv_fd, NULL);
    epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, peer->send_fd, NULL);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

bool client_watch_descriptors(struct sidetok_client *client)
{
    close_fd(client->epoll_fd);
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    bool is_watched = client->epoll_fd >= 0 && watch_fd(client, client->wake_fd, EPOLLIN, 0) &&
                      watch_fd(client, client->timer_fd, EPOLLIN, 1);
    for (uint32_t i = 0; is_watched && i < client->n_peers; i++) {
        client->peers[i].is_armed = false;
        is_watched = client_watch_peer(client, i);
    }
    return is_watched;
}

static enum sidetok_error open_descriptors(struct sidetok_client *client)
{
    client->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    client->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    bool is_open = client->wake_fd >= 0 && client->timer_fd >= 0 && client_watch_descriptors(client);
    return is_open ? SIDETOK_OK : SIDETOK_E_SYSTEM;
}

/** The number of words between blanks. */
static uint32_t count_urls(const char *urls)
{
    uint32_t n = 0;
    for (const char *at = urls + strspn(urls, " "); *at; at += strspn(at, " ")) {
        at += strcspn(at, " ");
        n++;
    }
    return n;
}

static enum sidetok_error open_peer(struct sidetok_client *client, uint32_t i, const char *url)
{
    struct peer *peer = &client->peers[i];
    enum sidetok_error error = peer_open(peer, url, client->wake_fd);
    client->n_peers++;
    if (error)
        return error;
    return client_watch_peer(client, i) ? SIDETOK_OK : SIDETOK_E_SYSTEM;
}

static enum sidetok_error open_peers(struct sidetok_client *client, const char *urls)
{
    uint32_t n = count_urls(urls);
    if (n == 0)
        return SIDETOK_E_INVALID_ARGUMENT;
    char *copy = strdup(urls);
    client->peers = calloc(n, sizeof *client->peers);
    enum sidetok_error error = copy && client->peers ? SIDETOK_OK : SIDETOK_E_NO_MEMORY;
    char *rest = copy;
    for (uint32_t i = 0; !error && i < n; i++)
        error = open_peer(client, i, strtok_r(i == 0 ? copy : NULL, " ", &rest));
    free(copy);
    return error;
}

/** nng's threads do not live on in a forked child, where its next call aborts the process. */
static bool is_child_of_user(pid_t pid)
{
    static _Atomic pid_t user; /* the first process in which a client was opened */
    pid_t none = 0;
    return !atomic_compare_exchange_strong(&user, &none, pid) && none != pid;
}

static enum sidetok_error client_open(struct sidetok_client *client, const char *urls)
{
    if (is_child_of_user(client->pid))
        return SIDETOK_E_FORKED;
    if (compat_nng_start() != 0)
        return SIDETOK_E_SYSTEM;
    enum sidetok_error error = open_descriptors(client);
    return error ? error : open_peers(client, urls);
}

void client_free(struct sidetok_client *client)
{
    for (uint32_t i = 0; i < client->n_peers; i++)
        (client_is_forked(client) ? peer_forget : peer_close)(&client->peers[i]);
    if (!client_is_forked(client)) {
        for (uint32_t slot = 0; slot < client->table.n_slots; slot++)
            if (client->table.slots[slot].message)
                nng_msg_free(client->table.slots[slot].message);
    }
    close_fd(client->epoll_fd);
    close_fd(client->wake_fd);
    close_fd(client->timer_fd);
    pending_done(&client->table);
    free(client->peers);
    free(client);
}

enum sidetok_error sidetok_client_open(const char *urls, struct sidetok_client **ret)
{
    if (!urls || !ret)
        return SIDETOK_E_INVALID_ARGUMENT;
    struct sidetok_client *client = calloc(1, sizeof *client);
    if (!client)
        return SIDETOK_E_NO_MEMORY;
    client->pid = getpid();
    client->epoll_fd = client->wake_fd = client->timer_fd = -1;
    client->max_pending = DEFAULT_MAX_PENDING;
    client->max_sent = DEFAULT_MAX_SENT;
    client->connect_timeout_ns = DEFAULT_CONNECT_TIMEOUT_MS * NS_PER_MS;
    client->silence_ns = DEFAULT_SILENCE_MS * NS_PER_MS;
    client->away_since_ns = client_now_ns();
    pending_init(&client->table);
    pending_list_init(&client->urgent);
    pending_list_init(&client->queue);
    pending_list_init(&client->failed);
    enum sidetok_error error = client_open(client, urls);
    if (error) {
        client_free(client);
        return error;
    }
    *ret = client;
    return SIDETOK_OK;
}

static void end(struct sidetok_client *client)
{
    bool is_forked = client_is_forked(client);
    bool is_sound = is_forked || (client_is_at_rest(client) && !peer_nng_is_stuck());
    bool returns = is_forked || compat_nng_closes_soundly();
    bool is_left = is_sound ? !returns && client_free_aside(client) : client_linger(client);
    if (!is_left)
        client_free(client);
}

void sidetok_client_close(struct sidetok_client *client)
{
    if (!client)
        return;
    client->is_closed = true;
    if (!client->is_processing || client_is_forked(client))
        end(client);
}

static bool set_within(uint32_t *setting, long value, long max)
{
    if (value < 1 || value > max)
        return false;
    *setting = (uint32_t)value;
    return true;
}

static bool set_time(uint64_t *setting_ns, long value_ms)
{
    if (value_ms < 0 || value_ms > INT32_MAX)
        return false;
    *setting_ns = (uint64_t)value_ms * NS_PER_MS;
    return true;
}

enum sidetok_error sidetok_client_set(struct sidetok_client *client, enum sidetok_setting setting, long value)
{
    if (client_is_forked(client))
        return SIDETOK_E_FORKED;
    bool is_set = false;
    if (setting == SIDETOK_SETTING_MAX_PENDING)
        is_set = set_within(&client->max_pending, value, PENDING_MAX - 1);
    else if (setting == SIDETOK_SETTING_MAX_SENT)
        is_set = set_within(&client->max_sent, value, DEFAULT_MAX_SENT);
    else if (setting == SIDETOK_SETTING_CONNECT_TIMEOUT_MS)
        is_set = set_time(&client->connect_timeout_ns, value);
    else if (setting == SIDETOK_SETTING_SILENCE_MS)
        is_set = set_time(&client->silence_ns, value);
    if (is_set)
        client_arm_timer(client);
    return is_set ? SIDETOK_OK : SIDETOK_E_INVALID_ARGUMENT;
}

int sidetok_client_fd(const struct sidetok_client *client)
{
    return client_is_forked(client) ? -1 : client->epoll_fd;
}

size_t sidetok_client_pending(const struct sidetok_client *client)
{
    return client_is_forked(client) ? 0 : client->table.n_awaited;
}

size_t sidetok_client_connected(const struct sidetok_client *client)
{
    size_t n = 0;
    for (uint32_t i = 0; !client_is_forked(client) && i < client->n_peers; i++)
        n += peer_is_connected(&client->peers[i]);
    return n;
}

int sidetok_client_timeout_ms(const struct sidetok_client *client)
{
    if (client_is_forked(client))
        return -1;
    if (client->failed.n > 0)
        return 0;
    uint64_t next_ns = client_next_ns(client), now_ns = client_now_ns();
    if (next_ns == 0)
        return -1;
    if (next_ns <= now_ns)
        return 0;
    uint64_t left_ms = (next_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

enum sidetok_error sidetok_client_process(struct sidetok_client *client)
{
    if (client_is_forked(client))
        return SIDETOK_E_FORKED;
    if (client->is_processing)
        return SIDETOK_E_INVALID_ARGUMENT;
    client->is_processing = true;
    client_process(client);
    client->is_processing = false;
    if (!client->is_closed)
        return SIDETOK_OK;
    end(client);
    return SIDETOK_E_SHUTTING_DOWN;
}

static enum sidetok_error refuse_submit(struct sidetok_client *client, const struct sidetok_request *request,
                                        sidetok_done *done)
{
    if (client_is_forked(client))
        return SIDETOK_E_FORKED;
    if (client->is_closed)
        return SIDETOK_E_SHUTTING_DOWN;
    if (!request || !done)
        return SIDETOK_E_INVALID_ARGUMENT;
    if (client->table.n_awaited >= client->max_pending)
        return SIDETOK_E_BUSY;
    bool is_away = client_note_connected(client) == 0 && client->connect_timeout_ns > 0;
    if (is_away && !client_is_proving(client) &&
        client_now_ns() - client->away_since_ns >= client->connect_timeout_ns)
        return SIDETOK_E_NOT_CONNECTED;
    return SIDETOK_OK;
}

static void enqueue(struct sidetok_client *client, uint32_t slot, const struct message_request *fields)
{
    struct pending *entry = &client->table.slots[slot];
    entry->state = PENDING_QUEUED;
    client->table.n_awaited++;
    pending_move(&client->table, slot, fields->op == MESSAGE_OP_PING ? &client->urgent : &client->queue);
    if (fields->timeout_ms > 0)
        pending_set_deadline(&client->table, slot, client_now_ns() + fields->timeout_ms * NS_PER_MS);
}

enum sidetok_error sidetok_client_submit(struct sidetok_client *client, const struct sidetok_request *request,
                                         sidetok_done *done, void *user, uint64_t *ret_id)
{
    enum sidetok_error error = refuse_submit(client, request, done);
    if (error)
        return error;
    uint32_t slot = pending_take(&client->table);
    if (slot == PENDING_NONE)
        return client->table.n_slots == PENDING_MAX ? SIDETOK_E_BUSY : SIDETOK_E_NO_MEMORY;
    struct pending *entry = &client->table.slots[slot];
    error = request_pack(&request->fields, pending_wire_id(entry->id), &entry->message);
    if (error) {
        pending_release(&client->table, slot);
        return error;
    }
    entry->done = done;
    entry->user = user;
    if (ret_id)
        *ret_id = entry->id;
    enqueue(client, slot, &request->fields);
    client_send(client);
    client_arm_timer(client);
    return SIDETOK_OK;
}

enum sidetok_error sidetok_client_cancel(struct sidetok_client *client, uint64_t id)
{
    if (client_is_forked(client))
        return SIDETOK_E_FORKED;
    uint32_t slot = pending_find(&client->table, id);
    if (slot == PENDING_NONE || !client->table.slots[slot].done)
        return SIDETOK_E_INVALID_ARGUMENT;
    struct pending *entry = &client->table.slots[slot];
    client->table.n_awaited--;
    entry->done = NULL;
    if (entry->state == PENDING_SENT) {
        entry->state = PENDING_GHOST;
        pending_set_deadline(&client->table, slot, 0);
        client_send_cancel(client, slot);
        return SIDETOK_OK;
    }
    if (entry->message)
        nng_msg_free(entry->message);
    pending_release(&client->table, slot);
    return SIDETOK_OK;
}
