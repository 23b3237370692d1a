#include "symbols.h"

#include "utf8.h"

enum {
    N_PAGES = 0x1100,
    PAGE_SIZE = 256,
    MAX_JOINTS = 4096,          /* rows of the table of neighbours: 2 MB at most */
    JOINT_ANY = MAX_JOINTS - 1, /* shared by the characters beyond: neighbour to everything */
};

static const struct str space_symbol = {"\xE2\x96\x81", 3};

static bool is_mergeable(const struct piece *piece)
{
    return (piece->type == PIECE_NORMAL || piece->type == PIECE_USER_DEFINED ||
            piece->type == PIECE_UNUSED) &&
           !memchr(piece->text.data, 0, piece->text.size);
}

static struct character *find_character(const struct symbols *symbols, uint32_t code_point)
{
    if (code_point < 128)
        return (struct character *)&symbols->ascii[code_point];
    struct character *page = code_point < N_PAGES * PAGE_SIZE ? symbols->pages[code_point / PAGE_SIZE] : NULL;
    return page ? &page[code_point % PAGE_SIZE] : NULL;
}

size_t symbols_read(const struct symbols *symbols, struct str text, size_t at, struct character *ret)
{
    static const struct character nothing = {SYMBOL_NONE, 0};
    uint32_t code_point;
    size_t size = utf8_read(text, at, &code_point);
    const struct character *found = find_character(symbols, code_point);
    *ret = found ? *found : nothing;
    return size;
}

static void list_joints(const struct character *characters, size_t n, uint32_t *joints)
{
    for (size_t i = 0; i < n; i++)
        if (characters[i].symbol != SYMBOL_NONE)
            joints[characters[i].symbol] = characters[i].joint;
}

void symbols_list_joints(const struct symbols *symbols, uint32_t *joints)
{
    list_joints(symbols->ascii, 128, joints);
    for (int i = 0; i < N_PAGES; i++)
        if (symbols->pages[i])
            list_joints(symbols->pages[i], PAGE_SIZE, joints);
}

/* The piece's text in inner spelling; data is NULL when text never becomes it. */
static enum sidetok_error spell(struct call *call, const struct sentencepiece_model *model, struct str text,
                                struct str *ret)
{
    *ret = (struct str){NULL, 0};
    if (!model->escape_whitespaces) {
        *ret = text;
        return SIDETOK_OK;
    }
    if (memchr(text.data, ' ', text.size))
        return SIDETOK_OK;
    char *out = call_alloc(call, text.size);
    if (!out)
        return SIDETOK_E_NO_MEMORY;
    size_t n = 0;
    for (size_t at = 0; at < text.size;) {
        if (str_starts_with(str_from_offset(text, at), space_symbol)) {
            out[n++] = ' ';
            at += space_symbol.size;
        } else {
            out[n++] = text.data[at++];
        }
    }
    *ret = (struct str){out, n};
    return SIDETOK_OK;
}

/* Makes the character known; its joint is given when it is seen beside another one. */
static enum sidetok_error add_character(struct call *call, struct symbols *symbols, uint32_t code_point,
                                        struct character **ret)
{
    *ret = find_character(symbols, code_point);
    if (*ret)
        return SIDETOK_OK;
    struct character *page = call_alloc_array(call, PAGE_SIZE, sizeof *page);
    if (!page)
        return SIDETOK_E_NO_MEMORY;
    for (int i = 0; i < PAGE_SIZE; i++)
        page[i].symbol = SYMBOL_NONE;
    symbols->pages[code_point / PAGE_SIZE] = page;
    *ret = &page[code_point % PAGE_SIZE];
    return SIDETOK_OK;
}

static enum sidetok_error add_characters(struct call *call, struct symbols *symbols, struct str text)
{
    struct character *character;
    uint32_t code_point;
    for (size_t at = 0; at < text.size;) {
        size_t size = utf8_read(text, at, &code_point);
        TRY(add_character(call, symbols, code_point, &character));
        if (size < text.size && character->joint == 0)
            character->joint = symbols->n_joints < MAX_JOINTS - 1 ? symbols->n_joints++ : JOINT_ANY;
        at += size;
    }
    return SIDETOK_OK;
}

static enum sidetok_error spell_pieces(struct call *call, struct symbols *symbols)
{
    const struct sentencepiece_model *model = symbols->model;
    uint32_t code_point;
    struct character *character;
    for (uint32_t id = 0; id < model->n_pieces; id++) {
        if (!is_mergeable(&model->pieces[id]))
            continue;
        struct str *text = &symbols->texts[id];
        TRY(spell(call, model, model->pieces[id].text, text));
        if (!text->data)
            continue;
        TRY(add_characters(call, symbols, *text));
        if (utf8_read(*text, 0, &code_point) == text->size) {
            TRY(add_character(call, symbols, code_point, &character));
            character->symbol = id;
        }
    }
    return SIDETOK_OK;
}

static void set_join(struct symbols *symbols, uint32_t left, uint32_t right)
{
    symbols->joins[(size_t)left * symbols->joint_stride + right / 64] |= 1ull << (right % 64);
}

static void join_any(struct symbols *symbols)
{
    for (uint32_t joint = 1; joint < symbols->n_joints; joint++) {
        set_join(symbols, joint, JOINT_ANY);
        set_join(symbols, JOINT_ANY, joint);
    }
}

/* Numbers the characters of the piece that have no piece of their own. */
static void number_characters(struct symbols *symbols, struct str text)
{
    uint32_t code_point;
    for (size_t at = 0; at < text.size;) {
        at += utf8_read(text, at, &code_point);
        struct character *character = find_character(symbols, code_point);
        if (character->symbol == SYMBOL_NONE)
            character->symbol = symbols->n++;
    }
}

static enum sidetok_error prepare_joins(struct call *call, struct symbols *symbols)
{
    bool any = symbols->n_joints == MAX_JOINTS - 1;
    symbols->n_joints += any;
    symbols->joint_stride = (symbols->n_joints + 63) / 64;
    symbols->joins =
        call_alloc_array(call, symbols->n_joints, symbols->joint_stride * sizeof *symbols->joins);
    if (!symbols->joins)
        return SIDETOK_E_NO_MEMORY;
    if (any)
        join_any(symbols);
    for (uint32_t id = 0; id < symbols->model->n_pieces; id++)
        number_characters(symbols, symbols->texts[id]);
    return SIDETOK_OK;
}

static uint32_t pair_slot(const struct symbols *symbols, uint32_t left, uint32_t right)
{
    uint64_t hash = (((uint64_t)left << 32) | right) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32) & symbols->pair_mask;
}

const struct pair *symbols_pair(const struct symbols *symbols, uint32_t left, uint32_t right)
{
    if (left == SYMBOL_NONE || right == SYMBOL_NONE)
        return NULL;
    for (uint32_t at = pair_slot(symbols, left, right);; at = (at + 1) & symbols->pair_mask) {
        const struct pair *pair = &symbols->pairs[at];
        if (pair->left == left && pair->right == right)
            return pair;
        if (pair->left == SYMBOL_NONE)
            return NULL;
    }
}

/* Floats in the order that the reference's comparison of their bits gives, best (highest) first. */
static uint32_t order_of(float score)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? bits : ~(bits | 0x80000000u);
}

static void add_pair(struct symbols *symbols, uint32_t left, uint32_t right, uint32_t symbol)
{
    uint32_t at = pair_slot(symbols, left, right);
    while (symbols->pairs[at].left != SYMBOL_NONE)
        at = (at + 1) & symbols->pair_mask;
    float score = symbols->model->pieces[symbol].score;
    symbols->pairs[at] = (struct pair){left, right, order_of(score), symbol};
}

/* The symbol that text is: one character, or a mergeable piece. */
static uint32_t find_symbol(const struct symbols *symbols, const struct map *map, struct str text)
{
    uint32_t code_point, symbol;
    if (utf8_read(text, 0, &code_point) == text.size)
        return find_character(symbols, code_point)->symbol;
    return map_find(map, text, &symbol) ? symbol : SYMBOL_NONE;
}

/* Adds a pair for every way to make the piece out of two symbols, or only counts them. */
static size_t split_piece(struct symbols *symbols, const struct map *map, uint32_t id, bool add)
{
    struct str text = symbols->texts[id];
    uint32_t before, after;
    size_t n = 0;
    for (size_t at = 0; at < text.size;) {
        at += utf8_read(text, at, &before);
        uint32_t left = at < text.size ? find_symbol(symbols, map, (struct str){text.data, at}) : SYMBOL_NONE;
        uint32_t right = left == SYMBOL_NONE ? left : find_symbol(symbols, map, str_from_offset(text, at));
        if (right == SYMBOL_NONE)
            continue;
        n++;
        if (!add)
            continue;
        add_pair(symbols, left, right, id);
        utf8_read(text, at, &after);
        set_join(symbols, find_character(symbols, before)->joint, find_character(symbols, after)->joint);
    }
    return n;
}

static enum sidetok_error build_pairs(struct call *call, struct symbols *symbols)
{
    const struct sentencepiece_model *model = symbols->model;
    struct map map;
    size_t n_pairs = 0, n_slots = 16;
    TRY(map_init(call, &map, model->n_pieces));
    for (uint32_t id = 0; id < model->n_pieces; id++)
        if (symbols->texts[id].data)
            TRY(map_add(call, &map, symbols->texts[id], id, NULL));
    for (uint32_t id = 0; id < model->n_pieces; id++) {
        size_t n = split_piece(symbols, &map, id, false);
        symbols->splits_unused |= n > 0 && model->pieces[id].type == PIECE_UNUSED;
        n_pairs += n;
    }
    while (n_slots / 2 < n_pairs)
        n_slots *= 2;
    if (n_slots > UINT32_MAX / 2 || !(symbols->pairs = call_alloc_array(call, n_slots, sizeof(struct pair))))
        return failure_no_memory(call);
    symbols->pair_mask = (uint32_t)n_slots - 1;
    memset(symbols->pairs, 0xff, n_slots * sizeof(struct pair));
    for (uint32_t id = 0; id < model->n_pieces; id++)
        split_piece(symbols, &map, id, true);
    return SIDETOK_OK;
}

enum sidetok_error symbols_build(struct call *call, const struct sentencepiece_model *model,
                                 struct symbols *ret)
{
    *ret = (struct symbols){.model = model, .n = model->n_pieces, .n_joints = 1};
    for (int i = 0; i < 128; i++)
        ret->ascii[i].symbol = SYMBOL_NONE;
    ret->pages = call_alloc_array(call, N_PAGES, sizeof *ret->pages);
    ret->texts = call_alloc_array(call, model->n_pieces, sizeof *ret->texts);
    if (!ret->pages || !ret->texts)
        return SIDETOK_E_NO_MEMORY;
    TRY(spell_pieces(call, ret));
    TRY(prepare_joins(call, ret));
    return build_pairs(call, ret);
}
