#ifndef SIDETOK_TOKENIZER_TEKKEN_ENCODE_H
#define SIDETOK_TOKENIZER_TEKKEN_ENCODE_H

#include "deferred.h"
#include "piece_table.h"
#include "tekken.h"

/** One thread's working memory. */
struct tekken_encoder {
    struct encoder head;
    struct piece_table table;
    struct deferred deferred;
    const struct first_look *look;
    uint32_t n_special;
    bool defers;          /* segments wait to be merged together */
    const char *text_end; /* of the text being encoded: keys are read 16 bytes at a time */
};

/* The encoding half of tekken_ops; the contracts are those of tokenizer.h. */
enum sidetok_error tekken_encoder_open(struct call *call, const struct tokenizer *tokenizer,
                                       size_t cache_bytes, struct encoder **ret);
void tekken_encoder_close(struct encoder *encoder);
enum sidetok_error tekken_encode(struct call *call, struct encoder *encoder, struct str text,
                                 struct ids *ids);
enum sidetok_error tekken_check(struct call *call, struct encoder *encoder, struct str text);

/**
 * Appends the ids of one pre-token, whatever its size, or leaves holes for them until tekken_encode_flush();
 * learns what it becomes. The piece is borrowed until then. Rule: CoreBPE.encode: a pre-token that is a piece
 * is that piece, whatever merges would give.
 */
enum sidetok_error tekken_encode_piece(struct call *call, struct tekken_encoder *encoder, struct str piece,
                                       struct ids *ids);

/**
 * Appends the ids of a segment of up to JOINS_SHORT bytes that is no pre-token of the vocabulary; ids has
 * room, the joins are usable. Cheaper than to have it wait for others (base64: 1.07 times as fast), and
 * inside of a word than to ask the table (CJK: 1.4 times; its line is one more that may have to come from
 * memory).
 */
static inline void tekken_encode_short(const struct tekken_encoder *encoder, struct str segment,
                                       struct ids *ids)
{
    uint32_t *ret = ids->data + ids->n;
    size_t n = joins_encode_short(&tekken_of(encoder->head.tokenizer)->joins, segment, ret);
    for (size_t i = 0; i < n; i++)
        ret[i] += encoder->n_special;
    ids->n += n;
}

/** Fills the holes that tekken_encode_piece() left: at the end of a text, and before its bytes go away. */
void tekken_encode_flush(struct tekken_encoder *encoder, struct ids *ids);

#endif
