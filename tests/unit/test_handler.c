#include "handler.h"
#include "tests/support/test.h"

/* The flow without a tokenizer: what is answered before one is needed. Tokens are the parity tests' business.
 */

static struct call call;
static struct model_set models;
static uint8_t bytes[4096];

static enum sidetok_error answer(const void *request, size_t size, struct message_reply *ret_reply)
{
    struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
    call_reset(&call);
    enum sidetok_error error = handler_answer(&call, &models, (struct view){request, size}, &out);
    CHECK_INT(message_unpack_reply(msgpack_writer_view(&out), ret_reply), SIDETOK_OK);
    CHECK_INT(ret_reply->code, error);
    return error;
}

static enum sidetok_error ask(const struct message_request *request, struct message_reply *ret_reply)
{
    uint8_t packed[1024];
    struct msgpack_writer out = msgpack_writer_fixed(packed, sizeof packed);
    CHECK_INT(message_pack_request(&out, request), SIDETOK_OK);
    return answer(packed, out.size, ret_reply);
}

static void begin(void)
{
    static const struct str items[] = {{"a=/nonexistent.model", 20}, {"b=/nonexistent/tekken.json", 26}};
    static struct call home;
    if (models.n == 0) {
        call_init(&home);
        call_init(&call);
        CHECK_INT(model_set_init(&home, items, 2, 0, 0, &models), SIDETOK_OK);
    }
}

TEST(any_bytes_get_a_reply)
{
    static const char *const requests[] = {
        "", "\x80", "\xc1", "\x81\x00\x01", "\x82\x00\x02\x01\x01", "\x82\x00\x01\x01\x63"};
    static const size_t sizes[] = {0, 1, 1, 3, 5, 5};
    static const enum sidetok_error errors[] = {SIDETOK_E_BAD_REQUEST,     SIDETOK_E_BAD_REQUEST,
                                                SIDETOK_E_BAD_REQUEST,     SIDETOK_E_BAD_REQUEST,
                                                SIDETOK_E_UNKNOWN_VERSION, SIDETOK_E_UNKNOWN_OP};
    begin();
    for (size_t i = 0; i < 6; i++) {
        struct message_reply reply;
        CHECK_INT(answer(requests[i], sizes[i], &reply), errors[i]);
        CHECK(reply.message.size > 0);
    }
}

TEST(an_unknown_tokenizer_is_told_before_the_body_is_read)
{
    struct message_reply reply;
    struct message_request request = {
        .op = MESSAGE_OP_CHAT, .tokenizer = {"none", 4}, .body_kind = MESSAGE_BODY_JSON, .body = {"{", 1}};
    begin();
    CHECK_INT(ask(&request, &reply), SIDETOK_E_UNKNOWN_TOKENIZER);
    CHECK_STR(((struct str){reply.message.data, reply.message.size}), STR("no tokenizer is named 'none'"));
    CHECK(reply.stage.data == NULL);
}

TEST(the_request_is_converted_before_the_tokenizer_is_loaded)
{
    struct message_reply reply;
    struct message_request request = {
        .op = MESSAGE_OP_CHAT, .body_kind = MESSAGE_BODY_JSON, .body = {"{\"messages\":[5]}", 16}};
    begin();
    CHECK_INT(ask(&request, &reply), SIDETOK_E_ATTRIBUTE);
    CHECK_STR(((struct str){reply.stage.data, reply.stage.size}), STR("convert"));
    request.body = (struct view){"{\"messages\":[]}", 15};
    CHECK_INT(ask(&request, &reply), SIDETOK_E_TOKENIZER); /* it does not load */
    CHECK_STR(((struct str){reply.stage.data, reply.stage.size}), STR("encode"));
}

TEST(a_file_that_does_not_load_is_the_answer_of_load)
{
    struct message_reply reply;
    struct message_request request = {.op = MESSAGE_OP_LOAD, .tokenizer = {"b", 1}};
    begin();
    CHECK_INT(ask(&request, &reply), SIDETOK_E_TOKENIZER);
    CHECK_STR(((struct str){reply.message.data, reply.message.size}),
              STR("Unrecognized tokenizer file: /nonexistent/tekken.json"));
}

TEST(ping_needs_no_tokenizer)
{
    struct message_reply reply;
    begin();
    CHECK_INT(ask(&(struct message_request){.op = MESSAGE_OP_PING}, &reply), SIDETOK_OK);
    CHECK(reply.value.data != NULL);
    CHECK_INT(ask(&(struct message_request){.op = MESSAGE_OP_CANCEL, .cancel = 0x80000001u}, &reply),
              SIDETOK_OK);
    CHECK(reply.has_count && reply.count == 0);
}

TEST(each_allocation_fails_once_and_is_told)
{
    struct message_request request = {.op = MESSAGE_OP_CHAT,
                                      .body_kind = MESSAGE_BODY_JSON,
                                      .body = {"{\"messages\":[{\"role\":\"user\",\"content\":5}]}", 42}};
    uint8_t packed[256];
    struct msgpack_writer writer = msgpack_writer_fixed(packed, sizeof packed);
    begin();
    CHECK_INT(message_pack_request(&writer, &request), SIDETOK_OK);
    size_t n_failed = 0;
    for (size_t n = 1; n < 60; n++) {
        struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
        call_reset(&call);
        call.arena.fail_after = n;
        enum sidetok_error error = handler_answer(&call, &models, msgpack_writer_view(&writer), &out);
        call.arena.fail_after = 0;
        struct message_reply reply;
        CHECK_INT(message_unpack_reply(msgpack_writer_view(&out), &reply), SIDETOK_OK);
        CHECK(error == SIDETOK_E_NO_MEMORY || error == SIDETOK_E_VALUE);
        n_failed += error == SIDETOK_E_NO_MEMORY;
    }
    CHECK(n_failed > 0);
    call_done(&call);
}

/* A daemon whose memory is short: the words of an error may be as long as a request. */
TEST(words_that_find_no_room_become_no_memory)
{
    static char name[2000];
    static uint8_t packed[2100];
    memset(name, 'x', sizeof name);
    struct message_request request = {.op = MESSAGE_OP_LOAD, .tokenizer = {name, sizeof name}};
    struct msgpack_writer writer = msgpack_writer_fixed(packed, sizeof packed);
    struct message_reply reply;
    begin();
    call_init(&call);
    CHECK_INT(message_pack_request(&writer, &request), SIDETOK_OK);
    struct msgpack_writer out = msgpack_writer_fixed(bytes, 256);
    CHECK_INT(handler_answer(&call, &models, msgpack_writer_view(&writer), &out), SIDETOK_E_NO_MEMORY);
    CHECK_INT(message_unpack_reply(msgpack_writer_view(&out), &reply), SIDETOK_OK);
    CHECK_INT(reply.code, SIDETOK_E_NO_MEMORY);
    call_done(&call);
}

TEST_MAIN(RUN(any_bytes_get_a_reply), RUN(an_unknown_tokenizer_is_told_before_the_body_is_read),
          RUN(the_request_is_converted_before_the_tokenizer_is_loaded),
          RUN(a_file_that_does_not_load_is_the_answer_of_load), RUN(ping_needs_no_tokenizer),
          RUN(each_allocation_fails_once_and_is_told), RUN(words_that_find_no_room_become_no_memory))
