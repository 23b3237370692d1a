#include "tests/support/decode_case.h"

/* clang-format off */
static const struct decode_case cases_role_is_one_of_five[] = {
    {"{\"messages\": [{\"role\": \"critic\", \"content\": \"a\"}]}",
     "ValueError", "Unknown message role: critic"},
    {"{\"messages\": [{\"content\": \"a\"}]}",
     "ValueError", "Unknown message role: None"},
    {"{\"messages\": [{\"role\": {\"a\": [1.0]}, \"content\": \"a\"}]}",
     "ValueError", "Unknown message role: {'a': [1.0]}"},
    {"{\"messages\": [{\"role\": \"developer\", \"content\": \"a\"}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"User\", \"content\": \"a\"}]}",
     "ValueError", "Unknown message role: User"},
    {"{\"messages\": [{\"role\": null}]}",
     "ValueError", "Unknown message role: None"},
    {"{\"messages\": [\"a\"]}",
     "AttributeError", "'str' object has no attribute 'get'"},
    {"{\"messages\": [[]]}",
     "AttributeError", "'list' object has no attribute 'get'"},
    {"{\"messages\": [null]}",
     "AttributeError", "'NoneType' object has no attribute 'get'"},
};
/* clang-format on */

TEST(role_is_one_of_five)
{
    CHECK_DECODE(cases_role_is_one_of_five);
}

/* clang-format off */
static const struct decode_case cases_content_is_needed[] = {
    {"{\"messages\": [{\"role\": \"user\"}]}",
     "KeyError", "'content'"},
    {"{\"messages\": [{\"role\": \"system\"}]}",
     "KeyError", "'content'"},
    {"{\"messages\": [{\"role\": \"tool\"}]}",
     "KeyError", "'content'"},
    {"{\"messages\": [{\"role\": \"assistant\"}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"system\", \"content\": null}]}",
     "ValidationError", "2 validation errors for SystemMessage\ncontent.str\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]\ncontent.list[tagged-union[TextChunk,ImageChunk,ImageURLChunk,AudioChunk,AudioURLChunk,ThinkChunk]]\n  Input should be a valid list [type=list_type, input_value=None, input_type=NoneType]"},
};
/* clang-format on */

TEST(content_is_needed)
{
    CHECK_DECODE(cases_content_is_needed);
}

/* clang-format off */
static const struct decode_case cases_tool_messages_name_their_call[] = {
    {"{\"messages\": [{\"role\": \"tool\", \"content\": \"a\"}]}",
     "KeyError", "'tool_call_id'"},
    {"{\"messages\": [{\"role\": \"tool\", \"content\": null, \"tool_call_id\": 1, \"name\": 2}]}",
     "ValidationError", "4 validation errors for ToolMessage\ncontent.str\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]\ncontent.list[tagged-union[TextChunk,ImageChunk,ImageURLChunk,AudioChunk,AudioURLChunk,ThinkChunk]]\n  Input should be a valid list [type=list_type, input_value=None, input_type=NoneType]\ntool_call_id\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]\nname\n  Input should be a valid string [type=string_type, input_value=2, input_type=int]"},
    {"{\"messages\": [{\"role\": \"tool\", \"content\": \"a\", \"tool_call_id\": null, \"name\": null}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"tool\", \"content\": [{\"type\": \"thinking\", \"thinking\": \"t\"}], \"tool_call_id\": \"abcdefghi\", \"name\": \"n\"}]}",
     "ValidationError", "1 validation error for ToolMessage\n  Value error, ThinkChunk cannot be used in tool message. [type=value_error, input_value={'role': 'tool', 'tool_ca...sed=True)], 'name': 'n'}, input_type=dict]"},
};
/* clang-format on */

TEST(tool_messages_name_their_call)
{
    CHECK_DECODE(cases_tool_messages_name_their_call);
}

/* clang-format off */
static const struct decode_case cases_chunk_kinds_are_checked_by_role[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"thinking\", \"thinking\": \"a\"}]}]}",
     "ValidationError", "1 validation error for UserMessage\n  Value error, ThinkChunk cannot be used in user message. [type=value_error, input_value={'role': 'user', 'content...king='a', closed=True)]}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"system\", \"content\": [{\"type\": \"audio_url\", \"audio_url\": \"u\"}]}]}",
     "ValidationError", "1 validation error for SystemMessage\n  Value error, AudioURLChunk cannot be used in system message. [type=value_error, input_value={'role': 'system', 'conte...o_url', audio_url='u')]}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"u\"}}]}]}",
     "ValidationError", "1 validation error for AssistantMessage\n  Value error, ImageURLChunk cannot be used in assistant message. [type=value_error, input_value={'role': 'assistant', 'co...))], 'tool_calls': None}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": \"AAAA\"}]}]}",
     "ValidationError", "1 validation error for AssistantMessage\n  Value error, AudioChunk cannot be used in assistant message. [type=value_error, input_value={'role': 'assistant', 'co...')], 'tool_calls': None}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"system\", \"content\": [{\"type\": \"thinking\", \"thinking\": \"a\"}]}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"system\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": \"AAAA\"}]}]}", NULL, ""},
};
/* clang-format on */

TEST(chunk_kinds_are_checked_by_role)
{
    CHECK_DECODE(cases_chunk_kinds_are_checked_by_role);
}

/* clang-format off */
static const struct decode_case cases_faulty_chunk_is_shown_with_its_message[] = {
    {"{\"messages\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"image_url\", \"image_url\": \"u\"}], \"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": {\"\\u00e9\": [1, 2.5, null]}}}]}]}",
     "ValidationError", "1 validation error for AssistantMessage\n  Value error, ImageURLChunk cannot be used in assistant message. [type=value_error, input_value={'role': 'assistant', 'co...9\": [1, 2.5, null]}'))]}, input_type=dict]"},
};
/* clang-format on */

TEST(faulty_chunk_is_shown_with_its_message)
{
    CHECK_DECODE(cases_faulty_chunk_is_shown_with_its_message);
}

/* clang-format off */
static const struct decode_case cases_reasoning_has_two_names[] = {
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": \"a\", \"reasoning_content\": \"a\"}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": \"a\", \"reasoning_content\": \"b\"}]}",
     "ValueError", "`reasoning_content` and `reasoning` should be equal."},
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": 1, \"reasoning_content\": true}]}",
     "ValidationError", "1 validation error for ThinkChunk\nthinking\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": {\"a\": 1, \"b\": [2]}, \"reasoning_content\": {\"b\": [2.0], \"a\": true}}]}",
     "ValidationError", "1 validation error for ThinkChunk\nthinking\n  Input should be a valid string [type=string_type, input_value={'a': 1, 'b': [2]}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": [NaN], \"reasoning_content\": [NaN]}]}",
     "ValidationError", "1 validation error for ThinkChunk\nthinking\n  Input should be a valid string [type=string_type, input_value=[nan], input_type=list]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": NaN, \"reasoning_content\": NaN}]}",
     "ValueError", "`reasoning_content` and `reasoning` should be equal."},
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": \"a\", \"content\": [{\"type\": \"thinking\", \"thinking\": \"b\"}]}]}",
     "InvalidAssistantMessageException", "Message cannot have both thinking chunks in `content` and a top-level `reasoning` or `reasoning_content` field."},
    {"{\"messages\": [{\"role\": \"assistant\", \"reasoning\": 5}]}",
     "ValidationError", "1 validation error for ThinkChunk\nthinking\n  Input should be a valid string [type=string_type, input_value=5, input_type=int]"},
};
/* clang-format on */

TEST(reasoning_has_two_names)
{
    CHECK_DECODE(cases_reasoning_has_two_names);
}

/* clang-format off */
static const struct decode_case cases_tool_calls_are_a_list[] = {
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": {}}]}",
     "ValueError", "tool_calls must be a list, got <class 'dict'>"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": \"x\"}]}",
     "ValueError", "tool_calls must be a list, got <class 'str'>"},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": null}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"assistant\", \"tool_calls\": []}]}", NULL, ""},
};
/* clang-format on */

TEST(tool_calls_are_a_list)
{
    CHECK_DECODE(cases_tool_calls_are_a_list);
}

TEST_MAIN(RUN(role_is_one_of_five), RUN(content_is_needed), RUN(tool_messages_name_their_call),
          RUN(chunk_kinds_are_checked_by_role), RUN(faulty_chunk_is_shown_with_its_message),
          RUN(reasoning_has_two_names), RUN(tool_calls_are_a_list))
