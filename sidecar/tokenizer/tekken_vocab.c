#include "tekken_file.h"

#include "base64.h"
#include "python_repr.h"
#include "tekken_value.h"

/* Rule: `x.keys() == {"rank", "token_bytes", "token_str"}`, `x["rank"] == i`. */
static enum sidetok_error check_entry(struct tekken_file *file, const struct json *entry, size_t i)
{
    int64_t rank = -1;
    if (entry->kind != JSON_OBJECT)
        return failure_set(file->call, SIDETOK_E_ATTRIBUTE, "'%s' object has no attribute 'keys'",
                           value_type(entry));
    const struct json *given = json_get(entry, STR("rank"));
    if (entry->object.n != 3 || !given || !json_get(entry, STR("token_bytes")) ||
        !json_get(entry, STR("token_str")))
        return failure_set(file->call, SIDETOK_E_ASSERTION, "%s", "");
    bool equal = given->kind == JSON_FLOAT ? given->number == (double)i
                                           : value_int(given, &rank) && rank == (int64_t)i;
    return equal ? SIDETOK_OK : failure_set(file->call, SIDETOK_E_ASSERTION, "%s", "");
}

/* The Base64 text of entry i of the general reader's tree. */
static enum sidetok_error entry_text(struct tekken_file *file, size_t i, struct str *ret_text)
{
    if (file->vocab->kind != JSON_ARRAY) /* a dict gives its keys, a string its characters */
        return failure_set(file->call, SIDETOK_E_ATTRIBUTE, "'str' object has no attribute 'keys'");
    const struct json *entry = &file->vocab->array.items[i];
    TRY(check_entry(file, entry, i));
    const struct json *text = json_get(entry, STR("token_bytes"));
    if (text->kind != JSON_STRING)
        return failure_set(file->call, SIDETOK_E_TYPE,
                           "argument should be a bytes-like object or ASCII string, not '%s'",
                           value_type(text));
    *ret_text = text->text;
    return SIDETOK_OK;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes text that is written as it should be, straight to its place; false for any other. */
static bool decode_plain(struct str text, char *out, size_t *ret_size)
{
    size_t n = 0;
    if (text.size % 4 != 0)
        return false;
    for (size_t i = 0; i < text.size; i += 4) {
        const char *c = text.data + i;
        bool last = i + 4 == text.size;
        int pad = last && c[3] == '=' ? (c[2] == '=' ? 2 : 1) : 0;
        int d0 = base64_digit(c[0]), d1 = base64_digit(c[1]);
        int d2 = pad == 2 ? 0 : base64_digit(c[2]), d3 = pad ? 0 : base64_digit(c[3]);
        if ((d0 | d1 | d2 | d3) < 0)
            return false;
        unsigned bits = (unsigned)d0 << 18 | (unsigned)d1 << 12 | (unsigned)d2 << 6 | (unsigned)d3;
        out[n++] = (char)(bits >> 16);
        if (pad < 2)
            out[n++] = (char)(bits >> 8);
        if (pad < 1)
            out[n++] = (char)bits;
    }
    *ret_size = n;
    return true;
}

/* Rule: binascii.a2b_base64; its Error is a ValueError. */
static enum sidetok_error decode_lenient(struct tekken_file *file, struct str text, struct str *ret_bytes)
{
    switch (base64_decode(file->call, text, ret_bytes)) {
    case BASE64_OK:
        return SIDETOK_OK;
    case BASE64_NOT_ASCII:
        return failure_set(file->call, SIDETOK_E_VALUE,
                           "string argument should contain only ASCII characters");
    case BASE64_ONE_MORE:
        return failure_set(
            file->call, SIDETOK_E_BINASCII,
            "Invalid base64-encoded string: number of data characters (%zu) cannot be 1 more than a "
            "multiple of 4",
            ret_bytes->size / 3 * 4 + 1);
    case BASE64_BAD_PADDING:
        return failure_set(file->call, SIDETOK_E_BINASCII, "Incorrect padding");
    case BASE64_NO_MEMORY:
        return SIDETOK_E_NO_MEMORY;
    }
    return SIDETOK_E_NO_MEMORY;
}

/* Rule: `assert i >= 256 or merge == bytes([i]), (i, merge)`. */
static enum sidetok_error check_byte(struct tekken_file *file, size_t i, struct str bytes)
{
    if (i >= 256 || (bytes.size == 1 && (uint8_t)bytes.data[0] == i))
        return SIDETOK_OK;
    struct buf out;
    struct str text;
    buf_init(&out, file->call);
    buf_printf(&out, "(%zu, ", i);
    python_repr_bytes(&out, bytes);
    buf_append_char(&out, ')');
    TRY(buf_finish(&out, &text));
    return failure_set_str(file->call, SIDETOK_E_ASSERTION, text);
}

static enum sidetok_error append_piece(struct tekken_file *file, size_t i, struct buf *bytes)
{
    struct str text, decoded;
    if (file->token_bytes)
        text = file->token_bytes[i];
    else
        TRY(entry_text(file, i, &text));
    char *out = buf_reserve(bytes, text.size);
    if (!out)
        return failure_no_memory(file->call);
    decoded = (struct str){out, 0};
    if (decode_plain(text, out, &decoded.size)) {
        bytes->size += decoded.size;
    } else {
        TRY(decode_lenient(file, text, &decoded));
        buf_append(bytes, decoded);
    }
    return check_byte(file, i, decoded);
}

/* Decodes the pieces of ranks below n into home's memory. */
static enum sidetok_error decode_pieces(struct tekken_file *file, size_t n, uint32_t **ret_offsets,
                                        const char **ret_bytes)
{
    struct call *home = &file->tekken->head.home;
    struct buf bytes;
    uint32_t *offsets = call_alloc_array(home, n + 1, sizeof *offsets);
    if (!offsets)
        return failure_no_memory(file->call);
    buf_init(&bytes, home);
    for (size_t i = 0; i < n; i++) {
        TRY(append_piece(file, i, &bytes));
        if (bytes.size > UINT32_MAX)
            return failure_set(file->call, SIDETOK_E_NOT_SUPPORTED,
                               "a vocabulary over 4 GiB is not supported");
        offsets[i + 1] = (uint32_t)bytes.size;
    }
    buf_append(&bytes, STR("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    if (bytes.out_of_memory)
        return failure_no_memory(file->call);
    *ret_offsets = offsets;
    *ret_bytes = bytes.data;
    return SIDETOK_OK;
}

/* Rule: `assert set(range(inner_vocab_size)) == set(ranks.values())`, whose message shows all ranks. */
static enum sidetok_error refuse_negative(struct tekken_file *file, int64_t inner, size_t n,
                                          const struct ranks *ranks)
{
    struct buf out;
    struct str text;
    buf_init(&out, file->call);
    buf_printf(&out, "(%lld, {", (long long)inner);
    for (size_t i = 0; i < n; i++) {
        buf_append(&out, i ? STR(", ") : STR(""));
        python_repr_bytes(&out, ranks_piece(ranks, (uint32_t)i));
        buf_printf(&out, ": %zu", i);
    }
    buf_append(&out, STR("})"));
    TRY(buf_finish(&out, &text));
    return failure_set_str(file->call, SIDETOK_E_ASSERTION, text);
}

/* A rank written as 1.0 equals 1 in Python, until tiktoken takes the table over. */
static enum sidetok_error check_rank_kinds(struct tekken_file *file, size_t n)
{
    for (size_t i = 0; !file->token_bytes && i < n; i++)
        if (json_get(&file->vocab->array.items[i], STR("rank"))->kind == JSON_FLOAT)
            return failure_set(file->call, SIDETOK_E_TYPE,
                               "'float' object cannot be interpreted as an integer");
    return SIDETOK_OK;
}

/* How many entries are taken; a negative size counts from the end, as a Python slice does. */
static size_t cut(int64_t inner, size_t n_vocab)
{
    if (inner >= 0)
        return (size_t)inner < n_vocab ? (size_t)inner : n_vocab;
    return -inner < (int64_t)n_vocab ? n_vocab - (size_t)-inner : 0;
}

enum sidetok_error tekken_read_vocab(struct tekken_file *file)
{
    struct tekken *tekken = file->tekken;
    int64_t size, inner;
    uint32_t *offsets = NULL;
    const char *bytes = NULL;
    bool duplicate;
    if (!value_int(file->vocab_size, &size)) /* a float: fails as a slice's end, or in range() */
        return failure_set(file->call, SIDETOK_E_TYPE,
                           (double)file->n_vocab > file->vocab_size->number - tekken->head.info.n_special
                               ? "slice indices must be integers or None or have an __index__ method"
                               : "'float' object cannot be interpreted as an integer");
    inner = size - tekken->head.info.n_special;
    size_t n = cut(inner, file->n_vocab);
    if (n > (1u << 30))
        return failure_set(file->call, SIDETOK_E_NOT_SUPPORTED, "a vocabulary of %zu pieces is not supported",
                           n);
    if (file->vocab->kind == JSON_OBJECT && n < file->n_vocab)
        return failure_set(file->call, SIDETOK_E_TYPE, "unhashable type: 'slice'");
    TRY(decode_pieces(file, n, &offsets, &bytes));
    if (ranks_build(&tekken->head.home, &tekken->ranks, (uint32_t)n, offsets, bytes, &duplicate) !=
        SIDETOK_OK)
        return failure_no_memory(file->call);
    if (duplicate)
        return failure_set(file->call, SIDETOK_E_ASSERTION, "%s", "");
    if (inner < 0 && n > 0)
        return refuse_negative(file, inner, n, &tekken->ranks);
    if (n == 0)
        return failure_set(file->call, SIDETOK_E_VALUE, "max() arg is an empty sequence");
    TRY(check_rank_kinds(file, n));
    if (n < 256)
        return failure_set(file->call, SIDETOK_E_NOT_SUPPORTED,
                           "a vocabulary without all 256 bytes is not supported");
    if (cuts_build(&tekken->head.home, &tekken->cuts, &tekken->ranks) != SIDETOK_OK ||
        joins_build(&tekken->head.home, &tekken->joins, &tekken->ranks) != SIDETOK_OK)
        return failure_no_memory(file->call);
    tekken->head.info.n_words = (uint32_t)size;
    return SIDETOK_OK;
}
