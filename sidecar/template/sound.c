#include "sound.h"

#include "audio.h"
#include "decode.h"
#include "python_repr.h"
#include "render.h"
#include "utf8.h"

#include <math.h>

enum { FIRST_VERSION_WITH_SOUND = 7 };

static enum sidetok_error lacks_marker(struct call *call, const char *marker, const char *purpose)
{
    return failure_set(call, SIDETOK_E_UNSUPPORTED_TOKENIZER_FEATURE,
                       "Audio encoder does not provide the %s marker required for %s.", marker, purpose);
}

/* The message that the reference builds around the sound is validated as any other. */
static enum sidetok_error make_sound_message(struct call *call, const struct transcription_request *request,
                                             struct message *ret_message)
{
    struct json_member *member = call_alloc_array(call, 1, sizeof *member);
    struct chunk *chunk = call_alloc_array(call, 1, sizeof *chunk);
    if (!member || !chunk)
        return SIDETOK_E_NO_MEMORY;
    member->key = STR("input_audio");
    member->value.kind = request->audio_is_bytes ? JSON_BYTES : JSON_STRING;
    member->value.text = request->audio;
    struct json raw = {.kind = JSON_OBJECT, .object = {member, 1}};
    TRY(decode_input_audio(call, &raw, chunk));
    chunk->kind = CHUNK_INPUT_AUDIO;
    *ret_message = (struct message){.role = ROLE_USER,
                                    .content = {.kind = CONTENT_CHUNKS, .chunks = chunk, .n_chunks = 1}};
    return SIDETOK_OK;
}

/* Rule: _encode_instruct_transcription. */
static enum sidetok_error render_instruct(struct call *call, const struct template_env *env,
                                          const struct transcription_request *request, struct stream *stream)
{
    static const char *const modes[] = {"DISABLED", "ONLINE", "OFFLINE"};
    struct message message;
    if (request->streaming != STREAMING_DISABLED)
        return failure_set(call, SIDETOK_E_INVALID_REQUEST,
                           "Instruct transcription requires streaming mode DISABLED, got %s.",
                           modes[request->streaming]);
    if (!env->audio->has_begin_audio)
        return lacks_marker(call, "begin_audio", "transcription");
    if (!env->audio->has_audio)
        return lacks_marker(call, "audio", "transcription");
    TRY(make_sound_message(call, request, &message));
    struct request chat = {.messages = &message, .n_messages = 1};
    TRY(template_render(call, env, &chat, stream));
    if (request->language.data) {
        char *text = call_alloc(call, 8);
        if (!text)
            return SIDETOK_E_NO_MEMORY;
        memcpy(text, "lang:", 5);
        memcpy(text + 5, request->language.data, 2);
        stream_text(stream, (struct str){text, 7});
    }
    stream_control(stream, CONTROL_TRANSCRIBE, 1);
    return stream_finish(stream);
}

/* Two silences without a sound; with one, the left silence and the sound at the sound's own rate. */
static enum sidetok_error render_online(struct call *call, const struct audio_config *audio,
                                        const struct transcription_request *request, struct audio_delay delay,
                                        struct stream *stream)
{
    int64_t left = audio_left_pad(audio);
    int64_t right = audio_right_pad(audio, delay);
    struct sound_file sound;
    TRY(audio_check_real_delay(call, audio, delay));
    TRY(audio_check_left_pad(call, audio));
    TRY(audio_check_silence(call, left));
    TRY(audio_check_silence(call, right));
    if (request->audio.size == 0) {
        stream_sound(stream, (struct stream_sound){(uint64_t)left, (uint32_t)audio->rate.whole});
        stream_sound(stream, (struct stream_sound){(uint64_t)right, (uint32_t)audio->rate.whole});
    } else {
        TRY(audio_read(call, request->audio, request->audio_is_bytes, &sound));
        stream_sound(stream, (struct stream_sound){(uint64_t)left + sound.n_frames, sound.rate});
    }
    return audio_streaming_tokens(call, audio, delay, stream);
}

/* Rule: _encode_streaming_transcription. */
static enum sidetok_error render_streaming(struct call *call, const struct audio_config *audio,
                                           const struct transcription_request *request, struct stream *stream)
{
    struct audio_delay delay = {request->has_delay, request->delay_ms};
    struct sound_file sound;
    if (request->streaming == STREAMING_DISABLED)
        return failure_set_str(call, SIDETOK_E_INVALID_REQUEST,
                               STR("Streaming transcription requires mode OFFLINE or ONLINE, got DISABLED."));
    if (!audio->has_streaming_pad)
        return lacks_marker(call, "streaming_pad", "transcription");
    stream_init(stream, call);
    stream_control(stream, CONTROL_BOS, 1);
    if (request->streaming == STREAMING_ONLINE) {
        TRY(render_online(call, audio, request, delay, stream));
    } else {
        TRY(audio_read(call, request->audio, request->audio_is_bytes, &sound));
        TRY(audio_encode(call, audio, &sound, delay, stream));
    }
    return stream_finish(stream);
}

enum sidetok_error template_render_transcription(struct call *call, const struct template_env *env,
                                                 const struct transcription_request *request,
                                                 struct stream *ret_stream)
{
    int version = env->template->version;
    stream_init(ret_stream, call);
    if (version < FIRST_VERSION_WITH_SOUND)
        return failure_set(call, SIDETOK_E_TOKENIZER, "Transcription not available for v%d", version);
    if (!env->audio)
        return failure_set(call, SIDETOK_E_UNSUPPORTED_TOKENIZER_FEATURE,
                           "Tokenizer v%d does not provide an audio encoder for transcription.", version);
    switch (env->audio->format) {
    case AUDIO_INSTRUCT:
        return render_instruct(call, env, request, ret_stream);
    case AUDIO_STREAMING:
        return render_streaming(call, env->audio, request, ret_stream);
    case AUDIO_OTHER:
        break;
    }
    return failure_set(call, SIDETOK_E_INVALID_REQUEST,
                       "Transcription format should be one of 'instruct', 'streaming', got "
                       "self.audio_encoder.audio_config.transcription_format=%.*s.",
                       STR_ARG(config_repr(call, env->audio->section, STR("transcription_format"))));
}

/* `list(voices)` of an object, a list or a text. */
static void append_voices(struct buf *out, const struct json *voices)
{
    if (voices->kind == JSON_ARRAY) {
        python_repr(out, voices);
        return;
    }
    bool is_text = voices->kind == JSON_STRING;
    size_t n = is_text ? voices->text.size : voices->object.n, at = 0;
    buf_append_char(out, '[');
    for (size_t i = 0; i < n && at < n; i++) {
        uint32_t c;
        size_t size = is_text ? utf8_read(voices->text, at, &c) : 1;
        if (i > 0)
            buf_append(out, STR(", "));
        python_repr_str(out,
                        is_text ? (struct str){voices->text.data + at, size} : voices->object.members[i].key);
        at += size;
    }
    buf_append_char(out, ']');
}

static enum sidetok_error unknown_voice(struct call *call, const struct json *voices, struct str voice)
{
    struct buf out;
    struct str text;
    buf_init(&out, call);
    buf_append(&out, STR("Unknown voice "));
    python_repr_str(&out, voice);
    buf_append(&out, STR(", expected one of "));
    append_voices(&out, voices);
    buf_append(&out, STR("."));
    TRY(buf_finish(&out, &text));
    return failure_set_str(call, SIDETOK_E_INVALID_REQUEST, text);
}

/* `voice in voices` */
static enum sidetok_error has_voice(struct call *call, const struct json *voices, struct str voice,
                                    bool *ret_has)
{
    *ret_has = false;
    switch (voices->kind) {
    case JSON_OBJECT:
        *ret_has = json_get(voices, voice) != NULL;
        return SIDETOK_OK;
    case JSON_STRING:
        *ret_has = voice.size == 0 || memmem(voices->text.data, voices->text.size, voice.data, voice.size);
        return SIDETOK_OK;
    case JSON_ARRAY:
        for (size_t i = 0; i < voices->array.n; i++) {
            const struct json *item = &voices->array.items[i];
            *ret_has |= item->kind == JSON_STRING && str_equal(item->text, voice);
        }
        return SIDETOK_OK;
    default:
        return failure_set(call, SIDETOK_E_TYPE, "argument of type '%.*s' is not iterable",
                           STR_ARG(pydantic_type_name(voices)));
    }
}

/* The tokens of a preset voice; a negative number gives none, as a Python list times it does. */
static enum sidetok_error voice_tokens(struct call *call, const struct audio_config *audio, struct str voice,
                                       const struct json **ret_n)
{
    bool has = false;
    if (!audio->voices)
        return failure_set_str(call, SIDETOK_E_UNSUPPORTED_TOKENIZER_FEATURE,
                               STR("Preset voices are not configured for this audio configuration."));
    TRY(has_voice(call, audio->voices, voice, &has));
    if (!has)
        return unknown_voice(call, audio->voices, voice);
    if (audio->voices->kind == JSON_ARRAY)
        return failure_set_str(call, SIDETOK_E_TYPE, STR("list indices must be integers or slices, not str"));
    if (audio->voices->kind == JSON_STRING)
        return failure_set_str(call, SIDETOK_E_TYPE, STR("string indices must be integers, not 'str'"));
    *ret_n = json_get(audio->voices, voice);
    return SIDETOK_OK;
}

/* `[audio] * n` */
static enum sidetok_error read_count(struct call *call, const struct json *n, int64_t *ret_n)
{
    *ret_n = n->kind == JSON_BOOL && n->boolean;
    if (n->kind == JSON_BOOL || json_int64(n, ret_n))
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_TYPE, "can't multiply sequence by non-int of type '%.*s'",
                       STR_ARG(pydantic_type_name(n)));
}

/* Rule: _get_num_audio_token_for_speech_request; the order of the operations is the reference's. */
static int64_t reference_tokens(const struct audio_config *audio, uint64_t n_samples)
{
    return (int64_t)ceil((double)n_samples / audio->rate.real * audio->frame_rate) + 1;
}

/* Rule: AudioEncoder.encode_audio_for_speech_request. */
static enum sidetok_error render_voice(struct call *call, const struct audio_config *audio,
                                       const struct speech_request *request, struct stream *stream)
{
    struct sound_file sound = {0};
    const struct json *voice = NULL;
    uint64_t n_samples = 0;
    int64_t n = 0;
    if (request->ref_audio.data) {
        TRY(audio_read(call, request->ref_audio, request->ref_audio_is_bytes, &sound));
        n_samples = audio_resampled(audio, &sound);
        n = reference_tokens(audio, n_samples);
    } else {
        TRY(voice_tokens(call, audio, request->voice, &voice));
    }
    if (!audio->has_begin_audio)
        return lacks_marker(call, "begin_audio", "speech");
    if (!audio->has_audio)
        return lacks_marker(call, "audio", "speech");
    if (voice)
        TRY(read_count(call, voice, &n));
    if (n > UINT32_MAX)
        return failure_no_memory(call);
    stream_control(stream, CONTROL_BEGIN_AUDIO, 1);
    if (n > 0)
        stream_control(stream, CONTROL_AUDIO, (uint32_t)n);
    if (request->ref_audio.data)
        stream_sound(stream, (struct stream_sound){n_samples, (uint32_t)audio->rate.whole});
    return SIDETOK_OK;
}

enum sidetok_error template_render_speech(struct call *call, const struct template_env *env,
                                          const struct speech_request *request, struct stream *ret_stream)
{
    int version = env->template->version;
    stream_init(ret_stream, call);
    if (version < FIRST_VERSION_WITH_SOUND)
        return failure_set(call, SIDETOK_E_TOKENIZER, "Speech request not available for tokenizer v%d",
                           version);
    if (!env->audio)
        return failure_set(call, SIDETOK_E_UNSUPPORTED_TOKENIZER_FEATURE,
                           "Tokenizer v%d does not provide an audio encoder for speech.", version);
    stream_control(ret_stream, CONTROL_BOS, 1);
    TRY(render_voice(call, env->audio, request, ret_stream));
    const char *missing = !env->audio->has_text_to_audio   ? "text_to_audio"
                          : !env->audio->has_audio_to_text ? "audio_to_text"
                                                           : NULL;
    if (missing)
        return failure_set(call, SIDETOK_E_UNSUPPORTED_TOKENIZER_FEATURE,
                           "Tokenizer v%d does not provide the %s marker required for speech.", version,
                           missing);
    stream_control(ret_stream, CONTROL_TEXT_TO_AUDIO, 1);
    stream_text(ret_stream, request->input);
    stream_control(ret_stream, CONTROL_AUDIO_TO_TEXT, 1);
    stream_control(ret_stream, CONTROL_BEGIN_AUDIO, 1);
    return stream_finish(ret_stream);
}
