#include "record.h"

#include "bytes.h"
#include "json.h"

/* The members of a record; what is not here is left alone ("expect" of a recorded case, say). */
struct members {
    struct str id, tokenizer, op, mode, vllm, request, request_json,
        max_model_input_len; /* raw; data NULL: absent */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_spaces(struct str line, size_t *at)
{
    while (*at < line.size && is_space(line.data[*at]))
        (*at)++;
}

/* Past a string that begins at *at. False when it does not end. */
static bool skip_string(struct str line, size_t *at)
{
    for (size_t i = *at + 1; i < line.size; i++) {
        if (line.data[i] == '\\') {
            i++;
        } else if (line.data[i] == '"') {
            *at = i + 1;
            return true;
        }
    }
    return false;
}

/* Past a value, by counting brackets; what is inside is checked by whoever reads the slice. */
static bool skip_value(struct str line, size_t *at)
{
    size_t depth = 0, begin = *at;
    while (*at < line.size) {
        char c = line.data[*at];
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || is_space(c)))
            break;
        if (c == '"') {
            if (!skip_string(line, at))
                return false;
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        (*at)++;
    }
    return depth == 0 && *at > begin;
}

static enum sidetok_error bad_line(struct call *call, const char *what, size_t at)
{
    return failure_set(call, SIDETOK_E_BAD_REQUEST, "%s at byte %zu of the line", what, at);
}

static void keep_member(struct members *members, struct str key, struct str value)
{
    const struct {
        struct str name;
        struct str *value;
    } known[] = {
        {STR("\"id\""), &members->id},
        {STR("\"tokenizer\""), &members->tokenizer},
        {STR("\"op\""), &members->op},
        {STR("\"mode\""), &members->mode},
        {STR("\"vllm\""), &members->vllm},
        {STR("\"request\""), &members->request},
        {STR("\"request_json\""), &members->request_json},
        {STR("\"max_model_input_len\""), &members->max_model_input_len},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_equal(known[i].name, key))
            *known[i].value = value;
}

/* `"key": value` at *at; then a comma, or the closing brace, which ends the walk. */
static enum sidetok_error read_member(struct call *call, struct str line, size_t *at, struct members *members,
                                      bool *ret_more)
{
    size_t key = *at;
    if (key >= line.size || line.data[key] != '"' || !skip_string(line, at))
        return bad_line(call, "a member's name in quotes is missing", key);
    size_t key_end = *at;
    skip_spaces(line, at);
    if (*at >= line.size || line.data[*at] != ':')
        return bad_line(call, "':' is missing", *at);
    (*at)++;
    skip_spaces(line, at);
    size_t value = *at;
    if (!skip_value(line, at))
        return bad_line(call, "a value is missing or does not end", value);
    keep_member(members, (struct str){line.data + key, key_end - key},
                (struct str){line.data + value, *at - value});
    skip_spaces(line, at);
    if (*at >= line.size || (line.data[*at] != ',' && line.data[*at] != '}'))
        return bad_line(call, "',' or '}' is missing", *at);
    *ret_more = line.data[(*at)++] == ',';
    skip_spaces(line, at);
    return SIDETOK_OK;
}

static enum sidetok_error read_members(struct call *call, struct str line, struct members *members)
{
    size_t at = 0;
    skip_spaces(line, &at);
    if (at >= line.size || line.data[at] != '{')
        return bad_line(call, "'{' is missing", at);
    at++;
    skip_spaces(line, &at);
    bool more = at < line.size && line.data[at] != '}';
    if (!more && at++ == line.size)
        return bad_line(call, "'}' is missing", at - 1);
    while (more)
        TRY(read_member(call, line, &at, members, &more));
    return at == line.size ? SIDETOK_OK : bad_line(call, "something follows the object", at);
}

static enum sidetok_error read_text(struct call *call, struct str raw, const char *name,
                                    struct view *ret_text)
{
    struct json value;
    if (raw.size == 0 || raw.data[0] != '"')
        return failure_set(call, SIDETOK_E_BAD_REQUEST, "member '%s' must be a string", name);
    if (json_read(call, raw, &value) != SIDETOK_OK) {
        struct str reason = call->failure.message;
        call->failure = (struct failure){0};
        return failure_set(call, SIDETOK_E_BAD_REQUEST, "member '%s': %.*s", name, STR_ARG(reason));
    }
    *ret_text = (struct view){value.text.data, value.text.size};
    return SIDETOK_OK;
}

static enum sidetok_error read_op(struct call *call, struct str raw, struct message_request *request)
{
    struct view name = {0};
    TRY(read_text(call, raw, "op", &name));
    request->op = message_op_from_name(name);
    if (request->op != MESSAGE_OP_NONE)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_UNKNOWN_OP, "no op is named '%.*s'", (int)name.size, name.data);
}

static enum sidetok_error read_mode(struct call *call, struct str raw, struct message_request *request)
{
    static const char *const names[] = {"test", "serving", "finetuning", "agnostic"};
    struct view name = {0};
    if (!raw.data)
        return SIDETOK_OK;
    TRY(read_text(call, raw, "mode", &name));
    for (int mode = 0; mode < 4; mode++) {
        if (str_equal((struct str){name.data, name.size}, str_from(names[mode]))) {
            request->mode = (enum message_mode)mode;
            return SIDETOK_OK;
        }
    }
    return failure_set(call, SIDETOK_E_BAD_REQUEST, "no mode is named '%.*s'", (int)name.size, name.data);
}

/* An integer, or null for none. */
static enum sidetok_error read_limit(struct call *call, struct str raw, struct message_request *request)
{
    if (!raw.data || str_equal(raw, STR("null")))
        return SIDETOK_OK;
    size_t i = raw.data[0] == '-';
    int64_t value = 0;
    bool ok = i < raw.size;
    for (; ok && i < raw.size; i++) {
        int digit = raw.data[i] - '0';
        ok = digit >= 0 && digit <= 9 && !__builtin_mul_overflow(value, (int64_t)10, &value) &&
             !__builtin_add_overflow(value, (int64_t)digit, &value);
    }
    if (!ok)
        return failure_set(call, SIDETOK_E_BAD_REQUEST, "member 'max_model_input_len' must be an integer");
    request->has_max_model_input_len = true;
    request->max_model_input_len = raw.data[0] == '-' ? -value : value;
    return SIDETOK_OK;
}

/* What the records of each operation hold in "expect". */
static uint32_t wanted(enum message_op op)
{
    switch (op) {
    case MESSAGE_OP_CHAT:
    case MESSAGE_OP_FIM:
    case MESSAGE_OP_TRANSCRIPTION:
    case MESSAGE_OP_SPEECH:
        return MESSAGE_WANT_IDS | MESSAGE_WANT_TEXT | MESSAGE_WANT_PREFIX_IDS | MESSAGE_WANT_IMAGES |
               MESSAGE_WANT_AUDIOS;
    default:
        return MESSAGE_WANT_IDS;
    }
}

enum sidetok_error record_read(struct call *call, struct str line, struct record *ret_record)
{
    struct members members = {0};
    *ret_record = (struct record){0};
    struct message_request *request = &ret_record->request;
    enum sidetok_error error = read_members(call, line, &members);
    ret_record->id = members.id;
    if (error != SIDETOK_OK)
        return error;
    TRY(read_op(call, members.op, request));
    if (members.tokenizer.data)
        TRY(read_text(call, members.tokenizer, "tokenizer", &request->tokenizer));
    TRY(read_mode(call, members.mode, request));
    request->options = str_equal(members.vllm, STR("true")) ? MESSAGE_OPTION_VLLM : 0;
    TRY(read_limit(call, members.max_model_input_len, request));
    request->want = wanted(request->op);
    if (members.request_json.data) {
        request->body_kind = MESSAGE_BODY_JSON;
        return read_text(call, members.request_json, "request_json", &request->body);
    }
    if (members.request.data) {
        request->body_kind = MESSAGE_BODY_JSON;
        request->body = (struct view){members.request.data, members.request.size};
        return bytes_expand(call, request);
    }
    return SIDETOK_OK;
}
