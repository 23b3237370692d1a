#ifndef SIDETOK_TESTS_FAKE_SERVER_H
#define SIDETOK_TESTS_FAKE_SERVER_H

/* A sidecar made of its socket alone: raw REP, each request taken and answered by the test, in any order or
 * never. */

#include "client/nng_compat.h"
#include "proto/message.h"

#include <pthread.h>

struct fake_server {
    nng_socket socket;
    pthread_t echo;
    bool has_echo;
};

/** A request that was taken. */
struct fake_request {
    nng_msg *message;              /* keeps the way back in its header */
    struct message_request fields; /* views into message */
    enum sidetok_error error;      /* of unpacking */
};

enum { FAKE_WAIT_MS = 20000 }; /* a lost message fails the test instead of hanging it; no test waits it out */

/** A URL that no other test uses, in a fresh private directory; static storage, a new one for each call. */
const char *fake_server_url(void);

/** Listens. False when it can't. */
bool fake_server_open(struct fake_server *server, const char *url);

/** Stops: all connections break. */
void fake_server_close(struct fake_server *server);

/** Answers every request by itself on a thread: its count is the body's size, its ids the request's number.
 */
void fake_server_echo(struct fake_server *server);

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

/** Ends a request without an answer. */
void fake_server_drop(struct fake_request *request);

/** The request's id as it stood on the wire: the last word of the header. */
uint32_t fake_request_wire_id(const struct fake_request *request);

#endif
