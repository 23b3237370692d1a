#ifndef SIDETOK_REQUEST_RULES_H
#define SIDETOK_REQUEST_RULES_H

#include "request.h"
#include "str.h"

/** A set of chunk kinds: bit n stands for the n-th enum chunk_kind. */
#define CHUNK_BIT(kind) (1u << (kind))

/** What a tool call's id must look like, in the call and in the tool message that answers it. */
enum call_id_rule {
    CALL_ID_ANY,   /* v1, v2: not looked at */
    CALL_ID_NINE,  /* v3 to v11: nine ASCII letters or digits; "null" has rules of its own by mode */
    CALL_ID_GIVEN, /* v13 on: not empty and not "null" */
};

/**
 * What differs from version to version in validation and normalization; everything else is the same for all.
 * Static and immutable: threads share it.
 *
 * Rule: mistral_common.protocol.instruct.validator (get_validator) and .normalize (get_normalizer).
 */
struct rules {
    int version; /* of the tokenizer: 1, 2, 3, 7, 11, 13, 15 */

    /* validation */
    unsigned user_chunks, assistant_chunks, system_chunks, tool_chunks; /* sets of the kinds that may occur */
    enum call_id_rule call_id;
    bool calls_with_content; /* an assistant message may have both content and tool calls, or neither */
    bool pairs_by_id;        /* tool results must name pending calls, each once; else only numbers count */
    bool system_bars_audio;  /* system messages and sounds of the user exclude each other */
    bool has_settings;       /* reasoning effort may be given; normalization builds model settings */

    /* normalization */
    bool system_in_place;     /* system messages stay messages; else they are joined into system_prompt and an
                                 empty user message is put first where the first is no user message */
    bool results_as_json;     /* tool results are re-written as JSON */
    bool results_by_call;     /* tool results are ordered as the calls they answer */
    bool results_keep_chunks; /* chunks of a tool result need not be text alone */
    struct str chunk_join;    /* between text chunks of one message; messages are joined by "\n\n" always */
};

/** The rules of a tokenizer version (1, 2, 3, 7, 11, 13 or 15), NULL for no such version. Static. */
const struct rules *rules_find(int version);

#endif
