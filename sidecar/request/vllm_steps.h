#ifndef SIDETOK_REQUEST_VLLM_STEPS_H
#define SIDETOK_REQUEST_VLLM_STEPS_H

#include "call.h"
#include "json.h"

/**
 * What vLLM does to a chat request before it calls the library; asked for by the envelope's option.
 *
 * - Ids of tool calls, and of the calls that tool messages answer, keep their last 9 characters.
 * - Arguments of tool calls become objects: broken JSON, or JSON that is no object, becomes {}.
 * - reasoning_content is another name of reasoning; tool_calls of an assistant are a list always.
 * - Tools keep type, name, description and parameters, nothing else; no tools are None.
 * - add_generation_prompt is true unless given, and checked against the last message; so is
 *   continue_final_message. chat_template, chat_template_kwargs and an empty list of tools are refused.
 * - reasoning_effort is passed on from version 15; of the other members only those of the wrapper are.
 *
 * body      A chat request's arguments; borrowed. Members of unexpected types are left for the library to
 * refuse. version   The tokenizer's. ret_body  The arguments of op apply. Shares what did not change with
 * body.
 *
 * Errors: SIDETOK_E_VALUE in vLLM's words, SIDETOK_E_INDEX (no messages), SIDETOK_E_KEY (last message without
 * role); those of json_read() but SIDETOK_E_JSON_DECODE for arguments. Rule: vLLM 0.32,
 * truncate_tool_call_ids, parse of the conversation, MistralTokenizer.apply_chat_template.
 */
enum sidetok_error vllm_prepare(struct call *call, const struct json *body, int version,
                                struct json *ret_body);

#endif
