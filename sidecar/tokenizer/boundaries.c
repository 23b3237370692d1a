#include "boundaries.h"

#include "unicode.h"

#include <stdlib.h>
#include <string.h>

void boundaries_classify_c(const uint8_t *bytes, struct masks *ret)
{
    uint64_t of_class[8] = {0}, wide = 0, blank = 0, slash = 0;
    for (unsigned i = 0; i < BOUNDARIES_WINDOW; i++) {
        uint64_t bit = (uint64_t)1 << i;
        if (bytes[i] >= 0x80)
            wide |= bit;
        else
            of_class[unicode_class(bytes[i])] |= bit;
        blank |= bytes[i] == ' ' ? bit : 0;
        slash |= bytes[i] == '/' ? bit : 0;
    }
    *ret = (struct masks){
        .upper = of_class[UNICODE_UPPER],
        .lower = of_class[UNICODE_LOWER],
        .number = of_class[UNICODE_NUMBER],
        .space = of_class[UNICODE_SPACE],
        .blank = blank,
        .line_break = of_class[UNICODE_BREAK],
        .slash = slash,
        .other = of_class[UNICODE_OTHER],
        .wide = wide,
    };
}

boundaries_classify *boundaries_choose(void)
{
    const char *wanted = getenv("SIDETOK_SIMD");
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && !(wanted && strcmp(wanted, "c") == 0))
        return boundaries_classify_avx2;
#endif
    (void)wanted;
    return boundaries_classify_c;
}

/* The code point of a character of 2 to 4 bytes; broken bytes give some code point, never a read beyond 4. */
static uint32_t wide_code_point(const uint8_t *p, unsigned size)
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
static unsigned classify_wide(const uint8_t *bytes, struct masks *m, uint64_t *ret_inner)
{
    uint64_t of_class[8] = {0}, left = m->wide, firsts = 0;
    unsigned limit = BOUNDARIES_WINDOW;
    while (left) {
        unsigned at = (unsigned)__builtin_ctzll(left), first = bytes[at];
        unsigned size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        if (at + size > BOUNDARIES_WINDOW) {
            limit = at;
            break;
        }
        uint64_t bits = (((uint64_t)1 << size) - 1) << at;
        if (first < 0xc2 || (left & bits) != bits)
            return 0;
        of_class[unicode_class(wide_code_point(bytes + at, size))] |= bits;
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

/* The bits below n, 0 to 64. */
static uint64_t bits_below(unsigned n)
{
    return n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
}

/*
 * What neighbours alone do not decide. The window ends before the first of: a line break behind other white
 * space (alternative 5 reaches back over it), a slash behind a line break (alternative 4 may take it), a
 * letter with case behind one without (alternative 1 may give it back), a mark behind a sign, white space
 * beyond ASCII.
 */
static unsigned cut_at_trouble(const struct masks *m, unsigned limit)
{
    uint64_t trouble = (m->line_break & m->space << 1) | (m->slash & m->line_break << 1) |
                       (m->upper & m->letter << 1) | (m->mark & m->other << 1) | (m->space & m->wide);
    unsigned first = trouble ? (unsigned)__builtin_ctzll(trouble) : 64;
    return first < limit ? first : limit;
}

/* White space that reaches the end: all that is known is where it begins. */
static uint64_t certain(uint64_t white, unsigned limit)
{
    uint64_t open = ~(white << (64 - limit));
    unsigned run = open ? (unsigned)__builtin_clzll(open) : 64;
    return run > 0 && run <= limit ? bits_below(limit - run + 1) : bits_below(limit);
}

/* The starts that follow from each character's class and that of the one before it, or behind it for white
 * space. */
static uint64_t starts(const struct masks *m, uint64_t inner)
{
    uint64_t word = m->upper | m->lower | m->letter;
    uint64_t sign = m->other & ~((m->other | m->blank) << 1);
    uint64_t sign_whole = sign;
    for (int i = 0; i < 3 && inner; i++)
        sign_whole |= sign_whole << 1 & inner & m->other;
    uint64_t word_start = (word & (m->number | m->line_break) << 1) | (m->upper & m->lower << 1) |
                          (word & m->other << 1 & ~(sign_whole << 1));
    uint64_t white_start = (m->space & ~(m->space << 1)) | (m->space & ~(m->space >> 1)) |
                           (m->line_break & ~((m->line_break | m->other) << 1));
    return (m->number | word_start | sign | white_start) & ~inner;
}

uint64_t boundaries_find(boundaries_classify *classify, const uint8_t *bytes)
{
    struct masks m;
    uint64_t inner = 0;
    unsigned limit = BOUNDARIES_WINDOW;
    classify(bytes, &m);
    m.letter = m.mark = 0;
    if (m.wide)
        limit = classify_wide(bytes, &m, &inner);
    limit = cut_at_trouble(&m, limit);
    if (limit == 0)
        return 0;
    return (starts(&m, inner) & certain(m.space | m.line_break, limit)) | 1;
}
