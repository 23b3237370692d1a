#include "long_table.h"

#include "random.h"

#include <stdlib.h>
#include <sys/mman.h>

bool long_table_open(struct long_table *table, size_t size_bytes)
{
    enum { PAIR = 2 * sizeof(struct long_entry), HUGE_PAGE = 2 << 20, LEAST = 4096 };
    unsigned bits = 5;
    *table = (struct long_table){0};
    if (size_bytes < LEAST)
        return true;
    while (bits < 40 && ((size_t)PAIR << (bits + 1)) <= size_bytes)
        bits++;
    size_t size = (size_t)PAIR << bits;
    table->shift = 64 - bits;
    for (uint64_t i = 0, key = random_key(); i < 4; i++)
        table->keys[i] = ((key ^ key >> (13 + i)) * (0xd6e8feb86659fd93 + 2 * i)) | 1;
    table->entries = aligned_alloc(size >= HUGE_PAGE ? HUGE_PAGE : LEAST, size);
    if (!table->entries)
        return false;
    if (size >= HUGE_PAGE)
        (void)madvise(table->entries, size, MADV_HUGEPAGE);
    memset(table->entries, 0xff, size);
    return true;
}

void long_table_close(struct long_table *table)
{
    free(table->entries);
    table->entries = NULL;
}

struct long_key long_key(struct str piece)
{
    struct long_key key;
    memset(&key, 0xff, sizeof key);
    memcpy(&key, piece.data, piece.size);
    return key;
}

static struct long_entry *pair_of(const struct long_table *table, const struct long_key *key)
{
    uint64_t hash = 0;
    for (int i = 0; i < 4; i++)
        hash += key->words[i] * table->keys[i];
    return table->entries + 2 * (hash >> table->shift);
}

static bool has_key(const struct long_entry *entry, const struct long_key *key)
{
    return memcmp(&entry->key, key, sizeof *key) == 0;
}

const struct long_entry *long_table_find(const struct long_table *table, const struct long_key *key)
{
    if (!table->entries)
        return NULL;
    const struct long_entry *pair = pair_of(table, key);
    return has_key(pair, key) ? pair : has_key(pair + 1, key) ? pair + 1 : NULL;
}

void long_table_add(struct long_table *table, const struct long_key *key, const uint32_t *ids, size_t n)
{
    if (!table->entries)
        return;
    struct long_entry *entry = pair_of(table, key) + table->turn++ % 2;
    entry->key = *key;
    entry->n = (uint32_t)n;
    memcpy(entry->ids, ids, n * sizeof *ids);
}
