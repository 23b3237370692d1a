#include "model.h"

#include "buf.h"
#include "file.h"
#include "pydantic.h"
#include "python_object.h"
#include "sha256.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Rule: "".join(Path(name).suffixes) of Python 3.11: from the first dot on, leading dots left out. */
static struct str all_suffixes(struct str name)
{
    struct str none = {"", 0};
    if (name.size == 0 || name.data[name.size - 1] == '.')
        return none;
    while (name.size > 0 && name.data[0] == '.')
        name = str_from_offset(name, 1);
    const char *dot = memchr(name.data, '.', name.size);
    return dot ? str_from_offset(name, (size_t)(dot - name.data)) : none;
}

/* Rule: _filter_valid_tokenizer_files: ".model", ".model.v7", ".model.v7m1" as all suffixes together. */
static bool is_sentencepiece_name(struct str name)
{
    static const char *const versions[] = {"v1", "v2", "v3", "v7", "v11", "v13", "v15"};
    struct str suffix = all_suffixes(name);
    if (!str_starts_with(suffix, STR(".model")))
        return false;
    suffix = str_from_offset(suffix, 6);
    if (suffix.size == 0)
        return true;
    if (str_ends_with(suffix, STR("m1")))
        suffix.size -= 2;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (suffix.data[0] == '.' && str_equal(str_from_offset(suffix, 1), str_from(versions[i])))
            return true;
    return false;
}

static enum sidetok_error choose_name(struct call *call, DIR *folder, struct str *ret_name)
{
    struct str best = {NULL, 0};
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct str name = str_from(entry->d_name);
        bool is_tekken = str_equal(name, STR("tekken.json"));
        if (!is_tekken && (!is_sentencepiece_name(name) || (best.data && str_compare(name, best) < 0)))
            continue;
        char *copy = call_alloc(call, name.size);
        if (!copy)
            return SIDETOK_E_NO_MEMORY;
        memcpy(copy, name.data, name.size);
        best = (struct str){copy, name.size};
        if (is_tekken)
            break;
    }
    *ret_name = best;
    return best.data ? SIDETOK_OK : failure_set(call, SIDETOK_E_VALUE, "No tokenizer file found.");
}

enum sidetok_error model_choose(struct call *call, struct str path, struct str *ret_path)
{
    const char *name = call_terminated(call, path);
    if (!name)
        return SIDETOK_E_NO_MEMORY;
    struct stat status = {0};
    *ret_path = path;
    if (stat(name, &status) != 0 || !S_ISDIR(status.st_mode))
        return SIDETOK_OK;
    DIR *folder = opendir(name);
    if (!folder)
        return failure_set(call, errno == EACCES ? SIDETOK_E_PERMISSION : SIDETOK_E_OS, "[Errno %d] %s: '%s'",
                           errno, strerror(errno), name);
    struct str file;
    enum sidetok_error error = choose_name(call, folder, &file);
    closedir(folder);
    if (error != SIDETOK_OK)
        return error;
    struct buf joined;
    buf_init(&joined, call);
    buf_append(&joined, path);
    if (!str_ends_with(path, STR("/")))
        buf_append_char(&joined, '/');
    buf_append(&joined, file);
    return buf_finish(&joined, ret_path);
}

/* What the reference reads between a Tekken file's special tokens and its vocabulary. */
static enum sidetok_error check_sections(struct call *call, const struct tokenizer_info *info, void *context)
{
    struct model *model = context;
    if (info->image) {
        TRY(image_config_read(call, info->image, &model->image));
        model->env.image = &model->image;
    }
    if (info->audio && python_is_true(info->audio)) {
        TRY(audio_config_read(call, info->audio, &model->audio));
        model->env.audio = &model->audio;
    }
    if (info->model_settings_builder) {
        TRY(settings_builder_read(call, info->model_settings_builder, &model->settings));
        model->env.settings = &model->settings;
    }
    return SIDETOK_OK;
}

/* Special tokens are looked up once; an unknown one is the reference's error only where it is used. */
static enum sidetok_error look_up_controls(struct call *call, struct model *model)
{
    for (int control = 0; control < CONTROL_COUNT; control++) {
        model->control_ids[control] = -1;
        enum sidetok_error error = tokenizer_special_id(
            call, model->tokenizer, control_text((enum control)control), &model->control_ids[control]);
        if (error == SIDETOK_E_NO_MEMORY)
            return error;
        failure_clear(call);
    }
    const struct tokenizer_info *info = tokenizer_info(model->tokenizer);
    if (info->kind == TOKENIZER_SENTENCEPIECE) { /* its own numbers, not those of the pieces' spelling */
        model->control_ids[CONTROL_BOS] = info->bos_id;
        model->control_ids[CONTROL_EOS] = info->eos_id;
    }
    return SIDETOK_OK;
}

/* Rule: InstructTokenizerV*.__init__: get_special_token for each, first failure wins. */
static enum sidetok_error require_controls(struct call *call, const struct model *model, bool with_transcribe)
{
    size_t n;
    const enum control *controls = template_controls(model->env.template, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        if (controls[i] != CONTROL_TRANSCRIBE || with_transcribe)
            TRY(tokenizer_special_id(call, model->tokenizer, control_text(controls[i]), &id));
    }
    return SIDETOK_OK;
}

/* Rule: load_image_encoder: a missing token is an error. */
static enum sidetok_error assemble_image(struct call *call, struct model *model)
{
    static const enum control controls[] = {CONTROL_IMG, CONTROL_IMG_BREAK, CONTROL_IMG_END};
    const struct tokenizer_info *info = tokenizer_info(model->tokenizer);
    if (info->kind == TOKENIZER_SENTENCEPIECE &&
        info->image_suffix.size > 0) /* "m1" is the only one there is */
        model->env.image = &image_config_m1;
    for (size_t i = 0; model->env.image && i < sizeof controls / sizeof controls[0]; i++) {
        int64_t id;
        TRY(tokenizer_special_id(call, model->tokenizer, control_text(controls[i]), &id));
    }
    return SIDETOK_OK;
}

/* Rule: load_audio_encoder: missing tokens are optional. A section that is empty is no AudioConfig. */
static enum sidetok_error assemble_audio(struct call *call, struct model *model)
{
    const struct tokenizer *tokenizer = model->tokenizer;
    const struct json *section = tokenizer_info(tokenizer)->audio;
    if (section && section->kind != JSON_NULL && !model->env.audio)
        return failure_set(call, SIDETOK_E_ATTRIBUTE, "'%.*s' object has no attribute 'encoding_config'",
                           STR_ARG(pydantic_type_name(section)));
    struct audio_config *audio = &model->audio;
    audio->has_audio = tokenizer_has_special(tokenizer, control_text(CONTROL_AUDIO));
    audio->has_begin_audio = tokenizer_has_special(tokenizer, control_text(CONTROL_BEGIN_AUDIO));
    audio->has_streaming_pad = tokenizer_has_special(tokenizer, control_text(CONTROL_STREAMING_PAD));
    audio->has_text_to_audio = tokenizer_has_special(tokenizer, control_text(CONTROL_TEXT_TO_AUDIO));
    audio->has_audio_to_text = tokenizer_has_special(tokenizer, control_text(CONTROL_AUDIO_TO_TEXT));
    return SIDETOK_OK;
}

/* Rule: MistralTokenizer.from_file, after the tokenizer itself is there. */
static enum sidetok_error assemble(struct call *call, struct model *model)
{
    const struct tokenizer_info *info = tokenizer_info(model->tokenizer);
    bool is_tekken = info->kind == TOKENIZER_TEKKEN;
    TRY(assemble_image(call, model));
    TRY(assemble_audio(call, model));
    if (!is_tekken && info->version >= VERSION_V15)
        return failure_set(call, SIDETOK_E_VALUE,
                           "SentencePieceTokenizer does not support model settings for version v%d",
                           info->version);
    model->rules = rules_find((int)info->version);
    model->env.template = template_find((int)info->version);
    if (model->env.image && info->version < VERSION_V3)
        return failure_set_str(call, SIDETOK_E_ASSERTION, STR("Tokenizer version needs to be >= v3"));
    if (model->env.audio && info->version < VERSION_V7)
        return failure_set_str(call, SIDETOK_E_ASSERTION, STR("Tokenizer version needs to be >= v7"));
    TRY(require_controls(call, model, model->env.audio && model->audio.format != AUDIO_STREAMING));
    TRY(template_check_kind(call, model->env.template, is_tekken));
    TRY(look_up_controls(call, model));
    model->env.has_think = is_tekken && model->control_ids[CONTROL_BEGIN_THINK] >= 0 &&
                           model->control_ids[CONTROL_END_THINK] >= 0;
    return SIDETOK_OK;
}

static enum sidetok_error digest_pieces(struct call *call, struct model *model)
{
    struct buf pieces;
    buf_init(&pieces, call);
    for (int64_t id = 0; id < tokenizer_info(model->tokenizer)->n_words; id++) {
        TRY(tokenizer_piece(call, model->tokenizer, id, &pieces));
        buf_append_char(&pieces, '\0');
    }
    struct str text;
    TRY(buf_finish(&pieces, &text));
    sha256(text, model->pieces_sha256);
    return SIDETOK_OK;
}

static enum sidetok_error open_parts(struct call *call, struct str path, size_t cache_bytes,
                                     struct model *model)
{
    struct str file;
    TRY(model_choose(call, path, &file));
    TRY(tokenizer_open(call, file, check_sections, model, &model->tokenizer));
    TRY(assemble(call, model));
    TRY(digest_pieces(call, model));
    return encoder_open(call, model->tokenizer, cache_bytes, &model->encoder);
}

enum sidetok_error model_open(struct call *call, struct str path, size_t cache_bytes,
                              struct model **ret_model)
{
    struct model *model = calloc(1, sizeof *model);
    if (!model)
        return failure_no_memory(call);
    call_init(&model->home);
    enum sidetok_error error = open_parts(call, path, cache_bytes, model);
    if (error != SIDETOK_OK) {
        model_close(model);
        return error;
    }
    *ret_model = model;
    return SIDETOK_OK;
}

void model_close(struct model *model)
{
    if (!model)
        return;
    encoder_close(model->encoder);
    tokenizer_close(model->tokenizer);
    call_done(&model->home);
    free(model);
}

enum sidetok_error model_set_init(struct call *call, const struct str *items, size_t n_items,
                                  size_t cache_bytes, size_t max_bytes, struct model_set *ret_set)
{
    struct model_entry *entries = call_alloc_array(call, n_items, sizeof *entries);
    if (!entries)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n_items; i++) {
        const char *equals = memchr(items[i].data, '=', items[i].size);
        size_t n = equals ? (size_t)(equals - items[i].data) : 0;
        entries[i].name = (struct str){items[i].data, n};
        entries[i].path = str_from_offset(items[i], equals ? n + 1 : 0);
    }
    *ret_set = (struct model_set){
        .entries = entries, .n = n_items, .cache_bytes = cache_bytes, .max_bytes = max_bytes};
    return SIDETOK_OK;
}

void model_set_done(struct model_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        model_close(set->entries[i].model);
        set->entries[i].model = NULL;
    }
}

/* Whether name is "sha256:" and the digest of the entry's file. */
static bool is_named_by_digest(const struct model_entry *entry, struct str name)
{
    static const struct str prefix = {"sha256:", 7};
    if (!entry->model || name.size != 7 + 64 || !str_starts_with(name, prefix))
        return false;
    const uint8_t *digest = tokenizer_info(entry->model->tokenizer)->sha256;
    char text[65];
    for (size_t i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return str_equal(str_from_offset(name, 7), str_from(text));
}

struct model_entry *model_set_find(struct model_set *set, struct str name)
{
    if (!name.data)
        return set->n > 0 ? &set->entries[0] : NULL;
    for (size_t i = 0; i < set->n; i++)
        if (str_equal(set->entries[i].name, name))
            return &set->entries[i];
    for (size_t i = 0; i < set->n; i++)
        if (is_named_by_digest(&set->entries[i], name))
            return &set->entries[i];
    return NULL;
}

/* About what a model takes once its cache is full: a large vocabulary is 131,072 words and 65 MB. */
static size_t bytes_of(const struct model_set *set, const struct model *model)
{
    return set->cache_bytes + 512 * (size_t)tokenizer_info(model->tokenizer)->n_words;
}

/* Closes the least recently used models until the rest may stay open beside newest. */
static void make_room(struct model_set *set, const struct model_entry *newest)
{
    for (;;) {
        size_t total = 0;
        struct model_entry *oldest = NULL;
        for (size_t i = 0; i < set->n; i++) {
            struct model_entry *entry = &set->entries[i];
            if (!entry->model)
                continue;
            total += bytes_of(set, entry->model);
            if (entry != newest && (!oldest || entry->used_at < oldest->used_at))
                oldest = entry;
        }
        if (!oldest || total <= set->max_bytes)
            return;
        model_close(oldest->model);
        oldest->model = NULL;
    }
}

enum sidetok_error model_set_get(struct call *call, struct model_set *set, struct model_entry *entry,
                                 struct model **ret_model)
{
    if (!entry->model) {
        TRY(model_open(call, entry->path, set->cache_bytes, &entry->model));
        if (set->max_bytes > 0)
            make_room(set, entry);
    }
    if (set->max_bytes > 0) /* without a bound nothing is written: threads may share the set */
        entry->used_at = ++set->clock;
    *ret_model = entry->model;
    return SIDETOK_OK;
}
