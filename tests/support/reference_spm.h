#ifndef SIDETOK_TESTS_REFERENCE_SPM_H
#define SIDETOK_TESTS_REFERENCE_SPM_H

#include "sidecar/tokenizer/sentencepiece_model.h"

/* SentencePiece BPE as one would explain it: characters and user-defined pieces side by side; of all
 * neighbours that joined are a piece the one of the best score, leftmost on a tie, becomes one; until there
 * is none. Everything is searched from the start. Text is normalized already (U+2581 for spaces); no pieces
 * of type UNUSED. */

struct reference_part {
    struct str text;
    bool frozen;
};

static inline const struct piece *reference_find(const struct sentencepiece_model *model, struct str text)
{
    for (uint32_t id = 0; id < model->n_pieces; id++)
        if (str_equal(model->pieces[id].text, text))
            return &model->pieces[id];
    return NULL;
}

static inline bool reference_merges(const struct piece *piece)
{
    return piece && (piece->type == PIECE_NORMAL || piece->type == PIECE_USER_DEFINED);
}

static inline size_t reference_split(const struct sentencepiece_model *model, struct str text,
                                     struct reference_part *parts)
{
    size_t n = 0;
    while (text.size > 0) {
        size_t size = 1;
        bool frozen = false;
        while (size < text.size && ((unsigned char)text.data[size] & 0xc0) == 0x80)
            size++;
        for (uint32_t id = 0; id < model->n_pieces; id++) {
            struct str word = model->pieces[id].text;
            if (model->pieces[id].type != PIECE_USER_DEFINED || !str_starts_with(text, word))
                continue;
            if (!frozen || word.size > size)
                size = word.size;
            frozen = true;
        }
        parts[n++] = (struct reference_part){{text.data, size}, frozen};
        text = str_from_offset(text, size);
    }
    return n;
}

/* The place of the pair to merge next; n when there is none. */
static inline size_t reference_best(const struct sentencepiece_model *model,
                                    const struct reference_part *parts, size_t n)
{
    size_t where = n;
    float best = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        struct str joined = {parts[i].text.data, parts[i].text.size + parts[i + 1].text.size};
        const struct piece *piece = reference_find(model, joined);
        if (parts[i].frozen || parts[i + 1].frozen || !reference_merges(piece))
            continue;
        if (where == n || piece->score > best) {
            where = i;
            best = piece->score;
        }
    }
    return where;
}

/* Ids of text; ret has room for text.size. Returns how many. */
static inline size_t reference_spm(const struct sentencepiece_model *model, struct str text, uint32_t *ret)
{
    static struct reference_part parts[1 << 14];
    size_t n = reference_split(model, text, parts), n_ids = 0, where;
    bool after_unknown = false;
    while ((where = reference_best(model, parts, n)) < n) {
        parts[where].text.size += parts[where + 1].text.size;
        memmove(parts + where + 1, parts + where + 2, (n - where - 2) * sizeof *parts);
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        const struct piece *piece = reference_find(model, parts[i].text);
        bool known = reference_merges(piece);
        if (known)
            ret[n_ids++] = (uint32_t)(piece - model->pieces);
        else if (!model->byte_fallback && !after_unknown)
            ret[n_ids++] = (uint32_t)model->unknown_id;
        for (size_t at = 0; !known && model->byte_fallback && at < parts[i].text.size; at++)
            ret[n_ids++] = model->byte_ids[(unsigned char)parts[i].text.data[at]];
        after_unknown = !known;
    }
    return n_ids;
}

#endif
