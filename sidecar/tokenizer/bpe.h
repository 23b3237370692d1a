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

/**
 * The last step to a piece: the two parts that merge to it when its bytes are merged by themselves.
 *
 * ret_found  False when merging ends before, or the piece is a byte: no merge leads to it.
 * Returns SIDETOK_OK or SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error bpe_split(struct call *call, const struct ranks *ranks, struct str piece,
                             uint32_t *ret_left, uint32_t *ret_right, bool *ret_found);

#endif
