#include "request.h"

#include <stdlib.h>
#include <string.h>

struct sidetok_request *sidetok_request_new(enum sidetok_op op)
{
    struct sidetok_request *request = calloc(1, sizeof *request);
    if (request)
        request->fields.op = (enum message_op)op;
    return request;
}

void sidetok_request_free(struct sidetok_request *request)
{
    free(request);
}

int sidetok_op_from_name(const char *name)
{
    return name ? (int)message_op_from_name((struct view){name, strlen(name)}) : 0;
}

void sidetok_request_body_json(struct sidetok_request *request, const void *text, size_t size)
{
    request->fields.body_kind = MESSAGE_BODY_JSON;
    request->fields.body = (struct view){size > 0 ? text : "", size};
}

void sidetok_request_body_msgpack(struct sidetok_request *request, const void *value, size_t size)
{
    request->fields.body_kind = MESSAGE_BODY_MSGPACK;
    request->fields.body = (struct view){size > 0 ? value : "", size};
}

void sidetok_request_tokenizer(struct sidetok_request *request, const char *name)
{
    request->fields.tokenizer = name ? (struct view){name, strlen(name)} : (struct view){NULL, 0};
}

void sidetok_request_timeout_ms(struct sidetok_request *request, uint32_t timeout_ms)
{
    request->fields.timeout_ms = timeout_ms;
}

void sidetok_request_want(struct sidetok_request *request, unsigned want)
{
    request->fields.want = want;
}

void sidetok_request_mode(struct sidetok_request *request, enum sidetok_mode mode)
{
    request->fields.mode = (enum message_mode)mode;
}

void sidetok_request_options(struct sidetok_request *request, unsigned options)
{
    request->fields.options = options;
}

void sidetok_request_max_model_input_len(struct sidetok_request *request, int64_t n_tokens)
{
    request->fields.has_max_model_input_len = true;
    request->fields.max_model_input_len = n_tokens;
}

enum sidetok_error request_pack(const struct message_request *fields, uint32_t wire_id, nng_msg **ret)
{
    if (fields->body.size > UINT32_MAX) /* msgpack's limit */
        return SIDETOK_E_TOO_LARGE;
    nng_msg *message;
    size_t capacity = message_request_size(fields);
    if (nng_msg_alloc(&message, capacity) != 0)
        return SIDETOK_E_NO_MEMORY;
    struct msgpack_writer out = msgpack_writer_fixed(nng_msg_body(message), capacity);
    if (message_pack_request(&out, fields) != SIDETOK_OK || nng_msg_chop(message, capacity - out.size) != 0 ||
        nng_msg_header_append_u32(message, wire_id) != 0) {
        nng_msg_free(message);
        return SIDETOK_E_NO_MEMORY;
    }
    *ret = message;
    return SIDETOK_OK;
}
