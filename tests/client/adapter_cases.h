#ifndef SIDETOK_TESTS_CLIENT_ADAPTER_CASES_H
#define SIDETOK_TESTS_CLIENT_ADAPTER_CASES_H

/* What holds for a client in every kind of loop. The program that includes this has defined, for its loop: */

#include "loop.h"

#include <sys/resource.h>

static void loop_open(void);
static void *loop_attach(struct sidetok_client *client);
static void loop_detach(void *adapter);
static void loop_run(void); /* until loop_stop(); may turn on a little */
static void loop_stop(void);
static void loop_close(void);

enum { N_REQUESTS = 300 };

static struct fake_server case_server;
static struct sidetok_client *case_client;
static void *case_adapter;
static int n_replies, n_cancelled, n_wrong;
static uint64_t cancel_id;

static void count_reply(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)client, (void)user;
    n_wrong += sidetok_reply_error(reply) != SIDETOK_OK;
    if (++n_replies == N_REQUESTS)
        loop_stop();
}

/** Ends everything from inside: adapter before client, or after it. */
static void end_inside(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)reply;
    n_replies++;
    if (user)
        sidetok_client_close(client);
    loop_detach(case_adapter);
    if (!user)
        sidetok_client_close(client);
    loop_stop();
}

static void count_cancelled(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)client, (void)user, (void)reply;
    n_cancelled++;
}

static void cancel_inside(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)user, (void)reply;
    CHECK_INT(sidetok_client_cancel(client, cancel_id), SIDETOK_OK);
}

static uint64_t case_submit(sidetok_done *done, void *user, uint32_t timeout_ms)
{
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    uint64_t id = 0;
    sidetok_request_timeout_ms(request, timeout_ms);
    CHECK_INT(sidetok_client_submit(case_client, request, done, user, &id), SIDETOK_OK);
    sidetok_request_free(request);
    return id;
}

static void case_begin(bool is_answering)
{
    const char *url = fake_server_url();
    CHECK(fake_server_open(&case_server, url));
    if (is_answering)
        fake_server_echo(&case_server);
    n_replies = n_wrong = n_cancelled = 0;
    loop_open();
    case_client = open_patient(url);
    case_adapter = loop_attach(case_client);
    CHECK(case_adapter != NULL);
}

static void case_end(void)
{
    loop_detach(case_adapter);
    sidetok_client_close(case_client);
    loop_close();
    fake_server_close(&case_server);
}

TEST(every_request_is_answered_in_the_loop)
{
    case_begin(true);
    for (int i = 0; i < N_REQUESTS; i++)
        case_submit(count_reply, NULL, 0);
    loop_run();
    CHECK(n_replies == N_REQUESTS && n_wrong == 0);
    case_end();
}

TEST(a_deadline_wakes_the_loop)
{
    case_begin(false);
    n_replies = N_REQUESTS - 1;
    case_submit(count_reply, NULL, 20);
    loop_run();
    CHECK(n_replies == N_REQUESTS && n_wrong == 1);
    case_end();
}

TEST(cancelling_inside_a_callback)
{
    case_begin(true);
    case_submit(cancel_inside, NULL, 0);
    cancel_id = case_submit(count_cancelled, NULL, 0);
    for (int i = 0; i < N_REQUESTS; i++)
        case_submit(count_reply, NULL, 0);
    loop_run();
    CHECK(n_replies == N_REQUESTS && n_cancelled == 0);
    case_end();
}

static void end_from_inside(void *closes_client_first)
{
    case_begin(true);
    for (int i = 0; i < 10; i++)
        case_submit(end_inside, closes_client_first, 0);
    loop_run();
    CHECK_INT(n_replies, 1);
    loop_close();
    fake_server_close(&case_server);
}

TEST(detaching_then_closing_inside_a_callback)
{
    end_from_inside(NULL);
}

TEST(closing_then_detaching_inside_a_callback)
{
    end_from_inside(&n_wrong);
}

TEST(without_a_descriptor_nothing_is_attached)
{
    struct rlimit limit, none;
    case_begin(true);
    loop_detach(case_adapter);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    void *none_attached = loop_attach(case_client);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK(none_attached == NULL);
    case_adapter = loop_attach(case_client);
    CHECK(case_adapter != NULL);
    n_replies = N_REQUESTS - 1;
    case_submit(count_reply, NULL, 0);
    loop_run();
    CHECK(n_replies == N_REQUESTS && n_wrong == 0);
    case_end();
}

TEST_MAIN(RUN(every_request_is_answered_in_the_loop), RUN(a_deadline_wakes_the_loop),
          RUN(cancelling_inside_a_callback), RUN(detaching_then_closing_inside_a_callback),
          RUN(closing_then_detaching_inside_a_callback), RUN(without_a_descriptor_nothing_is_attached))

#endif
