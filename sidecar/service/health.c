#include "health.h"

#include "http.h"
#include "log.h"
#include "service.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PEERS_MAX = 32,
    PATIENCE_MS = 5000, /* a connection lasts so long at most */
    TICK_MS = 500,
    LEFT_OVER_MAX_BYTES = 65536, /* what a peer may send after it was answered */
    PAUSE_MS = 100,              /* before the next accept when the system has no descriptor left */
};

struct peer {
    int fd;
    uint64_t since_ns;
    bool is_answered; /* what still comes is thrown away, so that the answer is not reset before it is read */
    size_t size, left_over;
    char head[HTTP_HEAD_MAX_BYTES];
};

struct health {
    struct service *service;
    pthread_t thread;
    atomic_bool stopping;
    int listener;
    size_t n_peers;
    struct peer peers[PEERS_MAX]; /* the oldest first */
};

bool health_url(struct str url, struct str *ret_host, struct str *ret_port)
{
    static const char scheme[] = "tcp://";
    if (!str_starts_with(url, STR("tcp://")))
        return false;
    struct str rest = str_from_offset(url, sizeof scheme - 1);
    const char *colon = memrchr(rest.data, ':', rest.size);
    if (!colon)
        return false;
    struct str host = {rest.data, (size_t)(colon - rest.data)};
    struct str port = str_from_offset(rest, host.size + 1);
    unsigned number = 0;
    for (size_t i = 0; i < port.size && number <= 65535; i++)
        number =
            port.data[i] >= '0' && port.data[i] <= '9' ? number * 10 + (unsigned)(port.data[i] - '0') : 65536;
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = (struct str){host.data + 1, host.size - 2};
    *ret_host = str_equal(host, STR("*")) ? STR("") : host;
    *ret_port = port;
    return port.size > 0 && number <= 65535 && host.size < 256;
}

static int listen_at(const struct addrinfo *entry)
{
    int one = 1, zero = 0;
    int fd = socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, entry->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (entry->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, entry->ai_addr, entry->ai_addrlen) == 0 && listen(fd, PEERS_MAX) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Every address is best asked for as IPv6, which takes IPv4 in; where there is no IPv6 it is IPv4's. */
static int open_listener(const char *host, const char *port)
{
    static const int families[] = {AF_INET6, AF_INET};
    int fd = -1;
    errno = EADDRNOTAVAIL;
    for (size_t i = 0; i < 2 && fd < 0; i++) {
        struct addrinfo hints = {
            .ai_family = families[i], .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
        struct addrinfo *found;
        if (getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0)
            continue;
        for (const struct addrinfo *entry = found; entry && fd < 0; entry = entry->ai_next)
            fd = listen_at(entry);
        freeaddrinfo(found);
    }
    return fd;
}

static void log_address(int fd, struct str url)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    char port[16] = "";
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port, NI_NUMERICSERV);
    log_line(LOG_LEVEL_INFO, "health on %.*s, port %s", STR_ARG(url), port);
}

static void drop(struct health *health, size_t index)
{
    close(health->peers[index].fd);
    health->n_peers--;
    memmove(&health->peers[index], &health->peers[index + 1],
            (health->n_peers - index) * sizeof health->peers[0]);
}

/* The answer is far smaller than a socket's buffer: it goes out at once, or the peer is not worth it. */
static bool answer(struct health *health, struct peer *peer)
{
    char bytes[HTTP_ANSWER_MAX_BYTES];
    struct handler_status status;
    service_status(health->service, &status);
    size_t size = http_answer((struct str){peer->head, peer->size}, &status, bytes);
    if (size == 0)
        return true;
    peer->is_answered = true;
    return send(peer->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size &&
           shutdown(peer->fd, SHUT_WR) == 0;
}

/* Reads what a peer has sent, one buffer at a time, so that nobody keeps the others waiting. False: to be
 * dropped. */
static bool hear(struct health *health, struct peer *peer)
{
    if (peer->is_answered)
        peer->size = 0;
    ssize_t n = recv(peer->fd, peer->head + peer->size, sizeof peer->head - peer->size, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    peer->size += (size_t)n;
    if (!peer->is_answered)
        return answer(health, peer);
    peer->left_over += (size_t)n;
    return peer->left_over <= LEFT_OVER_MAX_BYTES;
}

static void accept_peers(struct health *health)
{
    for (size_t n = 0; n < PEERS_MAX; n++) {
        int fd = accept4(health->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                service_sleep_ms(PAUSE_MS);
            return;
        }
        if (health->n_peers == PEERS_MAX)
            drop(health, 0);
        struct peer *peer = &health->peers[health->n_peers++];
        peer->fd = fd;
        peer->since_ns = service_now_ns();
        peer->is_answered = false;
        peer->size = peer->left_over = 0;
        if (!hear(health, peer)) /* a probe has mostly asked already */
            drop(health, health->n_peers - 1);
    }
}

static void hear_peers(struct health *health, const struct pollfd *entries)
{
    uint64_t now = service_now_ns();
    for (size_t i = health->n_peers; i-- > 0;) {
        struct peer *peer = &health->peers[i];
        bool is_late = now - peer->since_ns > PATIENCE_MS * UINT64_C(1000000);
        if ((entries[i].revents && !hear(health, peer)) || is_late)
            drop(health, i);
    }
}

static void *health_run(void *context)
{
    struct health *health = context;
    struct pollfd entries[PEERS_MAX + 1];
    pthread_setname_np(pthread_self(), "sidetok-health");
    while (!atomic_load(&health->stopping)) {
        for (size_t i = 0; i < health->n_peers; i++)
            entries[i] = (struct pollfd){.fd = health->peers[i].fd, .events = POLLIN};
        struct pollfd *listener = &entries[health->n_peers];
        *listener = (struct pollfd){.fd = health->listener, .events = POLLIN};
        if (poll(entries, (nfds_t)health->n_peers + 1, TICK_MS) < 0)
            continue;
        bool somebody_comes = listener->revents != 0;
        hear_peers(health, entries);
        if (somebody_comes)
            accept_peers(health);
    }
    return NULL;
}

enum sidetok_error health_open(struct call *call, struct str url, struct service *service,
                               struct health **ret_health)
{
    struct str host, port;
    char host_text[256] = "", port_text[8] = "";
    struct health *health = calloc(1, sizeof *health);
    if (!health)
        return failure_no_memory(call);
    if (health_url(url, &host, &port) && port.size < sizeof port_text) {
        memcpy(host_text, host.data, host.size);
        memcpy(port_text, port.data, port.size);
    }
    health->service = service;
    health->listener = open_listener(host_text, port_text);
    if (health->listener < 0 || pthread_create(&health->thread, NULL, health_run, health) != 0) {
        failure_set(call, SIDETOK_E_SYSTEM, "health: %.*s: %s", STR_ARG(url), strerror(errno));
        if (health->listener >= 0)
            close(health->listener);
        free(health);
        return SIDETOK_E_SYSTEM;
    }
    log_address(health->listener, url);
    *ret_health = health;
    return SIDETOK_OK;
}

void health_close(struct health *health)
{
    if (!health)
        return;
    atomic_store(&health->stopping, true);
    pthread_join(health->thread, NULL);
    while (health->n_peers > 0)
        drop(health, health->n_peers - 1);
    close(health->listener);
    free(health);
}
