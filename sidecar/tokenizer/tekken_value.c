#include "tekken_value.h"

#include "buf.h"
#include "python_repr.h"
#include "utf8.h"

#include <errno.h>
#include <stdlib.h>

const char *value_type(const struct json *value)
{
    static const char *const names[] = {
        [JSON_NULL] = "NoneType", [JSON_BOOL] = "bool",  [JSON_INT] = "int",     [JSON_FLOAT] = "float",
        [JSON_STRING] = "str",    [JSON_ARRAY] = "list", [JSON_OBJECT] = "dict", [JSON_BYTES] = "bytes",
    };
    return names[value ? value->kind : JSON_NULL];
}

size_t value_len(const struct json *value)
{
    switch (value->kind) {
    case JSON_STRING:
        return utf8_count(value->text);
    case JSON_ARRAY:
        return value->array.n;
    case JSON_OBJECT:
        return value->object.n;
    default:
        return 0;
    }
}

bool value_is_true(const struct json *value)
{
    if (!value || value->kind == JSON_NULL)
        return false;
    if (value->kind == JSON_BOOL)
        return value->boolean;
    if (value->kind == JSON_INT)
        return !str_equal(value->text, STR("0"));
    if (value->kind == JSON_FLOAT)
        return value->number != 0;
    return value_len(value) > 0;
}

enum sidetok_error value_item(struct call *call, const struct json *value, struct str key,
                              const struct json **ret)
{
    if (value->kind == JSON_ARRAY)
        return failure_set(call, SIDETOK_E_TYPE, "list indices must be integers or slices, not str");
    if (value->kind == JSON_STRING)
        return failure_set(call, SIDETOK_E_TYPE, "string indices must be integers, not 'str'");
    if (value->kind != JSON_OBJECT)
        return failure_set(call, SIDETOK_E_TYPE, "'%s' object is not subscriptable", value_type(value));
    const struct json *item = json_get(value, key);
    if (!item)
        return failure_set(call, SIDETOK_E_KEY, "'%.*s'", STR_ARG(key));
    *ret = item;
    return SIDETOK_OK;
}

enum sidetok_error value_repr(struct call *call, const struct json *value, struct str *ret_text)
{
    struct buf out;
    buf_init(&out, call);
    python_repr(&out, value);
    return buf_finish(&out, ret_text);
}

enum sidetok_error value_str(struct call *call, const struct json *value, struct str *ret_text)
{
    static const struct json none = {.kind = JSON_NULL};
    struct buf out;
    buf_init(&out, call);
    python_str(&out, value ? value : &none);
    return buf_finish(&out, ret_text);
}

enum sidetok_error value_check_hashable(struct call *call, const struct json *value)
{
    if (value->kind == JSON_ARRAY || value->kind == JSON_OBJECT)
        return failure_set(call, SIDETOK_E_TYPE, "unhashable type: '%s'", value_type(value));
    return SIDETOK_OK;
}

bool value_int(const struct json *value, int64_t *ret)
{
    enum { MAX_DIGITS = 20 };
    const int64_t limit = INT64_C(1) << 62;
    if (value->kind == JSON_BOOL) {
        *ret = value->boolean;
        return true;
    }
    if (value->kind != JSON_INT)
        return false;
    char digits[MAX_DIGITS + 1];
    bool negative = value->text.data[0] == '-';
    if (value->text.size >= MAX_DIGITS) {
        *ret = negative ? -limit : limit;
        return true;
    }
    memcpy(digits, value->text.data, value->text.size);
    digits[value->text.size] = '\0';
    errno = 0;
    int64_t number = strtoll(digits, NULL, 10);
    *ret = number > limit ? limit : number < -limit ? -limit : number;
    return true;
}

static bool text_copy(struct call *call, struct str text, struct str *ret)
{
    char *copy = call_alloc(call, text.size);
    if (!copy)
        return false;
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    *ret = (struct str){copy, text.size};
    return true;
}

static bool array_copy(struct call *call, const struct json *value, struct json *ret)
{
    struct json *items = call_alloc_array(call, value->array.n, sizeof *items);
    bool good = items != NULL;
    for (size_t i = 0; good && i < value->array.n; i++)
        good = value_copy(call, &value->array.items[i], &items[i]);
    ret->array.items = items;
    return good;
}

static bool object_copy(struct call *call, const struct json *value, struct json *ret)
{
    struct json_member *members = call_alloc_array(call, value->object.n, sizeof *members);
    bool good = members != NULL;
    for (size_t i = 0; good && i < value->object.n; i++)
        good = text_copy(call, value->object.members[i].key, &members[i].key) &&
               value_copy(call, &value->object.members[i].value, &members[i].value);
    ret->object.members = members;
    return good;
}

bool value_copy(struct call *call, const struct json *value, struct json *ret)
{
    *ret = *value;
    switch (value->kind) {
    case JSON_INT:
    case JSON_STRING:
    case JSON_BYTES:
        return text_copy(call, value->text, &ret->text);
    case JSON_ARRAY:
        return array_copy(call, value, ret);
    case JSON_OBJECT:
        return object_copy(call, value, ret);
    default:
        return true;
    }
}
