#ifndef SIDETOK_REQUEST_TOOL_SCHEMA_WIDTH_H
#define SIDETOK_REQUEST_TOOL_SCHEMA_WIDTH_H

#include <stdint.h>

/**
 * Least and greatest number of characters that a part of a regex matches. Python counts to 2**64; all that it
 * asks of a width is whether the two are equal and whether they fit in 32 bits, so here they stop at 2**32.
 * Rule: re._parser.SubPattern.getwidth.
 */
struct width {
    uint64_t low, high;
};

#define WIDTH_LIMIT  (UINT64_C(1) << 32)
#define REPEAT_LIMIT UINT64_C(0xffffffff) /* _sre.MAXREPEAT: repeated without end; nobody may write it */

static inline struct width width_of(uint64_t low, uint64_t high)
{
    return (struct width){low < WIDTH_LIMIT ? low : WIDTH_LIMIT, high < WIDTH_LIMIT ? high : WIDTH_LIMIT};
}

static inline struct width width_add(struct width a, struct width b)
{
    return width_of(a.low + b.low, a.high + b.high);
}

/** Of one of two parts. */
static inline struct width width_either(struct width a, struct width b)
{
    return (struct width){a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}

/** Of a part that is repeated; neither number is above REPEAT_LIMIT, so that no product leaves 64 bits. */
static inline struct width width_repeat(struct width width, uint64_t least, uint64_t most)
{
    return width_of(width.low * least, most == REPEAT_LIMIT && width.high ? WIDTH_LIMIT : width.high * most);
}

#endif
