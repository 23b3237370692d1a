#include "first_look.h"

#include "boundaries.h"
#include "pretokenizer.h"

/*
 * Compiled once for each instruction set; the build names the result by FIRST_LOOK and FIRST_LOOK_NAME.
 *
 * The pre-tokens of a window are looked up in two steps: first all keys and the lines of the table where they
 * may be, which are fetched meanwhile; then, after the next window's first step, the answers. The table is
 * larger than the second-level cache, and one word in three would wait for it.
 */
struct lookup {
    struct table_key key;
    struct table_line *line;
    uint32_t begin, size;
};

struct lookups {
    struct lookup items[WINDOW];
    struct lookup *end;
    const char *window;
};

enum { READABLE = WINDOW + TABLE_SHORT_SIZE, ROOM = (1 + HOLE_MARGIN) * WINDOW + 4 };

/* Pre-tokens of 17 to 30 bytes are looked for elsewhere; their short key is FF alone, which is found nowhere.
 */
static void prepare_long(const struct piece_table *table, struct lookups *lookups)
{
    for (struct lookup *item = lookups->items; item < lookups->end; item++) {
        if (item->size <= TABLE_SHORT_SIZE || item->size > TABLE_LONG_SIZE)
            continue;
        item->line = piece_table_long_line(table, (struct str){lookups->window + item->begin, item->size});
        __builtin_prefetch(item->line);
    }
}

/* The first step. Not inline: the loops of both steps want all registers for themselves. */
__attribute__((noinline)) static void prepare(const struct piece_table *table, const char *window,
                                              uint64_t starts, struct lookups *lookups)
{
    const struct piece_table here = *table; /* in registers, which stores to *lookups leave alone */
    struct lookup *item = lookups->items;
    unsigned begin = 0, sizes = 0;
    for (starts &= starts - 1; starts; starts &= starts - 1, item++) {
        unsigned end = (unsigned)__builtin_ctzll(starts);
        item->begin = begin;
        item->size = end - begin;
        item->key = table_key(window + begin, end - begin);
        item->line = piece_table_line(&here, item->key);
        __builtin_prefetch(item->line);
        sizes |= end - begin;
        begin = end;
    }
    lookups->end = item;
    lookups->window = window;
    if (sizes & ~15u)
        prepare_long(table, lookups);
}

/*
 * Whether item is new for certain, a piece of up to 16 bytes whose line says that it is nowhere, and is
 * merged at once or waits for others to be merged with them. Most of what is not found at the first look ends
 * here.
 */
static inline bool encode_new(struct tekken_encoder *encoder, const struct lookup *item, struct str piece,
                              struct ids *ids)
{
    struct deferred *deferred = &encoder->deferred;
    size_t first = ids->n;
    if (item->size > TABLE_SHORT_SIZE || !table_line_is_certain(item->line) ||
        deferred->n >= DEFERRED_ENOUGH || !encoder->defers)
        return false;
    if (piece.size > JOINS_SHORT) {
        deferred_add(deferred, piece, item->key, true, ids);
    } else {
        tekken_encode_short(encoder, piece, ids);
        piece_table_add(&encoder->table, piece, item->key, ids->data + first, (uint32_t)(ids->n - first));
    }
    return true;
}

/* What the table does not know at the first look; returns where the next ids go, NULL on failure. */
__attribute__((noinline)) static uint32_t *second_look(struct call *call, struct tekken_encoder *encoder,
                                                       const struct lookup *item, struct str piece,
                                                       uint32_t *out, struct ids *ids)
{
    ids->n = (size_t)(out - ids->data);
    if (encode_new(encoder, item, piece, ids))
        return ids->data + ids->n;
    enum sidetok_error error = tekken_encode_piece(call, encoder, piece, ids);
    return error == SIDETOK_OK ? ids_reserve(call, ids, ROOM) : NULL;
}

/*
 * The second step. Nearly all are found at the first look; a whole value is stored whatever its number of
 * ids: no branch but "found".
 */
__attribute__((noinline)) static enum sidetok_error finish(struct call *call, struct tekken_encoder *encoder,
                                                           struct lookups *lookups, struct ids *ids)
{
    uint32_t *out = ids_reserve(call, ids, ROOM);
    if (!out)
        return SIDETOK_E_NO_MEMORY;
    for (const struct lookup *item = lookups->items, *end = lookups->end; item < end; item++) {
        const struct table_value *value = table_line_find(item->line, &item->key);
        if (value) {
            memcpy(out, value, sizeof *value);
            out += value->meta & TABLE_COUNT;
            continue;
        }
        struct str piece = {lookups->window + item->begin, item->size};
        out = second_look(call, encoder, item, piece, out, ids);
        if (!out)
            return SIDETOK_E_NO_MEMORY; /* no other failure is left */
    }
    lookups->end = lookups->items;
    ids->n = (size_t)(out - ids->data);
    return SIDETOK_OK;
}

/* A window of digits or the like: each byte is a pre-token, and a byte's id is its value and the specials. */
static inline enum sidetok_error emit_bytes(struct call *call, uint32_t n_special, const char *window,
                                            size_t n, struct ids *ids)
{
    uint32_t *out = ids_reserve(call, ids, WINDOW);
    if (!out)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        out[i] = n_special + (uint8_t)window[i];
    ids->n += n;
    return SIDETOK_OK;
}

/* The starts in the window at `at`, as boundaries_find() has them; text is followed by READABLE bytes if it
 * is the tail. */
static inline uint64_t window_starts(struct str text, size_t at)
{
    const uint8_t *bytes = (const uint8_t *)text.data + at;
    size_t left = text.size - at;
    return left >= WINDOW ? boundaries_find(bytes) : boundaries_find_last(bytes, (unsigned)left);
}

/* Encodes text from *at on as long as more than `left` bytes are left of it. */
static inline enum sidetok_error encode_windows(struct call *call, struct tekken_encoder *encoder,
                                                struct str text, size_t left, size_t *at, struct ids *ids)
{
    struct lookups lookups[2];
    unsigned turn = 0;
    size_t end;
    lookups[0].end = lookups[0].items;
    lookups[1].end = lookups[1].items;
    for (encoder->text_end = text.data + text.size; text.size - *at > left; *at = end, turn ^= 1) {
        uint64_t starts = window_starts(text, *at);
        if (!(starts & (starts - 1))) {
            TRY(finish(call, encoder, &lookups[turn ^ 1], ids));
            end = pretokenizer_next(text, *at);
            TRY(tekken_encode_piece(call, encoder, (struct str){text.data + *at, end - *at}, ids));
            continue;
        }
        end = *at + 63 - (size_t)__builtin_clzll(starts);
        if (starts != ~(uint64_t)0)
            prepare(&encoder->table, text.data + *at, starts, &lookups[turn]);
        TRY(finish(call, encoder, &lookups[turn ^ 1], ids));
        if (starts == ~(uint64_t)0)
            TRY(emit_bytes(call, encoder->n_special, text.data + *at, end - *at, ids));
    }
    TRY(finish(call, encoder, &lookups[turn ^ 1], ids));
    tekken_encode_flush(encoder, ids);
    return SIDETOK_OK;
}

/* Windows and keys are read beyond the bytes that count, so the text's tail is encoded from a copy. */
static enum sidetok_error encode(struct call *call, struct tekken_encoder *encoder, struct str text,
                                 struct ids *ids)
{
    char tail[2 * READABLE] = {0};
    size_t at = 0, in_tail = 0;
    TRY(encode_windows(call, encoder, text, READABLE, &at, ids));
    memcpy(tail, text.data + at, text.size - at);
    return encode_windows(call, encoder, (struct str){tail, text.size - at}, 0, &in_tail, ids);
}

static uint64_t find(const uint8_t *bytes)
{
    return boundaries_find(bytes);
}

static uint64_t find_last(const uint8_t *bytes, unsigned n)
{
    return boundaries_find_last(bytes, n);
}

const struct first_look FIRST_LOOK = {FIRST_LOOK_NAME, encode, JOINS_LANES, find, find_last};
