#ifndef SIDETOK_SERVICE_ANSWER_H
#define SIDETOK_SERVICE_ANSWER_H

#include "encode.h"
#include "handler.h"

/** One request being answered. Internal to the handler's files. */
struct answer {
    struct call *call;
    struct model_set *models;
    const struct message_request *request;
    struct model_entry *entry;
    struct message_reply_writer *reply; /* begun with SIDETOK_OK; the operation adds its fields */
};

/** An operation: reads the body, adds fields to the reply. A failure is the call's; the reply is rewritten
 * then. */
typedef enum sidetok_error answer_run(struct answer *answer);

/** The body as a Python value. */
enum sidetok_error answer_body(struct answer *answer, struct json *ret_body);

/** The same of a chat request, after vLLM's steps where the request asks for them. */
enum sidetok_error answer_chat_body(struct answer *answer, struct json *ret_body);

/** The request's model, loaded now if it is not yet. */
enum sidetok_error answer_model(struct answer *answer, struct model **ret_model);

/**
 * Lets ids grow in the reply itself, so that they are written once; in the call's arena when the caller does
 * not want them. Nothing else may be added to the reply before answer_encoded().
 */
void answer_ids_begin(struct answer *answer, struct ids *ret_ids);

/** Adds what the caller wants of a tokenized request: ids, text, count, prefix ids, images, sounds. stream
 * may be NULL. */
enum sidetok_error answer_encoded(struct answer *answer, struct model *model, const struct encoded *encoded,
                                  const struct stream *stream);

/** Adds a text of the call's or the model's memory. */
void answer_text(struct answer *answer, struct str text);

/** Writes a JSON value as msgpack; integers beyond 64 bits become the nearest. For our own small values: it
 * recurses. */
void answer_write_json(struct msgpack_writer *out, const struct json *value);

/** An int (or bool) as int64_t, beyond it the nearest; false for any other value. */
bool answer_int64(const struct json *value, int64_t *ret_number);

static inline struct view answer_view(struct str text)
{
    return (struct view){text.data, text.size};
}

/** The operations on plain text and single tokens, and on files. text.c, info.c */
answer_run answer_encode, answer_decode, answer_piece, answer_byte_piece, answer_is_special,
    answer_special_id;
answer_run answer_load, answer_info;
answer_run answer_chat, answer_fim, answer_apply, answer_transcription, answer_speech;

/** Validates, normalizes, renders and encodes a decoded request. Rule:
 * MistralTokenizer.encode_chat_completion. */
enum sidetok_error answer_encode_request(struct answer *answer, struct model *model, struct request *request,
                                         struct stream *ret_stream, struct encoded *ret_encoded);

#endif
