#include "tests/support/requests.h"
#include "tests/support/test.h"

#include "buf.h"
#include "rules.h"
#include "settings.h"
#include "template.h"

#include "proto/error.h"

/* Each row is one rule of the reference's templates. A stream is written with control tokens as they are
 * spelled and texts in guillemets; an error as its type and message; ' stands for " in what is expected. */

/** What the tokenizer has beside its version. */
enum tokenizer_extra { PLAIN, WITH_THINK, EFFORT, SCHEMA, EFFORT_AND_SCHEMA, NO_SETTINGS };

struct template_case {
    const char *why;
    int version;
    enum tokenizer_extra extra;
    const char *expected;
    struct request request;
};

static const struct json null = {JSON_NULL, .boolean = false};
static const struct json_member parameters[] = {
    {{"type", 4}, {JSON_STRING, .text = {"object", 6}}},
    {{"b", 1}, {JSON_FLOAT, .number = 1}},
    {{"é", 2}, {JSON_ARRAY, .array = {&null, 1}}},
};
static struct tool two_tools[] = {
    {{"f", 1}, {"d", 1}, {JSON_OBJECT, .object = {parameters, 3}}, .strict = true},
    {{"g", 1}, {"", 0}, {JSON_OBJECT, .object = {NULL, 0}}, .strict = false},
};

#define TOOL_F   .tools = two_tools, .n_tools = 1, .has_tools = true
#define TOOLS_FG .tools = two_tools, .n_tools = 2, .has_tools = true
#define TOOL_G   .tools = two_tools + 1, .n_tools = 1, .has_tools = true

static const struct json_member schema_members[] = {
    {{"type", 4}, {JSON_STRING, .text = {"object", 6}}},
    {{"b", 1}, {JSON_INT, .text = {"1", 1}}},
    {{"a", 1}, {JSON_INT, .text = {"2", 1}}},
};
#define SCHEMA_BA                                                                                            \
    .response_format = FORMAT_JSON_SCHEMA, .has_json_schema = true,                                          \
    .schema = {JSON_OBJECT, .object = {schema_members, 3}}

static const struct template_case v1_cases[] = {
    {"markers are text", 1, PLAIN, "<s>«[INST] Hello [/INST]»", REQUEST(USER(TEXT("Hello")))},
    {"the system prompt opens the first user message", 1, PLAIN,
     "<s>«[INST] S\n\na [/INST]»«b»</s>«[INST] c [/INST]»",
     REQUEST(SYSTEM(TEXT("S")), USER(TEXT("a")), ASSISTANT(TEXT("b")), USER(TEXT("c")))},
    {"an assistant message keeps its last spaces and ends with EOS", 1, PLAIN,
     "<s>«[INST] a [/INST]»«b  »</s>«[INST] c [/INST]»",
     REQUEST(USER(TEXT("a")), ASSISTANT(TEXT("b  ")), USER(TEXT("c")))},
    {"a message to be continued has no EOS", 1, PLAIN, "<s>«[INST] a [/INST]»«b»",
     REQUEST(USER(TEXT("a")), PREFIX(TEXT("b")))},
    {"tools given are not written", 1, PLAIN, "<s>«[INST] a [/INST]»", WITH(TOOL_F, USER(TEXT("a")))},
    {"calls are refused", 1, PLAIN, "TokenizerException: Tools not implemented for tokenizer V1",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")), RESULT("aaaaaaaaa", TEXT("x")))},
    {"results are refused", 1, PLAIN, "TokenizerException: Tools not implemented for tokenizer V1",
     REQUEST(USER(TEXT("a")), RESULT("aaaaaaaaa", TEXT("x")))},
    {"an empty list of texts is no content", 1, PLAIN, "TokenizerException:  // None",
     REQUEST(USER(TEXT("a")), ASSISTANT(CHUNKS(SAY(""))), USER(TEXT("b")))},
    {"an empty user message is put before an assistant's", 1, PLAIN,
     "<s>«[INST] S\n\n [/INST]»«a»</s>«[INST] b [/INST]»",
     REQUEST(SYSTEM(TEXT("S")), ASSISTANT(TEXT("a")), USER(TEXT("b")))},
};

static const struct template_case v2_cases[] = {
    {"control tokens", 2, PLAIN, "<s>[INST]«Hello»[/INST]", REQUEST(USER(TEXT("Hello")))},
    {"the system prompt opens the last user message", 2, PLAIN,
     "<s>[INST]«a»[/INST]«b»</s>[INST]«S\n\nc»[/INST]",
     REQUEST(SYSTEM(TEXT("S")), USER(TEXT("a")), ASSISTANT(TEXT("b")), USER(TEXT("c")))},
    {"an assistant message loses its last spaces, not its last tab", 2, PLAIN,
     "<s>[INST]«a»[/INST]«b \t»</s>[INST]«c»[/INST]",
     REQUEST(USER(TEXT("a")), ASSISTANT(TEXT("b \t  ")), USER(TEXT("c")))},
    {"tools at the last user message, strict left out, order of members kept", 2, PLAIN,
     "<s>[INST]«a»[/INST]«b»</s>[AVAILABLE_TOOLS]«[{'type': 'function', 'function': {'name': 'f', "
     "'description': 'd', 'parameters': {'type': 'object', 'b': 1.0, 'é': [null]}}}, {'type': 'function', "
     "'function': {'name': 'g', 'description': '', 'parameters': {}}}]»[/AVAILABLE_TOOLS][INST]«c»[/INST]",
     WITH(TOOLS_FG, USER(TEXT("a")), ASSISTANT(TEXT("b")), USER(TEXT("c")))},
    {"no tools: no list", 2, PLAIN, "<s>[INST]«a»[/INST]", WITH(.has_tools = true, USER(TEXT("a")))},
    {"calls and results before the last user message are left out", 2, PLAIN,
     "<s>[INST]«a»[/INST]«b»</s>[INST]«c»[/INST]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")), RESULT("aaaaaaaaa", TEXT("x")),
             ASSISTANT(TEXT("b")), USER(TEXT("c")))},
    {"calls and results after the last user message are lists", 2, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {'x': 1}}]»</s>[TOOL_RESULTS]«[{'name': "
     "'f', 'content': {'y': 2}}]»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{\"x\":1}")),
             NAMED_RESULT("aaaaaaaaa", "f", TEXT("{\"y\": 2}")))},
    {"a result without a name, that is no JSON", 2, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {}}]»</s>[TOOL_RESULTS]«[{'name': null, "
     "'content': 'x y'}]»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("x y")))},
    {"several results of one turn are refused", 2, PLAIN,
     "UnsupportedTokenizerFeatureException: Tokenizer v2 does not support multiple tool results for one "
     "assistant turn.",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("x")), RESULT("bbbbbbbbb", TEXT("y")))},
    {"each turn has its one result", 2, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {}}]»</s>[TOOL_RESULTS]«[{'name': null, "
     "'content': "
     "1}]»[/TOOL_RESULTS][TOOL_CALLS]«[{'name': 'f', 'arguments': {}}]»</s>[TOOL_RESULTS]«[{'name': null, "
     "'content': "
     "2}]»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("x", "f", "")), RESULT("x", TEXT("1")),
             CALLS(NOTHING, CALL("y", "f", "")), RESULT("y", TEXT("2")))},
    {"results of a turn without calls are not counted", 2, PLAIN,
     "<s>[INST]«a»[/INST]«b»</s>[TOOL_RESULTS]«[{'name': null, 'content': "
     "1}]»[/TOOL_RESULTS][TOOL_RESULTS]«[{'name': "
     "null, 'content': 2}]»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), ASSISTANT(TEXT("b")), RESULT("x", TEXT("1")), RESULT("y", TEXT("2")))},
    {"several results are let through before the last user message", 2, PLAIN,
     "<s>[INST]«a»[/INST]«b»</s>[INST]«c»[/INST]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("x")), RESULT("bbbbbbbbb", TEXT("y")), ASSISTANT(TEXT("b")),
             USER(TEXT("c")))},
    {"merged content and calls are refused, message in words", 2, PLAIN,
     "ValueError: Cannot have tool calls and content defined in the same assistant message role='assistant' "
     "content='b' tool_calls=[ToolCall(id='aaaaaaaaa', type='function', function=FunctionCall(name='f', "
     "arguments='[1, 2]'))] prefix=False",
     REQUEST(USER(TEXT("a")), ASSISTANT(TEXT("b")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "[1,2]")),
             RESULT("aaaaaaaaa", TEXT("x")))},
    {"nothing to say is refused", 2, PLAIN, "TokenizerException: Invalid assistant message: ",
     REQUEST(USER(TEXT("a")), ASSISTANT(CHUNKS(SAY(""))), USER(TEXT("b")))},
};

static const struct template_case v3_cases[] = {
    {"calls and results before the last user message are written, with ids", 3, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {'x': 1}, 'id': "
     "'aaaaaaaaa'}]»</s>[TOOL_RESULTS]«{'content': [1, 2], 'call_id': "
     "'aaaaaaaaa'}»[/TOOL_RESULTS]«b»</s>[INST]«c»[/INST]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{\"x\":1}")),
             RESULT("aaaaaaaaa", TEXT("[1,2]")), ASSISTANT(TEXT("b")), USER(TEXT("c")))},
    {"several results, each for itself", 3, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {}, 'id': 'aaaaaaaaa'}, {'name': 'f', "
     "'arguments': {}, 'id': 'bbbbbbbbb'}]»</s>[TOOL_RESULTS]«{'content': 'x', 'call_id': "
     "'aaaaaaaaa'}»[/TOOL_RESULTS][TOOL_RESULTS]«{'content': 'y', 'call_id': 'bbbbbbbbb'}»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("x")), RESULT("bbbbbbbbb", TEXT("y")))},
    {"results keep the order given", 3, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {}, 'id': 'aaaaaaaaa'}, {'name': 'f', "
     "'arguments': {}, 'id': 'bbbbbbbbb'}]»</s>[TOOL_RESULTS]«{'content': 'x', 'call_id': "
     "'bbbbbbbbb'}»[/TOOL_RESULTS][TOOL_RESULTS]«{'content': 'y', 'call_id': 'aaaaaaaaa'}»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}")),
             RESULT("bbbbbbbbb", TEXT("x")), RESULT("aaaaaaaaa", TEXT("y")))},
    {"an empty id is left out", 3, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {}}]»</s>",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("", "f", "{}")))},
    {"an id that is not given is left out", 3, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {}}]»</s>",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("null", "f", "{}")))},
    {"arguments that are no JSON are a string", 3, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': 'xé\\'', 'id': "
     "'aaaaaaaaa'}]»</s>[TOOL_RESULTS]«{'content': 'x', 'call_id': 'aaaaaaaaa'}»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "xé\"")),
             RESULT("aaaaaaaaa", TEXT("x")))},
    {"the system prompt is joined to a plain text", 3, PLAIN, "<s>[INST]«S\n\na\n\nb»[/INST]",
     REQUEST(SYSTEM(TEXT("S")), USER(CHUNKS(SAY("a"), SAY("b"))))},
    {"an image needs an encoder, the system prompt is encoded before", 3, PLAIN,
     "AssertionError: Make sure to define a image encoder at init",
     REQUEST(SYSTEM(TEXT("S")), USER(CHUNKS(SAY("a"), IMAGE, SAY("b"))))},
};

static const struct template_case v7_cases[] = {
    {"system messages in their own place", 7, PLAIN,
     "<s>[SYSTEM_PROMPT]«S»[/SYSTEM_PROMPT][INST]«a»[/INST][SYSTEM_PROMPT]«R»[/SYSTEM_PROMPT][INST]«b»[/"
     "INST]",
     REQUEST(SYSTEM(TEXT("S")), USER(TEXT("a")), SYSTEM(TEXT("R")), USER(TEXT("b")))},
    {"a system message of chunks", 7, PLAIN, "TokenizerException: Think not implemented for tokenizer < V13.",
     REQUEST(SYSTEM(CHUNKS(SAY("S"), THINK("T"))), USER(TEXT("a")))},
    {"content and calls in one message", 7, PLAIN,
     "<s>[INST]«a»[/INST]«b»[TOOL_CALLS]«[{'name': 'f', 'arguments': {}, 'id': "
     "'aaaaaaaaa'}]»</s>[TOOL_RESULTS]«aaaaaaaaa»[TOOL_CONTENT]«{'x':1}»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(TEXT("b "), CALL("aaaaaaaaa", "f", "{}")),
             RESULT("aaaaaaaaa", TEXT("{\"x\":1}")))},
    {"a result is text between its id and the end", 7, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«[{'name': 'f', 'arguments': {}, 'id': 'aaaaaaaaa'}, {'name': 'f', "
     "'arguments': {}, 'id': "
     "'bbbbbbbbb'}]»</s>[TOOL_RESULTS]«bbbbbbbbb»[TOOL_CONTENT]«x»[/"
     "TOOL_RESULTS][TOOL_RESULTS]«aaaaaaaaa»[TOOL_CONTENT]«y»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{}"), CALL("bbbbbbbbb", "f", "{}")),
             RESULT("bbbbbbbbb", TEXT("x")), RESULT("aaaaaaaaa", TEXT("y")))},
    {"nothing to say is refused, message in words", 7, PLAIN,
     "TokenizerException: Invalid assistant message: role='assistant' content='' tool_calls=None "
     "prefix=False",
     REQUEST(USER(TEXT("a")), ASSISTANT(TEXT("")), USER(TEXT("b")))},
    {"without a user message tools are dropped", 7, PLAIN, "<s>[SYSTEM_PROMPT]«S»[/SYSTEM_PROMPT]",
     WITH(TOOL_F, SYSTEM(TEXT("S")))},
    {"a last empty text after spaces are gone", 7, PLAIN, "<s>[INST]«a»[/INST]«»</s>[INST]«b»[/INST]",
     REQUEST(USER(TEXT("a")), ASSISTANT(TEXT("  ")), USER(TEXT("b")))},
    {"system messages alone", 7, PLAIN, "<s>[SYSTEM_PROMPT]«»[/SYSTEM_PROMPT]", REQUEST(SYSTEM(TEXT("")))},
    {"sound needs an encoder", 7, PLAIN, "AssertionError: Make sure to define a audio encoder at init",
     REQUEST(USER(CHUNKS(SOUND)))},
};

static const struct template_case v11_cases[] = {
    {"name, id and arguments split; results in the order of the calls", 11, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«f»[CALL_ID]«aaaaaaaaa»[ARGS]«{'x': "
     "[]}»[TOOL_CALLS]«g»[CALL_ID]«bbbbbbbbb»[ARGS]«'no'»</s>[TOOL_RESULTS]«aaaaaaaaa»[TOOL_CONTENT]«y»[/"
     "TOOL_RESULTS][TOOL_RESULTS]«bbbbbbbbb»[TOOL_CONTENT]«x»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")),
             CALLS(NOTHING, CALL("aaaaaaaaa", "f", "{\"x\":[]}"), CALL("bbbbbbbbb", "g", "no")),
             RESULT("bbbbbbbbb", TEXT("x")), RESULT("aaaaaaaaa", TEXT("y")))},
    {"thinking is refused", 11, PLAIN, "TokenizerException: Think not implemented for tokenizer < V13.",
     REQUEST(USER(TEXT("a")), ASSISTANT(CHUNKS(THINK("t"), SAY("b"))), USER(TEXT("c")))},
    {"inline sound beside a system message is refused before all else", 11, PLAIN,
     "ValueError: System messages are not yet allowed when audio is present",
     REQUEST(SYSTEM(CHUNKS(THINK("x"))), USER(CHUNKS(SOUND)))},
    {"tools at the last user message", 11, PLAIN,
     "<s>[INST]«a»[/INST]«b»</s>[AVAILABLE_TOOLS]«[{'type': 'function', 'function': {'name': 'g', "
     "'description': '', 'parameters': {}}}]»[/AVAILABLE_TOOLS][INST]«c»[/INST]",
     WITH(TOOL_G, USER(TEXT("a")), ASSISTANT(TEXT("b")), USER(TEXT("c")))},
};

static const struct template_case v13_cases[] = {
    {"tools at the first user message", 13, PLAIN,
     "<s>[AVAILABLE_TOOLS]«[{'type': 'function', 'function': {'name': 'g', 'description': '', 'parameters': "
     "{}}}]»[/AVAILABLE_TOOLS][INST]«a»[/INST]«b»</s>[INST]«c»[/INST]",
     WITH(TOOL_G, USER(TEXT("a")), ASSISTANT(TEXT("b")), USER(TEXT("c")))},
    {"ids are not written", 13, PLAIN,
     "<s>[INST]«a»[/INST][TOOL_CALLS]«f»[ARGS]«{'x': 1.5}»</s>[TOOL_RESULTS]«r»[/TOOL_RESULTS]",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("x y", "f", "{\"x\":1.50}")), RESULT("x y", TEXT("r")))},
    {"thinking without its tokens is refused", 13, PLAIN,
     "AssertionError: think tokens are not available for this tokenizer.",
     REQUEST(USER(TEXT("a")), ASSISTANT(CHUNKS(THINK("t"), SAY("b"))), USER(TEXT("c")))},
    {"thinking, closed or not; text among chunks keeps its last spaces", 13, WITH_THINK,
     "<s>[INST]«a»[/INST][THINK]«t»[/THINK]«b »</s>[INST]«c»[/INST][THINK]«u»</s>[INST]«d»[/INST]",
     REQUEST(USER(TEXT("a")), ASSISTANT(CHUNKS(THINK("t"), SAY("b "))), USER(TEXT("c")),
             ASSISTANT(CHUNKS(THINK_ON("u"))), USER(TEXT("d")))},
    {"thinking in a system message", 13, WITH_THINK,
     "<s>[SYSTEM_PROMPT][THINK]«t»[/THINK]«s»[/SYSTEM_PROMPT][INST]«a»[/INST]",
     REQUEST(SYSTEM(CHUNKS(THINK("t"), SAY("s"))), USER(TEXT("a")))},
};

static const struct template_case v15_cases[] = {
    {"settings after the tools, before the first user message", 15, EFFORT,
     "<s>[SYSTEM_PROMPT]«S»[/SYSTEM_PROMPT][AVAILABLE_TOOLS]«[{'type': 'function', 'function': {'name': 'g', "
     "'description': '', 'parameters': {}}}]»[/AVAILABLE_TOOLS][MODEL_SETTINGS]«{'reasoning_effort': "
     "'high'}»[/MODEL_SETTINGS][INST]«a»[/INST]«b»</s>[INST]«c»[/INST]",
     WITH2(TOOL_G, .reasoning_effort = EFFORT_HIGH, SYSTEM(TEXT("S")), USER(TEXT("a")), ASSISTANT(TEXT("b")),
           USER(TEXT("c")))},
    {"the default effort", 15, EFFORT,
     "<s>[MODEL_SETTINGS]«{'reasoning_effort': 'none'}»[/MODEL_SETTINGS][INST]«a»[/INST]",
     REQUEST(USER(TEXT("a")))},
    {"an effort that the model does not take", 15, EFFORT,
     "InvalidRequestException: reasoning_effort should be one of ['none', 'high'], got low.",
     WITH(.reasoning_effort = EFFORT_LOW, USER(TEXT("a")))},
    {"settings sorted by name, the schema as written", 15, EFFORT_AND_SCHEMA,
     "<s>[MODEL_SETTINGS]«{'json_schema': {'type': 'object', 'b': 1, 'a': 2}, 'reasoning_effort': "
     "'high'}»[/MODEL_SETTINGS][INST]«a»[/INST]",
     WITH2(.reasoning_effort = EFFORT_HIGH, SCHEMA_BA, USER(TEXT("a")))},
    {"any JSON object", 15, SCHEMA,
     "<s>[MODEL_SETTINGS]«{'json_schema': {'anyOf': [{'type': 'object'}, {'type': "
     "'array'}]}}»[/MODEL_SETTINGS][INST]«a»[/INST]",
     WITH(.response_format = FORMAT_JSON_OBJECT, USER(TEXT("a")))},
    {"text has no schema", 15, SCHEMA, "<s>[INST]«a»[/INST]",
     WITH(.response_format = FORMAT_TEXT, USER(TEXT("a")))},
    {"a builder without the field ignores the setting", 15, NO_SETTINGS, "<s>[INST]«a»[/INST]",
     WITH(.reasoning_effort = EFFORT_HIGH, USER(TEXT("a")))},
    {"no builder", 15, PLAIN,
     "InvalidRequestException: model_settings_builder must not be None for InstructRequestNormalizerV15",
     REQUEST(USER(TEXT("a")))},
    {"chunks of one message are joined by nothing", 15, EFFORT,
     "<s>[MODEL_SETTINGS]«{'reasoning_effort': 'none'}»[/MODEL_SETTINGS][INST]«ab\n\ncd»[/INST]",
     REQUEST(USER(CHUNKS(SAY("a"), SAY("b"))), USER(CHUNKS(SAY("c"), SAY("d"))))},
    {"sound in a system message needs an encoder", 15, EFFORT,
     "AssertionError: Make sure to define a audio encoder at init",
     REQUEST(SYSTEM(CHUNKS(SAY("s"), SOUND)), USER(TEXT("a")))},
    {"thinking in a system message is refused", 15, EFFORT,
     "TokenizerException: ThinkChunk in system message is not supported for this model",
     REQUEST(SYSTEM(CHUNKS(THINK("t"), SAY("s"))), USER(TEXT("a")))},
    {"a result of chunks", 15, EFFORT, "AssertionError: Make sure to define a image encoder at init",
     REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("i", "f", "{}")), RESULT("i", CHUNKS(SAY("x"), IMAGE)))},
};

static const struct settings_builder builders[] = {
    [EFFORT] = {true, 2, {EFFORT_NONE, EFFORT_HIGH}, EFFORT_NONE, false},
    [SCHEMA] = {.has_schema = true},
    [EFFORT_AND_SCHEMA] = {true, 2, {EFFORT_NONE, EFFORT_HIGH}, EFFORT_NONE, true},
    [NO_SETTINGS] = {.has_schema = false},
};

static struct template_env env_of(int version, enum tokenizer_extra extra)
{
    return (struct template_env){
        .template = template_find(version),
        .has_think = extra == WITH_THINK,
        .settings = extra == PLAIN || extra == WITH_THINK ? NULL : &builders[extra],
    };
}

static void write_item(struct buf *out, const struct stream_item *item)
{
    if (item->kind == STREAM_MESSAGE)
        return;
    if (item->kind == STREAM_CONTROL) {
        for (uint32_t i = 0; i < item->count; i++)
            buf_append(out, control_text(item->control));
        return;
    }
    buf_append(out, STR("«"));
    buf_append(out, item->text);
    buf_append(out, STR("»"));
}

/* What the stream holds, or the failure that error stands for. */
static struct str in_words(struct call *call, enum sidetok_error error, const struct stream *stream)
{
    struct buf out;
    buf_init(&out, call);
    for (size_t i = 0; error == SIDETOK_OK && i < stream->n_items; i++)
        write_item(&out, &stream->items[i]);
    if (error != SIDETOK_OK) {
        buf_printf(&out, "%s: ", error_name(error));
        buf_append(&out, call->failure.message);
    }
    return buf_str(&out);
}

static enum sidetok_error render(struct call *call, const struct template_case *row,
                                 struct stream *ret_stream)
{
    struct template_env env = env_of(row->version, row->extra);
    struct request request = row->request;
    TRY(request_normalize(call, rules_find(row->version), env.settings, &request));
    return template_render(call, &env, &request, ret_stream);
}

static struct str double_quoted(struct call *call, struct str text)
{
    struct buf out;
    buf_init(&out, call);
    for (size_t i = 0; i < text.size; i++)
        buf_append_char(&out, text.data[i] == '\'' ? '"' : text.data[i]);
    return buf_str(&out);
}

static void check_case(const struct template_case *row)
{
    struct call call;
    struct stream stream;
    call_init(&call);
    enum sidetok_error error = render(&call, row, &stream);
    struct str got = double_quoted(&call, in_words(&call, error, &stream));
    struct str expected = double_quoted(&call, str_from(row->expected));
    CHECK_STR(got, expected);
    if (!str_equal(got, expected))
        printf("# where v%d: %s\n", row->version, row->why);
    call_done(&call);
}

#define CHECK_CASES(rows)                                                                                    \
    for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++)                                               \
    check_case(&(rows)[i])

TEST(v1_writes_markers_as_text)
{
    CHECK_CASES(v1_cases);
}

TEST(v2_has_tokens_tools_and_one_result_a_turn)
{
    CHECK_CASES(v2_cases);
}

TEST(v3_writes_all_calls_and_results_with_ids)
{
    CHECK_CASES(v3_cases);
}

TEST(v7_has_system_tokens_and_content_beside_calls)
{
    CHECK_CASES(v7_cases);
}

TEST(v11_splits_calls_and_orders_results)
{
    CHECK_CASES(v11_cases);
}

TEST(v13_puts_tools_first_and_thinks)
{
    CHECK_CASES(v13_cases);
}

TEST(v15_writes_settings)
{
    CHECK_CASES(v15_cases);
}

/* ---- fill in the middle ---- */

static struct str fim_in_words(struct call *call, int version, struct str prompt, struct str suffix)
{
    struct template_env env = env_of(version, PLAIN);
    struct stream stream;
    enum sidetok_error error = template_render_fim(call, &env, prompt, suffix, &stream);
    return in_words(call, error, &stream);
}

TEST(fim_hides_the_suffix_behind_a_smiley)
{
    static const int versions[] = {2, 3, 7, 11, 13, 15};
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        int version = versions[i];
        CHECK_STR(fim_in_words(&call, version, STR("a"), STR("b")), STR("<s>[SUFFIX]«☺b»[PREFIX]«a»"));
        CHECK_STR(fim_in_words(&call, version, STR("a"), STR("")), STR("<s>[SUFFIX][PREFIX]«a»"));
        CHECK_STR(fim_in_words(&call, version, STR(""), (struct str){NULL, 0}), STR("<s>[SUFFIX][PREFIX]«»"));
    }
    call_done(&call);
}

TEST(fim_drops_two_ids_of_the_suffix)
{
    struct template_env env = env_of(3, PLAIN);
    struct call call;
    struct stream stream;
    call_init(&call);
    CHECK(template_render_fim(&call, &env, STR("a"), STR("b"), &stream) == SIDETOK_OK);
    CHECK_INT(stream.items[2].kind, STREAM_TEXT_SKIP);
    CHECK_INT(stream.items[2].count, 2);
    call_done(&call);
}

TEST(fim_is_refused_by_v1)
{
    struct call call;
    call_init(&call);
    CHECK_STR(fim_in_words(&call, 1, STR("a"), STR("b")),
              STR("TokenizerException: FIM not available for v1"));
    call_done(&call);
}

/* ---- what the stream says beside its text ---- */

TEST(stream_marks_each_message_even_one_without_tokens)
{
    const struct template_case row = {"a call before the last user message gives v2 nothing", 2, PLAIN, "",
                                      REQUEST(USER(TEXT("a")), CALLS(NOTHING, CALL("x", "f", "")),
                                              RESULT("x", TEXT("r")), USER(TEXT("b")))};
    struct call call;
    struct stream stream;
    char roles[8] = "";
    call_init(&call);
    CHECK(render(&call, &row, &stream) == SIDETOK_OK);
    for (size_t i = 0, n = 0; i < stream.n_items; i++)
        if (stream.items[i].kind == STREAM_MESSAGE && n < sizeof roles - 1)
            roles[n++] = "suat"[stream.items[i].count];
    CHECK_STR(str_from(roles), STR("uatu"));
    CHECK_INT(stream.last_user, 3);
    CHECK(!stream.has_prefix);
    call_done(&call);
}

TEST(stream_knows_a_message_to_be_continued)
{
    const struct template_case row = {"no user message here", 7, PLAIN, "",
                                      REQUEST(SYSTEM(TEXT("a")), PREFIX(TEXT("b")))};
    struct call call;
    struct stream stream;
    call_init(&call);
    CHECK(render(&call, &row, &stream) == SIDETOK_OK);
    CHECK(stream.has_prefix);
    CHECK(stream.last_user == SIZE_MAX);
    call_done(&call);
}

TEST(truncation_begins_with_v7)
{
    static const struct {
        int version;
        bool truncates;
    } rows[] = {{1, false}, {2, false}, {3, false}, {7, true}, {11, true}, {13, true}, {15, true}};
    struct message messages[] = {USER(TEXT("a"))};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct template_env env = env_of(rows[i].version, NO_SETTINGS);
        struct request request = {
            .messages = messages, .n_messages = 1, .has_max_tokens = true, .max_tokens = -5};
        struct call call;
        struct stream stream;
        call_init(&call);
        CHECK(template_render(&call, &env, &request, &stream) == SIDETOK_OK);
        CHECK_INT(stream.has_limit, rows[i].truncates);
        CHECK_INT(stream.max_tokens, -5);
        call_done(&call);
    }
}

TEST(error_leaves_what_came_before_it)
{
    const struct template_case row = {
        "an image without an encoder", 7, PLAIN, "",
        REQUEST(USER(TEXT("a")), SYSTEM(TEXT("b")), USER(CHUNKS(SAY("c"), IMAGE, SAY("d"))))};
    struct call call;
    struct stream stream;
    call_init(&call);
    CHECK(render(&call, &row, &stream) == SIDETOK_E_ASSERTION);
    CHECK_STR(in_words(&call, SIDETOK_OK, &stream),
              STR("<s>[INST]«a»[/INST][SYSTEM_PROMPT]«b»[/SYSTEM_PROMPT][INST]«c»"));
    call_done(&call);
}

TEST(image_moves_first_only_when_last_after_texts)
{
    const struct {
        const char *before_failure, *who; /* who fails */
        struct template_case row;
    } rows[] = {
        {"<s>[INST]", "image", {"last after texts", 7, PLAIN, "", REQUEST(USER(CHUNKS(SAY("c"), IMAGE)))}},
        {"<s>[INST]«c»",
         "image",
         {"not last", 7, PLAIN, "", REQUEST(USER(CHUNKS(SAY("c"), IMAGE, SAY("d"))))}},
        {"<s>[INST]«c»",
         "image",
         {"two images", 7, PLAIN, "", REQUEST(USER(CHUNKS(SAY("c"), IMAGE, IMAGE)))}},
        {"<s>[INST]",
         "audio",
         {"a sound before", 7, PLAIN, "", REQUEST(USER(CHUNKS(SOUND, SAY("c"), IMAGE)))}},
        {"<s>[INST]«s\n\n»",
         "image",
         {"v3, prompt apart", 3, PLAIN, "", REQUEST(SYSTEM(TEXT("s")), USER(CHUNKS(SAY("c"), IMAGE)))}},
        {"<s>[INST]",
         "image",
         {"v3, not the last user", 3, PLAIN, "",
          REQUEST(SYSTEM(TEXT("s")), USER(CHUNKS(SAY("c"), IMAGE)), ASSISTANT(TEXT("a")), USER(TEXT("u")))}},
        {"<s>[INST]", "image", {"v3, no prompt", 3, PLAIN, "", REQUEST(USER(CHUNKS(SAY("c"), IMAGE)))}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call call;
        struct stream stream;
        call_init(&call);
        CHECK(render(&call, &rows[i].row, &stream) == SIDETOK_E_ASSERTION);
        CHECK_STR(in_words(&call, SIDETOK_OK, &stream), str_from(rows[i].before_failure));
        CHECK(memmem(call.failure.message.data, call.failure.message.size, rows[i].who, 5));
        call_done(&call);
    }
}

TEST(bytes_in_a_tool_are_refused_where_tools_are_written)
{
    static const struct json_member member = {{"default", 7}, {JSON_BYTES, .text = {"x", 1}}};
    struct tool tool = {
        .name = STR("f"), .description = STR(""), .parameters = {JSON_OBJECT, .object = {&member, 1}}};
    struct message messages[] = {USER(TEXT("a"))};
    struct request request = {.messages = messages, .n_messages = 1, .tools = &tool, .n_tools = 1};
    struct template_env v1 = env_of(1, PLAIN), v2 = env_of(2, PLAIN);
    struct call call;
    struct stream stream;
    call_init(&call);
    CHECK(template_render(&call, &v1, &request, &stream) == SIDETOK_OK);
    CHECK(template_render(&call, &v2, &request, &stream) == SIDETOK_E_TYPE);
    CHECK_STR(call.failure.message, STR("Object of type bytes is not JSON serializable"));
    call_done(&call);
}

TEST(rendering_survives_every_failed_allocation)
{
    struct message messages[] = {SYSTEM(TEXT("s")), ASSISTANT(TEXT("")), USER(TEXT("a")),
                                 CALLS(NOTHING, CALL("x", "f", "{")), RESULT("x", TEXT("{"))};
    static const int versions[] = {1, 2, 3, 7, 11, 13, 15};
    for (size_t i = 0; i < 2 * sizeof versions / sizeof *versions; i++) {
        struct template_env env = env_of(versions[i / 2], versions[i / 2] == 15 ? EFFORT : PLAIN);
        struct request request = {.messages = messages + 2 * (i % 2),
                                  .n_messages = 5 - 2 * (i % 2),
                                  .tools = two_tools,
                                  .n_tools = 2};
        enum sidetok_error error = SIDETOK_E_NO_MEMORY;
        for (size_t n = 1; error == SIDETOK_E_NO_MEMORY; n++) {
            struct call call;
            struct stream stream;
            call_init(&call);
            call.arena.fail_after = n;
            error = template_render(&call, &env, &request, &stream);
            CHECK_INT(call.failure.code, error);
            call_done(&call);
        }
    }
}

/* ---- loading ---- */

TEST(controls_are_looked_up_in_the_order_of_the_reference)
{
    static const struct {
        int version;
        size_t n;
        enum control last;
    } rows[] = {{1, 0, CONTROL_UNK},
                {2, 10, CONTROL_SUFFIX},
                {3, 10, CONTROL_SUFFIX},
                {7, 14, CONTROL_TRANSCRIBE},
                {11, 16, CONTROL_CALL_ID},
                {13, 16, CONTROL_CALL_ID},
                {15, 18, CONTROL_END_MODEL_SETTINGS}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = 0;
        const enum control *controls = template_controls(template_find(rows[i].version), &n);
        CHECK_INT(n, rows[i].n);
        CHECK(n == 0 || controls[n - 1] == rows[i].last);
    }
    CHECK(!template_find(5));
}

TEST(sentencepiece_is_refused_from_v13_on)
{
    static const int taken[] = {1, 2, 3, 7, 11};
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        CHECK(template_check_kind(&call, template_find(taken[i]), false) == SIDETOK_OK);
    CHECK(template_check_kind(&call, template_find(13), true) == SIDETOK_OK);
    CHECK(template_check_kind(&call, template_find(15), false) == SIDETOK_E_ASSERTION);
    CHECK_STR(call.failure.message,
              STR("Tokenizer must be a Tekkenizer. Got "
                  "<class 'mistral_common.tokens.tokenizers.sentencepiece.SentencePieceTokenizer'>"));
    call_done(&call);
}

TEST_MAIN(RUN(v1_writes_markers_as_text), RUN(v2_has_tokens_tools_and_one_result_a_turn),
          RUN(v3_writes_all_calls_and_results_with_ids), RUN(v7_has_system_tokens_and_content_beside_calls),
          RUN(v11_splits_calls_and_orders_results), RUN(v13_puts_tools_first_and_thinks),
          RUN(v15_writes_settings), RUN(fim_hides_the_suffix_behind_a_smiley),
          RUN(fim_drops_two_ids_of_the_suffix), RUN(fim_is_refused_by_v1),
          RUN(stream_marks_each_message_even_one_without_tokens), RUN(stream_knows_a_message_to_be_continued),
          RUN(truncation_begins_with_v7), RUN(error_leaves_what_came_before_it),
          RUN(image_moves_first_only_when_last_after_texts),
          RUN(bytes_in_a_tool_are_refused_where_tools_are_written),
          RUN(rendering_survives_every_failed_allocation),
          RUN(controls_are_looked_up_in_the_order_of_the_reference),
          RUN(sentencepiece_is_refused_from_v13_on))
