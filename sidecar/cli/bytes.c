#include "bytes.h"

#include "base64.h"
#include "buf.h"
#include "json.h"

#include <errno.h>
#include <stdlib.h>

struct expansion {
    struct call *call;
    struct msgpack_writer *out;
    bool is_lossy; /* something that msgpack cannot carry */
};

static struct view view_of(struct str text)
{
    return (struct view){text.data, text.size};
}

static uint8_t *grow_in_call(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    struct buf *bytes = context;
    bytes->size = size;
    char *room = buf_reserve(bytes, capacity - size);
    *ret_capacity = capacity;
    return room ? (uint8_t *)room - size : NULL;
}

static void write_int(struct expansion *e, struct str digits)
{
    char text[24], *end;
    if (digits.size >= sizeof text) {
        e->is_lossy = true;
        return;
    }
    memcpy(text, digits.data, digits.size);
    text[digits.size] = '\0';
    errno = 0;
    long long value = strtoll(text, &end, 10);
    e->is_lossy |= errno != 0;
    msgpack_write_int(e->out, value);
}

static enum sidetok_error write_value(struct expansion *e, const struct json *value);

static enum sidetok_error write_object(struct expansion *e, const struct json *value)
{
    const struct json_member *members = value->object.members;
    if (value->object.n == 1 && str_equal(members[0].key, STR("$bytes")) &&
        members[0].value.kind == JSON_STRING) {
        struct str bytes;
        if (base64_decode(e->call, members[0].value.text, &bytes) != BASE64_OK)
            return failure_set(e->call, SIDETOK_E_BAD_REQUEST, "a value of \"$bytes\" is not base64");
        msgpack_write_bin(e->out, view_of(bytes));
        return SIDETOK_OK;
    }
    msgpack_write_map(e->out, (uint32_t)value->object.n);
    for (size_t i = 0; i < value->object.n; i++) {
        msgpack_write_str(e->out, view_of(members[i].key));
        TRY(write_value(e, &members[i].value));
    }
    return SIDETOK_OK;
}

/* Recurses as deep as json_read() let the value be. */
static enum sidetok_error write_value(struct expansion *e, const struct json *value)
{
    switch (value->kind) {
    case JSON_NULL:
        msgpack_write_nil(e->out);
        break;
    case JSON_BOOL:
        msgpack_write_bool(e->out, value->boolean);
        break;
    case JSON_INT:
        write_int(e, value->text);
        break;
    case JSON_FLOAT:
        msgpack_write_float(e->out, value->number);
        break;
    case JSON_STRING:
    case JSON_BYTES:
        msgpack_write_str(e->out, view_of(value->text));
        break;
    case JSON_ARRAY:
        msgpack_write_array(e->out, (uint32_t)value->array.n);
        for (size_t i = 0; i < value->array.n; i++)
            TRY(write_value(e, &value->array.items[i]));
        break;
    case JSON_OBJECT:
        return write_object(e, value);
    }
    return SIDETOK_OK;
}

enum sidetok_error bytes_expand(struct call *call, struct message_request *request)
{
    struct json body;
    struct buf bytes;
    struct str raw = {request->body.data, request->body.size};
    if (!memmem(raw.data, raw.size, "\"$bytes\"", 8))
        return SIDETOK_OK;
    if (json_read(call, raw, &body) != SIDETOK_OK) { /* the sidecar will tell what is wrong with it */
        failure_clear(call);
        return SIDETOK_OK;
    }
    buf_init(&bytes, call);
    struct msgpack_writer out = msgpack_writer_growing(grow_in_call, &bytes);
    struct expansion e = {.call = call, .out = &out};
    TRY(write_value(&e, &body));
    if (msgpack_writer_error(&out) != SIDETOK_OK)
        return failure_no_memory(call);
    if (e.is_lossy)
        return SIDETOK_OK;
    request->body_kind = MESSAGE_BODY_MSGPACK;
    request->body = msgpack_writer_view(&out);
    return SIDETOK_OK;
}
