#include "answer.h"

#include "pydantic.h"
#include "python_object.h"

#include <stdio.h>

/* Operations on tokenizer files: load, info. */

static void write_key(struct msgpack_writer *out, const char *key)
{
    msgpack_write_str(out, answer_view(str_from(key)));
}

static void write_uint(struct msgpack_writer *out, const char *key, uint64_t value)
{
    write_key(out, key);
    msgpack_write_uint(out, value);
}

static void write_int(struct msgpack_writer *out, const char *key, int64_t value)
{
    write_key(out, key);
    msgpack_write_int(out, value);
}

static void write_text(struct msgpack_writer *out, const char *key, struct str text)
{
    write_key(out, key);
    msgpack_write_text(out, answer_view(text));
}

static void write_digest(struct msgpack_writer *out, const char *key, const uint8_t digest[32])
{
    static const char digits[] = "0123456789abcdef";
    char text[64];
    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    write_text(out, key, (struct str){text, sizeof text});
}

static struct str version_text(const struct model *model, char buffer[8])
{
    int n = snprintf(buffer, 8, "v%d", (int)tokenizer_info(model->tokenizer)->version);
    return (struct str){buffer, (size_t)n};
}

enum sidetok_error answer_load(struct answer *answer)
{
    struct model *model;
    char version[8];
    TRY(answer_model(answer, &model));
    message_reply_field(answer->reply, MESSAGE_REPLY_VALUE);
    msgpack_write_map(answer->reply->out, 1);
    write_text(answer->reply->out, "version", version_text(model, version));
    return SIDETOK_OK;
}

/* The reference reads these one after the other; Tekken may lack any of them. */
static enum sidetok_error special_ids(struct call *call, const struct model *model, int64_t ids[4])
{
    static const enum control controls[] = {CONTROL_BOS, CONTROL_EOS, CONTROL_PAD, CONTROL_UNK};
    const struct tokenizer_info *info = tokenizer_info(model->tokenizer);
    const int64_t own[] = {info->bos_id, info->eos_id, info->pad_id, info->unk_id};
    for (size_t i = 0; i < 4; i++) {
        ids[i] = own[i];
        if (info->kind == TOKENIZER_TEKKEN)
            TRY(tokenizer_special_id(call, model->tokenizer, control_text(controls[i]), &ids[i]));
    }
    return SIDETOK_OK;
}

/* The id of a special token, nil where the tokenizer does not define it. */
static void write_control(struct msgpack_writer *out, const char *key, const struct model *model,
                          enum control control, bool is_defined)
{
    write_key(out, key);
    if (is_defined)
        msgpack_write_int(out, model->control_ids[control]);
    else
        msgpack_write_nil(out);
}

/* A member of the file's section as it stands there: the reference keeps it so. */
static void write_member(struct msgpack_writer *out, const char *key, const struct json *section,
                         const char *member)
{
    const struct json *value = json_get(section, str_from(member));
    write_key(out, key);
    if (value)
        answer_write_json(out, value);
    else
        msgpack_write_nil(out);
}

/* A number as it stands there; one that does not is a default. */
static void write_number(struct msgpack_writer *out, const char *key, const struct json *section,
                         struct config_number number)
{
    if (json_get(section, str_from(key)))
        write_member(out, key, section, key);
    else
        write_int(out, key, number.whole);
}

static void write_image(struct msgpack_writer *out, const struct model *model)
{
    const struct image_config *image = model->env.image;
    write_key(out, "image");
    if (!image) {
        msgpack_write_nil(out);
        return;
    }
    msgpack_write_map(out, 6);
    write_number(out, "image_patch_size", image->section, image->patch_size);
    write_number(out, "max_image_size", image->section, image->max_size);
    write_number(out, "spatial_merge_size", image->section, image->merge_size);
    write_control(out, "img", model, CONTROL_IMG, true);
    write_control(out, "img_break", model, CONTROL_IMG_BREAK, true);
    write_control(out, "img_end", model, CONTROL_IMG_END, true);
}

static void write_audio(struct call *call, struct msgpack_writer *out, const struct model *model)
{
    const struct audio_config *audio = model->env.audio;
    const struct json *section = tokenizer_info(model->tokenizer)->audio;
    const struct json *spectrogram = json_get(section, STR("audio_encoding_config"));
    static const char *const formats[] = {[AUDIO_INSTRUCT] = "instruct", [AUDIO_STREAMING] = "streaming"};
    write_key(out, "audio");
    msgpack_write_map(out, 14);
    write_number(out, "sampling_rate", section, audio->rate);
    write_member(out, "frame_rate", section, "frame_rate");
    write_number(out, "hop_length", spectrogram, audio->hop);
    write_number(out, "window_size", spectrogram, audio->window);
    write_member(out, "chunk_length_s", section, "chunk_length_s");
    if (audio->format == AUDIO_OTHER)
        write_text(out, "transcription_format", config_str(call, section, STR("transcription_format")));
    else
        write_text(out, "transcription_format", str_from(formats[audio->format]));
    write_int(out, "samples_per_token", audio->samples_per_token);
    write_int(out, "frames_per_token", audio->frames_per_token);
    write_member(out, "voices", section, "voice_num_audio_tokens");
    write_control(out, "audio", model, CONTROL_AUDIO, audio->has_audio);
    write_control(out, "begin_audio", model, CONTROL_BEGIN_AUDIO, audio->has_begin_audio);
    write_control(out, "streaming_pad", model, CONTROL_STREAMING_PAD, audio->has_streaming_pad);
    write_control(out, "text_to_audio", model, CONTROL_TEXT_TO_AUDIO, audio->has_text_to_audio);
    write_control(out, "audio_to_text", model, CONTROL_AUDIO_TO_TEXT, audio->has_audio_to_text);
}

/* What sidetok adds to the reference's properties: which file it is, and who serves it. */
static void write_own(struct msgpack_writer *out, const struct answer *answer,
                      const struct tokenizer_info *info)
{
    write_text(out, "name", answer->entry->name);
    write_text(out, "kind", info->kind == TOKENIZER_TEKKEN ? STR("tekken") : STR("sentencepiece"));
    write_text(out, "file", info->path);
    write_text(out, "server", STR(SIDETOK_VERSION));
    write_key(out, "sha256");
    msgpack_write_bin(out, (struct view){(const char *)info->sha256, sizeof info->sha256});
}

enum sidetok_error answer_info(struct answer *answer)
{
    struct model *model;
    int64_t ids[4];
    char version[8];
    TRY(answer_model(answer, &model));
    TRY(special_ids(answer->call, model, ids));
    if (model->env.image && model->env.image->is_empty) /* no such member, as the reference's own has none */
        return python_no_attribute(answer->call, pydantic_type_name(model->env.image->section),
                                   "image_patch_size");
    const struct tokenizer_info *info = tokenizer_info(model->tokenizer);
    struct msgpack_writer *out = answer->reply->out;
    message_reply_field(answer->reply, MESSAGE_REPLY_VALUE);
    msgpack_write_map(out, model->env.audio ? 15 : 14);
    write_text(out, "version", version_text(model, version));
    write_uint(out, "n_words", info->n_words);
    write_uint(out, "num_special_tokens", info->n_special);
    write_int(out, "bos_id", ids[0]);
    write_int(out, "eos_id", ids[1]);
    write_int(out, "pad_id", ids[2]);
    write_int(out, "unk_id", ids[3]);
    write_digest(out, "pieces_sha256", model->pieces_sha256);
    write_image(out, model);
    if (model->env.audio)
        write_audio(answer->call, out, model);
    write_own(out, answer, info);
    return SIDETOK_OK;
}
