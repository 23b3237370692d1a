#ifndef SIDETOK_TOKENIZER_TOKENIZER_H
#define SIDETOK_TOKENIZER_TOKENIZER_H

#include "call.h"
#include "json.h"
#include "str.h"
#include "stream.h"

#include <stdint.h>

/**
 * Room for capacity ids in all, those in place kept: returns where they are now, NULL when memory is out.
 */
typedef uint32_t *ids_grow(void *context, size_t capacity);

/** Token ids, in order, growing in a call's arena, or where their owner says. */
struct ids {
    uint32_t *data;
    size_t n, capacity;
    ids_grow *grow; /* NULL: in the arena */
    void *context;  /* grow's */
};

/** Appends room for more ids and returns where they go, NULL (failure recorded) when memory is out. */
uint32_t *ids_reserve(struct call *call, struct ids *ids, size_t more);

enum tokenizer_version { VERSION_V1 = 1, VERSION_V2 = 2, VERSION_V3 = 3, VERSION_V7 = 7, VERSION_V11 = 11, VERSION_V13 = 13, VERSION_V15 = 15 };
enum tokenizer_kind { TOKENIZER_SENTENCEPIECE, TOKENIZER_TEKKEN };
enum special_policy { POLICY_IGNORE, POLICY_KEEP, POLICY_RAISE };

/**
 * One loaded vocabulary. Immutable after tokenizer_open(): threads may share it.
 * Rule: mistral_common Tekkenizer and SentencePieceTokenizer.
 */
struct tokenizer;

/**
 * One thread's working memory over a shared tokenizer: scratch and the learned piece cache. Not thread safe.
 */
struct encoder;

/** What a file holds beside its vocabulary; raw JSON that the rooms above read. Lives as long as the tokenizer. */
struct tokenizer_info {
    enum tokenizer_kind kind;
    enum tokenizer_version version;
    uint32_t n_words;
    uint32_t n_special;             /* num_special_tokens */
    int64_t bos_id, eos_id, pad_id, unk_id; /* -1 where SentencePiece says so */
    bool has_bos, has_eos, has_pad, has_unk; /* Tekken: the special token is defined */
    const struct json *image;       /* the image section ("multimodal" or "image"), NULL when absent */
    const struct json *audio;       /* the audio section, NULL when absent */
    const struct json *model_settings_builder; /* NULL when absent or null */
    struct str image_suffix;        /* SentencePiece: "m1" of "tokenizer.model.v7m1"; empty when none */
    struct str path;                /* the file that was opened */
    uint8_t sha256[32];             /* of the file's bytes */
};

/**
 * Called by tokenizer_open() for Tekken files after the sections are read and before the vocabulary is checked: the
 * point at which the reference reads image, audio and model settings, so that errors keep its order.
 */
typedef enum sidetok_error tokenizer_sections_check(struct call *call, const struct tokenizer_info *info,
                                                    void *context);

/**
 * Loads a tokenizer file as MistralTokenizer.from_file chooses it: "tekken" in the name and .json, or
 * a .model[.vN[mK]] name; else TokenizerException "Unrecognized tokenizer file: ...".
 *
 * call     Errors of a bad file go to call->failure with the reference's type and message.
 * path     UTF-8, as the caller gave it (it appears in messages).
 * check    May be NULL.
 * ret      Owned by the caller: tokenizer_close().
 */
enum sidetok_error tokenizer_open(struct call *call, struct str path, tokenizer_sections_check *check,
                                  void *context, struct tokenizer **ret);

/** Frees a tokenizer; its encoders must be closed before. NULL-safe. */
void tokenizer_close(struct tokenizer *tokenizer);

/** Borrowed; lives as long as the tokenizer. */
const struct tokenizer_info *tokenizer_info(const struct tokenizer *tokenizer);

/** A working memory; cache_bytes bounds the learned cache (0: none). */
enum sidetok_error encoder_open(struct call *call, const struct tokenizer *tokenizer, size_t cache_bytes,
                                struct encoder **ret);
void encoder_close(struct encoder *encoder);

/**
 * Appends the ids of text, encoded by itself, no BOS or EOS. Linear (or n log n) in the size of text.
 * Errors: ValueError (Tekken: 999,999 or more white space without a line feed), RuntimeError (SentencePiece: lone surrogate).
 * Rule: Tekkenizer.encode, SentencePieceTokenizer.encode.
 */
enum sidetok_error encoder_encode(struct call *call, struct encoder *encoder, struct str text, struct ids *ids);

/** The error that encoder_encode() would give for text, without encoding it. */
enum sidetok_error encoder_check(struct call *call, struct encoder *encoder, struct str text);

/** The id of a special token by spelling: Tekken ValueError "Unknown control token ..."; SentencePiece piece_to_id. */
enum sidetok_error tokenizer_special_id(struct call *call, const struct tokenizer *tokenizer, struct str text,
                                        int64_t *ret_id);

/** Tekken: whether text is among the special tokens. SentencePiece: whether it is a control piece. */
bool tokenizer_has_special(const struct tokenizer *tokenizer, struct str text);

/** Rule: Tokenizer.is_special with an int (a str goes to tokenizer_has_special()); ids may be out of range. */
enum sidetok_error tokenizer_is_special_id(struct call *call, const struct tokenizer *tokenizer, int64_t id, bool *ret);

/** Appends the text of ids, as Tokenizer.decode under the policy. ids may be negative or out of range;
 * INT64_MAX stands for every number that a C long does not hold. */
enum sidetok_error tokenizer_decode(struct call *call, const struct tokenizer *tokenizer, const int64_t *ids,
                                    size_t n_ids, enum special_policy policy, struct buf *out);

/** Rule: Tokenizer.id_to_piece. */
enum sidetok_error tokenizer_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id, struct buf *out);

/** The error with which the transformers wrapper fails to open this tokenizer: it takes the piece of each special
 * token's id, in ascending order, and a file's ranks may lie beyond the vocabulary.
 * Rule: MistralCommonBackend.__init__, convert_ids_to_tokens(all_special_ids). */
enum sidetok_error tokenizer_check_specials(struct call *call, const struct tokenizer *tokenizer);

/** Tekken only (the reference's AttributeError otherwise). Rule: Tekkenizer.id_to_byte_piece. */
enum sidetok_error tokenizer_byte_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                        enum special_policy policy, struct buf *out);

#endif
