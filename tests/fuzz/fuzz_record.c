/* Bytes as a line of `sidetok batch`. What is read can be sent and is understood at the other end; the id is
 * a slice of the line; what is not read says why. */

#include "fuzz.h"
#include "grow.h"

#include "record.h"

static void send(struct call *call, const struct message_request *request)
{
    struct buf bytes;
    struct message_request got;
    buf_init(&bytes, call);
    struct msgpack_writer out = msgpack_writer_growing(fuzz_grow, &bytes);
    FUZZ_CHECK(message_pack_request(&out, request) == SIDETOK_OK);
    FUZZ_CHECK(message_unpack_request(msgpack_writer_view(&out), &got) == SIDETOK_OK);
    FUZZ_CHECK(got.op == request->op && got.mode == request->mode && got.body_kind == request->body_kind);
    FUZZ_CHECK(got.body.size == request->body.size && got.tokenizer.size == request->tokenizer.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str line = {(const char *)data, size};
    struct record record;
    struct call call;
    call_init(&call);
    if (record_read(&call, line, &record) == SIDETOK_OK)
        send(&call, &record.request);
    else
        FUZZ_CHECK(call.failure.message.size > 0 && call.failure.code >= SIDETOK_E_NO_MEMORY);
    if (record.id.data)
        FUZZ_CHECK(record.id.data > line.data && record.id.data + record.id.size <= line.data + line.size);
    call_done(&call);
    return 0;
}
