#ifndef SIDETOK_SERVICE_ENCODE_H
#define SIDETOK_SERVICE_ENCODE_H

#include "model.h"

/** A rendered request as token ids. Memory: the call's arena. */
struct encoded {
    struct ids ids;
    bool has_prefix;
    struct ids prefix; /* the ids of the message that is to be continued; may be a view into ids */
};

/**
 * Turns a stream into ids: control tokens by name, each text encoded by itself, then truncation.
 *
 * ret_encoded  Zeros but for ids, which is empty and says where ids grow.
 *
 * Errors: those of encoding and of unknown control tokens, in the stream's order, BOS last;
 * TokenizerException when the messages that may not be dropped exceed stream->max_tokens. Rule:
 * InstructTokenizerBase.encode_instruct, InstructTokenizerV7._truncate_for_max_tokens.
 */
enum sidetok_error encode_stream(struct call *call, struct model *model, const struct stream *stream,
                                 struct encoded *ret_encoded);

/**
 * The error that the reference would have met before rendering failed: the first in what was rendered so far,
 * else the failure that the call already holds. Never SIDETOK_OK.
 */
enum sidetok_error encode_first_error(struct call *call, struct model *model, const struct stream *stream);

/** Appends one id. */
enum sidetok_error encode_append(struct call *call, struct ids *ids, uint32_t id);

#endif
