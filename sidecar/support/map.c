#include "map.h"

#include "random.h"

struct map_slot {
    struct str key; /* data is NULL in an empty slot */
    uint32_t value;
    uint32_t hash;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes a step through a 64 x 64 multiplication, its halves folded. */
uint32_t map_hash(struct str key)
{
    uint64_t seed = random_key(), hash = seed ^ key.size;
    size_t at = 0;
    for (; at < key.size; at += 8) {
        uint64_t word = 0;
        memcpy(&word, key.data + at, key.size - at < 8 ? key.size - at : 8);
        hash = mix(hash ^ word, seed ^ 0xa0761d6478bd642f);
    }
    return (uint32_t)(mix(hash, 0xe7037ed1a0b428db) >> 16);
}

/* The slot that holds key, or the empty one where it belongs. */
static struct map_slot *map_slot_of(const struct map *map, struct str key, uint32_t hash)
{
    size_t mask = map->capacity - 1, i = hash & mask;
    while (map->slots[i].key.data && !(map->slots[i].hash == hash && str_equal(map->slots[i].key, key)))
        i = (i + 1) & mask;
    return &map->slots[i];
}

static enum sidetok_error map_resize(struct call *call, struct map *map, size_t capacity)
{
    struct map next = {.capacity = capacity, .n = map->n};
    next.slots = call_alloc_array(call, capacity, sizeof *next.slots);
    if (!next.slots)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].key.data)
            *map_slot_of(&next, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    *map = next;
    return SIDETOK_OK;
}

enum sidetok_error map_init(struct call *call, struct map *map, size_t n)
{
    *map = (struct map){0};
    size_t capacity = 16;
    while (capacity / 2 < n && capacity <= SIZE_MAX / 4)
        capacity *= 2;
    return map_resize(call, map, capacity);
}

enum sidetok_error map_add(struct call *call, struct map *map, struct str key, uint32_t value,
                           uint32_t *ret_value)
{
    if (map->n >= map->capacity / 2)
        TRY(map_resize(call, map, map->capacity * 2));
    uint32_t hash = map_hash(key);
    struct map_slot *slot = map_slot_of(map, key, hash);
    if (!slot->key.data) {
        *slot = (struct map_slot){.key = {key.data ? key.data : "", key.size}, .value = value, .hash = hash};
        map->n++;
    }
    if (ret_value)
        *ret_value = slot->value;
    return SIDETOK_OK;
}

bool map_find(const struct map *map, struct str key, uint32_t *ret_value)
{
    if (map->n == 0)
        return false;
    const struct map_slot *slot = map_slot_of(map, key, map_hash(key));
    if (!slot->key.data)
        return false;
    if (ret_value)
        *ret_value = slot->value;
    return true;
}
