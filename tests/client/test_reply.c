/* What a sidecar answers is what the caller reads, and what can't be read is an error. */
#include "loop.h"
#include "tests/support/protocol_examples.h"

static struct protocol_example examples[PROTOCOL_EXAMPLES_MAX];
static size_t n_examples;
static struct sidetok_reply *kept;

static void keep(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)client, (void)user;
    kept = sidetok_reply_take(reply);
}

/** The reply that a client gets when a server answers with these bytes. */
static struct sidetok_reply *reply_of(const void *bytes, size_t size)
{
    struct fake_server server;
    struct fake_request request;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    struct sidetok_request *ping = sidetok_request_new(SIDETOK_OP_PING);
    kept = NULL;
    CHECK_INT(sidetok_client_submit(client, ping, keep, NULL, NULL), SIDETOK_OK);
    sidetok_request_free(ping);
    CHECK(serve(client, &server, &request));
    fake_server_answer_bytes(&server, &request, bytes, size);
    WAIT_FOR(client, kept != NULL);
    sidetok_client_close(client);
    fake_server_close(&server);
    return kept;
}

static struct sidetok_reply *example_reply(const char *name)
{
    if (n_examples == 0)
        n_examples = protocol_examples_read(PROTOCOL_MD, examples);
    const struct protocol_example *example = protocol_example_find(examples, n_examples, name);
    CHECK(example != NULL);
    return example ? reply_of(example->bytes, example->size) : NULL;
}

static bool is_text(const char *got, size_t size, const char *expected)
{
    return got && size == strlen(expected) && memcmp(got, expected, size) == 0;
}

TEST(ids_count_images_and_sounds_of_a_kept_reply_outlive_its_client)
{
    struct sidetok_reply *reply = example_reply("tokens");
    size_t n;
    uint64_t first, second;
    const uint32_t *ids = sidetok_reply_ids(reply, &n);
    CHECK_INT(sidetok_reply_error(reply), SIDETOK_OK);
    CHECK_INT(n, 3);
    CHECK(n == 3 && ids[0] == 1 && ids[1] == 3 && ids[2] == 22557);
    CHECK_INT(sidetok_reply_count(reply), 3);
    CHECK(sidetok_reply_image(reply, 0, &first, &second) && first == 256 && second == 512);
    CHECK(!sidetok_reply_image(reply, 1, &first, &second));
    CHECK(sidetok_reply_audio(reply, 0, &first, &second) && first == 32000 && second == 16000);
    CHECK(sidetok_reply_text(reply, &n) == NULL && n == 0);
    CHECK(sidetok_reply_prefix_ids(reply, &n) == NULL && n == 0);
    CHECK(sidetok_reply_type(reply, NULL) == NULL);
    CHECK(sidetok_reply_bytes(reply, &n) != NULL && n > 28);
    sidetok_reply_free(reply);
}

TEST(text_and_prefix_ids_are_read)
{
    struct sidetok_reply *reply = example_reply("text");
    size_t n;
    const char *text = sidetok_reply_text(reply, &n);
    CHECK(is_text(text, n, "<s>[INST] Hi"));
    const uint32_t *ids = sidetok_reply_prefix_ids(reply, &n);
    CHECK(n == 1 && ids[0] == 17);
    CHECK_INT(sidetok_reply_count(reply), -1);
    sidetok_reply_free(reply);
}

TEST(ids_at_any_place_in_the_message_are_aligned_and_the_message_stays_as_it_came)
{
    for (size_t pad = 0; pad < 4; pad++) {
        uint8_t bytes[128];
        struct msgpack_writer out = msgpack_writer_fixed(bytes, sizeof bytes);
        struct message_reply_writer writer;
        static const uint32_t ids[] = {7, 70000, 0xffffffff}, prefix[] = {9}, lengths[] = {2, 1};
        message_reply_begin(&writer, &out, SIDETOK_OK);
        message_reply_field(&writer, MESSAGE_REPLY_TEXT);
        msgpack_write_str(&out, (struct view){"abc", pad});
        message_reply_ids(&writer, MESSAGE_REPLY_IDS, ids, 3);
        message_reply_ids(&writer, MESSAGE_REPLY_PREFIX_IDS, prefix, 1);
        message_reply_ids(&writer, MESSAGE_REPLY_LENGTHS, lengths, 2);
        CHECK_INT(message_reply_end(&writer), SIDETOK_OK);
        struct sidetok_reply *reply = reply_of(bytes, out.size);
        size_t n;
        const uint32_t *got = sidetok_reply_ids(reply, &n);
        CHECK((uintptr_t)got % sizeof *got == 0 && n == 3 && got[0] == 7 && got[1] == 70000 &&
              got[2] == 0xffffffff);
        got = sidetok_reply_prefix_ids(reply, &n);
        CHECK((uintptr_t)got % sizeof *got == 0 && n == 1 && got[0] == 9);
        got = sidetok_reply_lengths(reply, &n);
        CHECK((uintptr_t)got % sizeof *got == 0 && n == 2 && got[0] == 2 && got[1] == 1);
        const char *text = sidetok_reply_text(reply, &n);
        CHECK(n == pad && memcmp(text, "abc", pad) == 0);
        const void *whole = sidetok_reply_bytes(reply, &n);
        CHECK(n == out.size && memcmp(whole, bytes, n) == 0);
        sidetok_reply_free(reply);
    }
}

TEST(errors_have_type_family_message_stage_and_entries)
{
    struct sidetok_reply *reply = example_reply("error");
    size_t n;
    const char *text;
    CHECK_INT(sidetok_reply_error(reply), SIDETOK_E_INVALID_MESSAGE_STRUCTURE);
    text = sidetok_reply_type(reply, &n);
    CHECK(is_text(text, n, "InvalidMessageStructureException"));
    text = sidetok_reply_family(reply, &n);
    CHECK(is_text(text, n, "MistralCommonException"));
    text = sidetok_reply_message(reply, &n);
    CHECK(is_text(text, n, "Conversation must have at least one message"));
    text = sidetok_reply_stage(reply, &n);
    CHECK(is_text(text, n, "encode"));
    CHECK(sidetok_reply_errors(reply, &n) == NULL);
    sidetok_reply_free(reply);
    reply = example_reply("validation_error");
    text = sidetok_reply_message(reply, &n);
    CHECK(is_text(text, n, "bad \xed\xb2\x80"));
    const uint8_t *errors = sidetok_reply_errors(reply, &n);
    CHECK(errors && errors[0] == 0x91 && n > 30);
    sidetok_reply_free(reply);
}

TEST(what_cannot_be_read_is_a_bad_reply)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum sidetok_error expected;
    } cases[] = {
        {"", 0, SIDETOK_E_BAD_REPLY},
        {"\xc1", 1, SIDETOK_E_BAD_REPLY},
        {"\x82\x00\x01\x01", 4, SIDETOK_E_BAD_REPLY},
        {"\x82\x00\x02\x01\x00", 5, SIDETOK_E_UNKNOWN_VERSION},
        {"\x82\x00\x01\x01\xcd\x03\xe7", 7,
         (enum sidetok_error)999}, /* a code of later days is handed through */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sidetok_reply *reply = reply_of(cases[i].bytes, cases[i].size);
        CHECK_INT(sidetok_reply_error(reply), cases[i].expected);
        sidetok_reply_free(reply);
    }
}

static int n_calls;

static void read_all(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    size_t n[11];
    const void *views[] = {sidetok_reply_type(reply, &n[0]),    sidetok_reply_family(reply, &n[1]),
                           sidetok_reply_message(reply, &n[2]), sidetok_reply_stage(reply, &n[3]),
                           sidetok_reply_errors(reply, &n[4]),  sidetok_reply_text(reply, &n[5]),
                           sidetok_reply_value(reply, &n[6]),   sidetok_reply_bytes(reply, &n[7]),
                           sidetok_reply_ids(reply, &n[8]),     sidetok_reply_prefix_ids(reply, &n[9])};
    unsigned sum = 0;
    uint64_t first, second;
    (void)client, (void)user;
    n[8] *= 4, n[9] *= 4;
    for (size_t i = 0; i < 10; i++)
        for (size_t j = 0; j < n[i]; j++)
            sum += ((const uint8_t *)views[i])[j];
    for (size_t i = 0; sidetok_reply_image(reply, i, &first, &second); i++)
        sum++;
    CHECK(sum < 0x7fffffff);
    n_calls++;
}

TEST(any_byte_of_a_reply_may_be_wrong)
{
    struct fake_server server;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    struct sidetok_request *ping = sidetok_request_new(SIDETOK_OP_PING);
    n_examples = protocol_examples_read(PROTOCOL_MD, examples);
    int n_sent = 0;
    n_calls = 0;
    for (size_t i = 0; i < n_examples; i++)
        for (size_t at = 0; strcmp(examples[i].kind, "reply") == 0 && at < examples[i].size; at++) {
            static const uint8_t flips[] = {0x01, 0x40, 0x80, 0xff};
            for (size_t k = 0; k < sizeof flips; k++) {
                struct fake_request request;
                CHECK_INT(sidetok_client_submit(client, ping, read_all, NULL, NULL), SIDETOK_OK);
                if (!serve(client, &server, &request))
                    return;
                struct protocol_example wrong = examples[i];
                wrong.bytes[at] ^= flips[k];
                fake_server_answer_bytes(&server, &request, wrong.bytes, k == 0 ? at : wrong.size);
                n_sent++;
                WAIT_FOR(client, n_calls == n_sent);
            }
        }
    CHECK(n_sent > 500);
    sidetok_request_free(ping);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(replies_to_nobody_are_dropped)
{
    struct fake_server server;
    struct fake_request request, copy;
    struct outcome outcome;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    submit(client, SIDETOK_OP_INFO, NULL, 0, &outcome);
    CHECK(serve(client, &server, &request));
    for (uint32_t i = 1; i < 70000; i += 6999) { /* other ids, slots that were never used among them */
        fake_request_copy(&copy, &request);
        copy.wire_id = (request.wire_id + i) | 0x80000000u;
        fake_server_answer(&server, &copy, 1);
    }
    fake_request_copy(&copy, &request);
    fake_server_answer(&server, &request, 2);
    fake_server_answer(&server, &copy, 3); /* the same one twice */
    WAIT_FOR(client, outcome.n_calls == 1);
    struct outcome later;
    submit(client, SIDETOK_OP_INFO, NULL, 0, &later);
    CHECK(serve(client, &server, &request));
    fake_server_answer(&server, &request, 4);
    WAIT_FOR(client, later.n_calls == 1);
    CHECK(outcome.n_calls == 1 && outcome.id == 2 && later.id == 4);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST_MAIN(RUN(ids_count_images_and_sounds_of_a_kept_reply_outlive_its_client),
          RUN(text_and_prefix_ids_are_read),
          RUN(ids_at_any_place_in_the_message_are_aligned_and_the_message_stays_as_it_came),
          RUN(errors_have_type_family_message_stage_and_entries), RUN(what_cannot_be_read_is_a_bad_reply),
          RUN(any_byte_of_a_reply_may_be_wrong), RUN(replies_to_nobody_are_dropped))
