#include "tests/support/decode_case.h"

/* clang-format off */
static const struct decode_case cases_content_is_none_text_or_list[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": 5}]}",
     "ValueError", "Unknown content type: <class 'int'>"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": {\"a\": 1}}]}",
     "ValueError", "Unknown content type: <class 'dict'>"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": true}]}",
     "ValueError", "Unknown content type: <class 'bool'>"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": []}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": null}]}",
     "ValidationError", "2 validation errors for UserMessage\ncontent.str\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]\ncontent.list[tagged-union[TextChunk,ImageChunk,ImageURLChunk,AudioChunk,AudioURLChunk,ThinkChunk]]\n  Input should be a valid list [type=list_type, input_value=None, input_type=NoneType]"},
};
/* clang-format on */

TEST(content_is_none_text_or_list)
{
    CHECK_DECODE(cases_content_is_none_text_or_list);
}

/* clang-format off */
static const struct decode_case cases_type_is_looked_up[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [\"a\"]}]}",
     "AttributeError", "'str' object has no attribute 'get'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [null]}]}",
     "AttributeError", "'NoneType' object has no attribute 'get'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [[]]}]}",
     "AttributeError", "'list' object has no attribute 'get'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{}]}]}",
     "ValueError", "Content chunk must have a type field."},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": null}]}]}",
     "ValueError", "Content chunk must have a type field."},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"video\"}]}]}",
     "ValueError", "'video' is not a valid ChunkTypes"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": [1, \"x'\"]}]}]}",
     "ValueError", "[1, \"x'\"] is not a valid ChunkTypes"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": 1.0}]}]}",
     "ValueError", "1.0 is not a valid ChunkTypes"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"Text\", \"text\": \"a\"}]}]}",
     "ValueError", "'Text' is not a valid ChunkTypes"},
};
/* clang-format on */

TEST(type_is_looked_up)
{
    CHECK_DECODE(cases_type_is_looked_up);
}

/* clang-format off */
static const struct decode_case cases_text_is_a_string[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]}",
     "ValidationError", "1 validation error for TextChunk\ntext\n  Field required [type=missing, input_value={'type': 'text'}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": null}]}]}",
     "ValidationError", "1 validation error for TextChunk\ntext\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": 1}]}]}",
     "ValidationError", "1 validation error for TextChunk\ntext\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"\\ud800\", \"x\": 1}]}]}", NULL, ""},
};
/* clang-format on */

TEST(text_is_a_string)
{
    CHECK_DECODE(cases_text_is_a_string);
}

/* clang-format off */
static const struct decode_case cases_thinking_may_be_open[] = {
    {"{\"messages\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"thinking\", \"thinking\": 1, \"closed\": 3}]}]}",
     "ValidationError", "2 validation errors for ThinkChunk\nthinking\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]\nclosed\n  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value=3, input_type=int]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"thinking\", \"closed\": null}]}]}",
     "ValidationError", "2 validation errors for ThinkChunk\nthinking\n  Field required [type=missing, input_value={'type': 'thinking', 'closed': None}, input_type=dict]\nclosed\n  Input should be a valid boolean [type=bool_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"assistant\", \"content\": [{\"type\": \"thinking\", \"thinking\": \"a\", \"closed\": \"off\"}]}]}", NULL, ""},
};
/* clang-format on */

TEST(thinking_may_be_open)
{
    CHECK_DECODE(cases_thinking_may_be_open);
}

/* clang-format off */
static const struct decode_case cases_image_url_forbids_extra_members[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}",
     "KeyError", "'image_url'"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": \"u\"}]}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": null}]}]}",
     "ValidationError", "2 validation errors for ImageURLChunk\nimage_url.ImageURL\n  Input should be a valid dictionary or instance of ImageURL [type=model_type, input_value=None, input_type=NoneType]\nimage_url.str\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": 1, \"detail\": 2, \"x.y\": 3}}]}]}",
     "ValidationError", "4 validation errors for ImageURLChunk\nimage_url.ImageURL.url\n  Input should be a valid string [type=string_type, input_value=1, input_type=int]\nimage_url.ImageURL.detail\n  Input should be a valid string [type=string_type, input_value=2, input_type=int]\nimage_url.ImageURL.`x.y`\n  Extra inputs are not permitted [type=extra_forbidden, input_value=3, input_type=int]\nimage_url.str\n  Input should be a valid string [type=string_type, input_value={'url': 1, 'detail': 2, 'x.y': 3}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"detail\": null}}]}]}",
     "ValidationError", "2 validation errors for ImageURLChunk\nimage_url.ImageURL.url\n  Field required [type=missing, input_value={'detail': None}, input_type=dict]\nimage_url.str\n  Input should be a valid string [type=string_type, input_value={'detail': None}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"u\", \"detail\": null}, \"x\": 1}]}]}", NULL, ""},
};
/* clang-format on */

TEST(image_url_forbids_extra_members)
{
    CHECK_DECODE(cases_image_url_forbids_extra_members);
}

/* clang-format off */
static const struct decode_case cases_image_url_key_with_a_surrogate_hides_other_faults[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": 1, \"x\": 2, \"\\ud800\": 3}}]}]}",
     "ValidationError", "2 validation errors for ImageURLChunk\nimage_url.ImageURL\n  Input should be a valid string, unable to parse raw data as a unicode string [type=string_unicode, input_value='\\ud800', input_type=str]\nimage_url.str\n  Input should be a valid string [type=string_type, input_value={'url': 1, 'x': 2, '\\ud800': 3}, input_type=dict]"},
};
/* clang-format on */

TEST(image_url_key_with_a_surrogate_hides_other_faults)
{
    CHECK_DECODE(cases_image_url_key_with_a_surrogate_hides_other_faults);
}

/* clang-format off */
static const struct decode_case cases_image_is_refused_by_its_own_assertion[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\", \"image\": \"a'b\"}]}]}",
     "AssertionError", "{'type': 'image', 'image': \"a'b\"}"},
};
/* clang-format on */

TEST(image_is_refused_by_its_own_assertion)
{
    CHECK_DECODE(cases_image_is_refused_by_its_own_assertion);
}

/* clang-format off */
static const struct decode_case cases_sound_is_text_that_is_not_blank[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\"}]}]}",
     "ValidationError", "1 validation error for AudioChunk\ninput_audio\n  Field required [type=missing, input_value={'type': 'input_audio'}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": \"\"}]}]}",
     "ValidationError", "1 validation error for AudioChunk\ninput_audio\n  Value error, `input_audio` should not be empty. [type=value_error, input_value='', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": \" \\u2003\\u001f\\n\"}]}]}",
     "ValidationError", "1 validation error for AudioChunk\ninput_audio\n  Value error, `input_audio` should not be empty. [type=value_error, input_value=' \\u2003\\x1f\\n', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": {\"data\": \" \", \"format\": \"wav\"}}]}]}",
     "ValidationError", "1 validation error for AudioChunk\ninput_audio\n  Value error, `input_audio` should not be empty. [type=value_error, input_value=' ', input_type=str]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": {\"data\": null}}]}]}",
     "ValidationError", "2 validation errors for AudioChunk\ninput_audio.str\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]\ninput_audio.bytes\n  Input should be a valid bytes [type=bytes_type, input_value=None, input_type=NoneType]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": {\"format\": \"wav\"}}]}]}",
     "ValidationError", "2 validation errors for AudioChunk\ninput_audio.str\n  Input should be a valid string [type=string_type, input_value={'format': 'wav'}, input_type=dict]\ninput_audio.bytes\n  Input should be a valid bytes [type=bytes_type, input_value={'format': 'wav'}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": {\"data\": {\"data\": \"A\"}}}]}]}",
     "ValidationError", "2 validation errors for AudioChunk\ninput_audio.str\n  Input should be a valid string [type=string_type, input_value={'data': 'A'}, input_type=dict]\ninput_audio.bytes\n  Input should be a valid bytes [type=bytes_type, input_value={'data': 'A'}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\", \"input_audio\": \"AAAA\"}]}]}", NULL, ""},
};
/* clang-format on */

TEST(sound_is_text_that_is_not_blank)
{
    CHECK_DECODE(cases_sound_is_text_that_is_not_blank);
}

/* clang-format off */
static const struct decode_case cases_audio_url_ignores_extra_members[] = {
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"audio_url\"}]}]}",
     "ValidationError", "1 validation error for AudioURLChunk\naudio_url\n  Field required [type=missing, input_value={'type': 'audio_url'}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"audio_url\", \"audio_url\": {\"url\": \"u\", \"x\": 1}}]}]}", NULL, ""},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"audio_url\", \"audio_url\": {}}]}]}",
     "ValidationError", "2 validation errors for AudioURLChunk\naudio_url.str\n  Input should be a valid string [type=string_type, input_value={}, input_type=dict]\naudio_url.AudioURL.url\n  Field required [type=missing, input_value={}, input_type=dict]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"audio_url\", \"audio_url\": {\"url\": 3}}]}]}",
     "ValidationError", "2 validation errors for AudioURLChunk\naudio_url.str\n  Input should be a valid string [type=string_type, input_value={'url': 3}, input_type=dict]\naudio_url.AudioURL.url\n  Input should be a valid string [type=string_type, input_value=3, input_type=int]"},
    {"{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"audio_url\", \"audio_url\": []}]}]}",
     "ValidationError", "2 validation errors for AudioURLChunk\naudio_url.str\n  Input should be a valid string [type=string_type, input_value=[], input_type=list]\naudio_url.AudioURL\n  Input should be a valid dictionary or instance of AudioURL [type=model_type, input_value=[], input_type=list]"},
};
/* clang-format on */

TEST(audio_url_ignores_extra_members)
{
    CHECK_DECODE(cases_audio_url_ignores_extra_members);
}

TEST_MAIN(RUN(content_is_none_text_or_list), RUN(type_is_looked_up), RUN(text_is_a_string),
          RUN(thinking_may_be_open), RUN(image_url_forbids_extra_members),
          RUN(image_url_key_with_a_surrogate_hides_other_faults), RUN(image_is_refused_by_its_own_assertion),
          RUN(sound_is_text_that_is_not_blank), RUN(audio_url_ignores_extra_members))
