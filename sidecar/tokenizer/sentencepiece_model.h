#ifndef SIDETOK_TOKENIZER_SENTENCEPIECE_MODEL_H
#define SIDETOK_TOKENIZER_SENTENCEPIECE_MODEL_H

#include "call.h"
#include "map.h"
#include "str.h"

#include <stdint.h>

/** What a piece is to the encoder. Values of ModelProto.SentencePiece.Type. */
enum piece_type {
    PIECE_NORMAL = 1,
    PIECE_UNKNOWN = 2,
    PIECE_CONTROL = 3,      /* never made from text, invisible when decoded */
    PIECE_USER_DEFINED = 4, /* matched in text before anything else, never merged */
    PIECE_UNUSED = 5,       /* may be a step of merging, is split again at the end */
    PIECE_BYTE = 6,         /* "<0x0A>": one byte of a character without a piece */
};

/** Values of TrainerSpec.ModelType. */
enum model_type { MODEL_UNIGRAM = 1, MODEL_BPE = 2, MODEL_WORD = 3, MODEL_CHAR = 4 };

struct piece {
    struct str text; /* as in the file: a space is U+2581 */
    float score;     /* the higher merges first */
    enum piece_type type;
};

/**
 * A SentencePiece model file, checked. Immutable. Texts are views of the file's bytes, which must outlive it;
 * the arrays are in the memory of the call that read it.
 */
struct sentencepiece_model {
    struct piece *pieces; /* by id */
    uint32_t n_pieces, capacity;
    struct map ids; /* of the texts */

    enum model_type type;
    bool byte_fallback;
    bool whitespace_as_suffix; /* the dummy prefix goes behind the text */
    struct str unk_piece, bos_piece, eos_piece, pad_piece;
    struct str unk_surface; /* what an unknown id decodes to */

    struct str charsmap, denormalizer_charsmap;
    bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces;

    int32_t unknown_id;                     /* of the piece of that type; -1 when there is none */
    int32_t unk_id, bos_id, eos_id, pad_id; /* as SentencePieceProcessor reports them; -1: none */
    uint32_t byte_ids[256];                 /* with byte_fallback */
};

/**
 * Reads and checks a model file. The protobuf reader is ours: it accepts and refuses what the reference's
 * does, unknown fields and groups (at most 100 levels) included.
 *
 * path   The file's name as the caller gave it, for messages.
 * file   The file's bytes; must outlive the model.
 *
 * Errors: SIDETOK_E_RUNTIME and SIDETOK_E_UNICODE_DECODE in the reference's words; SIDETOK_E_NOT_SUPPORTED,
 * by name, for a model type other than BPE and for a normalization with a character map; SIDETOK_E_NO_MEMORY.
 * Rule: sentencepiece 0.2.3 SentencePieceProcessor::Load, ModelInterface::InitializePieces.
 */
enum sidetok_error sentencepiece_model_read(struct call *call, struct str path, struct str file,
                                            struct sentencepiece_model *ret);

/** The id of a piece by its text, unknown_id when there is none. Rule: ModelInterface::PieceToId. */
int32_t sentencepiece_model_find(const struct sentencepiece_model *model, struct str text);

#endif
