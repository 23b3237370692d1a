#include "apply_adapt.h"
#include "apply_fit.h"
#include "pydantic.h"
#include "python_object.h"

/* The transformers wrapper's apply_chat_template, the layer between a server and from_openai.
 * Rule: transformers MistralCommonBackend.apply_chat_template, with tokenize=True, return_dict=False. */

struct apply {
    struct call *call;
    const struct json *body;
    const struct json *messages; /* of the body; of a batch, the conversation at hand */
    bool is_batch;               /* messages is a list of conversations */
    struct apply_fit fit;
};

static bool is_true(const struct json *value)
{
    return value && python_is_true(value);
}

static bool is_text(const struct json *value, struct str text)
{
    return value && value->kind == JSON_STRING && str_equal(value->text, text);
}

/* What Python refuses in f(conversation=..., tokenize=True, ..., **body) before the function runs. */
static enum sidetok_error check_arguments(struct apply *apply)
{
    static const char *const ours[] = {"conversation", "tokenize", "return_tensors", "return_dict"};
    if (apply->body->kind != JSON_OBJECT)
        return failure_set(apply->call, SIDETOK_E_BAD_REQUEST, "the body must be an object");
    apply->messages = json_get(apply->body, STR("messages"));
    if (!apply->messages)
        return python_key_error(apply->call, "messages");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (json_get(apply->body, str_from(ours[i])))
            return failure_set(apply->call, SIDETOK_E_TYPE,
                               "transformers.tokenization_mistral_common.MistralCommonBackend."
                               "apply_chat_template() got multiple values for keyword argument '%s'",
                               ours[i]);
    if (json_get(apply->body, STR("self")))
        return failure_set(
            apply->call, SIDETOK_E_TYPE,
            "MistralCommonBackend.apply_chat_template() got multiple values for argument 'self'");
    return SIDETOK_OK;
}

/* `conversation[-1].get("role")` of any value. */
static enum sidetok_error last_role(struct call *call, const struct json *messages,
                                    const struct json **ret_role)
{
    bool is_list = messages->kind == JSON_ARRAY;
    bool is_bytes = messages->kind == JSON_BYTES, is_str = messages->kind == JSON_STRING;
    if (messages->kind == JSON_OBJECT)
        return failure_set(call, SIDETOK_E_KEY, "-1");
    if (!is_list && !is_str && !is_bytes)
        return failure_set(call, SIDETOK_E_TYPE, "'%.*s' object is not subscriptable",
                           STR_ARG(pydantic_type_name(messages)));
    if (is_list ? messages->array.n == 0 : messages->text.size == 0)
        return failure_set(call, SIDETOK_E_INDEX, "%sindex out of range",
                           is_list  ? "list "
                           : is_str ? "string "
                                    : "");
    if (is_bytes)
        return python_no_attribute(call, STR("int"), "get");
    const struct json *last = is_list ? &messages->array.items[messages->array.n - 1] : messages;
    if (last->kind != JSON_OBJECT)
        return python_no_attribute(call, pydantic_type_name(last), "get");
    *ret_role = json_get(last, STR("role"));
    return SIDETOK_OK;
}

static enum sidetok_error check_last(struct call *call, const struct json *messages)
{
    const struct json *role = NULL;
    TRY(last_role(call, messages, &role));
    if (!is_text(role, STR("assistant")))
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_VALUE,
                       "The last message in the conversation is already an assistant message. Consider using "
                       "`continue_final_message` instead.");
}

/* The checks of the wrapper itself, in its order. */
static enum sidetok_error check_wrapper(struct apply *apply)
{
    const struct json *truncation = json_get(apply->body, STR("truncation")), *messages = apply->messages;
    bool generation = is_true(json_get(apply->body, STR("add_generation_prompt")));
    if (truncation && truncation->kind != JSON_BOOL)
        return failure_set(apply->call, SIDETOK_E_TYPE,
                           "`truncation` must be a boolean for `apply_chat_template` method.");
    apply->fit.truncation = truncation && truncation->boolean;
    if (generation && is_true(json_get(apply->body, STR("continue_final_message"))))
        return failure_set(apply->call, SIDETOK_E_VALUE,
                           "Cannot use both `add_generation_prompt` and `continue_final_message`.");
    if (messages->kind == JSON_ARRAY && messages->array.n == 0)
        return failure_set(apply->call, SIDETOK_E_INDEX, "list index out of range");
    apply->is_batch = messages->kind == JSON_ARRAY && messages->array.items[0].kind == JSON_ARRAY;
    size_t n = apply->is_batch ? messages->array.n : 1;
    for (size_t i = 0; generation && i < n; i++)
        TRY(check_last(apply->call, apply->is_batch ? &messages->array.items[i] : messages));
    return SIDETOK_OK;
}

static enum sidetok_error adapt_messages(struct apply *apply, struct json *ret_messages)
{
    enum json_kind kind = apply->messages->kind;
    *ret_messages = *apply->messages;
    if (kind == JSON_STRING || kind == JSON_BYTES || kind == JSON_OBJECT)
        return SIDETOK_OK; /* from_openai meets the same items and fails alike */
    if (kind != JSON_ARRAY)
        return python_not_iterable(apply->call, apply->messages);
    size_t n = apply->messages->array.n;
    struct json *messages = call_alloc_array(apply->call, n, sizeof *messages);
    if (!messages)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        TRY(apply_adapt_message(apply->call, &apply->messages->array.items[i], &messages[i]));
    ret_messages->array.items = messages;
    return SIDETOK_OK;
}

/* The wrapper's own arguments, which from_openai never sees. */
static bool is_wrapper_argument(struct str key)
{
    static const char *const names[] = {"add_generation_prompt", "padding", "truncation", "max_length"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_equal(key, str_from(names[i])))
            return true;
    return false;
}

static enum sidetok_error adapt_body(struct apply *apply, struct json *ret_body)
{
    size_t n = apply->body->object.n, n_kept = 0;
    struct json_member *members = call_alloc_array(apply->call, n, sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        members[n_kept] = apply->body->object.members[i];
        if (str_equal(members[n_kept].key, STR("messages")))
            TRY(adapt_messages(apply, &members[n_kept].value));
        n_kept += !is_wrapper_argument(members[n_kept].key);
    }
    *ret_body = (struct json){.kind = JSON_OBJECT, .object = {.members = members, .n = n_kept}};
    return SIDETOK_OK;
}

/* One conversation: apply->messages. */
static enum sidetok_error encode_conversation(struct answer *answer, struct apply *apply, struct model *model,
                                              struct stream *ret_stream, struct encoded *ret_encoded)
{
    struct json adapted;
    struct request request;
    TRY(adapt_body(apply, &adapted));
    TRY(request_decode(answer->call, &adapted, &request));
    return answer_encode_request(answer, model, &request, ret_stream, ret_encoded);
}

/* The reply to a batch: all ids in a row, and where each conversation's end. */
static enum sidetok_error answer_batch(struct answer *answer, const struct ids *all, size_t n)
{
    struct ids joined = {0};
    uint32_t want = answer->request->want ? answer->request->want : MESSAGE_WANT_IDS;
    uint32_t *lengths = call_alloc_array(answer->call, n, sizeof *lengths);
    for (size_t i = 0; i < n; i++)
        joined.capacity += all[i].n;
    joined.data = call_alloc_array(answer->call, joined.capacity, sizeof *joined.data);
    if (!lengths || !joined.data)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        memcpy(joined.data + joined.n, all[i].data, all[i].n * sizeof *joined.data);
        joined.n += all[i].n;
        lengths[i] = (uint32_t)all[i].n;
    }
    if (want & MESSAGE_WANT_IDS)
        message_reply_ids(answer->reply, MESSAGE_REPLY_IDS, joined.data, joined.n);
    if (want & MESSAGE_WANT_COUNT) {
        message_reply_field(answer->reply, MESSAGE_REPLY_COUNT);
        msgpack_write_uint(answer->reply->out, joined.n);
    }
    message_reply_ids(answer->reply, MESSAGE_REPLY_LENGTHS, lengths, n);
    return SIDETOK_OK;
}

/* Rule: the conversations in turn, each with the tools and arguments of all; then truncation and padding. */
static enum sidetok_error apply_batch(struct answer *answer, struct apply *apply, struct model *model)
{
    const struct json *conversations = apply->messages;
    size_t n = conversations->array.n;
    struct stream stream;
    struct encoded encoded;
    struct ids *all = call_alloc_array(answer->call, n, sizeof *all);
    if (!all)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        apply->messages = &conversations->array.items[i];
        encoded = (struct encoded){0};
        TRY(encode_conversation(answer, apply, model, &stream, &encoded));
        all[i] = encoded.ids;
    }
    TRY(apply_fit(answer->call, &apply->fit, model, all, n, true));
    return answer_batch(answer, all, n);
}

enum sidetok_error answer_apply(struct answer *answer)
{
    struct json body;
    struct apply apply = {.call = answer->call, .body = &body};
    struct model *model;
    struct stream stream;
    struct encoded encoded = {0};
    TRY(answer_chat_body(answer, &body));
    TRY(answer_model(answer, &model));
    TRY(tokenizer_check_specials(answer->call, model->tokenizer));
    TRY(check_arguments(&apply));
    TRY(check_wrapper(&apply));
    apply.fit.padding = json_get(&body, STR("padding"));
    apply.fit.max_length = json_get(&body, STR("max_length"));
    if (apply.is_batch)
        return apply_batch(answer, &apply, model);
    answer_ids_begin(answer, &encoded.ids);
    TRY(encode_conversation(answer, &apply, model, &stream, &encoded));
    TRY(apply_fit(answer->call, &apply.fit, model, &encoded.ids, 1, false));
    return answer_encoded(answer, model, &encoded, &stream);
}
