#include "probe.h"

#include "proto/message.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The handshake of SP and its frames. Rule: SP over TCP (sp-tcp-mapping-01); nng's ipc puts a byte 1 before
 * each frame. */
static const uint8_t req_hello[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
static const uint8_t request_id[4] = {0x80, 0, 0, 1};

struct probe {
    int fd;
    bool is_ipc;
    uint64_t deadline_ns;
};

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* False when the deadline passes or the peer is gone. */
static bool wait_for(const struct probe *probe, short events)
{
    uint64_t now = now_ns();
    if (now >= probe->deadline_ns)
        return false;
    struct pollfd entry = {.fd = probe->fd, .events = events};
    return poll(&entry, 1, (int)((probe->deadline_ns - now) / 1000000 + 1)) > 0;
}

static bool receive(const struct probe *probe, uint8_t *bytes, size_t size)
{
    while (size > 0) {
        if (!wait_for(probe, POLLIN))
            return false;
        ssize_t n = recv(probe->fd, bytes, size, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* The few bytes of a probe fit any socket's buffer. */
static bool transmit(const struct probe *probe, const void *bytes, size_t size)
{
    return wait_for(probe, POLLOUT) &&
           send(probe->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

/* One frame: [1] length(8, big endian) id(4) body. */
static bool send_ping(const struct probe *probe)
{
    uint8_t frame[64], body[16];
    struct message_request ping = {.op = MESSAGE_OP_PING};
    struct msgpack_writer out = msgpack_writer_fixed(body, sizeof body);
    if (message_pack_request(&out, &ping) != SIDETOK_OK)
        return false;
    size_t n = 0, length = sizeof request_id + out.size;
    if (probe->is_ipc)
        frame[n++] = 1;
    for (int shift = 56; shift >= 0; shift -= 8)
        frame[n++] = (uint8_t)(length >> shift);
    memcpy(frame + n, request_id, sizeof request_id);
    memcpy(frame + n + sizeof request_id, body, out.size);
    return transmit(probe, frame, n + length);
}

/* The whole reply is read, whatever it says: what leaves nothing unread leaves in peace. */
static bool receive_reply(const struct probe *probe)
{
    enum { REPLY_MAX_BYTES = 1 << 20 };
    uint8_t head[9], bytes[512];
    size_t n_head = probe->is_ipc ? 9 : 8;
    if (!receive(probe, head, n_head))
        return false;
    uint64_t length = 0;
    for (size_t i = n_head - 8; i < n_head; i++)
        length = length << 8 | head[i];
    if (length > REPLY_MAX_BYTES)
        return false;
    while (length > 0) {
        size_t n = length < sizeof bytes ? (size_t)length : sizeof bytes;
        if (!receive(probe, bytes, n))
            return false;
        length -= n;
    }
    return true;
}

/* A connection in fd, or its socket is closed. timeout: SO_SNDTIMEO bounds connect() too, where the peer's
 * backlog is full. */
static int connect_within(int fd, const struct sockaddr *address, socklen_t size, uint32_t timeout_ms)
{
    struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = (long)(timeout_ms % 1000) * 1000};
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, address, size) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int connect_unix(const char *name, bool is_abstract, uint32_t timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(name), skip = is_abstract ? 1 : 0;
    errno = ENAMETOOLONG;
    if (size + skip >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path + skip, name, size);
    socklen_t length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + skip + size + (is_abstract ? 0 : 1));
    return connect_within(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (const struct sockaddr *)&address,
                          length, timeout_ms);
}

/* "host:port", "[v6]:port"; an empty host or "*" is this machine. A name that cannot be resolved is no
 * answer. */
static int connect_tcp(const char *address, uint32_t timeout_ms)
{
    char host[256] = "";
    const char *colon = strrchr(address, ':');
    size_t size = colon ? (size_t)(colon - address) : sizeof host;
    bool is_bracketed = colon && size >= 2 && address[0] == '[' && colon[-1] == ']';
    errno = EINVAL;
    if (size >= sizeof host)
        return -1;
    memcpy(host, address + is_bracketed, is_bracketed ? size - 2 : size);
    bool is_any = !host[0] || strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(is_any ? "127.0.0.1" : host, colon + 1, &hints, &found) != 0) {
        errno = EINVAL;
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *entry = found; entry && fd < 0; entry = entry->ai_next)
        fd = connect_within(socket(entry->ai_family, entry->ai_socktype | SOCK_CLOEXEC, entry->ai_protocol),
                            entry->ai_addr, entry->ai_addrlen, timeout_ms);
    int error = errno;
    freeaddrinfo(found);
    errno = error;
    return fd;
}

static int connect_url(const char *url, uint32_t timeout_ms)
{
    errno = EINVAL;
    if (strncmp(url, "ipc://", 6) == 0)
        return connect_unix(url + 6, false, timeout_ms);
    if (strncmp(url, "abstract://", 11) == 0)
        return connect_unix(url + 11, true, timeout_ms);
    return strncmp(url, "tcp://", 6) == 0 ? connect_tcp(url + 6, timeout_ms) : -1;
}

static enum probe_result why_not(void)
{
    switch (errno) {
    case ECONNREFUSED:
    case ENOENT:
        return PROBE_NOBODY;
    case EAGAIN:
    case EINPROGRESS:
    case ETIMEDOUT:
        return PROBE_SILENT;
    default:
        return PROBE_UNKNOWN;
    }
}

static bool greet(struct probe *probe, uint32_t timeout_ms)
{
    uint8_t hello[8];
    probe->deadline_ns = now_ns() + timeout_ms * UINT64_C(1000000);
    return transmit(probe, req_hello, sizeof req_hello) && receive(probe, hello, sizeof hello);
}

static bool ask(struct probe *probe, uint32_t timeout_ms)
{
    probe->deadline_ns = now_ns() + timeout_ms * UINT64_C(1000000);
    return send_ping(probe) && receive_reply(probe);
}

enum probe_result probe_url(const char *url, uint32_t greet_ms, uint32_t answer_ms)
{
    struct probe probe = {.fd = connect_url(url, greet_ms), .is_ipc = strncmp(url, "tcp://", 6) != 0};
    if (probe.fd < 0)
        return why_not();
    enum probe_result result = PROBE_SILENT;
    if (greet(&probe, greet_ms))
        result = ask(&probe, answer_ms) ? PROBE_ANSWERS : PROBE_DEAF;
    close(probe.fd);
    return result;
}
