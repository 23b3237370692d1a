#include "json.h"

#include <stdlib.h>

#include "map.h"

const struct json *json_get(const struct json *value, struct str key)
{
    if (!value || value->kind != JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < value->object.n; i++)
        if (str_equal(value->object.members[i].key, key))
            return &value->object.members[i].value;
    return NULL;
}

/* Up to here every pair is compared; beyond, a map finds the first place. */
enum { JSON_FEW_MEMBERS = 16 };

static size_t json_unique_few(struct json_member *members, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t first = 0;
        while (first < kept && !str_equal(members[first].key, members[i].key))
            first++;
        members[first] = members[i];
        kept += first == kept;
    }
    return kept;
}

enum sidetok_error json_unique(struct call *call, struct json_member *members, size_t *n)
{
    struct map places;
    size_t kept = 0;
    if (*n <= JSON_FEW_MEMBERS) {
        *n = json_unique_few(members, *n);
        return SIDETOK_OK;
    }
    TRY(map_init(call, &places, *n));
    for (size_t i = 0; i < *n; i++) {
        uint32_t first;
        TRY(map_add(call, &places, members[i].key, (uint32_t)kept, &first));
        members[first] = members[i];
        kept += first == kept;
    }
    *n = kept;
    return SIDETOK_OK;
}

bool json_has_bytes(const struct json *value)
{
    bool found = value->kind == JSON_BYTES;
    for (size_t i = 0; value->kind == JSON_ARRAY && !found && i < value->array.n; i++)
        found = json_has_bytes(&value->array.items[i]);
    for (size_t i = 0; value->kind == JSON_OBJECT && !found && i < value->object.n; i++)
        found = json_has_bytes(&value->object.members[i].value);
    return found;
}

bool json_int64(const struct json *value, int64_t *ret_number)
{
    char digits[24];
    if (value->kind != JSON_INT || value->text.size >= sizeof digits)
        return false;
    memcpy(digits, value->text.data, value->text.size);
    digits[value->text.size] = '\0';
    *ret_number = strtoll(digits, NULL, 10);
    return true;
}
