#ifndef SIDETOK_CLI_BYTES_H
#define SIDETOK_CLI_BYTES_H

#include "call.h"
#include "proto/message.h"
#include "str.h"

/**
 * Raw bytes have no JSON form; a batch record spells them {"$bytes": "base64"}. Where a request holds such
 * objects its body becomes msgpack with a bin in their place; any other request is left alone, JSON as it was
 * written.
 *
 * Memory: call's. Errors: SIDETOK_E_BAD_REQUEST for bad base64, SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error bytes_expand(struct call *call, struct message_request *request);

#endif
