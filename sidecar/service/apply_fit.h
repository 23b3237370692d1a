#ifndef SIDETOK_SERVICE_APPLY_FIT_H
#define SIDETOK_SERVICE_APPLY_FIT_H

#include "answer.h"

/** What a caller of apply_chat_template wants of the ids' number; values are Python's, of any type. */
struct apply_fit {
    bool truncation;
    const struct json *padding, *max_length; /* NULL: not given */
};

/**
 * Truncates each of n lists of ids on the right and pads it on the left, in place.
 *
 * is_batch  Whether the caller gave a list of conversations: padding to the longest does nothing otherwise,
 * and an empty list of ids is not padded then.
 *
 * Errors: Python's for a padding or a max_length that is of no use: ValueError, TypeError, OverflowError; and
 * MemoryError beyond APPLY_MAX_IDS ids, as Python's where memory does not suffice.
 * Rule: PreTrainedTokenizerBase.__call__, pad, _pad; MistralCommonBackend._encode_plus, truncate_sequences.
 */
enum sidetok_error apply_fit(struct call *call, const struct apply_fit *fit, const struct model *model,
                             struct ids *all, size_t n, bool is_batch);

#endif
