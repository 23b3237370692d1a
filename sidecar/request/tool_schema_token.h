#ifndef SIDETOK_REQUEST_TOOL_SCHEMA_TOKEN_H
#define SIDETOK_REQUEST_TOOL_SCHEMA_TOKEN_H

#include "str.h"

#include <stdint.h>

/**
 * Reads a pattern by one token of look-ahead. A token is a character, or a backslash with the character after
 * it; a view into the pattern. Rule: re._parser.Tokenizer.
 */
struct tokens {
    struct str pattern;
    struct str next; /* the token ahead; size 0 at the end */
    size_t at;       /* in bytes, after next */
    bool is_cut; /* a backslash ends the pattern, as the look-ahead saw: the pattern is invalid, whatever else
                  */
};

/** Starts at the first token. The pattern is borrowed. */
void tokens_start(struct tokens *tokens, struct str pattern);

/** The token ahead, which is passed over; size 0 at the end. */
struct str tokens_get(struct tokens *tokens);

/** Goes back (or on) to an offset in bytes, where a token begins. */
void tokens_seek(struct tokens *tokens, size_t offset);

/** The offset of the token ahead. */
static inline size_t tokens_tell(const struct tokens *tokens)
{
    return tokens->at - tokens->next.size;
}

static inline bool tokens_end(const struct tokens *tokens)
{
    return tokens->next.size == 0;
}

static inline bool token_is(struct str token, char c)
{
    return token.size == 1 && token.data[0] == c;
}

/** Whether the token is one character of a set (NUL is in none). */
static inline bool token_in(struct str token, const char *set)
{
    return token.size == 1 && token.data[0] && strchr(set, token.data[0]);
}

/** Passes over the token ahead if it is c. */
bool tokens_match(struct tokens *tokens, char c);

/** Passes over at most n tokens of a set and returns them. */
struct str tokens_get_while(struct tokens *tokens, size_t n, const char *set);

/** Passes over the tokens up to and with the terminator, returns those before it. False at the end, or for
 * none. */
bool tokens_get_until(struct tokens *tokens, char terminator, struct str *ret_text);

/** What an escape or a character stands for. */
struct code {
    enum code_kind { CODE_LITERAL, CODE_CLASS, CODE_POSITION, CODE_GROUP } kind;
    uint32_t value; /* the code point, or the number of the group referred to */
};

/** The code point of a token of one character. */
struct code code_of_character(struct str token);

/** Reads on from an escape that stands outside of a set. False when it is bad. Rule: re._parser._escape. */
bool tokens_escape(struct tokens *tokens, struct str escape, struct code *ret_code);

/** Reads a character set, from after "[" to after "]". False when it is bad. Rule: re._parser._parse, "[". */
bool tokens_skip_set(struct tokens *tokens);

#endif
