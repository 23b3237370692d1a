#include "body.h"

#include "buf.h"
#include "json_build.h"
#include "proto/msgpack_read.h"
#include "utf8.h"

static enum sidetok_error bad_body(struct call *call, const char *what)
{
    return failure_set(call, SIDETOK_E_BAD_REQUEST, "body: %s", what);
}

enum sidetok_error body_read_json(struct call *call, struct str text, struct json *ret_value)
{
    if (!utf8_is_valid(text, true))
        return bad_body(call, "the text is not UTF-8");
    enum sidetok_error error = json_read(call, text, ret_value);
    if (error != SIDETOK_E_JSON_DECODE)
        return error;
    struct str why = call->failure.message;
    failure_clear(call);
    return failure_set(call, SIDETOK_E_BAD_REQUEST, "body: %.*s", STR_ARG(why));
}

struct body_reader {
    struct call *call;
    struct msgpack_reader at;
    struct json_builder builder;
    size_t depth;
};

static enum sidetok_error read_value(struct body_reader *reader, struct json *ret_value);

static enum sidetok_error read_token(struct body_reader *reader, struct msgpack_token *ret_token)
{
    if (msgpack_read_token(&reader->at, ret_token) != SIDETOK_OK)
        return bad_body(reader->call, "the bytes are not msgpack");
    return SIDETOK_OK;
}

static enum sidetok_error read_text(struct body_reader *reader, const struct msgpack_token *token,
                                    struct str *ret)
{
    struct str text = {token->bytes.data, token->bytes.size};
    if (!utf8_is_valid(text, true))
        return bad_body(reader->call, "a text is not UTF-8");
    *ret = text;
    return SIDETOK_OK;
}

static enum sidetok_error read_int(struct body_reader *reader, const struct msgpack_token *token,
                                   struct json *ret)
{
    struct buf digits;
    buf_init(&digits, reader->call);
    if (token->kind == MSGPACK_READ_INT)
        buf_printf(&digits, "%lld", (long long)token->integer);
    else
        buf_printf(&digits, "%llu", (unsigned long long)token->unsigned_integer);
    ret->kind = JSON_INT;
    return buf_finish(&digits, &ret->text);
}

static enum sidetok_error enter(struct body_reader *reader, const char *what)
{
    if (++reader->depth <= JSON_MAX_DEPTH)
        return SIDETOK_OK;
    return failure_set(reader->call, SIDETOK_E_RECURSION,
                       "maximum recursion depth exceeded while decoding a JSON %s from a unicode string",
                       what);
}

static enum sidetok_error read_array(struct body_reader *reader, uint32_t n, struct json *ret_value)
{
    size_t first = reader->builder.n;
    TRY(enter(reader, "array"));
    for (uint32_t i = 0; i < n; i++) {
        struct json element;
        TRY(read_value(reader, &element));
        TRY(json_build_push(&reader->builder, &element));
    }
    reader->depth--;
    return json_build_array(&reader->builder, first, ret_value);
}

static enum sidetok_error read_map(struct body_reader *reader, uint32_t n, struct json *ret_value)
{
    size_t first = reader->builder.n;
    TRY(enter(reader, "object"));
    for (uint32_t i = 0; i < n; i++) {
        struct msgpack_token token;
        struct json key = {.kind = JSON_STRING}, value;
        TRY(read_token(reader, &token));
        if (token.kind != MSGPACK_READ_STR)
            return bad_body(reader->call, "a map's key is no text");
        TRY(read_text(reader, &token, &key.text));
        TRY(json_build_push(&reader->builder, &key));
        TRY(read_value(reader, &value));
        TRY(json_build_push(&reader->builder, &value));
    }
    reader->depth--;
    return json_build_object(&reader->builder, first, ret_value);
}

static enum sidetok_error read_value(struct body_reader *reader, struct json *ret_value)
{
    struct msgpack_token token;
    TRY(read_token(reader, &token));
    switch (token.kind) {
    case MSGPACK_READ_NIL:
        *ret_value = (struct json){.kind = JSON_NULL};
        return SIDETOK_OK;
    case MSGPACK_READ_BOOL:
        *ret_value = (struct json){.kind = JSON_BOOL, .boolean = token.boolean};
        return SIDETOK_OK;
    case MSGPACK_READ_INT:
    case MSGPACK_READ_UINT:
        return read_int(reader, &token, ret_value);
    case MSGPACK_READ_FLOAT:
        *ret_value = (struct json){.kind = JSON_FLOAT, .number = token.number};
        return SIDETOK_OK;
    case MSGPACK_READ_STR:
        ret_value->kind = JSON_STRING;
        return read_text(reader, &token, &ret_value->text);
    case MSGPACK_READ_BIN:
        *ret_value = (struct json){.kind = JSON_BYTES, .text = {token.bytes.data, token.bytes.size}};
        return SIDETOK_OK;
    case MSGPACK_READ_ARRAY:
        return read_array(reader, token.n, ret_value);
    case MSGPACK_READ_MAP:
        return read_map(reader, token.n, ret_value);
    case MSGPACK_READ_EXT:
        break;
    }
    return bad_body(reader->call, "an extension type has no meaning here");
}

enum sidetok_error body_read_msgpack(struct call *call, struct str bytes, struct json *ret_value)
{
    struct body_reader reader = {.call = call, .builder = {.call = call}};
    reader.at = msgpack_reader_of((struct view){bytes.data, bytes.size});
    TRY(read_value(&reader, ret_value));
    if (!msgpack_read_at_end(&reader.at))
        return bad_body(call, "bytes are left over");
    return SIDETOK_OK;
}
