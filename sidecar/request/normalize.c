#include "gather.h"
#include "json.h"
#include "rules.h"
#include "settings.h"

#include <stdlib.h>

/** One request being normalized. */
struct normalizer {
    struct call *call;
    const struct rules *rules;
    const struct request *request;
    struct message *messages; /* the normalized ones */
    size_t n_messages;
    struct str *call_ids; /* of the calls since the last tool results */
    size_t n_call_ids;
};

/** Neighbouring messages of one role. */
struct run {
    const struct message *messages;
    size_t n;
};

/* ---- contents ---- */

static enum sidetok_error join_run(struct normalizer *norm, struct run run, struct content *ret_content)
{
    struct gather gather;
    size_t max_chunks = 0;
    for (size_t i = 0; i < run.n; i++)
        max_chunks += 1 + run.messages[i].content.n_chunks;
    gather_init(&gather, norm->call, norm->rules->chunk_join, max_chunks);
    for (size_t i = 0; i < run.n; i++)
        TRY(gather_add(&gather, &run.messages[i].content));
    return gather_finish(&gather, ret_content);
}

/* Text that does not parse stays as it is. Rule: InstructRequestNormalizer._normalize_json_content. */
static enum sidetok_error rewrite_json(struct call *call, struct str *text, bool *ret_is_json)
{
    struct json value;
    struct buf out;
    enum sidetok_error error = SIDETOK_OK;
    *ret_is_json = true;
    if (text->size == 0) {
        *text = STR("{}");
        return SIDETOK_OK;
    }
    error = json_read(call, *text, &value);
    if (error == SIDETOK_E_JSON_DECODE) {
        failure_clear(call);
        *ret_is_json = false;
        return SIDETOK_OK;
    }
    TRY(error);
    buf_init(&out, call);
    json_write(&out, &value, (struct json_style){.ensure_ascii = false});
    return buf_finish(&out, text);
}

/* ---- system messages ---- */

static bool is_prompt(const struct message *message)
{
    const struct content *content = &message->content;
    return message->role == ROLE_SYSTEM &&
           (content->kind == CONTENT_TEXT ? content->text.size > 0 : content->n_chunks > 0);
}

/* Up to v3 system messages become one prompt, wherever they stood; a list of empty texts counts as a part.
 * Rule: InstructRequestNormalizer._aggregate_system_prompts. */
static enum sidetok_error join_system_prompts(struct normalizer *norm, struct str *ret_prompt)
{
    struct buf joined;
    struct content content;
    size_t n_prompts = 0;
    *ret_prompt = (struct str){NULL, 0};
    buf_init(&joined, norm->call);
    for (size_t i = 0; i < norm->request->n_messages; i++) {
        const struct message *message = &norm->request->messages[i];
        if (!is_prompt(message))
            continue;
        TRY(join_run(norm, (struct run){message, 1}, &content));
        if (n_prompts++ == 0) {
            *ret_prompt = content.text;
            continue;
        }
        if (n_prompts == 2)
            buf_append(&joined, *ret_prompt);
        buf_append(&joined, STR("\n\n"));
        buf_append(&joined, content.text);
    }
    return n_prompts > 1 ? buf_finish(&joined, ret_prompt) : SIDETOK_OK;
}

static enum sidetok_error add_system(struct normalizer *norm, struct run run)
{
    if (!norm->rules->system_in_place)
        return SIDETOK_OK;
    for (size_t i = 0; i < run.n; i++) {
        struct message *message = &norm->messages[norm->n_messages++];
        *message = run.messages[i];
        TRY(join_run(norm, (struct run){&run.messages[i], 1}, &message->content));
    }
    return SIDETOK_OK;
}

/* ---- user and assistant ---- */

static enum sidetok_error add_user(struct normalizer *norm, struct run run)
{
    struct message *message = &norm->messages[norm->n_messages++];
    *message = run.messages[0];
    return join_run(norm, run, &message->content);
}

static enum sidetok_error add_calls(struct normalizer *norm, struct run run, struct message *message)
{
    size_t n_calls = 0;
    for (size_t i = 0; i < run.n; i++)
        n_calls += run.messages[i].n_tool_calls;
    if (n_calls == 0)
        return SIDETOK_OK;
    message->has_tool_calls = true;
    message->tool_calls = call_alloc_array(norm->call, n_calls, sizeof *message->tool_calls);
    if (!message->tool_calls)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < run.n; i++) {
        for (size_t j = 0; j < run.messages[i].n_tool_calls; j++) {
            struct tool_call *call = &message->tool_calls[message->n_tool_calls++];
            *call = run.messages[i].tool_calls[j];
            TRY(rewrite_json(norm->call, &call->arguments, &call->arguments_is_json));
            norm->call_ids[norm->n_call_ids++] = call->id;
        }
    }
    return SIDETOK_OK;
}

/* That a message has not both content and calls up to v3 was checked before: validate.c. */
static enum sidetok_error add_assistant(struct normalizer *norm, struct run run)
{
    struct message *message = &norm->messages[norm->n_messages++];
    *message = (struct message){.role = ROLE_ASSISTANT};
    TRY(join_run(norm, run, &message->content));
    for (size_t i = 0; i < run.n; i++)
        message->prefix |= run.messages[i].prefix;
    return add_calls(norm, run, message);
}

/* ---- tool results ---- */

/** A call's id and its place among the calls. */
struct ranked_id {
    struct str id;
    size_t place;
};

static int compare_ids(const void *left, const void *right)
{
    const struct ranked_id *a = left, *b = right;
    int order = str_compare(a->id, b->id);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/** A tool result and where it goes. */
struct ranked_result {
    size_t rank;  /* the place of its call; (size_t)-1 without one */
    size_t place; /* its own: results of one rank keep their order */
    struct message message;
};

static int compare_results(const void *left, const void *right)
{
    const struct ranked_result *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank > b->rank ? 1 : -1;
    return (a->place > b->place) - (a->place < b->place);
}

/* The last place of id among the ids, sorted; (size_t)-1 when it is not there. */
static size_t find_rank(const struct ranked_id *ids, size_t n, struct str id)
{
    size_t low = 0, high = n; /* the first id beyond lies in low..high */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(ids[middle].id, id) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low > 0 && str_equal(ids[low - 1].id, id) ? ids[low - 1].place : (size_t)-1;
}

/* Rule: InstructRequestNormalizerV13._inplace_sort_tool_messages. Ids of results are unique here: validate.c.
 */
static enum sidetok_error sort_results(struct normalizer *norm, struct message *messages, size_t n)
{
    struct ranked_id *ids = call_alloc_array(norm->call, norm->n_call_ids, sizeof *ids);
    struct ranked_result *results = call_alloc_array(norm->call, n, sizeof *results);
    if (!ids || !results)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < norm->n_call_ids; i++)
        ids[i] = (struct ranked_id){norm->call_ids[i], i};
    qsort(ids, norm->n_call_ids, sizeof *ids, compare_ids);
    for (size_t i = 0; i < n; i++) {
        struct str id = messages[i].tool_call_id.size ? messages[i].tool_call_id : STR("null");
        results[i] = (struct ranked_result){find_rank(ids, norm->n_call_ids, id), i, messages[i]};
    }
    qsort(results, n, sizeof *results, compare_results);
    for (size_t i = 0; i < n; i++)
        messages[i] = results[i].message;
    return SIDETOK_OK;
}

static enum sidetok_error add_results(struct normalizer *norm, struct run run)
{
    struct message *first = &norm->messages[norm->n_messages];
    for (size_t i = 0; i < run.n; i++) {
        struct message *message = &norm->messages[norm->n_messages++];
        *message = run.messages[i];
        TRY(join_run(norm, (struct run){&run.messages[i], 1}, &message->content));
        if (norm->rules->results_as_json)
            TRY(rewrite_json(norm->call, &message->content.text, &message->content_is_json));
    }
    if (norm->rules->results_by_call && run.n > 1)
        TRY(sort_results(norm, first, run.n));
    norm->n_call_ids = 0; /* results answer the calls since the last results only */
    return SIDETOK_OK;
}

/* ---- the whole ---- */

static enum sidetok_error add_run(struct normalizer *norm, struct run run)
{
    switch (run.messages[0].role) {
    case ROLE_SYSTEM:
        return add_system(norm, run);
    case ROLE_USER:
        return add_user(norm, run);
    case ROLE_ASSISTANT:
        return add_assistant(norm, run);
    case ROLE_TOOL:
        break;
    }
    return add_results(norm, run);
}

/* Up to v3 a conversation begins with a user message, be it empty. Rule: end of _aggregate_messages. */
static void put_user_first(struct normalizer *norm)
{
    if (norm->n_messages > 0 && (norm->rules->system_in_place || norm->messages[0].role == ROLE_USER))
        return;
    memmove(norm->messages + 1, norm->messages, norm->n_messages * sizeof *norm->messages);
    norm->messages[0] =
        (struct message){.role = ROLE_USER, .content = {.kind = CONTENT_TEXT, .text = STR("")}};
    norm->n_messages++;
}

/* Rule: InstructRequestNormalizer._aggregate_messages. */
static enum sidetok_error merge_messages(struct normalizer *norm)
{
    const struct message *messages = norm->request->messages;
    size_t n = norm->request->n_messages, n_calls = 0;
    for (size_t i = 0; i < n; i++)
        n_calls += messages[i].n_tool_calls;
    norm->messages = call_alloc_array(norm->call, n + 1, sizeof *norm->messages);
    norm->call_ids = call_alloc_array(norm->call, n_calls, sizeof *norm->call_ids);
    if (!norm->messages || !norm->call_ids)
        return SIDETOK_E_NO_MEMORY;
    for (size_t begin = 0, end = 0; begin < n; begin = end) {
        while (end < n && messages[end].role == messages[begin].role)
            end++;
        TRY(add_run(norm, (struct run){messages + begin, end - begin}));
    }
    put_user_first(norm);
    return SIDETOK_OK;
}

/* Rule: InstructRequestNormalizer.build_settings and InstructRequestNormalizerV15.build_settings. */
static enum sidetok_error build_settings(struct call *call, const struct rules *rules,
                                         const struct settings_builder *settings, struct request *request)
{
    request->settings_effort = EFFORT_UNSET;
    request->settings_schema = NULL;
    if (!rules->has_settings)
        return SIDETOK_OK;
    if (!settings)
        return failure_set(call, SIDETOK_E_INVALID_REQUEST,
                           "model_settings_builder must not be None for InstructRequestNormalizerV15");
    return settings_build(call, settings, request);
}

enum sidetok_error request_normalize(struct call *call, const struct rules *rules,
                                     const struct settings_builder *settings, struct request *request)
{
    struct normalizer norm = {.call = call, .rules = rules, .request = request};
    request->system_prompt = (struct str){NULL, 0};
    if (!rules->system_in_place)
        TRY(join_system_prompts(&norm, &request->system_prompt));
    TRY(merge_messages(&norm));
    TRY(build_settings(call, rules, settings, request));
    request->messages = norm.messages;
    request->n_messages = norm.n_messages;
    return SIDETOK_OK;
}
