#ifndef SIDETOK_TESTS_RANKS_MAKER_H
#define SIDETOK_TESTS_RANKS_MAKER_H

#include "ranks.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* A vocabulary of the 256 bytes and some pieces more, ranks in order. */
struct vocab {
    struct call call;
    struct ranks ranks;
    struct str pieces[1024];
    uint32_t offsets[1025], n;
    char bytes[16384];
};

static inline void vocab_add(struct vocab *vocab, struct str piece)
{
    uint32_t at = vocab->offsets[vocab->n];
    for (uint32_t i = 0; i < vocab->n; i++)
        if (str_equal(vocab->pieces[i], piece))
            return;
    memcpy(vocab->bytes + at, piece.data, piece.size);
    vocab->pieces[vocab->n++] = (struct str){vocab->bytes + at, piece.size};
    vocab->offsets[vocab->n] = at + (uint32_t)piece.size;
}

static inline void vocab_open(struct vocab *vocab)
{
    vocab->n = 0;
    vocab->offsets[0] = 0;
    for (int i = 0; i < 256; i++)
        vocab_add(vocab, (struct str){(char[]){(char)i}, 1});
}

static inline void vocab_build(struct vocab *vocab)
{
    bool duplicate;
    call_init(&vocab->call);
    CHECK_INT(ranks_build(&vocab->call, &vocab->ranks, vocab->n, vocab->offsets, vocab->bytes, &duplicate),
              SIDETOK_OK);
    CHECK(!duplicate);
}

/* Random pieces over few letters, so that joins compete. */
static inline void vocab_fill(struct vocab *vocab, unsigned *seed, int letters)
{
    vocab_open(vocab);
    for (int i = 0; i < 60; i++) {
        char piece[12];
        size_t size = 2 + (size_t)rand_r(seed) % (i < 20 ? 2 : 10);
        for (size_t k = 0; k < size; k++)
            piece[k] = (char)('a' + rand_r(seed) % letters);
        vocab_add(vocab, (struct str){piece, size});
    }
    vocab_build(vocab);
}

#endif
