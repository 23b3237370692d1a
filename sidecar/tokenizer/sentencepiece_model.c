#include "sentencepiece_model.h"

#include "utf8.h"
#include "wire.h"

#include <math.h>

/* The fields read, by message. Rule: sentencepiece_model.proto. */
enum { MODEL_PIECES = 1, MODEL_TRAINER = 2, MODEL_NORMALIZER = 3, MODEL_DENORMALIZER = 5 };
enum { PIECE_TEXT = 1, PIECE_SCORE = 2, PIECE_TYPE = 3 };
enum { NORMALIZER_CHARSMAP = 2, NORMALIZER_PREFIX = 3, NORMALIZER_REMOVE = 4, NORMALIZER_ESCAPE = 5 };
enum {
    TRAINER_TYPE = 3,
    TRAINER_SUFFIX = 24,
    TRAINER_BYTE_FALLBACK = 35,
    TRAINER_UNK_SURFACE = 44,
    TRAINER_UNK_PIECE = 45,
    TRAINER_BOS_PIECE = 46,
    TRAINER_EOS_PIECE = 47,
    TRAINER_PAD_PIECE = 48,
};

enum { MAX_PIECE_BYTES = 8000 };

static bool read_text(struct wire *wire, const struct wire_field *field, struct str *text)
{
    if (field->type != WIRE_BYTES)
        return wire_skip(wire, field);
    return wire_bytes(wire, text);
}

static bool read_bool(struct wire *wire, const struct wire_field *field, bool *flag)
{
    uint64_t value;
    if (field->type != WIRE_VARINT)
        return wire_skip(wire, field);
    if (!wire_varint(wire, &value))
        return false;
    *flag = value != 0;
    return true;
}

/* A value that the enum does not have leaves the field as it was. Rule: closed enums of proto2. */
static bool read_enum(struct wire *wire, const struct wire_field *field, int32_t max, int32_t *number)
{
    uint64_t value;
    if (field->type != WIRE_VARINT)
        return wire_skip(wire, field);
    if (!wire_varint(wire, &value))
        return false;
    int32_t candidate = (int32_t)(uint32_t)value;
    if (candidate >= 1 && candidate <= max)
        *number = candidate;
    return true;
}

static bool read_piece(struct wire *wire, struct piece *piece)
{
    struct wire_field field;
    int32_t type = PIECE_NORMAL;
    while (wire_next(wire, &field)) {
        bool good;
        if (field.number == PIECE_TEXT)
            good = read_text(wire, &field, &piece->text);
        else if (field.number == PIECE_SCORE && field.type == WIRE_FIXED32)
            good = wire_float(wire, &piece->score);
        else if (field.number == PIECE_TYPE)
            good = read_enum(wire, &field, PIECE_BYTE, &type);
        else
            good = wire_skip(wire, &field);
        if (!good)
            return false;
    }
    piece->type = (enum piece_type)type;
    return wire_ended(wire);
}

static bool read_trainer(struct wire *wire, struct sentencepiece_model *model)
{
    struct wire_field field;
    int32_t type = (int32_t)model->type;
    bool good = true;
    while (good && wire_next(wire, &field)) {
        switch (field.number) {
        case TRAINER_TYPE:
            good = read_enum(wire, &field, MODEL_CHAR, &type);
            break;
        case TRAINER_SUFFIX:
            good = read_bool(wire, &field, &model->whitespace_as_suffix);
            break;
        case TRAINER_BYTE_FALLBACK:
            good = read_bool(wire, &field, &model->byte_fallback);
            break;
        case TRAINER_UNK_SURFACE:
            good = read_text(wire, &field, &model->unk_surface);
            break;
        case TRAINER_UNK_PIECE:
            good = read_text(wire, &field, &model->unk_piece);
            break;
        case TRAINER_BOS_PIECE:
            good = read_text(wire, &field, &model->bos_piece);
            break;
        case TRAINER_EOS_PIECE:
            good = read_text(wire, &field, &model->eos_piece);
            break;
        case TRAINER_PAD_PIECE:
            good = read_text(wire, &field, &model->pad_piece);
            break;
        default:
            good = wire_skip(wire, &field);
        }
    }
    model->type = (enum model_type)type;
    return good && wire_ended(wire);
}

static bool read_normalizer(struct wire *wire, struct sentencepiece_model *model)
{
    struct wire_field field;
    bool good = true;
    while (good && wire_next(wire, &field)) {
        if (field.number == NORMALIZER_CHARSMAP)
            good = read_text(wire, &field, &model->charsmap);
        else if (field.number == NORMALIZER_PREFIX)
            good = read_bool(wire, &field, &model->add_dummy_prefix);
        else if (field.number == NORMALIZER_REMOVE)
            good = read_bool(wire, &field, &model->remove_extra_whitespaces);
        else if (field.number == NORMALIZER_ESCAPE)
            good = read_bool(wire, &field, &model->escape_whitespaces);
        else
            good = wire_skip(wire, &field);
    }
    return good && wire_ended(wire);
}

static bool read_denormalizer(struct wire *wire, struct sentencepiece_model *model)
{
    struct wire_field field;
    bool good = true;
    while (good && wire_next(wire, &field))
        good = field.number == NORMALIZER_CHARSMAP ? read_text(wire, &field, &model->denormalizer_charsmap)
                                                   : wire_skip(wire, &field);
    return good && wire_ended(wire);
}

static struct piece *add_piece(struct call *call, struct sentencepiece_model *model)
{
    if (model->n_pieces == model->capacity) {
        size_t capacity = model->capacity ? (size_t)model->capacity * 2 : 1024;
        struct piece *pieces = capacity > INT32_MAX
                                   ? NULL
                                   : arena_grow(&call->arena, model->pieces, model->capacity * sizeof *pieces,
                                                capacity * sizeof *pieces);
        if (!pieces) {
            failure_no_memory(call);
            return NULL;
        }
        model->pieces = pieces;
        model->capacity = (uint32_t)capacity;
    }
    struct piece *piece = &model->pieces[model->n_pieces++];
    *piece = (struct piece){.text = STR(""), .type = PIECE_NORMAL};
    return piece;
}

static bool read_message(struct call *call, struct wire *wire, const struct wire_field *field,
                         struct sentencepiece_model *model)
{
    struct wire inner;
    struct piece *piece;
    if (!wire_message(wire, &inner))
        return false;
    switch (field->number) {
    case MODEL_PIECES:
        piece = add_piece(call, model);
        return piece && read_piece(&inner, piece);
    case MODEL_TRAINER:
        return read_trainer(&inner, model);
    case MODEL_NORMALIZER:
        return read_normalizer(&inner, model);
    default:
        return read_denormalizer(&inner, model);
    }
}

static bool is_message(const struct wire_field *field)
{
    return field->type == WIRE_BYTES &&
           (field->number == MODEL_PIECES || field->number == MODEL_TRAINER ||
            field->number == MODEL_NORMALIZER || field->number == MODEL_DENORMALIZER);
}

static enum sidetok_error read_model(struct call *call, struct str path, struct str file,
                                     struct sentencepiece_model *model)
{
    struct wire wire;
    struct wire_field field;
    bool good = true;
    wire_init(&wire, file);
    while (good && wire_next(&wire, &field))
        good = is_message(&field) ? read_message(call, &wire, &field, model) : wire_skip(&wire, &field);
    if (call->failure.code != SIDETOK_OK)
        return call->failure.code;
    if (!good || !wire_ended(&wire))
        return failure_set(call, SIDETOK_E_RUNTIME, "INTERNAL: could not parse ModelProto from %.*s",
                           STR_ARG(path));
    return SIDETOK_OK;
}

int32_t sentencepiece_model_find(const struct sentencepiece_model *model, struct str text)
{
    uint32_t id;
    return map_find(&model->ids, text, &id) ? (int32_t)id : model->unknown_id;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "<0x0A>" is 10; -1 for any other spelling. Rule: PieceToByte. */
static int byte_of(struct str text)
{
    if (text.size != 6 || memcmp(text.data, "<0x", 3) != 0 || text.data[5] != '>')
        return -1;
    int high = hex_digit(text.data[3]), low = hex_digit(text.data[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Python decodes what C++ throws, so a message with bytes that are not UTF-8 becomes another error. */
static enum sidetok_error fail_status(struct call *call, const char *before, struct str piece,
                                      const char *after)
{
    struct buf message;
    struct str text;
    buf_init(&message, call);
    buf_printf(&message, "INTERNAL: %s", before);
    buf_append(&message, piece);
    buf_append(&message, str_from(after));
    TRY(buf_finish(&message, &text));
    TRY(utf8_check(call, text));
    return failure_set_str(call, SIDETOK_E_RUNTIME, text);
}

/* What is never found in text. */
static bool is_reserved(const struct piece *piece)
{
    return piece->type != PIECE_NORMAL && piece->type != PIECE_USER_DEFINED && piece->type != PIECE_UNUSED;
}

static enum sidetok_error register_piece(struct call *call, struct sentencepiece_model *model, uint32_t id)
{
    struct piece *piece = &model->pieces[id];
    if (model->byte_fallback && str_equal(piece->text, (struct str){"\0", 1}))
        piece->type = PIECE_UNUSED;
    if (piece->text.size == 0)
        return fail_status(call, "piece must not be empty.", STR(""), "");
    if (piece->type == PIECE_UNUSED && str_equal(piece->text, (struct str){"\0", 1}))
        return SIDETOK_OK; /* has an id but no entry: text never becomes it */
    if (memchr(piece->text.data, 0, piece->text.size))
        return fail_status(call, "piece must not include null character.", STR(""), "");
    uint32_t first;
    TRY(map_add(call, &model->ids, piece->text, id, &first));
    bool is_shared = model->type == MODEL_BPE || is_reserved(piece) == is_reserved(&model->pieces[first]);
    if (first != id && is_shared) /* other kinds keep two maps */
        return fail_status(call, "", piece->text, " is already defined.");
    if (piece->type == PIECE_UNKNOWN) {
        if (model->unknown_id >= 0)
            return fail_status(call, "unk is already defined.", STR(""), "");
        model->unknown_id = (int32_t)id;
    }
    if (piece->type != PIECE_BYTE)
        return SIDETOK_OK;
    if (!model->byte_fallback)
        return fail_status(call, "byte piece ", piece->text, " is found although `byte_fallback` is false.");
    int byte = byte_of(piece->text);
    if (byte < 0)
        return fail_status(call, "byte piece ", piece->text, " is invalid.");
    model->byte_ids[byte] = id;
    return SIDETOK_OK;
}

static enum sidetok_error check_pieces(struct call *call, struct sentencepiece_model *model)
{
    for (uint32_t id = 0; id < model->n_pieces; id++)
        if (model->pieces[id].text.size >= MAX_PIECE_BYTES)
            return fail_status(call, "piece is too long.", STR(""), "");
    TRY(map_init(call, &model->ids, model->n_pieces));
    for (int byte = 0; byte < 256; byte++)
        model->byte_ids[byte] = UINT32_MAX;
    for (uint32_t id = 0; id < model->n_pieces; id++)
        TRY(register_piece(call, model, id));
    if (model->unknown_id < 0 && !model->byte_fallback)
        return fail_status(call, "unk is not defined.", STR(""), "");
    for (int byte = 0; model->byte_fallback && byte < 256; byte++)
        if (model->byte_ids[byte] == UINT32_MAX)
            return fail_status(call, "there are not 256 byte pieces although `byte_fallback` is true.",
                               STR(""), "");
    return SIDETOK_OK;
}

/* A sound character map is refused by us, a broken one by the reference. Rule: DecodePrecompiledCharsMap. */
static enum sidetok_error check_charsmap(struct call *call, struct str map, const char *which)
{
    uint32_t size = 0;
    if (map.size == 0)
        return SIDETOK_OK;
    if (map.size <= sizeof size)
        return fail_status(call, "Blob for normalization rule is broken.", STR(""), "");
    for (int i = 0; i < 4; i++)
        size |= (uint32_t)(uint8_t)map.data[i] << 8 * i;
    if (size >= map.size - sizeof size)
        return fail_status(call, "Trie data size exceeds the input blob size.", STR(""), "");
    if (size < 1024 || (size & 0x3ff) != 0)
        return fail_status(call, "Trie data size is not divisible by 1024.", STR(""), "");
    if (map.data[map.size - 1] != '\0')
        return fail_status(call, "normalized block must be null terminated.", STR(""), "");
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED,
                       "SentencePiece %s with a character map is not supported", which);
}

static enum sidetok_error check_type(struct call *call, const struct sentencepiece_model *model)
{
    static const char *const names[] = {
        [MODEL_UNIGRAM] = "unigram", [MODEL_BPE] = "bpe", [MODEL_WORD] = "word", [MODEL_CHAR] = "char"};
    if (model->type == MODEL_BPE)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED, "SentencePiece model type %s is not supported",
                       names[model->type]);
}

/* A unigram model is refused by us; what its own loading refuses comes before that. */
static enum sidetok_error check_unigram_scores(struct call *call, const struct sentencepiece_model *model)
{
    for (uint32_t id = 0; model->type == MODEL_UNIGRAM && id < model->n_pieces; id++)
        if (!isfinite(model->pieces[id].score))
            return fail_status(call, "score is NaN or Inf.", STR(""), "");
    return SIDETOK_OK;
}

static enum sidetok_error check_unigram_pieces(struct call *call, const struct sentencepiece_model *model)
{
    bool has_any = model->type != MODEL_UNIGRAM;
    for (uint32_t id = 0; !has_any && id < model->n_pieces; id++)
        has_any =
            !is_reserved(&model->pieces[id]) && !str_equal(model->pieces[id].text, (struct str){"\0", 1});
    return has_any ? SIDETOK_OK : fail_status(call, "no pieces are loaded.", STR(""), "");
}

static int32_t find_special(const struct sentencepiece_model *model, struct str text, struct str otherwise,
                            enum piece_type type)
{
    int32_t id = sentencepiece_model_find(model, text.size ? text : otherwise);
    return id >= 0 && model->pieces[id].type == type ? id : -1;
}

enum sidetok_error sentencepiece_model_read(struct call *call, struct str path, struct str file,
                                            struct sentencepiece_model *ret)
{
    struct sentencepiece_model model = {
        .type = MODEL_UNIGRAM,
        .unk_surface = STR(" \xE2\x81\x87 "),
        .add_dummy_prefix = true,
        .remove_extra_whitespaces = true,
        .escape_whitespaces = true,
        .unknown_id = -1,
    };
    TRY(read_model(call, path, file, &model));
    TRY(check_unigram_scores(call, &model));
    TRY(check_pieces(call, &model));
    TRY(check_unigram_pieces(call, &model));
    TRY(check_charsmap(call, model.charsmap, "normalization"));
    TRY(check_charsmap(call, model.denormalizer_charsmap, "denormalization"));
    for (uint32_t id = 0; id < model.n_pieces; id++)
        TRY(utf8_check(call, model.pieces[id].text));
    TRY(check_type(call, &model));
    model.unk_id = find_special(&model, model.unk_piece, STR("<unk>"), PIECE_UNKNOWN);
    model.bos_id = find_special(&model, model.bos_piece, STR("<s>"), PIECE_CONTROL);
    model.eos_id = find_special(&model, model.eos_piece, STR("</s>"), PIECE_CONTROL);
    model.pad_id = find_special(&model, model.pad_piece, STR("<pad>"), PIECE_CONTROL);
    *ret = model;
    return SIDETOK_OK;
}
