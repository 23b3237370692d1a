#include "apply_fit.h"

#include "pydantic.h"
#include "python_object.h"

/* Padding asks for at most so many ids in one reply: more than any model takes, 1 GiB of them. */
enum { APPLY_MAX_IDS = 1 << 28 };

enum padding { PADDING_NONE, PADDING_LONGEST, PADDING_MAX_LENGTH };

static bool is_text(const struct json *value, struct str text)
{
    return value->kind == JSON_STRING && str_equal(value->text, text);
}

static bool is_none(const struct json *value)
{
    return !value || value->kind == JSON_NULL;
}

/* Rule: _get_padding_truncation_strategies. No model is so long that its own length would count. */
static enum sidetok_error read_padding(struct call *call, const struct apply_fit *fit,
                                       enum padding *ret_padding)
{
    const struct json *value = fit->padding;
    *ret_padding = PADDING_NONE;
    if (!value || is_text(value, STR("do_not_pad")))
        return SIDETOK_OK;
    if (value->kind == JSON_BOOL || is_text(value, STR("longest")))
        *ret_padding = value->kind == JSON_BOOL && !value->boolean ? PADDING_NONE : PADDING_LONGEST;
    else if (is_text(value, STR("max_length")))
        *ret_padding = is_none(fit->max_length) ? PADDING_NONE : PADDING_MAX_LENGTH;
    else
        return python_error_str(call, SIDETOK_E_VALUE, STR(""), value,
                                STR(" is not a valid PaddingStrategy, please select one of ['longest', "
                                    "'max_length', 'do_not_pad']"));
    return SIDETOK_OK;
}

/* Rule: prepare_for_model, truncate_sequences; the limit is any value that is true. */
static enum sidetok_error truncate_ids(struct call *call, const struct json *limit, struct ids *ids)
{
    int64_t max_length;
    if (!python_is_true(limit))
        return SIDETOK_OK;
    if (limit->kind == JSON_FLOAT) {
        if (!((double)ids->n > limit->number))
            return SIDETOK_OK;
        return failure_set(call, SIDETOK_E_TYPE,
                           "slice indices must be integers or None or have an __index__ method");
    }
    if (!answer_int64(limit, &max_length))
        return failure_set(call, SIDETOK_E_TYPE, "'>' not supported between instances of 'int' and '%.*s'",
                           STR_ARG(pydantic_type_name(limit)));
    if (max_length < (int64_t)ids->n)
        ids->n = max_length > 0 ? (size_t)max_length : 0;
    return SIDETOK_OK;
}

/* An int or a bool, far beyond every list's length where it is longer. */
static __int128 read_int(const struct json *value)
{
    const __int128 far = (__int128)1 << 100;
    __int128 number = 0;
    if (value->kind == JSON_BOOL)
        return value->boolean;
    bool is_negative = value->text.data[0] == '-';
    for (size_t i = is_negative; i < value->text.size && number < far; i++)
        number = number * 10 + (value->text.data[i] - '0');
    return is_negative ? -number : number;
}

/* The length of `[pad] * (max_length - n)`: Python's integers have no end, its lists have. */
static enum sidetok_error count_padding(struct call *call, const struct json *max_length, size_t n,
                                        size_t *ret_n_pad)
{
    __int128 n_pad = read_int(max_length) - (__int128)n;
    if (n_pad < INT64_MIN || n_pad > INT64_MAX)
        return failure_set(call, SIDETOK_E_OVERFLOW, "cannot fit 'int' into an index-sized integer");
    if (n_pad > 0 && n_pad + (__int128)n > APPLY_MAX_IDS)
        return failure_set(call, SIDETOK_E_MEMORY, "%s", "");
    *ret_n_pad = n_pad > 0 ? (size_t)n_pad : 0;
    return SIDETOK_OK;
}

static enum sidetok_error put_padding(struct call *call, const struct model *model, struct ids *ids,
                                      size_t n_pad)
{
    int64_t pad = model->control_ids[CONTROL_PAD];
    if (n_pad == 0)
        return SIDETOK_OK;
    if (!ids_reserve(call, ids, n_pad))
        return SIDETOK_E_NO_MEMORY;
    memmove(ids->data + n_pad, ids->data, ids->n * sizeof *ids->data);
    for (size_t i = 0; i < n_pad; i++)
        ids->data[i] = (uint32_t)(pad >= 0 ? pad : model->control_ids[CONTROL_UNK]);
    ids->n += n_pad;
    return SIDETOK_OK;
}

/* Rule: _pad. */
static enum sidetok_error pad_ids(struct call *call, const struct json *limit, const struct model *model,
                                  struct ids *ids)
{
    size_t n_pad = 0;
    if (limit->kind == JSON_FLOAT && limit->number == (double)ids->n)
        return SIDETOK_OK;
    if (limit->kind == JSON_FLOAT)
        return failure_set(call, SIDETOK_E_TYPE, "can't multiply sequence by non-int of type 'float'");
    if (limit->kind != JSON_INT && limit->kind != JSON_BOOL)
        return failure_set(call, SIDETOK_E_TYPE, "unsupported operand type(s) for -: '%.*s' and 'int'",
                           STR_ARG(pydantic_type_name(limit)));
    TRY(count_padding(call, limit, ids->n, &n_pad));
    return put_padding(call, model, ids, n_pad);
}

static size_t longest(const struct ids *all, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = all[i].n > most ? all[i].n : most;
    return most;
}

enum sidetok_error apply_fit(struct call *call, const struct apply_fit *fit, const struct model *model,
                             struct ids *all, size_t n, bool is_batch)
{
    enum padding padding;
    TRY(read_padding(call, fit, &padding));
    for (size_t i = 0; fit->truncation && !is_none(fit->max_length) && i < n; i++)
        TRY(truncate_ids(call, fit->max_length, &all[i]));
    size_t most = longest(all, n);
    for (size_t i = 0; i < n; i++) {
        if (padding == PADDING_LONGEST)
            TRY(put_padding(call, model, &all[i], most - all[i].n));
        else if (padding == PADDING_MAX_LENGTH && (is_batch || all[i].n > 0))
            TRY(pad_ids(call, fit->max_length, model, &all[i]));
    }
    return SIDETOK_OK;
}
