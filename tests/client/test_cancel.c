/* After a cancel the callback never runs, whatever the sidecar still answers. */
#include "loop.h"

static struct fake_server server;
static struct sidetok_client *client;

static void begin(void)
{
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    client = open_connected(url, 1);
}

static void end(void)
{
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(late_reply_after_cancel_is_dropped)
{
    struct outcome cancelled, next;
    struct fake_request request, cancel;
    begin();
    uint64_t id = submit(client, SIDETOK_OP_CHAT, "{}", 0, &cancelled);
    CHECK(serve(client, &server, &request));
    uint32_t wire_id = request.wire_id;
    CHECK_INT(sidetok_client_cancel(client, id), SIDETOK_OK);
    CHECK_INT(sidetok_client_pending(client), 0);
    CHECK(serve(client, &server, &cancel));
    CHECK(cancel.fields.op == MESSAGE_OP_CANCEL && cancel.fields.cancel == wire_id);
    fake_server_answer_count(&server, &cancel, 0); /* too late: it is being worked on */
    fake_server_answer(&server, &request, 1);
    submit(client, SIDETOK_OP_CHAT, "{}", 0, &next);
    CHECK(serve(client, &server, &request));
    CHECK(request.wire_id != wire_id);
    fake_server_answer(&server, &request, 2);
    WAIT_FOR(client, next.n_calls == 1);
    CHECK_INT(cancelled.n_calls, 0);
    CHECK_INT(next.id, 2);
    end();
}

TEST(what_was_not_sent_never_leaves)
{
    struct outcome first, second;
    struct fake_server late;
    struct fake_request request;
    const char *url = fake_server_url();
    client = open_patient(url);
    uint64_t id = submit(client, SIDETOK_OP_CHAT, "\"first\"", 0, &first);
    submit(client, SIDETOK_OP_CHAT, "\"second\"", 0, &second);
    CHECK_INT(sidetok_client_pending(client), 2);
    CHECK_INT(sidetok_client_cancel(client, id), SIDETOK_OK);
    CHECK_INT(sidetok_client_pending(client), 1);
    CHECK(fake_server_open(&late, url));
    CHECK(serve(client, &late, &request));
    CHECK(memcmp(request.fields.body.data, "\"second\"", 8) == 0);
    fake_server_answer(&late, &request, 7);
    WAIT_FOR(client, second.n_calls == 1);
    CHECK(first.n_calls == 0 && !fake_server_has_request(&late));
    sidetok_client_close(client);
    fake_server_close(&late);
}

TEST(only_pending_requests_can_be_cancelled)
{
    struct outcome outcome;
    struct fake_request request;
    begin();
    CHECK_INT(sidetok_client_cancel(client, 0), SIDETOK_E_INVALID_ARGUMENT);
    CHECK_INT(sidetok_client_cancel(client, 12345678901234), SIDETOK_E_INVALID_ARGUMENT);
    uint64_t done = submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
    CHECK(serve(client, &server, &request));
    fake_server_answer(&server, &request, 1);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK_INT(sidetok_client_cancel(client, done), SIDETOK_E_INVALID_ARGUMENT);
    uint64_t id = submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
    CHECK(id != done);
    CHECK_INT(sidetok_client_cancel(client, id), SIDETOK_OK);
    CHECK_INT(sidetok_client_cancel(client, id), SIDETOK_E_INVALID_ARGUMENT);
    end();
}

/** Slots of cancelled requests come back: by the reply, or by a cancel that was in time. */
TEST(ten_thousand_cancels_leave_room_for_requests)
{
    struct outcome outcome;
    struct fake_request request, cancel;
    begin();
    for (int i = 0; i < 10000; i++) {
        uint64_t id = submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
        CHECK(id != 0);
        if (id == 0 || !serve(client, &server, &request))
            break;
        CHECK_INT(sidetok_client_cancel(client, id), SIDETOK_OK);
        if (!serve(client, &server, &cancel))
            break;
        if (i % 2 == 0) {
            fake_server_answer(&server, &request, 1);
            fake_server_answer_count(&server, &cancel, 0);
        } else {
            fake_server_drop(&request);
            fake_server_answer_count(&server, &cancel, 1);
        }
        if (i % 100 == 99) { /* a round trip: all before it has been read then */
            submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
            CHECK(serve(client, &server, &request));
            fake_server_answer(&server, &request, 3);
            WAIT_FOR(client, outcome.n_calls == 1);
        }
    }
    CHECK_INT(sidetok_client_pending(client), 0);
    end();
}

TEST_MAIN(RUN(late_reply_after_cancel_is_dropped), RUN(what_was_not_sent_never_leaves),
          RUN(only_pending_requests_can_be_cancelled), RUN(ten_thousand_cancels_leave_room_for_requests))
