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

/* {key: value} in the arena; false when memory is out. */
static bool make_object(struct call *call, struct str key, struct json value, struct json *ret_object)
{
    struct json_member *member = call_alloc_array(call, 1, sizeof *member);
    if (!member)
        return false;
    *member = (struct json_member){.key = key, .value = value};
    *ret_object = (struct json){.kind = JSON_OBJECT, .object = {.members = member, .n = 1}};
    return true;
}

/* {"type": type, type: {"url": url}} */
static enum sidetok_error make_url_chunk(struct call *call, struct str type, struct json url,
                                         struct json *ret_chunk)
{
    struct json_member *members = call_alloc_array(call, 2, sizeof *members);
    struct json inner;
    if (!members || !make_object(call, STR("url"), url, &inner))
        return failure_no_memory(call);
    members[0] = (struct json_member){STR("type"), {.kind = JSON_STRING, .text = type}};
    members[1] = (struct json_member){type, inner};
    *ret_chunk = (struct json){.kind = JSON_OBJECT, .object = {.members = members, .n = 2}};
    return SIDETOK_OK;
}

/* `value` with prefix in front, unless it has one of these beginnings already; Python's error where it is no
 * str. */
static enum sidetok_error prefixed(struct call *call, const struct json *value, struct str beginning,
                                   struct str prefix, struct json *ret_text)
{
    if (value->kind != JSON_STRING)
        return python_no_attribute(call, pydantic_type_name(value), "startswith");
    *ret_text = *value;
    if (str_starts_with(value->text, beginning))
        return SIDETOK_OK;
    struct buf text;
    buf_init(&text, call);
    buf_append(&text, prefix);
    buf_append(&text, value->text);
    return buf_finish(&text, &ret_text->text);
}

static enum sidetok_error adapt_image(struct call *call, const struct json *chunk, struct json *ret_chunk)
{
    const struct json *url = json_get(chunk, STR("url")), *path = json_get(chunk, STR("path"));
    const struct json *base64 = json_get(chunk, STR("base64"));
    struct json image;
    if (is_true(url))
        image = *url;
    else if (is_true(path)) /* a file is never read: what makes it a URL is not reproduced */
        TRY(prefixed(call, path, STR("file://"), STR("file://"), &image));
    else if (is_true(base64))
        TRY(prefixed(call, base64, STR("data:image"), STR("data:image/unk;base64,"), &image));
    else
        return failure_set(call, SIDETOK_E_VALUE, "Image content must be specified.");
    return make_url_chunk(call, STR("image_url"), image, ret_chunk);
}

static enum sidetok_error adapt_audio(struct call *call, const struct json *chunk, struct json *ret_chunk)
{
    const struct json *base64 = json_get(chunk, STR("base64"));
    if (is_true(json_get(chunk, STR("url"))) || is_true(json_get(chunk, STR("path"))))
        return failure_set(call, SIDETOK_E_NOT_SUPPORTED,
                           "sounds are not fetched: send their bytes as base64");
    if (!is_true(base64))
        return failure_set(call, SIDETOK_E_VALUE, "Audio content must be specified.");
    return make_url_chunk(call, STR("audio_url"), *base64, ret_chunk);
}

/* One chunk; *ret_kept is false for those without a type, which are left out. */
static enum sidetok_error adapt_chunk(struct call *call, const struct json *chunk, struct json *ret_chunk,
                                      bool *ret_kept)
{
    if (chunk->kind != JSON_OBJECT)
        return python_no_attribute(call, pydantic_type_name(chunk), "get");
    const struct json *type = json_get(chunk, STR("type"));
    *ret_kept = is_true(type);
    *ret_chunk = *chunk;
    if (is_text(type, STR("image")))
        return adapt_image(call, chunk, ret_chunk);
    if (is_text(type, STR("audio")))
        return adapt_audio(call, chunk, ret_chunk);
    return SIDETOK_OK;
}

static enum sidetok_error adapt_chunks(struct call *call, const struct json *content,
                                       struct json *ret_content)
{
    if (content->kind == JSON_OBJECT) /* iterating gives its keys */
        return python_no_attribute(call, STR("str"), "get");
    if (content->kind == JSON_BYTES)
        return python_no_attribute(call, STR("int"), "get");
    if (content->kind != JSON_ARRAY)
        return python_not_iterable(call, content);
    struct json *chunks = call_alloc_array(call, content->array.n, sizeof *chunks);
    if (!chunks)
        return SIDETOK_E_NO_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < content->array.n; i++) {
        bool kept = false;
        TRY(adapt_chunk(call, &content->array.items[i], &chunks[n], &kept));
        n += kept;
    }
    *ret_content = (struct json){.kind = JSON_ARRAY, .array = {.items = chunks, .n = n}};
    return SIDETOK_OK;
}

/* Rule: _maybe_adapt_message. */
static enum sidetok_error adapt_message(struct call *call, const struct json *message,
                                        struct json *ret_message)
{
    const struct json *content = json_get(message, STR("content")); /* NULL where message is no object */
    *ret_message = *message;
    if (!is_true(content) || content->kind == JSON_STRING)
        return SIDETOK_OK;
    size_t n = message->object.n;
    struct json_member *members = call_alloc_array(call, n, sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    memcpy(members, message->object.members, n * sizeof *members);
    ret_message->object.members = members;
    size_t i = 0;
    while (&message->object.members[i].value != content)
        i++;
    return adapt_chunks(call, content, &members[i].value);
}

static enum sidetok_error adapt_messages(struct apply *apply, struct json *ret_messages)
{
    *ret_messages = *apply->messages;
    if (apply->messages->kind != JSON_ARRAY) /* from_openai meets the same items and fails alike */
        return SIDETOK_OK;
    size_t n = apply->messages->array.n;
    struct json *messages = call_alloc_array(apply->call, n, sizeof *messages);
    if (!messages)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        TRY(adapt_message(apply->call, &apply->messages->array.items[i], &messages[i]));
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
    struct encoded encoded;
    TRY(answer_chat_body(answer, &body));
    TRY(answer_model(answer, &model));
    TRY(check_arguments(&apply));
    TRY(check_wrapper(&apply));
    apply.fit.padding = json_get(&body, STR("padding"));
    apply.fit.max_length = json_get(&body, STR("max_length"));
    if (apply.is_batch)
        return apply_batch(answer, &apply, model);
    TRY(encode_conversation(answer, &apply, model, &stream, &encoded));
    TRY(apply_fit(answer->call, &apply.fit, model, &encoded.ids, 1, false));
    return answer_encoded(answer, model, &encoded, &stream);
}
