#include "record.h"
#include "tests/support/test.h"

static struct call call;
static struct record record;

static enum sidetok_error read_line(const char *line)
{
    call_reset(&call);
    return record_read(&call, str_from(line), &record);
}

static struct str body(void)
{
    return (struct str){record.request.body.data, record.request.body.size};
}

TEST(a_request_is_passed_on_as_it_was_written)
{
    CHECK_INT(read_line("{\"op\": \"chat\", \"request\": {\"a\":1,\"a\": NaN, \"n\": 1e400, \"s\": \"\\ud800 "
                        "}\\\"{\"} , \"id\": [1, 2]}"),
              SIDETOK_OK);
    CHECK_STR(body(), STR("{\"a\":1,\"a\": NaN, \"n\": 1e400, \"s\": \"\\ud800 }\\\"{\"}"));
    CHECK_STR(record.id, STR("[1, 2]"));
    CHECK_INT(record.request.op, MESSAGE_OP_CHAT);
    CHECK_INT(record.request.body_kind, MESSAGE_BODY_JSON);
}

TEST(request_json_is_unquoted)
{
    CHECK_INT(read_line("{\"op\":\"chat\",\"request_json\":\"{\\\"x\\\": \\\"\\\\ud800\\\"}\"}"), SIDETOK_OK);
    CHECK_STR(body(), STR("{\"x\": \"\\ud800\"}"));
}

TEST(the_other_members_are_read)
{
    CHECK_INT(read_line("{\"id\":null,\"tokenizer\":\"t\\u0031\",\"mode\":\"serving\",\"max_model_input_"
                        "len\":-5,\"op\":\"encode\",\"expect\":{\"x\":[}]}}"),
              SIDETOK_E_BAD_REQUEST); /* unbalanced brackets, wherever they stand */
    CHECK_INT(read_line("{\"id\":null,\"tokenizer\":\"t\\u0031\",\"mode\":\"serving\",\"max_model_input_"
                        "len\":-5,\"op\":\"encode\",\"expect\":{}}"),
              SIDETOK_OK);
    CHECK_STR(((struct str){record.request.tokenizer.data, record.request.tokenizer.size}), STR("t1"));
    CHECK_INT(record.request.mode, MESSAGE_MODE_SERVING);
    CHECK(record.request.has_max_model_input_len && record.request.max_model_input_len == -5);
    CHECK_INT(record.request.body_kind, MESSAGE_BODY_NONE);
}

TEST(bytes_become_a_bin)
{
    CHECK_INT(
        read_line(
            "{\"op\":\"speech\",\"request\":{\"ref_audio\":{\"$bytes\":\"AAEC\"},\"n\":[1,null,true,-2.5]}}"),
        SIDETOK_OK);
    CHECK_INT(record.request.body_kind, MESSAGE_BODY_MSGPACK);
    struct str bytes = body();
    CHECK(memmem(bytes.data, bytes.size, "\xc4\x03\x00\x01\x02", 5) != NULL);
}

TEST(a_bad_line_is_told_and_its_id_kept)
{
    static const struct {
        const char *line;
        enum sidetok_error error;
        const char *id;
    } cases[] = {
        {"", SIDETOK_E_BAD_REQUEST, NULL},
        {"nonsense", SIDETOK_E_BAD_REQUEST, NULL},
        {"{", SIDETOK_E_BAD_REQUEST, NULL},
        {"{}", SIDETOK_E_BAD_REQUEST, NULL},
        {"{\"id\":1", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1,", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1}", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1} x", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1,\"op\":\"dance\"}", SIDETOK_E_UNKNOWN_OP, "1"},
        {"{\"id\":1,\"op\":5}", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1,\"op\":\"load\",\"mode\":\"x\"}", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1,\"op\":\"load\",\"max_model_input_len\":1.5}", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1,\"op\":\"chat\",\"request\":\"open}", SIDETOK_E_BAD_REQUEST, "1"},
        {"{\"id\":1,\"op\":\"chat\",\"request\":[[[}", SIDETOK_E_BAD_REQUEST, "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum sidetok_error error = read_line(cases[i].line);
        if (error != cases[i].error)
            printf("# %s\n", cases[i].line);
        CHECK_INT(error, cases[i].error);
        CHECK(call.failure.message.size > 0);
        CHECK_STR((record.id.data ? record.id : STR("")), str_from(cases[i].id));
    }
    call_done(&call);
}

TEST_MAIN(RUN(a_request_is_passed_on_as_it_was_written), RUN(request_json_is_unquoted),
          RUN(the_other_members_are_read), RUN(bytes_become_a_bin), RUN(a_bad_line_is_told_and_its_id_kept))
