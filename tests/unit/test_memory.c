#include "handler.h"
#include "tests/support/small_models.h"
#include "tests/support/test.h"

/* Each allocation of each flow fails once, in turn: the error is told, nothing leaks (which the leak
 * sanitizer sees), and the same request is answered as before afterwards. */

static struct loaded {
    struct small_file file;
    struct model_entry entry;
} loaded[N_SMALL_MODELS];

static struct small_vocab vocab;

static void load_all(void)
{
    for (int i = 0; i < N_SMALL_MODELS && !loaded[i].entry.model; i++) {
        struct call call;
        call_init(&call);
        CHECK(small_file_write(&call, i, &vocab, &loaded[i].file));
        loaded[i].entry.path = str_from(loaded[i].file.path);
        CHECK_INT(model_open(&call, loaded[i].entry.path, 1 << 16, &loaded[i].entry.model), SIDETOK_OK);
        call_done(&call);
    }
}

/* A second of silence, as a WAV file in Base64. */
static struct str silence(struct call *call)
{
    enum { RATE = 16000, HEAD = 44 };
    static const uint8_t head[HEAD] = {'R', 'I', 'F',  'F',  0x24, 0x7d, 0,   0,    'W',  'A', 'V',
                                       'E', 'f', 'm',  't',  ' ',  16,   0,   0,    0,    1,   0,
                                       1,   0,   0x80, 0x3e, 0,    0,    0,   0x7d, 0,    0,   2,
                                       0,   16,  0,    'd',  'a',  't',  'a', 0,    0x7d, 0,   0};
    struct buf text;
    char *bytes = call_alloc_array(call, HEAD + 2 * RATE, 1);
    memcpy(bytes, head, HEAD);
    buf_init(&text, call);
    small_base64(&text, (struct str){bytes, HEAD + 2 * RATE});
    return buf_str(&text);
}

#define CHAT                                                                                                 \
    "{\"messages\": [{\"role\": \"system\", \"content\": \"be a c\"}, {\"role\": \"user\", \"content\": "    \
    "[{\"type\": \"text\", "                                                                                 \
    "\"text\": \"abc ab th\\u00e9\"}]}, {\"role\": \"assistant\", \"content\": null, \"tool_calls\": "       \
    "[{\"id\": \"abcdefghi\", "                                                                              \
    "\"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": \"{\\\"a\\\": [1, 2.5]}\"}}]}, " \
    "{\"role\": "                                                                                            \
    "\"tool\", \"tool_call_id\": \"abcdefghi\", \"content\": \"{\\\"b\\\": 1}\"}, {\"role\": "               \
    "\"assistant\", \"content\": "                                                                           \
    "\"cab\"}, {\"role\": \"user\", \"content\": \"1 2 3\"}], \"tools\": [{\"type\": \"function\", "         \
    "\"function\": {\"name\": "                                                                              \
    "\"f\", \"description\": \"d\", \"parameters\": {\"type\": \"object\", \"properties\": {\"a\": "         \
    "{\"type\": \"array\", "                                                                                 \
    "\"items\": {\"pattern\": \"(a|b)*\"}}}}}}]}"
#define IMAGE_CHAT                                                                                           \
    "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": " \
    "\"data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==\"}}]}]}"

static const struct flow {
    enum message_op op;
    int model;        /* of small_models */
    const char *body; /* %s: the silence */
} flows[] = {
    {MESSAGE_OP_CHAT, 0, "{\"messages\": [{\"role\": \"user\", \"content\": \"abc [R] ab\"}]}"},
    {MESSAGE_OP_CHAT, 2, CHAT},
    {MESSAGE_OP_CHAT, 3, IMAGE_CHAT},
    {MESSAGE_OP_CHAT, 4, CHAT},
    {MESSAGE_OP_CHAT, 5, CHAT},
    {MESSAGE_OP_CHAT, 6, CHAT},
    {MESSAGE_OP_CHAT, 7, CHAT},
    {MESSAGE_OP_CHAT, 7, IMAGE_CHAT},
    {MESSAGE_OP_CHAT, 8, CHAT},
    {MESSAGE_OP_CHAT, 8, "{\"messages\": [{\"role\": \"nobody\", \"content\": 7}]}"},
    {MESSAGE_OP_CHAT, 8,
     "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": "
     "{\"data\": \"%s\", \"format\": "
     "\"wav\"}}]}]}"},
    {MESSAGE_OP_APPLY, 7, "{\"messages\": [{\"role\": \"user\", \"content\": \"abc\"}], \"padding\": true}"},
    {MESSAGE_OP_APPLY, 2, "{\"messages\": [{\"role\": \"user\", \"content\": \"abc\"}]}"},
    {MESSAGE_OP_FIM, 2, "{\"prompt\": \"abc\", \"suffix\": \"cab\"}"},
    {MESSAGE_OP_FIM, 4, "{\"prompt\": \"abc\", \"suffix\": \"cab\"}"},
    {MESSAGE_OP_ENCODE, 2, "{\"text\": \"abc ab\", \"bos\": true, \"eos\": true}"},
    {MESSAGE_OP_ENCODE, 7, "{\"text\": \"abc ab\", \"bos\": true, \"eos\": true}"},
    {MESSAGE_OP_DECODE, 2, "{\"tokens\": [1, 70, 300], \"policy\": \"KEEP\"}"},
    {MESSAGE_OP_DECODE, 7, "{\"tokens\": [1, 70, 300], \"policy\": \"KEEP\"}"},
    {MESSAGE_OP_PIECE, 2, "{\"id\": 70}"},
    {MESSAGE_OP_PIECE, 7, "{\"id\": 70}"},
    {MESSAGE_OP_BYTE_PIECE, 7, "{\"id\": 70, \"policy\": \"KEEP\"}"},
    {MESSAGE_OP_IS_SPECIAL, 7, "{\"token\": 7}"},
    {MESSAGE_OP_SPECIAL_ID, 2, "{\"token\": \"<s>\"}"},
    {MESSAGE_OP_SPECIAL_ID, 7, "{\"token\": \"<none>\"}"},
    {MESSAGE_OP_INFO, 2, NULL},
    {MESSAGE_OP_INFO, 8, NULL},
    {MESSAGE_OP_LOAD, 7, NULL},
    {MESSAGE_OP_PING, 7, NULL},
    {MESSAGE_OP_CANCEL, 7, NULL},
    {MESSAGE_OP_TRANSCRIPTION, 5, "{\"audio\": \"%s\", \"language\": \"en\"}"},
    {MESSAGE_OP_SPEECH, 5, "{\"input\": \"abc\", \"voice\": \"x\"}"},
};

struct packed {
    struct call call; /* owns the bytes */
    struct buf bytes;
};

static uint8_t *grow(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    struct buf *bytes = context;
    bytes->size = size;
    char *data = buf_reserve(bytes, capacity - size);
    *ret_capacity = capacity;
    return data ? (uint8_t *)bytes->data : NULL;
}

static struct view pack(struct packed *packed, const struct flow *flow)
{
    struct message_request request = {.op = flow->op, .want = 63, .cancel = flow->op == MESSAGE_OP_CANCEL};
    struct buf body;
    call_init(&packed->call);
    buf_init(&packed->bytes, &packed->call);
    buf_init(&body, &packed->call);
    const char *hole = flow->body ? strstr(flow->body, "%s") : NULL;
    if (flow->body) {
        buf_append(&body, (struct str){flow->body, hole ? (size_t)(hole - flow->body) : strlen(flow->body)});
        if (hole) {
            buf_append(&body, silence(&packed->call));
            buf_append(&body, str_from(hole + 2));
        }
        request.body_kind = MESSAGE_BODY_JSON;
        request.body = (struct view){buf_str(&body).data, body.size};
    }
    struct msgpack_writer out = msgpack_writer_growing(grow, &packed->bytes);
    CHECK_INT(message_pack_request(&out, &request), SIDETOK_OK);
    return msgpack_writer_view(&out);
}

/* An answer: its code, and its bytes in kept's memory. fail_after: of the request's own allocations, 0 for
 * none. */
static enum sidetok_error answer(struct model_set *set, struct view request, size_t fail_after,
                                 struct call *kept, struct str *ret_bytes)
{
    struct call call;
    struct buf bytes;
    struct message_reply reply;
    call_init(&call);
    buf_init(&bytes, kept);
    struct msgpack_writer out = msgpack_writer_growing(grow, &bytes);
    call.arena.fail_after = fail_after;
    enum sidetok_error error = handler_answer(&call, set, request, &out);
    CHECK_INT(message_unpack_reply(msgpack_writer_view(&out), &reply), SIDETOK_OK);
    CHECK_INT(reply.code, error);
    *ret_bytes = (struct str){msgpack_writer_view(&out).data, out.size};
    call_done(&call);
    return error;
}

static void sweep(const struct flow *flow)
{
    struct model_set set = {.entries = &loaded[flow->model].entry, .n = 1};
    struct packed packed;
    struct call kept;
    struct str right, got;
    struct view request = pack(&packed, flow);
    call_init(&kept);
    enum sidetok_error expected = answer(&set, request, 0, &kept, &right);
    bool is_over = false;
    size_t n = 1;
    for (; !is_over && n < 20000; n++) {
        struct call turn;
        call_init(&turn);
        enum sidetok_error error = answer(&set, request, n, &turn, &got);
        is_over = error == expected && str_equal(got, right);
        if (!is_over && error != SIDETOK_E_NO_MEMORY)
            printf("# op %d of model %d, allocation %zu: error %d\n", (int)flow->op, flow->model, n,
                   (int)error);
        CHECK(is_over || error == SIDETOK_E_NO_MEMORY);
        call_done(&turn);
    }
    CHECK(is_over);
    printf("# op %d of model %d: %zu allocations, code %d\n", (int)flow->op, flow->model, n - 2,
           (int)expected);
    CHECK_INT(answer(&set, request, 0, &kept, &got), expected);
    CHECK_STR(got, right);
    call_done(&kept);
    call_done(&packed.call);
}

TEST(each_allocation_of_each_operation_fails_once)
{
    load_all();
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        sweep(&flows[i]);
}

/* The reply's own bytes, which grow in the transport's memory. */
TEST(a_reply_that_finds_no_room_is_no_memory)
{
    load_all();
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        struct model_set set = {.entries = &loaded[flows[i].model].entry, .n = 1};
        struct packed packed;
        struct view request = pack(&packed, &flows[i]);
        for (size_t size = 0; size < 40; size += 3) {
            uint8_t room[40];
            struct call call;
            struct msgpack_writer out = msgpack_writer_fixed(room, size);
            call_init(&call);
            enum sidetok_error error = handler_answer(&call, &set, request, &out);
            CHECK(msgpack_writer_error(&out) == SIDETOK_OK || error != SIDETOK_OK);
            call_done(&call);
        }
        call_done(&packed.call);
    }
}

TEST(each_allocation_of_each_load_fails_once)
{
    load_all();
    for (int i = 0; i < N_SMALL_MODELS; i++) {
        enum sidetok_error error = SIDETOK_E_NO_MEMORY;
        size_t n = 1;
        for (; error == SIDETOK_E_NO_MEMORY && n < 20000; n++) {
            struct call call;
            struct model *model;
            call_init(&call);
            call.arena.fail_after = n;
            error = model_open(&call, loaded[i].entry.path, 1 << 16, &model);
            if (error == SIDETOK_OK)
                model_close(model);
            call_done(&call);
        }
        CHECK_INT(error, SIDETOK_OK);
        CHECK(n > 4); /* the tokenizer has memory of its own besides: tests/service/test_memory.py */
        printf("# loading %s %s: %zu allocations\n", small_models[i].name,
               small_models[i].version ? small_models[i].version : "", n - 2);
    }
}

TEST(the_models_end)
{
    for (int i = 0; i < N_SMALL_MODELS; i++) {
        CHECK(loaded[i].entry.model != NULL);
        model_close(loaded[i].entry.model);
        small_file_remove(&loaded[i].file);
    }
}

TEST_MAIN(RUN(each_allocation_of_each_operation_fails_once), RUN(a_reply_that_finds_no_room_is_no_memory),
          RUN(each_allocation_of_each_load_fails_once), RUN(the_models_end))
