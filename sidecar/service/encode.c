#include "encode.h"

/* The ids of one message; the reference keeps a list of lists. */
struct part {
    enum stream_role role;
    size_t begin, end; /* in ids */
    bool dropped;
};

struct encoding {
    struct call *call;
    struct model *model;
    struct ids ids;
    struct part *parts;
    size_t n_parts;
};

enum sidetok_error encode_append(struct call *call, struct ids *ids, uint32_t id)
{
    uint32_t *room = ids_reserve(call, ids, 1);
    if (!room)
        return SIDETOK_E_NO_MEMORY;
    *room = id;
    ids->n++;
    return SIDETOK_OK;
}

/* The failure for a token that the tokenizer does not know. */
static enum sidetok_error unknown_control(struct call *call, struct model *model, enum control control)
{
    int64_t id;
    enum sidetok_error error = tokenizer_special_id(call, model->tokenizer, control_text(control), &id);
    return error != SIDETOK_OK ? error : SIDETOK_OK;
}

static enum sidetok_error add_control(struct encoding *e, const struct stream_item *item)
{
    int64_t id = e->model->control_ids[item->control];
    if (id < 0 && item->control != CONTROL_BOS && item->count > 0) /* BOS is looked up after all else */
        TRY(unknown_control(e->call, e->model, item->control));
    uint32_t *room = ids_reserve(e->call, &e->ids, item->count);
    if (!room)
        return SIDETOK_E_NO_MEMORY;
    for (uint32_t i = 0; i < item->count; i++)
        room[i] = (uint32_t)id;
    e->ids.n += item->count;
    return SIDETOK_OK;
}

static enum sidetok_error add_text(struct encoding *e, const struct stream_item *item)
{
    size_t begin = e->ids.n;
    TRY(encoder_encode(e->call, e->model->encoder, item->text, &e->ids));
    if (item->kind != STREAM_TEXT_SKIP)
        return SIDETOK_OK;
    size_t n_new = e->ids.n - begin, n_skip = item->count < n_new ? item->count : n_new;
    memmove(e->ids.data + begin, e->ids.data + begin + n_skip, (n_new - n_skip) * sizeof *e->ids.data);
    e->ids.n -= n_skip;
    return SIDETOK_OK;
}

static void end_part(struct encoding *e)
{
    if (e->n_parts > 0)
        e->parts[e->n_parts - 1].end = e->ids.n;
}

static enum sidetok_error add_item(struct encoding *e, const struct stream_item *item)
{
    switch (item->kind) {
    case STREAM_CONTROL:
        return add_control(e, item);
    case STREAM_TEXT:
    case STREAM_TEXT_SKIP:
        return add_text(e, item);
    case STREAM_MESSAGE:
        end_part(e);
        e->parts[e->n_parts++] = (struct part){.role = (enum stream_role)item->count, .begin = e->ids.n};
        return SIDETOK_OK;
    }
    return SIDETOK_OK;
}

static size_t count_messages(const struct stream *stream)
{
    size_t n = 0;
    for (size_t i = 0; i < stream->n_items; i++)
        n += stream->items[i].kind == STREAM_MESSAGE;
    return n;
}

/* System messages and the last user message stay. */
static void drop(struct encoding *e, size_t index, size_t last_user, int64_t *to_drop)
{
    struct part *part = &e->parts[index];
    if (part->role == STREAM_ROLE_SYSTEM || index == last_user)
        return;
    *to_drop -= (int64_t)(part->end - part->begin);
    part->dropped = true;
}

/* With a user message goes all that follows up to the next one, the last user message's own followers
 * included. */
static enum sidetok_error choose_dropped(struct encoding *e, const struct stream *stream)
{
    int64_t to_drop = 0;
    for (size_t i = 0; i < e->n_parts; i++)
        to_drop += (int64_t)(e->parts[i].end - e->parts[i].begin);
    if (__builtin_sub_overflow(to_drop, (int64_t)stream->max_tokens, &to_drop))
        to_drop = stream->max_tokens > 0 ? INT64_MIN : INT64_MAX;
    for (size_t i = 0; to_drop > 0 && i < e->n_parts;) {
        size_t dropped = i++;
        drop(e, dropped, stream->last_user, &to_drop);
        if (e->parts[dropped].role != STREAM_ROLE_USER)
            continue;
        while (i < e->n_parts && e->parts[i].role != STREAM_ROLE_USER)
            drop(e, i++, stream->last_user, &to_drop);
    }
    if (to_drop > 0)
        return failure_set_str(e->call, SIDETOK_E_TOKENIZER,
                               STR("Input couldn't fit in truncate_at_max_token"));
    return SIDETOK_OK;
}

/* Moves what stays together. */
static void close_gaps(struct encoding *e)
{
    size_t n = e->n_parts > 0 ? e->parts[0].begin : e->ids.n;
    for (size_t i = 0; i < e->n_parts; i++) {
        const struct part *part = &e->parts[i];
        if (part->dropped)
            continue;
        memmove(e->ids.data + n, e->ids.data + part->begin, (part->end - part->begin) * sizeof *e->ids.data);
        n += part->end - part->begin;
    }
    e->ids.n = n;
}

/* The message to be continued is the last; its ids are the reply's prefix_ids even when truncation drops it.
 */
static enum sidetok_error keep_prefix(struct encoding *e, struct encoded *encoded)
{
    const struct part *last = &e->parts[e->n_parts - 1];
    size_t n = last->end - last->begin;
    encoded->has_prefix = true;
    encoded->prefix = (struct ids){.n = n, .capacity = n};
    encoded->prefix.data = call_alloc_array(e->call, n, sizeof *encoded->prefix.data);
    if (!encoded->prefix.data)
        return SIDETOK_E_NO_MEMORY;
    memcpy(encoded->prefix.data, e->ids.data + last->begin, n * sizeof *e->ids.data);
    return SIDETOK_OK;
}

/* Room for the ids of all texts at once: text has 3.4 bytes a token and more, mostly. */
static enum sidetok_error reserve_ids(struct encoding *e, const struct stream *stream)
{
    enum { BYTES_PER_ID = 3, CONTROLS = 64 };
    size_t n_bytes = 0;
    for (size_t i = 0; i < stream->n_items; i++)
        if (stream->items[i].kind == STREAM_TEXT || stream->items[i].kind == STREAM_TEXT_SKIP)
            n_bytes += stream->items[i].text.size;
    return ids_reserve(e->call, &e->ids, n_bytes / BYTES_PER_ID + CONTROLS) ? SIDETOK_OK
                                                                            : SIDETOK_E_NO_MEMORY;
}

enum sidetok_error encode_stream(struct call *call, struct model *model, const struct stream *stream,
                                 struct encoded *ret_encoded)
{
    struct encoding e = {.call = call, .model = model, .ids = ret_encoded->ids};
    e.parts = call_alloc_array(call, count_messages(stream), sizeof *e.parts);
    if (!e.parts)
        return SIDETOK_E_NO_MEMORY;
    TRY(reserve_ids(&e, stream));
    for (size_t i = 0; i < stream->n_items; i++)
        TRY(add_item(&e, &stream->items[i]));
    end_part(&e);
    if (stream->has_prefix && e.n_parts > 0)
        TRY(keep_prefix(&e, ret_encoded));
    if (stream->has_limit) {
        TRY(choose_dropped(&e, stream));
        close_gaps(&e);
    }
    if (model->control_ids[CONTROL_BOS] < 0)
        TRY(unknown_control(call, model, CONTROL_BOS));
    ret_encoded->ids = e.ids;
    return SIDETOK_OK;
}

enum sidetok_error encode_first_error(struct call *call, struct model *model, const struct stream *stream)
{
    struct failure rendering = call->failure;
    call->failure = (struct failure){.stage = rendering.stage};
    for (size_t i = 0; i < stream->n_items; i++) {
        const struct stream_item *item = &stream->items[i];
        enum sidetok_error error = SIDETOK_OK;
        if (item->kind == STREAM_TEXT || item->kind == STREAM_TEXT_SKIP)
            error = encoder_check(call, model->encoder, item->text);
        else if (item->kind == STREAM_CONTROL && item->control != CONTROL_BOS &&
                 model->control_ids[item->control] < 0)
            error = unknown_control(call, model, item->control);
        if (error != SIDETOK_OK)
            return error;
    }
    call->failure = rendering;
    return rendering.code;
}
