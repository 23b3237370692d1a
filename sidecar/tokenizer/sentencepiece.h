#ifndef SIDETOK_TOKENIZER_SENTENCEPIECE_H
#define SIDETOK_TOKENIZER_SENTENCEPIECE_H

#include "engine.h"
#include "matcher.h"
#include "merge.h"
#include "sentencepiece_quick.h"
#include "symbols.h"

/* Shared by the files sentencepiece*.c: the tokenizer and the encoder behind engine.h. */

struct sentencepiece {
    struct tokenizer head;
    struct sentencepiece_model model;
    struct symbols symbols;
    struct quick_model quick;
    struct matcher raw_words;   /* user-defined pieces as the file spells them: for normalizing */
    struct matcher inner_words; /* the same in inner spelling: for cutting */
};

static inline const struct sentencepiece *sentencepiece_of(const struct tokenizer *tokenizer)
{
    return (const struct sentencepiece *)tokenizer;
}

/**
 * Normalizes as the file says: white space removed or kept, the dummy prefix or suffix added, in inner
 * spelling. ret_text is in call's memory, 16 zero bytes behind it. Errors: SIDETOK_E_NO_MEMORY. Rule:
 * normalizer::Normalizer::Normalize.
 */
enum sidetok_error sentencepiece_normalize(struct call *call, const struct sentencepiece *tokenizer,
                                           struct str text, struct str *ret_text);

/** sentencepiece_encode.c: contracts of their namesakes in engine.h. */
enum sidetok_error sentencepiece_encoder_open(struct call *call, const struct tokenizer *tokenizer,
                                              size_t cache_bytes, struct encoder **ret);
void sentencepiece_encoder_close(struct encoder *encoder);
enum sidetok_error sentencepiece_encode(struct call *call, struct encoder *encoder, struct str text,
                                        struct ids *ids);
enum sidetok_error sentencepiece_check(struct call *call, struct encoder *encoder, struct str text);

/** sentencepiece_decode.c: contracts of their namesakes in engine.h. */
enum sidetok_error sentencepiece_is_special_id(struct call *call, const struct tokenizer *tokenizer,
                                               int64_t id, bool *ret);
enum sidetok_error sentencepiece_decode(struct call *call, const struct tokenizer *tokenizer,
                                        const int64_t *ids, size_t n_ids, enum special_policy policy,
                                        struct buf *out);
enum sidetok_error sentencepiece_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                       struct buf *out);

#endif
