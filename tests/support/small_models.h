#ifndef SIDETOK_TESTS_SMALL_MODELS_H
#define SIDETOK_TESTS_SMALL_MODELS_H

#include "json.h"
#include "sidecar/tokenizer/pretokenizer.h"
#include "small_vocab.h"

#include <unistd.h>

/* A small tokenizer file for each kind and version, with images, sounds and model settings where there are
 * such. */

enum { N_SMALL_MODELS = 9 };

#define IMAGE "{\"image_patch_size\": 16, \"max_image_size\": 1024}"
#define AUDIO                                                                                                \
    "\"audio\": {\"sampling_rate\": 16000, \"frame_rate\": 12.5, \"audio_encoding_config\": "                \
    "{\"num_mel_bins\": 128, "                                                                               \
    "\"hop_length\": 160, \"window_size\": 400}, \"chunk_length_s\": 1.0, \"voice_num_audio_tokens\": "      \
    "{\"x\": 3}}"
#define SETTINGS                                                                                             \
    "\"model_settings_builder\": {\"reasoning_effort\": {\"type\": \"enum\", \"accepts_none\": true, "       \
    "\"values\": [\"none\", "                                                                                \
    "\"high\"], \"default\": \"none\"}}"

static const struct small_model {
    const char *name, *version, *more; /* version NULL: SentencePiece */
} small_models[N_SMALL_MODELS] = {
    {"m.model.v1", NULL, NULL},
    {"m.model.v2", NULL, NULL},
    {"m.model.v3", NULL, NULL},
    {"m.model.v7m1", NULL, NULL},
    {"tekken.json", "v3", ", \"multimodal\": " IMAGE},
    {"tekken.json", "v7", ", " AUDIO},
    {"tekken.json", "v11", ", \"multimodal\": " IMAGE ", " AUDIO},
    {"tekken.json", "v13", ", \"image\": " IMAGE},
    {"tekken.json", "v15", ", \"image\": " IMAGE ", " AUDIO ", " SETTINGS},
};

/* A file in a folder of its own. */
struct small_file {
    char directory[64], path[128];
};

static inline void small_file_make(struct buf *out, struct small_vocab *vocab,
                                   const struct small_model *model)
{
    struct buf pattern;
    struct json text = {.kind = JSON_STRING, .text = str_from(pretokenizer_pattern)};
    if (!model->version) {
        small_spm_file(out, vocab, 1);
        return;
    }
    buf_init(&pattern, out->call);
    json_write(&pattern, &text, (struct json_style){0});
    pattern.data[pattern.size - 1] = '\0'; /* between the quotes */
    small_tekken_vocab(vocab, 1);
    small_tekken_file(out, vocab, model->version, pattern.data + 1, model->more);
}

/* Writes the file of a model by its number in small_models; vocab becomes its vocabulary. */
static inline bool small_file_write(struct call *call, int number, struct small_vocab *vocab,
                                    struct small_file *ret)
{
    struct buf bytes;
    buf_init(&bytes, call);
    small_file_make(&bytes, vocab, &small_models[number]);
    strcpy(ret->directory, "/tmp/sidetok_small_XXXXXX");
    if (!mkdtemp(ret->directory))
        return false;
    snprintf(ret->path, sizeof ret->path, "%s/%s", ret->directory, small_models[number].name);
    FILE *file = fopen(ret->path, "wb");
    bool written = file && fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
    return file && fclose(file) == 0 && written;
}

static inline void small_file_remove(const struct small_file *file)
{
    unlink(file->path);
    rmdir(file->directory);
}

#endif
