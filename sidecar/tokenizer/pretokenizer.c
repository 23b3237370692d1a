#include "pretokenizer.h"

#include "unicode.h"
#include "utf8.h"

const char pretokenizer_pattern[] =
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
    "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/* Sets of classes, one bit each, as the pattern's brackets name them. */
#define BIT(class) (1u << UNICODE_##class)
enum { STACK = 999999 };
enum {
    HEAD = BIT(UPPER) | BIT(LETTER) | BIT(MARK), /* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] */
    TAIL = BIT(LOWER) | BIT(LETTER) | BIT(MARK), /* [\p{Ll}\p{Lm}\p{Lo}\p{M}] */
    BOTH = BIT(LETTER) | BIT(MARK),
    WORD = HEAD | TAIL,
    SIGN = BIT(OTHER) | BIT(MARK),   /* [^\s\p{L}\p{N}] */
    WHITE = BIT(SPACE) | BIT(BREAK), /* \s */
};

/* utf8_read() of a character of three bytes, a third of the time; 0 where there is none. */
static inline size_t read_three(const uint8_t *bytes, size_t n, uint32_t *ret_code_point)
{
    if (n < 3 || bytes[0] >> 4 != 0xe || bytes[1] >> 6 != 2 || bytes[2] >> 6 != 2)
        return 0;
    *ret_code_point = (bytes[0] & 0xfu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
    return *ret_code_point < 0x800 ? 0 : 3;
}

/* The class bit of the character at `at`, 0 at the end of text; *ret_end is where the character ends. */
static unsigned class_at(struct str text, size_t at, size_t *ret_end)
{
    if (at >= text.size) {
        *ret_end = at;
        return 0;
    }
    const uint8_t *bytes = (const uint8_t *)text.data + at;
    uint32_t code_point = bytes[0];
    size_t size = 1;
    if (code_point >= 0x80 && !(size = read_three(bytes, text.size - at, &code_point)))
        size = utf8_read(text, at, &code_point);
    *ret_end = at + size;
    return 1u << unicode_class(code_point);
}

/* The end of the bytes at `at` that equal the one there: a megabyte of one letter or of spaces is one
 * pre-token. */
static size_t same_byte_end(struct str text, size_t at)
{
    uint64_t all = (uint8_t)text.data[at] * UINT64_C(0x0101010101010101), word;
    for (; text.size - at >= 8; at += 8) {
        memcpy(&word, text.data + at, 8);
        if (word != all)
            break;
    }
    return at;
}

/* Where the bytes before `at` that equal the last of them begin. */
static size_t same_byte_begin(struct str text, size_t at)
{
    uint64_t all = (uint8_t)text.data[at - 1] * UINT64_C(0x0101010101010101), word;
    for (; at >= 8; at -= 8) {
        memcpy(&word, text.data + at - 8, 8);
        if (word != all)
            break;
    }
    return at;
}

/* The end of the letters a to z at `at`, eight at a time: those that are fewer are left. */
static size_t lower_end(struct str text, size_t at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t word;
    for (; text.size - at >= 8; at += 8) {
        memcpy(&word, text.data + at, 8);
        uint64_t from_a = word + ones * (0x80 - 'a'), beyond_z = word + ones * (0x80 - 'z' - 1);
        if ((from_a & ~beyond_z & ~word & high) != high)
            break;
    }
    return at;
}

/* The end of the characters of set that begin at `at`. */
static size_t run_end(struct str text, size_t at, unsigned set)
{
    size_t end;
    while (class_at(text, at, &end) & set) {
        at = end;
        if (set & BIT(LOWER))
            at = lower_end(text, at);
        else if (at < text.size && (uint8_t)text.data[at] < 0x80 && text.data[at] == text.data[at - 1])
            at = same_byte_end(text, at);
    }
    return at;
}

/*
 * Alternatives 1 and 2 without their first character, at a character of WORD. Greedy, and where the star took
 * all, it gives back: up to the last character that both brackets name.
 */
static size_t word_end(struct str text, size_t at)
{
    size_t end, last_both = 0;
    unsigned class;
    while ((class = class_at(text, at, &end)) & HEAD) {
        if (class & BOTH)
            last_both = end;
        at = end;
    }
    if (class & BIT(LOWER))
        return run_end(text, at, TAIL);
    return last_both ? last_both : at;
}

/* Alternatives 5 to 7, at white space that no word or sign follows as its second character. */
static size_t white_end(struct str text, size_t at)
{
    size_t last = at, last_break = 0, end = at, begin = at;
    unsigned class;
    while ((class = class_at(text, at, &end)) & WHITE) {
        last = at;
        at = end;
        if ((unsigned char)text.data[last] < 0x80 && (end = same_byte_end(text, last)) > at) {
            at = end;
            last = end - 1;
        }
        if (class & BIT(BREAK))
            last_break = at;
    }
    if (last_break)
        return last_break;
    return at == text.size || last == begin ? at : last;
}

size_t pretokenizer_next(struct str text, size_t at)
{
    size_t second, third;
    unsigned class = class_at(text, at, &second);
    if (class & WORD)
        return word_end(text, at);
    if (class & BIT(NUMBER))
        return second;
    unsigned next = class_at(text, second, &third);
    if (!(class & BIT(BREAK)) && next & WORD)
        return word_end(text, second);
    if (class & BIT(OTHER) || (text.data[at] == ' ' && next & BIT(OTHER))) {
        at = run_end(text, second, SIGN);
        while (at < text.size && (text.data[at] == '\r' || text.data[at] == '\n' || text.data[at] == '/'))
            at++;
        return at;
    }
    return white_end(text, at);
}

/* Where the white space without a line break that goes on until `at` begins. */
static size_t spaces_begin(struct str text, size_t at)
{
    size_t before, end;
    while (at > 0) {
        for (before = at - 1; before > 0 && ((uint8_t)text.data[before] & 0xc0) == 0x80; before--)
            ;
        if (!(class_at(text, before, &end) & BIT(SPACE)))
            break;
        at = end - before == 1 ? same_byte_begin(text, before + 1) : before;
        at = at > before ? before : at;
    }
    return at;
}

/* Whether a run of white space without a line break begins before `at`'s character, and is long enough. */
static bool overflows_around(struct str text, size_t at)
{
    size_t n = 0, end;
    unsigned class;
    while (at > 0 && ((uint8_t)text.data[at] & 0xc0) == 0x80)
        at--;
    for (at = spaces_begin(text, at); (class = class_at(text, at, &end)) & BIT(SPACE); at = end) {
        size_t same = end - at == 1 ? same_byte_end(text, at) : at;
        n += same > end ? same - at : 1;
        end = same > end ? same : end;
    }
    return n >= STACK && !(class & BIT(BREAK));
}

/* A run that long covers one of the places that lie STACK bytes apart. */
bool pretokenizer_overflows(struct str text)
{
    for (size_t at = STACK - 1; at < text.size; at += STACK)
        if (overflows_around(text, at))
            return true;
    return false;
}
