#ifndef SIDETOK_TESTS_SPM_FILE_H
#define SIDETOK_TESTS_SPM_FILE_H

#include "buf.h"

#include <stdint.h>
#include <stdio.h>

/* Writes SentencePiece model files into memory, field by field. */

static inline void spm_varint(struct buf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_append_char(out, (char)(value | 0x80));
    buf_append_char(out, (char)value);
}

static inline void spm_number(struct buf *out, uint32_t field, uint64_t value)
{
    spm_varint(out, field << 3);
    spm_varint(out, value);
}

static inline void spm_bytes(struct buf *out, uint32_t field, struct str bytes)
{
    spm_varint(out, field << 3 | 2);
    spm_varint(out, bytes.size);
    buf_append(out, bytes);
}

/* type: of enum piece_type */
static inline void spm_piece(struct buf *out, struct str text, float score, int type)
{
    struct buf piece;
    buf_init(&piece, out->call);
    spm_bytes(&piece, 1, text);
    spm_varint(&piece, 2 << 3 | 5);
    buf_append(&piece, (struct str){(const char *)&score, sizeof score});
    spm_number(&piece, 3, (uint64_t)type);
    spm_bytes(out, 1, buf_str(&piece));
}

static inline void spm_byte_pieces(struct buf *out)
{
    for (int byte = 0; byte < 256; byte++) {
        char text[8];
        snprintf(text, sizeof text, "<0x%02X>", byte);
        spm_piece(out, (struct str){text, 6}, 0, 6);
    }
}

static inline void spm_trainer(struct buf *out, int model_type, bool byte_fallback)
{
    struct buf trainer;
    buf_init(&trainer, out->call);
    spm_number(&trainer, 3, (uint64_t)model_type);
    spm_number(&trainer, 35, byte_fallback);
    spm_bytes(out, 2, buf_str(&trainer));
}

static inline void spm_normalizer(struct buf *out, bool prefix, bool remove, bool escape)
{
    struct buf normalizer;
    buf_init(&normalizer, out->call);
    spm_number(&normalizer, 3, prefix);
    spm_number(&normalizer, 4, remove);
    spm_number(&normalizer, 5, escape);
    spm_bytes(out, 3, buf_str(&normalizer));
}

#endif
