#include "message_repr.h"
#include "tests/support/decode_case.h"

/* clang-format off */
static const struct repr_case {
    const char *message;
    const char *str;
    const char *repr;
} repr_cases[] = {
    {"{\"role\": \"user\", \"content\": \"it's\"}",
     "role='user' content=\"it's\"",
     "UserMessage(role='user', content=\"it's\")"},
    {"{\"role\": \"developer\", \"content\": [{\"type\": \"text\", \"text\": \"\\n\\\"'\\u00e9\\u200b\\ud800\"}, {\"type\": \"thinking\", \"thinking\": \"t\", \"closed\": false}, {\"type\": \"input_audio\", \"input_audio\": \"AA\"}]}",
     "role='system' content=[TextChunk(type='text', text='\\n\"\\'\303\251\\u200b\\ud800'), ThinkChunk(type='thinking', thinking='t', closed=False), AudioChunk(type='input_audio', input_audio='AA')]",
     "SystemMessage(role='system', content=[TextChunk(type='text', text='\\n\"\\'\303\251\\u200b\\ud800'), ThinkChunk(type='thinking', thinking='t', closed=False), AudioChunk(type='input_audio', input_audio='AA')])"},
    {"{\"role\": \"assistant\"}",
     "role='assistant' content=None tool_calls=None prefix=False",
     "AssistantMessage(role='assistant', content=None, tool_calls=None, prefix=False)"},
    {"{\"role\": \"assistant\", \"content\": [{\"type\": \"text\", \"text\": \"x\"}, {\"type\": \"thinking\", \"thinking\": \"y\"}], \"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": {\"\\u00e9\": [1, 2.5, null, NaN, \"\\ud800\\ud83d\\ude00\"]}}}, {\"id\": \"abc\", \"function\": {\"name\": \"g\", \"arguments\": null}}]}",
     "role='assistant' content=[TextChunk(type='text', text='x'), ThinkChunk(type='thinking', thinking='y', closed=True)] tool_calls=[ToolCall(id='null', type='function', function=FunctionCall(name='f', arguments='{\"\\\\u00e9\": [1, 2.5, null, NaN, \"\\\\ud800\\\\ud83d\\\\ude00\"]}')), ToolCall(id='abc', type='function', function=FunctionCall(name='g', arguments='{}'))] prefix=False",
     "AssistantMessage(role='assistant', content=[TextChunk(type='text', text='x'), ThinkChunk(type='thinking', thinking='y', closed=True)], tool_calls=[ToolCall(id='null', type='function', function=FunctionCall(name='f', arguments='{\"\\\\u00e9\": [1, 2.5, null, NaN, \"\\\\ud800\\\\ud83d\\\\ude00\"]}')), ToolCall(id='abc', type='function', function=FunctionCall(name='g', arguments='{}'))], prefix=False)"},
    {"{\"role\": \"assistant\", \"content\": \"c\", \"tool_calls\": []}",
     "role='assistant' content='c' tool_calls=[] prefix=False",
     "AssistantMessage(role='assistant', content='c', tool_calls=[], prefix=False)"},
    {"{\"role\": \"assistant\", \"content\": \"c\", \"reasoning\": \"r\"}",
     "role='assistant' content=[ThinkChunk(type='thinking', thinking='r', closed=True), TextChunk(type='text', text='c')] tool_calls=None prefix=False",
     "AssistantMessage(role='assistant', content=[ThinkChunk(type='thinking', thinking='r', closed=True), TextChunk(type='text', text='c')], tool_calls=None, prefix=False)"},
    {"{\"role\": \"tool\", \"tool_call_id\": null, \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"u\"}}, {\"type\": \"image_url\", \"image_url\": {\"url\": \"u\", \"detail\": \"d\"}}, {\"type\": \"image_url\", \"image_url\": \"u\"}]}",
     "role='tool' content=[ImageURLChunk(type='image_url', image_url=ImageURL(url='u', detail=None)), ImageURLChunk(type='image_url', image_url=ImageURL(url='u', detail='d')), ImageURLChunk(type='image_url', image_url='u')] tool_call_id=None name=None",
     "ToolMessage(role='tool', content=[ImageURLChunk(type='image_url', image_url=ImageURL(url='u', detail=None)), ImageURLChunk(type='image_url', image_url=ImageURL(url='u', detail='d')), ImageURLChunk(type='image_url', image_url='u')], tool_call_id=None, name=None)"},
    {"{\"role\": \"tool\", \"tool_call_id\": \"i\", \"name\": \"n\", \"content\": [{\"type\": \"audio_url\", \"audio_url\": \"u\"}, {\"type\": \"audio_url\", \"audio_url\": {\"url\": \"u\"}}]}",
     "role='tool' content=[AudioURLChunk(type='audio_url', audio_url='u'), AudioURLChunk(type='audio_url', audio_url=AudioURL(url='u'))] tool_call_id='i' name='n'",
     "ToolMessage(role='tool', content=[AudioURLChunk(type='audio_url', audio_url='u'), AudioURLChunk(type='audio_url', audio_url=AudioURL(url='u'))], tool_call_id='i', name='n')"},
    {"{\"role\": \"user\", \"content\": []}",
     "role='user' content=[]",
     "UserMessage(role='user', content=[])"},
};
/* clang-format on */

/* Decodes the one message of a case; the call is the caller's to end. */
static const struct message *decode_one(struct call *call, const char *text)
{
    static struct request request;
    struct buf body;
    struct json value;
    call_init(call);
    buf_init(&body, call);
    buf_printf(&body, "{\"messages\": [%s]}", text);
    if (json_read(call, buf_str(&body), &value) || request_decode(call, &value, &request))
        return NULL;
    return request.messages;
}

TEST(messages_read_as_pydantic_prints_them)
{
    for (size_t i = 0; i < sizeof repr_cases / sizeof repr_cases[0]; i++) {
        struct call call;
        struct buf str, repr;
        const struct message *message = decode_one(&call, repr_cases[i].message);
        CHECK(message != NULL);
        buf_init(&str, &call);
        buf_init(&repr, &call);
        if (message) {
            message_str(&str, message);
            message_repr(&repr, message);
        }
        CHECK_STR(buf_str(&str), str_from(repr_cases[i].str));
        CHECK_STR(buf_str(&repr), str_from(repr_cases[i].repr));
        call_done(&call);
    }
}

TEST(calls_read_as_pydantic_prints_them)
{
    const struct tool_call tool_call = {.id = STR("abc"), .name = STR("g"), .arguments = STR("{}")};
    struct call call;
    struct buf text;
    call_init(&call);
    buf_init(&text, &call);
    tool_call_str(&text, &tool_call);
    CHECK_STR(buf_str(&text),
              STR("id='abc' type='function' function=FunctionCall(name='g', arguments='{}')"));
    buf_init(&text, &call);
    tool_call_repr(&text, &tool_call);
    CHECK_STR(buf_str(&text),
              STR("ToolCall(id='abc', type='function', function=FunctionCall(name='g', arguments='{}'))"));
    call_done(&call);
}

TEST(tools_read_as_pydantic_prints_them)
{
    struct call call;
    struct buf text;
    struct request request;
    CHECK_INT(decode_text(&call,
                          "{\"messages\": [], \"tools\": [{\"function\": {\"name\": \"f\", \"parameters\": "
                          "{\"a\": [1e+16, -0.0, true]}, \"strict\": 1}}]}",
                          &request),
              SIDETOK_OK);
    buf_init(&text, &call);
    if (request.n_tools == 1)
        tool_repr(&text, request.tools);
    CHECK_STR(buf_str(&text), STR("Tool(type='function', function=Function(name='f', description='', "
                                  "parameters={'a': [1e+16, -0.0, True]}, strict=True))"));
    call_done(&call);
}

TEST_MAIN(RUN(messages_read_as_pydantic_prints_them), RUN(calls_read_as_pydantic_prints_them),
          RUN(tools_read_as_pydantic_prints_them))
