#include "tekken.h"

#include "tekken_encode.h"
#include "utf8.h"

#include <inttypes.h>
#include <stdlib.h>

static bool tekken_has_special(const struct tokenizer *tokenizer, struct str text)
{
    return map_find(&tekken_of(tokenizer)->special_of_text, text, NULL);
}

static enum sidetok_error tekken_special_id(struct call *call, const struct tokenizer *tokenizer,
                                            struct str text, int64_t *ret_id)
{
    const struct tekken *tekken = tekken_of(tokenizer);
    uint32_t place;
    if (!map_find(&tekken->special_of_text, text, &place))
        return failure_set_text(call, SIDETOK_E_VALUE, STR("Unknown control token "), text, STR(""));
    *ret_id = tekken->specials[place].rank;
    return SIDETOK_OK;
}

static int compare_ranks(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum sidetok_error tekken_is_special_id(struct call *call, const struct tokenizer *tokenizer,
                                               int64_t id, bool *ret)
{
    (void)call;
    *ret = bsearch(&id, tekken_of(tokenizer)->special_ranks, tokenizer->info.n_special, sizeof id,
                   compare_ranks) != NULL;
    return SIDETOK_OK;
}

/* The special token at a Python index: negative ones count from the end. */
static enum sidetok_error special_at(struct call *call, const struct tekken *tekken, int64_t index,
                                     struct str *ret_text)
{
    int64_t n = tekken->head.info.n_special;
    if (index < -n || index >= n)
        return failure_set(call, SIDETOK_E_INDEX, "list index out of range");
    *ret_text = tekken->specials[index < 0 ? index + n : index].text;
    return SIDETOK_OK;
}

/* Rule: the conversion of a Python int to the regex engine's u32; id is at least n_special. */
static enum sidetok_error check_u32(struct call *call, const struct tekken *tekken, int64_t id)
{
    if (id == INT64_MAX) /* what the caller could not hold: tokenizer.h */
        return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("Python int too large to convert to C long"));
    if (id - tekken->head.info.n_special > UINT32_MAX)
        return failure_set(call, SIDETOK_E_OVERFLOW, "out of range integral type conversion attempted");
    return SIDETOK_OK;
}

/* Rule: `self._model.decode(group)`: all ids are converted before the first is looked up. */
static enum sidetok_error decode_pieces(struct call *call, const struct tekken *tekken, const int64_t *ids,
                                        size_t n, struct buf *out)
{
    struct buf bytes;
    buf_init(&bytes, call);
    for (size_t i = 0; i < n; i++)
        TRY(check_u32(call, tekken, ids[i]));
    for (size_t i = 0; i < n; i++) {
        int64_t rank = ids[i] - tekken->head.info.n_special;
        if (rank >= tekken->ranks.n)
            return failure_set(call, SIDETOK_E_KEY, "'Invalid token for decoding: %" PRId64 "'", rank);
        buf_append(&bytes, ranks_piece(&tekken->ranks, (uint32_t)rank));
    }
    struct str text;
    TRY(buf_finish(&bytes, &text));
    utf8_append_replaced(out, text);
    return SIDETOK_OK;
}

static enum sidetok_error refuse_specials(struct call *call, const int64_t *ids, size_t n)
{
    struct buf list;
    struct str text;
    buf_init(&list, call);
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, i ? ", %" PRId64 : "%" PRId64, ids[i]);
    TRY(buf_finish(&list, &text));
    return failure_set(
        call, SIDETOK_E_VALUE,
        "Decoding `tokens` that contain special tokens ([%.*s]) is not allowed. \n"
        "Either make sure `tokens` do not include any special tokens or, "
        "if you want to decode `tokens` that includes special tokens, "
        "change the tokenizer's special token policy to IGNORE or KEEP: \n"
        "```\nfrom mistral_common.tokens.tokenizers.mistral import MistralTokenizer"
        "\nfrom mistral_common.tokens.tokenizers.tekken import SpecialTokenPolicy"
        "\n\ntokenizer = MistralTokenizer.v3(is_tekken=True)"
        "\ntekken = tokenizer.instruct_tokenizer.tokenizer"
        "\ntekken.special_token_policy = SpecialTokenPolicy.IGNORE  # or SpecialTokenPolicy.KEEP"
        "\n```",
        STR_ARG(text));
}

static enum sidetok_error decode_specials(struct call *call, const struct tekken *tekken, const int64_t *ids,
                                          size_t n, enum special_policy policy, struct buf *out)
{
    if (policy == POLICY_RAISE)
        return refuse_specials(call, ids, n);
    for (size_t i = 0; i < n && policy == POLICY_KEEP; i++) {
        struct str text;
        TRY(special_at(call, tekken, ids[i], &text));
        buf_append(out, text);
    }
    return SIDETOK_OK;
}

/* Rule: Tekkenizer._decode_all: groups of special and other ids, each decoded at once. */
static enum sidetok_error tekken_decode(struct call *call, const struct tokenizer *tokenizer,
                                        const int64_t *ids, size_t n_ids, enum special_policy policy,
                                        struct buf *out)
{
    const struct tekken *tekken = tekken_of(tokenizer);
    for (size_t begin = 0, end; begin < n_ids; begin = end) {
        bool special = ids[begin] < tokenizer->info.n_special;
        for (end = begin + 1; end < n_ids && (ids[end] < tokenizer->info.n_special) == special; end++)
            ;
        if (special)
            TRY(decode_specials(call, tekken, ids + begin, end - begin, policy, out));
        else
            TRY(decode_pieces(call, tekken, ids + begin, end - begin, out));
    }
    struct str text;
    return buf_finish(out, &text);
}

static enum sidetok_error tekken_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                       struct buf *out)
{
    return tekken_decode(call, tokenizer, &id, 1, POLICY_KEEP, out);
}

/* A rank between zero and the number of special tokens has a piece: those are all that most files have. */
static enum sidetok_error tekken_check_specials(struct call *call, const struct tokenizer *tokenizer)
{
    const int64_t *ranks = tekken_of(tokenizer)->special_ranks;
    int64_t n = tokenizer->info.n_special;
    struct buf piece;
    buf_init(&piece, call);
    for (int64_t i = 0; i < n; i++) {
        if (ranks[i] < 0 || ranks[i] >= n)
            TRY(tekken_piece(call, tokenizer, ranks[i], &piece));
    }
    return SIDETOK_OK;
}

static enum sidetok_error tekken_byte_piece(struct call *call, const struct tokenizer *tokenizer, int64_t id,
                                            enum special_policy policy, struct buf *out)
{
    const struct tekken *tekken = tekken_of(tokenizer);
    struct str bytes = STR("");
    if (id < tokenizer->info.n_special) {
        if (policy == POLICY_RAISE)
            return failure_set(call, SIDETOK_E_VALUE, "%" PRId64 " is a special token", id);
        if (policy == POLICY_KEEP)
            TRY(special_at(call, tekken, id, &bytes));
    } else {
        TRY(check_u32(call, tekken, id));
        int64_t rank = id - tokenizer->info.n_special;
        if (rank >= tekken->ranks.n)
            return failure_set(call, SIDETOK_E_KEY, "'%" PRId64 "'", rank);
        bytes = ranks_piece(&tekken->ranks, (uint32_t)rank);
    }
    buf_append(out, bytes);
    return buf_finish(out, &bytes);
}

static void tekken_close(struct tokenizer *tokenizer)
{
    (void)tokenizer; /* all of it lies in the head's home */
}

const struct tokenizer_ops tekken_ops = {
    .close = tekken_close,
    .encoder_open = tekken_encoder_open,
    .encoder_close = tekken_encoder_close,
    .encode = tekken_encode,
    .check = tekken_check,
    .special_id = tekken_special_id,
    .has_special = tekken_has_special,
    .is_special_id = tekken_is_special_id,
    .decode = tekken_decode,
    .piece = tekken_piece,
    .check_specials = tekken_check_specials,
    .byte_piece = tekken_byte_piece,
};
