#ifndef SIDETOK_TOKENIZER_BOUNDARIES_H
#define SIDETOK_TOKENIZER_BOUNDARIES_H

#include "masks.h"

/*
 * Where pre-tokens begin, 64 bytes at a time: the pattern as bit algebra over masks of character classes.
 * pretokenizer_next() walks character by character at 5 to 10 cycles a byte; this takes about one. All of it
 * is inline, to be compiled once for each instruction set (first_look.c).
 */

/* The bits below n, 0 to 64. */
static inline uint64_t boundaries_below(unsigned n)
{
    return n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
}

/* The code point of a character of 2 to 4 bytes; broken bytes give some code point, never a read beyond 4. */
static inline uint32_t boundaries_code_point(const uint8_t *p, unsigned size)
{
    if (size == 2)
        return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    if (size == 3)
        return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    uint32_t code_point = (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    return code_point < 0x110000 ? code_point : 0;
}

/*
 * Gives the characters beyond ASCII their classes; *ret_inner gets the bytes that are not the first of their
 * character. Returns how many bytes of the window hold whole characters, 0 where they are no UTF-8.
 */
static inline unsigned boundaries_classify_wide(const uint8_t *bytes, struct masks *m, uint64_t *ret_inner)
{
    uint64_t of_class[8] = {0}, left = m->wide, firsts = 0;
    unsigned limit = WINDOW;
    while (left) {
        unsigned at = (unsigned)__builtin_ctzll(left), first = bytes[at];
        unsigned size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        if (at + size > WINDOW) {
            limit = at;
            break;
        }
        uint64_t bits = (((uint64_t)1 << size) - 1) << at;
        if (first < 0xc2 || (left & bits) != bits)
            return 0;
        of_class[unicode_class(boundaries_code_point(bytes + at, size))] |= bits;
        firsts |= (uint64_t)1 << at;
        left &= ~bits;
    }
    *ret_inner = m->wide & ~firsts;
    m->upper |= of_class[UNICODE_UPPER];
    m->lower |= of_class[UNICODE_LOWER];
    m->mark = of_class[UNICODE_MARK];
    m->letter = of_class[UNICODE_LETTER] | of_class[UNICODE_MARK];
    m->number |= of_class[UNICODE_NUMBER];
    m->space |= of_class[UNICODE_SPACE];
    m->other |= of_class[UNICODE_OTHER];
    return limit;
}

/*
 * What neighbours alone do not decide. The window ends before the first of: a line break behind other white
 * space (alternative 5 reaches back over it), a slash behind a line break (alternative 4 may take it), a
 * letter with case behind one without (alternative 1 may give it back), a mark behind a sign, white space
 * beyond ASCII.
 */
static inline unsigned boundaries_before_trouble(const struct masks *m, unsigned limit)
{
    uint64_t trouble = (m->line_break & m->space << 1) | (m->slash & m->line_break << 1) |
                       (m->upper & m->letter << 1) | (m->mark & m->other << 1) | (m->space & m->wide);
    unsigned first = trouble ? (unsigned)__builtin_ctzll(trouble) : 64;
    return first < limit ? first : limit;
}

/* White space that reaches the end: all that is known is where it begins. */
static inline uint64_t boundaries_certain(uint64_t white, unsigned limit)
{
    uint64_t open = ~(white << ((64 - limit) & 63)); /* limit 0: whatever */
    unsigned run = open ? (unsigned)__builtin_clzll(open) : 64;
    return run > 0 && run <= limit ? boundaries_below(limit - run + 1) : boundaries_below(limit);
}

/*
 * The starts that follow from each character's class and that of the one before it, or behind it for white
 * space. inner: the bytes that are not the first of their character. any: the bytes that belong to the text.
 */
static inline uint64_t boundaries_starts(const struct masks *m, uint64_t inner, uint64_t any)
{
    uint64_t word = m->upper | m->lower | m->letter;
    uint64_t sign = m->other & ~((m->other | m->blank) << 1);
    uint64_t sign_whole = sign;
    for (int i = 0; i < 3 && inner; i++)
        sign_whole |= sign_whole << 1 & inner & m->other;
    uint64_t word_start = (word & (m->number | m->line_break) << 1) | (m->upper & m->lower << 1) |
                          (word & m->other << 1 & ~(sign_whole << 1));
    uint64_t white_start = (m->space & ~(m->space << 1)) | (m->space & ~(m->space >> 1) & any >> 1) |
                           (m->line_break & ~((m->line_break | m->other) << 1));
    return (m->number | word_start | sign | white_start) & ~inner;
}

/* The starts below limit, with bit 0; 0 where there is nothing below. */
static inline uint64_t boundaries_until(const struct masks *m, uint64_t inner, uint64_t any, unsigned limit)
{
    uint64_t starts = boundaries_starts(m, inner, any) & boundaries_certain(m->space | m->line_break, limit);
    return limit > 0 ? starts | 1 : 0;
}

/**
 * The pre-tokens that begin in the window: bit 0, at which one must begin, and every further start that
 * nothing behind the window can change. The last start's own end is not known. 0 or bit 0 alone where the
 * window holds what the algebra leaves to pretokenizer_next(): that is then to be asked for the pre-token at
 * bit 0.
 *
 * bytes  64 readable bytes of UTF-8.
 */
static inline uint64_t boundaries_find(const uint8_t *bytes)
{
    struct masks m = masks_of(bytes);
    uint64_t inner = 0;
    unsigned limit = WINDOW;
    if (!m.wide) { /* the compiler leaves out what ASCII does not have */
        m.letter = m.mark = 0;
        return boundaries_until(&m, 0, ~(uint64_t)0, boundaries_before_trouble(&m, limit));
    }
    limit = boundaries_classify_wide(bytes, &m, &inner);
    return boundaries_until(&m, inner, ~(uint64_t)0, boundaries_before_trouble(&m, limit));
}

/**
 * The same for the last n bytes of a text, 1 to 63: where all is certain, bit n says that the last pre-token
 * ends there. 64 bytes must be readable; those behind the text are zeros.
 */
static inline uint64_t boundaries_find_last(const uint8_t *bytes, unsigned n)
{
    struct masks m = masks_of(bytes);
    uint64_t inner = 0, any = boundaries_below(n), end = (uint64_t)1 << n;
    unsigned limit = n;
    m.other &= any;
    if (m.wide)
        limit = boundaries_classify_wide(bytes, &m, &inner);
    limit = boundaries_before_trouble(&m, limit < n ? limit : n);
    return limit == n ? boundaries_starts(&m, inner, any) | 1 | end : boundaries_until(&m, inner, any, limit);
}

#endif
