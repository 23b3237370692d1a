#include "answer.h"

/* Operations on plain text and on single tokens: encode, decode, piece, byte_piece, is_special, special_id.
 */

/* Far more than any file has, far less than any id is off by. */
enum { MAX_SPECIAL_TOKENS = 1 << 20 };

bool answer_int64(const struct json *value, int64_t *ret_number)
{
    if (value->kind == JSON_BOOL) {
        *ret_number = value->boolean;
        return true;
    }
    if (value->kind != JSON_INT)
        return false;
    struct str digits = value->text;
    bool negative = digits.size > 0 && digits.data[0] == '-';
    __int128 number = 0, far = (__int128)1 << 100;
    for (size_t i = negative; i < digits.size && number < far; i++)
        number = number * 10 + (digits.data[i] - '0');
    if (number < INT64_MAX - 1)
        *ret_number = (int64_t)(negative ? -number : number);
    else if (negative)
        *ret_number = INT64_MIN;
    else /* a special token's number taken away, the reference sees whether the rest still fits a C long */
        *ret_number = number <= (__int128)INT64_MAX + MAX_SPECIAL_TOKENS ? INT64_MAX - 1 : INT64_MAX;
    return true;
}

/* A member of the body; a body of another shape has none. */
static const struct json *member(const struct json *body, const char *name)
{
    return json_get(body, str_from(name));
}

static enum sidetok_error bad_member(struct answer *answer, const char *name, const char *what)
{
    return failure_set(answer->call, SIDETOK_E_BAD_REQUEST, "the body's member '%s' must be %s", name, what);
}

static enum sidetok_error text_member(struct answer *answer, const struct json *body, const char *name,
                                      struct str *ret_text)
{
    const struct json *value = member(body, name);
    if (!value || value->kind != JSON_STRING)
        return bad_member(answer, name, "a string");
    *ret_text = value->text;
    return SIDETOK_OK;
}

static enum sidetok_error int_member(struct answer *answer, const struct json *body, const char *name,
                                     int64_t *ret_number)
{
    const struct json *value = member(body, name);
    if (!value || !answer_int64(value, ret_number))
        return bad_member(answer, name, "an integer");
    return SIDETOK_OK;
}

/* Absent is false. */
static enum sidetok_error flag_member(struct answer *answer, const struct json *body, const char *name,
                                      bool *ret_flag)
{
    const struct json *value = member(body, name);
    *ret_flag = value && value->kind == JSON_BOOL && value->boolean;
    if (value && value->kind != JSON_BOOL)
        return bad_member(answer, name, "true or false");
    return SIDETOK_OK;
}

/* Absent is IGNORE, the reference's default. */
static enum sidetok_error policy_member(struct answer *answer, const struct json *body,
                                        enum special_policy *ret_policy)
{
    static const struct str names[] = {
        [POLICY_IGNORE] = {"IGNORE", 6}, [POLICY_KEEP] = {"KEEP", 4}, [POLICY_RAISE] = {"RAISE", 5}};
    const struct json *value = member(body, "policy");
    *ret_policy = POLICY_IGNORE;
    if (!value)
        return SIDETOK_OK;
    for (int policy = POLICY_IGNORE; policy <= POLICY_RAISE; policy++) {
        if (value->kind == JSON_STRING && str_equal(value->text, names[policy])) {
            *ret_policy = (enum special_policy)policy;
            return SIDETOK_OK;
        }
    }
    return bad_member(answer, "policy", "'IGNORE', 'KEEP' or 'RAISE'");
}

/* Tekken may lack the token: then this is the reference's error. SentencePiece has -1 then. */
static enum sidetok_error add_control(struct answer *answer, struct model *model, enum control control,
                                      struct ids *ids)
{
    int64_t id = model->control_ids[control];
    if (id < 0 && tokenizer_info(model->tokenizer)->kind == TOKENIZER_TEKKEN)
        TRY(tokenizer_special_id(answer->call, model->tokenizer, control_text(control), &id));
    return encode_append(answer->call, ids, (uint32_t)id);
}

/* Rule: Tokenizer.encode: the text first, so that its errors come first; then BOS, then EOS. */
static enum sidetok_error encode_text(struct answer *answer, struct model *model, struct str text, bool bos,
                                      bool eos, struct ids *ids)
{
    if (bos) /* its place; its error, if any, comes after the text's */
        TRY(encode_append(answer->call, ids, (uint32_t)model->control_ids[CONTROL_BOS]));
    if (!ids_reserve(answer->call, ids, text.size / 3 + 8))
        return SIDETOK_E_NO_MEMORY;
    TRY(encoder_encode(answer->call, model->encoder, text, ids));
    if (bos && model->control_ids[CONTROL_BOS] < 0) {
        struct ids first = {.data = ids->data, .capacity = 1};
        TRY(add_control(answer, model, CONTROL_BOS, &first));
    }
    return eos ? add_control(answer, model, CONTROL_EOS, ids) : SIDETOK_OK;
}

enum sidetok_error answer_encode(struct answer *answer)
{
    struct json body;
    struct str text;
    bool bos, eos;
    struct model *model;
    struct encoded encoded = {0};
    TRY(answer_body(answer, &body));
    TRY(answer_model(answer, &model));
    TRY(text_member(answer, &body, "text", &text));
    TRY(flag_member(answer, &body, "bos", &bos));
    TRY(flag_member(answer, &body, "eos", &eos));
    answer_ids_begin(answer, &encoded.ids);
    TRY(encode_text(answer, model, text, bos, eos, &encoded.ids));
    return answer_encoded(answer, model, &encoded, NULL);
}

/* Whether Tekken's subtraction leaves a number beyond 64 bits with sign. */
static bool is_beyond_long(const struct json *value, uint32_t n_special)
{
    enum { LONG_DIGITS = 19 };
    if (value->kind != JSON_INT || value->text.size < LONG_DIGITS || value->text.data[0] == '-')
        return false;
    if (value->text.size > LONG_DIGITS + 1)
        return true;
    unsigned __int128 number = 0;
    for (size_t i = 0; i < value->text.size; i++)
        number = number * 10 + (unsigned)(value->text.data[i] - '0');
    return number > (unsigned __int128)INT64_MAX + n_special;
}

/* Ids beyond 32 bits fail alike but for the message, which depends on the first of them: numbers of 64 bits
 * fail in the engine, longer ones already on the way to it. Rule: pyo3's extraction of u32. */
static enum sidetok_error overflow_message(struct answer *answer, const struct model *model,
                                           const struct json *ids, size_t n, enum sidetok_error error)
{
    const struct tokenizer_info *info = tokenizer_info(model->tokenizer);
    if (error != SIDETOK_E_OVERFLOW || info->kind != TOKENIZER_TEKKEN)
        return error;
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        if (!answer_int64(&ids[i], &id) || id - (int64_t)info->n_special <= UINT32_MAX)
            continue;
        if (!is_beyond_long(&ids[i], info->n_special))
            return error;
        failure_clear(answer->call);
        return failure_set(answer->call, SIDETOK_E_OVERFLOW, "Python int too large to convert to C long");
    }
    return error;
}

/* A list of ints, or little-endian 32-bit words in a bin. */
static enum sidetok_error tokens_member(struct answer *answer, const struct json *body, int64_t **ret_ids,
                                        size_t *ret_n)
{
    static const char what[] = "a list of integers";
    const struct json *value = member(body, "tokens");
    if (!value || (value->kind != JSON_ARRAY && value->kind != JSON_BYTES))
        return bad_member(answer, "tokens", what);
    bool is_bytes = value->kind == JSON_BYTES;
    if (is_bytes && value->text.size % 4 != 0)
        return bad_member(answer, "tokens", "a whole number of 32-bit words");
    size_t n = is_bytes ? value->text.size / 4 : value->array.n;
    int64_t *ids = call_alloc_array(answer->call, n, sizeof *ids);
    if (!ids)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const unsigned char *word = is_bytes ? (const unsigned char *)value->text.data + 4 * i : NULL;
        if (word)
            ids[i] = (int64_t)((uint32_t)word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 |
                               (uint32_t)word[3] << 24);
        else if (!answer_int64(&value->array.items[i], &ids[i]))
            return bad_member(answer, "tokens", what);
    }
    *ret_ids = ids;
    *ret_n = n;
    return SIDETOK_OK;
}

static enum sidetok_error finish_text(struct answer *answer, struct buf *text)
{
    struct str whole;
    TRY(buf_finish(text, &whole));
    answer_text(answer, whole);
    return SIDETOK_OK;
}

enum sidetok_error answer_decode(struct answer *answer)
{
    struct json body;
    int64_t *ids = NULL;
    size_t n = 0;
    enum special_policy policy;
    struct model *model;
    struct buf text;
    TRY(answer_body(answer, &body));
    TRY(answer_model(answer, &model));
    TRY(tokens_member(answer, &body, &ids, &n));
    TRY(policy_member(answer, &body, &policy));
    buf_init(&text, answer->call);
    const struct json *list = member(&body, "tokens");
    bool is_list = list->kind == JSON_ARRAY;
    TRY(overflow_message(answer, model, is_list ? list->array.items : NULL, is_list ? n : 0,
                         tokenizer_decode(answer->call, model->tokenizer, ids, n, policy, &text)));
    return finish_text(answer, &text);
}

enum sidetok_error answer_piece(struct answer *answer)
{
    struct json body;
    int64_t id = 0;
    struct model *model;
    struct buf text;
    TRY(answer_body(answer, &body));
    TRY(answer_model(answer, &model));
    TRY(int_member(answer, &body, "id", &id));
    buf_init(&text, answer->call);
    TRY(overflow_message(answer, model, member(&body, "id"), 1,
                         tokenizer_piece(answer->call, model->tokenizer, id, &text)));
    return finish_text(answer, &text);
}

enum sidetok_error answer_byte_piece(struct answer *answer)
{
    struct json body;
    int64_t id = 0;
    enum special_policy policy;
    struct model *model;
    struct buf bytes;
    struct str whole;
    TRY(answer_body(answer, &body));
    TRY(answer_model(answer, &model));
    TRY(int_member(answer, &body, "id", &id));
    TRY(policy_member(answer, &body, &policy));
    buf_init(&bytes, answer->call);
    TRY(overflow_message(answer, model, member(&body, "id"), 1,
                         tokenizer_byte_piece(answer->call, model->tokenizer, id, policy, &bytes)));
    TRY(buf_finish(&bytes, &whole));
    message_reply_field(answer->reply, MESSAGE_REPLY_VALUE);
    msgpack_write_bin(answer->reply->out, answer_view(whole));
    return SIDETOK_OK;
}

/* What Python calls the type of a value. */
static const char *type_name(const struct json *value)
{
    static const char *const names[] = {
        [JSON_NULL] = "NoneType", [JSON_BOOL] = "bool",  [JSON_INT] = "int",     [JSON_FLOAT] = "float",
        [JSON_STRING] = "str",    [JSON_ARRAY] = "list", [JSON_OBJECT] = "dict", [JSON_BYTES] = "bytes"};
    return names[value->kind];
}

/* SentencePiece looks the id up and asks about that, even where a file without an unknown piece has none. */
static enum sidetok_error is_special_text(struct answer *answer, const struct model *model, struct str text,
                                          bool *ret_special)
{
    int64_t id = 0;
    *ret_special = tokenizer_has_special(model->tokenizer, text);
    if (tokenizer_info(model->tokenizer)->kind == TOKENIZER_TEKKEN)
        return SIDETOK_OK;
    TRY(tokenizer_special_id(answer->call, model->tokenizer, text, &id));
    return tokenizer_is_special_id(answer->call, model->tokenizer, id, ret_special);
}

enum sidetok_error answer_is_special(struct answer *answer)
{
    struct json body;
    struct model *model;
    int64_t id = 0;
    bool special = false;
    TRY(answer_body(answer, &body));
    TRY(answer_model(answer, &model));
    const struct json *token = member(&body, "token");
    if (!token)
        return bad_member(answer, "token", "a string or an integer");
    if (token->kind == JSON_STRING)
        TRY(is_special_text(answer, model, token->text, &special));
    else if (answer_int64(token, &id))
        TRY(tokenizer_is_special_id(answer->call, model->tokenizer, id, &special));
    else
        return failure_set(answer->call, SIDETOK_E_TYPE, "Expected int or str, got %s", type_name(token));
    message_reply_field(answer->reply, MESSAGE_REPLY_VALUE);
    msgpack_write_bool(answer->reply->out, special);
    return SIDETOK_OK;
}

enum sidetok_error answer_special_id(struct answer *answer)
{
    struct json body;
    struct str token;
    struct model *model;
    int64_t id = 0;
    TRY(answer_body(answer, &body));
    TRY(answer_model(answer, &model));
    TRY(text_member(answer, &body, "token", &token));
    TRY(tokenizer_special_id(answer->call, model->tokenizer, token, &id));
    message_reply_field(answer->reply, MESSAGE_REPLY_VALUE);
    msgpack_write_int(answer->reply->out, id);
    return SIDETOK_OK;
}
