#ifndef SIDETOK_CLI_TRANSPORT_H
#define SIDETOK_CLI_TRANSPORT_H

#include "handler.h"

/**
 * Where requests of protocol 1 go: a daemon, or the same handler in this process. One thread.
 * Both ways a request is packed and a reply unpacked, so that what is printed does not depend on the way.
 */
struct transport;

/** How to reach a sidecar. One of url and tokenizers is set. */
struct transport_options {
    const char *url;              /* ipc://, abstract://, tcp:// */
    const struct str *tokenizers; /* "NAME=PATH" each, loaded when first asked for; borrowed */
    size_t n_tokenizers;
    size_t cache_bytes, max_bytes; /* as in struct model_set */
    uint32_t wait_ms;              /* how long to wait for a connection and for each reply; 0: for ever */
};

/** Connects, or prepares the models. Memory: call's, which must outlive the transport. Errors:
 * SIDETOK_E_NOT_CONNECTED. */
enum sidetok_error transport_open(struct call *call, const struct transport_options *options,
                                  struct transport **ret_transport);

/**
 * Sends one request and waits for its reply.
 *
 * call       Failures of the way itself: SIDETOK_E_NOT_CONNECTED, SIDETOK_E_EXPIRED (no reply within
 * wait_ms), SIDETOK_E_BAD_REPLY, SIDETOK_E_NO_MEMORY. An error that the sidecar tells is no failure:
 * ret_reply->code. ret_reply  Views that live until the next call with this transport.
 */
enum sidetok_error transport_call(struct call *call, struct transport *transport,
                                  const struct message_request *request, struct message_reply *ret_reply);

/** NULL-safe. */
void transport_close(struct transport *transport);

#endif
