/* Bytes as a sidecar's reply, which a client must not trust: every view lies inside of the message, ids are
 * aligned, and what the command prints of it is JSON. */

#include "fuzz.h"

#include "client/reply.h"
#include "json.h"
#include "print.h"

static volatile unsigned sink;

/* Reads all of a view, so that the address sanitizer sees where it points. */
static void touch(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    FUZZ_CHECK(bytes || size == 0);
    for (size_t i = 0; i < size; i++)
        sink += bytes[i];
}

typedef const char *get_text(const struct sidetok_reply *reply, size_t *ret_size);
typedef const void *get_value(const struct sidetok_reply *reply, size_t *ret_size);
typedef const uint32_t *get_ids(const struct sidetok_reply *reply, size_t *ret_n);

static void read_all(const struct sidetok_reply *reply)
{
    static get_text *const texts[] = {sidetok_reply_type, sidetok_reply_family, sidetok_reply_message,
                                      sidetok_reply_stage, sidetok_reply_text};
    static get_value *const values[] = {sidetok_reply_errors, sidetok_reply_value, sidetok_reply_bytes};
    static get_ids *const ids[] = {sidetok_reply_ids, sidetok_reply_prefix_ids, sidetok_reply_lengths};
    size_t size;
    for (size_t i = 0; i < 5; i++) {
        const char *text = texts[i](reply, &size);
        touch(text, size);
    }
    for (size_t i = 0; i < 3; i++) {
        const void *value = values[i](reply, &size);
        touch(value, size);
    }
    for (size_t i = 0; i < 3; i++) {
        const uint32_t *list = ids[i](reply, &size);
        FUZZ_CHECK((uintptr_t)list % sizeof *list == 0);
        touch(list, size * sizeof *list);
    }
    FUZZ_CHECK(sidetok_reply_count(reply) >= -1);
}

static void walk_pairs(const struct sidetok_reply *reply)
{
    uint64_t first, second;
    size_t n_images = 0, n_sounds = 0;
    while (n_images < 64 && sidetok_reply_image(reply, n_images, &first, &second))
        n_images++;
    while (n_sounds < 64 && sidetok_reply_audio(reply, n_sounds, &first, &second))
        n_sounds++;
}

/* The members that the command prints, between braces, for each operation that names them differently. */
static void print(struct view bytes)
{
    static const enum message_op ops[] = {MESSAGE_OP_CHAT, MESSAGE_OP_INFO, MESSAGE_OP_BYTE_PIECE,
                                          MESSAGE_OP_SPECIAL_ID};
    struct message_reply reply;
    if (message_unpack_reply(bytes, &reply) != SIDETOK_OK)
        return;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        struct call call;
        struct buf out;
        struct json value;
        call_init(&call);
        buf_init(&out, &call);
        buf_append_char(&out, '{');
        print_reply(&out, &reply, ops[i], i % 2);
        buf_append_char(&out, '}');
        enum sidetok_error error = json_read(&call, buf_str(&out), &value);
        FUZZ_CHECK(error == SIDETOK_OK || error == SIDETOK_E_RECURSION);
        call_done(&call);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sidetok_reply reply;
    nng_msg *message;
    print((struct view){(const char *)data, size});
    FUZZ_CHECK(nng_msg_alloc(&message, size) == 0);
    if (size > 0)
        memcpy(nng_msg_body(message), data, size);
    reply_read(&reply, message);
    struct message_reply fields;
    if (message_unpack_reply((struct view){(const char *)data, size}, &fields) != SIDETOK_OK)
        FUZZ_CHECK(sidetok_reply_error(&reply) != SIDETOK_OK && sidetok_reply_message(&reply, NULL) != NULL);
    const void *whole = sidetok_reply_bytes(&reply, NULL);
    FUZZ_CHECK(size == 0 || memcmp(whole, data, size) == 0);
    read_all(&reply);
    walk_pairs(&reply);
    reply_done(&reply);
    return 0;
}
