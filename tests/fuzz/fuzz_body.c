/* Bytes as a request's body in msgpack: what is read was one whole value, and memory stays in proportion. */

#include "fuzz.h"

#include "body.h"
#include "buf.h"
#include "proto/msgpack_read.h"
#include "python_repr.h"

/* Per byte: an element of 24 on a stack that doubles, its copy, the digits of an integer; a map's member and
 * slot. */
enum { BYTES_PER_BYTE = 200, BYTES_AT_LEAST = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    struct msgpack_reader reader = msgpack_reader_of((struct view){bytes.data, size});
    struct call call;
    struct json value;
    call_init(&call);
    enum sidetok_error error = body_read_msgpack(&call, bytes, &value);
    FUZZ_CHECK(call.arena.used_bytes <= BYTES_AT_LEAST + size * BYTES_PER_BYTE);
    if (error == SIDETOK_OK) {
        struct buf repr;
        buf_init(&repr, &call);
        python_repr(&repr, &value);
        FUZZ_CHECK(msgpack_read_value(&reader, NULL) == SIDETOK_OK && msgpack_read_at_end(&reader));
    }
    call_done(&call);
    return 0;
}
