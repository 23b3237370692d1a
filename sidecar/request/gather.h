#ifndef SIDETOK_REQUEST_GATHER_H
#define SIDETOK_REQUEST_GATHER_H

#include "buf.h"
#include "request.h"

/**
 * Makes one content of several: neighbouring texts are joined, other chunks stay. A text that nothing is
 * joined to stays a view. Rule: mistral_common normalize._aggregate_content_chunks_impl.
 */
struct gather {
    struct call *call;
    struct str chunk_join; /* between text chunks of one message; messages are joined by "\n\n" */
    struct str text;       /* the one part so far */
    struct buf joined;     /* all parts, from the second on */
    size_t n_parts;        /* texts since the last other chunk */
    struct chunk *chunks;
    size_t n_chunks, capacity;
};

/** Begins; allocates nothing. max_chunks bounds the chunks to come, a text content counting as one. */
void gather_init(struct gather *gather, struct call *call, struct str chunk_join, size_t max_chunks);

/** Adds one message's content. Empty texts are skipped. */
enum sidetok_error gather_add(struct gather *gather, const struct content *content);

/** The content: a text where there were texts only (empty when there were none), else chunks. */
enum sidetok_error gather_finish(struct gather *gather, struct content *ret_content);

#endif
