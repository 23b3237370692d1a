/* What can't be taken is refused at once; what is taken is kept in order. */
#include "loop.h"

TEST(full_queue_refuses_at_once)
{
    struct sidetok_client *client;
    struct outcome outcomes[4];
    CHECK_INT(sidetok_client_open(fake_server_url(), &client), SIDETOK_OK);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 0), SIDETOK_OK);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_MAX_PENDING, 3), SIDETOK_OK);
    uint64_t id = 0;
    for (int i = 0; i < 3; i++)
        CHECK((id = submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[i])) != 0);
    CHECK_INT(submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[3]), 0);
    CHECK(outcomes[3].error == SIDETOK_E_BUSY && outcomes[3].n_calls == 0);
    CHECK_INT(sidetok_client_cancel(client, id), SIDETOK_OK);
    CHECK(submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[3]) != 0);
    sidetok_client_close(client);
}

TEST(no_more_is_sent_than_the_setting_says)
{
    struct fake_server server;
    struct fake_request requests[3], ping;
    struct outcome outcomes[8], pinged;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_MAX_SENT, 3), SIDETOK_OK);
    for (int i = 0; i < 8; i++)
        submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcomes[i]);
    for (int i = 0; i < 3; i++)
        CHECK(serve(client, &server, &requests[i]));
    submit(client, SIDETOK_OP_PING, NULL, 0, &pinged); /* a ping passes all */
    CHECK(serve(client, &server, &ping));
    CHECK(ping.fields.op == MESSAGE_OP_PING);
    fake_server_answer(&server, &ping, 1);
    WAIT_FOR(client, pinged.n_calls == 1);
    CHECK(!fake_server_has_request(&server));
    for (int i = 0; i < 8; i++) {
        fake_server_answer(&server, &requests[0], (uint32_t)i);
        WAIT_FOR(client, outcomes[i].n_calls == 1);
        requests[0] = requests[1], requests[1] = requests[2];
        if (i < 5)
            CHECK(serve(client, &server, &requests[2]));
    }
    for (int i = 0; i < 8; i++)
        CHECK_INT(outcomes[i].id, i);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(settings_out_of_range_are_refused)
{
    static const struct {
        enum sidetok_setting setting;
        long value;
        enum sidetok_error expected;
    } cases[] = {
        {SIDETOK_SETTING_MAX_PENDING, 0, SIDETOK_E_INVALID_ARGUMENT},
        {SIDETOK_SETTING_MAX_PENDING, 65535, SIDETOK_OK},
        {SIDETOK_SETTING_MAX_PENDING, 65536, SIDETOK_E_INVALID_ARGUMENT},
        {SIDETOK_SETTING_MAX_SENT, 56, SIDETOK_OK},
        {SIDETOK_SETTING_MAX_SENT, 57, SIDETOK_E_INVALID_ARGUMENT},
        {SIDETOK_SETTING_CONNECT_TIMEOUT_MS, -1, SIDETOK_E_INVALID_ARGUMENT},
        {(enum sidetok_setting)99, 1, SIDETOK_E_INVALID_ARGUMENT},
    };
    struct sidetok_client *client;
    CHECK_INT(sidetok_client_open(fake_server_url(), &client), SIDETOK_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_INT(sidetok_client_set(client, cases[i].setting, cases[i].value), cases[i].expected);
    sidetok_client_close(client);
}

TEST(urls_that_cannot_be_used_are_refused)
{
    static const char *const urls[] = {"", "  ", "nonsense", "gopher://there", "ipc:///a gopher://there"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct sidetok_client *client = NULL;
        CHECK_INT(sidetok_client_open(urls[i], &client), SIDETOK_E_INVALID_ARGUMENT);
        CHECK(client == NULL);
    }
    sidetok_client_close(NULL);
    CHECK_INT(sidetok_client_open(NULL, NULL), SIDETOK_E_INVALID_ARGUMENT);
}

TEST_MAIN(RUN(full_queue_refuses_at_once), RUN(no_more_is_sent_than_the_setting_says),
          RUN(settings_out_of_range_are_refused), RUN(urls_that_cannot_be_used_are_refused))
