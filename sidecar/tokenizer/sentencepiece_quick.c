#include "sentencepiece_quick.h"

/* One call of quick_encode(). */
struct writer {
    struct call *call;
    struct quick_encoder *encoder;
    struct str text;
    struct ids *ids;
    uint32_t *out, *limit; /* room of ids */
    size_t n_spaces;       /* of a run that may go on */
    size_t start, at, end; /* of the call in text, and where it is */
    size_t first_id;       /* of the call */
};

/* A stretch between two cuts. */
struct row {
    struct piece_key key;
    const struct piece_entry *bucket;
    uint32_t start, size;
};

/* Buckets of rows that no cache holds. The key of such a row is zeros. */
enum { ODD = UINT8_MAX }; /* instead of a number of ids */
static const struct piece_entry spaces_bucket[PIECE_WAYS] = {{.n_ids = ODD}};
static const struct piece_entry long_bucket[PIECE_WAYS] = {{.n_ids = ODD}};
static const struct piece_entry new_bucket[PIECE_WAYS] = {{.key = {UINT64_MAX, UINT64_MAX}}};

/* Room for what the rows of a block write without asking, and one entry's ids copied whole. */
enum { BLOCK_ROOM = CUTTER_BLOCK * PIECE_INLINE_IDS + 4 };

/*
 * Makes room for n ids; what is already out counts. When room has run out, the text so far tells how much the
 * rest will take: of 5 MB of line breaks a tenth of the ids are copied once, not all of them twice.
 */
static enum sidetok_error make_room(struct writer *writer, size_t n)
{
    enum { LEAST_SEEN = 4096 };
    struct ids *ids = writer->ids;
    if (writer->out)
        ids->n = (size_t)(writer->out - ids->data);
    size_t seen = writer->at - writer->start, written = ids->n - writer->first_id;
    if (ids->capacity - ids->n < n && seen >= LEAST_SEEN)
        n += (size_t)((double)written / (double)seen * (double)(writer->end - writer->at) * 1.05);
    writer->out = ids_reserve(writer->call, ids, n);
    if (!writer->out)
        return SIDETOK_E_NO_MEMORY;
    writer->limit = ids->data + ids->capacity;
    return SIDETOK_OK;
}

static enum sidetok_error put_ids(struct writer *writer, const uint32_t *ids, size_t n)
{
    if ((size_t)(writer->limit - writer->out) < n)
        TRY(make_room(writer, n));
    memcpy(writer->out, ids, n * sizeof *ids);
    writer->out += n;
    return SIDETOK_OK;
}

/* The same ids several times over: a long run of one character is one token a million times. */
static enum sidetok_error put_copies(struct writer *writer, const uint32_t *ids, size_t n, size_t n_copies)
{
    if ((size_t)(writer->limit - writer->out) < n * n_copies)
        TRY(make_room(writer, n * n_copies));
    uint32_t *out = writer->out;
    for (size_t copy = 0; copy < n_copies; copy++)
        for (size_t i = 0; i < n; i++)
            *out++ = ids[i];
    writer->out = out;
    return SIDETOK_OK;
}

/* A character of type UNUSED is as good as unknown: there is nothing to split it into. */
static bool is_known(const struct sentencepiece_model *model, uint32_t symbol)
{
    return symbol < model->n_pieces && model->pieces[symbol].type != PIECE_UNUSED;
}

size_t quick_symbol_ids(const struct quick_model *model, uint32_t symbol, struct str text, size_t at,
                        uint32_t ids[4])
{
    struct character character;
    if (is_known(model->model, symbol)) {
        ids[0] = symbol;
        return 1;
    }
    struct str bytes = {text.data + at, symbols_read(model->quick.symbols, text, at, &character)};
    if (bytes.data[0] == ' ' && model->model->escape_whitespaces)
        bytes = STR("\xE2\x96\x81");
    for (size_t i = 0; i < bytes.size; i++)
        ids[i] = model->model->byte_ids[(uint8_t)bytes.data[i]];
    return bytes.size;
}

/* The ids of what a row was merged to. Returns how many. */
static size_t merged_ids(const struct quick_model *model, struct str text, const struct quick_cell *cells,
                         const uint16_t *symbols, uint64_t starts, uint32_t *ids)
{
    size_t n = 0;
    for (; starts; starts &= starts - 1) {
        size_t at = (size_t)__builtin_ctzll(starts);
        n += quick_symbol_ids(model, symbols[at], text, cells[at].start_bytes, ids + n);
    }
    return n;
}

size_t quick_row_ids(const struct quick_model *model, struct str text, uint32_t ids[PIECE_KEY_BYTES * 4])
{
    struct quick_cell cells[PIECE_KEY_BYTES];
    uint16_t symbols[QUICK_WINDOW];
    uint32_t n_cells = (uint32_t)quick_read(&model->quick, text, cells);
    uint64_t starts = model->quick.merge(&model->quick, cells, n_cells, symbols);
    return merged_ids(model, text, cells, symbols, starts, ids);
}

static bool is_lone_space(const struct writer *writer, const struct row *row, uint32_t first_id)
{
    const struct quick_model *model = writer->encoder->model;
    return writer->text.data[row->start] == ' ' && first_id == model->quick.symbols->ascii[' '].symbol;
}

/* Merges a row and writes its ids; skips the first token if told so. */
static enum sidetok_error put_merged(struct writer *writer, struct str text, size_t skip)
{
    struct quick_encoder *encoder = writer->encoder;
    struct quick_row *row = &encoder->row;
    uint32_t ids[4];
    TRY(quick_merge(writer->call, &encoder->model->quick, row, &encoder->merger, text));
    for (size_t i = skip; i < row->n_tokens; i++) {
        size_t at = row->cells[row->tokens[i].start].start_bytes;
        size_t n = quick_symbol_ids(encoder->model, row->tokens[i].symbol, text, at, ids);
        TRY(put_copies(writer, ids, n, row->tokens[i].count));
    }
    return SIDETOK_OK;
}

/* Writes the run of spaces that ends at `end`. */
static enum sidetok_error flush_spaces(struct writer *writer, size_t end)
{
    const struct quick_model *model = writer->encoder->model;
    size_t n = writer->n_spaces;
    writer->n_spaces = 0;
    if (n > MAX_KNOWN_SPACES)
        return put_merged(writer, (struct str){writer->text.data + end - n, n}, 0);
    uint32_t start = n > 0 ? model->space_ends[n - 1] : 0;
    return put_ids(writer, model->spaces + start, model->space_ends[n] - start);
}

/* Writes a row's ids; a run of spaces before it ends here, or with the row's first token. */
static enum sidetok_error put_answer(struct writer *writer, const struct row *row, const uint32_t *ids,
                                     size_t n)
{
    if (writer->n_spaces > 0) {
        size_t lone = is_lone_space(writer, row, ids[0]);
        writer->n_spaces += lone;
        TRY(flush_spaces(writer, row->start + lone));
        ids += lone;
        n -= lone;
    }
    return put_ids(writer, ids, n);
}

static struct str row_text(const struct writer *writer, const struct row *row)
{
    return (struct str){writer->text.data + row->start, row->size};
}

static bool is_new(const struct writer *writer, const struct row *row)
{
    if (row->bucket == long_bucket)
        return row->size <= QUICK_SHORT;
    return row->bucket != spaces_bucket && !piece_cache_find(&writer->encoder->cache, row->bucket, row->key);
}

/* The rows to come in this block that are new are merged side by side, and remembered if they are short
 * enough. */
static void learn_rows(struct writer *writer, const struct row *row, const struct row *end)
{
    struct quick_encoder *encoder = writer->encoder;
    const struct quick_model *model = encoder->model;
    const struct row *rows[QUICK_LANES];
    uint32_t ids[PIECE_KEY_BYTES * 4];
    size_t n = 0;
    for (; row < end && n < QUICK_LANES; row++)
        if (is_new(writer, row))
            rows[n++] = row;
    encoder->n_merged = n;
    for (size_t i = 0; i < n; i++) {
        struct quick_short *merged = &encoder->merged[i];
        merged->n = (uint32_t)quick_read(&model->quick, row_text(writer, rows[i]), merged->cells);
        encoder->merged_at[i] = rows[i]->start;
    }
    model->quick.merge_rows(&model->quick, encoder->merged, n);
    for (size_t i = 0; i < n; i++) {
        const struct quick_short *merged = &encoder->merged[i];
        if (rows[i]->bucket == long_bucket)
            continue;
        size_t n_ids =
            merged_ids(model, row_text(writer, rows[i]), merged->cells, merged->symbols, merged->starts, ids);
        piece_cache_put(&encoder->cache, rows[i]->key, ids, (uint32_t)n_ids, false);
    }
}

/* Which of the rows merged last this is; n_merged when it is none. */
static size_t find_merged(const struct writer *writer, const struct row *row)
{
    size_t i = 0;
    while (i < writer->encoder->n_merged && writer->encoder->merged_at[i] != row->start)
        i++;
    return i;
}

/* A row that is not remembered, of up to QUICK_SHORT bytes. Those behind it, up to `end`, are not written
 * yet. */
static enum sidetok_error put_new_row(struct writer *writer, const struct row *row, const struct row *end)
{
    uint32_t ids[QUICK_SHORT * 4];
    size_t i = find_merged(writer, row);
    if (i == writer->encoder->n_merged) {
        learn_rows(writer, row, end);
        i = 0;
    }
    const struct quick_short *merged = &writer->encoder->merged[i];
    size_t n = merged_ids(writer->encoder->model, row_text(writer, row), merged->cells, merged->symbols,
                          merged->starts, ids);
    return put_answer(writer, row, ids, n);
}

/* A row longer than a key. */
static enum sidetok_error put_long_row(struct writer *writer, const struct row *row)
{
    struct quick_encoder *encoder = writer->encoder;
    struct str text = {writer->text.data + row->start, row->size};
    size_t skip = 0;
    if (writer->n_spaces > 0) {
        TRY(quick_merge(writer->call, &encoder->model->quick, &encoder->row, &encoder->merger, text));
        skip = is_lone_space(writer, row, encoder->row.tokens[0].symbol);
        writer->n_spaces += skip;
        TRY(flush_spaces(writer, row->start + skip));
    }
    return put_merged(writer, text, skip);
}

/* A row for which the quick way was not enough. */
static __attribute__((noinline)) enum sidetok_error put_odd_row(struct writer *writer, const struct row *row,
                                                                const struct row *end)
{
    const struct piece_cache *cache = &writer->encoder->cache;
    const struct piece_entry *entry;
    if (row->bucket == spaces_bucket) {
        writer->n_spaces += row->size;
        return SIDETOK_OK;
    }
    if (row->bucket == long_bucket && row->size > QUICK_SHORT)
        TRY(put_long_row(writer, row));
    else if (row->bucket == long_bucket)
        TRY(put_new_row(writer, row, end));
    else if ((entry = piece_cache_find(cache, row->bucket, row->key)) != NULL)
        TRY(put_answer(writer, row, piece_cache_ids(cache, entry), entry->n_ids));
    else
        TRY(put_new_row(writer, row, end));
    return make_room(writer, BLOCK_ROOM);
}

/*
 * A character of three bytes by itself, as most of CJK: its answer is its id or its bytes', which are nearer
 * than the cache: 100 KB of CJK 1.7 times as fast at first sight, 1 KB 1.9 times.
 */
static inline void fill_character(const struct quick_model *model, struct piece_key key,
                                  struct piece_entry *entry)
{
    uint32_t bytes = (uint32_t)key.low;
    uint32_t code_point = (bytes & 15) << 12 | (bytes >> 8 & 63) << 6 | (bytes >> 16 & 63);
    const struct character *page = model->quick.symbols->pages[code_point / 256];
    uint32_t symbol = page ? page[code_point % 256].symbol : SYMBOL_NONE;
    uint32_t known = -(uint32_t)(symbol < model->model->n_pieces); /* a mask: half of them are, at random */
    const uint32_t *byte_ids = model->model->byte_ids;
    entry->key = key;
    entry->ids[0] = (symbol & known) | (byte_ids[bytes & 255] & ~known);
    entry->ids[1] = byte_ids[bytes >> 8 & 255];
    entry->ids[2] = byte_ids[bytes >> 16 & 255];
    entry->n_ids = (uint8_t)(3 - (2 & known));
}

/* Looks where the answer would be, so that it is on its way while other rows are written. character: room for
 * the answer of one character. */
static inline void find_bucket(const struct writer *writer, struct row *row, struct piece_entry *character)
{
    const struct quick_encoder *encoder = writer->encoder;
    if (row->size > PIECE_KEY_BYTES) {
        row->key = (struct piece_key){0, 0};
        row->bucket = long_bucket;
        return;
    }
    row->key = piece_key_of(writer->text.data + row->start, row->size);
    if (row->size == 3 && (uint8_t)row->key.low >= 0xe0 && encoder->model->characters_have_ids) {
        fill_character(encoder->model, row->key, character);
        row->bucket = character;
        return;
    }
    row->bucket = encoder->cache.entries ? piece_cache_bucket(&encoder->cache, row->key) : new_bucket;
    row->bucket = row->size == 1 ? &encoder->model->single[row->key.low] : row->bucket;
    __builtin_prefetch(row->bucket);
}

/* Where the row of spaces at start ends: before the last of the run, which leads what follows, or at `last`.
 */
static size_t spaces_end(struct str text, size_t start, size_t last)
{
    size_t at = start + 1;
    while (at < last && text.data[at] == ' ')
        at++;
    return at == last || at == start + 1 ? at : at - 1;
}

/* Lists the rows that end in a block, whose cuts are bits from `at` on. */
static size_t list_rows(struct writer *writer, size_t at, uint64_t cuts, size_t *row_start,
                        struct row rows[CUTTER_BLOCK], struct piece_entry characters[CUTTER_BLOCK])
{
    bool spaces_lead = writer->encoder->model->cutter.spaces_lead;
    size_t n = 0, start = *row_start;
    for (; cuts; cuts &= cuts - 1) {
        size_t end = at + (size_t)__builtin_ctzll(cuts);
        struct row *row = &rows[n++];
        if (end - start == 1 && writer->text.data[start] == ' ' && spaces_lead) {
            size_t last = at + 63 - (size_t)__builtin_clzll(cuts);
            end = spaces_end(writer->text, start, last);
            cuts &= ~0ull << (end - at);
            *row = (struct row){{0, 0}, spaces_bucket, (uint32_t)start, (uint32_t)(end - start)};
        } else {
            row->start = (uint32_t)start;
            row->size = (uint32_t)(end - start);
            find_bucket(writer, row, &characters[row - rows]);
        }
        start = end;
    }
    *row_start = start;
    return n;
}

/* A block cut before each byte: each is a row of one ASCII character. False when one is not that simple. */
static bool put_bytes(struct writer *writer, size_t at)
{
    const uint32_t *ascii_ids = writer->encoder->model->ascii_ids;
    const uint8_t *bytes = (const uint8_t *)writer->text.data + at;
    uint32_t worst = 0;
    for (size_t i = 0; i < CUTTER_BLOCK; i++) {
        writer->out[i] = ascii_ids[bytes[i]];
        worst |= writer->out[i];
    }
    if (worst >> 31)
        return false;
    writer->out += CUTTER_BLOCK;
    return true;
}

/* Writes the rows that end in a block. */
static enum sidetok_error put_rows(struct writer *writer, size_t at, uint64_t cuts, size_t *row_start)
{
    struct row rows[CUTTER_BLOCK];
    struct piece_entry characters[CUTTER_BLOCK];
    const struct piece_cache *cache = &writer->encoder->cache;
    if (writer->limit - writer->out < BLOCK_ROOM)
        TRY(make_room(writer, BLOCK_ROOM));
    if (cuts == UINT64_MAX && *row_start + 1 == at && writer->n_spaces == 0 && put_bytes(writer, at - 1)) {
        *row_start = at + CUTTER_BLOCK - 1;
        return SIDETOK_OK;
    }
    size_t n = list_rows(writer, at, cuts, row_start, rows, characters);
    for (size_t i = 0; i < n; i++) {
        const struct piece_entry *entry = rows[i].bucket;
        if (!piece_key_equal(entry->key, rows[i].key))
            entry = piece_cache_find(cache, entry, rows[i].key);
        if (!entry || entry->n_ids > PIECE_INLINE_IDS || writer->n_spaces > 0) {
            TRY(put_odd_row(writer, &rows[i], rows + n));
            continue;
        }
        memcpy(writer->out, entry->ids, sizeof entry->ids);
        writer->out += entry->n_ids;
    }
    return SIDETOK_OK;
}

enum sidetok_error quick_encode(struct call *call, struct quick_encoder *encoder, struct str text,
                                size_t start, size_t end, struct ids *ids)
{
    enum { FIRST_ROOM = 1 << 15 };
    struct writer writer = {.call = call,
                            .encoder = encoder,
                            .text = text,
                            .ids = ids,
                            .start = start,
                            .at = start,
                            .end = end,
                            .first_id = ids->n};
    struct character last = {SYMBOL_NONE, 0};
    size_t row_start = start, size, guess = (end - start) / 4;
    encoder->n_merged = 0;
    if (start == end)
        return SIDETOK_OK;
    TRY(make_room(&writer, (guess < FIRST_ROOM ? guess : FIRST_ROOM) + BLOCK_ROOM));
    for (size_t at = start; at < end; at += size) {
        writer.at = at;
        uint64_t cuts = cutter_block(&encoder->model->cutter, (struct str){text.data, end}, at, &last, &size);
        TRY(put_rows(&writer, at, at == start ? cuts & ~1ull : cuts, &row_start));
    }
    TRY(put_rows(&writer, end, 1, &row_start));
    TRY(flush_spaces(&writer, end));
    return make_room(&writer, 0);
}

/* Puts the vocabulary into the cache: each piece as a row by itself, with what it encodes to. */
static void seed_cache(struct quick_encoder *encoder)
{
    const struct quick_model *model = encoder->model;
    for (uint32_t id = 0; id < model->model->n_pieces; id++) {
        struct str text = model->quick.symbols->texts[id];
        char padded[PIECE_KEY_BYTES] = {0};
        uint32_t ids[PIECE_KEY_BYTES * 4];
        if (!text.data || text.size > PIECE_KEY_BYTES || text.size < 2)
            continue;
        memcpy(padded, text.data, text.size);
        size_t n = quick_row_ids(model, text, ids);
        piece_cache_put(&encoder->cache, piece_key_of(padded, text.size), ids, (uint32_t)n, true);
    }
}

enum sidetok_error quick_encoder_open(struct call *call, const struct quick_model *model, size_t cache_bytes,
                                      struct quick_encoder *ret)
{
    *ret = (struct quick_encoder){.model = model};
    if (!model->usable)
        return SIDETOK_OK;
    TRY(piece_cache_open(call, &ret->cache, cache_bytes));
    if (ret->cache.entries)
        seed_cache(ret);
    return SIDETOK_OK;
}

void quick_encoder_trim(struct quick_encoder *encoder)
{
    quick_row_trim(&encoder->row);
    merger_trim(&encoder->merger);
}

void quick_encoder_close(struct quick_encoder *encoder)
{
    piece_cache_close(&encoder->cache);
    quick_row_done(&encoder->row);
    merger_done(&encoder->merger);
}
