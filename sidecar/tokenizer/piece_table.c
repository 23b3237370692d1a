#include "piece_table.h"

#include "random.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { EMPTY = 0xfe };

/* Forgets all that a line holds. */
static void empty_line(struct table_line *line)
{
    memset(line->keys, EMPTY, sizeof line->keys);
    memset(line->values, 0, sizeof line->values);
}

/* Huge pages are asked for before the first touch: the table is read at random, a page of 4 KiB at each
 * piece. */
bool piece_table_open(struct piece_table *table, size_t size_bytes, bool learns)
{
    enum { HUGE_PAGE = 2 << 20, LEAST = 4096 };
    unsigned bits = 6;
    while (bits < 40 && (sizeof(struct table_line) << (bits + 1)) <= size_bytes)
        bits++;
    size_t size = sizeof(struct table_line) << bits;
    *table = (struct piece_table){.shift = 64 - bits, .learns = learns, .size_bytes = size};
    for (uint64_t i = 0, key = random_key(); i < 4; i++)
        table->secret[i] = ((key ^ key >> (13 + i)) * (0x9e3779b97f4a7c15 + 2 * i)) | 1;
    table->lines = aligned_alloc(size >= HUGE_PAGE ? HUGE_PAGE : LEAST, size);
    if (!table->lines)
        return false;
    if (size >= HUGE_PAGE)
        (void)madvise(table->lines, size, MADV_HUGEPAGE);
    for (size_t i = 0; i < (size_t)1 << bits; i++)
        empty_line(&table->lines[i]);
    return true;
}

void piece_table_close(struct piece_table *table)
{
    free(table->lines);
    table->lines = NULL;
}

/* A piece in the long form, whatever its size. */
static void long_key(struct str piece, struct table_key ret[2])
{
    enum { HALF = TABLE_LONG_SIZE / 2 };
    char *bytes = (char *)ret;
    memset(ret, 0xff, 2 * sizeof *ret);
    bytes[0] = bytes[16] = (char)EMPTY;
    memcpy(bytes + 1, piece.data, piece.size < HALF ? piece.size : HALF);
    if (piece.size > HALF)
        memcpy(bytes + 17, piece.data + HALF, piece.size - HALF);
}

static struct table_line *line_of_long(const struct piece_table *table, const struct table_key key[2])
{
    uint64_t hash = key[0].low * table->secret[0] + key[0].high * table->secret[1] +
                    key[1].low * table->secret[2] + key[1].high * table->secret[3];
    return table->lines + (hash >> table->shift);
}

struct table_line *piece_table_long_line(const struct piece_table *table, struct str piece)
{
    struct table_key key[2];
    long_key(piece, key);
    return line_of_long(table, key);
}

/* A piece of up to 16 bytes has its line by its short key in either form. */
static struct table_line *line_of(const struct piece_table *table, struct str piece, struct table_key key)
{
    return piece.size <= TABLE_SHORT_SIZE ? piece_table_line(table, key)
                                          : piece_table_long_line(table, piece);
}

void piece_table_prefetch(const struct piece_table *table, struct str piece, struct table_key key)
{
    __builtin_prefetch(line_of(table, piece, key));
}

/* Processors fetch the neighbour of a line with it. */
static struct table_line *neighbour(const struct piece_table *table, struct table_line *line)
{
    return table->lines + ((size_t)(line - table->lines) ^ 1);
}

static bool is_long(const struct table_line *line)
{
    return line->values[1].meta & TABLE_LONG;
}

static struct table_answer find_in(struct table_line *line, struct str piece, struct table_key key)
{
    const struct table_value *value = piece.size <= TABLE_SHORT_SIZE ? table_line_find(line, &key) : NULL;
    if (value)
        return (struct table_answer){value->ids, value->meta, true};
    if (is_long(line)) {
        struct table_key longer[2];
        long_key(piece, longer);
        if (table_key_equal(line->keys[0], longer[0]) && table_key_equal(line->keys[1], longer[1]))
            return (struct table_answer){line->long_ids, line->long_meta, true};
    }
    return (struct table_answer){NULL, 0, true};
}

static void set_meta(struct table_line *line, unsigned place, uint32_t meta)
{
    uint32_t of_line = place == 1 ? line->values[1].meta & TABLE_OF_LINE : 0;
    line->values[place].meta = (meta & ~(uint32_t)TABLE_OF_LINE) | of_line;
}

/*
 * Brings a short entry from the neighbour home, in exchange for another: the first look goes to one line
 * only, and what it does not find there costs several times as much (multilingual text 1.1 times as fast).
 */
static const struct table_value *bring_home(struct piece_table *table, struct table_line *line,
                                            struct table_line *other, const struct table_value *value)
{
    unsigned from = value == &other->values[1], to = table->turn++ & 1;
    struct table_key key = other->keys[from];
    struct table_value mine = *value, theirs = line->values[to];
    if (is_long(line))
        return value;
    other->keys[from] = line->keys[to];
    memcpy(other->values[from].ids, theirs.ids, sizeof theirs.ids);
    set_meta(other, from, theirs.meta);
    line->keys[to] = key;
    memcpy(line->values[to].ids, mine.ids, sizeof mine.ids);
    set_meta(line, to, mine.meta);
    return &line->values[to];
}

struct table_answer piece_table_find(struct piece_table *table, struct str piece, struct table_key key)
{
    struct table_line *line = line_of(table, piece, key), *other = neighbour(table, line);
    struct table_answer answer = find_in(line, piece, key);
    if (!answer.ids && line->values[1].meta & TABLE_SPILLS) {
        const struct table_value *value =
            piece.size <= TABLE_SHORT_SIZE ? table_line_find(other, &key) : NULL;
        answer = find_in(other, piece, key);
        if (value)
            answer.ids = bring_home(table, line, other, value)->ids;
    }
    answer.certain = answer.ids || !(line->values[1].meta & TABLE_LACKS);
    return answer;
}

static uint32_t meta_of(const struct table_line *line, unsigned place)
{
    return (is_long(line) ? line->long_meta : line->values[place].meta) & ~(uint32_t)TABLE_OF_LINE;
}

static void put_long(struct table_line *line, struct str piece, const uint32_t *ids, uint32_t meta)
{
    uint32_t of_line = line->values[1].meta & TABLE_OF_LINE;
    long_key(piece, line->keys);
    memcpy(line->long_ids, ids, (meta & TABLE_COUNT) * sizeof *ids);
    line->long_meta = meta | TABLE_LONG | of_line;
}

static void put_short(struct table_line *line, unsigned place, struct table_key key, const uint32_t *ids,
                      uint32_t meta)
{
    uint32_t of_line = line->values[1].meta & TABLE_OF_LINE;
    if (is_long(line)) {
        empty_line(line);
        line->values[1].meta = of_line;
    }
    line->keys[place] = key;
    set_meta(line, place, meta);
    memcpy(line->values[place].ids, ids, (meta & TABLE_COUNT) * sizeof *ids);
}

/* Puts a piece into a line, in place of what was learned; false where vocabulary pieces are in the way. */
static bool put(struct piece_table *table, struct table_line *line, struct str piece, struct table_key key,
                const uint32_t *ids, uint32_t meta)
{
    uint32_t metas[2] = {meta_of(line, 0), meta_of(line, 1)};
    if (piece.size > TABLE_SHORT_SIZE || (meta & TABLE_COUNT) > TABLE_SHORT_IDS) {
        if ((metas[0] | metas[1]) & TABLE_VOCAB)
            return false;
        put_long(line, piece, ids, meta);
        return true;
    }
    unsigned place = metas[0] == 0 ? 0 : metas[1] == 0 ? 1 : table->turn++ & 1;
    if (metas[place] & TABLE_VOCAB)
        place ^= 1;
    if (metas[place] & TABLE_VOCAB)
        return false;
    put_short(line, place, key, ids, meta);
    return true;
}

bool piece_table_add(struct piece_table *table, struct str piece, struct table_key key, const uint32_t *ids,
                     uint32_t meta)
{
    if (!table->learns && !(meta & TABLE_VOCAB))
        return false;
    struct table_line *line =
        piece.size <= TABLE_SHORT_SIZE ? piece_table_line(table, key) : piece_table_long_line(table, piece);
    if (put(table, line, piece, key, ids, meta))
        return true;
    line->values[1].meta |= TABLE_SPILLS;
    if (put(table, neighbour(table, line), piece, key, ids, meta))
        return true;
    line->values[1].meta |= meta & TABLE_VOCAB ? TABLE_LACKS : 0;
    return false;
}
