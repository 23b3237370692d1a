#ifndef SIDETOK_SERVICE_MODEL_H
#define SIDETOK_SERVICE_MODEL_H

#include "audio.h"
#include "image.h"
#include "rules.h"
#include "settings.h"
#include "template.h"
#include "tokenizer.h"

/**
 * All that one tokenizer file gives: vocabulary, rules, template. Immutable once open but for the encoder's
 * learned pieces: one thread encodes, any thread may read the rest.
 */
struct model {
    struct tokenizer *tokenizer;
    struct encoder *encoder; /* the worker's */
    const struct rules *rules;
    struct template_env env;
    struct settings_builder settings;   /* env.settings points here where the file has a builder */
    struct image_config image;          /* env.image, where the file has such a section */
    struct audio_config audio;          /* env.audio */
    int64_t control_ids[CONTROL_COUNT]; /* -1: the tokenizer does not know the token */
    uint8_t pieces_sha256[32];          /* over every piece in id order, each followed by a zero byte */
    struct call home;                   /* memory that lives as long as the model */
};

/**
 * Loads a tokenizer file, in the reference's order, so that a file with several faults gives the same first
 * error.
 *
 * call         Failures go here, with the reference's type and message.
 * path         A file, or a model's folder, in which the file is chosen by model_choose().
 * cache_bytes  Bound of the learned pieces; 0: none.
 * ret_model    Owned by the caller: model_close().
 *
 * Rule: MistralTokenizer.from_file.
 */
enum sidetok_error model_open(struct call *call, struct str path, size_t cache_bytes,
                              struct model **ret_model);

/** Frees a model. NULL-safe. */
void model_close(struct model *model);

/**
 * The tokenizer file of a model's folder: "tekken.json", else the last by name of the SentencePiece files
 * with a known ending. A path that is no folder is returned as it is.
 *
 * ret_path  In call's memory, or path itself.
 *
 * Errors: ValueError "No tokenizer file found."; OSError where the folder cannot be read.
 * Rule: transformers MistralCommonBackend.from_pretrained, mistral_common get_one_valid_tokenizer_file.
 */
enum sidetok_error model_choose(struct call *call, struct str path, struct str *ret_path);

/** Tokenizers by name, the first of which is the default. Threads may share it once all are loaded and
 * max_bytes is 0. */
struct model_set {
    struct model_entry *entries;
    size_t n;
    size_t cache_bytes; /* per tokenizer */
    size_t max_bytes;   /* what the open ones may take together: the least recently used are closed, but never
                           the one asked for; 0: no bound */
    uint64_t clock;
};

struct model_entry {
    struct str name, path;
    struct model *model; /* NULL: not loaded yet */
    uint64_t used_at;
};

/** A set of names and paths, none loaded. items are "NAME=PATH", borrowed as long as the set. Memory: call's.
 */
enum sidetok_error model_set_init(struct call *call, const struct str *items, size_t n_items,
                                  size_t cache_bytes, size_t max_bytes, struct model_set *ret_set);

/** Closes all models. */
void model_set_done(struct model_set *set);

/**
 * The entry of a name, the first when name.data is NULL; NULL when there is none. "sha256:" and 64 lower-case
 * hexadecimal digits stand for the first loaded one whose file has that digest: a client so gets the file it
 * means or an error.
 */
struct model_entry *model_set_find(struct model_set *set, struct str name);

/**
 * The entry's model, loaded now if it is not yet. Errors are those of model_open(), each time anew.
 * ret_model  Borrowed until the next call: with max_bytes another load may close it.
 */
enum sidetok_error model_set_get(struct call *call, struct model_set *set, struct model_entry *entry,
                                 struct model **ret_model);

#endif
