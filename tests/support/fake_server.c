#include "fake_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

bool fake_server_open(struct fake_server *server, const char *url)
{
    *server = (struct fake_server){0};
    if (compat_nng_start() != 0 || nng_rep0_open_raw(&server->socket) != 0)
        return false;
    nng_socket_set_int(server->socket, NNG_OPT_RECVBUF, 8192);
    nng_socket_set_int(server->socket, NNG_OPT_SENDBUF, 8192);
    nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ, 0);
    nng_socket_set_ms(server->socket, NNG_OPT_RECVTIMEO, FAKE_WAIT_MS);
    nng_socket_set_ms(server->socket, NNG_OPT_SENDTIMEO, FAKE_WAIT_MS);
    if (nng_listen(server->socket, url, NULL, 0) == 0)
        return true;
    compat_nng_close(server->socket);
    return false;
}

void fake_server_close(struct fake_server *server)
{
    compat_nng_close(server->socket);
    if (server->has_echo)
        pthread_join(server->echo, NULL);
}

static bool take(struct fake_server *server, struct fake_request *ret, int flags)
{
    if (nng_recvmsg(server->socket, &ret->message, flags) != 0)
        return false;
    struct view bytes = {nng_msg_body(ret->message), nng_msg_len(ret->message)};
    ret->error = message_unpack_request(bytes, &ret->fields);
    return true;
}

bool fake_server_take(struct fake_server *server, struct fake_request *ret)
{
    return take(server, ret, 0);
}

bool fake_server_has_request(struct fake_server *server)
{
    int fd, is_ready = 0;
    fd_set set;
    if (compat_nng_recv_fd(server->socket, &fd) != 0)
        return false;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    is_ready = select(fd + 1, &set, NULL, NULL, &(struct timeval){0, 0});
    return is_ready == 1;
}

void fake_server_answer_bytes(struct fake_server *server, struct fake_request *request, const void *bytes,
                              size_t size)
{
    nng_msg *reply;
    if (nng_msg_alloc(&reply, size) != 0)
        abort();
    if (size > 0)
        memcpy(nng_msg_body(reply), bytes, size);
    nng_msg_header_append(reply, nng_msg_header(request->message), nng_msg_header_len(request->message));
    if (nng_sendmsg(server->socket, reply, 0) != 0)
        nng_msg_free(reply);
    nng_msg_free(request->message);
}

static void answer(struct fake_server *server, struct fake_request *request, const uint32_t *id,
                   const uint64_t *count)
{
    uint8_t bytes[64];
    struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
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
    fake_server_answer_bytes(server, request, bytes, out.size);
}

void fake_server_answer(struct fake_server *server, struct fake_request *request, uint32_t id)
{
    answer(server, request, &id, NULL);
}

void fake_server_answer_count(struct fake_server *server, struct fake_request *request, uint64_t count)
{
    answer(server, request, NULL, &count);
}

void fake_server_drop(struct fake_request *request)
{
    nng_msg_free(request->message);
}

static void *run_echo(void *context)
{
    struct fake_server *server = context;
    struct fake_request request;
    for (uint32_t i = 0;; i++) {
        int error = nng_recvmsg(server->socket, &request.message, 0);
        if (error == NNG_ETIMEDOUT)
            continue;
        if (error)
            return NULL;
        struct view bytes = {nng_msg_body(request.message), nng_msg_len(request.message)};
        message_unpack_request(bytes, &request.fields);
        uint64_t count = request.fields.body.size;
        answer(server, &request, &i, &count);
    }
}

void fake_server_echo(struct fake_server *server)
{
    server->has_echo = pthread_create(&server->echo, NULL, run_echo, server) == 0;
}

uint32_t fake_request_wire_id(const struct fake_request *request)
{
    const uint8_t *header = nng_msg_header(request->message);
    const uint8_t *last = header + nng_msg_header_len(request->message) - 4;
    return (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 | (uint32_t)last[2] << 8 | last[3];
}
