#ifndef SIDETOK_TEMPLATE_AUDIO_H
#define SIDETOK_TEMPLATE_AUDIO_H

#include "config.h"
#include "json.h"
#include "request.h"
#include "sound_file.h"
#include "stream.h"

/** "instruct", "streaming", or a word that the reference accepts at load and refuses at use. */
enum audio_format { AUDIO_INSTRUCT, AUDIO_STREAMING, AUDIO_OTHER };

/** How a tokenizer lays sounds out. Rule: mistral_common AudioConfig. Lives as long as the section it was
 * read from. */
struct audio_config {
    const struct json *section;
    struct config_number rate;        /* samples a second that the model wants */
    double frame_rate;                /* tokens a second */
    struct config_number hop, window; /* samples of a spectrogram's step and of its window */
    int64_t samples_per_token;        /* floor(rate / frame_rate) */
    int64_t frames_per_token;         /* samples_per_token / hop */
    int64_t chunk_samples; /* sounds are padded to a multiple of it; 0: they are not; INT64_MAX: beyond */
    enum audio_format format;
    double delay_ms;               /* streaming */
    struct config_number left_pad; /* streaming: tokens */
    const struct json *voices;     /* name to number of tokens; NULL: no preset voices */
    /* which special tokens the tokenizer defines */
    bool has_audio, has_begin_audio, has_streaming_pad, has_text_to_audio, has_audio_to_text;
};

/**
 * Reads the audio section of tekken.json, any value that is true; the errors are those of
 * AudioSpectrogramConfig(**) and AudioConfig(**). The has_ members are the caller's to set.
 */
enum sidetok_error audio_config_read(struct call *call, const struct json *section,
                                     struct audio_config *ret_config);

/** A delay in ms where the caller gave one. */
struct audio_delay {
    bool is_given;
    double ms;
};

/**
 * Appends a sound's control tokens to the stream, and its samples and rate to stream->sounds.
 *
 * config  Of the loaded tokenizer; not NULL.
 * chunk   CHUNK_INPUT_AUDIO or CHUNK_AUDIO_URL. http URLs are never fetched: the error is the reference's for
 * a download that failed. Files are never opened: SIDETOK_E_NOT_SUPPORTED where one is there.
 *
 * Rule: mistral_common AudioEncoder.__call__.
 */
enum sidetok_error audio_render(struct call *call, const struct audio_config *config,
                                const struct chunk *chunk, struct stream *stream);

/** A sound from base64 text (a data URL's payload) or from raw bytes. Rule: Audio.from_base64,
 * Audio.from_bytes. */
enum sidetok_error audio_read(struct call *call, struct str data, bool is_bytes,
                              struct sound_file *ret_sound);

/** Resamples, pads and lays a sound out. Rule: AudioEncoder.encode_audio. */
enum sidetok_error audio_encode(struct call *call, const struct audio_config *config,
                                const struct sound_file *sound, struct audio_delay delay,
                                struct stream *stream);

/** Samples after resampling to the tokenizer's rate. Rule: soxr.resample, which rounds half up. */
uint64_t audio_resampled(const struct audio_config *config, const struct sound_file *sound);

/** OverflowError for a delay without a float, and for one that is infinite in samples. */
enum sidetok_error audio_check_real_delay(struct call *call, const struct audio_config *config,
                                          struct audio_delay delay);

/**
 * Tokens of a delay that was checked; the configured one where none is given. May be negative; a delay of
 * 2**63 samples and more is so many tokens that their samples are beyond int64_t, too. Rule:
 * get_num_delay_tokens.
 */
int64_t audio_delay_tokens(const struct audio_config *config, struct audio_delay delay);

/** Silence left of a stream: samples; the ends of int64_t stand for all beyond them. */
int64_t audio_left_pad(const struct audio_config *config);

/** AssertionError for a fraction of a token left of a stream. Rule: _check_mult_of. */
enum sidetok_error audio_check_left_pad(struct call *call, const struct audio_config *config);

/** Silence right of a stream: samples, likewise. Rule: AudioConfig.n_right_pad_tokens. */
int64_t audio_right_pad(const struct audio_config *config, struct audio_delay delay);

/** ValueError for so many samples that numpy.zeros() makes none of them. */
enum sidetok_error audio_check_silence(struct call *call, int64_t n_samples);

/** Appends [STREAMING_PAD] for the left pad and the delay. Rule: AudioEncoder.encode_streaming_tokens. */
enum sidetok_error audio_streaming_tokens(struct call *call, const struct audio_config *config,
                                          struct audio_delay delay, struct stream *stream);

#endif
