#ifndef SIDETOK_TOKENIZER_BPE_H
#define SIDETOK_TOKENIZER_BPE_H

#include "ranks.h"

/**
 * Encodes one segment of a pre-token: merges neighbours into the piece of lowest rank, leftmost on a tie,
 * until none is left. The whole segment is not looked up first: the caller does that for whole pre-tokens.
 *
 * call     For scratch memory, used only for segments of more than 64 bytes.
 * segment  1 byte or more, below 2^31; any bytes.
 * ret      Room for segment.size ranks.
 * ret_n    How many were written. O(n log n) in bytes.
 *
 * Returns SIDETOK_OK or SIDETOK_E_NO_MEMORY.
 * Rule: tiktoken byte_pair_merge.
 */
enum sidetok_error bpe_encode(struct call *call, const struct ranks *ranks, struct str segment, uint32_t *ret,
                              size_t *ret_n);

#endif
