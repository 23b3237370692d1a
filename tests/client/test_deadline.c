/* Deadlines end requests at their time, tell the two reasons apart, and travel as time left. */
#include "loop.h"

TEST(unsent_at_the_deadline_is_not_connected)
{
    struct outcome outcome;
    struct sidetok_client *client = open_patient(fake_server_url());
    submit(client, SIDETOK_OP_CHAT, "{}", 30, &outcome);
    int left_ms = sidetok_client_timeout_ms(client);
    CHECK(left_ms >= 0 && left_ms <= 30);
    WAIT_FOR(client, outcome.n_calls == 1); /* the descriptor alone wakes the loop */
    CHECK_INT(outcome.error, SIDETOK_E_NOT_CONNECTED);
    CHECK_INT(sidetok_client_timeout_ms(client), -1);
    sidetok_client_close(client);
}

TEST(sent_at_the_deadline_is_expired_and_its_late_reply_is_dropped)
{
    struct fake_server server;
    struct fake_request first, second;
    struct outcome expired, next;
    const char *url = fake_server_url();
    int deadline_ms = fake_ms(300); /* in which it is sent and arrives, however busy the machine is */
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    submit(client, SIDETOK_OP_CHAT, "{}", (uint32_t)deadline_ms, &expired);
    CHECK(serve(client, &server, &first));
    CHECK(first.fields.timeout_ms > 0 && first.fields.timeout_ms <= (uint64_t)deadline_ms);
    WAIT_FOR(client, expired.n_calls == 1);
    CHECK_INT(expired.error, SIDETOK_E_EXPIRED);
    fake_server_answer(&server, &first, 1);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &next);
    CHECK(serve(client, &server, &second));
    CHECK_INT(second.fields.timeout_ms, 0);
    fake_server_answer(&server, &second, 2);
    WAIT_FOR(client, next.n_calls == 1);
    CHECK(expired.n_calls == 1 && next.id == 2);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(deadlines_end_in_their_order_not_in_that_of_submission)
{
    static const int timeouts[] = {5, 1, 4, 2, 3, 1, 6}; /* of a time in which all seven are submitted */
    static const int expected[] = {6, 1, 5, 3, 4, 2, 7};
    struct outcome outcomes[7];
    struct sidetok_client *client = open_patient(fake_server_url());
    for (size_t i = 0; i < 7; i++)
        submit(client, SIDETOK_OP_CHAT, "{}", (uint32_t)fake_ms(100 * timeouts[i]), &outcomes[i]);
    n_ended = 0;
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (size_t i = 0; i < 7; i++)
        CHECK(outcomes[i].order == expected[i] || timeouts[i] == 1); /* equal ones in any order */
    sidetok_client_close(client);
}

TEST(time_spent_waiting_is_not_left_to_the_sidecar)
{
    struct fake_server server;
    struct fake_request request;
    struct outcome waiting, marker;
    const char *url = fake_server_url();
    struct sidetok_client *client = open_patient(url);
    uint32_t deadline_ms = (uint32_t)fake_ms(10000);
    submit(client, SIDETOK_OP_CHAT, "{}", deadline_ms, &waiting);
    submit(client, SIDETOK_OP_CHAT, "{}", 25, &marker); /* its end is the proof that 25 ms have passed */
    WAIT_FOR(client, marker.n_calls == 1);
    CHECK(fake_server_open(&server, url));
    CHECK(serve(client, &server, &request));
    CHECK(request.fields.timeout_ms > 0 && request.fields.timeout_ms <= deadline_ms - 25);
    fake_server_answer(&server, &request, 1);
    WAIT_FOR(client, waiting.n_calls == 1);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(without_any_sidecar_patience_ends)
{
    struct outcome outcome, refused;
    struct sidetok_client *client = open_patient(fake_server_url());
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome); /* first: a patience that has ended refuses at once */
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 200), SIDETOK_OK);
    CHECK(sidetok_client_timeout_ms(client) >= 0);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK_INT(outcome.error, SIDETOK_E_NOT_CONNECTED);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &refused);
    CHECK(refused.n_calls == 0 && refused.error == SIDETOK_E_NOT_CONNECTED);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 0), SIDETOK_OK);
    CHECK(submit(client, SIDETOK_OP_CHAT, "{}", 0, &refused) != 0);
    CHECK_INT(sidetok_client_timeout_ms(client), -1);
    sidetok_client_close(client);
}

TEST_MAIN(RUN(unsent_at_the_deadline_is_not_connected),
          RUN(sent_at_the_deadline_is_expired_and_its_late_reply_is_dropped),
          RUN(deadlines_end_in_their_order_not_in_that_of_submission),
          RUN(time_spent_waiting_is_not_left_to_the_sidecar), RUN(without_any_sidecar_patience_ends))
