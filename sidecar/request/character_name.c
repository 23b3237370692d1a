#include "character_name.h"

#include <stdlib.h>
#include <string.h>

/* Names that end in their character's number, from first to last. */
struct name_run {
    struct str stem;
    uint32_t first, last;
};

/*
 * The other names, sorted, in blocks of 64. A name is a character that says how many characters it shares
 * with the one before (35 more than that), the rest of it, and in lower-case letters, base 26, how far its
 * code point is from the one before: twice the distance, less one where it is backwards. A block begins with
 * its first name whole.
 */
#include "character_name.inc"

enum { NAME_MAX = 88, SHARED_BASE = 35, N_BLOCKS = sizeof name_blocks / sizeof name_blocks[0] };

/* Rule: _getcode of unicodedata.c: the longest of each part's spellings. */
static const char *const hangul_parts[3][28] = {
    {"G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P", "H"},
    {"A",  "AE", "YA", "YAE", "EO", "E",  "YEO", "YE", "O",  "WA", "WAE",
     "OE", "YO", "U",  "WEO", "WE", "WI", "YU",  "EU", "YI", "I"},
    {"",   "G",  "GG", "GS", "N",  "NJ", "NH", "D",  "L", "LG", "LM", "LB", "LS", "LT",
     "LP", "LH", "M",  "B",  "BS", "S",  "SS", "NG", "J", "C",  "K",  "T",  "P",  "H"},
};

static bool read_hangul_part(int part, struct str *text, uint32_t *ret_index)
{
    size_t longest = 0;
    bool found = false;
    for (uint32_t i = 0; i < 28 && hangul_parts[part][i]; i++) {
        struct str spelling = str_from(hangul_parts[part][i]);
        if ((found && spelling.size <= longest) || !str_starts_with(*text, spelling))
            continue;
        found = true;
        longest = spelling.size;
        *ret_index = i;
    }
    *text = str_from_offset(*text, longest);
    return found;
}

static bool find_hangul(struct str rest, uint32_t *ret_code)
{
    enum { FIRST = 0xac00, N_VOWELS = 21, N_TAILS = 28 };
    uint32_t index[3];
    for (int part = 0; part < 3; part++)
        if (!read_hangul_part(part, &rest, &index[part]))
            return false;
    *ret_code = FIRST + (index[0] * N_VOWELS + index[1]) * N_TAILS + index[2];
    return rest.size == 0;
}

/* Four or five digits, upper case only. */
static bool read_number(struct str text, uint32_t *ret)
{
    if (text.size != 4 && text.size != 5)
        return false;
    *ret = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F'))
            return false;
        *ret = *ret * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);
    }
    return true;
}

/* Rule: a zero in front passes for unified ideographs alone. */
static bool find_in_runs(struct str name, bool may_lead_with_zero, uint32_t *ret_code)
{
    for (size_t i = 0; i < sizeof name_runs / sizeof name_runs[0]; i++) {
        const struct name_run *run = &name_runs[i];
        if (!str_starts_with(name, run->stem))
            continue;
        struct str number = str_from_offset(name, run->stem.size);
        if (read_number(number, ret_code) && *ret_code >= run->first && *ret_code <= run->last &&
            (number.data[0] != '0' || may_lead_with_zero))
            return true;
    }
    return false;
}

/** A walk over a block's names. */
struct name_walk {
    const char *at;
    char name[NAME_MAX];
    size_t size;
    uint32_t code;
};

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool walk_next(struct name_walk *walk)
{
    uint32_t step = 0;
    if (!*walk->at)
        return false;
    walk->size = (size_t)(*walk->at++ - SHARED_BASE);
    while (!is_lower(*walk->at))
        walk->name[walk->size++] = *walk->at++;
    while (is_lower(*walk->at))
        step = step * 26 + (uint32_t)(*walk->at++ - 'a');
    walk->code += step % 2 ? -(step / 2 + 1) : step / 2;
    return true;
}

static int compare_name(const struct name_walk *walk, struct str name)
{
    size_t n = walk->size < name.size ? walk->size : name.size;
    int order = memcmp(walk->name, name.data, n);
    return order ? order : (walk->size > name.size) - (walk->size < name.size);
}

static bool find_in_blocks(struct str name, uint32_t *ret_code)
{
    size_t low = 0, high = N_BLOCKS; /* the block wanted is before high, and at low or behind it */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        struct name_walk walk = {.at = name_blocks[middle]};
        walk_next(&walk);
        *(compare_name(&walk, name) <= 0 ? &low : &high) = middle;
    }
    struct name_walk walk = {.at = name_blocks[low]};
    while (walk_next(&walk)) {
        *ret_code = walk.code;
        if (compare_name(&walk, name) == 0)
            return true;
    }
    return false;
}

bool character_name_find(struct str name, uint32_t *ret_code)
{
    static const struct str hangul = {"HANGUL SYLLABLE ", 16}, ideograph = {"CJK UNIFIED IDEOGRAPH-", 22};
    char upper[NAME_MAX];
    if (name.size > NAME_MAX)
        return false;
    if (str_starts_with(name, hangul))
        return find_hangul(str_from_offset(name, hangul.size), ret_code);
    if (str_starts_with(name, ideograph))
        return find_in_runs(name, true, ret_code);
    for (size_t i = 0; i < name.size; i++)
        upper[i] = is_lower(name.data[i]) ? (char)(name.data[i] - 'a' + 'A') : name.data[i];
    name.data = upper;
    if (str_starts_with(name, ideograph))
        return false;
    return find_in_runs(name, false, ret_code) || find_in_blocks(name, ret_code);
}
