#include "audio.h"

#include "tests/support/test.h"

#define SPECTROGRAM                                                                                          \
    "\"audio_encoding_config\": {\"num_mel_bins\": 128, \"hop_length\": 160, \"window_size\": 400}"
#define RATES "\"sampling_rate\": 16000, \"frame_rate\": 12.5, " SPECTROGRAM

enum section { PLAIN, CHUNK, STREAM };

static const char *const sections[] = {
    [PLAIN] = "{" RATES "}",
    [CHUNK] = "{" RATES ", \"chunk_length_s\": 0.5}",
    [STREAM] = "{" RATES ", \"transcription_format\": \"streaming\", \"transcription_delay_ms\": 480.0, "
               "\"streaming_look_ahead_ms\": 2.5, \"streaming_look_back_ms\": 52.5, "
               "\"streaming_n_left_pad_tokens\": 3}",
};

static enum sidetok_error read_section(struct call *call, const char *text, struct audio_config *ret_config)
{
    struct json *section = call_alloc(call, sizeof *section);
    CHECK_INT(json_read(call, str_from(text), section), SIDETOK_OK);
    enum sidetok_error error = audio_config_read(call, section, ret_config);
    ret_config->has_audio = ret_config->has_begin_audio = ret_config->has_streaming_pad = true;
    return error;
}

static uint32_t count_tokens(const struct stream *stream)
{
    uint32_t n = 0;
    for (size_t i = 0; i < stream->n_items; i++)
        if (stream->items[i].control == CONTROL_AUDIO || stream->items[i].control == CONTROL_STREAMING_PAD)
            n += stream->items[i].count;
    return n;
}

/* Expected values are those of the reference's AudioEncoder.encode_audio for silence of that length and rate.
 */
TEST(audio_samples_and_tokens_are_the_references)
{
    static const struct {
        enum section section;
        uint32_t n_frames, rate, n_samples, n_tokens;
    } table[] = {
        {PLAIN, 0, 16000, 400, 1},        {PLAIN, 1, 16000, 400, 1},        {PLAIN, 399, 16000, 400, 1},
        {PLAIN, 1280, 16000, 1280, 1},    {PLAIN, 1281, 16000, 1281, 1},    {PLAIN, 1439, 16000, 1439, 1},
        {PLAIN, 1440, 16000, 1440, 2},    {PLAIN, 44100, 44100, 16000, 13}, {PLAIN, 1, 8000, 400, 1},
        {PLAIN, 11025, 22050, 8000, 7},   {CHUNK, 0, 16000, 0, 0},          {CHUNK, 1, 16000, 8000, 7},
        {CHUNK, 399, 16000, 8000, 7},     {CHUNK, 1280, 16000, 8000, 7},    {CHUNK, 1281, 16000, 8000, 7},
        {CHUNK, 1439, 16000, 8000, 7},    {CHUNK, 1440, 16000, 8000, 7},    {CHUNK, 44100, 44100, 16000, 13},
        {CHUNK, 1, 8000, 8000, 7},        {CHUNK, 11025, 22050, 8000, 7},   {STREAM, 0, 16000, 25600, 9},
        {STREAM, 1, 16000, 26880, 9},     {STREAM, 399, 16000, 26880, 9},   {STREAM, 1280, 16000, 26880, 9},
        {STREAM, 1281, 16000, 28160, 9},  {STREAM, 1439, 16000, 28160, 9},  {STREAM, 1440, 16000, 28160, 9},
        {STREAM, 44100, 44100, 42240, 9}, {STREAM, 1, 8000, 26880, 9},      {STREAM, 11025, 22050, 34560, 9},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct audio_config config;
        struct stream stream;
        struct sound_file sound = {.n_frames = table[i].n_frames, .n_channels = 1, .rate = table[i].rate};
        printf("# section %d, %u frames at %u\n", table[i].section, table[i].n_frames, table[i].rate);
        CHECK_INT(read_section(&call, sections[table[i].section], &config), SIDETOK_OK);
        stream_init(&stream, &call);
        CHECK_INT(audio_encode(&call, &config, &sound, (struct audio_delay){0}, &stream), SIDETOK_OK);
        CHECK_INT(stream.n_sounds, 1);
        CHECK_INT(stream.sounds[0].n_samples, table[i].n_samples);
        CHECK_INT(count_tokens(&stream), table[i].n_tokens);
        call_reset(&call);
    }
    call_done(&call);
}

struct padding_case {
    const char *value;
    enum sidetok_error error;
    const char *message;
};

/* One frame of sound under a section that ends in each value. Expected words are numpy's, asked of the
 * reference. */
static void check_padding(const char *section, const struct padding_case *table, size_t n)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < n; i++) {
        struct audio_config config;
        struct stream stream;
        struct sound_file sound = {.n_frames = 1, .n_channels = 1, .rate = 16000};
        char text[400];
        snprintf(text, sizeof text, "%s%s}", section, table[i].value);
        printf("# %s\n", table[i].value);
        CHECK_INT(read_section(&call, text, &config), SIDETOK_OK);
        config.has_audio = config.has_begin_audio = true;
        stream_init(&stream, &call);
        CHECK_INT(audio_encode(&call, &config, &sound, (struct audio_delay){0}, &stream), table[i].error);
        if (table[i].error)
            CHECK_STR(call.failure.message, str_from(table[i].message));
        call_reset(&call);
    }
    call_done(&call);
}

TEST(audio_streams_pad_as_far_as_numpy_does)
{
    static const struct padding_case table[] = {
        {"0", SIDETOK_OK, ""},
        {"9223372036854775807", SIDETOK_E_TYPE, "`pad_width` must be of integral type."},
        {"-9223372036854775807", SIDETOK_E_TYPE, "`pad_width` must be of integral type."},
        {"7205759403792793", SIDETOK_E_VALUE, "negative dimensions are not allowed"},
        {"4000000000000000", SIDETOK_E_VALUE,
         "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size."},
        {"4000000000000", SIDETOK_E_MEMORY,
         "Unable to allocate 18.2 PiB for an array with shape (5120000000023040,) and data type float32"},
        {"-1", SIDETOK_E_VALUE, "index can't contain negative values"},
        {"12.3", SIDETOK_E_ASSERTION, "num_samples=15744 must be a multiple of mult_of=1280"},
        {"NaN", SIDETOK_E_VALUE, "cannot convert float NaN to integer"},
        {"1e308", SIDETOK_E_OVERFLOW, "cannot convert float infinity to integer"},
        {"1e300", SIDETOK_E_TYPE, "`pad_width` must be of integral type."},
        {"2.0", SIDETOK_E_TYPE, "can't multiply sequence by non-int of type 'float'"},
    };
    check_padding("{" RATES ", \"transcription_format\": \"streaming\", \"transcription_delay_ms\": 480.0, "
                  "\"streaming_look_ahead_ms\": 2.5, \"streaming_look_back_ms\": 52.5, "
                  "\"streaming_n_left_pad_tokens\": ",
                  table, sizeof table / sizeof *table);
}

TEST(audio_chunks_pad_as_far_as_numpy_does)
{
    static const struct padding_case table[] = {
        {"1", SIDETOK_OK, ""},
        {"576460752303423", SIDETOK_E_VALUE,
         "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size."},
        {"9223372036854775808", SIDETOK_E_TYPE, "`pad_width` must be of integral type."},
        {"1e300", SIDETOK_E_TYPE, "`pad_width` must be of integral type."},
    };
    check_padding("{" RATES ", \"chunk_length_s\": ", table, sizeof table / sizeof *table);
}

TEST(audio_section_faults_in_the_references_words)
{
    static const struct {
        const char *section, *message;
        enum sidetok_error error;
    } table[] = {
        {"{\"sampling_rate\": 16000}", "'audio_encoding_config'", SIDETOK_E_KEY},
        {"{" SPECTROGRAM ", \"frame_rate\": 12.5}",
         "AudioConfig.__init__() missing 1 required positional argument: 'sampling_rate'", SIDETOK_E_TYPE},
        {"{" RATES ", \"extra\": 1}", "AudioConfig.__init__() got an unexpected keyword argument 'extra'",
         SIDETOK_E_TYPE},
        {"{" RATES ", \"chunk_length_s\": 0}", "0", SIDETOK_E_ASSERTION},
        {"{" RATES ", \"streaming_n_left_pad_tokens\": 3}",
         "self.streaming_n_left_pad_tokens=3 must be None.", SIDETOK_E_ASSERTION},
        {"[1]", "'str' object cannot be interpreted as an integer", SIDETOK_E_TYPE},
        {"5", "'int' object has no attribute 'pop'", SIDETOK_E_ATTRIBUTE},
        {"{\"audio_encoding_config\": [1]}",
         "mistral_common.tokens.tokenizers.audio.AudioSpectrogramConfig() argument after ** must be a "
         "mapping, not list",
         SIDETOK_E_TYPE},
        {"{\"sampling_rate\": 16000, \"frame_rate\": [], " SPECTROGRAM "}",
         "'>' not supported between instances of 'list' and 'int'", SIDETOK_E_TYPE},
        {"{\"sampling_rate\": NaN, \"frame_rate\": 12.5, " SPECTROGRAM "}", "nan", SIDETOK_E_ASSERTION},
        {"{\"sampling_rate\": Infinity, \"frame_rate\": 12.5, " SPECTROGRAM "}",
         "cannot convert float NaN to integer", SIDETOK_E_VALUE},
        {"{\"sampling_rate\": 1e300, \"frame_rate\": 1e-9, " SPECTROGRAM "}",
         "cannot convert float infinity to integer", SIDETOK_E_OVERFLOW},
        {"{" RATES ", \"chunk_length_s\": \"a\"}", "'>' not supported between instances of 'str' and 'int'",
         SIDETOK_E_TYPE},
        {"{" RATES ", \"chunk_length_s\": 1e-9}",
         "chunk_length_s and sampling_rate must both be > 0, got 1e-09 and 16000", SIDETOK_E_ASSERTION},
        {"{" RATES ", \"chunk_length_s\": true}", "", SIDETOK_OK},
        {"{" RATES ", \"chunk_length_s\": 1e20}", "", SIDETOK_OK},
        {"{\"sampling_rate\": 16000.5, \"frame_rate\": 12.5, " SPECTROGRAM "}", "", SIDETOK_OK},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct audio_config config;
        CHECK_INT(read_section(&call, table[i].section, &config), table[i].error);
        CHECK_STR(call.failure.message, str_from(table[i].message));
        call_reset(&call);
    }
    call_done(&call);
}

TEST(audio_without_its_marker_is_an_assertion)
{
    struct call call;
    struct audio_config config;
    struct stream stream;
    struct sound_file sound = {.n_frames = 1, .n_channels = 1, .rate = 16000};
    call_init(&call);
    CHECK_INT(read_section(&call, sections[PLAIN], &config), SIDETOK_OK);
    config.has_audio = false;
    stream_init(&stream, &call);
    CHECK_INT(audio_encode(&call, &config, &sound, (struct audio_delay){0}, &stream), SIDETOK_E_ASSERTION);
    CHECK_STR(call.failure.message, STR("self.special_ids.audio=None must be set."));
    call_done(&call);
}

TEST_MAIN(RUN(audio_samples_and_tokens_are_the_references), RUN(audio_streams_pad_as_far_as_numpy_does),
          RUN(audio_chunks_pad_as_far_as_numpy_does), RUN(audio_section_faults_in_the_references_words),
          RUN(audio_without_its_marker_is_an_assertion))
