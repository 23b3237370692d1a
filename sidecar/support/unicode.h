#ifndef SIDETOK_SUPPORT_UNICODE_H
#define SIDETOK_SUPPORT_UNICODE_H

#include <stdint.h>

/**
 * What the pattern of a Tekken file tells apart: general categories, and White_Space, of Unicode 16.0 as
 * Rust's regex crate (regex-syntax 0.8) has them. Every code point has exactly one.
 */
enum unicode_class {
    UNICODE_OTHER,  /* punctuation, symbols, controls, unassigned */
    UNICODE_UPPER,  /* Lu, Lt */
    UNICODE_LOWER,  /* Ll */
    UNICODE_LETTER, /* Lm, Lo */
    UNICODE_MARK,   /* Mn, Mc, Me */
    UNICODE_NUMBER, /* Nd, Nl, No */
    UNICODE_SPACE,  /* White_Space but for the two below */
    UNICODE_BREAK,  /* carriage return, line feed */
};

/* unicode_table.inc: blocks of 128 code points, equal blocks stored once. */
extern const uint8_t unicode_block_of[0x110000 / 128];
extern const uint8_t unicode_blocks[][128];

/** The class of a code point below 0x110000. */
static inline enum unicode_class unicode_class(uint32_t code_point)
{
    return (enum unicode_class)unicode_blocks[unicode_block_of[code_point >> 7]][code_point & 127];
}

#endif
