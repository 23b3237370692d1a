#ifndef SIDETOK_REQUEST_VALIDATE_H
#define SIDETOK_REQUEST_VALIDATE_H

#include "request.h"
#include "rules.h"

/* Shared by the files of validation; the room's own. All return the reference's first failure, recorded in
 * the call. */

struct validation {
    struct call *call;
    const struct rules *rules;
    enum validation_mode mode;
};

/** Records code with the text before + value + after. value may hold any bytes, NUL too; NULL is written
 * None. */
enum sidetok_error validate_fail(const struct validation *validation, enum sidetok_error code,
                                 struct str before, struct str value, struct str after);

/** "user", "assistant" ...: the role's name in messages. Static. */
struct str role_name(enum role role);

/** Rule: _validate_message_list_structure: number, last role, order, pairing of calls, sounds with system. */
enum sidetok_error validate_structure(const struct validation *validation, const struct message *messages,
                                      size_t n_messages);

/** Rule: _validate_tool_calls_followed_by_tool_messages. */
enum sidetok_error validate_pairs(const struct validation *validation, const struct message *messages,
                                  size_t n_messages);

/** Rule: _validate_message_list_content: each message by its role. */
enum sidetok_error validate_contents(const struct validation *validation, const struct message *messages,
                                     size_t n_messages);

/** The id, then the name of one call. is_last: its message is the conversation's last. Rule:
 * _validate_tool_call. */
enum sidetok_error validate_tool_call(const struct validation *validation, const struct tool_call *tool_call,
                                      bool is_last);

/**
 * Records code unless name is 1 to 64 ASCII letters, digits, "_" or "-"; one line feed may follow.
 * Rule: re.match(r"^[a-zA-Z0-9_-]{1,64}$", name): "$" matches before a last line feed too.
 */
enum sidetok_error validate_name(const struct validation *validation, enum sidetok_error code,
                                 struct str name);

#endif
