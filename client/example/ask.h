#ifndef SIDETOK_EXAMPLE_ASK_H
#define SIDETOK_EXAMPLE_ASK_H

/* What the example programs of the event loops share: the command line, the questions, the answers. How a
 * client is put into a loop is in each program's main().
 *
 *     cc libuv.c $(pkg-config --cflags --libs sidetok libuv) -o libuv
 *     ./libuv ipc:///run/sidetok/sidetokd.sock '{"messages": [{"role": "user", "content": "Hello"}]}' */

#include <sidetok.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The questions of one run. */
struct ask {
    struct sidetok_client *client;
    void (*on_end)(void *loop); /* after the last answer: has the loop end */
    void *loop;
    int n_failed;
};

static inline struct sidetok_client *ask_open(int argc, char **argv)
{
    struct sidetok_client *client = NULL;
    if (argc < 3) {
        fprintf(stderr, "usage: %s URL REQUEST...\n", argv[0]);
        exit(2);
    }
    enum sidetok_error error = sidetok_client_open(argv[1], &client);
    if (error != SIDETOK_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], sidetok_error_name(error));
        exit(1);
    }
    return client;
}

static inline void ask_print(struct ask *ask, const struct sidetok_reply *reply)
{
    size_t size, n;
    const char *message = sidetok_reply_message(reply, &size);
    if (sidetok_reply_error(reply) != SIDETOK_OK) {
        printf("%s: %.*s\n", sidetok_error_name(sidetok_reply_error(reply)), (int)size,
               message ? message : "");
        ask->n_failed++;
        return;
    }
    const uint32_t *ids = sidetok_reply_ids(reply, &n);
    for (size_t i = 0; i < n; i++)
        printf("%s%u", i ? " " : "", (unsigned)ids[i]);
    printf("\n");
}

/* Runs inside sidetok_client_process(), on the loop's thread. */
static inline void ask_done(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    struct ask *ask = (struct ask *)user;
    ask_print(ask, reply);
    if (sidetok_client_pending(client) == 0)
        ask->on_end(ask->loop);
}

/* Submits each argument as a chat. All are under way when it returns, and none has been waited for. */
static inline void ask_all(struct ask *ask, int argc, char **argv)
{
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    enum sidetok_error error = request ? SIDETOK_OK : SIDETOK_E_NO_MEMORY;
    if (request)
        sidetok_request_timeout_ms(request, 5000);
    for (int i = 2; i < argc && error == SIDETOK_OK; i++) {
        sidetok_request_body_json(request, argv[i], strlen(argv[i]));
        error = sidetok_client_submit(ask->client, request, ask_done, ask, NULL);
    }
    sidetok_request_free(request);
    if (error != SIDETOK_OK) {
        fprintf(stderr, "%s\n", sidetok_error_name(error));
        exit(1);
    }
}

#endif
