#ifndef SIDETOK_TESTS_REFERENCE_BPE_H
#define SIDETOK_TESTS_REFERENCE_BPE_H

#include "str.h"

#include <stdint.h>

/* Byte-pair encoding as one would explain it: a list of parts; of all neighbours that joined are a piece, the
 * pair of lowest rank, leftmost on a tie, becomes one part; until there is none. Everything is searched from
 * the start. */

struct reference_vocab {
    const struct str *pieces; /* by rank; the first 256 are the bytes */
    uint32_t n;
};

/* Ranks of text's parts; ret has room for text.size. Returns how many. */
static inline size_t reference_bpe(const struct reference_vocab *vocab, struct str text, uint32_t *ret)
{
    static struct str parts[1 << 16];
    size_t n = 0;
    for (; n < text.size; n++)
        parts[n] = (struct str){text.data + n, 1};
    for (;;) {
        uint32_t best = UINT32_MAX;
        size_t where = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            struct str joined = {parts[i].data, parts[i].size + parts[i + 1].size};
            for (uint32_t rank = 0; rank < vocab->n && rank < best; rank++)
                if (str_equal(vocab->pieces[rank], joined)) {
                    best = rank;
                    where = i;
                }
        }
        if (best == UINT32_MAX)
            break;
        parts[where].size += parts[where + 1].size;
        memmove(parts + where + 1, parts + where + 2, (n - where - 2) * sizeof *parts);
        n--;
    }
    for (size_t i = 0; i < n; i++)
        for (uint32_t rank = 0; rank < vocab->n; rank++)
            if (str_equal(vocab->pieces[rank], parts[i]))
                ret[i] = rank;
    return n;
}

#endif
