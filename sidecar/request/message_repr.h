#ifndef SIDETOK_REQUEST_MESSAGE_REPR_H
#define SIDETOK_REQUEST_MESSAGE_REPR_H

#include "buf.h"
#include "request.h"

/* Python's str() and repr() of the reference's models, as its messages quote them. Append-only; out of memory
 * is remembered by the buffer. An image's repr names its address in memory: here that is 0x0. */

/** str(message): role='user' content='Hello' */
void message_str(struct buf *out, const struct message *message);

/** repr(message): UserMessage(role='user', content='Hello') */
void message_repr(struct buf *out, const struct message *message);

/** repr(message.content): None, a quoted text, or a list of chunks. */
void content_repr(struct buf *out, const struct content *content);

/** repr(chunk): TextChunk(type='text', text='Hello') */
void chunk_repr(struct buf *out, const struct chunk *chunk);

/** repr(message.tool_calls): None or a list of calls. */
void tool_calls_repr(struct buf *out, const struct message *message);

/** str(call): id='null' type='function' function=FunctionCall(name='f', arguments='{}') */
void tool_call_str(struct buf *out, const struct tool_call *call);

/** repr(call): ToolCall(id=..., ...) */
void tool_call_repr(struct buf *out, const struct tool_call *call);

/** repr(tool): Tool(type='function', function=Function(name=..., description=..., parameters=...,
 * strict=...)) */
void tool_repr(struct buf *out, const struct tool *tool);

/** The class of a chunk: "TextChunk". Static. */
const char *chunk_class_name(enum chunk_kind kind);

#endif
