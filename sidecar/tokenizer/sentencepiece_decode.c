#include "sentencepiece.h"

#include "utf8.h"

static const struct str space_symbol = {"\xE2\x96\x81", 3};

/* Rule: the calls by pybind11 take a C int; anything else is tried as a sequence and refused. */
static enum sidetok_error check_int(struct call *call, int64_t id)
{
    if (id < INT32_MIN || id > INT32_MAX)
        return failure_set(call, SIDETOK_E_TYPE,
                           "Input must be an integer buffer, list of integers, or a sequence of integers.");
    return SIDETOK_OK;
}

static enum sidetok_error check_range(struct call *call, const struct sentencepiece *tokenizer, int64_t id)
{
    if (id < 0 || id >= tokenizer->model.n_pieces)
        return failure_set(call, SIDETOK_E_INDEX, "OUT_OF_RANGE: piece id is out of range.");
    return SIDETOK_OK;
}

static enum sidetok_error check_id(struct call *call, const struct sentencepiece *tokenizer, int64_t id)
{
    TRY(check_int(call, id));
    return check_range(call, tokenizer, id);
}

enum sidetok_error sentencepiece_is_special_id(struct call *call, const struct tokenizer *tokenizer,
                                               int64_t id, bool *ret)
{
    const struct sentencepiece *self = sentencepiece_of(tokenizer);
    TRY(check_id(call, self, id));
    *ret = self->model.pieces[id].type == PIECE_CONTROL;
    return SIDETOK_OK;
}

enum sidetok_error sentencepiece_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                       struct buf *out)
{
    const struct sentencepiece *self = sentencepiece_of(tokenizer);
    TRY(check_id(call, self, id));
    buf_append(out, self->model.pieces[id].text);
    return SIDETOK_OK;
}

static unsigned hex_value(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

/* A piece's text, U+2581 as a space. */
static void append_spaced(struct buf *out, struct str text)
{
    while (text.size > 0) {
        const char *found = memmem(text.data, text.size, space_symbol.data, space_symbol.size);
        size_t size = found ? (size_t)(found - text.data) : text.size;
        buf_append(out, (struct str){text.data, size});
        if (!found)
            return;
        buf_append_char(out, ' ');
        text = str_from_offset(text, size + space_symbol.size);
    }
}

/* Bytes of byte pieces that stood side by side: characters, and U+FFFD for each byte that is none. */
static void append_bytes(struct buf *out, struct str bytes)
{
    for (size_t at = 0; at < bytes.size;) {
        uint32_t code_point;
        size_t size = utf8_read(bytes, at, &code_point);
        if (code_point >= 0xd800 && code_point < 0xe000) {
            code_point = UTF8_REPLACEMENT;
            size = 1;
        }
        utf8_append(out, code_point);
        at += size;
    }
}

/* One decoding: what is written, and the bytes that wait for a character's end. */
struct decoding {
    const struct sentencepiece_model *model;
    struct buf *out;
    size_t start; /* of this text in out */
    struct buf bytes;
    bool at_start; /* the next piece may lose the space of the dummy prefix */
};

static bool is_empty(const struct decoding *decoding)
{
    return buf_str(decoding->out).size == decoding->start;
}

static void flush_bytes(struct decoding *decoding)
{
    append_bytes(decoding->out, buf_str(&decoding->bytes));
    decoding->bytes.size = 0;
}

/* Rule: SentencePieceProcessor::DecodeOptimized. */
static void decode_piece(struct decoding *decoding, const struct piece *piece)
{
    const struct sentencepiece_model *model = decoding->model;
    if (piece->type == PIECE_BYTE) {
        unsigned byte = hex_value(piece->text.data[3]) << 4 | hex_value(piece->text.data[4]);
        buf_append_char(&decoding->bytes, (char)byte);
        return;
    }
    flush_bytes(decoding);
    if (!is_empty(decoding))
        decoding->at_start = false;
    if (piece->type == PIECE_CONTROL)
        return;
    struct str text = piece->text;
    bool dropped = false;
    if (decoding->at_start && (model->add_dummy_prefix || model->remove_extra_whitespaces) &&
        str_starts_with(text, space_symbol)) {
        text = str_from_offset(text, space_symbol.size);
        dropped = !model->remove_extra_whitespaces;
    }
    if (piece->type == PIECE_UNKNOWN)
        buf_append(decoding->out, model->unk_surface);
    else
        append_spaced(decoding->out, text);
    if (dropped || !is_empty(decoding))
        decoding->at_start = false;
}

static enum sidetok_error decode_plain(struct call *call, const struct sentencepiece *tokenizer,
                                       const int64_t *ids, size_t n_ids, struct buf *out)
{
    struct decoding decoding = {&tokenizer->model, out, buf_str(out).size, {0}, true};
    struct str bytes;
    for (size_t i = 0; i < n_ids; i++)
        TRY(check_int(call, ids[i]));
    for (size_t i = 0; i < n_ids; i++)
        TRY(check_range(call, tokenizer, ids[i]));
    buf_init(&decoding.bytes, call);
    for (size_t i = 0; i < n_ids; i++)
        decode_piece(&decoding, &tokenizer->model.pieces[ids[i]]);
    TRY(buf_finish(&decoding.bytes, &bytes));
    append_bytes(out, bytes);
    if (utf8_is_valid(tokenizer->model.unk_surface, false))
        return SIDETOK_OK;
    return utf8_check(call, str_from_offset(buf_str(out), decoding.start));
}

/* Rule: SentencePieceTokenizer._decode_with_special_tokens. */
enum sidetok_error sentencepiece_decode(struct call *call, const struct tokenizer *tokenizer,
                                        const int64_t *ids, size_t n_ids, enum special_policy policy,
                                        struct buf *out)
{
    const struct sentencepiece *self = sentencepiece_of(tokenizer);
    bool special;
    if (policy == POLICY_IGNORE)
        return decode_plain(call, self, ids, n_ids, out);
    for (size_t i = 0; i < n_ids; i++) {
        TRY(sentencepiece_is_special_id(call, tokenizer, ids[i], &special));
        if (special && policy == POLICY_RAISE)
            return failure_set(
                call, SIDETOK_E_VALUE,
                "Decoding `tokens` that contain special tokens with special_token_policy=RAISE.");
    }
    if (policy == POLICY_RAISE)
        return decode_plain(call, self, ids, n_ids, out);
    for (size_t i = 0; i < n_ids; i++)
        buf_append(out, self->model.pieces[ids[i]].text);
    return SIDETOK_OK;
}
