/* A connection that stands with nobody behind it: it counts as none before its first answer, and is lost when
 * it falls silent. */
#include "client/client.h"
#include "loop.h"

#include <sched.h>

enum { SHORT_MS = 60 };

/* Where something is to come, however busy the machine is. */
#define PATIENT_MS fake_ms(10000)

static struct fake_server server;
static const char *url;

static void set_silence(struct sidetok_client *client, long silence_ms)
{
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_SILENCE_MS, silence_ms), SIDETOK_OK);
}

static struct sidetok_client *begin(bool is_deaf, long silence_ms)
{
    url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    fake_server_be_deaf(&server, is_deaf);
    struct sidetok_client *client = open_patient(url);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 0), SIDETOK_OK);
    set_silence(client, silence_ms);
    return client;
}

static void end(struct sidetok_client *client)
{
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(nothing_is_sent_over_a_connection_that_never_answered)
{
    struct outcome outcome;
    struct sidetok_client *client = begin(true, SHORT_MS);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
    WAIT_FOR(client, fake_server_n_accepted(&server) == 3); /* given up twice */
    CHECK(sidetok_client_connected(client) == 0 && outcome.n_calls == 0);
    set_silence(client, PATIENT_MS);
    fake_server_echo(&server);
    fake_server_be_deaf(&server, false);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK_INT(outcome.error, SIDETOK_OK);
    end(client);
}

TEST(what_a_silent_sidecar_owes_is_lost_and_the_next_connection_serves)
{
    struct outcome owed[3], next;
    struct fake_request request;
    struct sidetok_client *client = begin(false, PATIENT_MS);
    WAIT_FOR(client, sidetok_client_connected(client) == 1);
    for (int i = 0; i < 3; i++)
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &owed[i]);
    for (int i = 0; i < 3; i++) { /* all three are owed: what was not sent would wait for the next */
        CHECK(serve(client, &server, &request));
        fake_server_drop(&request);
    }
    fake_server_be_deaf(&server, true);
    set_silence(client, SHORT_MS);
    WAIT_FOR(client, owed[2].n_calls == 1);
    for (int i = 0; i < 3; i++)
        CHECK(owed[i].n_calls == 1 && owed[i].error == SIDETOK_E_PEER_LOST);
    set_silence(client, PATIENT_MS);
    fake_server_echo(&server);
    fake_server_be_deaf(&server, false);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &next);
    WAIT_FOR(client, next.n_calls == 1);
    CHECK_INT(next.error, SIDETOK_OK);
    end(client);
}

/** A short silence until the client asks, a long one until it is answered: it gives up at no other time. */
static void ask_and_answer(struct sidetok_client *client)
{
    struct fake_request ping;
    set_silence(client, SHORT_MS);
    WAIT_FOR(client, client->peers[0].pinged_ns != 0);
    set_silence(client, PATIENT_MS);
    CHECK(serve(client, &server, &ping));
    CHECK_INT(ping.fields.op, MESSAGE_OP_PING);
    fake_server_answer(&server, &ping, 1);
    WAIT_FOR(client, client->peers[0].pinged_ns == 0);
}

TEST(a_long_request_is_no_silence)
{
    struct outcome outcome;
    struct fake_request request;
    struct sidetok_client *client = begin(false, PATIENT_MS);
    WAIT_FOR(client, sidetok_client_connected(client) == 1);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
    CHECK(serve(client, &server, &request));
    for (int i = 0; i < 3; i++) /* each is the end of half a silence */
        ask_and_answer(client);
    CHECK(outcome.n_calls == 0 && fake_server_n_accepted(&server) == 1);
    fake_server_answer(&server, &request, 2);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK(outcome.error == SIDETOK_OK && outcome.id == 2);
    end(client);
}

TEST(who_has_no_place_for_a_ping_left_judges_nobody)
{
    static struct outcome outcomes[PENDING_MAX];
    uint64_t first = 0;
    uint32_t n = 0;
    struct sidetok_client *client = begin(false, PATIENT_MS);
    WAIT_FOR(client, sidetok_client_connected(client) == 1);
    for (uint64_t id = 1; id != 0; first = n == 1 ? id : first) /* until it is busy */
        id = submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[n++]);
    WAIT_FOR(client, client->peers[0].sent.n == 56);
    CHECK_INT(sidetok_client_cancel(client, first),
              SIDETOK_OK); /* takes the last place, and its target keeps its own */
    WAIT_FOR(client, client->peers[0].cancels.n == 0 && !client->peers[0].is_blocked);
    client->peers[0].heard_ns -= client->silence_ns;
    CHECK_INT(sidetok_client_process(client), SIDETOK_OK);
    CHECK(client->peers[0].pinged_ns == 0 && sidetok_client_connected(client) == 1);
    end(client);
}

TEST(a_client_at_rest_asks_nothing)
{
    struct outcome outcome;
    struct fake_request request;
    struct sidetok_client *client = begin(false, PATIENT_MS);
    WAIT_FOR(client, sidetok_client_connected(client) == 1);
    CHECK(client_watch_ns(client) == 0);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
    CHECK(serve(client, &server, &request));
    CHECK(client_watch_ns(client) != 0);
    fake_server_answer(&server, &request, 1);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK(client_watch_ns(client) == 0);
    end(client);
}

TEST(a_turn_that_comes_late_loses_no_patience)
{
    struct outcome outcome;
    struct sidetok_client *client = begin(false, PATIENT_MS);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 1), SIDETOK_OK);
    fake_server_echo(&server);
    uint64_t begin_ns = client_now_ns();
    while (atomic_load(&client->peers[0].pipe) == 0 || client_now_ns() - begin_ns < 2000000)
        sched_yield(); /* the caller is busy with other things */
    CHECK(submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome) != 0);
    CHECK_INT(sidetok_client_process(client), SIDETOK_OK); /* the turn */
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 0), SIDETOK_OK);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK_INT(outcome.error, SIDETOK_OK);
    end(client);
}

TEST(patience_ends_with_a_sidecar_that_only_greets)
{
    struct outcome outcome;
    struct sidetok_client *client = begin(true, SHORT_MS);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome); /* first: a patience that has ended refuses at once */
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 100), SIDETOK_OK);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK_INT(outcome.error, SIDETOK_E_NOT_CONNECTED);
    end(client);
}

TEST(without_a_limit_on_silence_a_connection_counts_at_once)
{
    struct sidetok_client *client = begin(true, 0);
    WAIT_FOR(client, sidetok_client_connected(client) == 1);
    CHECK_INT(fake_server_n_accepted(&server), 1);
    end(client);
}

TEST_MAIN(RUN(nothing_is_sent_over_a_connection_that_never_answered),
          RUN(what_a_silent_sidecar_owes_is_lost_and_the_next_connection_serves),
          RUN(a_long_request_is_no_silence), RUN(who_has_no_place_for_a_ping_left_judges_nobody),
          RUN(a_client_at_rest_asks_nothing), RUN(a_turn_that_comes_late_loses_no_patience),
          RUN(patience_ends_with_a_sidecar_that_only_greets),
          RUN(without_a_limit_on_silence_a_connection_counts_at_once))
