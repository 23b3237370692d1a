/* Many at once: none lost, each answered once, in order; in level- and edge-triggered loops. */
#include "loop.h"

#include <unistd.h>

static struct fake_server server;

static struct sidetok_client *begin(void)
{
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    fake_server_echo(&server);
    return open_connected(url, 1);
}

static void end(struct sidetok_client *client)
{
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(a_thousand_pings)
{
    struct sidetok_client *client = begin();
    struct outcome *outcomes = calloc(1000, sizeof *outcomes);
    n_ended = 0;
    for (int i = 0; i < 1000; i++)
        submit(client, SIDETOK_OP_PING, NULL, 0, &outcomes[i]);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(outcomes[i].n_calls == 1 && outcomes[i].error == SIDETOK_OK && outcomes[i].order == i + 1 &&
              outcomes[i].id == (uint32_t)i);
    free(outcomes);
    end(client);
}

TEST(ten_thousand_requests_in_order)
{
    enum { N = 10000 };
    struct sidetok_client *client = begin();
    struct outcome *outcomes = calloc(N, sizeof *outcomes);
    n_ended = 0;
    for (int i = 0; i < N; i++)
        submit(client, SIDETOK_OP_CHAT, "{\"messages\": []}", (uint32_t)fake_ms(60000), &outcomes[i]);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    int n_wrong = 0;
    for (int i = 0; i < N; i++)
        n_wrong += outcomes[i].n_calls != 1 || outcomes[i].error != SIDETOK_OK ||
                   outcomes[i].order != i + 1 || outcomes[i].id != (uint32_t)i || outcomes[i].count != 16;
    CHECK_INT(n_wrong, 0);
    free(outcomes);
    end(client);
}

TEST(fifty_megabytes_at_once)
{
    enum { N = 50, SIZE = 1 << 20 };
    struct sidetok_client *client = begin();
    struct outcome outcomes[N] = {0};
    char *text = malloc(SIZE);
    memset(text, 'x', SIZE);
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_ENCODE);
    sidetok_request_body_json(request, text, SIZE);
    n_ended = 0;
    for (int i = 0; i < N; i++)
        CHECK_INT(sidetok_client_submit(client, request, record, &outcomes[i], NULL), SIDETOK_OK);
    sidetok_request_free(request);
    free(text); /* not needed once submitted */
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (int i = 0; i < N; i++)
        CHECK(outcomes[i].count == SIZE && outcomes[i].order == i + 1);
    end(client);
}

/** One edge may stand for more replies than a single process() takes. */
TEST(an_edge_triggered_loop_misses_nothing)
{
    enum { N = 5000 };
    struct sidetok_client *client = begin();
    struct outcome *outcomes = calloc(N, sizeof *outcomes);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    CHECK_INT(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, sidetok_client_fd(client), &event), 0);
    for (int i = 0; i < N; i++)
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[i]);
    while (sidetok_client_pending(client) > 0 && wait_for_event(epoll_fd, &event))
        CHECK_INT(sidetok_client_process(client), SIDETOK_OK);
    CHECK_INT(sidetok_client_pending(client), 0);
    close(epoll_fd);
    free(outcomes);
    end(client);
}

TEST_MAIN(RUN(a_thousand_pings), RUN(ten_thousand_requests_in_order), RUN(fifty_megabytes_at_once),
          RUN(an_edge_triggered_loop_misses_nothing))
