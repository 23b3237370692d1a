#include "engine.h"

#include "file.h"
#include "sha256.h"

#include <stdlib.h>

/* More room, at least twice as much. */
static bool grow_ids(struct call *call, struct ids *ids, size_t more)
{
    size_t capacity = ids->capacity ? ids->capacity * 2 : 256;
    uint32_t *data;
    if (more > SIZE_MAX / 16 - ids->n)
        return false;
    if (capacity < ids->n + more)
        capacity = ids->n + more;
    if (ids->grow)
        data = ids->grow(ids->context, capacity);
    else
        data = arena_grow(&call->arena, ids->data, ids->capacity * sizeof *data, capacity * sizeof *data);
    if (!data)
        return false;
    ids->data = data;
    ids->capacity = capacity;
    return true;
}

uint32_t *ids_reserve(struct call *call, struct ids *ids, size_t more)
{
    if (more <= ids->capacity - ids->n || grow_ids(call, ids, more))
        return ids->data + ids->n;
    failure_no_memory(call);
    return NULL;
}

static const struct version_name {
    struct str name;
    enum tokenizer_version version;
} version_names[] = {
    {{"v1", 2}, VERSION_V1},   {{"v2", 2}, VERSION_V2},   {{"v3", 2}, VERSION_V3},   {{"v7", 2}, VERSION_V7},
    {{"v11", 3}, VERSION_V11}, {{"v13", 3}, VERSION_V13}, {{"v15", 3}, VERSION_V15},
};
enum { N_VERSIONS = sizeof version_names / sizeof version_names[0] };

enum tokenizer_version tokenizer_version_find(struct str name)
{
    for (size_t i = 0; i < N_VERSIONS; i++)
        if (str_equal(version_names[i].name, name))
            return version_names[i].version;
    return (enum tokenizer_version)0;
}

/* Rule: `"tekken" in path.name and path.suffix == ".json"`; a name that is only ".json" has no suffix. */
bool tokenizer_name_is_tekken(struct str file_name)
{
    return file_name.size > 5 && str_ends_with(file_name, STR(".json")) &&
           memmem(file_name.data, file_name.size, "tekken", 6) != NULL;
}

/* Rule: the name ends in ".model", ".model.v7" or ".model.v7m1", for each known version. */
bool tokenizer_name_is_sentencepiece(struct str file_name)
{
    if (str_ends_with(file_name, STR(".model")))
        return true;
    struct str rest = file_name;
    if (str_ends_with(rest, STR("m1")))
        rest.size -= 2;
    for (size_t i = 0; i < N_VERSIONS; i++) {
        struct str stem = rest;
        if (!str_ends_with(stem, version_names[i].name))
            continue;
        stem.size -= version_names[i].name.size;
        if (str_ends_with(stem, STR(".model.")))
            return true;
    }
    return false;
}

/* SentencePiece opens its file itself, with words of its own. Rule: filesystem.cc, absl's names of codes. */
static enum sidetok_error read_model_file(struct call *call, struct str name, struct str *ret_file)
{
    enum sidetok_error error = file_read(call, name, ret_file);
    if (error != SIDETOK_E_PERMISSION)
        return error;
    failure_clear(call);
    return failure_set(call, SIDETOK_E_RUNTIME, "PERMISSION_DENIED: \"%.*s\": Permission denied",
                       STR_ARG(name));
}

static enum sidetok_error open_kind(struct call *call, struct str path, struct str name,
                                    tokenizer_sections_check *check, void *context, struct tokenizer **ret)
{
    struct str file_name = file_path_name(name), file;
    bool is_file;
    TRY(file_is_regular(call, name, &is_file));
    if (is_file && tokenizer_name_is_tekken(file_name)) {
        TRY(file_read(call, name, &file));
        TRY(tekken_open(call, name, file, check, context, ret));
    } else if (is_file && tokenizer_name_is_sentencepiece(file_name)) {
        TRY(read_model_file(call, name, &file));
        TRY(sentencepiece_open(call, path, name, file, ret));
    } else {
        return failure_set(call, SIDETOK_E_TOKENIZER, "Unrecognized tokenizer file: %.*s", STR_ARG(path));
    }
    sha256(file, (*ret)->info.sha256);
    return SIDETOK_OK;
}

static enum sidetok_error keep_path(struct call *call, struct tokenizer *tokenizer, struct str path)
{
    char *copy = arena_alloc(&tokenizer->home.arena, path.size);
    if (!copy)
        return failure_no_memory(call);
    memcpy(copy, path.data, path.size);
    tokenizer->info.path = (struct str){copy, path.size};
    return SIDETOK_OK;
}

enum sidetok_error tokenizer_open(struct call *call, struct str path, tokenizer_sections_check *check,
                                  void *context, struct tokenizer **ret)
{
    struct str name = file_path_normalize(call, path);
    if (!name.data)
        return SIDETOK_E_NO_MEMORY;
    struct tokenizer *tokenizer;
    TRY(open_kind(call, path, name, check, context, &tokenizer));
    enum sidetok_error error = keep_path(call, tokenizer, path);
    if (error != SIDETOK_OK) {
        tokenizer_close(tokenizer);
        return error;
    }
    *ret = tokenizer;
    return SIDETOK_OK;
}

void tokenizer_close(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    tokenizer->ops->close(tokenizer);
    call_done(&tokenizer->home);
    free(tokenizer);
}

const struct tokenizer_info *tokenizer_info(const struct tokenizer *tokenizer)
{
    return &tokenizer->info;
}

enum sidetok_error encoder_open(struct call *call, const struct tokenizer *tokenizer, size_t cache_bytes,
                                struct encoder **ret)
{
    return tokenizer->ops->encoder_open(call, tokenizer, cache_bytes, ret);
}

void encoder_close(struct encoder *encoder)
{
    if (encoder)
        encoder->tokenizer->ops->encoder_close(encoder);
}

enum sidetok_error encoder_encode(struct call *call, struct encoder *encoder, struct str text,
                                  struct ids *ids)
{
    return encoder->tokenizer->ops->encode(call, encoder, text, ids);
}

enum sidetok_error encoder_check(struct call *call, struct encoder *encoder, struct str text)
{
    return encoder->tokenizer->ops->check(call, encoder, text);
}

enum sidetok_error tokenizer_special_id(struct call *call, const struct tokenizer *tokenizer, struct str text,
                                        int64_t *ret_id)
{
    return tokenizer->ops->special_id(call, tokenizer, text, ret_id);
}

bool tokenizer_has_special(const struct tokenizer *tokenizer, struct str text)
{
    return tokenizer->ops->has_special(tokenizer, text);
}

enum sidetok_error tokenizer_is_special_id(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                           bool *ret)
{
    return tokenizer->ops->is_special_id(call, tokenizer, id, ret);
}

enum sidetok_error tokenizer_decode(struct call *call, const struct tokenizer *tokenizer, const int64_t *ids,
                                    size_t n_ids, enum special_policy policy, struct buf *out)
{
    return tokenizer->ops->decode(call, tokenizer, ids, n_ids, policy, out);
}

enum sidetok_error tokenizer_check_specials(struct call *call, const struct tokenizer *tokenizer)
{
    return tokenizer->ops->check_specials ? tokenizer->ops->check_specials(call, tokenizer) : SIDETOK_OK;
}

enum sidetok_error tokenizer_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                   struct buf *out)
{
    return tokenizer->ops->piece(call, tokenizer, id, out);
}

enum sidetok_error tokenizer_byte_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                        enum special_policy policy, struct buf *out)
{
    return tokenizer->ops->byte_piece(call, tokenizer, id, policy, out);
}
