#ifndef SIDETOK_H
#define SIDETOK_H

/**
 * libsidetok: Mistral tokenization out of process, from any event loop.
 *
 * A client owns one file descriptor to poll. It has no thread of its own that you would notice, never blocks,
 * and runs callbacks in one place only, sidetok_client_process(), on the thread that calls it:
 *
 *     struct pollfd p = { .fd = sidetok_client_fd(client), .events = POLLIN };
 *     while (sidetok_client_pending(client) > 0) {
 *         poll(&p, 1, sidetok_client_timeout_ms(client));
 *         sidetok_client_process(client);
 *     }
 *
 * Threads: a client, a request object and a reply belong to one thread at a time; different ones need no
 * care. fork(): a client carried into a child is refused there by every function (SIDETOK_E_FORKED); close it
 * and open another. Signals, logging, exit: none. Out of memory is SIDETOK_E_NO_MEMORY like any other error.
 * Deadlines are kept by the descriptor itself: polling without a timeout is enough.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SIDETOK_API __attribute__((visibility("default")))
#else
#define SIDETOK_API
#endif

#ifndef SIDETOK_ERROR_DEFINED
#define SIDETOK_ERROR_DEFINED
/** Every outcome. Below 100: exceptions of mistral_common; sidetok_reply_type() has their class. From 100:
 * our own. */
enum sidetok_error {
    SIDETOK_OK = 0,

    SIDETOK_E_VALIDATION = 1,
    SIDETOK_E_VALUE = 2,
    SIDETOK_E_ASSERTION = 3,
    SIDETOK_E_KEY = 4,
    SIDETOK_E_ATTRIBUTE = 5,
    SIDETOK_E_TYPE = 6,
    SIDETOK_E_INDEX = 7,
    SIDETOK_E_RUNTIME = 8,
    SIDETOK_E_RECURSION = 9,
    SIDETOK_E_OVERFLOW = 10,
    SIDETOK_E_NOT_IMPLEMENTED = 11,
    SIDETOK_E_OS = 12,
    SIDETOK_E_FILE_NOT_FOUND = 13,
    SIDETOK_E_IS_A_DIRECTORY = 14,
    SIDETOK_E_PERMISSION = 15,
    SIDETOK_E_LIBSNDFILE = 16,
    SIDETOK_E_JSON_DECODE = 17,
    SIDETOK_E_UNICODE_DECODE = 18,
    SIDETOK_E_UNICODE_ENCODE = 19,
    SIDETOK_E_ZERO_DIVISION = 20,
    SIDETOK_E_MEMORY = 21,
    SIDETOK_E_SYNTAX = 22,
    SIDETOK_E_BINASCII = 24,
    SIDETOK_E_NOT_A_DIRECTORY = 25,
    SIDETOK_E_UNIDENTIFIED_IMAGE = 26,
    SIDETOK_E_BLP_FORMAT = 27,
    SIDETOK_E_MISSING_SCHEMA = 28,
    SIDETOK_E_INVALID_URL = 29,

    SIDETOK_E_TOKENIZER = 40,
    SIDETOK_E_UNSUPPORTED_TOKENIZER_FEATURE = 41,
    SIDETOK_E_INVALID_REQUEST = 42,
    SIDETOK_E_INVALID_SYSTEM_PROMPT = 43,
    SIDETOK_E_INVALID_MESSAGE_STRUCTURE = 44,
    SIDETOK_E_INVALID_ASSISTANT_MESSAGE = 45,
    SIDETOK_E_INVALID_TOOL_MESSAGE = 46,
    SIDETOK_E_INVALID_TOOL_SCHEMA = 47,
    SIDETOK_E_INVALID_USER_MESSAGE = 48,
    SIDETOK_E_INVALID_FUNCTION_CALL = 49,
    SIDETOK_E_INVALID_TOOL = 50,
    SIDETOK_E_IMAGE_DECODE = 51,

    SIDETOK_E_NO_MEMORY = 100,         /* here or in the sidecar */
    SIDETOK_E_BAD_REQUEST = 101,       /* the sidecar could not read the request */
    SIDETOK_E_NOT_SUPPORTED = 102,     /* understood, and not served */
    SIDETOK_E_UNKNOWN_TOKENIZER = 103, /* no tokenizer of this name is loaded */
    SIDETOK_E_UNKNOWN_VERSION = 104,   /* client and sidecar speak different protocols */
    SIDETOK_E_UNKNOWN_OP = 105,        /* the sidecar has no such operation */
    SIDETOK_E_BUSY = 106,              /* a queue is full, the client's or the sidecar's: later */
    SIDETOK_E_EXPIRED = 107,           /* the deadline passed */
    SIDETOK_E_TOO_LARGE = 108,         /* longer than the sidecar accepts */
    SIDETOK_E_CANCELED = 109,
    SIDETOK_E_SHUTTING_DOWN = 110, /* the sidecar drains, or the client is closed */
    SIDETOK_E_PEER_LOST = 111,     /* the connection broke after the request was sent: it may have been run */
    SIDETOK_E_NOT_CONNECTED = 112, /* no sidecar was there; the request was never sent */
    SIDETOK_E_BAD_REPLY = 113,     /* the reply is no protocol 1 */
    SIDETOK_E_FORKED = 114,        /* the client was opened before fork() */
    SIDETOK_E_INVALID_ARGUMENT = 115,
    SIDETOK_E_SYSTEM = 116, /* the operating system or nng refused; errno may say more */
    SIDETOK_E_FILE = 117    /* the tokenizer's file can't be used */
};
#endif

/** What to do; the numbers of protocol 1. proto/PROTOCOL.md says what each expects in its body. */
enum sidetok_op {
    SIDETOK_OP_CHAT = 1,
    SIDETOK_OP_APPLY = 2,
    SIDETOK_OP_FIM = 3,
    SIDETOK_OP_ENCODE = 4,
    SIDETOK_OP_DECODE = 5,
    SIDETOK_OP_PIECE = 6,
    SIDETOK_OP_BYTE_PIECE = 7,
    SIDETOK_OP_IS_SPECIAL = 8,
    SIDETOK_OP_SPECIAL_ID = 9,
    SIDETOK_OP_INFO = 10,
    SIDETOK_OP_LOAD = 11,
    SIDETOK_OP_TRANSCRIPTION = 12,
    SIDETOK_OP_SPEECH = 13,
    SIDETOK_OP_PING = 14
};

/** Validation modes of the reference. */
enum sidetok_mode { SIDETOK_MODE_TEST, SIDETOK_MODE_SERVING, SIDETOK_MODE_FINETUNING, SIDETOK_MODE_AGNOSTIC };

/** What the reply shall carry; a sum. */
enum sidetok_want {
    SIDETOK_WANT_IDS = 1,
    SIDETOK_WANT_TEXT = 2, /* decoding costs a third and more on top: ask only when needed */
    SIDETOK_WANT_COUNT = 4,
    SIDETOK_WANT_PREFIX_IDS = 8,
    SIDETOK_WANT_IMAGES = 16,
    SIDETOK_WANT_AUDIOS = 32
};

/** What changes the result; a sum. */
enum sidetok_option {
    SIDETOK_OPTION_VLLM = 1 /* vLLM's own steps before the library is called */
};

/** Numbers that a client goes by; see sidetok_client_set(). */
enum sidetok_setting {
    SIDETOK_SETTING_MAX_PENDING, /* requests whose callback is still to come; 1 to 65,535, default 65,535 */
    SIDETOK_SETTING_MAX_SENT,    /* requests sent to one sidecar and not answered; 1 to 56, the default */
    SIDETOK_SETTING_CONNECT_TIMEOUT_MS, /* without any sidecar for so long: unsent ones fail; 0 never, default
                                           5,000 */
    SIDETOK_SETTING_SILENCE_MS /* a sidecar that owes replies, does not send anything for so long and does not
                                  answer a ping either is lost; 0 never, default 5,000. A long request is no
                                  silence: a sidecar answers pings meanwhile. A message that takes longer to
                                  cross the network is: raise it where that is slow. Also for the ping by
                                  which a new connection proves that it is served: no request is sent over it
                                  before. It has half a second, that of the next connection twice as much */
};

struct sidetok_client;
struct sidetok_request;
struct sidetok_reply;

/** The library's version, "MAJOR.MINOR.PATCH". Static. Any thread. */
SIDETOK_API const char *sidetok_version(void);

/** The name of an error: the reference's class, or our own word ("busy"). Static. Any thread. */
SIDETOK_API const char *sidetok_error_name(enum sidetok_error error);

/**
 * The request's end. Runs once for each accepted request, inside sidetok_client_process(), on its caller's
 * thread; never for a request that was cancelled, or pending when the client was closed.
 *
 * user   As given to sidetok_client_submit(); the library never touches it.
 * reply  Never NULL: an answer or an error, see sidetok_reply_error(). Lives until the callback returns,
 * unless sidetok_reply_take() keeps it.
 *
 * It may call every function of this header but sidetok_client_process(), closing the client included.
 */
typedef void sidetok_done(struct sidetok_client *client, void *user, struct sidetok_reply *reply);

/* ---- the client ---- */

/**
 * Opens a client and begins to connect, without waiting: the sidecar need not be there yet, and may come and
 * go.
 *
 * urls  One URL or several, separated by blanks: "ipc:///run/sidetok/sidetokd.sock", "abstract://name",
 * "tcp://host:port". Requests go, in the order they were submitted, to the connected sidecar with the fewest
 * unanswered; an unsent one goes to another when its sidecar disappears, one that was sent is never sent
 * again. Copied. ret   The caller's, until sidetok_client_close().
 *
 * A DNS name is one URL with one connection: for a Kubernetes headless service, name each pod
 * (pod-0.service:port), or resolve the service before opening and give each address.
 *
 * Errors: SIDETOK_E_INVALID_ARGUMENT (no URL, or one that can't be used), SIDETOK_E_NO_MEMORY,
 * SIDETOK_E_SYSTEM; SIDETOK_E_FORKED in the child of a process that had opened a client, even one closed
 * since: workers open their first client after the fork. Cost: starts nng's threads once per process (at most
 * eight where nng allows to say so).
 */
SIDETOK_API enum sidetok_error sidetok_client_open(const char *urls, struct sidetok_client **ret);

/**
 * Changes a setting; for requests submitted from now on.
 * Errors: SIDETOK_E_INVALID_ARGUMENT (out of the setting's range), SIDETOK_E_FORKED.
 */
SIDETOK_API enum sidetok_error sidetok_client_set(struct sidetok_client *client, enum sidetok_setting setting,
                                                  long value);

/**
 * Ends a client: connections, descriptor, memory. Requests still pending end without a callback; so their
 * user data may be freed right after. Allowed inside a callback, whose process() then returns
 * SIDETOK_E_SHUTTING_DOWN. NULL-safe. Takes about a millisecond. In a forked child it gives back what belongs
 * to the child.
 *
 * nng loses the memory of messages that are going over a connection when it is closed; before 1.9 it may even
 * never return, nor ever connect again in this process. So a client that is not at rest is closed by a thread
 * of its own, once the sidecar has answered what it was sent; with those nng one at rest, too, for which this
 * waits 100 ms at most.
 */
SIDETOK_API void sidetok_client_close(struct sidetok_client *client);

/**
 * The descriptor to poll for reading; level- and edge-triggered both work. It stays the same, belongs to the
 * client, and must not be read, written or closed. -1 in a forked child.
 */
SIDETOK_API int sidetok_client_fd(const struct sidetok_client *client);

/** Requests whose callback is still to come. 0 in a forked child. */
SIDETOK_API size_t sidetok_client_pending(const struct sidetok_client *client);

/** How many of the URLs are connected right now: a sidecar answers there. */
SIDETOK_API size_t sidetok_client_connected(const struct sidetok_client *client);

/**
 * Milliseconds until the next deadline, rounded up, for loops that want a timeout; -1 when there is none. The
 * descriptor becomes readable at the deadline too, so that a loop may ignore this.
 */
SIDETOK_API int sidetok_client_timeout_ms(const struct sidetok_client *client);

/**
 * Does what there is to do, without blocking: sends, receives, expires, and runs callbacks. Call it when the
 * descriptor is readable; calling it for nothing is harmless. A call begins no further reply after 32 or half
 * a millisecond of them, and the descriptor stays readable: the loop has a turn.
 *
 * Returns SIDETOK_OK; SIDETOK_E_SHUTTING_DOWN when a callback closed the client, which is gone then;
 * SIDETOK_E_INVALID_ARGUMENT inside a callback; SIDETOK_E_FORKED.
 */
SIDETOK_API enum sidetok_error sidetok_client_process(struct sidetok_client *client);

/**
 * Submits a request; returns at once. The body is copied, once, into what is sent. Connected or not, it is
 * accepted, and waits in the client until a sidecar takes it.
 *
 * request  Unchanged; may be changed or freed right after.
 * done     Not NULL; see there. Never runs inside this call.
 * ret_id   NULL, or receives a number, never 0, that sidetok_client_cancel() takes; not reused while the
 * client lives.
 *
 * Errors, and then done never runs: SIDETOK_E_BUSY (MAX_PENDING reached), SIDETOK_E_NOT_CONNECTED (no sidecar
 * for longer than CONNECT_TIMEOUT_MS), SIDETOK_E_NO_MEMORY, SIDETOK_E_TOO_LARGE (4 GiB),
 * SIDETOK_E_INVALID_ARGUMENT, SIDETOK_E_FORKED, SIDETOK_E_SHUTTING_DOWN (closed by the running callback).
 */
SIDETOK_API enum sidetok_error sidetok_client_submit(struct sidetok_client *client,
                                                     const struct sidetok_request *request,
                                                     sidetok_done *done, void *user, uint64_t *ret_id);

/**
 * Cancels: after SIDETOK_OK the callback never runs, and user may be freed. A request that waits for sending
 * is dropped; of one that was sent the sidecar is told, and drops it if it still waits there.
 *
 * Errors: SIDETOK_E_INVALID_ARGUMENT (not pending: finished, cancelled, or never there), SIDETOK_E_FORKED.
 */
SIDETOK_API enum sidetok_error sidetok_client_cancel(struct sidetok_client *client, uint64_t id);

/* ---- the request ---- */

/** A request for op with all else at its default; NULL when memory is out. May be submitted any number of
 * times. */
SIDETOK_API struct sidetok_request *sidetok_request_new(enum sidetok_op op);

/** NULL-safe. */
SIDETOK_API void sidetok_request_free(struct sidetok_request *request);

/** The operation of a name such as "chat"; 0 when there is none. Any thread. */
SIDETOK_API int sidetok_op_from_name(const char *name);

/** The body as JSON text of size bytes. Borrowed until the last submit. The later of the two body calls
 * counts. */
SIDETOK_API void sidetok_request_body_json(struct sidetok_request *request, const void *text, size_t size);

/** The body as one msgpack value of size bytes. Borrowed until the last submit. Packs faster than JSON where
 * texts are long. */
SIDETOK_API void sidetok_request_body_msgpack(struct sidetok_request *request, const void *value,
                                              size_t size);

/** The tokenizer's name, NUL-terminated, borrowed until the last submit; NULL: the sidecar's first (the
 * default). */
SIDETOK_API void sidetok_request_tokenizer(struct sidetok_request *request, const char *name);

/** Milliseconds from submit to the deadline, after which it ends with SIDETOK_E_EXPIRED or, if it was never
 * sent, SIDETOK_E_NOT_CONNECTED. 0: no deadline (the default). The sidecar gets what is left when it is sent.
 */
SIDETOK_API void sidetok_request_timeout_ms(struct sidetok_request *request, uint32_t timeout_ms);

/** A sum of enum sidetok_want; the default is SIDETOK_WANT_IDS. */
SIDETOK_API void sidetok_request_want(struct sidetok_request *request, unsigned want);

/** The validation mode; the default is SIDETOK_MODE_TEST, as the library uses for inference. */
SIDETOK_API void sidetok_request_mode(struct sidetok_request *request, enum sidetok_mode mode);

/** A sum of enum sidetok_option; the default is 0. */
SIDETOK_API void sidetok_request_options(struct sidetok_request *request, unsigned options);

/** The second argument of encode_chat_completion. */
SIDETOK_API void sidetok_request_max_model_input_len(struct sidetok_request *request, int64_t n_tokens);

/* ---- the reply ----
 * Bytes given out live as long as the reply; they are not NUL-terminated. What is absent is NULL with size 0.
 */

/** SIDETOK_OK, or what went wrong. A code of a newer sidecar is handed through: go by type and family then.
 */
SIDETOK_API enum sidetok_error sidetok_reply_error(const struct sidetok_reply *reply);

/** The error's class name ("InvalidMessageStructureException"), or our own word. */
SIDETOK_API const char *sidetok_reply_type(const struct sidetok_reply *reply, size_t *ret_size);

/** "MistralCommonException", "ValueError", "ValidationError", "other", or "service": not raised by the
 * reference. */
SIDETOK_API const char *sidetok_reply_family(const struct sidetok_reply *reply, size_t *ret_size);

/** The error's text, str(e). UTF-8; a lone surrogate stands as three bytes. */
SIDETOK_API const char *sidetok_reply_message(const struct sidetok_reply *reply, size_t *ret_size);

/** "convert" or "encode": the half of the reference's call that raised. */
SIDETOK_API const char *sidetok_reply_stage(const struct sidetok_reply *reply, size_t *ret_size);

/** The entries of a ValidationError: a msgpack array of maps {"type", "loc", "msg"}. */
SIDETOK_API const void *sidetok_reply_errors(const struct sidetok_reply *reply, size_t *ret_size);

/** The token ids, in the machine's order; no copy. A padding id of -1 is 4294967295. */
SIDETOK_API const uint32_t *sidetok_reply_ids(const struct sidetok_reply *reply, size_t *ret_n);

/** The ids of the final assistant message that is to be continued. */
SIDETOK_API const uint32_t *sidetok_reply_prefix_ids(const struct sidetok_reply *reply, size_t *ret_n);

/** Of an apply with a list of conversations: how many of the ids belong to each, in order; the ids are all in
 * a row. Absent otherwise. */
SIDETOK_API const uint32_t *sidetok_reply_lengths(const struct sidetok_reply *reply, size_t *ret_n);

/** The text. UTF-8; a lone surrogate stands as three bytes. */
SIDETOK_API const char *sidetok_reply_text(const struct sidetok_reply *reply, size_t *ret_size);

/** The number of ids where it was wanted, else -1. */
SIDETOK_API int64_t sidetok_reply_count(const struct sidetok_reply *reply);

/** The i-th resized image in pixels. Returns 1, or 0 when there is no such image. O(i). */
SIDETOK_API int sidetok_reply_image(const struct sidetok_reply *reply, size_t i, uint64_t *ret_height,
                                    uint64_t *ret_width);

/** The i-th sound. Returns 1, or 0 when there is no such sound. O(i). */
SIDETOK_API int sidetok_reply_audio(const struct sidetok_reply *reply, size_t i, uint64_t *ret_samples,
                                    uint64_t *ret_rate);

/** The msgpack value of ops that answer with one: info, ping, load, byte_piece, is_special, special_id. */
SIDETOK_API const void *sidetok_reply_value(const struct sidetok_reply *reply, size_t *ret_size);

/** The whole reply as it came, msgpack of protocol 1; NULL for an error found by the client itself. */
SIDETOK_API const void *sidetok_reply_bytes(const struct sidetok_reply *reply, size_t *ret_size);

/**
 * Keeps a reply beyond its callback, without copying it: the returned one has all, the one given is empty
 * afterwards. It outlives the client. sidetok_reply_free() ends it. NULL when memory is out: the given one is
 * as it was.
 */
SIDETOK_API struct sidetok_reply *sidetok_reply_take(struct sidetok_reply *reply);

/** Frees a reply that was taken. Any thread, but not in a forked child. NULL-safe. */
SIDETOK_API void sidetok_reply_free(struct sidetok_reply *reply);

#ifdef __cplusplus
}
#endif

#endif
