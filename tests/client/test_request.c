/* What a caller sets is what the sidecar gets; what cannot be sent is refused before it is. */
#include "loop.h"

static struct fake_server server;

static struct sidetok_client *begin(void)
{
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    return open_connected(url, 1);
}

static void end(struct sidetok_client *client)
{
    sidetok_client_close(client);
    fake_server_close(&server);
}

static bool is_view(struct view got, const char *expected, size_t size)
{
    return got.size == size && (size == 0 || memcmp(got.data, expected, size) == 0);
}

/** The request as the sidecar reads it; it is answered. */
static struct fake_request sent(struct sidetok_client *client, const struct sidetok_request *request)
{
    struct fake_request taken, answered;
    struct outcome outcome = {0};
    CHECK_INT(sidetok_client_submit(client, request, record, &outcome, NULL), SIDETOK_OK);
    CHECK(serve(client, &server, &taken));
    CHECK_INT(taken.error, SIDETOK_OK);
    fake_request_copy(&answered, &taken);
    fake_server_answer(&server, &answered, 7);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK(outcome.error == SIDETOK_OK && outcome.id == 7);
    return taken;
}

TEST(every_field_arrives)
{
    struct sidetok_client *client = begin();
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_FIM);
    sidetok_request_tokenizer(request, "v3");
    sidetok_request_body_msgpack(request, "\x80", 1);
    sidetok_request_want(request, SIDETOK_WANT_IDS | SIDETOK_WANT_COUNT);
    sidetok_request_mode(request, SIDETOK_MODE_SERVING);
    sidetok_request_options(request, SIDETOK_OPTION_VLLM);
    sidetok_request_max_model_input_len(request, -5);
    sidetok_request_timeout_ms(request, 60000);
    struct fake_request taken = sent(client, request);
    CHECK_INT(taken.fields.op, MESSAGE_OP_FIM);
    CHECK(is_view(taken.fields.tokenizer, "v3", 2));
    CHECK(taken.fields.body_kind == MESSAGE_BODY_MSGPACK && is_view(taken.fields.body, "\x80", 1));
    CHECK_INT(taken.fields.want, SIDETOK_WANT_IDS | SIDETOK_WANT_COUNT);
    CHECK_INT(taken.fields.mode, MESSAGE_MODE_SERVING);
    CHECK_INT(taken.fields.options, SIDETOK_OPTION_VLLM);
    CHECK(taken.fields.has_max_model_input_len && taken.fields.max_model_input_len == -5);
    CHECK(taken.fields.timeout_ms > 0 && taken.fields.timeout_ms <= 60000);
    fake_server_drop(&taken);
    sidetok_request_free(request);
    end(client);
}

TEST(what_is_not_set_is_not_sent)
{
    struct sidetok_client *client = begin();
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    sidetok_request_tokenizer(request, "v3");
    sidetok_request_tokenizer(request, NULL);
    sidetok_request_body_json(request, NULL, 0);
    struct fake_request taken = sent(client, request);
    CHECK(taken.fields.tokenizer.data == NULL && !taken.fields.has_max_model_input_len);
    CHECK(taken.fields.body_kind == MESSAGE_BODY_JSON && taken.fields.body.size == 0);
    CHECK(taken.fields.timeout_ms == 0 && taken.fields.options == 0);
    fake_server_drop(&taken);
    sidetok_request_free(request);
    end(client);
}

/* The body is borrowed until the submit returns: the same request may be sent again with another. */
TEST(a_request_is_sent_again_with_another_body)
{
    struct sidetok_client *client = begin();
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_ENCODE);
    char body[16];
    for (int i = 0; i < 3; i++) {
        int size = snprintf(body, sizeof body, "{\"n\": %d}", i);
        sidetok_request_body_json(request, body, (size_t)size);
        struct fake_request taken = sent(client, request);
        CHECK(is_view(taken.fields.body, body, (size_t)size));
        fake_server_drop(&taken);
    }
    sidetok_request_free(request);
    end(client);
}

TEST(what_cannot_be_sent_is_refused)
{
    struct sidetok_client *client = begin();
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    struct outcome outcome = {0};
    uint64_t id = 0;
    CHECK_INT(sidetok_client_submit(client, NULL, record, &outcome, &id), SIDETOK_E_INVALID_ARGUMENT);
    CHECK_INT(sidetok_client_submit(client, request, NULL, &outcome, &id), SIDETOK_E_INVALID_ARGUMENT);
    if (SIZE_MAX > UINT32_MAX) { /* never read: refused by its size */
        sidetok_request_body_json(request, "{}", (size_t)UINT32_MAX + 1);
        CHECK_INT(sidetok_client_submit(client, request, record, &outcome, &id), SIDETOK_E_TOO_LARGE);
    }
    CHECK_INT(sidetok_client_cancel(client, 12345), SIDETOK_E_INVALID_ARGUMENT);
    CHECK(sidetok_client_pending(client) == 0 && outcome.n_calls == 0 && id == 0);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_MAX_PENDING, 0), SIDETOK_E_INVALID_ARGUMENT);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_SILENCE_MS, -1), SIDETOK_E_INVALID_ARGUMENT);
    CHECK_INT(sidetok_client_set(client, (enum sidetok_setting)99, 1), SIDETOK_E_INVALID_ARGUMENT);
    sidetok_request_free(request);
    end(client);
}

TEST(names_of_operations_and_errors_are_those_of_the_protocol)
{
    CHECK_INT(sidetok_op_from_name("chat"), SIDETOK_OP_CHAT);
    CHECK_INT(sidetok_op_from_name("ping"), SIDETOK_OP_PING);
    CHECK(sidetok_op_from_name("no such") == 0 && sidetok_op_from_name(NULL) == 0);
    CHECK(strcmp(sidetok_error_name(SIDETOK_E_BUSY), "busy") == 0);
    CHECK(strlen(sidetok_version()) > 0);
    sidetok_client_close(NULL);
    sidetok_reply_free(NULL);
    sidetok_request_free(NULL);
    CHECK_INT(sidetok_client_open(NULL, NULL), SIDETOK_E_INVALID_ARGUMENT);
}

TEST_MAIN(RUN(every_field_arrives), RUN(what_is_not_set_is_not_sent),
          RUN(a_request_is_sent_again_with_another_body), RUN(what_cannot_be_sent_is_refused),
          RUN(names_of_operations_and_errors_are_those_of_the_protocol))
