/* Closing at any moment: it returns, and the process can still connect, also after a loss. nng before 1.9 may
 * wait for ever when a message is being read or written. */
#include "loop.h"

enum { N_ROUNDS = 150, LARGE_BYTES = 3000000 };

static char large[LARGE_BYTES];
static struct fake_server server;

/** Requests and replies on their way: the client leaves after some of their bytes. */
static void leave_in_the_middle(const char *url, int round)
{
    struct fake_request request;
    struct outcome outcomes[3];
    struct sidetok_client *client = open_patient(url);
    for (int i = 0; i < 3; i++)
        submit(client, SIDETOK_OP_CHAT, large, 0, &outcomes[i]);
    if (round % 3 > 0) {
        serve(client, &server, &request);
        fake_server_answer_bytes(&server, &request, large, sizeof large);
        for (int i = 0; i < round % 7; i++)
            sidetok_client_process(client);
    }
    sidetok_client_close(client);
    while (fake_server_has_request(&server) && fake_server_take(&server, &request))
        fake_server_drop(&request);
}

static void is_answered(struct sidetok_client *client)
{
    struct fake_request request;
    struct outcome outcome;
    submit(client, SIDETOK_OP_INFO, NULL, 0, &outcome);
    CHECK(serve(client, &server, &request));
    while (request.fields.op != MESSAGE_OP_INFO) { /* what the others had sent */
        fake_server_drop(&request);
        CHECK(serve(client, &server, &request));
    }
    fake_server_answer(&server, &request, 1);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK_INT(outcome.error, SIDETOK_OK);
}

TEST(clients_that_leave_in_the_middle_leave_the_process_able_to_connect)
{
    const char *url = fake_server_url();
    memset(large, 'x', sizeof large - 1);
    CHECK(fake_server_open(&server, url));
    for (int round = 0; round < N_ROUNDS; round++)
        leave_in_the_middle(url, round);
    struct sidetok_client *client = open_connected(url, 1);
    is_answered(client);
    fake_server_close(&server);
    WAIT_FOR(client, sidetok_client_connected(client) == 0);
    CHECK(fake_server_open(&server, url));
    WAIT_FOR(client, sidetok_client_connected(client) == 1);
    is_answered(client);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST_MAIN(RUN(clients_that_leave_in_the_middle_leave_the_process_able_to_connect))
