#ifndef SIDETOK_TESTS_NAIVE_H
#define SIDETOK_TESTS_NAIVE_H

#include "str.h"
#include "unicode.h"
#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>

/* Both engines once more, as one would explain them: what fuzzing compares the fast ones with. Nothing is
 * shared with them but the classes of characters. Texts of up to NAIVE_MAX_BYTES. */

enum { NAIVE_MAX_BYTES = 4096 };

/* Pieces in byte order, for search by halving. */
struct naive_piece {
    struct str text;
    uint32_t id;
    double order; /* the lowest merges first */
};

struct naive_pieces {
    struct naive_piece *items;
    size_t n;
};

static inline int naive_compare(const void *a, const void *b)
{
    return str_compare(((const struct naive_piece *)a)->text, ((const struct naive_piece *)b)->text);
}

static inline void naive_sort(struct naive_pieces *pieces)
{
    qsort(pieces->items, pieces->n, sizeof *pieces->items, naive_compare);
}

static inline const struct naive_piece *naive_find(const struct naive_pieces *pieces, struct str text)
{
    struct naive_piece key = {.text = text};
    return bsearch(&key, pieces->items, pieces->n, sizeof key, naive_compare);
}

/* A part of a text on its way to tokens, and what it becomes with the part behind it. */
struct naive_part {
    struct str text;
    bool frozen; /* never merges */
    const struct naive_piece *joined;
};

static inline void naive_look(const struct naive_pieces *pieces, struct naive_part *parts, size_t n, size_t i)
{
    parts[i].joined = NULL;
    if (i + 1 < n && !parts[i].frozen && !parts[i + 1].frozen)
        parts[i].joined =
            naive_find(pieces, (struct str){parts[i].text.data, parts[i].text.size + parts[i + 1].text.size});
}

/* Joins the neighbours of lowest order, leftmost on a tie, until none are left. Returns how many parts
 * remain. */
static inline size_t naive_merge(const struct naive_pieces *pieces, struct naive_part *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        naive_look(pieces, parts, n, i);
    for (;;) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (parts[i].joined && (best == n || parts[i].joined->order < parts[best].joined->order))
                best = i;
        if (best == n)
            return n;
        parts[best].text.size += parts[best + 1].text.size;
        memmove(parts + best + 1, parts + best + 2, (n - best - 2) * sizeof *parts);
        n--;
        naive_look(pieces, parts, n, best);
        if (best > 0)
            naive_look(pieces, parts, n, best - 1);
    }
}

/* One term of the pre-tokenizer's pattern: a set of classes, least to most times, as often as the rest
 * allows. */
struct naive_term {
    unsigned set;
    size_t least, most;
    bool not_before; /* (?!set) instead */
};

#define NAIVE(class) (1u << UNICODE_##class)
enum {
    NAIVE_LEAD = NAIVE(MARK) | NAIVE(SPACE) | NAIVE(OTHER), /* [^\r\n\p{L}\p{N}] */
    NAIVE_HEAD = NAIVE(UPPER) | NAIVE(LETTER) | NAIVE(MARK),
    NAIVE_TAIL = NAIVE(LOWER) | NAIVE(LETTER) | NAIVE(MARK),
    NAIVE_SIGN = NAIVE(MARK) | NAIVE(OTHER), /* [^\s\p{L}\p{N}] */
    NAIVE_WHITE = NAIVE(SPACE) | NAIVE(BREAK),
    NAIVE_VISIBLE = 0xff & ~NAIVE_WHITE,
    NAIVE_BLANK = 1u << 8, /* U+0020 */
    NAIVE_SLASH = 1u << 9,
    NAIVE_MANY = NAIVE_MAX_BYTES,
};

static const struct naive_term naive_pattern[7][4] = {
    {{NAIVE_LEAD, 0, 1, false}, {NAIVE_HEAD, 0, NAIVE_MANY, false}, {NAIVE_TAIL, 1, NAIVE_MANY, false}},
    {{NAIVE_LEAD, 0, 1, false}, {NAIVE_HEAD, 1, NAIVE_MANY, false}, {NAIVE_TAIL, 0, NAIVE_MANY, false}},
    {{NAIVE(NUMBER), 1, 1, false}},
    {{NAIVE_BLANK, 0, 1, false},
     {NAIVE_SIGN, 1, NAIVE_MANY, false},
     {NAIVE(BREAK) | NAIVE_SLASH, 0, NAIVE_MANY, false}},
    {{NAIVE_WHITE, 0, NAIVE_MANY, false}, {NAIVE(BREAK), 1, NAIVE_MANY, false}},
    {{NAIVE_WHITE, 1, NAIVE_MANY, false}, {NAIVE_VISIBLE, 0, 0, true}},
    {{NAIVE_WHITE, 1, NAIVE_MANY, false}},
};

/* A text's characters: where each begins, and its classes. */
struct naive_text {
    size_t n;
    size_t begins[NAIVE_MAX_BYTES + 1];
    unsigned classes[NAIVE_MAX_BYTES + 1]; /* 0 behind the end */
};

static inline void naive_read(struct str text, struct naive_text *ret)
{
    ret->n = 0;
    for (size_t at = 0; at < text.size;) {
        uint32_t code_point;
        ret->begins[ret->n] = at;
        at += utf8_read(text, at, &code_point);
        ret->classes[ret->n++] = 1u << unicode_class(code_point) | (code_point == ' ' ? NAIVE_BLANK : 0) |
                                 (code_point == '/' ? NAIVE_SLASH : 0);
    }
    ret->begins[ret->n] = text.size;
    ret->classes[ret->n] = 0;
}

/* Where the terms from number i on match from character at on, backtracking; -1 where they do not. */
static inline long naive_match(const struct naive_text *text, const struct naive_term *terms, int i,
                               size_t at)
{
    if (i == 4 || terms[i].set == 0)
        return (long)at;
    if (terms[i].not_before)
        return text->classes[at] & terms[i].set ? -1 : naive_match(text, terms, i + 1, at);
    size_t n = 0;
    while (n < terms[i].most && text->classes[at + n] & terms[i].set)
        n++;
    for (;; n--) {
        long end = n < terms[i].least ? -1 : naive_match(text, terms, i + 1, at + n);
        if (end >= 0 || n <= terms[i].least)
            return end;
    }
}

static inline size_t naive_pretoken(const struct naive_text *text, size_t at)
{
    for (int i = 0; i < 7; i++) {
        long end = naive_match(text, naive_pattern[i], 0, at);
        if (end > (long)at)
            return (size_t)end;
    }
    abort(); /* the alternatives take every character there is */
}

/* Ids of valid text without surrogates; ret has room for text.size. Rule: CoreBPE.encode. */
static inline size_t naive_tekken(const struct naive_pieces *pieces, struct str text, uint32_t *ret)
{
    static struct naive_text read;
    static struct naive_part parts[NAIVE_MAX_BYTES];
    size_t n_ids = 0;
    naive_read(text, &read);
    for (size_t at = 0, end; at < read.n; at = end) {
        end = naive_pretoken(&read, at);
        struct str word = {text.data + read.begins[at], read.begins[end] - read.begins[at]};
        const struct naive_piece *whole = naive_find(pieces, word);
        if (whole) {
            ret[n_ids++] = whole->id;
            continue;
        }
        for (size_t i = 0; i < word.size; i++)
            parts[i] = (struct naive_part){.text = {word.data + i, 1}};
        size_t n = naive_merge(pieces, parts, word.size);
        for (size_t i = 0; i < n; i++)
            ret[n_ids++] = naive_find(pieces, parts[i].text)->id;
    }
    return n_ids;
}

/* What SentencePiece makes of text before it looks for pieces: a space before it, U+2581 for each space. ret
 * has room for 3 * text.size + 3. */
static inline struct str naive_spaces(struct str text, char *ret)
{
    size_t n = 0;
    for (size_t i = 0; text.size > 0 && i < text.size + 1; i++) {
        if (i == 0 || text.data[i - 1] == ' ') {
            memcpy(ret + n, "\xe2\x96\x81", 3);
            n += 3;
        } else {
            ret[n++] = text.data[i - 1];
        }
    }
    return (struct str){ret, n};
}

/* The longest of the words with which text begins; of size 0 when there is none. */
static inline struct str naive_word(const struct str *words, size_t n_words, struct str text)
{
    struct str longest = {text.data, 0};
    for (size_t i = 0; i < n_words; i++)
        if (words[i].size > longest.size && str_starts_with(text, words[i]))
            longest.size = words[i].size;
    return longest;
}

/* Ids of valid text without surrogates; ret has room for 3 * text.size + 3. words: the user-defined pieces;
 * byte_ids: the first byte's id. */
static inline size_t naive_spm(const struct naive_pieces *pieces, const struct str *words, size_t n_words,
                               uint32_t byte_ids, struct str text, uint32_t *ret)
{
    static char spaced[3 * NAIVE_MAX_BYTES + 3];
    static struct naive_part parts[3 * NAIVE_MAX_BYTES + 3];
    size_t n = 0, n_ids = 0;
    for (text = naive_spaces(text, spaced); text.size > 0; n++) {
        uint32_t ignored;
        struct str part = naive_word(words, n_words, text);
        bool frozen = part.size > 0;
        if (!frozen)
            part.size = utf8_read(text, 0, &ignored);
        parts[n] = (struct naive_part){.text = part, .frozen = frozen};
        text = str_from_offset(text, part.size);
    }
    n = naive_merge(pieces, parts, n);
    for (size_t i = 0; i < n; i++) {
        const struct naive_piece *piece = naive_find(pieces, parts[i].text);
        if (piece)
            ret[n_ids++] = piece->id;
        for (size_t at = 0; !piece && at < parts[i].text.size; at++)
            ret[n_ids++] = byte_ids + (unsigned char)parts[i].text.data[at];
    }
    return n_ids;
}

#endif
