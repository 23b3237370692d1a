#include "sentencepiece.h"

#include "utf8.h"

#include <stdlib.h>

static void close_tokenizer(struct tokenizer *tokenizer)
{
    (void)tokenizer; /* all is in home */
}

/* Pybind takes a text with lone surrogates for a sequence of texts. */
static enum sidetok_error special_id(struct call *call, const struct tokenizer *tokenizer, struct str text,
                                     int64_t *ret_id)
{
    if (utf8_has_surrogate(text))
        return failure_set_str(call, SIDETOK_E_TYPE, STR("Sequence elements must be str or bytes"));
    *ret_id = sentencepiece_model_find(&sentencepiece_of(tokenizer)->model, text);
    return SIDETOK_OK;
}

/* Rule: is_special with a str asks for the id, so an unknown spelling is as special as the unknown piece. */
static bool has_special(const struct tokenizer *tokenizer, struct str text)
{
    const struct sentencepiece_model *model = &sentencepiece_of(tokenizer)->model;
    int32_t id = sentencepiece_model_find(model, text);
    return id >= 0 && model->pieces[id].type == PIECE_CONTROL;
}

static enum sidetok_error byte_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                     enum special_policy policy, struct buf *out)
{
    (void)tokenizer, (void)id, (void)policy, (void)out;
    return failure_set(call, SIDETOK_E_ATTRIBUTE,
                       "'SentencePieceTokenizer' object has no attribute 'id_to_byte_piece'");
}

const struct tokenizer_ops sentencepiece_ops = {
    .close = close_tokenizer,
    .encoder_open = sentencepiece_encoder_open,
    .encoder_close = sentencepiece_encoder_close,
    .encode = sentencepiece_encode,
    .check = sentencepiece_check,
    .special_id = special_id,
    .has_special = has_special,
    .is_special_id = sentencepiece_is_special_id,
    .decode = sentencepiece_decode,
    .piece = sentencepiece_piece,
    .byte_piece = byte_piece,
};

/* What follows the last dot of the name: "v7m1", "model". */
static struct str last_part(struct str name)
{
    const char *dot = memrchr(name.data, '.', name.size);
    return dot ? str_from_offset(name, (size_t)(dot + 1 - name.data)) : name;
}

/* Rule: get_spm_version, get_image_config. A name without a version is v1. */
static enum sidetok_error read_name(struct call *call, struct str path, struct tokenizer_info *info)
{
    struct str version = last_part(path);
    info->version = VERSION_V1;
    info->image_suffix = STR("");
    if (str_equal(version, STR("model")))
        return SIDETOK_OK;
    const char *m = memchr(version.data, 'm', version.size);
    struct str number = {version.data, m ? (size_t)(m - version.data) : version.size};
    info->version = tokenizer_version_find(number);
    if (!info->version)
        return failure_set(call, SIDETOK_E_TOKENIZER, "Unrecognized tokenizer filename: %.*s", STR_ARG(path));
    if (!m)
        return SIDETOK_OK;
    m = memrchr(version.data, 'm', version.size);
    if (!str_equal(str_from_offset(version, (size_t)(m - version.data)), STR("m1")))
        return failure_set(call, SIDETOK_E_TOKENIZER, "Unrecognized tokenizer filename: %.*s", STR_ARG(path));
    info->image_suffix = STR("m1");
    return SIDETOK_OK;
}

static void fill_info(struct sentencepiece *tokenizer)
{
    const struct sentencepiece_model *model = &tokenizer->model;
    struct tokenizer_info *info = &tokenizer->head.info;
    info->kind = TOKENIZER_SENTENCEPIECE;
    info->n_words = model->n_pieces;
    for (uint32_t id = 0; id < model->n_pieces; id++)
        info->n_special += model->pieces[id].type == PIECE_CONTROL;
    info->bos_id = model->bos_id;
    info->eos_id = model->eos_id;
    info->pad_id = model->pad_id;
    info->unk_id = model->unk_id;
    info->has_bos = info->has_eos = info->has_pad = info->has_unk = true;
}

static enum sidetok_error add_words(struct call *call, struct sentencepiece *tokenizer)
{
    const struct sentencepiece_model *model = &tokenizer->model;
    matcher_init(&tokenizer->raw_words);
    matcher_init(&tokenizer->inner_words);
    for (uint32_t id = 0; id < model->n_pieces; id++) {
        if (model->pieces[id].type != PIECE_USER_DEFINED)
            continue;
        TRY(matcher_add(call, &tokenizer->raw_words, model->pieces[id].text, id));
        if (tokenizer->symbols.texts[id].data)
            TRY(matcher_add(call, &tokenizer->inner_words, tokenizer->symbols.texts[id], id));
    }
    matcher_finish(&tokenizer->raw_words);
    matcher_finish(&tokenizer->inner_words);
    return SIDETOK_OK;
}

/* All in home, which outlives the call; a failure is handed over to call by the caller. */
static enum sidetok_error load(struct sentencepiece *tokenizer, struct str path, struct str file)
{
    struct call *home = &tokenizer->head.home;
    char *copy = call_alloc(home, file.size);
    if (!copy)
        return SIDETOK_E_NO_MEMORY;
    memcpy(copy, file.data, file.size);
    TRY(sentencepiece_model_read(home, path, (struct str){copy, file.size}, &tokenizer->model));
    TRY(symbols_build(home, &tokenizer->model, &tokenizer->symbols));
    TRY(quick_model_build(home, &tokenizer->model, &tokenizer->symbols, &tokenizer->quick));
    TRY(add_words(home, tokenizer));
    return read_name(home, path, &tokenizer->head.info);
}

static enum sidetok_error hand_over(struct call *call, const struct failure *failure)
{
    char *copy = call_alloc(call, failure->message.size);
    if (!copy)
        return SIDETOK_E_NO_MEMORY;
    memcpy(copy, failure->message.data, failure->message.size);
    return failure_set_str(call, failure->code, (struct str){copy, failure->message.size});
}

enum sidetok_error sentencepiece_open(struct call *call, struct str path, struct str name, struct str file,
                                      struct tokenizer **ret)
{
    (void)name;
    struct sentencepiece *tokenizer = calloc(1, sizeof *tokenizer);
    if (!tokenizer)
        return failure_no_memory(call);
    tokenizer->head.ops = &sentencepiece_ops;
    call_init(&tokenizer->head.home);
    if (load(tokenizer, path, file) != SIDETOK_OK) {
        enum sidetok_error error = hand_over(call, &tokenizer->head.home.failure);
        call_done(&tokenizer->head.home);
        free(tokenizer);
        return error;
    }
    fill_info(tokenizer);
    *ret = &tokenizer->head;
    return SIDETOK_OK;
}
