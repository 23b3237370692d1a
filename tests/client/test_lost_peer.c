/* A sidecar that disappears: what it had answered counts, what it owes fails, what was not sent waits for the
 * next. */
#include "loop.h"

TEST(lost_peer_fails_in_flight_requests_once)
{
    struct fake_server server;
    struct fake_request request;
    struct outcome outcomes[20];
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    for (int i = 0; i < 20; i++)
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[i]);
    for (int i = 0; i < 20; i++) {
        CHECK(serve(client, &server, &request));
        fake_server_drop(&request);
    }
    fake_server_close(&server);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(outcomes[i].n_calls, 1);
        CHECK_INT(outcomes[i].error, SIDETOK_E_PEER_LOST);
        CHECK(i == 0 || outcomes[i].order == outcomes[i - 1].order + 1);
    }
    sidetok_client_close(client);
}

TEST(what_the_lost_peer_had_answered_counts)
{
    struct fake_server server;
    struct fake_request request;
    struct outcome outcomes[10], probe;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    for (int i = 0; i < 10; i++) {
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[i]);
        CHECK(serve(client, &server, &request));
        if (i < 9)
            fake_server_answer(&server, &request, 100);
        else
            fake_server_drop(&request);
    }
    submit(client, SIDETOK_OP_PING, NULL, 0, &probe);
    CHECK(serve(client, &server, &request));
    fake_server_answer(&server, &request, 1);
    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    CHECK(poll(&p, 1, FAKE_WAIT_MS) == 1); /* nothing is processed before the connection breaks */
    WAIT_FOR(client, probe.n_calls == 1);
    fake_server_close(&server);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (int i = 0; i < 9; i++)
        CHECK_INT(outcomes[i].error, SIDETOK_OK);
    CHECK_INT(outcomes[9].error, SIDETOK_E_PEER_LOST);
    sidetok_client_close(client);
}

/** What a frame claims to be, whatever it is. */
TEST(lengths_beyond_all_memory_are_a_lost_peer)
{
    static const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX - 31, UINT64_MAX - 32, UINT64_C(1) << 63,
                                     UINT64_C(1) << 32};
    struct fake_server server;
    struct fake_request request;
    struct outcome outcome;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t head[9] = {1};
        for (int at = 0; at < 8; at++)
            head[1 + at] = (uint8_t)(sizes[i] >> (56 - 8 * at));
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
        CHECK(serve(client, &server, &request));
        fake_server_send(&server, &request, head, sizeof head);
        fake_server_drop(&request);
        WAIT_FOR(client, outcome.n_calls == 1);
        CHECK_INT(outcome.error, SIDETOK_E_PEER_LOST);
    }
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(sent_is_never_sent_again_and_unsent_reaches_the_next)
{
    struct fake_server server;
    struct fake_request request;
    struct outcome sent, unsent;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_MAX_SENT, 1), SIDETOK_OK);
    submit(client, SIDETOK_OP_CHAT, "\"sent\"", 0, &sent);
    submit(client, SIDETOK_OP_CHAT, "\"unsent\"", 0, &unsent);
    CHECK(serve(client, &server, &request));
    fake_server_drop(&request);
    fake_server_close(&server);
    WAIT_FOR(client, sent.n_calls == 1);
    CHECK_INT(sent.error, SIDETOK_E_PEER_LOST);
    CHECK_INT(unsent.n_calls, 0);
    CHECK(fake_server_open(&server, url));
    CHECK(serve(client, &server, &request));
    CHECK(request.fields.body.size == 8 && memcmp(request.fields.body.data, "\"unsent\"", 8) == 0);
    fake_server_answer(&server, &request, 5);
    WAIT_FOR(client, unsent.n_calls == 1);
    CHECK(unsent.error == SIDETOK_OK && unsent.id == 5);
    CHECK(!fake_server_has_request(&server));
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(a_reply_of_another_connection_is_nobodys)
{
    struct fake_server server;
    struct fake_request request, copy;
    struct outcome lost, next;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &lost);
    CHECK(serve(client, &server, &request));
    uint32_t old_id = request.wire_id;
    fake_server_drop(&request);
    fake_server_close(&server);
    WAIT_FOR(client, lost.n_calls == 1);
    CHECK(fake_server_open(&server, url));
    WAIT_FOR(client, sidetok_client_connected(client) == 1);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &next);
    CHECK(serve(client, &server, &request));
    fake_request_copy(&copy, &request);
    copy.wire_id = old_id;
    fake_server_answer(&server, &copy, 1);
    fake_server_answer(&server, &request, 2);
    WAIT_FOR(client, next.n_calls == 1);
    CHECK(next.id == 2 && lost.n_calls == 1);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST_MAIN(RUN(lost_peer_fails_in_flight_requests_once), RUN(what_the_lost_peer_had_answered_counts),
          RUN(lengths_beyond_all_memory_are_a_lost_peer),
          RUN(sent_is_never_sent_again_and_unsent_reaches_the_next),
          RUN(a_reply_of_another_connection_is_nobodys))
