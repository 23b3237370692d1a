#ifndef SIDETOK_SUPPORT_BODY_H
#define SIDETOK_SUPPORT_BODY_H

#include "call.h"
#include "json.h"
#include "str.h"

/* A request's body into a value; both forms of protocol 1 mean the same. Views into bytes stay in the value.
 */

/**
 * The body as JSON text.
 *
 * Errors: SIDETOK_E_BAD_REQUEST (no UTF-8, no JSON), and Python's own where the reference's reader gives up:
 * SIDETOK_E_VALUE (an integer of more than 4,300 digits), SIDETOK_E_RECURSION; SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error body_read_json(struct call *call, struct str text, struct json *ret_value);

/**
 * The body as one msgpack value: bin becomes JSON_BYTES, the last of equal keys wins at the first one's
 * place.
 *
 * Errors: SIDETOK_E_BAD_REQUEST (no msgpack, bytes left over, text that is no UTF-8, a key that is no text,
 * an extension), SIDETOK_E_RECURSION (deeper than JSON_MAX_DEPTH, in the words of the JSON reader),
 * SIDETOK_E_NO_MEMORY. Linear in the bytes, whatever lengths they claim.
 */
enum sidetok_error body_read_msgpack(struct call *call, struct str bytes, struct json *ret_value);

#endif
