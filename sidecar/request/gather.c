#include "gather.h"

#define MESSAGE_JOIN STR("\n\n")

void gather_init(struct gather *gather, struct call *call, struct str chunk_join, size_t max_chunks)
{
    *gather = (struct gather){.call = call, .chunk_join = chunk_join, .capacity = max_chunks};
}

/* An append that fails is remembered by the buf and reported by take_text(). */
static void add_text(struct gather *gather, struct str join, struct str text)
{
    if (gather->n_parts++ == 0) {
        gather->text = text;
        return;
    }
    if (gather->n_parts == 2) {
        buf_init(&gather->joined, gather->call);
        buf_append(&gather->joined, gather->text);
    }
    buf_append(&gather->joined, join);
    buf_append(&gather->joined, text);
}

/* The parts so far as one text; begins anew. */
static enum sidetok_error take_text(struct gather *gather, struct str *ret_text)
{
    if (gather->n_parts > 1)
        TRY(buf_finish(&gather->joined, &gather->text));
    *ret_text = gather->n_parts ? gather->text : STR("");
    gather->n_parts = 0;
    return SIDETOK_OK;
}

static enum sidetok_error flush_text(struct gather *gather)
{
    struct chunk chunk = {.kind = CHUNK_TEXT};
    if (gather->n_parts == 0)
        return SIDETOK_OK;
    TRY(take_text(gather, &chunk.text));
    gather->chunks[gather->n_chunks++] = chunk;
    return SIDETOK_OK;
}

/* The list is made when the first chunk comes that is no text: most requests have none. */
static enum sidetok_error add_chunk(struct gather *gather, const struct chunk *chunk)
{
    if (!gather->chunks)
        gather->chunks = call_alloc_array(gather->call, gather->capacity, sizeof *gather->chunks);
    if (!gather->chunks)
        return SIDETOK_E_NO_MEMORY;
    TRY(flush_text(gather));
    gather->chunks[gather->n_chunks++] = *chunk;
    return SIDETOK_OK;
}

static enum sidetok_error add_chunks(struct gather *gather, const struct content *content)
{
    bool first_text = true; /* it is joined to the texts of earlier messages, the others to it */
    for (size_t i = 0; i < content->n_chunks; i++) {
        const struct chunk *chunk = &content->chunks[i];
        if (chunk->kind != CHUNK_TEXT) {
            TRY(add_chunk(gather, chunk));
        } else if (chunk->text.size > 0) {
            add_text(gather, first_text ? MESSAGE_JOIN : gather->chunk_join, chunk->text);
            first_text = false;
        }
    }
    return SIDETOK_OK;
}

enum sidetok_error gather_add(struct gather *gather, const struct content *content)
{
    if (content->kind == CONTENT_CHUNKS)
        return add_chunks(gather, content);
    if (content->kind == CONTENT_TEXT && content->text.size > 0)
        add_text(gather, MESSAGE_JOIN, content->text);
    return SIDETOK_OK;
}

enum sidetok_error gather_finish(struct gather *gather, struct content *ret_content)
{
    *ret_content = (struct content){.kind = CONTENT_TEXT};
    if (gather->n_chunks == 0)
        return take_text(gather, &ret_content->text);
    TRY(flush_text(gather));
    ret_content->kind = CONTENT_CHUNKS;
    ret_content->chunks = gather->chunks;
    ret_content->n_chunks = gather->n_chunks;
    return SIDETOK_OK;
}
