#include "tool_schema_name.h"

#include "utf8.h"

#include "tool_schema_names.inc"

enum name_class { NAME_OTHER, NAME_CONTINUE, NAME_START, NAME_DIGIT };

enum { MAX_GROUPS = 1073741823 }; /* _sre.MAXGROUPS */

/* The entry of name_classes whose range holds the code point. */
static uint32_t name_range(uint32_t code_point)
{
    size_t low = 0, high = sizeof name_classes / sizeof name_classes[0];
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (name_classes[middle] >> 2 <= code_point)
            low = middle;
        else
            high = middle;
    }
    return name_classes[low];
}

bool name_is_identifier(struct str name)
{
    uint32_t code_point;
    for (size_t at = 0; at < name.size;) {
        bool first = at == 0;
        at += utf8_read(name, at, &code_point);
        enum name_class class = (enum name_class)(name_range(code_point) & 3);
        if (class == NAME_OTHER || (first && class != NAME_START))
            return false;
    }
    return name.size > 0;
}

/* Rule: _PyUnicode_TransformDecimalAndSpaceToASCII, which leaves text alone that is ASCII already: there
 * U+001C to U+001F are no spaces. */
static char as_ascii(uint32_t code_point, bool all_ascii)
{
    if (code_point == ' ' || (code_point >= 9 && code_point <= 13))
        return ' ';
    if (all_ascii || (code_point < 0x80 && (code_point < 0x1c || code_point > 0x1f)))
        return code_point < 0x80 ? (char)code_point : '?';
    if (code_point < 0x80 || code_point == 0x85 || code_point == 0xa0 || code_point == 0x1680 ||
        (code_point >= 0x2000 && code_point <= 0x200a) || code_point == 0x2028 || code_point == 0x2029 ||
        code_point == 0x202f || code_point == 0x205f || code_point == 0x3000)
        return ' ';
    uint32_t range = name_range(code_point);
    return (range & 3) == NAME_DIGIT ? (char)('0' + (code_point - (range >> 2)) % 10) : '?';
}

/* The characters of a number in order; the state says what may come. */
struct number {
    enum { BEFORE, SIGNED, DIGITS, UNDERSCORE, AFTER } state;
    uint32_t value;
};

static bool number_take(struct number *number, char c)
{
    if (c >= '0' && c <= '9' && number->state != AFTER) {
        number->state = DIGITS;
        uint64_t value = number->value * UINT64_C(10) + (uint64_t)(c - '0');
        number->value = (uint32_t)(value < MAX_GROUPS ? value : MAX_GROUPS);
        return true;
    }
    if (c == '+' && number->state == BEFORE)
        number->state = SIGNED;
    else if (c == '_' && number->state == DIGITS)
        number->state = UNDERSCORE;
    else if (c == ' ' && (number->state == DIGITS || number->state == AFTER))
        number->state = AFTER;
    else
        return c == ' ' && number->state == BEFORE;
    return true;
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

bool name_read_number(struct str text, uint32_t *ret_number)
{
    bool all_ascii = is_ascii(text);
    struct number number = {.state = BEFORE};
    size_t n_digits = 0;
    for (size_t at = 0; at < text.size;) {
        uint32_t code_point;
        at += utf8_read(text, at, &code_point);
        char c = as_ascii(code_point, all_ascii);
        if (!number_take(&number, c))
            return false;
        n_digits += c >= '0' && c <= '9';
    }
    *ret_number = number.value;
    return (number.state == DIGITS || number.state == AFTER) && number.value < MAX_GROUPS && n_digits <= 4300;
}
