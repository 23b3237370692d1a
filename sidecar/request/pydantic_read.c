#include "pydantic.h"

#include "buf.h"
#include "pydantic_number.h"
#include "utf8.h"

#include <math.h>
#include <strings.h>

static bool fault_string_unicode(struct pydantic *errors, const struct pydantic_loc *loc,
                                 const struct json *input)
{
    return pydantic_fault(errors, loc, STR("string_unicode"),
                          STR("Input should be a valid string, unable to parse raw data as a unicode string"),
                          input);
}

static bool no_memory(struct pydantic *errors)
{
    errors->n++; /* pydantic_finish() reports what the call has recorded */
    return false;
}

bool pydantic_model(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                    struct str model)
{
    struct buf text;
    struct str message;
    if (input->kind == JSON_OBJECT)
        return true;
    buf_init(&text, errors->call);
    buf_append(&text, STR("Input should be a valid dictionary or instance of "));
    buf_append(&text, model);
    if (buf_finish(&text, &message) != SIDETOK_OK)
        return no_memory(errors);
    return pydantic_fault(errors, loc, STR("model_type"), message, input);
}

const struct json *pydantic_required(struct pydantic *errors, const struct pydantic_loc *loc,
                                     const struct json *object)
{
    const struct json *value = json_get(object, loc->key);
    if (!value)
        pydantic_fault(errors, loc, STR("missing"), STR("Field required"), object);
    return value;
}

static bool is_among(struct str key, const struct str *keys, size_t n_keys)
{
    for (size_t i = 0; i < n_keys; i++)
        if (str_equal(key, keys[i]))
            return true;
    return false;
}

void pydantic_no_extra(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *object,
                       const struct str *keys, size_t n_keys, size_t n_before)
{
    for (size_t i = 0; i < object->object.n; i++) {
        const struct json_member *member = &object->object.members[i];
        if (is_among(member->key, keys, n_keys))
            continue;
        if (utf8_is_valid(member->key, false)) {
            pydantic_fault(errors, LOC_KEY(loc, member->key), STR("extra_forbidden"),
                           STR("Extra inputs are not permitted"), &member->value);
            continue;
        }
        struct json *key = call_alloc_array(errors->call, 1, sizeof *key);
        pydantic_rollback(errors, n_before);
        if (key) {
            *key = (struct json){.kind = JSON_STRING, .text = member->key};
            fault_string_unicode(errors, loc, key);
        }
        return;
    }
}

bool pydantic_str(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                  struct str *ret_text)
{
    if (input->kind == JSON_BYTES && !utf8_is_valid(input->text, false))
        return fault_string_unicode(errors, loc, input);
    if (input->kind != JSON_STRING && input->kind != JSON_BYTES)
        return pydantic_fault(errors, loc, STR("string_type"), STR("Input should be a valid string"), input);
    *ret_text = input->text;
    return true;
}

bool pydantic_text(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                   struct str *ret_text)
{
    if (input->kind == JSON_STRING && !utf8_is_valid(input->text, false))
        return fault_string_unicode(errors, loc, input);
    return pydantic_str(errors, loc, input, ret_text);
}

bool pydantic_str_or_none(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                          struct str *ret_text)
{
    if (input->kind != JSON_NULL)
        return pydantic_str(errors, loc, input, ret_text);
    *ret_text = (struct str){NULL, 0};
    return true;
}

bool pydantic_str_or_bytes(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                           struct str *ret_text, bool *ret_is_bytes)
{
    if (input->kind != JSON_STRING && input->kind != JSON_BYTES) {
        pydantic_fault(errors, LOC(loc, "str"), STR("string_type"), STR("Input should be a valid string"),
                       input);
        return pydantic_fault(errors, LOC(loc, "bytes"), STR("bytes_type"),
                              STR("Input should be a valid bytes"), input);
    }
    *ret_text = input->text;
    *ret_is_bytes = input->kind == JSON_BYTES;
    return true;
}

bool pydantic_dict(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input)
{
    if (input->kind == JSON_OBJECT)
        return true;
    return pydantic_fault(errors, loc, STR("dict_type"), STR("Input should be a valid dictionary"), input);
}

static bool fault_bool(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                       bool readable)
{
    if (readable)
        return pydantic_fault(errors, loc, STR("bool_parsing"),
                              STR("Input should be a valid boolean, unable to interpret input"), input);
    return pydantic_fault(errors, loc, STR("bool_type"), STR("Input should be a valid boolean"), input);
}

/* Rule: pydantic_core str_as_bool. */
static bool text_as_bool(struct str text, bool *ret_value)
{
    static const char *const words[] = {"0", "f", "n", "no", "off", "false",
                                        "1", "t", "y", "on", "yes", "true"};
    size_t n = sizeof words / sizeof words[0];
    for (size_t i = 0; i < n; i++)
        if (text.size == strlen(words[i]) && strncasecmp(text.data, words[i], text.size) == 0) {
            *ret_value = i >= n / 2;
            return true;
        }
    return false;
}

/* Whether an int is one of 64 bits. */
static bool fits_int64(struct str digits)
{
    bool negative = digits.data[0] == '-';
    struct str limit = negative ? STR("-9223372036854775808") : STR("9223372036854775807");
    return digits.size < limit.size || (digits.size == limit.size && str_compare(digits, limit) <= 0);
}

/* 0 and 1 are read; other whole numbers of 64 bits are tried and refused, the rest is no candidate at all. */
static bool number_as_bool(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                           bool *ret_value)
{
    bool is_int = input->kind == JSON_INT;
    bool is_zero = is_int ? str_equal(input->text, STR("0")) : input->number == 0;
    bool is_one = is_int ? str_equal(input->text, STR("1")) : input->number == 1;
    if (is_zero || is_one) {
        *ret_value = is_one;
        return true;
    }
    bool whole =
        !is_int && input->number > -0x1p63 && input->number < 0x1p63 && floor(input->number) == input->number;
    return fault_bool(errors, loc, input, whole || (is_int && fits_int64(input->text)));
}

bool pydantic_bool(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                   bool *ret_value)
{
    switch (input->kind) {
    case JSON_BOOL:
        *ret_value = input->boolean;
        return true;
    case JSON_INT:
    case JSON_FLOAT:
        return number_as_bool(errors, loc, input, ret_value);
    case JSON_STRING:
        if (!utf8_is_valid(input->text, false))
            return fault_string_unicode(errors, loc, input);
        return text_as_bool(input->text, ret_value) || fault_bool(errors, loc, input, true);
    case JSON_BYTES:
        return text_as_bool(input->text, ret_value) || fault_bool(errors, loc, input, true);
    default:
        return fault_bool(errors, loc, input, false);
    }
}

static bool int_from_text(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                          struct str *ret_digits)
{
    if (input->kind == JSON_STRING && !utf8_is_valid(input->text, false))
        return fault_string_unicode(errors, loc, input);
    switch (number_read_int(errors->call, input->text, ret_digits)) {
    case NUMBER_OK:
        return true;
    case NUMBER_NO_MEMORY:
        return no_memory(errors);
    case NUMBER_TOO_LONG:
        return pydantic_fault(errors, loc, STR("int_parsing_size"),
                              STR("Unable to parse input string as an integer, exceeded maximum size"),
                              input);
    default:
        return pydantic_fault(errors, loc, STR("int_parsing"),
                              STR("Input should be a valid integer, unable to parse string as an integer"),
                              input);
    }
}

/* Rule: pydantic_core float_as_int. */
static bool int_from_float(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                           struct str *ret_digits)
{
    double number = input->number;
    struct buf text;
    if (!isfinite(number))
        return pydantic_fault(errors, loc, STR("finite_number"), STR("Input should be a finite number"),
                              input);
    if (floor(number) != number)
        return pydantic_fault(errors, loc, STR("int_from_float"),
                              STR("Input should be a valid integer, got a number with a fractional part"),
                              input);
    if (!(number > -0x1p63 && number < 0x1p63))
        return pydantic_fault(errors, loc, STR("int_parsing_size"),
                              STR("Unable to parse input string as an integer, exceeded maximum size"),
                              input);
    buf_init(&text, errors->call);
    buf_printf(&text, "%lld", (long long)number);
    return buf_finish(&text, ret_digits) == SIDETOK_OK || no_memory(errors);
}

bool pydantic_int(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                  struct str *ret_digits)
{
    switch (input->kind) {
    case JSON_BOOL:
        *ret_digits = input->boolean ? STR("1") : STR("0");
        return true;
    case JSON_INT:
        *ret_digits = input->text;
        return true;
    case JSON_FLOAT:
        return int_from_float(errors, loc, input, ret_digits);
    case JSON_STRING:
    case JSON_BYTES:
        return int_from_text(errors, loc, input, ret_digits);
    default:
        return pydantic_fault(errors, loc, STR("int_type"), STR("Input should be a valid integer"), input);
    }
}

static bool fault_float(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input)
{
    return pydantic_fault(errors, loc, STR("float_type"), STR("Input should be a valid number"), input);
}

static bool float_from_text(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                            double *ret_value)
{
    if (input->kind == JSON_STRING && !utf8_is_valid(input->text, false))
        return fault_string_unicode(errors, loc, input);
    enum number_result result = number_read_float(errors->call, input->text, ret_value);
    if (result == NUMBER_NO_MEMORY)
        return no_memory(errors);
    return result == NUMBER_OK ||
           pydantic_fault(errors, loc, STR("float_parsing"),
                          STR("Input should be a valid number, unable to parse string as a number"), input);
}

bool pydantic_float(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                    double *ret_value)
{
    switch (input->kind) {
    case JSON_FLOAT:
        *ret_value = input->number;
        return true;
    case JSON_BOOL:
        *ret_value = input->boolean;
        return true;
    case JSON_INT:
        switch (number_from_digits(errors->call, input->text, ret_value)) {
        case NUMBER_OK:
            return true;
        case NUMBER_NO_MEMORY:
            return no_memory(errors);
        default:
            return fault_float(errors, loc, input);
        }
    case JSON_STRING:
    case JSON_BYTES:
        return float_from_text(errors, loc, input, ret_value);
    default:
        return fault_float(errors, loc, input);
    }
}

/* "Input should be 'a', 'b' or 'c'" */
static bool fault_enum(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                       const struct str *names, size_t n_names)
{
    struct buf text;
    struct str message;
    buf_init(&text, errors->call);
    buf_append(&text, STR("Input should be "));
    for (size_t i = 0; i < n_names; i++) {
        const char *before = i == 0 ? "'" : i + 1 == n_names ? " or '" : ", '";
        buf_append(&text, str_from(before));
        buf_append(&text, names[i]);
        buf_append_char(&text, '\'');
    }
    if (buf_finish(&text, &message) != SIDETOK_OK)
        return no_memory(errors);
    return pydantic_fault(errors, loc, STR("enum"), message, input);
}

bool pydantic_enum(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                   const struct str *names, size_t n_names, size_t *ret_index)
{
    bool is_text = input->kind == JSON_STRING || input->kind == JSON_BYTES;
    for (size_t i = 0; is_text && i < n_names; i++)
        if (str_equal(input->text, names[i])) {
            *ret_index = i;
            return true;
        }
    if (input->kind == JSON_STRING && !utf8_is_valid(input->text, false))
        return fault_string_unicode(errors, loc, input);
    return fault_enum(errors, loc, input, names, n_names);
}

/* ge=0.0, le=1.0; the upper bound is looked at first, and NaN is within neither. */
static void completion_share(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *body)
{
    const struct json *input = json_get(body, loc->key);
    double value;
    if (!input || !pydantic_float(errors, loc, input, &value))
        return;
    if (!(value <= 1.0))
        pydantic_fault(errors, loc, STR("less_than_equal"), STR("Input should be less than or equal to 1"),
                       input);
    else if (!(value >= 0.0))
        pydantic_fault(errors, loc, STR("greater_than_equal"),
                       STR("Input should be greater than or equal to 0"), input);
}

/* int | None, ge=0 */
static void completion_count(struct pydantic *errors, const struct pydantic_loc *loc,
                             const struct json *input)
{
    struct str digits;
    if (!input || input->kind == JSON_NULL || !pydantic_int(errors, loc, input, &digits))
        return;
    if (digits.data[0] == '-')
        pydantic_fault(errors, loc, STR("greater_than_equal"),
                       STR("Input should be greater than or equal to 0"), input);
}

void pydantic_completion_fields(struct pydantic *errors, const struct json *body,
                                const struct json *random_seed)
{
    completion_share(errors, LOC(NULL, "temperature"), body);
    completion_share(errors, LOC(NULL, "top_p"), body);
    completion_count(errors, LOC(NULL, "max_tokens"), json_get(body, STR("max_tokens")));
    completion_count(errors, LOC(NULL, "random_seed"), random_seed);
}
