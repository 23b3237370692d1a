#ifndef SIDETOK_TOKENIZER_ENGINE_H
#define SIDETOK_TOKENIZER_ENGINE_H

#include "buf.h"
#include "tokenizer.h"

/**
 * What each kind of tokenizer (tekken.c, sentencepiece.c) gives to tokenizer.c. Internal to this room.
 * Each function has the contract of its namesake in tokenizer.h; none is NULL.
 */
struct tokenizer_ops {
    void (*close)(struct tokenizer *tokenizer); /* frees what the kind allocated outside tokenizer->home */
    enum sidetok_error (*encoder_open)(struct call *call, const struct tokenizer *tokenizer,
                                       size_t cache_bytes, struct encoder **ret);
    void (*encoder_close)(struct encoder *encoder); /* not NULL */
    enum sidetok_error (*encode)(struct call *call, struct encoder *encoder, struct str text,
                                 struct ids *ids);
    enum sidetok_error (*check)(struct call *call, struct encoder *encoder, struct str text);
    enum sidetok_error (*special_id)(struct call *call, const struct tokenizer *tokenizer, struct str text,
                                     int64_t *ret_id);
    bool (*has_special)(const struct tokenizer *tokenizer, struct str text);
    enum sidetok_error (*is_special_id)(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                        bool *ret);
    enum sidetok_error (*decode)(struct call *call, const struct tokenizer *tokenizer, const int64_t *ids,
                                 size_t n_ids, enum special_policy policy, struct buf *out);
    enum sidetok_error (*piece)(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                struct buf *out);
    enum sidetok_error (*check_specials)(struct call *call, const struct tokenizer *tokenizer); /* or NULL */
    enum sidetok_error (*byte_piece)(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                     enum special_policy policy, struct buf *out);
};

/** The head of every kind's tokenizer: its first member. */
struct tokenizer {
    const struct tokenizer_ops *ops;
    struct tokenizer_info info;
    struct call home; /* memory that lives as long as the tokenizer: JSON sections, the path, tables */
};

/** The head of every kind's encoder: its first member. */
struct encoder {
    const struct tokenizer *tokenizer;
};

extern const struct tokenizer_ops sentencepiece_ops;
extern const struct tokenizer_ops tekken_ops;

/**
 * Builds a tokenizer of one kind.
 *
 * call     Failures go here; path, name and file are borrowed from its memory: copy what is to be kept into home.
 * path     As the caller gave it, for messages that print it so.
 * name     Python's str(Path(path)).
 * file     The file's bytes.
 * ret      malloc'ed, a struct whose first member is struct tokenizer. The kind sets ops, home and info but for
 *          info.path and info.sha256, which tokenizer.c sets. On failure nothing is left behind.
 */
enum sidetok_error sentencepiece_open(struct call *call, struct str path, struct str name, struct str file,
                                      struct tokenizer **ret);
enum sidetok_error tekken_open(struct call *call, struct str name, struct str file,
                               tokenizer_sections_check *check, void *context, struct tokenizer **ret);

/** The version of a name such as "v7", 0 when there is none. Rule: TokenizerVersion.__members__. */
enum tokenizer_version tokenizer_version_find(struct str name);

/** Whether the file's name is one of a Tekken or SentencePiece file. Rule: is_tekken, is_sentencepiece. */
bool tokenizer_name_is_tekken(struct str file_name);
bool tokenizer_name_is_sentencepiece(struct str file_name);

#endif
