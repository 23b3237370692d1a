#include "audio.h"
#include "config.h"
#include "json.h"

#include <math.h>

/* Rule: mistral_common.tokens.tokenizers.audio AudioConfig and AudioSpectrogramConfig: names, then
 * __post_init__. */

static enum sidetok_error audio_assert(struct call *call, bool holds, struct str message)
{
    return holds ? SIDETOK_OK : failure_set_str(call, SIDETOK_E_ASSERTION, message);
}

/* `assert value > 0, value` */
static enum sidetok_error audio_assert_positive(struct call *call, const struct json *section,
                                                struct str name)
{
    double value;
    if (!config_number(section, name, 0, &value))
        return failure_set(call, SIDETOK_E_TYPE, "%.*s must be a number, got %.*s", STR_ARG(name),
                           STR_ARG(config_repr(call, section, name)));
    return audio_assert(call, value > 0, config_repr(call, section, name));
}

static enum sidetok_error audio_read_spectrogram(struct call *call, const struct json *section,
                                                 struct audio_config *config)
{
    static const struct str names[] = {{"num_mel_bins", 12}, {"hop_length", 10}, {"window_size", 11}};
    TRY(config_check_names(call, STR("AudioSpectrogramConfig"), section, names, 3, 3));
    for (size_t i = 0; i < 3; i++)
        TRY(audio_assert_positive(call, section, names[i]));
    TRY(config_integer(call, section, names[1], 0, &config->hop));
    return config_integer(call, section, names[2], 0, &config->window);
}

static enum sidetok_error audio_check_names(struct call *call, const struct json *section)
{
    static const struct str names[] = {
        {"sampling_rate", 13},          {"frame_rate", 10},
        {"chunk_length_s", 14},         {"transcription_format", 20},
        {"transcription_delay_ms", 22}, {"streaming_look_ahead_ms", 23},
        {"streaming_look_back_ms", 22}, {"streaming_n_left_pad_tokens", 27},
        {"voice_num_audio_tokens", 22}, {"audio_encoding_config", 21},
    };
    if (json_get(section, STR("encoding_config")))
        return failure_set_str(
            call, SIDETOK_E_TYPE,
            STR("mistral_common.tokens.tokenizers.audio.AudioConfig() got multiple values for "
                "keyword argument 'encoding_config'"));
    return config_check_names(call, STR("AudioConfig"), section, names, 2, sizeof names / sizeof *names);
}

/* Sampling rate, frame rate and what follows from them. */
static enum sidetok_error audio_check_rates(struct call *call, const struct json *section,
                                            struct audio_config *config)
{
    struct str rate = config_repr(call, section, STR("sampling_rate"));
    struct str frame_rate = config_repr(call, section, STR("frame_rate"));
    TRY(audio_assert_positive(call, section, STR("frame_rate")));
    TRY(audio_assert_positive(call, section, STR("sampling_rate")));
    TRY(config_integer(call, section, STR("sampling_rate"), 0, &config->rate));
    config_number(section, STR("frame_rate"), 0, &config->frame_rate);
    if ((double)config->rate < config->frame_rate)
        return failure_set(
            call, SIDETOK_E_ASSERTION,
            "sampling_rate must be >= frame_rate so that each token spans at least one sample, got "
            "sampling_rate=%.*s and frame_rate=%.*s",
            STR_ARG(rate), STR_ARG(frame_rate));
    config->samples_per_token = (int64_t)floor((double)config->rate / config->frame_rate);
    config->frames_per_token = (int64_t)((double)config->samples_per_token / (double)config->hop);
    if (config->frames_per_token <= 0)
        return failure_set(
            call, SIDETOK_E_ASSERTION,
            "sampling_rate / frame_rate must be >= hop_length so that each token spans at least one "
            "spectrogram frame, got sampling_rate=%.*s, frame_rate=%.*s and hop_length=%lld",
            STR_ARG(rate), STR_ARG(frame_rate), (long long)config->hop);
    return SIDETOK_OK;
}

static enum sidetok_error audio_check_chunk(struct call *call, const struct json *section,
                                            struct audio_config *config)
{
    double seconds;
    if (!config_has(section, STR("chunk_length_s")))
        return SIDETOK_OK;
    TRY(audio_assert_positive(call, section, STR("chunk_length_s")));
    config_number(section, STR("chunk_length_s"), 0, &seconds);
    config->chunk_samples = (int64_t)(seconds * (double)config->rate);
    if (config->chunk_samples > 0)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_ASSERTION,
                       "chunk_length_s and sampling_rate must both be > 0, got %.*s and %lld",
                       STR_ARG(config_repr(call, section, STR("chunk_length_s"))), (long long)config->rate);
}

static const struct str streaming_names[] = {{"transcription_delay_ms", 22},
                                             {"streaming_look_ahead_ms", 23},
                                             {"streaming_look_back_ms", 22},
                                             {"streaming_n_left_pad_tokens", 27}};

/* All four streaming members are there, or none is. */
static enum sidetok_error audio_check_streaming_names(struct call *call, const struct json *section,
                                                      bool is_streaming)
{
    for (size_t i = 0; i < 4; i++)
        if (config_has(section, streaming_names[i]) != is_streaming)
            return failure_set(
                call, SIDETOK_E_ASSERTION, "self.%.*s=%.*s must be %s.", STR_ARG(streaming_names[i]),
                STR_ARG(config_repr(call, section, streaming_names[i])), is_streaming ? "set" : "None");
    return SIDETOK_OK;
}

/* Python's float %: the result has the divisor's sign. */
static double audio_modulo(double a, double b)
{
    double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static enum sidetok_error audio_check_streaming(struct call *call, const struct json *section,
                                                struct audio_config *config)
{
    double frame_ms = 1000.0 / config->frame_rate;
    struct buf out;
    struct str text;
    if (!config_number(section, streaming_names[0], 0, &config->delay_ms))
        return failure_set_str(call, SIDETOK_E_TYPE, STR("transcription_delay_ms must be a number"));
    TRY(config_integer(call, section, streaming_names[3], 0, &config->left_pad_tokens));
    TRY(audio_assert(call, config->delay_ms > 0, STR("{self.transcription_delay_ms=} must be > 0")));
    buf_init(&out, call);
    buf_printf(&out, "self.transcription_delay_ms=%.*s must be a multiple of frame_duration_ms=",
               STR_ARG(config_repr(call, section, streaming_names[0])));
    json_write_float(&out, frame_ms);
    TRY(buf_finish(&out, &text));
    TRY(audio_assert(call, audio_modulo(config->delay_ms, frame_ms) == 0, text));
    if (config->chunk_samples == 0)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_ASSERTION, "self.chunk_length_s=%.*s cannot be set in streaming.",
                       STR_ARG(config_repr(call, section, STR("chunk_length_s"))));
}

static enum audio_format audio_read_format(const struct json *format)
{
    if (!format || (format->kind == JSON_STRING && str_equal(format->text, STR("instruct"))))
        return AUDIO_INSTRUCT;
    return format->kind == JSON_STRING && str_equal(format->text, STR("streaming")) ? AUDIO_STREAMING
                                                                                    : AUDIO_OTHER;
}

enum sidetok_error audio_config_read(struct call *call, const struct json *section,
                                     struct audio_config *ret_config)
{
    const struct json *spectrogram = json_get(section, STR("audio_encoding_config"));
    *ret_config = (struct audio_config){0};
    if (!spectrogram)
        return failure_set_str(call, SIDETOK_E_KEY, STR("'audio_encoding_config'"));
    TRY(audio_read_spectrogram(call, spectrogram, ret_config));
    TRY(audio_check_names(call, section));
    TRY(audio_check_rates(call, section, ret_config));
    TRY(audio_check_chunk(call, section, ret_config));
    ret_config->format = audio_read_format(json_get(section, STR("transcription_format")));
    ret_config->format_repr = config_repr(call, section, STR("transcription_format"));
    bool is_streaming = ret_config->format == AUDIO_STREAMING;
    TRY(audio_check_streaming_names(call, section, is_streaming));
    if (config_has(section, STR("voice_num_audio_tokens")))
        ret_config->voices = json_get(section, STR("voice_num_audio_tokens"));
    return is_streaming ? audio_check_streaming(call, section, ret_config) : SIDETOK_OK;
}
