#include "validate.h"

#include <stdlib.h>

static enum sidetok_error fail_unequal(const struct validation *validation)
{
    return failure_set_str(validation->call, SIDETOK_E_INVALID_MESSAGE_STRUCTURE,
                           STR("Not the same number of function calls and responses"));
}

static enum sidetok_error fail_id(const struct validation *validation, struct str before, struct str id,
                                  struct str after)
{
    return validate_fail(validation, SIDETOK_E_INVALID_MESSAGE_STRUCTURE, before, id, after);
}

/* Up to v7 numbers count alone; the first message is not looked at. A result without a call makes the balance
 * negative, and an error only at the next assistant message or at the end. */
static enum sidetok_error validate_pairs_by_number(const struct validation *validation,
                                                   const struct message *messages, size_t n_messages)
{
    size_t n_calls = 0, n_results = 0;
    for (size_t i = 1; i < n_messages; i++) {
        const struct message *message = &messages[i];
        if (message->role == ROLE_TOOL)
            n_results++;
        if (message->role != ROLE_ASSISTANT)
            continue;
        if (n_calls != n_results)
            return fail_unequal(validation);
        n_calls = message->n_tool_calls;
        n_results = 0;
    }
    if (n_calls != n_results && validation->mode == MODE_SERVING)
        return fail_unequal(validation);
    if (n_calls < n_results && validation->mode == MODE_FINETUNING)
        return failure_set_str(validation->call, SIDETOK_E_INVALID_MESSAGE_STRUCTURE,
                               STR("More tool responses than tool calls"));
    return SIDETOK_OK;
}

/* The calls of one assistant message, sorted by id: found by bisection, whatever ids a request invents. */
struct pending_call {
    struct str id;
    size_t place; /* among the message's calls */
    bool answered;
};

struct pending {
    struct pending_call *calls;
    size_t n, n_answered;
};

static int compare_pending(const void *a, const void *b)
{
    const struct pending_call *left = a, *right = b;
    int order = str_compare(left->id, right->id);
    return order ? order : (left->place > right->place) - (left->place < right->place);
}

/* The place of the first call whose id an earlier one has; n when there is none. */
static size_t first_duplicate(const struct pending *pending)
{
    size_t first = pending->n;
    for (size_t i = 1; i < pending->n; i++) {
        const struct pending_call *call = &pending->calls[i];
        if (call->place < first && str_equal(call->id, call[-1].id))
            first = call->place;
    }
    return first;
}

static enum sidetok_error pending_start(const struct validation *validation, const struct message *message,
                                        struct pending *pending)
{
    *pending = (struct pending){.n = message->n_tool_calls};
    if (pending->n == 0)
        return SIDETOK_OK;
    pending->calls = call_alloc_array(validation->call, pending->n, sizeof *pending->calls);
    if (!pending->calls)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < pending->n; i++)
        pending->calls[i] = (struct pending_call){.id = message->tool_calls[i].id, .place = i};
    if (pending->n > 1)
        qsort(pending->calls, pending->n, sizeof *pending->calls, compare_pending);
    size_t duplicate = first_duplicate(pending);
    if (duplicate == pending->n)
        return SIDETOK_OK;
    return fail_id(validation, STR("Duplicate tool call id "), message->tool_calls[duplicate].id,
                   STR(" in assistant message"));
}

static struct pending_call *pending_find(const struct pending *pending, struct str id)
{
    size_t low = 0, high = id.data ? pending->n : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(id, pending->calls[middle].id);
        if (order == 0)
            return &pending->calls[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static enum sidetok_error pending_answer(const struct validation *validation, struct pending *pending,
                                         struct str id)
{
    struct pending_call *call = pending_find(pending, id);
    if (!call)
        return fail_id(validation, STR("Unexpected tool call id "), id, STR(" in tool results"));
    if (call->answered)
        return fail_id(validation, STR("Duplicate tool call id "), id, STR(" in tool results"));
    call->answered = true;
    pending->n_answered++;
    return SIDETOK_OK;
}

/* Rule: MistralRequestValidatorV11; the first message is not looked at. The reference's last check, more
 * results than calls, cannot fail: each result was matched with a call of its own. */
static enum sidetok_error validate_pairs_by_id(const struct validation *validation,
                                               const struct message *messages, size_t n_messages)
{
    struct pending pending = {0};
    for (size_t i = 1; i < n_messages; i++) {
        if (messages[i].role == ROLE_TOOL)
            TRY(pending_answer(validation, &pending, messages[i].tool_call_id));
        if (messages[i].role != ROLE_ASSISTANT)
            continue;
        if (pending.n != pending.n_answered)
            return fail_unequal(validation);
        TRY(pending_start(validation, &messages[i], &pending));
    }
    if (pending.n != pending.n_answered && validation->mode == MODE_SERVING)
        return fail_unequal(validation);
    return SIDETOK_OK;
}

enum sidetok_error validate_pairs(const struct validation *validation, const struct message *messages,
                                  size_t n_messages)
{
    if (validation->rules->pairs_by_id)
        return validate_pairs_by_id(validation, messages, n_messages);
    return validate_pairs_by_number(validation, messages, n_messages);
}
