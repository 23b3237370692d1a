#include "message.h"

#include <string.h>

static const struct op_entry {
    uint32_t op;
    const char *name;
} op_table[] = {
#define X(name, value, wire_name) {value, wire_name},
#include "op.def"
};

enum { N_OPS = sizeof op_table / sizeof op_table[0], MODE_COUNT = MESSAGE_MODE_AGNOSTIC + 1 };

const char *message_op_name(uint32_t op)
{
    for (size_t i = 0; i < N_OPS; i++)
        if (op_table[i].op == op)
            return op_table[i].name;
    return NULL;
}

enum message_op message_op_from_name(struct view name)
{
    for (size_t i = 0; i < N_OPS; i++)
        if (strlen(op_table[i].name) == name.size && memcmp(op_table[i].name, name.data, name.size) == 0)
            return (enum message_op)op_table[i].op;
    return MESSAGE_OP_NONE;
}

/* Packing. A timeout stands third, right after version and op, always as four bytes: it can be rewritten in
 * place. */

enum { TIMEOUT_KEY_AT = 5, TIMEOUT_FORMAT_AT = 6, TIMEOUT_AT = 7, TIMEOUT_END = 11, FORMAT_UINT32 = 0xce };

size_t message_request_size(const struct message_request *request)
{
    enum { ENVELOPE = 96 }; /* more than the map's header, eleven keys and the numbers among their values */
    return ENVELOPE + request->tokenizer.size + request->body.size;
}

static uint32_t count_request_fields(const struct message_request *request)
{
    return 2u + (request->timeout_ms > 0) + (request->tokenizer.data != NULL) +
           (request->mode != MESSAGE_MODE_TEST) + (request->want != 0) + request->has_max_model_input_len +
           (request->options != 0) + (request->body_kind != MESSAGE_BODY_NONE) + (request->cancel != 0);
}

static void put_uint(struct msgpack_writer *out, enum message_request_field field, uint64_t value)
{
    msgpack_write_uint(out, field);
    msgpack_write_uint(out, value);
}

static void put_big_endian(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_timeout(struct msgpack_writer *out, uint32_t timeout_ms)
{
    uint8_t bytes[6] = {MESSAGE_REQUEST_TIMEOUT_MS, FORMAT_UINT32};
    put_big_endian(bytes + 2, timeout_ms);
    msgpack_write_raw(out, (struct view){(const char *)bytes, sizeof bytes});
}

static void put_body(struct msgpack_writer *out, const struct message_request *request)
{
    if (request->body_kind == MESSAGE_BODY_JSON) {
        msgpack_write_uint(out, MESSAGE_REQUEST_BODY_JSON);
        msgpack_write_str(out, request->body);
    } else if (request->body_kind == MESSAGE_BODY_MSGPACK) {
        msgpack_write_uint(out, MESSAGE_REQUEST_BODY);
        msgpack_write_raw(out, request->body);
    }
}

enum sidetok_error message_pack_request(struct msgpack_writer *out, const struct message_request *request)
{
    msgpack_write_map(out, count_request_fields(request));
    put_uint(out, MESSAGE_REQUEST_VERSION, MESSAGE_VERSION);
    put_uint(out, MESSAGE_REQUEST_OP, request->op);
    if (request->timeout_ms > 0)
        put_timeout(out, request->timeout_ms);
    if (request->tokenizer.data) {
        msgpack_write_uint(out, MESSAGE_REQUEST_TOKENIZER);
        msgpack_write_text(out, request->tokenizer);
    }
    if (request->mode != MESSAGE_MODE_TEST)
        put_uint(out, MESSAGE_REQUEST_MODE, request->mode);
    if (request->want != 0)
        put_uint(out, MESSAGE_REQUEST_WANT, request->want);
    if (request->has_max_model_input_len) {
        msgpack_write_uint(out, MESSAGE_REQUEST_MAX_MODEL_INPUT_LEN);
        msgpack_write_int(out, request->max_model_input_len);
    }
    if (request->options != 0)
        put_uint(out, MESSAGE_REQUEST_OPTIONS, request->options);
    if (request->cancel != 0)
        put_uint(out, MESSAGE_REQUEST_CANCEL, request->cancel);
    put_body(out, request);
    return msgpack_writer_error(out);
}

void message_set_timeout(uint8_t *bytes, size_t size, uint32_t timeout_ms)
{
    if (size >= TIMEOUT_END && bytes[TIMEOUT_KEY_AT] == MESSAGE_REQUEST_TIMEOUT_MS &&
        bytes[TIMEOUT_FORMAT_AT] == FORMAT_UINT32)
        put_big_endian(bytes + TIMEOUT_AT, timeout_ms > 0 ? timeout_ms : 1);
}

/* Unpacking. */

struct request_unpack {
    struct msgpack_reader reader;
    struct message_request *request;
    uint64_t seen; /* one bit for each known key */
};

static enum sidetok_error refuse(struct message_request *request, enum sidetok_error error,
                                 const char *problem)
{
    request->problem = problem;
    return error;
}

static enum sidetok_error bad_request(struct message_request *request, const char *problem)
{
    return refuse(request, SIDETOK_E_BAD_REQUEST, problem);
}

/** Any type but the one expected leaves the reader where it is. */
static bool read_uint(struct msgpack_reader *reader, uint64_t max, uint64_t *ret)
{
    struct msgpack_token token;
    if (msgpack_read_token(reader, &token) || token.kind != MSGPACK_READ_UINT || token.unsigned_integer > max)
        return false;
    *ret = token.unsigned_integer;
    return true;
}

static bool read_int(struct msgpack_reader *reader, int64_t *ret)
{
    struct msgpack_token token;
    if (msgpack_read_token(reader, &token))
        return false;
    bool fits = token.kind == MSGPACK_READ_INT ||
                (token.kind == MSGPACK_READ_UINT && token.unsigned_integer <= INT64_MAX);
    *ret = fits ? token.integer : 0;
    return fits;
}

static bool read_text(struct msgpack_reader *reader, struct view *ret)
{
    struct msgpack_token token;
    if (msgpack_read_token(reader, &token) ||
        (token.kind != MSGPACK_READ_STR && token.kind != MSGPACK_READ_BIN))
        return false;
    *ret = token.bytes;
    return true;
}

static enum sidetok_error read_op(struct request_unpack *unpack)
{
    uint64_t op;
    if (!read_uint(&unpack->reader, UINT32_MAX, &op))
        return bad_request(unpack->request, "op (1) must be an integer of 32 bits");
    if (!message_op_name((uint32_t)op))
        return refuse(unpack->request, SIDETOK_E_UNKNOWN_OP, "op (1) has no such operation in protocol 1");
    unpack->request->op = (enum message_op)op;
    return SIDETOK_OK;
}

/** More than 49 days is as good as no deadline. */
static enum sidetok_error read_timeout(struct request_unpack *unpack)
{
    uint64_t timeout_ms;
    if (!read_uint(&unpack->reader, UINT64_MAX, &timeout_ms))
        return bad_request(unpack->request, "timeout_ms (2) must be an integer, zero or above");
    unpack->request->timeout_ms = timeout_ms > UINT32_MAX ? 0 : (uint32_t)timeout_ms;
    return SIDETOK_OK;
}

static enum sidetok_error read_mode(struct request_unpack *unpack)
{
    uint64_t mode;
    if (!read_uint(&unpack->reader, MODE_COUNT - 1, &mode))
        return bad_request(unpack->request, "mode (4) must be 0 to 3");
    unpack->request->mode = (enum message_mode)mode;
    return SIDETOK_OK;
}

static enum sidetok_error read_want(struct request_unpack *unpack)
{
    uint64_t want;
    if (!read_uint(&unpack->reader, UINT64_MAX, &want))
        return bad_request(unpack->request, "want (5) must be an integer, zero or above");
    unpack->request->want = (uint32_t)want;
    return SIDETOK_OK;
}

static enum sidetok_error read_options(struct request_unpack *unpack)
{
    uint64_t options;
    if (!read_uint(&unpack->reader, UINT64_MAX, &options))
        return bad_request(unpack->request, "options (7) must be an integer, zero or above");
    if (options & ~(uint64_t)MESSAGE_OPTION_VLLM)
        return refuse(unpack->request, SIDETOK_E_NOT_SUPPORTED,
                      "options (7) has a bit that this version does not know");
    unpack->request->options = (uint32_t)options;
    return SIDETOK_OK;
}

static enum sidetok_error read_max_model_input_len(struct request_unpack *unpack)
{
    if (!read_int(&unpack->reader, &unpack->request->max_model_input_len))
        return bad_request(unpack->request, "max_model_input_len (6) must be an integer of 64 bits");
    unpack->request->has_max_model_input_len = true;
    return SIDETOK_OK;
}

static enum sidetok_error read_cancel(struct request_unpack *unpack)
{
    uint64_t cancel;
    if (!read_uint(&unpack->reader, UINT32_MAX, &cancel))
        return bad_request(unpack->request, "cancel (10) must be an integer of 32 bits");
    unpack->request->cancel = (uint32_t)cancel;
    return SIDETOK_OK;
}

static enum sidetok_error read_body(struct request_unpack *unpack, enum message_body kind)
{
    struct message_request *request = unpack->request;
    if (request->body_kind != MESSAGE_BODY_NONE)
        return bad_request(request, "body_json (8) and body (9) exclude each other");
    bool read = kind == MESSAGE_BODY_JSON ? read_text(&unpack->reader, &request->body)
                                          : msgpack_read_value(&unpack->reader, &request->body) == SIDETOK_OK;
    if (!read)
        return bad_request(request, kind == MESSAGE_BODY_JSON ? "body_json (8) must be a str or bin"
                                                              : "body (9) is cut");
    request->body_kind = kind;
    return SIDETOK_OK;
}

static enum sidetok_error read_tokenizer(struct request_unpack *unpack)
{
    if (!read_text(&unpack->reader, &unpack->request->tokenizer))
        return bad_request(unpack->request, "tokenizer (3) must be a str");
    return SIDETOK_OK;
}

static enum sidetok_error skip_value(struct request_unpack *unpack)
{
    return msgpack_read_value(&unpack->reader, NULL) ? bad_request(unpack->request, "an unknown field is cut")
                                                     : SIDETOK_OK;
}

static enum sidetok_error read_field(struct request_unpack *unpack, uint64_t key)
{
    switch (key) {
    case MESSAGE_REQUEST_OP:
        return read_op(unpack);
    case MESSAGE_REQUEST_TIMEOUT_MS:
        return read_timeout(unpack);
    case MESSAGE_REQUEST_TOKENIZER:
        return read_tokenizer(unpack);
    case MESSAGE_REQUEST_MODE:
        return read_mode(unpack);
    case MESSAGE_REQUEST_WANT:
        return read_want(unpack);
    case MESSAGE_REQUEST_MAX_MODEL_INPUT_LEN:
        return read_max_model_input_len(unpack);
    case MESSAGE_REQUEST_OPTIONS:
        return read_options(unpack);
    case MESSAGE_REQUEST_BODY_JSON:
        return read_body(unpack, MESSAGE_BODY_JSON);
    case MESSAGE_REQUEST_BODY:
        return read_body(unpack, MESSAGE_BODY_MSGPACK);
    case MESSAGE_REQUEST_CANCEL:
        return read_cancel(unpack);
    default:
        return skip_value(unpack);
    }
}

/** A key of another type than integer is an unknown field; a known one may come once. */
static enum sidetok_error read_pair(struct request_unpack *unpack)
{
    uint64_t key;
    struct msgpack_reader before = unpack->reader;
    if (!read_uint(&unpack->reader, UINT64_MAX, &key)) {
        unpack->reader = before;
        if (msgpack_read_value(&unpack->reader, NULL))
            return bad_request(unpack->request, "the envelope is cut");
        return skip_value(unpack);
    }
    uint64_t bit = key < 64 ? 1ull << key : 0;
    if (unpack->seen & bit)
        return bad_request(unpack->request, "a field stands twice");
    unpack->seen |= bit;
    return read_field(unpack, key);
}

/** The map's header and its first pair, which is the same in every version to come. */
static enum sidetok_error read_version(struct request_unpack *unpack, uint32_t *ret_n_fields)
{
    struct msgpack_token map;
    uint64_t key, version;
    if (msgpack_read_token(&unpack->reader, &map) || map.kind != MSGPACK_READ_MAP || map.n == 0)
        return bad_request(unpack->request, "a request is a map");
    if (!read_uint(&unpack->reader, UINT64_MAX, &key) || key != MESSAGE_REQUEST_VERSION ||
        !read_uint(&unpack->reader, UINT32_MAX, &version))
        return bad_request(unpack->request, "the first field must be the version (0)");
    unpack->request->version = (uint32_t)version;
    unpack->seen = 1;
    *ret_n_fields = map.n;
    if (version != MESSAGE_VERSION)
        return refuse(unpack->request, SIDETOK_E_UNKNOWN_VERSION, "this sidecar speaks protocol 1");
    return SIDETOK_OK;
}

enum sidetok_error message_unpack_request(struct view bytes, struct message_request *ret)
{
    struct request_unpack unpack = {.reader = msgpack_reader_of(bytes), .request = ret};
    *ret = (struct message_request){0};
    uint32_t n_fields;
    enum sidetok_error error = read_version(&unpack, &n_fields);
    for (uint32_t i = 1; !error && i < n_fields; i++)
        error = read_pair(&unpack);
    if (error)
        return error;
    if (!msgpack_read_at_end(&unpack.reader))
        return bad_request(ret, "bytes are left over behind the envelope");
    if (ret->op == MESSAGE_OP_NONE)
        return bad_request(ret, "op (1) is missing");
    if (ret->want == 0)
        ret->want = MESSAGE_WANT_IDS;
    return SIDETOK_OK;
}
