#ifndef SIDETOK_TOKENIZER_SENTENCEPIECE_QUICK_H
#define SIDETOK_TOKENIZER_SENTENCEPIECE_QUICK_H

#include "cutter.h"
#include "engine.h"
#include "matcher.h"
#include "piece_cache.h"
#include "quick.h"

/*
 * The quick way from text to ids, for models with byte fallback and without pieces of type UNUSED, which all
 * of Mistral's are: cuts into rows, and for each row what is remembered or else merged and remembered.
 */

enum { MAX_KNOWN_SPACES = 128, SINGLE_ENTRIES = 128 + PIECE_WAYS };

/** What the tokenizer holds for it. Immutable once built. */
struct quick_model {
    const struct sentencepiece_model *model;
    struct quick quick;
    struct cutter cutter;
    struct piece_entry *single; /* the answer for each ASCII character alone */
    uint32_t ascii_ids[256];    /* a character's one id; all ones where it is not that simple */
    uint32_t *spaces;           /* ids of runs of spaces, one run behind the other */
    uint32_t space_ends[MAX_KNOWN_SPACES + 1]; /* where the run of n ends in spaces */
    bool characters_have_ids;                  /* no piece is of type UNUSED */
    bool usable;
};

/** What an encoder holds for it. Not thread safe. */
struct quick_encoder {
    const struct quick_model *model;
    struct piece_cache cache;
    struct quick_row row;
    struct merger merger;
    struct quick_short merged[QUICK_LANES]; /* the rows merged last, side by side */
    uint32_t merged_at[QUICK_LANES];        /* where they start */
    size_t n_merged;
};

enum sidetok_error quick_model_build(struct call *call, const struct sentencepiece_model *model,
                                     const struct symbols *symbols, struct quick_model *ret);

/** The ids of a symbol: one, or the bytes of a character without a piece, which is at `at` in text. Returns
 * how many. */
size_t quick_symbol_ids(const struct quick_model *model, uint32_t symbol, struct str text, size_t at,
                        uint32_t ids[4]);

/** The ids of a row of at most PIECE_KEY_BYTES, by merging. Returns how many. */
size_t quick_row_ids(const struct quick_model *model, struct str text, uint32_t ids[PIECE_KEY_BYTES * 4]);

enum sidetok_error quick_encoder_open(struct call *call, const struct quick_model *model, size_t cache_bytes,
                                      struct quick_encoder *ret);
void quick_encoder_close(struct quick_encoder *encoder);

/** Gives back the working memory that a huge row took. Between texts. */
void quick_encoder_trim(struct quick_encoder *encoder);

/**
 * Appends the ids of text[start, end), inner spelling, without user-defined pieces; nothing merges across its
 * ends. text must have 16 readable bytes behind it.
 */
enum sidetok_error quick_encode(struct call *call, struct quick_encoder *encoder, struct str text,
                                size_t start, size_t end, struct ids *ids);

#endif
