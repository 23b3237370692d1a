/* Protocol 1: the examples of PROTOCOL.md mean what they say, and hostile bytes are refused. */
#include "proto/message.h"
#include "tests/support/protocol_examples.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct protocol_example examples[PROTOCOL_EXAMPLES_MAX];
static size_t n_examples;

static struct view example(const char *name)
{
    if (n_examples == 0)
        n_examples = protocol_examples_read(PROTOCOL_MD, examples);
    const struct protocol_example *found = protocol_example_find(examples, n_examples, name);
    CHECK(found != NULL);
    return found ? (struct view){(const char *)found->bytes, found->size} : (struct view){"", 0};
}

static bool view_is(struct view got, const char *expected, size_t size)
{
    return got.data && got.size == size && memcmp(got.data, expected, size) == 0;
}

#define CHECK_VIEW(got, literal) CHECK(view_is(got, literal, sizeof literal - 1))

static uint32_t id_at(struct view ids, size_t i)
{
    const uint8_t *at = (const uint8_t *)ids.data + 4 * i;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

TEST(request_examples_mean_what_they_say)
{
    struct message_request got;
    CHECK_INT(message_unpack_request(example("chat_json"), &got), SIDETOK_OK);
    CHECK(got.op == MESSAGE_OP_CHAT && got.timeout_ms == 2000 &&
          got.want == (MESSAGE_WANT_IDS | MESSAGE_WANT_COUNT));
    CHECK_VIEW(got.tokenizer, "v3");
    CHECK(got.body_kind == MESSAGE_BODY_JSON && !got.has_max_model_input_len &&
          got.mode == MESSAGE_MODE_TEST);
    CHECK_VIEW(got.body, "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}");

    CHECK_INT(message_unpack_request(example("chat_msgpack"), &got), SIDETOK_OK);
    CHECK(got.op == MESSAGE_OP_CHAT && got.mode == MESSAGE_MODE_SERVING &&
          got.options == MESSAGE_OPTION_VLLM);
    CHECK(got.has_max_model_input_len && got.max_model_input_len == 32768 && got.tokenizer.data == NULL);
    CHECK(got.body_kind == MESSAGE_BODY_MSGPACK && (uint8_t)got.body.data[0] == 0x82);

    CHECK_INT(message_unpack_request(example("encode"), &got), SIDETOK_OK);
    CHECK(got.op == MESSAGE_OP_ENCODE && got.want == MESSAGE_WANT_IDS && got.timeout_ms == 0);
    CHECK_INT(message_unpack_request(example("decode"), &got), SIDETOK_OK);
    CHECK(got.op == MESSAGE_OP_DECODE && got.want == MESSAGE_WANT_TEXT);
    CHECK_INT(message_unpack_request(example("ping"), &got), SIDETOK_OK);
    CHECK(got.op == MESSAGE_OP_PING && got.body_kind == MESSAGE_BODY_NONE);
    CHECK_INT(message_unpack_request(example("cancel"), &got), SIDETOK_OK);
    CHECK(got.op == MESSAGE_OP_CANCEL && got.cancel == 0x80000007);
}

TEST(unknown_fields_are_stepped_over)
{
    struct message_request got;
    CHECK_INT(message_unpack_request(example("unknown_fields"), &got), SIDETOK_OK);
    CHECK_INT(got.op, MESSAGE_OP_PING);
}

TEST(another_version_is_refused_before_anything_else_is_read)
{
    struct message_request got;
    CHECK_INT(message_unpack_request(example("future"), &got), SIDETOK_E_UNKNOWN_VERSION);
    CHECK_INT(got.version, 2);
    CHECK_INT(message_unpack_request((struct view){"\x82\x00\x02", 3}, &got), SIDETOK_E_BAD_REQUEST);
    CHECK_INT(message_unpack_request((struct view){"\x82\x00\x02\xc1", 4}, &got), SIDETOK_E_BAD_REQUEST);
    CHECK_INT(message_unpack_request((struct view){"\x82\x00\x02\xc1\xc1", 5}, &got),
              SIDETOK_E_UNKNOWN_VERSION);
    struct message_reply reply;
    CHECK_INT(message_unpack_reply((struct view){"\x82\x00\x02\xc1\xc1", 5}, &reply),
              SIDETOK_E_UNKNOWN_VERSION);
}

TEST(reply_examples_mean_what_they_say)
{
    struct message_reply got;
    uint64_t first, second;
    CHECK_INT(message_unpack_reply(example("tokens"), &got), SIDETOK_OK);
    CHECK_INT(got.code, 0);
    CHECK_INT(got.ids.data - example("tokens").data, 16);
    CHECK_INT(got.ids.size, 12);
    CHECK(id_at(got.ids, 0) == 1 && id_at(got.ids, 1) == 3 && id_at(got.ids, 2) == 22557);
    CHECK(got.has_count && got.count == 3 && got.prefix_ids.data == NULL && got.text.data == NULL);
    struct msgpack_reader pairs = message_pairs(got.images);
    CHECK(message_next_pair(&pairs, &first, &second) && first == 256 && second == 512);
    CHECK(!message_next_pair(&pairs, &first, &second));
    pairs = message_pairs(got.audios);
    CHECK(message_next_pair(&pairs, &first, &second) && first == 32000 && second == 16000);

    CHECK_INT(message_unpack_reply(example("text"), &got), SIDETOK_OK);
    CHECK_VIEW(got.text, "<s>[INST] Hi");
    CHECK(got.prefix_ids.size == 4 && id_at(got.prefix_ids, 0) == 17 && got.ids.data == NULL);
    pairs = message_pairs(got.images);
    CHECK(!message_next_pair(&pairs, &first, &second));

    CHECK_INT(message_unpack_reply(example("value"), &got), SIDETOK_OK);
    CHECK(got.value.data && (uint8_t)got.value.data[0] == 0x82);
}

TEST(error_examples_mean_what_they_say)
{
    struct message_reply got;
    CHECK_INT(message_unpack_reply(example("error"), &got), SIDETOK_OK);
    CHECK_INT(got.code, SIDETOK_E_INVALID_MESSAGE_STRUCTURE);
    CHECK_VIEW(got.type, "InvalidMessageStructureException");
    CHECK_VIEW(got.family, "MistralCommonException");
    CHECK_VIEW(got.message, "Conversation must have at least one message");
    CHECK_VIEW(got.stage, "encode");
    CHECK_INT(message_unpack_reply(example("validation_error"), &got), SIDETOK_OK);
    CHECK_INT(got.code, SIDETOK_E_VALIDATION);
    CHECK_VIEW(got.message, "bad \xed\xb2\x80");
    CHECK(got.errors.data && (uint8_t)got.errors.data[0] == 0x91);
    CHECK_INT(message_unpack_reply(example("busy"), &got), SIDETOK_OK);
    CHECK_INT(got.code, SIDETOK_E_BUSY);
    CHECK_VIEW(got.family, "service");
    CHECK(got.stage.data == NULL);
}

static void check_packs_again(const char *name)
{
    struct view expected = example(name);
    struct message_request request;
    uint8_t bytes[1024];
    CHECK_INT(message_unpack_request(expected, &request), SIDETOK_OK);
    if (strcmp(name, "encode") == 0 || strcmp(name, "ping") == 0 || strcmp(name, "cancel") == 0)
        request.want = 0; /* the default isn't written */
    struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
    CHECK_INT(message_pack_request(&out, &request), SIDETOK_OK);
    CHECK(view_is(msgpack_writer_view(&out), expected.data, expected.size));
    CHECK(out.size <= message_request_size(&request));
}

TEST(request_examples_are_what_packing_writes)
{
    check_packs_again("chat_json");
    check_packs_again("chat_msgpack");
    check_packs_again("encode");
    check_packs_again("decode");
    check_packs_again("ping");
    check_packs_again("cancel");
}

TEST(the_widest_request_fits_its_announced_size)
{
    char name[40], body[300];
    memset(name, 'n', sizeof name);
    memset(body, 'b', sizeof body);
    struct message_request request = {
        .op = MESSAGE_OP_CANCEL,
        .timeout_ms = UINT32_MAX,
        .tokenizer = {name, sizeof name},
        .mode = MESSAGE_MODE_AGNOSTIC,
        .want = UINT32_MAX,
        .has_max_model_input_len = true,
        .max_model_input_len = INT64_MIN,
        .options = UINT32_MAX,
        .body_kind = MESSAGE_BODY_JSON,
        .body = {body, sizeof body},
        .cancel = UINT32_MAX,
    };
    uint8_t bytes[1024];
    struct msgpack_writer out = msgpack_writer_fixed(bytes, message_request_size(&request));
    CHECK_INT(message_pack_request(&out, &request), SIDETOK_OK);
    out = msgpack_writer_fixed(bytes, 200);
    CHECK_INT(message_pack_request(&out, &request), SIDETOK_E_NO_MEMORY);
}

TEST(time_left_is_rewritten_in_place)
{
    uint8_t bytes[128];
    struct message_request request = {.op = MESSAGE_OP_CHAT, .timeout_ms = 5000}, got;
    struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
    CHECK_INT(message_pack_request(&out, &request), SIDETOK_OK);
    message_set_timeout(bytes, out.size, 1234);
    CHECK_INT(message_unpack_request(msgpack_writer_view(&out), &got), SIDETOK_OK);
    CHECK_INT(got.timeout_ms, 1234);
    message_set_timeout(bytes, out.size, 0);
    CHECK_INT(message_unpack_request(msgpack_writer_view(&out), &got), SIDETOK_OK);
    CHECK_INT(got.timeout_ms, 1);

    request.timeout_ms = 0;
    out = msgpack_writer_fixed(bytes, sizeof bytes);
    CHECK_INT(message_pack_request(&out, &request), SIDETOK_OK);
    message_set_timeout(bytes, out.size, 1234);
    CHECK_INT(message_unpack_request(msgpack_writer_view(&out), &got), SIDETOK_OK);
    CHECK_INT(got.timeout_ms, 0);
}

TEST(wrong_requests_say_what_is_wrong)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum sidetok_error expected;
        const char *why;
    } cases[] = {
        {"", 0, SIDETOK_E_BAD_REQUEST, "no bytes"},
        {"\xc0", 1, SIDETOK_E_BAD_REQUEST, "no map"},
        {"\x80", 1, SIDETOK_E_BAD_REQUEST, "an empty map"},
        {"\x81\x01\x0e", 3, SIDETOK_E_BAD_REQUEST, "the version is not first"},
        {"\x81\x00\xa1"
         "1",
         4, SIDETOK_E_BAD_REQUEST, "the version is text"},
        {"\x81\x00\x01", 3, SIDETOK_E_BAD_REQUEST, "no op"},
        {"\x82\x00\x01\x01\x0e\xc0", 6, SIDETOK_E_BAD_REQUEST, "bytes left over"},
        {"\x83\x00\x01\x01\x0e\x01\x0e", 7, SIDETOK_E_BAD_REQUEST, "op twice"},
        {"\x83\x00\x01\x00\x01\x01\x0e", 7, SIDETOK_E_BAD_REQUEST, "version twice"},
        {"\x82\x00\x01\x01\x63", 5, SIDETOK_E_UNKNOWN_OP, "op 99"},
        {"\x82\x00\x01\x01\xff", 5, SIDETOK_E_BAD_REQUEST, "op -1"},
        {"\x83\x00\x01\x01\x0e\x04\x04", 7, SIDETOK_E_BAD_REQUEST, "mode 4"},
        {"\x83\x00\x01\x01\x0e\x07\x02", 7, SIDETOK_E_NOT_SUPPORTED, "an unknown option"},
        {"\x83\x00\x01\x01\x0e\x07\x01", 7, SIDETOK_OK, "a known option"},
        {"\x83\x00\x01\x01\x0e\x05\x40", 7, SIDETOK_OK, "an unknown wish"},
        {"\x83\x00\x01\x01\x0e\x06\xff", 7, SIDETOK_OK, "max_model_input_len -1"},
        {"\x83\x00\x01\x01\x0e\x06\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 15, SIDETOK_E_BAD_REQUEST,
         "beyond int64"},
        {"\x84\x00\x01\x01\x0e\x08\xa0\x09\xc0", 9, SIDETOK_E_BAD_REQUEST, "two bodies"},
        {"\x83\x00\x01\x01\x0e\x08\x05", 7, SIDETOK_E_BAD_REQUEST, "JSON text that is a number"},
        {"\x83\x00\x01\x01\x0e\x08\xc4\x02{}", 10, SIDETOK_OK, "JSON text as a bin"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct message_request got;
        enum sidetok_error error = message_unpack_request((struct view){cases[i].bytes, cases[i].size}, &got);
        if (error != cases[i].expected || (error != SIDETOK_OK && !got.problem))
            printf("# %s: %d (%s)\n", cases[i].why, (int)error,
                   got.problem ? got.problem : "no problem named");
        CHECK_INT(error, cases[i].expected);
        CHECK(error == SIDETOK_OK || got.problem != NULL);
    }
}

TEST(wrong_replies_are_refused)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"", 0},
        {"\x80", 1},
        {"\x81\x00\x01", 3}, /* no code */
        {"\x83\x00\x01\x01\x00\x02\xc4\x03"
         "abc",
         11}, /* ids that are no whole number of words */
        {"\x83\x00\x01\x01\x00\x02\xa4"
         "abcd",
         11},                                /* ids as a str */
        {"\x83\x00\x01\x01\x00\x06\x80", 7}, /* images as a map */
        {"\x82\x00\x01\x01\x00\xc0", 6},     /* bytes left over */
        {"\x83\x00\x01\x01\x00\x01\x00", 7}, /* code twice */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct message_reply got;
        CHECK_INT(message_unpack_reply((struct view){cases[i].bytes, cases[i].size}, &got),
                  SIDETOK_E_BAD_REPLY);
        CHECK(got.problem != NULL);
    }
}

/** Touches all that a successful unpacking hands out, so that a view outside the message is seen. */
static void walk_views(struct message_reply *reply)
{
    const struct view views[] = {reply->ids,     reply->text,  reply->prefix_ids, reply->images,
                                 reply->audios,  reply->value, reply->type,       reply->family,
                                 reply->message, reply->stage, reply->errors};
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
        for (size_t j = 0; j < views[i].size; j++)
            sum += (uint8_t)views[i].data[j];
    uint64_t first, second;
    struct msgpack_reader pairs = message_pairs(reply->images);
    while (message_next_pair(&pairs, &first, &second))
        sum += (unsigned)first;
    CHECK(sum < UINT32_MAX);
}

static enum sidetok_error unpack_copy(const struct protocol_example *source, size_t size, size_t flip,
                                      uint8_t with)
{
    uint8_t *bytes = malloc(size ? size : 1); /* its own block, so that a read past the end is seen */
    memcpy(bytes, source->bytes, size);
    if (flip < size)
        bytes[flip] ^= with;
    struct view view = {(const char *)bytes, size};
    struct message_request request;
    struct message_reply reply;
    enum sidetok_error error;
    if (strcmp(source->kind, "request") == 0) {
        error = message_unpack_request(view, &request);
    } else {
        error = message_unpack_reply(view, &reply);
        if (error == SIDETOK_OK)
            walk_views(&reply);
    }
    free(bytes);
    return error;
}

TEST(cut_at_every_length_is_a_clean_error)
{
    example("ping");
    for (size_t i = 0; i < n_examples; i++) {
        if (strcmp(examples[i].name, "future") == 0)
            continue;
        for (size_t size = 0; size < examples[i].size; size++) {
            enum sidetok_error error = unpack_copy(&examples[i], size, SIZE_MAX, 0);
            CHECK(error == SIDETOK_E_BAD_REQUEST || error == SIDETOK_E_BAD_REPLY);
        }
    }
}

TEST(every_byte_may_be_anything)
{
    example("ping");
    size_t n_refused = 0;
    for (size_t i = 0; i < n_examples; i++)
        for (size_t at = 0; at < examples[i].size; at++)
            for (int with = 1; with < 256; with++)
                n_refused += unpack_copy(&examples[i], examples[i].size, at, (uint8_t)with) != SIDETOK_OK;
    CHECK(n_refused > 10000);
}

TEST(a_body_may_be_nested_a_million_levels)
{
    enum { DEPTH = 1000000 };
    char *body = malloc(DEPTH + 1);
    memset(body, '\x91', DEPTH);
    body[DEPTH] = '\xc0';
    struct message_request request = {
        .op = MESSAGE_OP_CHAT, .body_kind = MESSAGE_BODY_MSGPACK, .body = {body, DEPTH + 1}};
    size_t size = message_request_size(&request);
    uint8_t *bytes = malloc(size);
    struct msgpack_writer out = msgpack_writer_fixed(bytes, size);
    CHECK_INT(message_pack_request(&out, &request), SIDETOK_OK);
    struct message_request got;
    CHECK_INT(message_unpack_request(msgpack_writer_view(&out), &got), SIDETOK_OK);
    CHECK_INT(got.body.size, DEPTH + 1);
    free(bytes);
    free(body);
}

static uint8_t *grow_by_moving(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    uint8_t **owned = context;
    uint8_t *larger = malloc(capacity);
    if (larger && size > 0)
        memcpy(larger, *owned, size);
    free(*owned);
    *owned = larger;
    *ret_capacity = capacity;
    return larger;
}

TEST(ids_are_produced_in_place_while_the_reply_grows)
{
    uint8_t *owned = NULL;
    struct msgpack_writer out = msgpack_writer_growing(grow_by_moving, &owned);
    struct message_reply_writer reply;
    message_reply_begin(&reply, &out, SIDETOK_OK);
    message_reply_ids_begin(&reply);
    enum { N = 10000 };
    for (size_t i = 0; i < N; i++)
        message_reply_ids_room(&reply, i + 1)[i] = (uint32_t)i;
    message_reply_ids_room(&reply, N + 500); /* more room than is used in the end */
    message_reply_ids_end(&reply, N);
    message_reply_field(&reply, MESSAGE_REPLY_COUNT);
    msgpack_write_uint(&out, N);
    CHECK_INT(message_reply_end(&reply), SIDETOK_OK);
    struct message_reply got;
    CHECK_INT(message_unpack_reply(msgpack_writer_view(&out), &got), SIDETOK_OK);
    CHECK(got.ids.size == 4 * N && got.count == N && (uintptr_t)got.ids.data % sizeof(uint32_t) == 0);
    bool in_order = true;
    for (size_t i = 0; i < N; i++)
        in_order = in_order && id_at(got.ids, i) == i;
    CHECK(in_order);
    free(owned);
}

TEST(reply_examples_are_what_packing_writes)
{
    uint8_t bytes[512];
    static const uint32_t ids[] = {1, 3, 22557};
    struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
    struct message_reply_writer reply;
    message_reply_begin(&reply, &out, SIDETOK_OK);
    message_reply_ids_begin(&reply);
    memcpy(message_reply_ids_room(&reply, 3), ids, sizeof ids);
    message_reply_ids_end(&reply, 3);
    message_reply_field(&reply, MESSAGE_REPLY_COUNT);
    msgpack_write_uint(&out, 3);
    for (int i = 0; i < 2; i++) {
        message_reply_field(&reply, i == 0 ? MESSAGE_REPLY_IMAGES : MESSAGE_REPLY_AUDIOS);
        msgpack_write_array(&out, 1);
        msgpack_write_array(&out, 2);
        msgpack_write_uint(&out, i == 0 ? 256 : 32000);
        msgpack_write_uint(&out, i == 0 ? 512 : 16000);
    }
    CHECK_INT(message_reply_end(&reply), SIDETOK_OK);
    struct view expected = example("tokens");
    CHECK(view_is(msgpack_writer_view(&out), expected.data, expected.size));

    out = msgpack_writer_fixed(bytes, sizeof bytes);
    message_reply_begin(&reply, &out, SIDETOK_E_INVALID_MESSAGE_STRUCTURE);
    message_reply_failure(&reply, SIDETOK_E_INVALID_MESSAGE_STRUCTURE,
                          (struct view){"Conversation must have at least one message", 43},
                          (struct view){"encode", 6});
    CHECK_INT(message_reply_end(&reply), SIDETOK_OK);
    expected = example("error");
    CHECK(view_is(msgpack_writer_view(&out), expected.data, expected.size));
}

TEST(a_reply_without_room_is_out_of_memory)
{
    uint8_t bytes[64];
    for (size_t capacity = 0; capacity <= 46; capacity++) {
        struct msgpack_writer out = msgpack_writer_fixed(bytes, capacity);
        struct message_reply_writer reply;
        static const uint32_t ids[] = {1, 2, 3};
        message_reply_begin(&reply, &out, SIDETOK_OK);
        message_reply_ids_begin(&reply);
        uint32_t *room = message_reply_ids_room(&reply, 3);
        CHECK((room != NULL) == (capacity >= 28));
        message_reply_ids_end(&reply, 3);
        message_reply_ids(&reply, MESSAGE_REPLY_PREFIX_IDS, ids, 3);
        message_reply_field(&reply, MESSAGE_REPLY_COUNT);
        msgpack_write_uint(&out, 1);
        CHECK_INT(message_reply_end(&reply), capacity < 45 ? SIDETOK_E_NO_MEMORY : SIDETOK_OK);
    }
}

TEST(text_with_lone_surrogates_travels_as_bin)
{
    static const struct {
        const char *text;
        uint8_t expected; /* the lead byte */
    } cases[] = {
        {"abc", 0xa3},
        {"\xed\x9f\xbf", 0xa3},   /* U+D7FF */
        {"\xed\xa0\x80", 0xc4},   /* U+D800 */
        {"a\xed\xbf\xbfz", 0xc4}, /* U+DFFF */
        {"\xee\x80\x80", 0xa3},   /* U+E000 */
        {"ab\xed", 0xa3},         /* cut */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[16];
        struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
        msgpack_write_text(&out, (struct view){cases[i].text, strlen(cases[i].text)});
        CHECK_INT(bytes[0], cases[i].expected);
    }
}

TEST(every_op_has_its_name)
{
    for (uint32_t op = MESSAGE_OP_CHAT; op <= MESSAGE_OP_CANCEL; op++) {
        const char *name = message_op_name(op);
        CHECK(name != NULL);
        CHECK(name && message_op_from_name((struct view){name, strlen(name)}) == (enum message_op)op);
    }
    CHECK(message_op_name(0) == NULL && message_op_name(MESSAGE_OP_CANCEL + 1) == NULL);
    CHECK_INT(message_op_from_name((struct view){"cha", 3}), MESSAGE_OP_NONE);
}

TEST_MAIN(RUN(request_examples_mean_what_they_say), RUN(unknown_fields_are_stepped_over),
          RUN(another_version_is_refused_before_anything_else_is_read),
          RUN(reply_examples_mean_what_they_say), RUN(error_examples_mean_what_they_say),
          RUN(request_examples_are_what_packing_writes), RUN(the_widest_request_fits_its_announced_size),
          RUN(time_left_is_rewritten_in_place), RUN(wrong_requests_say_what_is_wrong),
          RUN(wrong_replies_are_refused), RUN(cut_at_every_length_is_a_clean_error),
          RUN(every_byte_may_be_anything), RUN(a_body_may_be_nested_a_million_levels),
          RUN(ids_are_produced_in_place_while_the_reply_grows), RUN(reply_examples_are_what_packing_writes),
          RUN(a_reply_without_room_is_out_of_memory), RUN(text_with_lone_surrogates_travels_as_bin),
          RUN(every_op_has_its_name))
