/* A sidecar of a protocol to come: each request ends at once with a word of it, and the client serves as soon
 * as the sidecar speaks protocol 1. */
#include "loop.h"

/* {0: 2, 1: 104, 12: "this sidecar speaks 2", 99: [1]}: what every version keeps, and something of its own.
 */
static const uint8_t of_protocol_2[] = "\x84\x00\x02\x01\x68\x0c\xb5this sidecar speaks 2\x63\x91\x01";
enum { SIZE = sizeof of_protocol_2 - 1, N = 50 };

static void check_refused(const struct outcome *outcome)
{
    CHECK_INT(outcome->n_calls, 1);
    CHECK_INT(outcome->error, SIDETOK_E_UNKNOWN_VERSION);
}

TEST(requests_to_a_sidecar_of_protocol_2_end_at_once)
{
    struct fake_server server;
    struct outcome outcomes[N], next;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    fake_server_speak(&server, of_protocol_2, SIZE);
    struct sidetok_client *client = open_connected(url, 1);
    for (int i = 0; i < N; i++)
        submit(client, i % 5 ? SIDETOK_OP_CHAT : SIDETOK_OP_PING, "{}", 0, &outcomes[i]);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (int i = 0; i < N; i++)
        check_refused(&outcomes[i]);
    CHECK_INT(fake_server_n_accepted(&server), 1); /* it stays connected: nobody is asked again and again */
    fake_server_close(&server);
    CHECK(fake_server_open(&server, url));
    fake_server_echo(&server);
    CHECK(submit(client, SIDETOK_OP_CHAT, "{}", 0, &next) != 0);
    WAIT_FOR(client, next.n_calls == 1);
    while (next.error == SIDETOK_E_PEER_LOST) { /* sent before the end of the old one was known */
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &next);
        WAIT_FOR(client, next.n_calls == 1);
    }
    CHECK_INT(next.error, SIDETOK_OK);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(a_sidecar_of_protocol_2_does_not_disturb_what_another_answers)
{
    struct fake_server old, new;
    struct outcome outcomes[N];
    char urls[200];
    const char *first = fake_server_url(), *second = fake_server_url();
    int n_answered = 0, n_refused = 0;
    CHECK(fake_server_open(&old, first) && fake_server_open(&new, second));
    fake_server_echo(&old);
    fake_server_speak(&new, of_protocol_2, SIZE);
    snprintf(urls, sizeof urls, "%s %s", first, second);
    struct sidetok_client *client = open_connected(urls, 2);
    for (int i = 0; i < N; i++)
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[i]);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (int i = 0; i < N; i++) {
        CHECK_INT(outcomes[i].n_calls, 1);
        n_answered += outcomes[i].error == SIDETOK_OK;
        n_refused += outcomes[i].error == SIDETOK_E_UNKNOWN_VERSION;
    }
    CHECK(n_answered > 0 && n_refused > 0 && n_answered + n_refused == N);
    sidetok_client_close(client);
    fake_server_close(&old);
    fake_server_close(&new);
}

TEST_MAIN(RUN(requests_to_a_sidecar_of_protocol_2_end_at_once),
          RUN(a_sidecar_of_protocol_2_does_not_disturb_what_another_answers))
