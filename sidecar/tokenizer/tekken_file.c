#include "tekken_file.h"

#include "pretokenizer.h"
#include "tekken_scan.h"
#include "tekken_value.h"
#include "utf8.h"

#include <stdlib.h>

/* Rule: `_version_str not in TokenizerVersion.__members__`, and the words that follow it. */
static enum sidetok_error read_version(struct tekken_file *file)
{
    struct call *call = file->call;
    enum tokenizer_version found = 0;
    TRY(value_item(call, file->document, STR("config"), &file->config));
    if (file->config->kind != JSON_OBJECT)
        return failure_set(call, SIDETOK_E_ATTRIBUTE, "'%s' object has no attribute 'get'",
                           value_type(file->config));
    const struct json *version = json_get(file->config, STR("version"));
    if (version)
        TRY(value_check_hashable(call, version));
    if (version && version->kind == JSON_STRING)
        found = tokenizer_version_find(version->text);
    file->tekken->head.info.version = found;
    if (found)
        return SIDETOK_OK;
    struct str text, after;
    struct buf rest;
    buf_init(&rest, call);
    buf_printf(
        &rest,
        " in %.*s. Make sure to use a valid version string: ['v1', 'v2', 'v3', 'v7', 'v11', 'v13', 'v15']",
        STR_ARG(file->name));
    TRY(value_str(call, version, &text));
    TRY(buf_finish(&rest, &after));
    return failure_set_text(call, SIDETOK_E_VALUE, STR("Unknown version: "), text, after);
}

static const struct json *not_null(const struct json *value)
{
    return value && value->kind != JSON_NULL ? value : NULL;
}

/* Rule: `special_tokens_dicts`: from v11 on the file must have them. */
static enum sidetok_error find_specials(struct tekken_file *file)
{
    file->specials = not_null(json_get(file->document, STR("special_tokens")));
    if (!file->specials && file->tekken->head.info.version > VERSION_V7)
        return failure_set(
            file->call, SIDETOK_E_VALUE,
            "Special tokens not found in %.*s. Please update your tokenizer file and include all "
            "special tokens you need.",
            STR_ARG(file->name));
    if (!file->specials || file->specials->kind == JSON_ARRAY || file->specials->kind == JSON_OBJECT ||
        file->specials->kind == JSON_STRING)
        return SIDETOK_OK;
    return failure_set(file->call, SIDETOK_E_TYPE, "'%s' object is not iterable", value_type(file->specials));
}

static enum sidetok_error refuse_builder(struct tekken_file *file, const struct json *builder)
{
    struct str text;
    int version = (int)file->tekken->head.info.version;
    TRY(value_repr(file->call, builder, &text));
    return failure_set(
        file->call, SIDETOK_E_VALUE,
        "model_settings_builder is not supported for version=<TokenizerVersion.v%d: 'v%d'> but got "
        "model_settings_builder=%.*s",
        version, version, STR_ARG(text));
}

/* A section that the rooms above read as long as the tokenizer lives. */
static enum sidetok_error keep(struct tekken_file *file, const struct json *section, const struct json **ret)
{
    struct call *home = &file->tekken->head.home;
    *ret = NULL;
    if (!not_null(section))
        return SIDETOK_OK;
    struct json *copy = call_alloc(home, sizeof *copy);
    if (!copy || !value_copy(home, section, copy))
        return failure_no_memory(file->call);
    *ret = copy;
    return SIDETOK_OK;
}

/*
 * Image, audio and model settings are read by the rooms above, through check; here only what the reference
 * does around that, in its order.
 */
static enum sidetok_error read_sections(struct tekken_file *file, tokenizer_sections_check *check,
                                        void *context)
{
    struct tokenizer_info *info = &file->tekken->head.info;
    const struct json *multimodal = json_get(file->document, STR("multimodal"));
    const struct json *builder = not_null(json_get(file->document, STR("model_settings_builder")));
    const struct json *image = json_get(file->document, STR("image"));
    if (value_is_true(multimodal)) {
        if (info->version > VERSION_V11)
            return failure_set(
                file->call, SIDETOK_E_VALUE,
                "The image config has to be called 'image' in %.*s for tokenizers of version v%d.",
                STR_ARG(file->name), info->version);
        image = multimodal;
    }
    bool supported = info->version >= VERSION_V15;
    TRY(keep(file, image, &info->image));
    TRY(keep(file, json_get(file->document, STR("audio")), &info->audio));
    TRY(keep(file, supported ? builder : NULL, &info->model_settings_builder));
    if (check)
        TRY(check(file->call, info, context));
    return builder && !supported ? refuse_builder(file, builder) : SIDETOK_OK;
}

/* The arguments of Tekkenizer(...), in the order in which the reference takes them from the document. */
static enum sidetok_error read_arguments(struct tekken_file *file)
{
    struct call *call = file->call;
    TRY(value_item(call, file->document, STR("vocab"), &file->vocab));
    TRY(value_item(call, file->config, STR("pattern"), &file->pattern));
    TRY(value_item(call, file->config, STR("default_vocab_size"), &file->vocab_size));
    TRY(value_item(call, file->config, STR("default_num_special_tokens"), &file->num_special_tokens));
    if (!file->token_bytes)
        file->n_vocab = value_len(file->vocab);
    return SIDETOK_OK;
}

/* tiktoken compiles any pattern; ours are compiled in by hand, so another one is refused by name. */
static enum sidetok_error read_pattern(struct tekken_file *file)
{
    struct str repr;
    if (file->pattern->kind == JSON_NULL)
        return failure_set(file->call, SIDETOK_E_TYPE, "'None' is not an instance of 'str'");
    if (file->pattern->kind != JSON_STRING)
        return failure_set(file->call, SIDETOK_E_TYPE, "'%s' object is not an instance of 'str'",
                           value_type(file->pattern));
    if (str_equal(file->pattern->text, str_from(pretokenizer_pattern))) {
        file->tekken->pattern = PATTERN_TEKKEN;
        return SIDETOK_OK;
    }
    if (str_equal(file->pattern->text, STR(".+"))) {
        file->tekken->pattern = PATTERN_LINES;
        return SIDETOK_OK;
    }
    TRY(value_repr(file->call, file->pattern, &repr));
    return failure_set(file->call, SIDETOK_E_NOT_SUPPORTED,
                       "the pattern %.*s is not supported: only Mistral's own and '.+' are", STR_ARG(repr));
}

static void find_control_ids(struct tokenizer *head)
{
    struct {
        struct str text;
        int64_t *id;
        bool *has;
    } wanted[] = {
        {STR("<s>"), &head->info.bos_id, &head->info.has_bos},
        {STR("</s>"), &head->info.eos_id, &head->info.has_eos},
        {STR("<pad>"), &head->info.pad_id, &head->info.has_pad},
        {STR("<unk>"), &head->info.unk_id, &head->info.has_unk},
    };
    const struct tekken *tekken = tekken_of(head);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        uint32_t place;
        *wanted[i].has = map_find(&tekken->special_of_text, wanted[i].text, &place);
        *wanted[i].id = *wanted[i].has ? tekken->specials[place].rank : -1;
    }
}

/*
 * The vocabulary is taken out first where the file is written as usual; else, or where the rest is no JSON,
 * the whole file becomes one tree, so that errors count their positions in it.
 */
static enum sidetok_error read_document(struct tekken_file *file, struct str bytes, struct json *document)
{
    struct tekken_scan scan;
    bool sure;
    TRY(utf8_check(file->call, bytes));
    TRY(tekken_scan(file->call, bytes, &sure, &scan));
    if (sure && json_read(file->call, scan.rest, document) == SIDETOK_OK) {
        file->token_bytes = scan.token_bytes;
        file->n_vocab = scan.n;
        return SIDETOK_OK;
    }
    failure_clear(file->call);
    return json_read(file->call, bytes, document);
}

static enum sidetok_error read_file(struct tekken_file *file, struct str bytes,
                                    tokenizer_sections_check *check, void *context)
{
    struct json document;
    TRY(read_document(file, bytes, &document));
    file->document = &document;
    TRY(read_version(file));
    TRY(find_specials(file));
    TRY(read_sections(file, check, context));
    TRY(read_arguments(file));
    TRY(tekken_read_specials(file));
    TRY(tekken_read_vocab(file));
    TRY(read_pattern(file));
    return tekken_read_special_ranks(file);
}

/* The entries of a ValidationError name members of sections that lie in the tokenizer's home. */
static void keep_details(struct call *call)
{
    struct json *copy = call_alloc(call, sizeof *copy);
    bool kept = copy && call->failure.details && value_copy(call, call->failure.details, copy);
    call->failure.details = kept ? copy : NULL;
}

enum sidetok_error tekken_open(struct call *call, struct str name, struct str file,
                               tokenizer_sections_check *check, void *context, struct tokenizer **ret)
{
    struct tekken *tekken = calloc(1, sizeof *tekken);
    if (!tekken)
        return failure_no_memory(call);
    tekken->head.ops = &tekken_ops;
    tekken->head.info.kind = TOKENIZER_TEKKEN;
    call_init(&tekken->head.home);
    struct tekken_file reading = {.call = call, .tekken = tekken, .name = name};
    enum sidetok_error error = read_file(&reading, file, check, context);
    if (error != SIDETOK_OK) {
        keep_details(call);
        tokenizer_close(&tekken->head);
        return error;
    }
    find_control_ids(&tekken->head);
    *ret = &tekken->head;
    return SIDETOK_OK;
}
