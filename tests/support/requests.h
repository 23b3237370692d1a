#ifndef SIDETOK_TESTS_REQUESTS_H
#define SIDETOK_TESTS_REQUESTS_H

/* Requests as constants, for tables of cases:
 *
 *     REQUEST(SYSTEM(TEXT("Be brief.")), USER(CHUNKS(SAY("a"), IMAGE)), CALLS(NOTHING, CALL("id", "f", "{}")),
 *             RESULT("id", TEXT("1")), PREFIX(TEXT("So")))
 */

#include "request.h"

/* clang-format off */
#define LITERAL(text_) {"" text_, sizeof text_ - 1}
#define N_OF(type, ...) (sizeof((type[]){__VA_ARGS__}) / sizeof(type))

#define NOTHING {.kind = CONTENT_NONE}
#define TEXT(text_) {.kind = CONTENT_TEXT, .text = LITERAL(text_)}
#define CHUNKS(...)                                                                                            \
    {.kind = CONTENT_CHUNKS, .chunks = (struct chunk[]){__VA_ARGS__}, .n_chunks = N_OF(struct chunk, __VA_ARGS__)}
#define NO_CHUNKS {.kind = CONTENT_CHUNKS}

#define SAY(text_) {.kind = CHUNK_TEXT, .text = LITERAL(text_)}
#define THINK(text_) {.kind = CHUNK_THINKING, .text = LITERAL(text_), .closed = true}
#define THINK_ON(text_) {.kind = CHUNK_THINKING, .text = LITERAL(text_)}
#define IMAGE {.kind = CHUNK_IMAGE_URL, .text = LITERAL("data:x")}
#define SOUND {.kind = CHUNK_INPUT_AUDIO, .text = LITERAL("x")}

#define CALL(id_, name_, arguments_)                                                                           \
    {.id = LITERAL(id_), .name = LITERAL(name_), .arguments = LITERAL(arguments_)}

#define SYSTEM(...) {.role = ROLE_SYSTEM, .content = __VA_ARGS__}
#define USER(...) {.role = ROLE_USER, .content = __VA_ARGS__}
#define ASSISTANT(...) {.role = ROLE_ASSISTANT, .content = __VA_ARGS__}
#define PREFIX(...) {.role = ROLE_ASSISTANT, .prefix = true, .content = __VA_ARGS__}
#define RESULT(id_, ...) {.role = ROLE_TOOL, .tool_call_id = LITERAL(id_), .content = __VA_ARGS__}
#define NAMED_RESULT(id_, name_, ...)                                                                          \
    {.role = ROLE_TOOL, .tool_call_id = LITERAL(id_), .name = LITERAL(name_), .content = __VA_ARGS__}
#define CALLS(content_, ...)                                                                                   \
    {.role = ROLE_ASSISTANT, .content = content_, .has_tool_calls = true,                                      \
     .tool_calls = (struct tool_call[]){__VA_ARGS__}, .n_tool_calls = N_OF(struct tool_call, __VA_ARGS__)}

#define REQUEST(...)                                                                                           \
    {.messages = (struct message[]){__VA_ARGS__}, .n_messages = N_OF(struct message, __VA_ARGS__)}
/* With other members of the request, too: WITH(.has_tools = true, USER(TEXT("a"))) */
#define WITH(member_, ...)                                                                                     \
    {member_, .messages = (struct message[]){__VA_ARGS__}, .n_messages = N_OF(struct message, __VA_ARGS__)}
#define WITH2(member_, other_, ...)                                                                            \
    {member_, other_, .messages = (struct message[]){__VA_ARGS__}, .n_messages = N_OF(struct message, __VA_ARGS__)}
/* clang-format on */

#endif
