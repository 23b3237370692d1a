/* Several sidecars behind one client: the least busy gets the next, unsent requests change over, order holds
 * for each. */
#include "client/client.h"
#include "loop.h"

static struct fake_server servers[3];
static const char *urls[3];
static char all[300];

/** nng is done with what was sent before: no connection will be passed over. */
static void wait_until_written(const struct sidetok_client *client)
{
    for (uint32_t i = 0; i < client->n_peers; i++) {
        struct pollfd p = {.fd = client->peers[i].send_fd, .events = POLLIN};
        CHECK_INT(poll(&p, 1, FAKE_WAIT_MS), 1);
    }
}

static struct sidetok_client *begin(size_t n)
{
    all[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        urls[i] = fake_server_url();
        CHECK(fake_server_open(&servers[i], urls[i]));
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", urls[i]);
    }
    struct sidetok_client *client = open_connected(all, n);
    wait_until_written(client);
    return client;
}

static void end(struct sidetok_client *client, size_t n)
{
    sidetok_client_close(client);
    for (size_t i = 0; i < n; i++)
        fake_server_close(&servers[i]);
}

/** Waits for the next request at any of n sidecars. Returns where it came. */
static int take_any(struct sidetok_client *client, int n, struct fake_request *ret)
{
    struct pollfd p[4] = {{.fd = sidetok_client_fd(client), .events = POLLIN}};
    for (int i = 0; i < n; i++)
        p[i + 1] = (struct pollfd){.fd = fake_server_fd(&servers[i]), .events = POLLIN};
    while (poll(p, (nfds_t)n + 1, FAKE_WAIT_MS) > 0) {
        for (int i = 0; i < n; i++)
            if (p[i + 1].revents && fake_server_take(&servers[i], ret))
                return i;
        sidetok_client_process(client);
    }
    printf("Bail out! no request came\n");
    exit(1);
}

/** Submits one request and waits until it has arrived. Returns where. */
static int submit_and_take(struct sidetok_client *client, struct outcome *outcome, struct fake_request *ret)
{
    wait_until_written(client);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, outcome);
    return take_any(client, 3, ret);
}

/** Nine requests, one of the second sidecar's answered, a tenth. True when each went where the fewest were
 * unanswered. */
static bool is_spread_evenly(void)
{
    struct outcome outcomes[10];
    struct fake_request requests[10];
    int where[10], n_even = 0;
    struct sidetok_client *client = begin(3);
    for (int i = 0; i < 9; i++) {
        where[i] = submit_and_take(client, &outcomes[i], &requests[i]);
        n_even += where[i] == i % 3; /* the first on a tie */
    }
    fake_server_answer(&servers[where[4]], &requests[4], 1);
    WAIT_FOR(client, sidetok_client_pending(client) == 8);
    where[9] = submit_and_take(client, &outcomes[9], &requests[9]);
    n_even += where[9] == 1;
    for (int i = 0; i < 10; i++)
        if (i != 4)
            fake_server_answer(&servers[where[i]], &requests[i], 2);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    end(client, 3);
    return n_even == 10;
}

/** On a busy machine nng may still be at work on the message before, and its connection is passed over: then
 * once more. */
TEST(the_fewest_unanswered_gets_the_next)
{
    bool is_even = false;
    for (int i = 0; i < 15 && !is_even; i++)
        is_even = is_spread_evenly();
    CHECK(is_even);
}

TEST(order_holds_for_each_url)
{
    struct outcome outcomes[40];
    struct sidetok_client *client = begin(2);
    char body[16];
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_MAX_SENT, 5), SIDETOK_OK);
    for (int i = 0; i < 40; i++) {
        snprintf(body, sizeof body, "%d", i);
        submit(client, SIDETOK_OP_CHAT, body, 0, &outcomes[i]);
    }
    int last[2] = {-1, -1};
    for (int i = 0; i < 40; i++) {
        struct fake_request request;
        int which = take_any(client, 2, &request);
        snprintf(body, sizeof body, "%.*s", (int)request.fields.body.size, request.fields.body.data);
        int number = atoi(body);
        CHECK(number > last[which]);
        last[which] = number;
        fake_server_answer(&servers[which], &request, 1);
        WAIT_FOR(client, sidetok_client_pending(client) == (size_t)(39 - i));
    }
    end(client, 2);
}

TEST(unsent_requests_go_to_another_when_theirs_is_lost)
{
    struct outcome outcomes[4];
    struct fake_request request;
    struct sidetok_client *client = begin(2);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_MAX_SENT, 1), SIDETOK_OK);
    for (int i = 0; i < 4; i++)
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[i]); /* one to each, two wait */
    CHECK(serve(client, &servers[0], &request));
    fake_server_drop(&request);
    fake_server_close(&servers[0]);
    WAIT_FOR(client, outcomes[0].n_calls == 1);
    CHECK_INT(outcomes[0].error, SIDETOK_E_PEER_LOST);
    for (int i = 1; i < 4; i++) {
        CHECK(serve(client, &servers[1], &request));
        fake_server_answer(&servers[1], &request, (uint32_t)i);
        WAIT_FOR(client, outcomes[i].n_calls == 1);
        CHECK(outcomes[i].error == SIDETOK_OK && outcomes[i].id == (uint32_t)i);
    }
    CHECK_INT(sidetok_client_connected(client), 1);
    sidetok_client_close(client);
    fake_server_close(&servers[1]);
}

/** Takes more than a turn of process(); counts by whom it was answered. */
static void end_slowly(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    enum { SLOWLY_NS = 2000000 };
    uint64_t begin_ns = client_now_ns();
    int *n_of = user;
    (void)client;
    n_of[sidetok_reply_ids(reply, NULL)[0]]++;
    while (client_now_ns() - begin_ns < SLOWLY_NS)
        continue;
}

/** Has requests answered; returns when replies of all three sidecars wait to be read. */
static void have_answered(struct sidetok_client *client, int *n_of)
{
    enum { N = 30 };
    struct sidetok_request *chat = sidetok_request_new(SIDETOK_OP_CHAT);
    struct fake_request requests[N];
    int where[N];
    for (int i = 0; i < N; i++) {
        wait_until_written(client);
        CHECK_INT(sidetok_client_submit(client, chat, end_slowly, n_of, NULL), SIDETOK_OK);
    }
    for (int i = 0; i < N; i++)
        where[i] = take_any(client, 3, &requests[i]);
    for (int i = 0; i < N; i++)
        fake_server_answer(&servers[where[i]], &requests[i], (uint32_t)where[i]);
    for (uint32_t i = 0; i < client->n_peers; i++) {
        struct pollfd p = {.fd = client->peers[i].recv_fd, .events = POLLIN};
        CHECK_INT(poll(&p, 1, FAKE_WAIT_MS), 1);
    }
    sidetok_request_free(chat);
}

TEST(callbacks_that_take_their_time_keep_no_sidecar_from_being_read)
{
    int n_of[3] = {0};
    struct sidetok_client *client = begin(3);
    have_answered(client, n_of);
    for (int i = 0; i < 3; i++)
        CHECK_INT(sidetok_client_process(client), SIDETOK_OK);
    for (int i = 0; i < 3; i++)
        CHECK(n_of[i] > 0);
    end(client, 3);
}

TEST(what_has_come_and_was_not_read_is_no_silence)
{
    int n_of[3] = {0};
    struct sidetok_client *client = begin(3);
    have_answered(client, n_of);
    for (uint32_t i = 0; i < 3; i++) /* asked long ago */
        client->peers[i].pinged_ns = client_now_ns() - client->silence_ns;
    CHECK_INT(sidetok_client_process(client), SIDETOK_OK);
    CHECK_INT(sidetok_client_connected(client), 3);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    end(client, 3);
}

TEST(one_url_that_leads_nowhere_does_not_matter)
{
    struct outcome outcome;
    struct fake_request request;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&servers[0], url));
    snprintf(all, sizeof all, "%s  %s", fake_server_url(), url);
    struct sidetok_client *client = open_connected(all, 1);
    for (uint32_t i = 0; i < 10; i++) {
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
        CHECK(serve(client, &servers[0], &request));
        fake_server_answer(&servers[0], &request, i);
        WAIT_FOR(client, outcome.n_calls == 1);
        CHECK_INT(outcome.error, SIDETOK_OK);
    }
    end(client, 1);
}

TEST(a_reply_from_the_wrong_sidecar_is_dropped)
{
    struct outcome outcomes[2];
    struct fake_request requests[2], forged;
    struct sidetok_client *client = begin(2);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[0]);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[1]);
    CHECK(serve(client, &servers[0], &requests[0]) && serve(client, &servers[1], &requests[1]));
    fake_request_copy(&forged, &requests[1]);
    forged.wire_id = requests[0].wire_id;
    fake_server_answer(&servers[1], &forged, 66);
    fake_server_answer(&servers[1], &requests[1], 1);
    WAIT_FOR(client, outcomes[1].n_calls == 1);
    CHECK_INT(outcomes[0].n_calls, 0);
    fake_server_answer(&servers[0], &requests[0], 0);
    WAIT_FOR(client, outcomes[0].n_calls == 1);
    CHECK(outcomes[0].id == 0 && outcomes[0].error == SIDETOK_OK);
    end(client, 2);
}

TEST_MAIN(RUN(the_fewest_unanswered_gets_the_next), RUN(order_holds_for_each_url),
          RUN(unsent_requests_go_to_another_when_theirs_is_lost),
          RUN(callbacks_that_take_their_time_keep_no_sidecar_from_being_read),
          RUN(what_has_come_and_was_not_read_is_no_silence), RUN(one_url_that_leads_nowhere_does_not_matter),
          RUN(a_reply_from_the_wrong_sidecar_is_dropped))
