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
    case SIDETOK_E_NO_MEMORY:
        return "memory is out";
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

/** Whether ids can be read as uint32_t where they lie. */
static bool is_settled(struct view ids)
{
    return !ids.data ||
           ((uintptr_t)ids.data % sizeof(uint32_t) == 0 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
}

/** Copies ids that can't, in the machine's order. Returns where the next may go. */
static uint32_t *settle(struct view *ids, uint32_t *to)
{
    if (is_settled(*ids))
        return to;
    size_t n = ids->size / sizeof *to;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *at = (const uint8_t *)ids->data + i * sizeof *to;
        to[i] = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
    }
    ids->data = (const char *)to;
    return to + n;
}

/** Makes all ids readable as uint32_t. sidetokd's own lie as they must, but for the few of the smaller
 * fields; the message stays as it came. */
static enum sidetok_error settle_ids(struct sidetok_reply *reply)
{
    struct view *const all[] = {&reply->fields.ids, &reply->fields.prefix_ids, &reply->fields.lengths};
    enum { N_FIELDS = sizeof all / sizeof all[0] };
    size_t n_bytes = 0;
    for (size_t i = 0; i < N_FIELDS; i++)
        n_bytes += is_settled(*all[i]) ? 0 : all[i]->size + sizeof(uint32_t); /* none have an address, too */
    if (n_bytes == 0)
        return SIDETOK_OK;
    uint32_t *to = reply->settled = malloc(n_bytes);
    if (!to)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < N_FIELDS; i++)
        to = settle(all[i], to);
    return SIDETOK_OK;
}

void reply_read(struct sidetok_reply *reply, nng_msg *message)
{
    *reply = (struct sidetok_reply){.message = message};
    struct view bytes = {nng_msg_body(message), nng_msg_len(message)};
    enum sidetok_error error = message_unpack_reply(bytes, &reply->fields);
    if (!error)
        error = settle_ids(reply);
    if (error)
        reply_set_error(reply, error);
}

void reply_done(struct sidetok_reply *reply)
{
    if (reply->message)
        nng_msg_free(reply->message);
    free(reply->settled);
    reply->message = NULL;
    reply->settled = NULL;
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

/** settle_ids() saw to alignment and order. */
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
