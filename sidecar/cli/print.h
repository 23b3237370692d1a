#ifndef SIDETOK_CLI_PRINT_H
#define SIDETOK_CLI_PRINT_H

#include "buf.h"
#include "proto/message.h"

/**
 * Appends the members of a reply as JSON, without braces: `"tokens": [...], "text": "..."` or `"error":
 * {...}`, the form of the parity records' "expect". ASCII only, so that lone surrogates survive as escapes.
 *
 * op       What was asked: it names the member of a value ("hex", "value", "id").
 * is_bare  Only the reference's own properties of op info, not those that sidetok adds.
 */
void print_reply(struct buf *out, const struct message_reply *reply, enum message_op op, bool is_bare);

/** Appends text (WTF-8) as a JSON string in ASCII. Bytes that are no UTF-8 become U+FFFD. */
void print_string(struct buf *out, struct str text);

/** Appends `"error": {...}` of a failure on the way. */
void print_failure(struct buf *out, const struct failure *failure);

#endif
