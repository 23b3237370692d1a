#ifndef SIDETOK_TOKENIZER_PRETOKENIZER_H
#define SIDETOK_TOKENIZER_PRETOKENIZER_H

#include "str.h"

#include <stdint.h>

/**
 * Splits text as the pattern of Mistral's Tekken files does; every byte belongs to exactly one pre-token:
 *
 *   1  [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
 *   2  [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*
 *   3  \p{N}
 *   4   ?[^\s\p{L}\p{N}]+[\r\n/]*
 *   5  \s*[\r\n]+
 *   6  \s+(?!\S)
 *   7  \s+
 *
 * The first alternative that matches wins, as in any backtracking engine. Text must be UTF-8 without
 * surrogates; other bytes are taken for punctuation and never crash.
 */
extern const char pretokenizer_pattern[];

/** The end of the pre-token that begins at `at`, below text.size. Plain C: what every faster path is compared
 * with. */
size_t pretokenizer_next(struct str text, size_t at);

/**
 * Whether the reference's regex engine gives up on text: alternative 6 keeps a way back for each character,
 * and its stack ends at a million. That is a run of 999,999 or more white space characters without a line
 * break in it or behind it in the same run.
 */
bool pretokenizer_overflows(struct str text);

#endif
