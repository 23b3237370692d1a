/* What a callback may do: submit, cancel, take the reply, close the client it runs for. */
#include "loop.h"

static struct fake_server server;
static struct outcome other;
static uint64_t other_id;
static int n_called;

static void close_client(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)user, (void)reply;
    n_called++;
    sidetok_client_close(client);
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_PING);
    CHECK_INT(sidetok_client_submit(client, request, close_client, NULL, NULL), SIDETOK_E_SHUTTING_DOWN);
    sidetok_request_free(request);
}

static void cancel_other(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)user, (void)reply;
    n_called++;
    CHECK_INT(sidetok_client_cancel(client, other_id), SIDETOK_OK);
}

static void process_again(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)user, (void)reply;
    n_called++;
    CHECK_INT(sidetok_client_process(client), SIDETOK_E_INVALID_ARGUMENT);
}

static void submit_again(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    int *n_left = user;
    (void)reply;
    n_called++;
    if (--*n_left == 0)
        return;
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    for (int i = 0; i < 2; i++) /* two for one: the table grows while a callback runs */
        CHECK_INT(sidetok_client_submit(client, request, i == 0 ? submit_again : record,
                                        i == 0 ? user : &other, NULL),
                  SIDETOK_OK);
    sidetok_request_free(request);
}

static struct sidetok_client *begin(sidetok_done *done, void *user)
{
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    n_called = 0;
    CHECK_INT(sidetok_client_submit(client, request, done, user, NULL), SIDETOK_OK);
    sidetok_request_free(request);
    return client;
}

static void take_and_answer(struct sidetok_client *client, int n)
{
    struct fake_request requests[4];
    for (int i = 0; i < n; i++)
        CHECK(serve(client, &server, &requests[i]));
    for (int i = 0; i < n; i++)
        fake_server_answer(&server, &requests[i], 1);
}

TEST(closing_ends_everything_and_process_says_so)
{
    struct sidetok_client *client = begin(close_client, NULL);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &other);
    submit(client, SIDETOK_OP_CHAT, "{}", (uint32_t)fake_ms(60000), &other);
    take_and_answer(client, 3);
    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    enum sidetok_error error = SIDETOK_OK;
    while (error == SIDETOK_OK && poll(&p, 1, FAKE_WAIT_MS) > 0)
        error = sidetok_client_process(client);
    CHECK_INT(error, SIDETOK_E_SHUTTING_DOWN);
    CHECK(n_called == 1 && other.n_calls == 0);
    fake_server_close(&server);
}

TEST(closing_while_a_lost_peers_requests_fail)
{
    struct sidetok_client *client = begin(close_client, NULL);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &other);
    struct fake_request request;
    for (int i = 0; i < 2; i++)
        if (serve(client, &server, &request))
            fake_server_drop(&request);
    fake_server_close(&server);
    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    enum sidetok_error error = SIDETOK_OK;
    while (error == SIDETOK_OK && poll(&p, 1, FAKE_WAIT_MS) > 0)
        error = sidetok_client_process(client);
    CHECK_INT(error, SIDETOK_E_SHUTTING_DOWN);
    CHECK(n_called == 1 && other.n_calls == 0);
}

TEST(closing_at_a_deadline)
{
    struct sidetok_client *client = open_patient(fake_server_url());
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    sidetok_request_timeout_ms(request, 10);
    n_called = 0;
    for (int i = 0; i < 3; i++)
        CHECK_INT(sidetok_client_submit(client, request, close_client, NULL, NULL), SIDETOK_OK);
    sidetok_request_free(request);
    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    enum sidetok_error error = SIDETOK_OK;
    while (error == SIDETOK_OK && poll(&p, 1, FAKE_WAIT_MS) > 0)
        error = sidetok_client_process(client);
    CHECK_INT(error, SIDETOK_E_SHUTTING_DOWN);
    CHECK_INT(n_called, 1);
}

TEST(cancelling_another_whose_reply_is_there_already)
{
    struct sidetok_client *client = begin(cancel_other, NULL);
    struct outcome last;
    other_id = submit(client, SIDETOK_OP_CHAT, "{}", 0, &other);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &last);
    take_and_answer(client, 3);
    WAIT_FOR(client, last.n_calls == 1);
    CHECK(n_called == 1 && other.n_calls == 0);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(processing_again_is_refused)
{
    struct sidetok_client *client = begin(process_again, NULL);
    take_and_answer(client, 1);
    WAIT_FOR(client, n_called == 1);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(submitting_from_callbacks_a_thousand_deep)
{
    int n_left = 1000;
    struct sidetok_client *client = begin(submit_again, &n_left);
    fake_server_echo(&server);
    other = (struct outcome){0};
    WAIT_FOR(client, n_left == 0 && sidetok_client_pending(client) == 0);
    CHECK(n_called == 1000 && other.n_calls == 999);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST_MAIN(RUN(closing_ends_everything_and_process_says_so), RUN(closing_while_a_lost_peers_requests_fail),
          RUN(closing_at_a_deadline), RUN(cancelling_another_whose_reply_is_there_already),
          RUN(processing_again_is_refused), RUN(submitting_from_callbacks_a_thousand_deep))
