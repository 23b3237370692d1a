#ifndef SIDETOK_TOKENIZER_TEKKEN_H
#define SIDETOK_TOKENIZER_TEKKEN_H

#include "cuts.h"
#include "engine.h"
#include "joins.h"
#include "map.h"
#include "ranks.h"

/* How text is split before merging. Patterns that are not here are refused when the file is loaded. */
enum tekken_pattern {
    PATTERN_TEKKEN, /* pretokenizer_pattern */
    PATTERN_LINES,  /* ".+": each line; the line feeds themselves are left out */
};

struct tekken_special {
    struct str text; /* token_str */
    int64_t rank;    /* what get_special_token returns; not the place in the list */
};

/** A loaded Tekken file; the head's home holds all its memory. Immutable after tekken_open(). */
struct tekken {
    struct tokenizer head;
    enum tekken_pattern pattern;
    struct ranks ranks;
    struct cuts cuts;
    struct joins joins;
    struct tekken_special *specials; /* in the file's order; info.n_special of them, fillers included */
    struct map special_of_text;      /* token_str to its place in specials */
    int64_t *special_ranks;          /* ascending */
};

static inline const struct tekken *tekken_of(const struct tokenizer *tokenizer)
{
    return (const struct tekken *)tokenizer;
}

#endif
