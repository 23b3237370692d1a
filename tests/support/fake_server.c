#include "fake_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int fake_ms(int ms)
{
    const char *slow = getenv("SIDETOK_SLOW");
    int factor = slow ? atoi(slow) : 1;
    return factor > 1 ? ms * factor : ms;
}

static char directory[64];

static void remove_directory(void)
{
    char path[96];
    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof path, "%s/%d.sock", directory, i);
        unlink(path);
    }
    rmdir(directory);
}

const char *fake_server_url(void)
{
    static char urls[64][96];
    static int n;
    if (n == 0) {
        snprintf(directory, sizeof directory, "%s/sidetok-test-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ".");
        if (!mkdtemp(directory))
            abort();
        atexit(remove_directory);
    }
    if (n == 64)
        abort();
    snprintf(urls[n], sizeof urls[n], "ipc://%s/%d.sock", directory, n);
    return urls[n++];
}

enum { HELLO_BYTES = 8, HEAD_BYTES = 9, ID_BYTES = 4, MAX_CONNECTIONS = 512 };

static const uint8_t rep_hello[HELLO_BYTES] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

/* Bytes in transit; what is before `at` has gone. */
struct bytes {
    uint8_t *data;
    size_t at, size, capacity;
};

struct fake_connection {
    struct fake_connection *next;
    int fd;
    uint32_t number;
    bool is_greeted, is_proven, is_broken;
    struct bytes in, out;
};

static void append(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->at == bytes->size)
        bytes->at = bytes->size = 0;
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data)
            abort();
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void wake(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) != (ssize_t)sizeof one)
        abort();
}

static void flush(struct fake_connection *connection)
{
    struct bytes *out = &connection->out;
    while (out->at < out->size) {
        ssize_t n =
            send(connection->fd, out->data + out->at, out->size - out->at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return;
        out->at += (size_t)n;
    }
}

static void send_frame(struct fake_connection *connection, uint32_t wire_id, const void *data, size_t size)
{
    uint8_t head[HEAD_BYTES + ID_BYTES] = {1};
    for (size_t i = 0; i < 8; i++)
        head[1 + i] = (uint8_t)((size + ID_BYTES) >> (56 - 8 * i));
    for (size_t i = 0; i < 4; i++)
        head[HEAD_BYTES + i] = (uint8_t)(wire_id >> (24 - 8 * i));
    append(&connection->out, head, sizeof head);
    append(&connection->out, data, size);
    flush(connection);
}

static struct fake_connection *find_connection(struct fake_server *server, uint32_t number)
{
    struct fake_connection *at = server->connections;
    while (at && at->number != number)
        at = at->next;
    return at;
}

static size_t pack_reply(uint8_t bytes[64], const uint32_t *id, const uint64_t *count)
{
    struct msgpack_writer out = msgpack_writer_fixed(bytes, 64);
    struct message_reply_writer reply;
    message_reply_begin(&reply, &out, SIDETOK_OK);
    if (id)
        message_reply_ids(&reply, MESSAGE_REPLY_IDS, id, 1);
    if (count) {
        message_reply_field(&reply, MESSAGE_REPLY_COUNT);
        msgpack_write_uint(&out, *count);
    }
    if (message_reply_end(&reply) != SIDETOK_OK)
        abort();
    return out.size;
}

static void answer_itself(const struct fake_server *server, struct fake_connection *connection,
                          struct fake_request *request, uint32_t number)
{
    uint8_t reply[64];
    uint64_t count = request->fields.body.size;
    if (connection && server->foreign)
        send_frame(connection, request->wire_id, server->foreign, server->foreign_size);
    else if (connection)
        send_frame(connection, request->wire_id, reply, pack_reply(reply, &number, &count));
    free(request->bytes);
    free(request);
}

static struct fake_request *read_request(uint32_t connection, const uint8_t *frame, size_t size)
{
    struct fake_request *request = calloc(1, sizeof *request);
    if (!request || size < ID_BYTES || !(request->bytes = malloc(size)))
        abort();
    memcpy(request->bytes, frame, size);
    for (int i = 0; i < 4; i++)
        request->wire_id = request->wire_id << 8 | frame[i];
    request->connection = connection;
    struct view body = {(const char *)request->bytes + ID_BYTES, size - ID_BYTES};
    request->error = message_unpack_request(body, &request->fields);
    return request;
}

/** A whole request is here: answered by the thread itself, or put where the test takes it. */
static void deliver(struct fake_server *server, struct fake_connection *connection, const uint8_t *frame,
                    size_t size)
{
    struct fake_request *request = read_request(connection->number, frame, size);
    bool is_proof = !connection->is_proven && request->fields.op == MESSAGE_OP_PING;
    connection->is_proven = true;
    if (is_proof || server->is_echo) {
        answer_itself(server, connection, request, is_proof ? 0 : server->n_echoed++);
        return;
    }
    *server->last = request;
    server->last = &request->next;
    wake(server->ready_fd);
}

static void take_frames(struct fake_server *server, struct fake_connection *connection)
{
    struct bytes *in = &connection->in;
    if (!connection->is_greeted && in->size - in->at >= HELLO_BYTES) {
        in->at += HELLO_BYTES;
        connection->is_greeted = true;
    }
    while (connection->is_greeted && in->size - in->at >= HEAD_BYTES) {
        uint64_t size = 0;
        for (size_t i = 1; i < HEAD_BYTES; i++)
            size = size << 8 | in->data[in->at + i];
        if (in->size - in->at - HEAD_BYTES < size)
            return;
        in->at += HEAD_BYTES + size;
        deliver(server, connection, in->data + in->at - size, size);
    }
}

static void take_bytes(struct fake_server *server, struct fake_connection *connection)
{
    uint8_t part[1 << 16];
    ssize_t n;
    while ((n = recv(connection->fd, part, sizeof part, MSG_DONTWAIT)) > 0)
        append(&connection->in, part, (size_t)n);
    connection->is_broken = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    take_frames(server, connection);
}

static void free_connection(struct fake_connection *connection)
{
    close(connection->fd);
    free(connection->in.data);
    free(connection->out.data);
    free(connection);
}

static void take_connection(struct fake_server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct fake_connection *connection = fd < 0 ? NULL : calloc(1, sizeof *connection);
    if (!connection)
        return;
    connection->fd = fd;
    connection->number = server->n_accepted++;
    connection->next = server->connections;
    server->connections = connection;
    append(&connection->out, rep_hello, sizeof rep_hello);
    flush(connection);
}

static nfds_t list_descriptors(struct fake_server *server, struct pollfd *ret)
{
    nfds_t n = 0;
    ret[n++] = (struct pollfd){.fd = server->wake_fd, .events = POLLIN};
    ret[n++] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    for (struct fake_connection *at = server->connections; at && n < MAX_CONNECTIONS; at = at->next) {
        short out = at->out.at < at->out.size ? POLLOUT : 0, in = server->is_deaf ? 0 : POLLIN;
        ret[n++] = (struct pollfd){.fd = server->is_deaf ? -1 : at->fd, .events = (short)(in | out)};
    }
    return n;
}

static void drop_broken(struct fake_server *server)
{
    for (struct fake_connection **link = &server->connections; *link;) {
        struct fake_connection *connection = *link;
        if (!connection->is_broken) {
            link = &connection->next;
            continue;
        }
        *link = connection->next;
        free_connection(connection);
    }
}

static void *run(void *context)
{
    struct fake_server *server = context;
    struct pollfd p[MAX_CONNECTIONS];
    pthread_mutex_lock(&server->mutex);
    while (!server->is_stopping) {
        uint64_t count;
        nfds_t n = list_descriptors(server, p);
        pthread_mutex_unlock(&server->mutex);
        poll(p, n, -1);
        ssize_t got = read(server->wake_fd, &count, sizeof count);
        (void)got;
        pthread_mutex_lock(&server->mutex);
        for (struct fake_connection *at = server->connections; at && !server->is_deaf && !server->is_stopping;
             at = at->next) {
            flush(at);
            take_bytes(server, at);
        }
        drop_broken(server);
        if (p[1].revents)
            take_connection(server);
    }
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 128) == 0)
        return fd;
    close(fd);
    return -1;
}

bool fake_server_open(struct fake_server *server, const char *url)
{
    *server = (struct fake_server){.listener = listen_at(url + strlen("ipc://"))};
    if (server->listener < 0)
        return false;
    server->last = &server->first;
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    pthread_mutex_init(&server->mutex, NULL);
    return server->wake_fd >= 0 && server->ready_fd >= 0 &&
           pthread_create(&server->thread, NULL, run, server) == 0;
}

/** Sets a member under the mutex; the thread looks at it at once. */
static void set(struct fake_server *server, bool *member, bool value)
{
    pthread_mutex_lock(&server->mutex);
    *member = value;
    pthread_mutex_unlock(&server->mutex);
    wake(server->wake_fd);
}

void fake_server_close(struct fake_server *server)
{
    struct fake_request request;
    set(server, &server->is_stopping, true);
    pthread_join(server->thread, NULL);
    while (server->connections) {
        struct fake_connection *connection = server->connections;
        server->connections = connection->next;
        free_connection(connection);
    }
    while (server->first && fake_server_take(server, &request))
        fake_server_drop(&request);
    close(server->listener);
    close(server->wake_fd);
    close(server->ready_fd);
    pthread_mutex_destroy(&server->mutex);
}

void fake_server_echo(struct fake_server *server)
{
    uint64_t count;
    pthread_mutex_lock(&server->mutex);
    server->is_echo = true;
    while (server->first) { /* those that were faster */
        struct fake_request *request = server->first;
        server->first = request->next;
        ssize_t got = read(server->ready_fd, &count, sizeof count);
        (void)got;
        answer_itself(server, find_connection(server, request->connection), request, server->n_echoed++);
    }
    server->last = &server->first;
    pthread_mutex_unlock(&server->mutex);
    wake(server->wake_fd);
}

void fake_server_speak(struct fake_server *server, const void *bytes, size_t size)
{
    pthread_mutex_lock(&server->mutex);
    server->foreign = bytes;
    server->foreign_size = size;
    pthread_mutex_unlock(&server->mutex);
    fake_server_echo(server);
}

void fake_server_be_deaf(struct fake_server *server, bool is_deaf)
{
    set(server, &server->is_deaf, is_deaf);
}

uint32_t fake_server_n_accepted(struct fake_server *server)
{
    pthread_mutex_lock(&server->mutex);
    uint32_t n = server->n_accepted;
    pthread_mutex_unlock(&server->mutex);
    return n;
}

int fake_server_fd(const struct fake_server *server)
{
    return server->ready_fd;
}

bool fake_server_take(struct fake_server *server, struct fake_request *ret)
{
    uint64_t count;
    struct pollfd p = {.fd = server->ready_fd, .events = POLLIN};
    if (poll(&p, 1, FAKE_WAIT_MS) <= 0 || read(server->ready_fd, &count, sizeof count) <= 0)
        return false;
    pthread_mutex_lock(&server->mutex);
    struct fake_request *request = server->first;
    server->first = request->next;
    if (!server->first)
        server->last = &server->first;
    pthread_mutex_unlock(&server->mutex);
    *ret = *request;
    free(request);
    return true;
}

bool fake_server_has_request(struct fake_server *server)
{
    struct pollfd p = {.fd = server->ready_fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

void fake_server_answer_bytes(struct fake_server *server, struct fake_request *request, const void *bytes,
                              size_t size)
{
    pthread_mutex_lock(&server->mutex);
    struct fake_connection *connection = find_connection(server, request->connection);
    if (connection)
        send_frame(connection, request->wire_id, bytes, size);
    pthread_mutex_unlock(&server->mutex);
    wake(server->wake_fd); /* what did not fit at once */
    fake_server_drop(request);
}

void fake_server_send(struct fake_server *server, const struct fake_request *request, const void *bytes,
                      size_t size)
{
    pthread_mutex_lock(&server->mutex);
    struct fake_connection *connection = find_connection(server, request->connection);
    if (connection) {
        append(&connection->out, bytes, size);
        flush(connection);
    }
    pthread_mutex_unlock(&server->mutex);
    wake(server->wake_fd);
}

void fake_server_answer(struct fake_server *server, struct fake_request *request, uint32_t id)
{
    uint8_t reply[64];
    fake_server_answer_bytes(server, request, reply, pack_reply(reply, &id, NULL));
}

void fake_server_answer_count(struct fake_server *server, struct fake_request *request, uint64_t count)
{
    uint8_t reply[64];
    fake_server_answer_bytes(server, request, reply, pack_reply(reply, NULL, &count));
}

void fake_server_drop(struct fake_request *request)
{
    free(request->bytes);
    request->bytes = NULL;
}

void fake_request_copy(struct fake_request *ret, const struct fake_request *request)
{
    *ret = *request;
    ret->bytes = malloc(ID_BYTES);
    ret->fields = (struct message_request){0};
}
