#include "python_object.h"

#include "buf.h"
#include "map.h"
#include "pydantic.h"
#include "python_repr.h"
#include "utf8.h"

#include <math.h>
#include <stdlib.h>

enum sidetok_error python_no_attribute(struct call *call, struct str type_name, const char *attribute)
{
    return failure_set(call, SIDETOK_E_ATTRIBUTE, "'%.*s' object has no attribute '%s'", STR_ARG(type_name),
                       attribute);
}

enum sidetok_error python_not_iterable(struct call *call, const struct json *value)
{
    return failure_set(call, SIDETOK_E_TYPE, "'%.*s' object is not iterable",
                       STR_ARG(pydantic_type_name(value)));
}

enum sidetok_error python_key_error(struct call *call, const char *key)
{
    return failure_set(call, SIDETOK_E_KEY, "'%s'", key);
}

enum sidetok_error python_error_repr(struct call *call, enum sidetok_error code, struct str before,
                                     const struct json *value, struct str after)
{
    struct buf text;
    struct str message;
    buf_init(&text, call);
    buf_append(&text, before);
    python_repr(&text, value);
    buf_append(&text, after);
    TRY(buf_finish(&text, &message));
    return failure_set_str(call, code, message);
}

enum sidetok_error python_error_str(struct call *call, enum sidetok_error code, struct str before,
                                    const struct json *value, struct str after)
{
    struct buf text;
    struct str message;
    if (value->kind != JSON_STRING)
        return python_error_repr(call, code, before, value, after);
    buf_init(&text, call);
    buf_append(&text, before);
    buf_append(&text, value->text);
    buf_append(&text, after);
    TRY(buf_finish(&text, &message));
    return failure_set_str(call, code, message);
}

bool python_is_true(const struct json *value)
{
    switch (value->kind) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return value->boolean;
    case JSON_INT:
        return !str_equal(value->text, STR("0"));
    case JSON_FLOAT:
        return value->number != 0;
    case JSON_ARRAY:
        return value->array.n > 0;
    case JSON_OBJECT:
        return value->object.n > 0;
    default:
        return value->text.size > 0;
    }
}

static void write_number_key(struct buf *out, const struct json *value)
{
    if (value->kind == JSON_BOOL)
        buf_append(out, value->boolean ? STR("1") : STR("0"));
    else if (value->kind == JSON_INT)
        buf_append(out, value->text);
    else if (isfinite(value->number) && floor(value->number) == value->number)
        buf_printf(out, "%.0f", value->number == 0 ? 0.0 : value->number);
    else
        buf_printf(out, "%a", value->number);
}

/* A text that two scalars share exactly when Python finds them equal (or when both are NaN). */
static enum sidetok_error scalar_key(struct call *call, const struct json *value, struct str *ret_key)
{
    struct buf text;
    buf_init(&text, call);
    switch (value->kind) {
    case JSON_NULL:
        buf_append_char(&text, 'n');
        break;
    case JSON_STRING:
    case JSON_BYTES:
        buf_append_char(&text, value->kind == JSON_STRING ? 's' : 'b');
        buf_append(&text, value->text);
        break;
    default:
        buf_append_char(&text, '#');
        write_number_key(&text, value);
    }
    return buf_finish(&text, ret_key);
}

static bool is_number(const struct json *value)
{
    return value->kind == JSON_BOOL || value->kind == JSON_INT || value->kind == JSON_FLOAT;
}

static enum sidetok_error scalars_equal(struct call *call, const struct json *a, const struct json *b,
                                        bool *ret_equal)
{
    struct str key_a, key_b;
    *ret_equal = false;
    if (a->kind != b->kind && !(is_number(a) && is_number(b)))
        return SIDETOK_OK;
    TRY(scalar_key(call, a, &key_a));
    TRY(scalar_key(call, b, &key_b));
    *ret_equal = str_equal(key_a, key_b);
    return SIDETOK_OK;
}

static enum sidetok_error values_equal(struct call *call, const struct json *a, const struct json *b,
                                       bool *ret_equal);

static enum sidetok_error arrays_equal(struct call *call, const struct json *a, const struct json *b,
                                       bool *ret_equal)
{
    *ret_equal = a->array.n == b->array.n;
    for (size_t i = 0; *ret_equal && i < a->array.n; i++)
        TRY(values_equal(call, &a->array.items[i], &b->array.items[i], ret_equal));
    return SIDETOK_OK;
}

static enum sidetok_error objects_equal(struct call *call, const struct json *a, const struct json *b,
                                        bool *ret_equal)
{
    struct map places;
    *ret_equal = a->object.n == b->object.n;
    if (!*ret_equal)
        return SIDETOK_OK;
    TRY(map_init(call, &places, b->object.n));
    for (size_t i = 0; i < b->object.n; i++)
        TRY(map_add(call, &places, b->object.members[i].key, (uint32_t)i, NULL));
    for (size_t i = 0; *ret_equal && i < a->object.n; i++) {
        uint32_t at;
        *ret_equal = map_find(&places, a->object.members[i].key, &at);
        if (*ret_equal)
            TRY(values_equal(call, &a->object.members[i].value, &b->object.members[at].value, ret_equal));
    }
    return SIDETOK_OK;
}

/* Depth was bounded when the values were read. */
static enum sidetok_error values_equal(struct call *call, const struct json *a, const struct json *b,
                                       bool *ret_equal)
{
    if (a->kind == JSON_ARRAY && b->kind == JSON_ARRAY)
        return arrays_equal(call, a, b, ret_equal);
    if (a->kind == JSON_OBJECT && b->kind == JSON_OBJECT)
        return objects_equal(call, a, b, ret_equal);
    if (a->kind == JSON_ARRAY || a->kind == JSON_OBJECT || b->kind == JSON_ARRAY || b->kind == JSON_OBJECT) {
        *ret_equal = false;
        return SIDETOK_OK;
    }
    return scalars_equal(call, a, b, ret_equal);
}

enum sidetok_error python_equal(struct call *call, const struct json *a, const struct json *b,
                                bool *ret_equal)
{
    if (a->kind == JSON_FLOAT && isnan(a->number)) {
        *ret_equal = false;
        return SIDETOK_OK;
    }
    return values_equal(call, a, b, ret_equal);
}

static enum sidetok_error bad_length(struct call *call, size_t at, size_t length)
{
    return failure_set(call, SIDETOK_E_VALUE,
                       "dictionary update sequence element #%zu has length %zu; 2 is required", at, length);
}

static enum sidetok_error not_a_sequence(struct call *call, size_t at)
{
    return failure_set(call, SIDETOK_E_TYPE,
                       "cannot convert dictionary update sequence element #%zu to a sequence", at);
}

/* "ab" is the pair "a", "b". */
static void pair_of_text(struct str text, struct python_item *ret_item)
{
    uint32_t code_point;
    size_t size = utf8_read(text, 0, &code_point);
    ret_item->key = (struct json){.kind = JSON_STRING, .text = {text.data, size}};
    ret_item->value = (struct json){.kind = JSON_STRING, .text = str_from_offset(text, size)};
}

static enum sidetok_error byte_value(struct call *call, char byte, struct json *ret_value)
{
    struct buf text;
    buf_init(&text, call);
    buf_printf(&text, "%u", (unsigned)(unsigned char)byte);
    ret_value->kind = JSON_INT;
    return buf_finish(&text, &ret_value->text);
}

static enum sidetok_error pair_of_bytes(struct call *call, struct str bytes, struct python_item *ret_item)
{
    TRY(byte_value(call, bytes.data[0], &ret_item->key));
    return byte_value(call, bytes.data[1], &ret_item->value);
}

/* Any sequence of two is a pair: a list, a dict (its keys), a string, bytes. */
static enum sidetok_error pair_read(struct call *call, const struct json *element, size_t at,
                                    struct python_item *ret_item)
{
    size_t length;
    switch (element->kind) {
    case JSON_ARRAY:
        if (element->array.n != 2)
            return bad_length(call, at, element->array.n);
        *ret_item = (struct python_item){element->array.items[0], element->array.items[1]};
        return SIDETOK_OK;
    case JSON_OBJECT:
        if (element->object.n != 2)
            return bad_length(call, at, element->object.n);
        ret_item->key = (struct json){.kind = JSON_STRING, .text = element->object.members[0].key};
        ret_item->value = (struct json){.kind = JSON_STRING, .text = element->object.members[1].key};
        return SIDETOK_OK;
    case JSON_STRING:
        length = utf8_count(element->text);
        if (length != 2)
            return bad_length(call, at, length);
        pair_of_text(element->text, ret_item);
        return SIDETOK_OK;
    case JSON_BYTES:
        if (element->text.size != 2)
            return bad_length(call, at, element->text.size);
        return pair_of_bytes(call, element->text, ret_item);
    default:
        return not_a_sequence(call, at);
    }
}

/* The last value of equal keys wins, at the first one's place. */
static enum sidetok_error item_put(struct call *call, struct map *places, const struct python_item *item,
                                   struct python_item *items, size_t *n)
{
    struct str key;
    uint32_t at;
    if (item->key.kind == JSON_ARRAY || item->key.kind == JSON_OBJECT)
        return failure_set(call, SIDETOK_E_TYPE, "unhashable type: '%.*s'",
                           STR_ARG(pydantic_type_name(&item->key)));
    TRY(scalar_key(call, &item->key, &key));
    TRY(map_add(call, places, key, (uint32_t)*n, &at));
    if (at == *n)
        items[(*n)++] = *item;
    else
        items[at].value = item->value;
    return SIDETOK_OK;
}

static enum sidetok_error dict_of_list(struct call *call, const struct json *list, struct python_item *items,
                                       size_t *ret_n)
{
    struct map places;
    TRY(map_init(call, &places, 0));
    for (size_t i = 0; i < list->array.n; i++) {
        struct python_item item;
        TRY(pair_read(call, &list->array.items[i], i, &item));
        TRY(item_put(call, &places, &item, items, ret_n));
    }
    return SIDETOK_OK;
}

enum sidetok_error python_dict(struct call *call, const struct json *value, struct python_item **ret_items,
                               size_t *ret_n)
{
    if (value->kind == JSON_STRING)
        return bad_length(call, 0, 1);
    if (value->kind == JSON_BYTES)
        return not_a_sequence(call, 0);
    if (value->kind != JSON_ARRAY && value->kind != JSON_OBJECT)
        return python_not_iterable(call, value);
    size_t n = value->kind == JSON_ARRAY ? value->array.n : value->object.n;
    *ret_items = call_alloc_array(call, n, sizeof **ret_items);
    if (!*ret_items)
        return SIDETOK_E_NO_MEMORY;
    *ret_n = 0;
    if (value->kind == JSON_ARRAY)
        return dict_of_list(call, value, *ret_items, ret_n);
    for (; *ret_n < n; ++*ret_n) {
        const struct json_member *member = &value->object.members[*ret_n];
        (*ret_items)[*ret_n].key = (struct json){.kind = JSON_STRING, .text = member->key};
        (*ret_items)[*ret_n].value = member->value;
    }
    return SIDETOK_OK;
}
