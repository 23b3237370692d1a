#ifndef SIDETOK_TESTS_SMALL_VOCAB_H
#define SIDETOK_TESTS_SMALL_VOCAB_H

#include "buf.h"
#include "spm_file.h"
#include "stream.h"

#include <stdint.h>
#include <stdlib.h>

/* Small vocabularies made from a number, for tests that compare an engine with its obvious twin: pieces grow
 * out of shorter ones, as training makes them, over an alphabet of few characters, so that merges compete. */

enum { SMALL_MAX_PIECES = 700, SMALL_SPECIALS = 40, SMALL_PIECE_BYTES = 24 };

struct small_vocab {
    struct str
        pieces[SMALL_MAX_PIECES]; /* the first n_atoms are what text is made of: bytes, or characters */
    uint32_t n, n_atoms;
    uint64_t state;
    char bytes[SMALL_MAX_PIECES * SMALL_PIECE_BYTES];
    size_t n_bytes;
};

static inline uint32_t small_random(struct small_vocab *vocab, uint32_t below)
{
    vocab->state ^= vocab->state << 13;
    vocab->state ^= vocab->state >> 7;
    vocab->state ^= vocab->state << 17;
    return (uint32_t)((vocab->state >> 11) % below);
}

static inline bool small_has(const struct small_vocab *vocab, struct str piece)
{
    for (uint32_t i = 0; i < vocab->n; i++)
        if (str_equal(vocab->pieces[i], piece))
            return true;
    return false;
}

/* Appends a copy, unless it is there. */
static inline void small_add(struct small_vocab *vocab, struct str piece)
{
    if (vocab->n == SMALL_MAX_PIECES || piece.size > SMALL_PIECE_BYTES || small_has(vocab, piece))
        return;
    char *copy = vocab->bytes + vocab->n_bytes;
    memcpy(copy, piece.data, piece.size);
    vocab->n_bytes += piece.size;
    vocab->pieces[vocab->n++] = (struct str){copy, piece.size};
}

/* A piece to build on: one of the alphabet, or one of the pieces made before. */
static inline struct str small_part(struct small_vocab *vocab, const char *const *alphabet,
                                    uint32_t n_alphabet)
{
    uint32_t n_made = vocab->n - vocab->n_atoms;
    if (n_made > 0 && small_random(vocab, 3) > 0)
        return vocab->pieces[vocab->n_atoms + small_random(vocab, n_made)];
    return str_from(alphabet[small_random(vocab, n_alphabet)]);
}

/* Up to n_more pieces, each two others joined; a few of three, to which no merge leads. */
static inline void small_grow(struct small_vocab *vocab, const char *const *alphabet, uint32_t n_alphabet,
                              uint32_t n_more)
{
    for (uint32_t i = 0; i < n_more; i++) {
        char joined[4 * SMALL_PIECE_BYTES];
        size_t size = 0;
        for (int parts = small_random(vocab, 16) == 0 ? 3 : 2; parts > 0; parts--) {
            struct str part = small_part(vocab, alphabet, n_alphabet);
            memcpy(joined + size, part.data, part.size);
            size += part.size;
        }
        small_add(vocab, (struct str){joined, size});
    }
}

/* Bytes, then pieces. */
static inline void small_tekken_vocab(struct small_vocab *vocab, uint64_t seed)
{
    static const char *const alphabet[] = {
        "a", "b", "c", "A", " ", " ", "1", "\n", ".", "/", "\xc3\xa9", "\xe6\xbc\xa2", "e", "th"};
    *vocab = (struct small_vocab){.state = seed * 0x9e3779b97f4a7c15 + 1};
    for (int byte = 0; byte < 256; byte++)
        small_add(vocab, (struct str){(const char[]){(char)byte}, 1});
    vocab->n_atoms = vocab->n;
    small_grow(vocab, alphabet, sizeof alphabet / sizeof *alphabet, 300);
}

static inline void small_base64(struct buf *out, struct str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < bytes.size; at += 3) {
        uint32_t word = 0;
        for (size_t i = 0; i < 3; i++)
            word = word << 8 | (at + i < bytes.size ? (unsigned char)bytes.data[at + i] : 0);
        for (size_t i = 0; i < 4; i++)
            buf_append_char(out, at + i <= bytes.size ? digits[word >> (18 - 6 * i) & 63] : '=');
    }
}

/* The file's "vocab" member, key included. */
static inline void small_tekken_pieces(struct buf *out, const struct small_vocab *vocab)
{
    buf_append(out, STR("\"vocab\": ["));
    for (uint32_t rank = 0; rank < vocab->n; rank++) {
        buf_printf(out, "%s{\"rank\": %u, \"token_str\": null, \"token_bytes\": \"", rank ? ", " : "",
                   (unsigned)rank);
        small_base64(out, vocab->pieces[rank]);
        buf_append(out, STR("\"}"));
    }
    buf_append(out, STR("]"));
}

/* Every control token there is, by the number of enum control, and fillers. */
static inline void small_tekken_specials(struct buf *out)
{
    buf_append(out, STR("\"special_tokens\": ["));
    for (int control = 0; control < CONTROL_COUNT; control++)
        buf_printf(out, "%s{\"rank\": %d, \"token_str\": \"%.*s\", \"is_control\": true}",
                   control ? ", " : "", control, STR_ARG(control_text((enum control)control)));
    buf_append(out, STR("]"));
}

/* A whole tekken.json. pattern: as it stands in JSON; more: further members, each begun by a comma. */
static inline void small_tekken_file(struct buf *out, const struct small_vocab *vocab, const char *version,
                                     const char *pattern, const char *more)
{
    buf_printf(out, "{\"config\": {\"version\": \"%s\", \"pattern\": \"%s\", \"default_vocab_size\": %u, ",
               version, pattern, (unsigned)vocab->n + SMALL_SPECIALS);
    buf_printf(out, "\"default_num_special_tokens\": %d}, ", SMALL_SPECIALS);
    small_tekken_specials(out);
    buf_append(out, STR(", "));
    small_tekken_pieces(out, vocab);
    buf_printf(out, "%s}", more);
}

/* By a piece's number, the best first; two in eight are as good as the one before them, and the leftmost
 * wins. */
static inline float small_score(uint32_t i)
{
    return -(float)(i % 8 == 3 || i % 8 == 4 ? i - 1 : i);
}

/* A SentencePiece model: <unk>, <s>, </s>, the control tokens' spellings, bytes, characters, and what grows
 * out of them. */
static inline void small_spm_file(struct buf *out, struct small_vocab *vocab, uint64_t seed)
{
    static const char *const alphabet[] = {
        "a", "b", "c", "A", "\xe2\x96\x81", "\xe2\x96\x81", "1", ".", "\xc3\xa9", "\xe6\xbc\xa2"};
    enum { N_ALPHABET = sizeof alphabet / sizeof *alphabet };
    *vocab = (struct small_vocab){.state = seed * 0x9e3779b97f4a7c15 + 1};
    for (int i = 0; i < N_ALPHABET; i++)
        small_add(vocab, str_from(alphabet[i]));
    vocab->n_atoms = vocab->n;
    small_grow(vocab, alphabet, N_ALPHABET, 250);
    spm_piece(out, STR("<unk>"), 0, 2);
    spm_piece(out, STR("<s>"), 0, 3);
    spm_piece(out, STR("</s>"), 0, 3);
    for (int control = CONTROL_BEGIN_INST; control < CONTROL_COUNT; control++)
        spm_piece(out, control_text((enum control)control), 0, 3);
    spm_piece(out, STR("[R]"), 0, 4);
    spm_piece(out, STR("[R]a"), 0, 4);
    spm_byte_pieces(out);
    for (uint32_t i = 0; i < vocab->n; i++)
        spm_piece(out, vocab->pieces[i], small_score(i), 1);
    spm_trainer(out, 2, true);
    spm_normalizer(out, true, false, true);
}

#endif
