#include "tekken_file.h"

#include "tekken_value.h"

#include <stdio.h>
#include <stdlib.h>

/* Rule: Tekkenizer.DEPRECATED_SPECIAL_TOKENS; their ranks are their places. */
static const char *const deprecated_specials[] = {
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
};
enum { N_DEPRECATED = sizeof deprecated_specials / sizeof deprecated_specials[0] };

static size_t specials_given(const struct tekken_file *file)
{
    return file->specials ? value_len(file->specials) : N_DEPRECATED;
}

/* `t["token_str"]` of every token, which must have a hash, since they are put into a set. */
static enum sidetok_error check_texts(struct tekken_file *file)
{
    if (!file->specials)
        return SIDETOK_OK;
    if (file->specials->kind != JSON_ARRAY) /* its items are strings */
        return specials_given(file) == 0
                   ? SIDETOK_OK
                   : failure_set(file->call, SIDETOK_E_TYPE, "string indices must be integers, not 'str'");
    const struct json *text;
    for (size_t i = 0; i < file->specials->array.n; i++)
        TRY(value_item(file->call, &file->specials->array.items[i], STR("token_str"), &text));
    for (size_t i = 0; i < file->specials->array.n; i++)
        TRY(value_check_hashable(file->call, json_get(&file->specials->array.items[i], STR("token_str"))));
    return SIDETOK_OK;
}

/* Python's "a op b" between values that have no such operation. */
static enum sidetok_error refuse_operands(struct tekken_file *file, const char *before, const char *a,
                                          const char *b)
{
    return failure_set(file->call, SIDETOK_E_TYPE, "%s: '%s' and '%s'", before, a, b);
}

static bool is_number(const struct json *value)
{
    return value->kind == JSON_INT || value->kind == JSON_BOOL || value->kind == JSON_FLOAT;
}

/* What a float does where an int belongs: it compares, and fails at range(). */
static double number_of(const struct json *value)
{
    int64_t number;
    return value->kind == JSON_FLOAT ? value->number : value_int(value, &number) ? (double)number : 0;
}

/* Rule: `assert vocab_size <= len(vocab) + num_special_tokens, (vocab_size, len(vocab), num_special_tokens)`.
 */
static enum sidetok_error check_size(struct tekken_file *file)
{
    struct call *call = file->call;
    const struct json *size = file->vocab_size, *n_special = file->num_special_tokens, *vocab = file->vocab;
    if (vocab->kind != JSON_ARRAY && vocab->kind != JSON_OBJECT && vocab->kind != JSON_STRING)
        return failure_set(call, SIDETOK_E_TYPE, "object of type '%s' has no len()", value_type(vocab));
    if (!is_number(n_special))
        return refuse_operands(file, "unsupported operand type(s) for +", "int", value_type(n_special));
    if (!is_number(size))
        return failure_set(call, SIDETOK_E_TYPE, "'<=' not supported between instances of '%s' and '%s'",
                           value_type(size), n_special->kind == JSON_FLOAT ? "float" : "int");
    if (number_of(size) <= (double)file->n_vocab + number_of(n_special))
        return SIDETOK_OK;
    struct str size_text, special_text;
    TRY(value_repr(call, size, &size_text));
    TRY(value_repr(call, n_special, &special_text));
    return failure_set(call, SIDETOK_E_ASSERTION, "(%.*s, %zu, %.*s)", STR_ARG(size_text), file->n_vocab,
                       STR_ARG(special_text));
}

/* repr(special_tokens), the fillers included where there are any. */
static enum sidetok_error specials_repr(struct tekken_file *file, size_t n_given, size_t n,
                                        struct str *ret_text)
{
    struct buf out;
    struct str text = STR("[]");
    if (file->specials)
        TRY(value_repr(file->call, file->specials, &text));
    buf_init(&out, file->call);
    buf_append(&out, (struct str){text.data, text.size - 1});
    for (size_t i = n_given; i < n; i++)
        buf_printf(&out, "%s{'rank': %zu, 'token_str': '<SPECIAL_%zu>', 'is_control': True}", i ? ", " : "",
                   i, i);
    buf_append_char(&out, ']');
    return buf_finish(&out, ret_text);
}

/* One special token into the table; *ret_new is false where its text is there already. */
static enum sidetok_error add_special(struct tekken_file *file, size_t place, struct str text, int64_t rank,
                                      bool *ret_new)
{
    struct tekken *tekken = file->tekken;
    struct call *home = &tekken->head.home;
    uint32_t found;
    char *copy = call_alloc(home, text.size);
    if (!copy)
        return failure_no_memory(file->call);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    tekken->specials[place] = (struct tekken_special){{copy, text.size}, rank};
    if (map_add(home, &tekken->special_of_text, tekken->specials[place].text, (uint32_t)place, &found) !=
        SIDETOK_OK)
        return failure_no_memory(file->call);
    *ret_new = found == place;
    return SIDETOK_OK;
}

/* The text of a token of the file. One that is no string gets bytes that no text has; it is refused at the
 * end. */
static struct str given_text(const struct tekken_file *file, size_t i, char other[32])
{
    if (!file->specials)
        return str_from(deprecated_specials[i]);
    const struct json *text = json_get(&file->specials->array.items[i], STR("token_str"));
    if (text->kind == JSON_STRING)
        return text->text;
    int size = snprintf(other, 32, "\xff%zu", i);
    return (struct str){other, (size_t)size};
}

static enum sidetok_error add_given(struct tekken_file *file, size_t n_given)
{
    bool unique = true;
    for (size_t i = 0; i < n_given; i++) {
        bool new = false;
        char other[32];
        TRY(add_special(file, i, given_text(file, i, other), (int64_t)i, &new));
        unique = unique && new;
    }
    if (unique)
        return SIDETOK_OK;
    struct str text;
    TRY(specials_repr(file, n_given, n_given, &text));
    return failure_set(file->call, SIDETOK_E_ASSERTION, "Special tokens must be unique: %.*s", STR_ARG(text));
}

static enum sidetok_error add_fillers(struct tekken_file *file, size_t n_given, size_t n)
{
    bool unique = true;
    for (size_t i = n_given; i < n; i++) {
        bool new = false;
        char text[32];
        int size = snprintf(text, sizeof text, "<SPECIAL_%zu>", i);
        TRY(add_special(file, i, (struct str){text, (size_t)size}, (int64_t)i, &new));
        unique = unique && new;
    }
    if (unique)
        return SIDETOK_OK;
    struct str text;
    TRY(specials_repr(file, n_given, n, &text));
    return failure_set(file->call, SIDETOK_E_ASSERTION, "%.*s", STR_ARG(text));
}

static enum sidetok_error alloc_specials(struct tekken_file *file, size_t n)
{
    struct tekken *tekken = file->tekken;
    struct call *home = &tekken->head.home;
    tekken->specials = call_alloc_array(home, n, sizeof *tekken->specials);
    tekken->special_ranks = call_alloc_array(home, n, sizeof *tekken->special_ranks);
    if (!tekken->specials || !tekken->special_ranks ||
        map_init(home, &tekken->special_of_text, n) != SIDETOK_OK)
        return failure_no_memory(file->call);
    tekken->head.info.n_special = (uint32_t)n;
    return SIDETOK_OK;
}

enum sidetok_error tekken_read_specials(struct tekken_file *file)
{
    enum { MOST = 1 << 24 };
    int64_t n = 0;
    size_t n_given = specials_given(file);
    TRY(check_size(file));
    TRY(check_texts(file));
    bool is_int = value_int(file->num_special_tokens, &n);
    if (n_given > MOST || n > MOST)
        return failure_set(file->call, SIDETOK_E_NOT_SUPPORTED,
                           "more than %d special tokens are not supported", MOST);
    TRY(alloc_specials(file, n > (int64_t)n_given ? (size_t)n : n_given));
    TRY(add_given(file, n_given));
    if ((double)n_given > number_of(file->num_special_tokens))
        return failure_set(file->call, SIDETOK_E_ASSERTION, "%s", "");
    if (!is_int)
        return failure_set(file->call, SIDETOK_E_TYPE, "'float' object cannot be interpreted as an integer");
    return add_fillers(file, n_given, (size_t)n);
}

static int compare_ranks(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Rule: `{t["rank"] for t in special_tokens}`; a rank that no id of 32 bits can be loads there and is refused
 * here. */
static enum sidetok_error read_rank(struct tekken_file *file, size_t i, int64_t *ret)
{
    const struct json *rank;
    *ret = (int64_t)i;
    if (!file->specials || i >= file->specials->array.n)
        return SIDETOK_OK;
    TRY(value_item(file->call, &file->specials->array.items[i], STR("rank"), &rank));
    TRY(value_check_hashable(file->call, rank));
    if (value_int(rank, ret) && *ret >= INT32_MIN && *ret <= INT32_MAX)
        return SIDETOK_OK;
    return failure_set(file->call, SIDETOK_E_NOT_SUPPORTED,
                       "the rank of special token %zu is no integer of 32 bits", i);
}

enum sidetok_error tekken_read_special_ranks(struct tekken_file *file)
{
    struct tekken *tekken = file->tekken;
    uint32_t n = tekken->head.info.n_special;
    for (uint32_t i = 0; i < n; i++) {
        TRY(read_rank(file, i, &tekken->specials[i].rank));
        tekken->special_ranks[i] = tekken->specials[i].rank;
    }
    qsort(tekken->special_ranks, n, sizeof *tekken->special_ranks, compare_ranks);
    for (uint32_t i = 0; file->specials && i < file->specials->array.n; i++) {
        const struct json *text = json_get(&file->specials->array.items[i], STR("token_str"));
        if (text->kind != JSON_STRING)
            return failure_set(file->call, SIDETOK_E_TYPE, "sequence item 0: expected str instance, %s found",
                               value_type(text));
    }
    return SIDETOK_OK;
}
