#include "tests/support/requests.h"
#include "tests/support/test.h"

#include "buf.h"
#include "rules.h"
#include "settings.h"

/* Each row is one rule of the reference's normalizers. What comes out is written as a line: the system
 * prompt, then each message with its content in quotes, its calls, and "..." where it is to
 * be continued. */

struct normalize_case {
    const char *why;
    int version;
    const char *expected;
    struct request request;
};

static const struct normalize_case normalize_cases[] = {
    {"neighbours of one role become one", 3, "user 'a\n\nb' | assistant 'c\n\nd' | user 'e'",
     REQUEST(USER(TEXT("a")), USER(TEXT("b")), ASSISTANT(TEXT("c")), ASSISTANT(TEXT("d")), USER(TEXT("e")))},
    {"texts of one message are joined by a blank line, as messages are", 3, "user 'a\n\nb\n\nc'",
     REQUEST(USER(CHUNKS(SAY("a"), SAY("b"))), USER(TEXT("c")))},
    {"v15 joins the texts of one message by nothing", 15, "user 'ab\n\ncd'",
     REQUEST(USER(CHUNKS(SAY("a"), SAY("b"))), USER(CHUNKS(SAY("c"), SAY("d"))))},
    {"empty texts and empty messages leave no join", 3, "user 'a\n\nb'",
     REQUEST(USER(TEXT("")), USER(CHUNKS(SAY(""), SAY("a"), SAY(""))), USER(TEXT("")), USER(TEXT("b")))},
    {"nothing but empty texts is empty", 3, "user ''", REQUEST(USER(CHUNKS(SAY(""), SAY(""))))},
    {"an empty list is empty", 3, "user ''", REQUEST(USER(NO_CHUNKS))},
    {"other chunks cut the text, and stay", 7, "user ['a\n\nb' image 'c\n\nd' image 'e\n\nf']",
     REQUEST(USER(CHUNKS(SAY("a"), SAY("b"), IMAGE, SAY("c"))), USER(TEXT("d")),
             USER(CHUNKS(IMAGE, SAY("e"), SAY("f"))))},
    {"after another chunk the first text of the next message is not joined", 15, "user ['a' image 'bc']",
     REQUEST(USER(CHUNKS(SAY("a"), IMAGE)), USER(CHUNKS(SAY("b"), SAY("c"))))},
    {"the first text after texts of an earlier message is joined as a message", 15,
     "user ['a\n\nbc' image 'de']",
     REQUEST(USER(TEXT("a")), USER(CHUNKS(SAY("b"), SAY("c"), IMAGE, SAY("d"), SAY("e"))))},
    {"thinking stays a chunk", 13, "user 'a' | assistant [<x> 'b\n\nc'] | user 'd'",
     REQUEST(USER(TEXT("a")), ASSISTANT(CHUNKS(THINK("x"), SAY("b"), SAY("c"))), USER(TEXT("d")))},
    {"up to v3 system messages make one prompt, wherever they stand", 3,
     "prompt 'a\n\nc\n\nd' | user 'b' | user 'e'",
     REQUEST(SYSTEM(TEXT("a")), USER(TEXT("b")), SYSTEM(CHUNKS(SAY("c"), SAY("d"))), USER(TEXT("e")),
             SYSTEM(TEXT("")))},
    {"a list of empty texts is a part of the prompt", 3, "prompt 'a\n\n\n\nb' | user 'c'",
     REQUEST(SYSTEM(TEXT("a")), SYSTEM(CHUNKS(SAY(""))), SYSTEM(TEXT("b")), USER(TEXT("c")))},
    {"the prompt of an empty list of texts is empty, not None", 3, "prompt '' | user 'c'",
     REQUEST(SYSTEM(CHUNKS(SAY(""))), USER(TEXT("c")))},
    {"a system message parts what it stands between", 3, "prompt 's' | user 'a' | user 'b'",
     REQUEST(USER(TEXT("a")), SYSTEM(TEXT("s")), USER(TEXT("b")))},
    {"from v7 on system messages stay, one by one", 7, "system 'a' | system 'b\n\nc' | user 'd'",
     REQUEST(SYSTEM(TEXT("a")), SYSTEM(CHUNKS(SAY("b"), SAY("c"))), USER(TEXT("d")))},
    {"up to v3 an empty user message comes first where there is none", 3,
     "prompt 's' | user '' | assistant 'a' | user 'b'",
     REQUEST(SYSTEM(TEXT("s")), ASSISTANT(TEXT("a")), USER(TEXT("b")))},
    {"system messages alone need a user message up to v3", 2, "prompt 's' | user ''",
     REQUEST(SYSTEM(TEXT("s")))},
    {"from v7 on none is put first", 7, "assistant 'a' | user 'b'",
     REQUEST(ASSISTANT(TEXT("a")), USER(TEXT("b")))},
    {"arguments are written as Python writes JSON", 3,
     "user 'a' | assistant '' f({\"b\": \"é\xed\xa0\x80\", \"a\": [Infinity, -0.0, 1e+16, "
     "123456789012345678901234567890]}) | tool aaaaaaaaa 'x'",
     REQUEST(USER(TEXT("a")),
             CALLS(NOTHING, CALL("aaaaaaaaa", "f",
                                 " {\"b\":1.0,\"a\":[1E400,-0.0,1e16,123456789012345678901234567890],\"b\":"
                                 "\"\\u00e9\\ud800\"} ")),
             RESULT("aaaaaaaaa", TEXT("x")))},
    {"no arguments are an empty object", 3, "user 'a' | assistant '' f({}) | tool aaaaaaaaa 'x'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "")), RESULT("aaaaaaaaa", TEXT("x")))},
    {"arguments that are no JSON stay", 3, "user 'a' | assistant '' f({'a': 1}) | tool aaaaaaaaa 'x'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{'a': 1}")),
             RESULT("aaaaaaaaa", TEXT("x")))},
    {"a byte order mark is no JSON", 3, "user 'a' | assistant '' f(\xef\xbb\xbf{}) | tool aaaaaaaaa 'x'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "\xef\xbb\xbf{}")),
             RESULT("aaaaaaaaa", TEXT("x")))},
    {"white space alone is no JSON, and not empty", 3, "user 'a' | assistant '' f( ) | tool aaaaaaaaa ' '",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", " ")), RESULT("aaaaaaaaa", TEXT(" ")))},
    {"calls of merged messages follow each other", 7,
     "user 'a' | assistant 'x\n\ny' f(1) g(2) | tool aaaaaaaaa '3' | tool bbbbbbbbb '4'",
     REQUEST(USER(TEXT("a")), CALLS(TEXT("x"), CALL("aaaaaaaaa", "f", "1")),
             CALLS(TEXT("y"), CALL("bbbbbbbbb", "g", "2")), RESULT("aaaaaaaaa", TEXT("3")),
             RESULT("bbbbbbbbb", TEXT("4")))},
    {"a message to be continued stays so when merged", 7, "user 'a' | assistant 'b\n\nc' ...",
     REQUEST(USER(TEXT("a")), ASSISTANT(TEXT("b")), PREFIX(TEXT("c")))},
    {"up to v3 results are re-written", 3, "user 'a' | assistant '' f({}) | tool aaaaaaaaa '{\"x\": 2}'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")),
             NAMED_RESULT("aaaaaaaaa", "f", TEXT("{\"x\":1,\"x\":2}")))},
    {"an empty result is an empty object up to v3", 2, "user 'a' | assistant '' f({}) | tool aaaaaaaaa '{}'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")), RESULT("aaaaaaaaa", TEXT("")))},
    {"results are joined before they are re-written", 3,
     "user 'a' | assistant '' f({}) | tool aaaaaaaaa '[1, 2]'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")),
             RESULT("aaaaaaaaa", CHUNKS(SAY("[1,"), SAY("2]"))))},
    {"from v7 on results stay", 7, "user 'a' | assistant '' f({}) | tool aaaaaaaaa '{\"x\":1}'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("{\"x\":1}")))},
    {"up to v7 results keep their order", 7,
     "user 'a' | assistant '' f({}) f({}) | tool bbbbbbbbb 'x' | tool aaaaaaaaa 'y'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}")),
             RESULT("bbbbbbbbb", TEXT("x")), RESULT("aaaaaaaaa", TEXT("y")))},
    {"from v11 on results are ordered by the calls", 11,
     "user 'a' | assistant '' f({}) f({}) | tool aaaaaaaaa 'y' | tool bbbbbbbbb 'x'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}")),
             RESULT("bbbbbbbbb", TEXT("x")), RESULT("aaaaaaaaa", TEXT("y")))},
    {"calls of messages apart count, until results come", 11,
     "user 'a' | assistant '' f({}) | user 'b' | assistant '' f({}) | tool bbbbbbbbb 'y' | tool aaaaaaaaa "
     "'x' | user 'c' | assistant '' f({}) f({}) | tool bbbbbbbbb 'w' | tool aaaaaaaaa 'z'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("bbbbbbbbb", "f", "{}")), USER(TEXT("b")),
             CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")), RESULT("aaaaaaaaa", TEXT("x")),
             RESULT("bbbbbbbbb", TEXT("y")), USER(TEXT("c")),
             CALLS(NOTHING, CALL("bbbbbbbbb", "f", "{}"), CALL("aaaaaaaaa", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("z")), RESULT("bbbbbbbbb", TEXT("w")))},
    {"the last of two calls with one id counts", 11,
     "user 'a' | assistant '' f({}) f({}) f({}) | tool bbbbbbbbb 'y' | tool aaaaaaaaa 'x'",
     REQUEST(USER(TEXT("a")),
             CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}"),
                   CALL("aaaaaaaaa", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("x")), RESULT("bbbbbbbbb", TEXT("y")))},
    {"results of no call come last, in their order", 11,
     "user 'a' | assistant '' f({}) | tool aaaaaaaaa 'z' | tool zzzzzzzzz 'x' | tool yyyyyyyyy 'y'",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")), RESULT("zzzzzzzzz", TEXT("x")),
             RESULT("yyyyyyyyy", TEXT("y")), RESULT("aaaaaaaaa", TEXT("z")))},
    {"v15 keeps the chunks of results", 15, "user 'a' | assistant '' f({}) | tool aaaaaaaaa ['bc' image]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")),
             RESULT("aaaaaaaaa", CHUNKS(SAY("b"), SAY("c"), IMAGE)))},
};

static void write_chunk(struct buf *out, const struct chunk *chunk)
{
    if (chunk->kind == CHUNK_TEXT)
        buf_printf(out, "'%.*s'", STR_ARG(chunk->text));
    else if (chunk->kind == CHUNK_THINKING)
        buf_printf(out, "<%.*s>", STR_ARG(chunk->text));
    else
        buf_append(out, STR("image"));
}

static void write_content(struct buf *out, const struct content *content)
{
    if (content->kind != CONTENT_CHUNKS) {
        buf_printf(out, "'%.*s'", STR_ARG(content->text));
        return;
    }
    for (size_t i = 0; i < content->n_chunks; i++) {
        buf_append_char(out, i ? ' ' : '[');
        write_chunk(out, &content->chunks[i]);
    }
    buf_append_char(out, ']');
}

static void write_message(struct buf *out, const struct message *message)
{
    static const char *const roles[] = {"system", "user", "assistant", "tool"};
    buf_append(out, str_from(roles[message->role]));
    if (message->role == ROLE_TOOL)
        buf_printf(out, " %.*s", STR_ARG(message->tool_call_id));
    buf_append_char(out, ' ');
    write_content(out, &message->content);
    for (size_t i = 0; i < message->n_tool_calls; i++) {
        const struct tool_call *call = &message->tool_calls[i];
        buf_printf(out, " %.*s(%.*s)", STR_ARG(call->name), STR_ARG(call->arguments));
    }
    if (message->prefix)
        buf_append(out, STR(" ..."));
}

static struct str in_words(struct call *call, const struct request *request)
{
    struct buf out;
    bool has_prompt = request->system_prompt.data;
    buf_init(&out, call);
    if (has_prompt)
        buf_printf(&out, "prompt '%.*s'", STR_ARG(request->system_prompt));
    for (size_t i = 0; i < request->n_messages; i++) {
        if (i > 0 || has_prompt)
            buf_append(&out, STR(" | "));
        write_message(&out, &request->messages[i]);
    }
    return buf_str(&out);
}

static const struct settings_builder no_settings = {.has_effort = false};

TEST(normalizer_follows_each_rule)
{
    for (size_t i = 0; i < sizeof normalize_cases / sizeof *normalize_cases; i++) {
        struct request request = normalize_cases[i].request;
        struct call call;
        call_init(&call);
        CHECK(request_normalize(&call, rules_find(normalize_cases[i].version), &no_settings, &request) ==
              SIDETOK_OK);
        struct str got = in_words(&call, &request), expected = str_from(normalize_cases[i].expected);
        CHECK_STR(got, expected);
        if (!str_equal(got, expected))
            printf("# where v%d: %s\n", normalize_cases[i].version, normalize_cases[i].why);
        call_done(&call);
    }
}

TEST(text_that_nothing_is_joined_to_is_not_copied)
{
    struct message messages[] = {USER(CHUNKS(SAY(""), SAY("a text"))), ASSISTANT(TEXT("an answer"))};
    struct request request = {.messages = messages, .n_messages = 2, .system_prompt = STR("of earlier")};
    struct call call;
    call_init(&call);
    CHECK(request_normalize(&call, rules_find(7), NULL, &request) == SIDETOK_OK);
    CHECK(!request.system_prompt.data);
    CHECK(request.messages[0].content.text.data == messages[0].content.chunks[1].text.data);
    CHECK(request.messages[1].content.text.data == messages[1].content.text.data);
    call_done(&call);
}

TEST(what_did_not_parse_is_marked)
{
    struct message messages[] = {CALLS(NOTHING, CALL("x", "f", "{}"), CALL("y", "f", "{")),
                                 RESULT("x", TEXT("1")), RESULT("y", TEXT("one"))};
    struct request request = {.messages = messages, .n_messages = 3};
    struct call call;
    call_init(&call);
    CHECK(request_normalize(&call, rules_find(3), NULL, &request) == SIDETOK_OK);
    CHECK(request.messages[1].tool_calls[0].arguments_is_json);
    CHECK(!request.messages[1].tool_calls[1].arguments_is_json);
    CHECK(request.messages[2].content_is_json);
    CHECK(!request.messages[3].content_is_json);
    CHECK_INT(call.failure.code, SIDETOK_OK);
    call_done(&call);
}

TEST(v15_without_a_builder_is_refused)
{
    struct message messages[] = {USER(TEXT("a"))};
    struct request request = {.messages = messages, .n_messages = 1};
    struct call call;
    call_init(&call);
    CHECK(request_normalize(&call, rules_find(15), NULL, &request) == SIDETOK_E_INVALID_REQUEST);
    CHECK_STR(call.failure.message,
              STR("model_settings_builder must not be None for InstructRequestNormalizerV15"));
    call_done(&call);
}

/* Only text that is no JSON is kept; other errors of Python's json pass. */
TEST(arguments_fail_on_too_many_digits)
{
    static char digits[4301];
    struct tool_call tool_call = {.id = STR("x"), .name = STR("f"), .arguments = {digits, sizeof digits}};
    struct message messages[] = {{.role = ROLE_ASSISTANT, .tool_calls = &tool_call, .n_tool_calls = 1}};
    struct request request = {.messages = messages, .n_messages = 1};
    struct call call;
    memset(digits, '1', sizeof digits);
    call_init(&call);
    CHECK(request_normalize(&call, rules_find(7), NULL, &request) == SIDETOK_E_VALUE);
    tool_call.arguments.size--;
    call_reset(&call);
    CHECK(request_normalize(&call, rules_find(7), NULL, &request) == SIDETOK_OK);
    call_done(&call);
}

TEST(arguments_fail_on_too_deep_nesting)
{
    static char brackets[100000];
    struct tool_call tool_call = {.id = STR("x"), .name = STR("f"), .arguments = {brackets, sizeof brackets}};
    struct message messages[] = {{.role = ROLE_ASSISTANT, .tool_calls = &tool_call, .n_tool_calls = 1}};
    struct request request = {.messages = messages, .n_messages = 1};
    struct call call;
    memset(brackets, '[', sizeof brackets);
    call_init(&call);
    CHECK(request_normalize(&call, rules_find(7), NULL, &request) == SIDETOK_E_RECURSION);
    call_done(&call);
}

TEST(many_results_are_sorted_in_good_time)
{
    enum { N = 20000 };
    static struct tool_call calls[N];
    static struct message messages[N + 1];
    static char ids[N][8];
    struct request request = {.messages = messages, .n_messages = N + 1};
    struct call call;
    for (int i = 0; i < N; i++) {
        snprintf(ids[i], sizeof ids[i], "%d", i);
        calls[i] = (struct tool_call){.id = str_from(ids[i]), .name = STR("f"), .arguments = STR("")};
        messages[N - i] = (struct message){.role = ROLE_TOOL,
                                           .tool_call_id = str_from(ids[i]),
                                           .content = {.kind = CONTENT_TEXT, .text = str_from(ids[i])}};
    }
    messages[0] = (struct message){.role = ROLE_ASSISTANT, .tool_calls = calls, .n_tool_calls = N};
    call_init(&call);
    CHECK(request_normalize(&call, rules_find(13), NULL, &request) == SIDETOK_OK);
    for (size_t i = 1; i < N; i += 997)
        CHECK(request.messages[i].content.text.data == ids[i - 1]);
    call_done(&call);
}

TEST(normalizing_survives_every_failed_allocation)
{
    struct message messages[] = {SYSTEM(TEXT("s")),
                                 SYSTEM(TEXT("t")),
                                 USER(CHUNKS(SAY("a"), SAY("b"), IMAGE)),
                                 CALLS(NOTHING, CALL("x", "f", "[1]"), CALL("y", "f", "{")),
                                 RESULT("y", TEXT("1")),
                                 RESULT("x", TEXT("{"))};
    static const int versions[] = {3, 11};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        enum sidetok_error error = SIDETOK_E_NO_MEMORY;
        for (size_t n = 1; error == SIDETOK_E_NO_MEMORY; n++) {
            struct request request = {.messages = messages, .n_messages = sizeof messages / sizeof *messages};
            struct call call;
            call_init(&call);
            call.arena.fail_after = n;
            error = request_normalize(&call, rules_find(versions[i]), NULL, &request);
            CHECK(error == SIDETOK_E_NO_MEMORY || error == SIDETOK_OK);
            CHECK_INT(call.failure.code, error);
            call_done(&call);
        }
    }
}

TEST_MAIN(RUN(normalizer_follows_each_rule), RUN(text_that_nothing_is_joined_to_is_not_copied),
          RUN(what_did_not_parse_is_marked), RUN(v15_without_a_builder_is_refused),
          RUN(arguments_fail_on_too_many_digits), RUN(arguments_fail_on_too_deep_nesting),
          RUN(many_results_are_sorted_in_good_time), RUN(normalizing_survives_every_failed_allocation))
