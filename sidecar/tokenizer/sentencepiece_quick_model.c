#include "sentencepiece_quick.h"

/* What is known before any text: the answers for single characters and for runs of spaces. */

static enum sidetok_error build_single(struct call *call, struct quick_model *model)
{
    model->single = call_alloc_array(call, SINGLE_ENTRIES, sizeof *model->single);
    if (!model->single)
        return SIDETOK_E_NO_MEMORY;
    memset(model->ascii_ids, 0xff, sizeof model->ascii_ids);
    for (int c = 0; c < 128; c++) {
        char text = (char)c;
        uint32_t ids[PIECE_KEY_BYTES * 4];
        size_t n = quick_row_ids(model, (struct str){&text, 1}, ids);
        model->single[c].key.low = (uint64_t)c;
        model->single[c].n_ids = (uint8_t)n;
        memcpy(model->single[c].ids, ids, n * sizeof *ids);
        model->ascii_ids[c] = n > 1 || (c == ' ' && model->cutter.spaces_lead) ? UINT32_MAX : ids[0];
    }
    return SIDETOK_OK;
}

/* The ids of runs of up to MAX_KNOWN_SPACES spaces. */
static enum sidetok_error build_spaces(struct call *call, struct quick_model *model)
{
    char spaces[MAX_KNOWN_SPACES];
    struct str text = {spaces, 0};
    struct quick_row row = {0};
    struct merger merger = {0};
    enum sidetok_error error = SIDETOK_OK;
    uint32_t n = 0;
    memset(spaces, ' ', sizeof spaces);
    model->spaces = call_alloc(call, sizeof *model->spaces * MAX_KNOWN_SPACES * MAX_KNOWN_SPACES / 2 * 3);
    if (!model->spaces)
        return SIDETOK_E_NO_MEMORY;
    while (error == SIDETOK_OK && text.size++ < MAX_KNOWN_SPACES) {
        error = quick_merge(call, &model->quick, &row, &merger, text);
        for (size_t i = 0; i < row.n_tokens; i++)
            n += (uint32_t)quick_symbol_ids(model, row.tokens[i].symbol, text, row.tokens[i].start,
                                            model->spaces + n);
        model->space_ends[text.size] = n;
    }
    quick_row_done(&row);
    merger_done(&merger);
    return error;
}

/* Whether a character that is a symbol of a piece is that piece's id: none is of type UNUSED. */
static bool characters_have_ids(const struct quick_model *model)
{
    for (uint32_t id = 0; id < model->model->n_pieces; id++)
        if (model->model->pieces[id].type == PIECE_UNUSED)
            return false;
    return true;
}

enum sidetok_error quick_model_build(struct call *call, const struct sentencepiece_model *model,
                                     const struct symbols *symbols, struct quick_model *ret)
{
    *ret = (struct quick_model){.model = model};
    if (!model->byte_fallback)
        return SIDETOK_OK;
    TRY(quick_build(call, symbols, &ret->quick));
    if (!ret->quick.usable)
        return SIDETOK_OK;
    TRY(cutter_build(call, symbols, &ret->cutter));
    TRY(build_single(call, ret));
    TRY(build_spaces(call, ret));
    ret->characters_have_ids = characters_have_ids(ret);
    ret->usable = true;
    return SIDETOK_OK;
}
