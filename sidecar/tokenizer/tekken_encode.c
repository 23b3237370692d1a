#include "tekken_encode.h"

#include "bpe.h"
#include "first_look.h"
#include "pretokenizer.h"
#include "runs.h"
#include "utf8.h"

#include <stdlib.h>

static const struct tekken *tekken_of_encoder(const struct tekken_encoder *encoder)
{
    return tekken_of(encoder->head.tokenizer);
}

/* What a piece is to a segment: merges lead to it or not. */
static uint32_t vocab_meta(const struct tekken *tekken, uint32_t rank)
{
    return TABLE_VOCAB | (joins_reach(&tekken->joins, rank) ? 0 : TABLE_NO_MERGE) | 1;
}

/* Every vocabulary piece that fits, most frequent first; those that find no place are found through ranks. */
static void seed_table(struct tekken_encoder *encoder)
{
    const struct tekken *tekken = tekken_of_encoder(encoder);
    char copy[TABLE_LONG_SIZE]; /* keys are read 16 bytes at a time */
    for (uint32_t rank = 0; rank < tekken->ranks.n; rank++) {
        struct str piece = ranks_piece(&tekken->ranks, rank);
        uint32_t id = rank + encoder->n_special, meta = vocab_meta(tekken, rank);
        if (piece.size == 0 || piece.size > TABLE_LONG_SIZE || memchr(piece.data, 0xff, piece.size) ||
            memchr(piece.data, 0xfe, piece.size))
            continue;
        memcpy(copy, piece.data, piece.size);
        piece_table_add(&encoder->table, piece, table_key(copy, piece.size), &id, meta);
    }
}

/* The vocabulary's pieces fill a quarter of VOCAB bytes. */
static bool open_table(struct tekken_encoder *encoder, size_t cache_bytes)
{
    enum { VOCAB = 16 << 20 };
    return piece_table_open(&encoder->table, VOCAB + cache_bytes, cache_bytes > 0);
}

enum sidetok_error tekken_encoder_open(struct call *call, const struct tokenizer *tokenizer,
                                       size_t cache_bytes, struct encoder **ret)
{
    struct tekken_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return failure_no_memory(call);
    encoder->head.tokenizer = tokenizer;
    encoder->look = first_look_choose();
    encoder->defers = tekken_of(tokenizer)->joins.usable;
    encoder->n_special = tokenizer->info.n_special;
    if (!open_table(encoder, cache_bytes)) {
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
    free(mine);
}

/* A key near the text's end is read from a copy, since the text ends before 16 bytes do. */
static struct table_key key_of(const struct tekken_encoder *encoder, struct str piece)
{
    char copy[TABLE_LONG_SIZE];
    if (encoder->text_end - piece.data >= TABLE_SHORT_SIZE)
        return table_key(piece.data, piece.size);
    memcpy(copy, piece.data, piece.size);
    return table_key(copy, piece.size);
}

static void emit(struct ids *ids, const uint32_t *found, size_t n)
{
    memcpy(ids->data + ids->n, found, n * sizeof *found);
    ids->n += n;
}

/* Remembers what a piece became. */
static void learn(struct tekken_encoder *encoder, struct str piece, const uint32_t *ids, size_t n)
{
    if (piece.size <= TABLE_LONG_SIZE && n <= TABLE_LONG_IDS)
        piece_table_add(&encoder->table, piece, key_of(encoder, piece), ids, (uint32_t)n);
}

static bool merge_joins(const struct tekken_encoder *encoder, struct str segment, uint32_t *ret,
                        size_t *ret_n)
{
    const struct joins *joins = &tekken_of_encoder(encoder)->joins;
    return (segment.size > LANE_SIZE &&
            joins_encode_stitched(joins, encoder->look->merge, segment, ret, ret_n)) ||
           joins_encode(joins, segment, ret, ret_n);
}

/* Merges what has no known answer. ids has room for segment.size more. */
static enum sidetok_error merge(struct call *call, struct tekken_encoder *encoder, struct str segment,
                                struct ids *ids)
{
    const struct tekken *tekken = tekken_of_encoder(encoder);
    uint32_t *ret = ids->data + ids->n;
    size_t n;
    if (!(segment.size > JOINS_WINDOW && runs_encode(&tekken->ranks, segment, ret, &n)) &&
        !(tekken->joins.usable && merge_joins(encoder, segment, ret, &n)))
        TRY(bpe_encode(call, &tekken->ranks, segment, ret, &n));
    for (size_t i = 0; i < n; i++)
        ret[i] += encoder->n_special;
    ids->n += n;
    return SIDETOK_OK;
}

void tekken_encode_flush(struct tekken_encoder *encoder, struct ids *ids)
{
    const struct tekken *tekken = tekken_of_encoder(encoder);
    deferred_flush(&encoder->deferred, encoder->look->merge, &tekken->joins, &encoder->table,
                   encoder->n_special, ids);
}

/* Merges a segment, or has it wait for others: then its ids come later. */
static enum sidetok_error merge_or_defer(struct call *call, struct tekken_encoder *encoder,
                                         struct str segment, bool learns, struct ids *ids)
{
    if (segment.size > LANE_SIZE || !encoder->defers)
        return merge(call, encoder, segment, ids);
    deferred_add(&encoder->deferred, segment, key_of(encoder, segment), learns, ids);
    return SIDETOK_OK;
}

/*
 * One segment between cuts, by merges alone. A vocabulary piece is its answer only if merges lead to it.
 */
static enum sidetok_error encode_segment(struct call *call, struct tekken_encoder *encoder,
                                         struct str segment, struct ids *ids)
{
    struct table_answer known = {NULL, 0, false};
    if (segment.size <= JOINS_SHORT && encoder->defers) {
        tekken_encode_short(encoder, segment, ids);
        return SIDETOK_OK;
    }
    if (segment.size <= TABLE_LONG_SIZE)
        known = piece_table_find(&encoder->table, segment, key_of(encoder, segment));
    if (!known.ids || known.meta & TABLE_NO_MERGE)
        return merge_or_defer(call, encoder, segment, known.certain && !known.ids, ids);
    emit(ids, known.ids, known.meta & TABLE_COUNT);
    return SIDETOK_OK;
}

/* A vocabulary piece that the table has no place for; false when piece is none. */
static bool emit_rank(const struct tekken_encoder *encoder, struct str piece, struct ids *ids)
{
    uint32_t rank = ranks_find(&tekken_of_encoder(encoder)->ranks, piece);
    if (rank == RANK_NONE)
        return false;
    ids->data[ids->n++] = rank + encoder->n_special;
    return true;
}

/*
 * A pre-token of more than 16 bytes: its segments one by one. Their lines of the table are fetched some
 * ahead; each would be waited for, 110 ns where memory has it.
 */
static enum sidetok_error encode_cut(struct call *call, struct tekken_encoder *encoder, struct str piece,
                                     struct ids *ids)
{
    enum { AHEAD = 16 };
    struct str segments[AHEAD];
    for (size_t at = 0; at < piece.size;) {
        size_t n = 0;
        for (; n < AHEAD && at < piece.size; n++) {
            size_t end = cuts_next(&tekken_of_encoder(encoder)->cuts, piece, at);
            segments[n] = (struct str){piece.data + at, end - at};
            if (segments[n].size > JOINS_SHORT && segments[n].size <= TABLE_LONG_SIZE)
                piece_table_prefetch(&encoder->table, segments[n], key_of(encoder, segments[n]));
            at = end;
        }
        for (size_t i = 0; i < n; i++)
            TRY(encode_segment(call, encoder, segments[i], ids));
        if (piece.size > TABLE_LONG_SIZE && encoder->deferred.n >= DEFERRED_ENOUGH)
            tekken_encode_flush(encoder, ids);
    }
    return SIDETOK_OK;
}

/* A pre-token that is no vocabulary piece and not remembered. A short one is merged at once: cutting costs
 * more than it saves. */
static enum sidetok_error encode_new(struct call *call, struct tekken_encoder *encoder, struct str piece,
                                     struct ids *ids)
{
    enum { UNCUT = 16 };
    struct deferred *deferred = &encoder->deferred;
    size_t first = ids->n, hole = deferred->n;
    if (piece.size <= UNCUT && encoder->defers)
        return merge_or_defer(call, encoder, piece, true, ids);
    TRY((piece.size > UNCUT ? encode_cut : merge)(call, encoder, piece, ids));
    if (piece.size > TABLE_LONG_SIZE)
        return SIDETOK_OK;
    if (hole == deferred->n)
        learn(encoder, piece, ids->data + first, ids->n - first);
    else
        deferred_add_torn(deferred, piece, key_of(encoder, piece), first, hole, ids);
    return SIDETOK_OK;
}

/* A pre-token of more than 30 bytes that is one long run: remembered by a name. False when it is not. */
static bool encode_run(struct tekken_encoder *encoder, struct str piece, struct ids *ids)
{
    char name[RUN_NAME_SIZE];
    size_t first = ids->n, n;
    struct str named = {name, runs_name(piece, name)};
    if (named.size == 0)
        return false;
    struct table_key key = table_key(name, named.size);
    struct table_answer known = piece_table_find(&encoder->table, named, key);
    if (known.ids) {
        emit(ids, known.ids, known.meta & TABLE_COUNT);
        return true;
    }
    if (!emit_rank(encoder, piece, ids)) {
        if (!runs_encode(&tekken_of_encoder(encoder)->ranks, piece, ids->data + first, &n))
            return false;
        for (size_t i = 0; i < n; i++)
            ids->data[ids->n++] += encoder->n_special;
    }
    if (ids->n - first <= TABLE_LONG_IDS)
        piece_table_add(&encoder->table, named, key, ids->data + first, (uint32_t)(ids->n - first));
    return true;
}

enum sidetok_error tekken_encode_piece(struct call *call, struct tekken_encoder *encoder, struct str piece,
                                       struct ids *ids)
{
    struct table_answer known = {NULL, 0, false};
    if (!ids_reserve(call, ids, piece.size + TABLE_LONG_IDS + DEFERRED_ROOM * HOLE_MARGIN))
        return SIDETOK_E_NO_MEMORY;
    if (piece.size <= TABLE_LONG_SIZE)
        known = piece_table_find(&encoder->table, piece, key_of(encoder, piece));
    else if (encode_run(encoder, piece, ids))
        return SIDETOK_OK;
    if (known.ids) {
        emit(ids, known.ids, known.meta & TABLE_COUNT);
        return SIDETOK_OK;
    }
    if (!known.certain && emit_rank(encoder, piece, ids))
        return SIDETOK_OK;
    TRY(encode_new(call, encoder, piece, ids));
    if (encoder->deferred.n >= DEFERRED_ENOUGH)
        tekken_encode_flush(encoder, ids);
    return SIDETOK_OK;
}

static enum sidetok_error encode_lines(struct call *call, struct tekken_encoder *encoder, struct str text,
                                       struct ids *ids)
{
    encoder->text_end = text.data + text.size;
    for (size_t at = 0; at < text.size;) {
        const char *feed = memchr(text.data + at, '\n', text.size - at);
        size_t end = feed ? (size_t)(feed - text.data) : text.size;
        if (end > at)
            TRY(tekken_encode_piece(call, encoder, (struct str){text.data + at, end - at}, ids));
        at = end + 1;
    }
    tekken_encode_flush(encoder, ids);
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
    enum { AT_ONCE = 32 << 20, SPARE = 512 }; /* the most there can be; what is not written takes no memory */
    bool has_room = ids->capacity - ids->n >= text.size / 4; /* made by the owner */
    if (!has_room && !ids_reserve(call, ids, (text.size < AT_ONCE ? text.size : text.size / 4) + SPARE))
        return SIDETOK_E_NO_MEMORY;
    mine->deferred.n = mine->deferred.n_torn = 0; /* a text that failed may have left some */
    return tekken->pattern == PATTERN_LINES ? encode_lines(call, mine, text, ids)
                                            : mine->look->encode(call, mine, text, ids);
}
