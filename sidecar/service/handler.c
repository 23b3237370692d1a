#include "answer.h"

#include "body.h"
#include "vllm_steps.h"

enum sidetok_error answer_body(struct answer *answer, struct json *ret_body)
{
    const struct message_request *request = answer->request;
    struct str bytes = {request->body.data, request->body.size};
    switch (request->body_kind) {
    case MESSAGE_BODY_JSON:
        return body_read_json(answer->call, bytes, ret_body);
    case MESSAGE_BODY_MSGPACK:
        return body_read_msgpack(answer->call, bytes, ret_body);
    case MESSAGE_BODY_NONE:
        break;
    }
    return failure_set(answer->call, SIDETOK_E_BAD_REQUEST, "the request has no body");
}

/* Rule: the tokenizer's version decides whether vLLM hands reasoning_effort on. */
enum sidetok_error answer_chat_body(struct answer *answer, struct json *ret_body)
{
    struct json body;
    struct model *model;
    TRY(answer_body(answer, ret_body));
    if (!(answer->request->options & MESSAGE_OPTION_VLLM))
        return SIDETOK_OK;
    body = *ret_body;
    TRY(answer_model(answer, &model));
    return vllm_prepare(answer->call, &body, model->rules->version, ret_body);
}

enum sidetok_error answer_model(struct answer *answer, struct model **ret_model)
{
    return model_set_get(answer->call, answer->models, answer->entry, ret_model);
}

void answer_text(struct answer *answer, struct str text)
{
    message_reply_field(answer->reply, MESSAGE_REPLY_TEXT);
    msgpack_write_text(answer->reply->out, answer_view(text));
}

static void write_pair(struct msgpack_writer *out, uint64_t first, uint64_t second)
{
    msgpack_write_array(out, 2);
    msgpack_write_uint(out, first);
    msgpack_write_uint(out, second);
}

static void add_media(struct answer *answer, uint32_t want, const struct stream *stream)
{
    struct msgpack_writer *out = answer->reply->out;
    if (want & MESSAGE_WANT_IMAGES && stream->n_images > 0) {
        message_reply_field(answer->reply, MESSAGE_REPLY_IMAGES);
        msgpack_write_array(out, (uint32_t)stream->n_images);
        for (size_t i = 0; i < stream->n_images; i++)
            write_pair(out, stream->images[i].height, stream->images[i].width);
    }
    if (want & MESSAGE_WANT_AUDIOS && stream->n_sounds > 0) {
        message_reply_field(answer->reply, MESSAGE_REPLY_AUDIOS);
        msgpack_write_array(out, (uint32_t)stream->n_sounds);
        for (size_t i = 0; i < stream->n_sounds; i++)
            write_pair(out, stream->sounds[i].n_samples, stream->sounds[i].rate);
    }
}

/* The text of a tokenized request: its tokens decoded with special tokens kept. */
static enum sidetok_error decode_ids(struct answer *answer, const struct model *model, const struct ids *ids,
                                     struct str *ret_text)
{
    struct buf text;
    buf_init(&text, answer->call);
    int64_t *wide = call_alloc_array(answer->call, ids->n, sizeof *wide);
    if (!wide)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < ids->n; i++)
        wide[i] = (int32_t)ids->data[i]; /* -1 where a SentencePiece file lacks the token */
    TRY(tokenizer_decode(answer->call, model->tokenizer, wide, ids->n, POLICY_KEEP, &text));
    return buf_finish(&text, ret_text);
}

static uint32_t wanted(const struct answer *answer)
{
    return answer->request->want ? answer->request->want : MESSAGE_WANT_IDS;
}

static uint32_t *grow_in_reply(void *reply, size_t capacity)
{
    return message_reply_ids_room(reply, capacity);
}

void answer_ids_begin(struct answer *answer, struct ids *ret_ids)
{
    *ret_ids = (struct ids){0};
    if (!(wanted(answer) & MESSAGE_WANT_IDS))
        return;
    message_reply_ids_begin(answer->reply);
    ret_ids->grow = grow_in_reply;
    ret_ids->context = answer->reply;
}

enum sidetok_error answer_encoded(struct answer *answer, struct model *model, const struct encoded *encoded,
                                  const struct stream *stream)
{
    uint32_t want = wanted(answer);
    const struct ids *ids = &encoded->ids, *prefix = &encoded->prefix;
    struct str text;
    if (want & MESSAGE_WANT_TEXT) /* first: the next field may move the ids */
        TRY(decode_ids(answer, model, ids, &text));
    if (want & MESSAGE_WANT_IDS)
        message_reply_ids_end(answer->reply, ids->n);
    if (want & MESSAGE_WANT_COUNT) {
        message_reply_field(answer->reply, MESSAGE_REPLY_COUNT);
        msgpack_write_uint(answer->reply->out, ids->n);
    }
    if (want & MESSAGE_WANT_PREFIX_IDS && encoded->has_prefix)
        message_reply_ids(answer->reply, MESSAGE_REPLY_PREFIX_IDS, prefix->data, prefix->n);
    if (stream)
        add_media(answer, want, stream);
    if (want & MESSAGE_WANT_TEXT)
        answer_text(answer, text);
    return SIDETOK_OK;
}

/* A job that waits can be cancelled; here none does. */
static enum sidetok_error answer_cancel(struct answer *answer)
{
    message_reply_field(answer->reply, MESSAGE_REPLY_COUNT);
    msgpack_write_uint(answer->reply->out, 0);
    return SIDETOK_OK;
}

static const struct operation {
    answer_run *run;
    enum failure_stage stage; /* where the reference stands when the operation begins */
} operations[] = {
    [MESSAGE_OP_CHAT] = {answer_chat, FAILURE_STAGE_CONVERT},
    [MESSAGE_OP_APPLY] = {answer_apply, FAILURE_STAGE_CONVERT},
    [MESSAGE_OP_FIM] = {answer_fim, FAILURE_STAGE_CONVERT},
    [MESSAGE_OP_ENCODE] = {answer_encode, FAILURE_STAGE_ENCODE},
    [MESSAGE_OP_DECODE] = {answer_decode, FAILURE_STAGE_ENCODE},
    [MESSAGE_OP_PIECE] = {answer_piece, FAILURE_STAGE_ENCODE},
    [MESSAGE_OP_BYTE_PIECE] = {answer_byte_piece, FAILURE_STAGE_ENCODE},
    [MESSAGE_OP_IS_SPECIAL] = {answer_is_special, FAILURE_STAGE_ENCODE},
    [MESSAGE_OP_SPECIAL_ID] = {answer_special_id, FAILURE_STAGE_ENCODE},
    [MESSAGE_OP_INFO] = {answer_info, FAILURE_STAGE_ENCODE},
    [MESSAGE_OP_LOAD] = {answer_load, FAILURE_STAGE_CONVERT},
    [MESSAGE_OP_TRANSCRIPTION] = {answer_transcription, FAILURE_STAGE_CONVERT},
    [MESSAGE_OP_SPEECH] = {answer_speech, FAILURE_STAGE_CONVERT},
    [MESSAGE_OP_CANCEL] = {answer_cancel, FAILURE_STAGE_CONVERT},
};

static enum sidetok_error find_entry(struct answer *answer)
{
    struct str name = {answer->request->tokenizer.data, answer->request->tokenizer.size};
    answer->entry = model_set_find(answer->models, name);
    if (answer->entry)
        return SIDETOK_OK;
    if (!name.data)
        return failure_set(answer->call, SIDETOK_E_UNKNOWN_TOKENIZER, "no tokenizer is loaded");
    return failure_set(answer->call, SIDETOK_E_UNKNOWN_TOKENIZER, "no tokenizer is named '%.*s'",
                       STR_ARG(name));
}

static enum sidetok_error run(struct answer *answer)
{
    enum message_op op = answer->request->op;
    if ((size_t)op >= sizeof operations / sizeof operations[0] || !operations[op].run)
        return failure_set(answer->call, SIDETOK_E_NOT_SUPPORTED, "op '%s' is not served",
                           message_op_name(op));
    answer->call->failure.stage = operations[op].stage;
    if (op != MESSAGE_OP_CANCEL)
        TRY(find_entry(answer));
    return operations[op].run(answer);
}

/* What msgpack's integers do not hold becomes the nearest. */
static void write_whole(struct msgpack_writer *out, struct str digits)
{
    bool is_negative = digits.size > 0 && digits.data[0] == '-';
    uint64_t number = 0;
    for (size_t i = is_negative; i < digits.size; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(digits.data[i] - '0'), &number)) {
            number = UINT64_MAX;
            break;
        }
    if (!is_negative)
        msgpack_write_uint(out, number);
    else
        msgpack_write_int(out, number > INT64_MAX ? INT64_MIN : -(int64_t)number);
}

void answer_write_json(struct msgpack_writer *out, const struct json *value)
{
    switch (value->kind) {
    case JSON_NULL:
        msgpack_write_nil(out);
        break;
    case JSON_BOOL:
        msgpack_write_bool(out, value->boolean);
        break;
    case JSON_INT:
        write_whole(out, value->text);
        break;
    case JSON_FLOAT:
        msgpack_write_float(out, value->number);
        break;
    case JSON_STRING:
        msgpack_write_text(out, answer_view(value->text));
        break;
    case JSON_BYTES:
        msgpack_write_bin(out, answer_view(value->text));
        break;
    case JSON_ARRAY:
        msgpack_write_array(out, (uint32_t)value->array.n);
        for (size_t i = 0; i < value->array.n; i++)
            answer_write_json(out, &value->array.items[i]);
        break;
    case JSON_OBJECT:
        msgpack_write_map(out, (uint32_t)value->object.n);
        for (size_t i = 0; i < value->object.n; i++) {
            msgpack_write_text(out, answer_view(value->object.members[i].key));
            answer_write_json(out, &value->object.members[i].value);
        }
        break;
    }
}

/* A reply from the beginning again. */
static void rewrite(struct msgpack_writer *out)
{
    out->size = 0;
    out->failed = false;
}

void handler_refuse(struct msgpack_writer *out, enum sidetok_error code, const char *message)
{
    struct message_reply_writer reply;
    message_reply_begin(&reply, out, code);
    message_reply_failure(&reply, code, answer_view(str_from(message)), (struct view){0});
    message_reply_end(&reply);
}

/* Throws away what the operation wrote and tells the failure instead; where its words find no room, that. */
static enum sidetok_error write_failure(struct call *call, struct msgpack_writer *out)
{
    struct message_reply_writer reply;
    const struct failure *failure = &call->failure;
    bool is_ours = failure->code >= SIDETOK_E_NO_MEMORY;
    struct view stage = {0};
    if (!is_ours)
        stage = answer_view(failure->stage == FAILURE_STAGE_CONVERT ? STR("convert") : STR("encode"));
    rewrite(out);
    message_reply_begin(&reply, out, failure->code);
    message_reply_failure(&reply, failure->code, answer_view(failure->message), stage);
    if (failure->details) {
        message_reply_field(&reply, MESSAGE_REPLY_ERRORS);
        answer_write_json(out, failure->details);
    }
    if (message_reply_end(&reply) == SIDETOK_OK)
        return failure->code;
    rewrite(out);
    handler_refuse(out, SIDETOK_E_NO_MEMORY, "out of memory");
    return SIDETOK_E_NO_MEMORY;
}

/* One reply for a request that was unpacked. */
static enum sidetok_error reply_to(struct call *call, struct model_set *models,
                                   const struct message_request *request, struct msgpack_writer *out)
{
    struct message_reply_writer reply;
    struct answer answer = {.call = call, .models = models, .request = request, .reply = &reply};
    message_reply_begin(&reply, out, SIDETOK_OK);
    enum sidetok_error error = run(&answer);
    if (error == SIDETOK_OK)
        error = message_reply_end(&reply);
    if (error == SIDETOK_OK)
        return SIDETOK_OK;
    failure_set(call, error, "%s", error_name(error)); /* unless the callee has said more */
    return write_failure(call, out);
}

enum sidetok_error handler_answer(struct call *call, struct model_set *models, struct view request,
                                  struct msgpack_writer *out)
{
    struct message_request unpacked;
    enum sidetok_error error = message_unpack_request(request, &unpacked);
    if (error != SIDETOK_OK) {
        handler_refuse(out, error, unpacked.problem);
        return error;
    }
    if (unpacked.op == MESSAGE_OP_PING) {
        static const struct handler_status idle = {.live = true, .ready = true};
        return handler_answer_immediate(call, models, &unpacked, &idle, out);
    }
    return reply_to(call, models, &unpacked, out);
}

bool handler_is_immediate(enum message_op op)
{
    return op == MESSAGE_OP_PING || op == MESSAGE_OP_INFO;
}

static void write_key(struct msgpack_writer *out, const char *key)
{
    msgpack_write_str(out, answer_view(str_from(key)));
}

static void add_status(struct message_reply_writer *reply, const struct model_set *models,
                       const struct handler_status *status)
{
    struct msgpack_writer *out = reply->out;
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"requests", status->n_queued}, {"bytes", status->n_queued_bytes},  {"answered", status->n_answered},
        {"refused", status->n_refused}, {"working_ms", status->working_ms}, {"uptime_ms", status->uptime_ms},
    };
    enum { N_NUMBERS = sizeof numbers / sizeof numbers[0] };
    message_reply_field(reply, MESSAGE_REPLY_VALUE);
    msgpack_write_map(out, N_NUMBERS + 4);
    write_key(out, "ready");
    msgpack_write_bool(out, status->ready);
    write_key(out, "live");
    msgpack_write_bool(out, status->live);
    write_key(out, "server");
    write_key(out, SIDETOK_VERSION);
    write_key(out, "tokenizers");
    msgpack_write_array(out, (uint32_t)models->n);
    for (size_t i = 0; i < models->n; i++)
        msgpack_write_text(out, answer_view(models->entries[i].name));
    for (size_t i = 0; i < N_NUMBERS; i++) {
        write_key(out, numbers[i].key);
        msgpack_write_uint(out, numbers[i].value);
    }
}

enum sidetok_error handler_answer_immediate(struct call *call, struct model_set *models,
                                            const struct message_request *request,
                                            const struct handler_status *status, struct msgpack_writer *out)
{
    if (request->op == MESSAGE_OP_INFO)
        return reply_to(call, models, request, out);
    struct message_reply_writer reply;
    message_reply_begin(&reply, out, SIDETOK_OK);
    add_status(&reply, models, status);
    return message_reply_end(&reply);
}
