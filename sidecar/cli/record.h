#ifndef SIDETOK_CLI_RECORD_H
#define SIDETOK_CLI_RECORD_H

#include "call.h"
#include "proto/message.h"
#include "str.h"

/**
 * One line of `sidetok batch`. Raw members are slices of the line, so that what JSON can spell and a parsed
 * value cannot hold (NaN, long integers, repeated keys, lone surrogates) reaches the sidecar as it was
 * written.
 */
struct record {
    struct str id; /* raw JSON; data NULL: none */
    struct message_request request;
};

/**
 * Reads a line into a protocol request.
 *
 * call  Failures: SIDETOK_E_BAD_REQUEST, with what is wrong and where. ret_record->id is set even then, where
 * it was found. line  Without its line feed. Borrowed as long as the record, and so is call's memory.
 */
enum sidetok_error record_read(struct call *call, struct str line, struct record *ret_record);

#endif
