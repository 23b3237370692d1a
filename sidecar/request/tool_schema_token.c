#include "tool_schema_token.h"

#include "character_name.h"
#include "utf8.h"

#define DIGITS       "0123456789"
#define OCTAL_DIGITS "01234567"
#define HEX_DIGITS   "0123456789abcdefABCDEF"

static size_t character_size(const struct tokens *tokens, size_t at)
{
    uint32_t code_point;
    if (at >= tokens->pattern.size)
        return 0;
    return (unsigned char)tokens->pattern.data[at] < 0x80 ? 1 : utf8_read(tokens->pattern, at, &code_point);
}

static void advance(struct tokens *tokens)
{
    size_t start = tokens->at, size = character_size(tokens, start);
    if (size == 1 && tokens->pattern.data[start] == '\\') {
        size_t escaped = character_size(tokens, start + 1);
        tokens->is_cut |= escaped == 0;
        size = escaped ? 1 + escaped : 0;
    }
    tokens->next = (struct str){tokens->pattern.data + start, size};
    tokens->at = start + size;
}

void tokens_start(struct tokens *tokens, struct str pattern)
{
    *tokens = (struct tokens){.pattern = pattern};
    advance(tokens);
}

struct str tokens_get(struct tokens *tokens)
{
    struct str token = tokens->next;
    advance(tokens);
    return token;
}

void tokens_seek(struct tokens *tokens, size_t offset)
{
    tokens->at = offset;
    advance(tokens);
}

bool tokens_match(struct tokens *tokens, char c)
{
    if (!token_is(tokens->next, c))
        return false;
    advance(tokens);
    return true;
}

struct str tokens_get_while(struct tokens *tokens, size_t n, const char *set)
{
    struct str text = {tokens->next.data, 0};
    for (; text.size < n && token_in(tokens->next, set); text.size++)
        advance(tokens);
    return text;
}

bool tokens_get_until(struct tokens *tokens, char terminator, struct str *ret_text)
{
    const char *start = tokens->next.data;
    while (!tokens_end(tokens)) {
        struct str token = tokens_get(tokens);
        if (token_is(token, terminator)) {
            *ret_text = (struct str){start, (size_t)(token.data - start)};
            return ret_text->size > 0;
        }
    }
    return false;
}

static uint32_t digit_value(char c)
{
    return (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* At most eight digits. */
static uint32_t read_number(struct str digits, uint32_t base)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits.size; i++)
        value = value * base + digit_value(digits.data[i]);
    return value;
}

static bool set_code(struct code *ret_code, enum code_kind kind, uint32_t value)
{
    *ret_code = (struct code){kind, value};
    return true;
}

/* \xhh, \uhhhh, \Uhhhhhhhh: exactly n digits, a code point. */
static bool escape_hex(struct tokens *tokens, size_t n, struct code *ret_code)
{
    struct str digits = tokens_get_while(tokens, n, HEX_DIGITS);
    uint32_t value = read_number(digits, 16);
    return digits.size == n && value <= 0x10ffff && set_code(ret_code, CODE_LITERAL, value);
}

/* \N{name} */
static bool escape_named(struct tokens *tokens, struct code *ret_code)
{
    struct str name;
    uint32_t code;
    return tokens_match(tokens, '{') && tokens_get_until(tokens, '}', &name) &&
           character_name_find(name, &code) && set_code(ret_code, CODE_LITERAL, code);
}

/* Escapes that are the same inside and outside of sets: \x, \u, \U, \N, and those that stand for the
 * character. */
static bool escape_character(struct tokens *tokens, struct str escape, struct code *ret_code)
{
    char c = escape.data[1];
    switch (c) {
    case 'x':
        return escape_hex(tokens, 2, ret_code);
    case 'u':
        return escape_hex(tokens, 4, ret_code);
    case 'U':
        return escape_hex(tokens, 8, ret_code);
    case 'N':
        return escape_named(tokens, ret_code);
    default:
        break;
    }
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
        return false;
    *ret_code = code_of_character(str_from_offset(escape, 1));
    return true;
}

/* \a, \n ...: the letter's place is that of its code point. */
static bool escape_control(char c, struct code *ret_code)
{
    static const char letters[] = "abtnvfr"; /* 7 to 13 */
    const char *letter = c ? strchr(letters, c) : NULL;
    return letter && set_code(ret_code, CODE_LITERAL, (uint32_t)(7 + (letter - letters)));
}

static bool escape_octal(struct str first, struct str more, struct code *ret_code)
{
    uint32_t value = digit_value(first.data[0]);
    for (size_t i = 0; i < more.size; i++)
        value = value * 8 + digit_value(more.data[i]);
    return value <= 0377 && set_code(ret_code, CODE_LITERAL, value);
}

/* A digit but 0 outside of a set: an octal escape if it is three octal digits, else a group of one or two
 * digits. */
static bool escape_digit(struct tokens *tokens, struct str first, struct code *ret_code)
{
    uint32_t group = digit_value(first.data[0]);
    if (!token_in(tokens->next, DIGITS))
        return set_code(ret_code, CODE_GROUP, group);
    struct str second = tokens_get(tokens);
    group = group * 10 + digit_value(second.data[0]);
    if (!token_in(first, OCTAL_DIGITS) || !token_in(second, OCTAL_DIGITS) ||
        !token_in(tokens->next, OCTAL_DIGITS))
        return set_code(ret_code, CODE_GROUP, group);
    tokens_get(tokens);
    return escape_octal(first, (struct str){second.data, 2}, ret_code);
}

/* \d, \s, \w and their opposites. */
static bool is_class(char c)
{
    char lower = (char)(c | 0x20);
    return lower == 'd' || lower == 's' || lower == 'w';
}

bool tokens_escape(struct tokens *tokens, struct str escape, struct code *ret_code)
{
    struct str character = str_from_offset(escape, 1);
    switch (character.data[0]) {
    case 'A':
    case 'b':
    case 'B':
    case 'Z':
        return set_code(ret_code, CODE_POSITION, 0);
    case '0':
        return escape_octal(character, tokens_get_while(tokens, 2, OCTAL_DIGITS), ret_code);
    default:
        break;
    }
    if (is_class(character.data[0]))
        return set_code(ret_code, CODE_CLASS, 0);
    if (escape_control(character.data[0], ret_code))
        return true;
    if (token_in(character, DIGITS))
        return escape_digit(tokens, character, ret_code);
    return escape_character(tokens, escape, ret_code);
}

/* Rule: re._parser._class_escape. */
static bool set_escape(struct tokens *tokens, struct str escape, struct code *ret_code)
{
    struct str character = str_from_offset(escape, 1);
    if (escape_control(character.data[0], ret_code))
        return true;
    if (is_class(character.data[0]))
        return set_code(ret_code, CODE_CLASS, 0);
    if (token_in(character, OCTAL_DIGITS))
        return escape_octal(character, tokens_get_while(tokens, 2, OCTAL_DIGITS), ret_code);
    if (token_in(character, DIGITS))
        return false;
    return escape_character(tokens, escape, ret_code);
}

struct code code_of_character(struct str token)
{
    struct code code = {.kind = CODE_LITERAL};
    utf8_read(token, 0, &code.value);
    return code;
}

static bool set_member(struct tokens *tokens, struct str token, struct code *ret_code)
{
    if (token.data[0] == '\\')
        return set_escape(tokens, token, ret_code);
    *ret_code = code_of_character(token);
    return true;
}

static bool is_range(struct code low, struct code high)
{
    if (low.kind != CODE_LITERAL || high.kind != CODE_LITERAL)
        return false;
    return low.value <= high.value;
}

bool tokens_skip_set(struct tokens *tokens)
{
    tokens_match(tokens, '^');
    for (bool is_first = true; !tokens_end(tokens); is_first = false) {
        struct str token = tokens_get(tokens);
        struct code low, high;
        if (token_is(token, ']') && !is_first)
            return true;
        if (!set_member(tokens, token, &low))
            return false;
        if (!tokens_match(tokens, '-'))
            continue;
        if (tokens_end(tokens))
            return false;
        token = tokens_get(tokens);
        if (token_is(token, ']'))
            return true;
        if (!set_member(tokens, token, &high) || !is_range(low, high))
            return false;
    }
    return false;
}
