#ifndef SIDETOK_SERVICE_APPLY_ADAPT_H
#define SIDETOK_SERVICE_APPLY_ADAPT_H

#include "answer.h"

/**
 * A message as mistral_common takes it: chunks of type "image" and "audio" become URLs, chunks without a type
 * are left out; anything else stays.
 *
 * ret_message  In the call's memory, or views into message.
 *
 * Errors: the reference's; SIDETOK_E_NOT_SUPPORTED for sounds at addresses and in files that are there, since
 * a request must not choose what the sidecar opens. Files of images are the business of whoever lays them
 * out. Rule: transformers MistralCommonBackend.apply_chat_template, _maybe_adapt_message; load_audio_as.
 */
enum sidetok_error apply_adapt_message(struct call *call, const struct json *message,
                                       struct json *ret_message);

#endif
