#include "tekken_encode.h"

#include "boundaries.h"
#include "bpe.h"
#include "long_table.h"
#include "piece_table.h"
#include "pretokenizer.h"
#include "utf8.h"

#include <stdlib.h>

struct tekken_encoder {
    struct encoder head;
    struct piece_table table;
    struct long_table longer;
    boundaries_classify *classify;
    const char *text_end; /* of the text being encoded: keys are read 16 bytes at a time */
};

static const struct tekken *tekken_of_encoder(const struct tekken_encoder *encoder)
{
    return tekken_of(encoder->head.tokenizer);
}

/* Every vocabulary piece that fits, most frequent first; those that find no place are found through ranks. */
static void seed_table(struct tekken_encoder *encoder)
{
    const struct tekken *tekken = tekken_of_encoder(encoder);
    for (uint32_t rank = 0; rank < tekken->ranks.n; rank++) {
        struct str piece = ranks_piece(&tekken->ranks, rank);
        uint32_t id = rank + tekken->head.info.n_special;
        if (piece.size > 0 && piece.size <= TABLE_MAX_SIZE && !memchr(piece.data, 0xff, piece.size))
            piece_table_add(&encoder->table, table_key(piece.data, piece.size), &id, TABLE_VOCAB | 1);
    }
}

/* Half of the memory for each table; with LEAST bytes the vocabulary's pieces fill a quarter of the first. */
static bool open_tables(struct tekken_encoder *encoder, size_t cache_bytes)
{
    enum { LEAST = 16 << 20 };
    size_t half = cache_bytes / 2;
    return piece_table_open(&encoder->table, half > LEAST ? half : LEAST, cache_bytes > 0) &&
           long_table_open(&encoder->longer, half);
}

enum sidetok_error tekken_encoder_open(struct call *call, const struct tokenizer *tokenizer,
                                       size_t cache_bytes, struct encoder **ret)
{
    struct tekken_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return failure_no_memory(call);
    encoder->head.tokenizer = tokenizer;
    encoder->classify = boundaries_choose();
    if (!open_tables(encoder, cache_bytes)) {
        tekken_encoder_close(&encoder->head);
        return failure_no_memory(call);
    }
    seed_table(encoder);
    *ret = &encoder->head;
    return SIDETOK_OK;
}

void tekken_encoder_close(struct encoder *encoder)
{
    struct tekken_encoder *mine = (struct tekken_encoder *)encoder;
    piece_table_close(&mine->table);
    long_table_close(&mine->longer);
    free(mine);
}

/* A key near the text's end is read from a copy, since the text ends before 16 bytes do. */
static struct table_key key_of(const struct tekken_encoder *encoder, struct str piece)
{
    char copy[TABLE_MAX_SIZE] = {0};
    if (encoder->text_end - piece.data >= TABLE_MAX_SIZE)
        return table_key(piece.data, piece.size);
    memcpy(copy, piece.data, piece.size);
    return table_key(copy, piece.size);
}

static void emit(struct ids *ids, const uint32_t *found, size_t n)
{
    memcpy(ids->data + ids->n, found, n * sizeof *found);
    ids->n += n;
}

/* Remembers what a piece became; FF would be taken for the filling of a key, and no UTF-8 text has it. */
static void learn(struct tekken_encoder *encoder, struct str piece, const uint32_t *ids, size_t n)
{
    if (piece.size > LONG_MAX_SIZE || n > LONG_MAX_IDS || memchr(piece.data, 0xff, piece.size))
        return;
    if (piece.size <= TABLE_MAX_SIZE && n <= TABLE_MAX_IDS &&
        piece_table_add(&encoder->table, key_of(encoder, piece), ids, (uint32_t)n))
        return;
    struct long_key key = long_key(piece);
    long_table_add(&encoder->longer, &key, ids, n);
}

/* Emits what was learned of a piece; false when nothing was. */
static bool recall(const struct tekken_encoder *encoder, struct str piece, struct ids *ids)
{
    if (piece.size > LONG_MAX_SIZE)
        return false;
    struct long_key key = long_key(piece);
    const struct long_entry *entry = long_table_find(&encoder->longer, &key);
    if (entry)
        emit(ids, entry->ids, entry->n);
    return entry != NULL;
}

/*
 * One segment between cuts, by merges alone. A vocabulary piece in the cache answers only when merges lead to
 * it, which is found out the first time it is asked as a segment. ids has room for segment.size more.
 */
static enum sidetok_error encode_segment(struct call *call, struct tekken_encoder *encoder,
                                         struct str segment, bool whole, struct ids *ids)
{
    const struct tekken *tekken = tekken_of_encoder(encoder);
    struct table_entry *entry = NULL;
    uint32_t *ret = ids->data + ids->n;
    size_t n;
    if (segment.size <= TABLE_MAX_SIZE && !whole)
        entry = piece_table_find(&encoder->table, key_of(encoder, segment));
    if (entry && (entry->meta & TABLE_MERGES || !(entry->meta & TABLE_VOCAB))) {
        emit(ids, entry->ids, entry->meta & TABLE_COUNT);
        return SIDETOK_OK;
    }
    if (!entry && !whole && recall(encoder, segment, ids))
        return SIDETOK_OK;
    TRY(bpe_encode(call, &tekken->ranks, segment, ret, &n));
    for (size_t i = 0; i < n; i++)
        ret[i] += tekken->head.info.n_special;
    ids->n += n;
    if (entry)
        entry->meta |= n == 1 ? TABLE_MERGES : TABLE_NO_MERGE;
    else if (n == 1 ||
             ranks_find(&tekken->ranks, segment) == RANK_NONE) /* else a whole pre-token is the piece */
        learn(encoder, segment, ret, n);
    return SIDETOK_OK;
}

/*
 * A pre-token that the first look did not find: a piece that has no near place or no place at all, or one to
 * be cut and merged. Rule: CoreBPE.encode: a pre-token that is a piece is that piece, whatever merges would
 * give.
 */
static enum sidetok_error encode_pretoken(struct call *call, struct tekken_encoder *encoder, struct str piece,
                                          struct ids *ids)
{
    const struct tekken *tekken = tekken_of_encoder(encoder);
    struct table_entry *entry = NULL;
    if (!ids_reserve(call, ids, piece.size + TABLE_MAX_IDS))
        return SIDETOK_E_NO_MEMORY;
    if (piece.size <= TABLE_MAX_SIZE)
        entry = piece_table_find(&encoder->table, key_of(encoder, piece));
    if (entry)
        emit(ids, entry->ids, entry->meta & TABLE_COUNT);
    if (entry || recall(encoder, piece, ids))
        return SIDETOK_OK;
    uint32_t rank = ranks_find(&tekken->ranks, piece);
    if (rank != RANK_NONE) {
        ids->data[ids->n++] = rank + tekken->head.info.n_special;
        return SIDETOK_OK;
    }
    enum { UNCUT = 16 }; /* a short pre-token is merged at once: cutting costs more than it saves */
    size_t first = ids->n;
    for (size_t at = 0, end; at < piece.size; at = end) {
        end = piece.size <= UNCUT ? piece.size : cuts_next(&tekken->cuts, piece, at);
        struct str segment = {piece.data + at, end - at};
        TRY(encode_segment(call, encoder, segment, segment.size == piece.size, ids));
        if (end == piece.size && at > 0)
            learn(encoder, piece, ids->data + first, ids->n - first);
    }
    return SIDETOK_OK;
}

/*
 * The pre-tokens of one window, looked up in two steps: first all keys and the lines of the table where they
 * may be, which are fetched meanwhile; then, after the next window's first step, the answers. The table is
 * larger than the second-level cache, and one word in three would wait for it.
 */
struct lookups {
    struct lookup {
        struct table_key key;
        struct table_entry *line;
        uint32_t begin, size;
    } items[BOUNDARIES_WINDOW];
    size_t n;
    const char *window;
};

/* A line in which nothing is ever found, for pre-tokens that are too long for the table. */
static struct table_entry no_line[2];

static void prepare(const struct tekken_encoder *encoder, const char *window, uint64_t starts,
                    struct lookups *lookups)
{
    struct lookup *item = lookups->items;
    unsigned begin = 0;
    for (starts &= starts - 1; starts; starts &= starts - 1, item++) {
        unsigned end = (unsigned)__builtin_ctzll(starts);
        item->begin = begin;
        item->size = end - begin;
        begin = end;
        if (item->size <= TABLE_MAX_SIZE) {
            item->key = table_key(window + item->begin, item->size);
            item->line = piece_table_line(&encoder->table, item->key);
            __builtin_prefetch(item->line);
        } else {
            item->key = (struct table_key){1, 1};
            item->line = no_line;
        }
    }
    lookups->n = (size_t)(item - lookups->items);
    lookups->window = window;
}

/* Nearly all are found at the first look; three ids are stored whatever their number: no branch but "found".
 */
static enum sidetok_error finish(struct call *call, struct tekken_encoder *encoder, struct lookups *lookups,
                                 struct ids *ids)
{
    if (!ids_reserve(call, ids, BOUNDARIES_WINDOW + TABLE_MAX_IDS))
        return SIDETOK_E_NO_MEMORY;
    uint32_t *out = ids->data + ids->n;
    for (size_t i = 0; i < lookups->n; i++) {
        const struct lookup *item = &lookups->items[i];
        const struct table_entry *entry = item->line + !table_entry_has(item->line, item->key);
        if (table_entry_has(entry, item->key)) {
            memcpy(out, entry->ids, sizeof entry->ids);
            out += entry->meta & TABLE_COUNT;
            continue;
        }
        ids->n = (size_t)(out - ids->data);
        TRY(encode_pretoken(call, encoder, (struct str){lookups->window + item->begin, item->size}, ids));
        if (!ids_reserve(call, ids, BOUNDARIES_WINDOW + TABLE_MAX_IDS))
            return SIDETOK_E_NO_MEMORY;
        out = ids->data + ids->n;
    }
    ids->n = (size_t)(out - ids->data);
    lookups->n = 0;
    return SIDETOK_OK;
}

/* The starts in the window at `at`; 0 where only pretokenizer_next() can tell, and near the text's end. */
static uint64_t window_starts(const struct tekken_encoder *encoder, struct str text, size_t at)
{
    if (text.size - at < BOUNDARIES_WINDOW + TABLE_MAX_SIZE)
        return 0;
    uint64_t starts = boundaries_find(encoder->classify, (const uint8_t *)text.data + at);
    return starts & (starts - 1) ? starts : 0;
}

static enum sidetok_error encode_text(struct call *call, struct tekken_encoder *encoder, struct str text,
                                      struct ids *ids)
{
    struct lookups lookups[2];
    lookups[0].n = lookups[1].n = 0;
    encoder->text_end = text.data + text.size;
    unsigned turn = 0;
    for (size_t at = 0, end; at < text.size; at = end, turn ^= 1) {
        uint64_t starts = window_starts(encoder, text, at);
        if (starts) {
            prepare(encoder, text.data + at, starts, &lookups[turn]);
            TRY(finish(call, encoder, &lookups[turn ^ 1], ids));
            end = at + 63 - (size_t)__builtin_clzll(starts);
            continue;
        }
        TRY(finish(call, encoder, &lookups[turn ^ 1], ids));
        end = pretokenizer_next(text, at);
        TRY(encode_pretoken(call, encoder, (struct str){text.data + at, end - at}, ids));
    }
    return finish(call, encoder, &lookups[turn ^ 1], ids);
}

static enum sidetok_error encode_lines(struct call *call, struct tekken_encoder *encoder, struct str text,
                                       struct ids *ids)
{
    encoder->text_end = text.data + text.size;
    for (size_t at = 0; at < text.size;) {
        const char *feed = memchr(text.data + at, '\n', text.size - at);
        size_t end = feed ? (size_t)(feed - text.data) : text.size;
        if (end > at)
            TRY(encode_pretoken(call, encoder, (struct str){text.data + at, end - at}, ids));
        at = end + 1;
    }
    return SIDETOK_OK;
}

static enum sidetok_error check_text(struct call *call, const struct tekken *tekken, struct str text)
{
    if (text.size > INT32_MAX)
        return failure_set(call, SIDETOK_E_TOO_LARGE, "a text of %zu bytes is over the limit of 2 GiB",
                           text.size);
    if (tekken->pattern == PATTERN_TEKKEN && pretokenizer_overflows(text))
        return failure_set(call, SIDETOK_E_VALUE,
                           "Regex error while tokenizing: Error executing regex: Max stack size exceeded for "
                           "backtracking");
    return SIDETOK_OK;
}

enum sidetok_error tekken_check(struct call *call, struct encoder *encoder, struct str text)
{
    return check_text(call, tekken_of(encoder->tokenizer), text);
}

enum sidetok_error tekken_encode(struct call *call, struct encoder *encoder, struct str text, struct ids *ids)
{
    const struct tekken *tekken = tekken_of(encoder->tokenizer);
    text = utf8_join_surrogates(call, text);
    if (text.size > 0 && !text.data)
        return SIDETOK_E_NO_MEMORY;
    TRY(check_text(call, tekken, text));
    struct tekken_encoder *mine = (struct tekken_encoder *)encoder;
    return tekken->pattern == PATTERN_LINES ? encode_lines(call, mine, text, ids)
                                            : encode_text(call, mine, text, ids);
}
