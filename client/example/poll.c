/* A whole program: sends each argument as a chat to a sidecar, all at once, and prints the ids as they come.
 *
 *     cc poll.c $(pkg-config --cflags --libs sidetok) -o poll
 *     ./poll ipc:///run/sidetok/sidetokd.sock '{"messages": [{"role": "user", "content": "Hello"}]}'
 */
#include <sidetok.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

static int n_failed;

/* Runs inside sidetok_client_process(). */
static void print_reply(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)client;
    printf("%s:", (const char *)user);
    if (sidetok_reply_error(reply) != SIDETOK_OK) {
        size_t size;
        const char *message = sidetok_reply_message(reply, &size);
        printf(" %s: %.*s\n", sidetok_error_name(sidetok_reply_error(reply)), (int)size,
               message ? message : "");
        n_failed++;
        return;
    }
    size_t n;
    const uint32_t *ids = sidetok_reply_ids(reply, &n);
    for (size_t i = 0; i < n; i++)
        printf(" %u", (unsigned)ids[i]);
    printf("\n");
}

static void submit_all(struct sidetok_client *client, int n, char **bodies)
{
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    if (!request)
        return;
    sidetok_request_timeout_ms(request, 5000);
    for (int i = 0; i < n; i++) {
        sidetok_request_body_json(request, bodies[i], strlen(bodies[i]));
        enum sidetok_error error = sidetok_client_submit(client, request, print_reply, bodies[i], NULL);
        if (error != SIDETOK_OK) {
            printf("%s: %s\n", bodies[i], sidetok_error_name(error));
            n_failed++;
        }
    }
    sidetok_request_free(request);
}

int main(int argc, char **argv)
{
    struct sidetok_client *client;
    if (argc < 3) {
        fprintf(stderr, "usage: %s URL REQUEST...\n", argv[0]);
        return 2;
    }
    enum sidetok_error error = sidetok_client_open(argv[1], &client);
    if (error != SIDETOK_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], sidetok_error_name(error));
        return 1;
    }
    submit_all(client, argc - 2, argv + 2);

    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    while (sidetok_client_pending(client) > 0) {
        poll(&p, 1, sidetok_client_timeout_ms(client)); /* -1: no deadline */
        sidetok_client_process(client);                 /* runs callbacks here, on this thread */
    }
    sidetok_client_close(client);
    return n_failed > 0 ? 1 : 0;
}
