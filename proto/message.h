#ifndef SIDETOK_PROTO_MESSAGE_H
#define SIDETOK_PROTO_MESSAGE_H

#include "error.h"
#include "msgpack_read.h"
#include "msgpack_write.h"
#include "view.h"

/* Pack and unpack of protocol 1; PROTOCOL.md is its specification. Unpacked messages are views into the bytes
 * given, which must outlive them; unpacking allocates nothing. All functions are free of state: any thread
 * may call them. */

enum { MESSAGE_VERSION = 1 };

enum message_op {
    MESSAGE_OP_NONE = 0,
#define X(name, value, wire_name) MESSAGE_OP_##name = value,
#include "op.def"
};

/** The keys of the envelope: MESSAGE_REQUEST_BODY, MESSAGE_REPLY_IDS ... */
enum message_request_field {
#define REQUEST(name, key, type, required, since) MESSAGE_REQUEST_##name = key,
#include "field.def"
};

enum message_reply_field {
#define REPLY(name, key, type, required, since) MESSAGE_REPLY_##name = key,
#include "field.def"
};

/** The operation's name ("chat"); static, NULL for an unknown number. */
const char *message_op_name(uint32_t op);

/** The operation of a name; MESSAGE_OP_NONE when none has it. */
enum message_op message_op_from_name(struct view name);

/** The validation modes in the order of their numbers on the wire. Rule: mistral_common ValidationMode. */
enum message_mode { MESSAGE_MODE_TEST, MESSAGE_MODE_SERVING, MESSAGE_MODE_FINETUNING, MESSAGE_MODE_AGNOSTIC };

/** What the reply shall carry; unknown bits are ignored. */
enum message_want {
    MESSAGE_WANT_IDS = 1,
    MESSAGE_WANT_TEXT = 2,
    MESSAGE_WANT_COUNT = 4,
    MESSAGE_WANT_PREFIX_IDS = 8,
    MESSAGE_WANT_IMAGES = 16,
    MESSAGE_WANT_AUDIOS = 32,
};

/** What changes the result; unknown bits are refused, since a result without them would be a wrong one. */
enum message_option {
    MESSAGE_OPTION_VLLM = 1, /* vLLM's own steps before the library is called: PROTOCOL.md, Options */
};

enum message_body { MESSAGE_BODY_NONE, MESSAGE_BODY_JSON, MESSAGE_BODY_MSGPACK };

/** One request. */
struct message_request {
    uint32_t version; /* set by unpacking; packing writes MESSAGE_VERSION */
    enum message_op op;
    uint32_t timeout_ms;   /* time left; 0: no deadline */
    struct view tokenizer; /* absent: the sidecar's first */
    enum message_mode mode;
    uint32_t want; /* enum message_want bits; 0 is read as MESSAGE_WANT_IDS */
    bool has_max_model_input_len;
    int64_t max_model_input_len;
    uint32_t options; /* enum message_option bits */
    enum message_body body_kind;
    struct view body;    /* JSON text, or one msgpack value, checked to be whole; nested to any depth */
    uint32_t cancel;     /* cancel: the id (4-byte header) of the request to drop; else 0 */
    const char *problem; /* set by a failed unpacking: what is wrong, static, for the reply's message */
};

/** Bytes that message_pack_request() needs at most. */
size_t message_request_size(const struct message_request *request);

/** Appends a request. Returns SIDETOK_OK or SIDETOK_E_NO_MEMORY. The one copy of the body happens here. */
enum sidetok_error message_pack_request(struct msgpack_writer *out, const struct message_request *request);

/**
 * Rewrites the time left in a request that message_pack_request() made with a timeout: it may have waited for
 * a peer. Does nothing when there is none. timeout_ms of 0 is written as 1: no time left is not the same as
 * no deadline.
 */
void message_set_timeout(uint8_t *bytes, size_t size, uint32_t timeout_ms);

/**
 * Reads a request: version first, then each field; unknown fields are stepped over.
 *
 * ret  On success the request. On failure version, op and whatever came before are set, and problem says why.
 *
 * Returns SIDETOK_OK, SIDETOK_E_UNKNOWN_VERSION, SIDETOK_E_UNKNOWN_OP, SIDETOK_E_NOT_SUPPORTED (an option
 * bit), or SIDETOK_E_BAD_REQUEST: truncated, not msgpack, a field missing, doubled or of the wrong type,
 * bytes left over.
 */
enum sidetok_error message_unpack_request(struct view bytes, struct message_request *ret);

/** A reply being written: begin, fields in any order (ids first, if any), end. Errors are remembered in out.
 */
struct message_reply_writer {
    struct msgpack_writer *out;
    size_t begin;     /* where the map's header stands in out */
    size_t ids_begin; /* where the ids stand */
    uint32_t n_fields;
};

/** Begins a reply with its code: SIDETOK_OK, or an error, whose fields message_reply_failure() writes. */
void message_reply_begin(struct message_reply_writer *reply, struct msgpack_writer *out,
                         enum sidetok_error code);

/** Writes a field's key; exactly one value is to be written to reply->out next. */
void message_reply_field(struct message_reply_writer *reply, enum message_reply_field field);

/**
 * Begins the ids. They must be the first field after message_reply_begin() in a writer that was empty: then
 * they stand 16 bytes from the message's start and are aligned as uint32_t wherever the message is.
 */
void message_reply_ids_begin(struct message_reply_writer *reply);

/**
 * Room for n ids in all, those already in place kept; NULL (remembered) when memory is out. They are produced
 * in place, in the machine's order; the address is valid until the next call.
 */
uint32_t *message_reply_ids_room(struct message_reply_writer *reply, size_t n);

/** Ends the ids: n of those in the room count. */
void message_reply_ids_end(struct message_reply_writer *reply, size_t n);

/** Ids that lie elsewhere, with one copy: field is MESSAGE_REPLY_IDS or MESSAGE_REPLY_PREFIX_IDS. */
void message_reply_ids(struct message_reply_writer *reply, enum message_reply_field field,
                       const uint32_t *ids, size_t n);

/** The fields of an error: type, family, message, and stage when it is not absent ("convert" or "encode"). */
void message_reply_failure(struct message_reply_writer *reply, enum sidetok_error code, struct view message,
                           struct view stage);

/** Ends the reply. Returns SIDETOK_OK, or SIDETOK_E_NO_MEMORY when anything found no room: the bytes are
 * useless then. */
enum sidetok_error message_reply_end(struct message_reply_writer *reply);

/** One reply, as it came. Absent fields have data == NULL. */
struct message_reply {
    uint32_t version;
    uint32_t code;   /* 0, or an error; may be a number that this version does not know */
    struct view ids; /* little-endian uint32s; the size is a multiple of 4 */
    struct view text;
    bool has_count;
    uint64_t count;
    struct view prefix_ids;
    struct view images; /* a msgpack array: message_reply_next_pair() */
    struct view audios;
    struct view value;   /* any msgpack value */
    struct view lengths; /* of a batch: how many of the ids belong to each conversation; as ids are */
    struct view type, family, message, stage;
    struct view errors;  /* a msgpack array of maps {"type", "loc", "msg"} */
    const char *problem; /* set by a failed unpacking; static */
};

/** Reads a reply. Returns SIDETOK_OK, SIDETOK_E_UNKNOWN_VERSION or SIDETOK_E_BAD_REPLY (problem says why). */
enum sidetok_error message_unpack_reply(struct view bytes, struct message_reply *ret);

/** Begins a walk over images or audios; an absent or empty list has no pairs. */
struct msgpack_reader message_pairs(struct view array);

/** The next pair: height and width, or samples and rate. False when there is none left or it is no pair. */
bool message_next_pair(struct msgpack_reader *reader, uint64_t *ret_first, uint64_t *ret_second);

#endif
