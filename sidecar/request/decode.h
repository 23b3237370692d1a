#ifndef SIDETOK_REQUEST_DECODE_H
#define SIDETOK_REQUEST_DECODE_H

#include "pydantic.h"
#include "request.h"

/* The parts of request_decode(), one per file. Each reads a piece of an OpenAI request as the reference's
 * from_openai of the same name does, and fails with the exception that Python or pydantic would raise there.
 * Texts in the results are views of the input, or in call's arena. */

/** One message. Rule: convert_openai_messages and the from_openai of the four message classes. */
enum sidetok_error decode_message(struct call *call, const struct json *raw, struct message *ret_message);

/** A message's content: None, text or chunks. Rule: BaseMessage._content_from_openai and the chunks'
 * from_openai. */
enum sidetok_error decode_content(struct call *call, const struct json *raw, struct content *ret_content);

/** A sound chunk, of which raw has the member input_audio. Rule: AudioChunk, _flatten_audio_dict and
 * should_not_be_empty. */
enum sidetok_error decode_input_audio(struct call *call, const struct json *raw, struct chunk *ret_chunk);

/** A call of an assistant message. Rule: ToolCall.from_openai and FunctionCall.validate_arguments. */
enum sidetok_error decode_tool_call(struct call *call, const struct json *raw, struct tool_call *ret_call);

/** Rule: Tool.from_openai and Function.from_openai. */
enum sidetok_error decode_tool(struct call *call, const struct json *raw, struct tool *ret_tool);

/** The field response_format, not NULL. Returns an error only where checking the schema failed otherwise than
 * by finding a fault. Rule: ResponseFormat and JsonSchema. */
enum sidetok_error decode_response_format(struct pydantic *errors, const struct json *raw,
                                          struct request *request);

#endif
