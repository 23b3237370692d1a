#include "audio.h"
#include "config.h"
#include "json.h"
#include "pydantic.h"

#include <math.h>

/* Rule: mistral_common.tokens.tokenizers.audio AudioConfig and AudioSpectrogramConfig: names, then
 * __post_init__, whose fields are Python's numbers or anything else. */

#define AUDIO_PATH "mistral_common.tokens.tokenizers.audio."

/* `assert value > 0, value` */
static enum sidetok_error audio_positive(struct call *call, const struct json *section, struct str name,
                                         struct config_number *ret)
{
    return config_positive(call, section, name, STR(""), ret);
}

static enum sidetok_error audio_read_spectrogram(struct call *call, const struct json *section,
                                                 struct audio_config *config)
{
    static const struct str names[] = {{"num_mel_bins", 12}, {"hop_length", 10}, {"window_size", 11}};
    struct config_number bins;
    TRY(config_check_names(call, STR(AUDIO_PATH "AudioSpectrogramConfig"), STR("AudioSpectrogramConfig"),
                           section, names, 3, 3));
    TRY(audio_positive(call, section, names[0], &bins));
    TRY(audio_positive(call, section, names[1], &config->hop));
    return audio_positive(call, section, names[2], &config->window);
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
        return failure_set_str(call, SIDETOK_E_TYPE,
                               STR(AUDIO_PATH "AudioConfig() got multiple values for keyword argument "
                                              "'encoding_config'"));
    return config_check_names(call, STR(AUDIO_PATH "AudioConfig"), STR("AudioConfig"), section, names, 2,
                              sizeof names / sizeof *names);
}

/* Ints are compared with floats exactly. */
static bool audio_is_less(struct config_number a, struct config_number b)
{
    if (!a.is_float && !b.is_float)
        return a.whole < b.whole;
    long double x = a.is_float ? (long double)a.real : (long double)a.whole;
    long double y = b.is_float ? (long double)b.real : (long double)b.whole;
    return !(x >= y);
}

/* Rule: raw_audio_length_per_tok, audio_length_per_tok. */
static enum sidetok_error audio_find_lengths(struct call *call, struct audio_config *config,
                                             struct config_number frame_rate)
{
    struct config_number per_token, frames;
    TRY(config_floor_divide(call, config->rate, frame_rate, &per_token));
    TRY(config_divide(call, per_token, config->hop, &frames));
    config->samples_per_token = per_token.whole;
    config->frames_per_token = frames.whole;
    config->frame_rate = frame_rate.real;
    return SIDETOK_OK;
}

/* Sampling rate, frame rate and what follows from them. */
static enum sidetok_error audio_check_rates(struct call *call, const struct json *section,
                                            const struct json *spectrogram, struct audio_config *config)
{
    struct str rate = config_repr(call, section, STR("sampling_rate"));
    struct str frame_rate = config_repr(call, section, STR("frame_rate"));
    struct config_number frames;
    TRY(audio_positive(call, section, STR("frame_rate"), &frames));
    TRY(audio_positive(call, section, STR("sampling_rate"), &config->rate));
    if (audio_is_less(config->rate, frames))
        return failure_set(
            call, SIDETOK_E_ASSERTION,
            "sampling_rate must be >= frame_rate so that each token spans at least one sample, got "
            "sampling_rate=%.*s and frame_rate=%.*s",
            STR_ARG(rate), STR_ARG(frame_rate));
    TRY(audio_find_lengths(call, config, frames));
    if (config->frames_per_token <= 0)
        return failure_set(
            call, SIDETOK_E_ASSERTION,
            "sampling_rate / frame_rate must be >= hop_length so that each token spans at least one "
            "spectrogram frame, got sampling_rate=%.*s, frame_rate=%.*s and hop_length=%.*s",
            STR_ARG(rate), STR_ARG(frame_rate), STR_ARG(config_repr(call, spectrogram, STR("hop_length"))));
    return SIDETOK_OK;
}

static enum sidetok_error audio_check_chunk(struct call *call, const struct json *section,
                                            struct audio_config *config)
{
    struct config_number seconds, samples;
    if (!config_has(section, STR("chunk_length_s")))
        return SIDETOK_OK;
    TRY(audio_positive(call, section, STR("chunk_length_s"), &seconds));
    TRY(config_product(call, seconds, config->rate, &samples));
    config->chunk_samples = samples.real < 0x1p63 ? samples.whole : INT64_MAX;
    if (config->chunk_samples > 0)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_ASSERTION,
                       "chunk_length_s and sampling_rate must both be > 0, got %.*s and %.*s",
                       STR_ARG(config_repr(call, section, STR("chunk_length_s"))),
                       STR_ARG(config_repr(call, section, STR("sampling_rate"))));
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

static enum sidetok_error audio_check_delay(struct call *call, const struct json *section,
                                            struct audio_config *config, double frame_ms)
{
    struct config_number delay;
    struct buf out;
    struct str text;
    if (config_number(section, streaming_names[0], &delay) && !(delay.real > 0))
        return failure_set_str(call, SIDETOK_E_ASSERTION, STR("{self.transcription_delay_ms=} must be > 0"));
    TRY(audio_positive(call, section, streaming_names[0], &delay));
    TRY(config_check_float(call, delay));
    config->delay_ms = delay.real;
    if (audio_modulo(delay.real, frame_ms) == 0)
        return SIDETOK_OK;
    buf_init(&out, call);
    buf_printf(&out, "self.transcription_delay_ms=%.*s must be a multiple of frame_duration_ms=",
               STR_ARG(config_repr(call, section, streaming_names[0])));
    json_write_float(&out, frame_ms);
    TRY(buf_finish(&out, &text));
    return failure_set_str(call, SIDETOK_E_ASSERTION, text);
}

static enum sidetok_error audio_check_streaming(struct call *call, const struct json *section,
                                                struct audio_config *config)
{
    TRY(audio_check_delay(call, section, config, 1000.0 / config->frame_rate));
    if (config_has(section, STR("chunk_length_s")))
        return failure_set(call, SIDETOK_E_ASSERTION, "self.chunk_length_s=%.*s cannot be set in streaming.",
                           STR_ARG(config_repr(call, section, STR("chunk_length_s"))));
    if (config_number(section, streaming_names[3], &config->left_pad))
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED,
                       "streaming_n_left_pad_tokens must be a number, got %.*s",
                       STR_ARG(config_repr(call, section, streaming_names[3])));
}

static enum audio_format audio_read_format(const struct json *format)
{
    if (!format || (format->kind == JSON_STRING && str_equal(format->text, STR("instruct"))))
        return AUDIO_INSTRUCT;
    return format->kind == JSON_STRING && str_equal(format->text, STR("streaming")) ? AUDIO_STREAMING
                                                                                    : AUDIO_OTHER;
}

/* `audio.pop("audio_encoding_config")` of any value that is true. */
static enum sidetok_error audio_pop_spectrogram(struct call *call, const struct json *section,
                                                const struct json **ret_spectrogram)
{
    *ret_spectrogram = json_get(section, STR("audio_encoding_config"));
    if (*ret_spectrogram)
        return SIDETOK_OK;
    if (section->kind == JSON_OBJECT)
        return failure_set_str(call, SIDETOK_E_KEY, STR("'audio_encoding_config'"));
    if (section->kind == JSON_ARRAY)
        return failure_set_str(call, SIDETOK_E_TYPE, STR("'str' object cannot be interpreted as an integer"));
    return failure_set(call, SIDETOK_E_ATTRIBUTE, "'%.*s' object has no attribute 'pop'",
                       STR_ARG(pydantic_type_name(section)));
}

enum sidetok_error audio_config_read(struct call *call, const struct json *section,
                                     struct audio_config *ret_config)
{
    const struct json *spectrogram;
    *ret_config = (struct audio_config){.section = section};
    TRY(audio_pop_spectrogram(call, section, &spectrogram));
    TRY(audio_read_spectrogram(call, spectrogram, ret_config));
    TRY(audio_check_names(call, section));
    TRY(audio_check_rates(call, section, spectrogram, ret_config));
    TRY(audio_check_chunk(call, section, ret_config));
    ret_config->format = audio_read_format(json_get(section, STR("transcription_format")));
    bool is_streaming = ret_config->format == AUDIO_STREAMING;
    TRY(audio_check_streaming_names(call, section, is_streaming));
    if (config_has(section, STR("voice_num_audio_tokens")))
        ret_config->voices = json_get(section, STR("voice_num_audio_tokens"));
    return is_streaming ? audio_check_streaming(call, section, ret_config) : SIDETOK_OK;
}
