#ifndef SIDETOK_TESTS_CLIENT_LOOP_H
#define SIDETOK_TESTS_CLIENT_LOOP_H

/* What the client's tests share: a loop that waits for events, and a record of how requests ended. */

#include "client/sidetok.h"
#include "tests/support/fake_server.h"
#include "tests/support/test.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

/** How one request ended; its address is the request's user data. */
struct outcome {
    int n_calls;
    enum sidetok_error error;
    uint32_t id;   /* the reply's first id */
    int64_t count; /* the reply's count */
    int order;     /* 1 for the first that ended */
};

static int n_ended;

__attribute__((unused)) static void record(struct sidetok_client *client, void *user,
                                           struct sidetok_reply *reply)
{
    struct outcome *outcome = user;
    size_t n_ids;
    const uint32_t *ids = sidetok_reply_ids(reply, &n_ids);
    (void)client;
    outcome->n_calls++;
    outcome->error = sidetok_reply_error(reply);
    outcome->id = n_ids > 0 ? ids[0] : 0;
    outcome->count = sidetok_reply_count(reply);
    outcome->order = ++n_ended;
}

/** One wait for the descriptor, one process(). False when nothing came for FAKE_WAIT_MS. */
__attribute__((unused)) static bool turn(struct sidetok_client *client)
{
    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    if (poll(&p, 1, FAKE_WAIT_MS) <= 0)
        return false;
    return sidetok_client_process(client) == SIDETOK_OK;
}

/** Whether an event came. A process that was stopped for a while is told so with EINTR. */
__attribute__((unused)) static bool wait_for_event(int epoll_fd, struct epoll_event *ret)
{
    int n;
    do
        n = epoll_wait(epoll_fd, ret, 1, FAKE_WAIT_MS);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

/** Turns until condition holds. */
#define WAIT_FOR(client, condition)                                                                          \
    do {                                                                                                     \
        bool alive_ = true;                                                                                  \
        while (alive_ && !(condition))                                                                       \
            alive_ = turn(client);                                                                           \
        CHECK(condition);                                                                                    \
    } while (0)

/** Waits for the next request, while the client has its turns: it sends some requests only when nng is ready
 * for them. */
__attribute__((unused)) static bool serve(struct sidetok_client *client, struct fake_server *server,
                                          struct fake_request *ret)
{
    struct pollfd p[2] = {{.fd = sidetok_client_fd(client), .events = POLLIN},
                          {.fd = fake_server_fd(server), .events = POLLIN}};
    while (poll(p, 2, FAKE_WAIT_MS) > 0) {
        if (p[1].revents)
            return fake_server_take(server, ret);
        if (sidetok_client_process(client) != SIDETOK_OK)
            break;
    }
    printf("Bail out! no request came\n");
    exit(1); /* what follows would use a request that isn't there */
}

/** Submits a JSON body. Returns the id, 0 when refused. */
__attribute__((unused)) static uint64_t submit(struct sidetok_client *client, enum sidetok_op op,
                                               const char *body, uint32_t timeout_ms, struct outcome *outcome)
{
    struct sidetok_request *request = sidetok_request_new(op);
    uint64_t id = 0;
    if (body)
        sidetok_request_body_json(request, body, strlen(body));
    sidetok_request_timeout_ms(request, timeout_ms);
    *outcome = (struct outcome){0};
    outcome->error = sidetok_client_submit(client, request, record, outcome, &id);
    sidetok_request_free(request);
    return id;
}

/** A client that is patient with its sidecars: on a busy machine, what takes long is neither lost nor absent.
 */
__attribute__((unused)) static struct sidetok_client *open_patient(const char *urls)
{
    struct sidetok_client *client = NULL;
    CHECK_INT(sidetok_client_open(urls, &client), SIDETOK_OK);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, fake_ms(10000)), SIDETOK_OK);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_SILENCE_MS, fake_ms(10000)), SIDETOK_OK);
    return client;
}

/** A patient client of a server that is there, connected. */
__attribute__((unused)) static struct sidetok_client *open_connected(const char *urls, size_t n)
{
    struct sidetok_client *client = open_patient(urls);
    WAIT_FOR(client, sidetok_client_connected(client) == n);
    return client;
}

#endif
