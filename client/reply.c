#include "reply.h"

#include <stdlib.h>
#include <string.h>

static const char *explain(enum sidetok_error error)
{
    switch (error) {
    case SIDETOK_E_EXPIRED:
        return "the deadline passed before the sidecar answered";
    case SIDETOK_E_PEER_LOST:
        return "the connection to the sidecar was lost after the request was sent";
    case SIDETOK_E_NOT_CONNECTED:
        return "no sidecar is connected, the request was not sent";
    case SIDETOK_E_BAD_REPLY:
        return "the sidecar's reply is not protocol 1";
    case SIDETOK_E_UNKNOWN_VERSION:
        return "the sidecar's reply has another protocol version";
    default:
        return "the request could not be sent";
    }
}

static struct view view_of(const char *text)
{
    return (struct view){text, strlen(text)};
}

void reply_set_error(struct sidetok_reply *reply, enum sidetok_error error)
{
    reply->fields = (struct message_reply){
        .code = error,
        .type = view_of(error_name(error)),
        .family = view_of(error_family(error)),
        .message = view_of(explain(error)),
    };
}

/**
 * Makes ids readable as uint32_t. Those of sidetokd are aligned; others are moved down over the key and
 * length before them, which have been read: these take three bytes at least. *ids points into the message,
 * which is ours.
 */
static void settle_ids(struct view *ids)
{
    char *at = (char *)(uintptr_t)ids->data;
    size_t off = (uintptr_t)at % sizeof(uint32_t);
    if (ids->data && off > 0) {
        memmove(at - off, at, ids->size);
        ids->data = at - off;
    }
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    at = (char *)(uintptr_t)ids->data;
    for (size_t i = 0; i + 4 <= ids->size; i += 4) {
        char id[4] = {at[i + 3], at[i + 2], at[i + 1], at[i]};
        memcpy(at + i, id, 4);
    }
#endif
}

void reply_read(struct sidetok_reply *reply, nng_msg *message)
{
    reply->message = message;
    struct view bytes = {nng_msg_body(message), nng_msg_len(message)};
    enum sidetok_error error = message_unpack_reply(bytes, &reply->fields);
    if (error) {
        reply_set_error(reply, error);
        return;
    }
    settle_ids(&reply->fields.ids);
    settle_ids(&reply->fields.prefix_ids);
    settle_ids(&reply->fields.lengths);
}

void reply_done(struct sidetok_reply *reply)
{
    if (reply->message)
        nng_msg_free(reply->message);
    reply->message = NULL;
}

struct sidetok_reply *sidetok_reply_take(struct sidetok_reply *reply)
{
    struct sidetok_reply *kept = malloc(sizeof *kept);
    if (!kept)
        return NULL;
    *kept = *reply;
    *reply = (struct sidetok_reply){0};
    return kept;
}

void sidetok_reply_free(struct sidetok_reply *reply)
{
    if (!reply)
        return;
    reply_done(reply);
    free(reply);
}

enum sidetok_error sidetok_reply_error(const struct sidetok_reply *reply)
{
    return (enum sidetok_error)reply->fields.code;
}

static const char *give(struct view view, size_t *ret_size)
{
    if (ret_size)
        *ret_size = view.size;
    return view.data;
}

const char *sidetok_reply_type(const struct sidetok_reply *reply, size_t *ret_size)
{
    return give(reply->fields.type, ret_size);
}

const char *sidetok_reply_family(const struct sidetok_reply *reply, size_t *ret_size)
{
    return give(reply->fields.family, ret_size);
}

const char *sidetok_reply_message(const struct sidetok_reply *reply, size_t *ret_size)
{
    return give(reply->fields.message, ret_size);
}

const char *sidetok_reply_stage(const struct sidetok_reply *reply, size_t *ret_size)
{
    return give(reply->fields.stage, ret_size);
}

const void *sidetok_reply_errors(const struct sidetok_reply *reply, size_t *ret_size)
{
    return give(reply->fields.errors, ret_size);
}

const char *sidetok_reply_text(const struct sidetok_reply *reply, size_t *ret_size)
{
    return give(reply->fields.text, ret_size);
}

const void *sidetok_reply_value(const struct sidetok_reply *reply, size_t *ret_size)
{
    return give(reply->fields.value, ret_size);
}

const void *sidetok_reply_bytes(const struct sidetok_reply *reply, size_t *ret_size)
{
    struct view none = {NULL, 0};
    return give(reply->message ? (struct view){nng_msg_body(reply->message), nng_msg_len(reply->message)}
                               : none,
                ret_size);
}

/** settle_ids() saw to the alignment. */
static const uint32_t *give_ids(struct view view, size_t *ret_n)
{
    if (ret_n)
        *ret_n = view.size / sizeof(uint32_t);
    return (const uint32_t *)(const void *)view.data;
}

const uint32_t *sidetok_reply_ids(const struct sidetok_reply *reply, size_t *ret_n)
{
    return give_ids(reply->fields.ids, ret_n);
}

const uint32_t *sidetok_reply_prefix_ids(const struct sidetok_reply *reply, size_t *ret_n)
{
    return give_ids(reply->fields.prefix_ids, ret_n);
}

const uint32_t *sidetok_reply_lengths(const struct sidetok_reply *reply, size_t *ret_n)
{
    return give_ids(reply->fields.lengths, ret_n);
}

int64_t sidetok_reply_count(const struct sidetok_reply *reply)
{
    return reply->fields.has_count && reply->fields.count <= INT64_MAX ? (int64_t)reply->fields.count : -1;
}

static int pair_at(struct view array, size_t i, uint64_t *ret_first, uint64_t *ret_second)
{
    struct msgpack_reader pairs = message_pairs(array);
    bool found = message_next_pair(&pairs, ret_first, ret_second);
    for (size_t at = 0; found && at < i; at++)
        found = message_next_pair(&pairs, ret_first, ret_second);
    return found;
}

int sidetok_reply_image(const struct sidetok_reply *reply, size_t i, uint64_t *ret_height,
                        uint64_t *ret_width)
{
    return pair_at(reply->fields.images, i, ret_height, ret_width);
}

int sidetok_reply_audio(const struct sidetok_reply *reply, size_t i, uint64_t *ret_samples,
                        uint64_t *ret_rate)
{
    return pair_at(reply->fields.audios, i, ret_samples, ret_rate);
}
