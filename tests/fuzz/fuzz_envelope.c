/* Bytes as a request's envelope. What is read is packed and read to the same again, and its time left can be
 * rewritten; what is refused says why. Then the same bytes through the whole handler, which has no tokenizer:
 * a reply comes, and it can be read. */

#include "fuzz.h"
#include "grow.h"

#include "handler.h"

static bool view_equal(struct view a, struct view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0) && !a.data == !b.data;
}

static bool request_equal(const struct message_request *a, const struct message_request *b)
{
    return a->op == b->op && a->timeout_ms == b->timeout_ms && view_equal(a->tokenizer, b->tokenizer) &&
           a->mode == b->mode && a->want == b->want &&
           a->has_max_model_input_len == b->has_max_model_input_len &&
           a->max_model_input_len == b->max_model_input_len && a->options == b->options &&
           a->body_kind == b->body_kind && view_equal(a->body, b->body) && a->cancel == b->cancel;
}

static void check_round_trip(struct call *call, struct message_request *request)
{
    struct buf bytes;
    struct message_request again;
    buf_init(&bytes, call);
    struct msgpack_writer out = msgpack_writer_growing(fuzz_grow, &bytes);
    FUZZ_CHECK(message_pack_request(&out, request) == SIDETOK_OK);
    FUZZ_CHECK(out.size <= message_request_size(request));
    FUZZ_CHECK(message_unpack_request(msgpack_writer_view(&out), &again) == SIDETOK_OK);
    FUZZ_CHECK(request_equal(request, &again));
    message_set_timeout(out.data, out.size, 77);
    request->timeout_ms = request->timeout_ms ? 77 : 0;
    FUZZ_CHECK(message_unpack_request(msgpack_writer_view(&out), &again) == SIDETOK_OK);
    FUZZ_CHECK(request_equal(request, &again));
}

static void check_body(const struct message_request *request)
{
    struct msgpack_reader reader = msgpack_reader_of(request->body);
    if (request->body_kind == MESSAGE_BODY_MSGPACK)
        FUZZ_CHECK(msgpack_read_value(&reader, NULL) == SIDETOK_OK && msgpack_read_at_end(&reader));
}

static void check_handler(struct call *call, struct view bytes)
{
    static struct model_set none;
    struct buf answer;
    struct message_reply reply;
    buf_init(&answer, call);
    struct msgpack_writer out = msgpack_writer_growing(fuzz_grow, &answer);
    enum sidetok_error error = handler_answer(call, &none, bytes, &out);
    FUZZ_CHECK(message_unpack_reply(msgpack_writer_view(&out), &reply) == SIDETOK_OK);
    FUZZ_CHECK(reply.code == (uint32_t)error && (error == SIDETOK_OK || reply.message.size > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view bytes = {(const char *)data, size};
    struct message_request request;
    struct call call;
    call_init(&call);
    if (message_unpack_request(bytes, &request) == SIDETOK_OK) {
        check_body(&request);
        check_round_trip(&call, &request);
    } else {
        FUZZ_CHECK(request.problem != NULL);
    }
    check_handler(&call, bytes);
    call_done(&call);
    return 0;
}
