#include "piece_table.h"

#include "random.h"

#include <stdlib.h>
#include <sys/mman.h>

#define FF ~(uint64_t)0
const uint64_t table_fill[TABLE_MAX_SIZE + 1][2] = {
    {FF, FF},       {FF << 8, FF},  {FF << 16, FF}, {FF << 24, FF}, {FF << 32, FF}, {FF << 40, FF},
    {FF << 48, FF}, {FF << 56, FF}, {0, FF},        {0, FF << 8},   {0, FF << 16},  {0, FF << 24},
    {0, FF << 32},  {0, FF << 40},  {0, FF << 48},  {0, FF << 56},  {0, 0},
};

/* Huge pages are asked for before the first touch: the table is read at random, a page of 4 KiB at each
 * piece. */
bool piece_table_open(struct piece_table *table, size_t size_bytes, bool learns)
{
    enum { LINE = 2 * sizeof(struct table_entry), HUGE_PAGE = 2 << 20 };
    unsigned bits = 6;
    while (bits < 40 && ((size_t)LINE << (bits + 1)) <= size_bytes)
        bits++;
    size_t size = (size_t)LINE << bits;
    uint64_t key = random_key();
    *table = (struct piece_table){.shift = 64 - bits, .learns = learns, .size_bytes = size};
    table->key_low = key * 0x9e3779b97f4a7c15 | 1;
    table->key_high = (key ^ key >> 29) * 0xbf58476d1ce4e5b9 | 1;
    table->entries = aligned_alloc(size >= HUGE_PAGE ? HUGE_PAGE : 4096, size);
    if (!table->entries)
        return false;
    if (size >= HUGE_PAGE)
        (void)madvise(table->entries, size, MADV_HUGEPAGE);
    memset(table->entries, 0xff, size);
    return true;
}

void piece_table_close(struct piece_table *table)
{
    free(table->entries);
    table->entries = NULL;
}

/* The neighbour in the pair of lines that processors fetch together. */
static struct table_entry *other_line(const struct piece_table *table, struct table_entry *line)
{
    return table->entries + ((size_t)(line - table->entries) ^ 2);
}

struct table_entry *piece_table_find(const struct piece_table *table, struct table_key key)
{
    struct table_entry *line = piece_table_line(table, key), *other = other_line(table, line);
    for (int i = 0; i < 2; i++)
        if (table_entry_has(line + i, key))
            return line + i;
    for (int i = 0; i < 2; i++)
        if (table_entry_has(other + i, key))
            return other + i;
    return NULL;
}

static bool is_empty(const struct table_entry *entry)
{
    return (entry->low & entry->high) == ~(uint64_t)0;
}

/* Where a new piece goes: an empty place, else one that was learned; NULL when vocabulary pieces have all
 * four. */
static struct table_entry *place_of(struct piece_table *table, struct table_key key)
{
    struct table_entry *line = piece_table_line(table, key), *lines[2] = {line, other_line(table, line)};
    for (int i = 0; i < 4; i++)
        if (is_empty(lines[i / 2] + i % 2))
            return lines[i / 2] + i % 2;
    unsigned first = table->turn++;
    for (unsigned i = 0; i < 4; i++) {
        struct table_entry *entry = lines[i / 2] + (first + i) % 2;
        if (!(entry->meta & TABLE_VOCAB))
            return entry;
    }
    return NULL;
}

bool piece_table_add(struct piece_table *table, struct table_key key, const uint32_t *ids, uint32_t meta)
{
    struct table_entry *place = table->learns || meta & TABLE_VOCAB ? place_of(table, key) : NULL;
    if (!place)
        return false;
    *place = (struct table_entry){.low = key.low, .high = key.high, .meta = meta};
    for (uint32_t i = 0; i < (meta & TABLE_COUNT); i++)
        place->ids[i] = ids[i];
    return true;
}
