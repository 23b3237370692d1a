#include "sentencepiece.h"

#include "utf8.h"

#include <stdlib.h>

/* Pieces that are split again at the end are split at most so deep. Rule: kMaxBpeResegmentDepth. */
enum { MAX_SPLIT_DEPTH = 100 };

struct sentencepiece_encoder {
    struct encoder head;
    struct merger merger;
    struct quick_encoder quick;
};

/* Where ids go. */
struct output {
    struct call *call;
    const struct sentencepiece *tokenizer;
    struct ids *ids;
    bool after_unknown; /* without byte fallback several unknown characters in a row are one id */
};

enum sidetok_error sentencepiece_encoder_open(struct call *call, const struct tokenizer *tokenizer,
                                              size_t cache_bytes, struct encoder **ret)
{
    struct sentencepiece_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return failure_no_memory(call);
    encoder->head.tokenizer = tokenizer;
    enum sidetok_error error =
        quick_encoder_open(call, &sentencepiece_of(tokenizer)->quick, cache_bytes, &encoder->quick);
    if (error != SIDETOK_OK) {
        sentencepiece_encoder_close(&encoder->head);
        return error;
    }
    *ret = &encoder->head;
    return SIDETOK_OK;
}

void sentencepiece_encoder_close(struct encoder *encoder)
{
    struct sentencepiece_encoder *self = (struct sentencepiece_encoder *)encoder;
    merger_done(&self->merger);
    quick_encoder_close(&self->quick);
    free(self);
}

static enum sidetok_error put_id(struct output *output, uint32_t id)
{
    uint32_t *room = ids_reserve(output->call, output->ids, 1);
    if (!room)
        return SIDETOK_E_NO_MEMORY;
    *room = id;
    output->ids->n++;
    output->after_unknown = false;
    return SIDETOK_OK;
}

/* Text without a piece: its bytes, or the unknown id. Rule: SentencePieceProcessor::EncodeOptimized. */
static enum sidetok_error put_unknown(struct output *output, struct str text)
{
    const struct sentencepiece_model *model = &output->tokenizer->model;
    if (!model->byte_fallback) {
        if (!output->after_unknown)
            TRY(put_id(output, (uint32_t)model->unknown_id));
        output->after_unknown = true;
        return SIDETOK_OK;
    }
    for (size_t at = 0; at < text.size; at++) {
        struct str bytes = {text.data + at, 1};
        if (text.data[at] == ' ' && model->escape_whitespaces)
            bytes = STR("\xE2\x96\x81");
        for (size_t i = 0; i < bytes.size; i++)
            TRY(put_id(output, model->byte_ids[(uint8_t)bytes.data[i]]));
    }
    output->after_unknown = true;
    return SIDETOK_OK;
}

/* A symbol's id; one of type UNUSED is split into what it was made of. Rule: resegment of SampleEncode. */
static enum sidetok_error put_symbol(struct output *output, const struct merger *merger, uint32_t symbol,
                                     struct str text, int depth)
{
    const struct sentencepiece *tokenizer = output->tokenizer;
    if (symbol >= tokenizer->model.n_pieces)
        return put_unknown(output, text);
    if (tokenizer->model.pieces[symbol].type != PIECE_UNUSED || depth > MAX_SPLIT_DEPTH)
        return put_id(output, symbol);
    const struct merge_split *split = merger->splits ? &merger->splits[symbol] : NULL;
    if (!split || split->left == SYMBOL_NONE)
        return put_unknown(output, text);
    struct str left = {text.data, split->left_bytes};
    TRY(put_symbol(output, merger, split->left, left, depth + 1));
    return put_symbol(output, merger, split->right, str_from_offset(text, left.size), depth + 1);
}

/* Merges the row at hand, which is text, and writes its ids. */
static enum sidetok_error put_row(struct output *output, struct merger *merger, struct str text)
{
    if (merger->n_nodes == 0)
        return SIDETOK_OK;
    TRY(merger_run(output->call, merger, &output->tokenizer->symbols));
    for (uint32_t at = 0; at != MERGE_END; at = merger->nodes[at].next) {
        size_t size = merger->nodes[at].size_bytes & ~MERGE_FROZEN;
        TRY(put_symbol(output, merger, merger->nodes[at].symbol, (struct str){text.data, size}, 0));
        text = str_from_offset(text, size);
    }
    return SIDETOK_OK;
}

/*
 * Cuts text into rows at user-defined pieces and where no piece crosses, and merges each. With pieces that
 * may be split again nothing is cut, because how one is split depends on all the text before.
 */
static enum sidetok_error put_text(struct output *output, struct merger *merger, struct str text)
{
    const struct sentencepiece *tokenizer = output->tokenizer;
    const struct symbols *symbols = &tokenizer->symbols;
    struct character last = {SYMBOL_NONE, 0}, character;
    size_t start = 0;
    merger_begin(merger);
    for (size_t at = 0; at < text.size;) {
        const struct matcher_word *word = matcher_find(&tokenizer->inner_words, str_from_offset(text, at));
        size_t size = symbols_read(symbols, text, at, &character);
        if (word) {
            character = (struct character){word->id, 0};
            size = word->text.size;
        }
        if (at > start && !symbols->splits_unused && !symbols_join(symbols, last, character)) {
            TRY(put_row(output, merger, (struct str){text.data + start, at - start}));
            merger_begin(merger);
            start = at;
        }
        TRY(merger_add(output->call, merger, character.symbol, (uint32_t)size, word != NULL));
        last = character;
        at += size;
    }
    return put_row(output, merger, str_from_offset(text, start));
}

/* The quick way, from one user-defined piece to the next. */
static enum sidetok_error put_quickly(struct call *call, struct sentencepiece_encoder *encoder,
                                      struct str text, struct ids *ids)
{
    const struct matcher *words = &sentencepiece_of(encoder->head.tokenizer)->inner_words;
    size_t start = 0, at = 0;
    while ((at = matcher_seek(words, text, at)) < text.size) {
        const struct matcher_word *word = matcher_find(words, str_from_offset(text, at));
        if (!word) {
            at++;
            continue;
        }
        TRY(quick_encode(call, &encoder->quick, text, start, at, ids));
        uint32_t *room = ids_reserve(call, ids, 1);
        if (!room)
            return SIDETOK_E_NO_MEMORY;
        *room = word->id;
        ids->n++;
        start = at += word->text.size;
    }
    return quick_encode(call, &encoder->quick, text, start, text.size, ids);
}

enum sidetok_error sentencepiece_check(struct call *call, struct encoder *encoder, struct str text)
{
    (void)encoder;
    if (utf8_has_surrogate(text))
        return failure_set(call, SIDETOK_E_RUNTIME,
                           "Unable to cast Python instance of type <class 'str'> to C++ type '?' (#define "
                           "PYBIND11_DETAILED_ERROR_MESSAGES or compile in debug mode for details)");
    return SIDETOK_OK;
}

enum sidetok_error sentencepiece_encode(struct call *call, struct encoder *encoder, struct str text,
                                        struct ids *ids)
{
    struct sentencepiece_encoder *self = (struct sentencepiece_encoder *)encoder;
    struct output output = {call, sentencepiece_of(encoder->tokenizer), ids, false};
    struct str normalized;
    TRY(sentencepiece_check(call, encoder, text));
    TRY(sentencepiece_normalize(call, output.tokenizer, text, &normalized));
    enum sidetok_error error = output.tokenizer->quick.usable ? put_quickly(call, self, normalized, ids)
                                                              : put_text(&output, &self->merger, normalized);
    quick_encoder_trim(&self->quick);
    merger_trim(&self->merger);
    return error;
}
