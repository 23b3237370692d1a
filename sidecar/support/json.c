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

/* Up to here every pair is compared; beyond, a table finds the first place. */
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

/*
 * Where the members of a large object are, by the hash of their keys: eight bytes a place, a quarter of what
 * a map takes, since the keys are in the members. Each place waits for memory, so it is fetched AHEAD members
 * before it is looked at: 500,000 keys at 60 rather than 25 MB/s.
 */
struct places {
    struct place {
        uint32_t hash, number; /* of the member, from 1; 0: empty */
    } * slots;
    size_t mask;
};

static enum sidetok_error places_init(struct call *call, struct places *places, size_t n)
{
    size_t capacity = 64;
    if (n >= UINT32_MAX)
        return failure_no_memory(call);
    while (capacity < n * 2)
        capacity *= 2;
    places->slots = call_alloc_array(call, capacity, sizeof *places->slots);
    places->mask = capacity - 1;
    return places->slots ? SIDETOK_OK : SIDETOK_E_NO_MEMORY;
}

/* The place of a key: that of the member which has it already, or an empty one. */
static struct place *places_find(const struct places *places, const struct json_member *members,
                                 struct str key, uint32_t hash)
{
    size_t i = hash & places->mask;
    for (;; i = (i + 1) & places->mask) {
        struct place *place = &places->slots[i];
        if (place->number == 0 || (place->hash == hash && str_equal(members[place->number - 1].key, key)))
            return place;
    }
}

/* The hash of member i, its place on the way. */
static uint32_t hash_ahead(const struct places *places, const struct json_member *members, size_t i, size_t n)
{
    uint32_t hash = i < n ? map_hash(members[i].key) : 0;
    __builtin_prefetch(&places->slots[hash & places->mask]);
    return hash;
}

static enum sidetok_error json_unique_many(struct call *call, struct json_member *members, size_t *n)
{
    enum { AHEAD = 16 };
    uint32_t hashes[AHEAD];
    struct places places = {0};
    size_t kept = 0;
    TRY(places_init(call, &places, *n));
    for (size_t i = 0; i < AHEAD; i++)
        hashes[i] = hash_ahead(&places, members, i, *n);
    for (size_t i = 0; i < *n; i++) {
        uint32_t hash = hashes[i % AHEAD];
        hashes[i % AHEAD] = hash_ahead(&places, members, i + AHEAD, *n);
        struct place *place = places_find(&places, members, members[i].key, hash);
        if (place->number == 0)
            *place = (struct place){hash, (uint32_t)++kept};
        members[place->number - 1] = members[i];
    }
    *n = kept;
    return SIDETOK_OK;
}

enum sidetok_error json_unique(struct call *call, struct json_member *members, size_t *n)
{
    if (*n > JSON_FEW_MEMBERS)
        return json_unique_many(call, members, n);
    *n = json_unique_few(members, *n);
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
