#include "cutter.h"

#include "utf8.h"

static bool join(const struct cutter *cutter, struct character left, struct character right)
{
    size_t row = (size_t)left.joint * cutter->symbols->joint_stride;
    return cutter->joins[row + right.joint / 64] >> (right.joint % 64) & 1;
}

static size_t count_spaces(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++)
        n += text.data[i] == ' ';
    return n;
}

/* Whether spaces lead: see the header. */
static bool check_spaces(const struct symbols *symbols)
{
    uint32_t best_of_spaces = UINT32_MAX, worst_of_others = 0;
    uint32_t space = symbols->ascii[' '].symbol;
    if (space >= symbols->model->n_pieces || symbols->model->pieces[space].type == PIECE_UNUSED)
        return false;
    for (size_t i = 0; i <= symbols->pair_mask; i++) {
        const struct pair *pair = &symbols->pairs[i];
        if (pair->left == SYMBOL_NONE)
            continue;
        struct str text = symbols->texts[pair->symbol];
        size_t n_spaces = count_spaces(text);
        if (n_spaces == text.size)
            best_of_spaces = pair->order < best_of_spaces ? pair->order : best_of_spaces;
        else if (n_spaces > 1 || (n_spaces == 1 && text.data[0] != ' '))
            return false;
        else
            worst_of_others = pair->order > worst_of_others ? pair->order : worst_of_others;
    }
    return best_of_spaces > worst_of_others;
}

/* Where in the table the two characters at text are. */
static inline size_t pair_index(const uint8_t *text)
{
    uint16_t index;
    memcpy(&index, text, sizeof index);
    return index;
}

enum sidetok_error cutter_build(struct call *call, const struct symbols *symbols, struct cutter *ret)
{
    struct character space = symbols->ascii[' '];
    *ret = (struct cutter){.symbols = symbols, .spaces_lead = check_spaces(symbols)};
    size_t n_words = (size_t)symbols->n_joints * symbols->joint_stride;
    ret->joins = call_alloc_array(call, n_words, sizeof *ret->joins);
    ret->ascii = call_alloc_array(call, 128 * 256, 1);
    if (!ret->joins || !ret->ascii)
        return SIDETOK_E_NO_MEMORY;
    memcpy(ret->joins, symbols->joins, n_words * sizeof *ret->joins);
    if (ret->spaces_lead)
        ret->joins[(size_t)space.joint * symbols->joint_stride + space.joint / 64] &=
            ~(1ull << space.joint % 64);
    for (unsigned left = 0; left < 128; left++)
        for (unsigned right = 0; right < 128; right++) {
            uint8_t text[2] = {(uint8_t)left, (uint8_t)right};
            ret->ascii[pair_index(text)] = !join(ret, symbols->ascii[left], symbols->ascii[right]);
        }
    return SIDETOK_OK;
}

static bool is_ascii(const uint8_t *text, size_t size)
{
    uint64_t bits = 0, words[CUTTER_BLOCK / 8];
    if (size == CUTTER_BLOCK) {
        memcpy(words, text, sizeof words);
        for (size_t i = 0; i < CUTTER_BLOCK / 8; i++)
            bits |= words[i];
    }
    for (size_t i = 0; size < CUTTER_BLOCK && i < size; i++)
        bits |= text[i];
    return (bits & 0x8080808080808080u) == 0;
}

/* From the end, two halves at a time: one load, one look-up and one shift-and-add for each byte. */
static uint64_t cut_ascii_block(const uint8_t *table, const uint8_t *text)
{
    uint64_t low = 0, high = 0;
    for (size_t i = 31; i > 0; i--) {
        low = low * 2 + table[pair_index(text + i - 1)];
        high = high * 2 + table[pair_index(text + i + 31)];
    }
    high = high * 2 + table[pair_index(text + 31)];
    return low << 1 | high << 32;
}

static uint64_t cut_ascii(const uint8_t *table, const uint8_t *text, size_t size)
{
    uint64_t cuts = 0;
    if (size == CUTTER_BLOCK)
        return cut_ascii_block(table, text);
    for (size_t i = size; i > 1; i--)
        cuts = cuts * 2 + table[pair_index(text + i - 2)];
    return cuts << 1;
}

static uint64_t cut_characters(const struct cutter *cutter, struct str text, size_t at,
                               struct character *last, size_t *ret_size)
{
    uint64_t cuts = 0;
    size_t i = 0;
    while (i < CUTTER_BLOCK && at + i < text.size) {
        struct character character;
        size_t size = symbols_read_quickly(cutter->symbols, text, at + i, &character);
        cuts |= (uint64_t)!join(cutter, *last, character) << i;
        *last = character;
        i += size;
    }
    *ret_size = i;
    return cuts;
}

uint64_t cutter_block(const struct cutter *cutter, struct str text, size_t at, struct character *last,
                      size_t *ret_size)
{
    size_t size = text.size - at < CUTTER_BLOCK ? text.size - at : CUTTER_BLOCK;
    const uint8_t *bytes = (const uint8_t *)text.data + at;
    if (!is_ascii(bytes, size))
        return cut_characters(cutter, text, at, last, ret_size);
    uint64_t first = !join(cutter, *last, cutter->symbols->ascii[bytes[0]]);
    *last = cutter->symbols->ascii[bytes[size - 1]];
    *ret_size = size;
    return first | cut_ascii(cutter->ascii, bytes, size);
}
