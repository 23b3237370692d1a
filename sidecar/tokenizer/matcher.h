#ifndef SIDETOK_TOKENIZER_MATCHER_H
#define SIDETOK_TOKENIZER_MATCHER_H

#include "call.h"
#include "str.h"

#include <stdint.h>

/** Finds which of a set of words a text begins with. Immutable once built. Rule: normalizer::PrefixMatcher.
 */
struct matcher {
    struct matcher_word {
        struct str text;
        uint32_t id;
    } * words; /* in byte order */
    size_t n_words, capacity;
    bool first[256]; /* bytes that begin a word */
    int only_first;  /* the one byte that begins all words, -1 when there are several */
};

void matcher_init(struct matcher *matcher);

/** Adds a word of at least one byte; the text is borrowed. Errors: SIDETOK_E_NO_MEMORY. */
enum sidetok_error matcher_add(struct call *call, struct matcher *matcher, struct str text, uint32_t id);

/** Ends the additions. */
void matcher_finish(struct matcher *matcher);

/** The longest word that text begins with, NULL when there is none. */
const struct matcher_word *matcher_find(const struct matcher *matcher, struct str text);

/** The first place from `at` on where a word may begin; text.size when there is none. */
size_t matcher_seek(const struct matcher *matcher, struct str text, size_t at);

#endif
