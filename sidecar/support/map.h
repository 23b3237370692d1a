#ifndef SIDETOK_SUPPORT_MAP_H
#define SIDETOK_SUPPORT_MAP_H

#include "call.h"
#include "str.h"

#include <stdint.h>

/**
 * Bytes to integer. Keys are borrowed and must outlive the map; memory is the call's arena. The hash is keyed
 * with a number of the process, so that a file cannot be written to make it slow. Reading is thread safe.
 */
struct map {
    struct map_slot *slots;
    size_t n, capacity; /* capacity is a power of two, or 0 */
};

/** Makes an empty map with room for n keys; it grows beyond that. */
enum sidetok_error map_init(struct call *call, struct map *map, size_t n);

/** Adds key, or leaves the map as it is when the key is there. ret_value: the key's value after the call, may
 * be NULL. */
enum sidetok_error map_add(struct call *call, struct map *map, struct str key, uint32_t value,
                           uint32_t *ret_value);

/** Whether key is there; ret_value may be NULL. */
bool map_find(const struct map *map, struct str key, uint32_t *ret_value);

/** A hash of key, keyed with a number of the process: text cannot be written to collide. */
uint32_t map_hash(struct str key);

#endif
