#include "audio.h"

#include "audio_url.h"
#include "base64.h"
#include "data_url.h"

#include <inttypes.h>
#include <math.h>

/* Tokens of silence right of a stream beside the delay: BOS and the longest word. Rule:
 * OFFLINE_STREAMING_BUFFER_TOKENS. */
enum { AUDIO_RIGHT_BUFFER_TOKENS = 1 + 10 };

/* No sound is so long: lengths beyond it are cut to it, so that sums of a few do not overflow. */
static const int64_t audio_far = INT64_C(1) << 60;

/* int(real), cut. */
static int64_t audio_cut(double real)
{
    if (isnan(real))
        return 0;
    return real > (double)audio_far ? audio_far : real < -(double)audio_far ? -audio_far : (int64_t)real;
}

/* Quotients rounded down and up, for any signs; b is positive. */
static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0);
}

static int64_t ceil_divide(int64_t a, int64_t b)
{
    return -floor_divide(-a, b);
}

/* Rule: AudioConfig.num_audio_tokens. */
static int64_t audio_tokens(const struct audio_config *config, int64_t n_samples)
{
    if (!config->hop.is_float)
        return ceil_divide(floor_divide(n_samples, config->hop.whole), config->frames_per_token);
    double n = (double)n_samples, hop = config->hop.real;
    double frames = fmod(n, hop) != 0 ? ceil(n / hop - 1) : floor(n / hop);
    return audio_cut(ceil(frames / (double)config->frames_per_token));
}

static double audio_delay_ms(const struct audio_config *config, struct audio_delay delay)
{
    return delay.is_given ? delay.ms : config->delay_ms;
}

enum sidetok_error audio_check_real_delay(struct call *call, const struct audio_config *config,
                                          struct audio_delay delay)
{
    double ms = audio_delay_ms(config, delay);
    if (delay.is_given && isinf(ms))
        return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("int too large to convert to float"));
    if (isinf(ms / 1000.0 * config->rate.real))
        return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("cannot convert float infinity to integer"));
    return SIDETOK_OK;
}

int64_t audio_delay_tokens(const struct audio_config *config, struct audio_delay delay)
{
    double n_samples = audio_delay_ms(config, delay) / 1000.0 * config->rate.real;
    if (fabs(n_samples) >= 0x1p63) /* in samples they lie beyond int64_t again */
        return n_samples > 0 ? INT64_MAX / 2 : -INT64_MAX / 2;
    return audio_tokens(config, isnan(n_samples) ? 0 : (int64_t)n_samples);
}

/* So many tokens in samples; the ends of int64_t stand for all that lies beyond them. */
static int64_t audio_samples(const struct audio_config *config, int64_t n_tokens)
{
    int64_t n;
    if (__builtin_mul_overflow(config->samples_per_token, n_tokens, &n))
        return (config->samples_per_token < 0) != (n_tokens < 0) ? INT64_MIN : INT64_MAX;
    return n;
}

int64_t audio_right_pad(const struct audio_config *config, struct audio_delay delay)
{
    return audio_samples(config, audio_delay_tokens(config, delay) + AUDIO_RIGHT_BUFFER_TOKENS);
}

uint64_t audio_resampled(const struct audio_config *config, const struct sound_file *sound)
{
    if (!(sound->rate < config->rate.real) && !(sound->rate > config->rate.real))
        return sound->n_frames;
    return (uint64_t)((double)sound->n_frames / ((double)sound->rate / config->rate.real) + 0.5);
}

int64_t audio_left_pad(const struct audio_config *config)
{
    double real = (double)config->samples_per_token * config->left_pad.real;
    if (config->left_pad.is_float && !(fabs(real) < 0x1p63))
        return isnan(real) ? 0 : real > 0 ? INT64_MAX : INT64_MIN;
    return config->left_pad.is_float ? (int64_t)real : audio_samples(config, config->left_pad.whole);
}

enum sidetok_error audio_check_left_pad(struct call *call, const struct audio_config *config)
{
    double real = trunc((double)config->samples_per_token * config->left_pad.real);
    if (config->left_pad.is_float && isnan(real))
        return failure_set_str(call, SIDETOK_E_VALUE, STR("cannot convert float NaN to integer"));
    if (config->left_pad.is_float && isinf(real))
        return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("cannot convert float infinity to integer"));
    if (!config->left_pad.is_float || fmod(real, (double)config->samples_per_token) == 0)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_ASSERTION, "num_samples=%.0f must be a multiple of mult_of=%" PRId64,
                       real, config->samples_per_token);
}

/* No machine holds as many samples of four bytes: numpy refuses them before it asks for memory. */
static const int64_t audio_max_array = INT64_MAX / 4;

/* From a tebibyte on no machine is asked. Rule: numpy._core._exceptions._ArrayMemoryError. */
static enum sidetok_error audio_fail_memory(struct call *call, int64_t n_samples)
{
    static const char *const units[] = {"TiB", "PiB", "EiB"};
    double n = (double)n_samples * 4 / 0x1p40;
    size_t unit = 0;
    for (; unit < 2 && rint(n) >= 1024; n /= 1024)
        unit++;
    return failure_set(call, SIDETOK_E_MEMORY,
                       rint(n) < 1000 ? "Unable to allocate %#.3g %s for an array with shape (%" PRId64
                                        ",) and data type float32"
                                      : "Unable to allocate %#.0f %s for an array with shape (%" PRId64
                                        ",) and data type float32",
                       n, units[unit], n_samples);
}

enum sidetok_error audio_check_silence(struct call *call, int64_t n_samples)
{
    if (n_samples == INT64_MIN || n_samples == INT64_MAX)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("Maximum allowed dimension exceeded"));
    if (n_samples < 0)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("negative dimensions are not allowed"));
    if (n_samples > audio_max_array)
        return failure_set_str(call, SIDETOK_E_VALUE,
                               STR("array is too big; `arr.size * arr.dtype.itemsize` is larger than the "
                                   "maximum possible size."));
    if (n_samples >= INT64_C(1) << 38)
        return audio_fail_memory(call, n_samples);
    return SIDETOK_OK;
}

/* Rule: numpy.pad, whose widths are 64 bits and whose sum goes round. */
static enum sidetok_error audio_check_pads(struct call *call, int64_t left, int64_t n_samples, int64_t right)
{
    if (left == INT64_MIN || left == INT64_MAX || right == INT64_MIN || right == INT64_MAX)
        return failure_set_str(call, SIDETOK_E_TYPE, STR("`pad_width` must be of integral type."));
    if (left < 0 || right < 0)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("index can't contain negative values"));
    uint64_t sum = (uint64_t)left + (uint64_t)n_samples + (uint64_t)right;
    return audio_check_silence(call, sum > INT64_MAX ? -1 : (int64_t)sum);
}

/* Rule: AudioEncoder._get_streaming_pad and pad. */
static enum sidetok_error audio_pad_stream(struct call *call, const struct audio_config *config,
                                           struct audio_delay delay, int64_t *n_samples)
{
    int64_t token = config->samples_per_token;
    int64_t left = audio_left_pad(config);
    int64_t right;
    TRY(audio_check_real_delay(call, config, delay));
    right = audio_right_pad(config, delay);
    if (right != INT64_MIN && __builtin_add_overflow((token - *n_samples % token) % token, right, &right))
        right = INT64_MAX;
    TRY(audio_check_left_pad(call, config));
    TRY(audio_check_pads(call, left, *n_samples, right));
    *n_samples += left + right;
    return SIDETOK_OK;
}

static enum sidetok_error audio_pad_window(struct call *call, const struct audio_config *config,
                                           int64_t *n_samples)
{
    if (config->window.is_float)
        return failure_set_str(call, SIDETOK_E_TYPE, STR("`pad_width` must be of integral type."));
    *n_samples = config->window.whole;
    return SIDETOK_OK;
}

/* Rule: AudioEncoder.next_multiple_of_chunk_frames and pad. */
static enum sidetok_error audio_pad_chunks(struct call *call, const struct audio_config *config,
                                           int64_t *n_samples)
{
    int64_t chunk = config->chunk_samples, padded = ceil_divide(*n_samples, chunk) * chunk;
    TRY(audio_check_pads(call, 0, *n_samples, padded == INT64_MAX ? INT64_MAX : padded - *n_samples));
    *n_samples = padded;
    return SIDETOK_OK;
}

static enum sidetok_error audio_pad(struct call *call, const struct audio_config *config,
                                    struct audio_delay delay, int64_t *n_samples)
{
    if (config->chunk_samples)
        return audio_pad_chunks(call, config, n_samples);
    if (config->format == AUDIO_STREAMING)
        return audio_pad_stream(call, config, delay, n_samples);
    if ((double)*n_samples < config->window.real)
        return audio_pad_window(call, config, n_samples);
    return SIDETOK_OK;
}

enum sidetok_error audio_streaming_tokens(struct call *call, const struct audio_config *config,
                                          struct audio_delay delay, struct stream *stream)
{
    if (!config->has_streaming_pad)
        return failure_set_str(call, SIDETOK_E_ASSERTION,
                               STR("self.special_ids.streaming_pad=None must be set."));
    TRY(config_check_repeat(call, config->left_pad));
    int64_t n = config->left_pad.whole + audio_delay_tokens(config, delay);
    if (n > UINT32_MAX)
        return failure_no_memory(call);
    if (n > 0)
        stream_control(stream, CONTROL_STREAMING_PAD, (uint32_t)n);
    return SIDETOK_OK;
}

/* Rule: AudioEncoder._encode_audio_tokens. */
static enum sidetok_error audio_instruct_tokens(struct call *call, const struct audio_config *config,
                                                int64_t n_samples, struct stream *stream)
{
    if (!config->has_begin_audio)
        return failure_set_str(call, SIDETOK_E_ASSERTION,
                               STR("self.special_ids.begin_audio=None must be set."));
    if (!config->has_audio)
        return failure_set_str(call, SIDETOK_E_ASSERTION, STR("self.special_ids.audio=None must be set."));
    int64_t n = audio_tokens(config, n_samples);
    if (n > UINT32_MAX)
        return failure_no_memory(call);
    stream_control(stream, CONTROL_BEGIN_AUDIO, 1);
    if (n > 0)
        stream_control(stream, CONTROL_AUDIO, (uint32_t)n);
    return SIDETOK_OK;
}

enum sidetok_error audio_encode(struct call *call, const struct audio_config *config,
                                const struct sound_file *sound, struct audio_delay delay,
                                struct stream *stream)
{
    int64_t n_samples = (int64_t)audio_resampled(config, sound);
    TRY(audio_pad(call, config, delay, &n_samples));
    if (config->format == AUDIO_STREAMING)
        TRY(audio_streaming_tokens(call, config, delay, stream));
    else
        TRY(audio_instruct_tokens(call, config, n_samples, stream));
    stream_sound(stream, (struct stream_sound){(uint64_t)n_samples, (uint32_t)config->rate.whole});
    return SIDETOK_OK;
}

/* Rule: Audio.from_bytes(strict=True). */
static enum sidetok_error audio_read_bytes(struct call *call, struct str bytes, struct sound_file *ret_sound)
{
    TRY(sound_file_read(call, bytes, ret_sound));
    if (ret_sound->n_channels > 1)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("audio_array.ndim=2"));
    return SIDETOK_OK;
}

/* Rule: Audio.from_base64: a decoder's RuntimeError is a ValueError of its own words. */
static enum sidetok_error audio_read_base64(struct call *call, struct str text, struct sound_file *ret_sound)
{
    struct str payload, bytes;
    TRY(data_url_payload(call, text, &payload));
    enum base64_result result = base64_decode(call, payload, &bytes);
    if (result == BASE64_NO_MEMORY)
        return SIDETOK_E_NO_MEMORY;
    if (result != BASE64_OK)
        return failure_set_str(
            call, SIDETOK_E_VALUE,
            STR("base64 decoding failed. Please check the input string is a valid base64."));
    enum sidetok_error error = audio_read_bytes(call, bytes, ret_sound);
    if (error != SIDETOK_E_LIBSNDFILE)
        return error;
    failure_clear(call);
    return failure_set_str(
        call, SIDETOK_E_VALUE,
        STR("Failed to decode the base64 payload as audio. Verify that the input is a valid audio "
            "file (e.g. wav or mp3)."));
}

enum sidetok_error audio_read(struct call *call, struct str data, bool is_bytes, struct sound_file *ret_sound)
{
    return is_bytes ? audio_read_bytes(call, data, ret_sound) : audio_read_base64(call, data, ret_sound);
}

enum sidetok_error audio_render(struct call *call, const struct audio_config *config,
                                const struct chunk *chunk, struct stream *stream)
{
    struct sound_file sound;
    if (chunk->kind == CHUNK_AUDIO_URL)
        TRY(audio_url_check(call, chunk->text));
    TRY(audio_read(call, chunk->text, chunk->is_bytes, &sound));
    return audio_encode(call, config, &sound, (struct audio_delay){0}, stream);
}
