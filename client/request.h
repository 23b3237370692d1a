#ifndef SIDETOK_CLIENT_REQUEST_H
#define SIDETOK_CLIENT_REQUEST_H

#include "nng_compat.h"
#include "proto/message.h"
#include "sidetok.h"

/** What sidetok.h calls a request: the envelope's fields, and views of the caller's body. */
struct sidetok_request {
    struct message_request fields;
};

/**
 * Packs a request into a message of its own, its id as the SP header. The only copy of the body.
 * Errors: SIDETOK_E_NO_MEMORY, SIDETOK_E_TOO_LARGE (4 GiB and more).
 */
enum sidetok_error request_pack(const struct message_request *fields, uint32_t wire_id, nng_msg **ret);

#endif
