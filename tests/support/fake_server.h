#ifndef SIDETOK_TESTS_FAKE_SERVER_H
#define SIDETOK_TESTS_FAKE_SERVER_H

/* A sidecar made of its socket alone: each request is taken and answered by the test, in any order or never.
 * It speaks SP by itself, without nng: what is tested in the process is the client alone, and a test may
 * break the rules. */

#include "proto/message.h"

#include <pthread.h>

struct fake_connection;

struct fake_server {
    int listener, wake_fd, ready_fd;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    struct fake_connection *connections;
    struct fake_request *first, **last;
    uint32_t n_accepted, n_echoed;
    bool is_stopping, is_echo, is_deaf;
    const void *foreign; /* the one reply of a sidecar of another protocol */
    size_t foreign_size;
};

/** A request that was taken. */
struct fake_request {
    struct fake_request *next;
    uint8_t *bytes;                /* owned */
    uint32_t connection, wire_id;  /* over which it came; its id as it stood on the wire */
    struct message_request fields; /* views into bytes */
    enum sidetok_error error;      /* of unpacking */
};

/**
 * A wait or a deadline, so many times longer as the environment's SIDETOK_SLOW says (default 1): under
 * valgrind and on a busy machine all that is waited for comes so much later.
 */
int fake_ms(int ms);

/* A lost message fails the test instead of hanging it; no test waits it out. */
#define FAKE_WAIT_MS fake_ms(20000)

/** A URL that no other test uses, in a fresh private directory; static storage, a new one for each call. */
const char *fake_server_url(void);

/** Listens, and serves on a thread. A connection's first request, when it is a ping, is answered at once: the
 * client asks for this by itself. False when it can't. */
bool fake_server_open(struct fake_server *server, const char *url);

/** Stops: all connections break. */
void fake_server_close(struct fake_server *server);

/** Answers every request by itself: its count is the body's size, its ids the request's number. */
void fake_server_echo(struct fake_server *server);

/** Answers every request by itself with these bytes, the first ping too; they must outlive the server. */
void fake_server_speak(struct fake_server *server, const void *bytes, size_t size);

/** Greets, and reads nothing from now on, while it lasts; of old and new connections alike. */
void fake_server_be_deaf(struct fake_server *server, bool is_deaf);

/** How many connections there ever were. */
uint32_t fake_server_n_accepted(struct fake_server *server);

/** Readable while a request waits. */
int fake_server_fd(const struct fake_server *server);

/** Waits for a request. False when none came in FAKE_WAIT_MS. */
bool fake_server_take(struct fake_server *server, struct fake_request *ret);

/** Whether a request waits right now. */
bool fake_server_has_request(struct fake_server *server);

/** Answers with bytes as they are; ends the request. */
void fake_server_answer_bytes(struct fake_server *server, struct fake_request *request, const void *bytes,
                              size_t size);

/** Answers with one id; ends the request. */
void fake_server_answer(struct fake_server *server, struct fake_request *request, uint32_t id);

/** Answers with a count; ends the request. */
void fake_server_answer_count(struct fake_server *server, struct fake_request *request, uint64_t count);

/** Sends bytes over the request's connection, frames and all; the request goes on. */
void fake_server_send(struct fake_server *server, const struct fake_request *request, const void *bytes,
                      size_t size);

/** Ends a request without an answer. */
void fake_server_drop(struct fake_request *request);

/** The same once more: may be answered too, under another wire_id. */
void fake_request_copy(struct fake_request *ret, const struct fake_request *request);

#endif
