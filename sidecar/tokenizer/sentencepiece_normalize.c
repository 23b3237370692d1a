#include "sentencepiece.h"

#include "utf8.h"

static const struct str space_symbol = {"\xE2\x96\x81", 3};

/* The size of the user-defined piece or else of the character that text begins with. Rule: NormalizePrefix.
 */
static size_t prefix_size(const struct sentencepiece *tokenizer, struct str text)
{
    uint32_t code_point;
    const struct matcher_word *word = matcher_find(&tokenizer->raw_words, text);
    return word ? word->text.size : utf8_read(text, 0, &code_point);
}

/* Without the white space at the beginning. */
static struct str trim_start(const struct sentencepiece *tokenizer, struct str text)
{
    while (text.size > 0 && text.data[0] == ' ' && prefix_size(tokenizer, text) == 1)
        text = str_from_offset(text, 1);
    return text;
}

/* Copies text, several spaces in a row as one; returns how much was written. */
static size_t copy_squeezed(const struct sentencepiece *tokenizer, char *out, struct str text)
{
    size_t n = 0;
    bool after_space = true;
    for (size_t at = 0; at < text.size;) {
        struct str part = {text.data + at, prefix_size(tokenizer, str_from_offset(text, at))};
        at += part.size;
        while (after_space && part.size > 0 && part.data[0] == ' ')
            part = str_from_offset(part, 1);
        if (part.size == 0)
            continue;
        memcpy(out + n, part.data, part.size);
        n += part.size;
        after_space = part.data[part.size - 1] == ' ';
    }
    return n;
}

/* Where the first U+2581 is; size when there is none. memchr is several times as fast as memmem. */
static size_t find_symbol(const char *text, size_t size)
{
    const char *at = text, *end = text + size;
    for (; (at = memchr(at, space_symbol.data[0], (size_t)(end - at))) != NULL; at++)
        if (str_starts_with((struct str){at, (size_t)(end - at)}, space_symbol))
            return (size_t)(at - text);
    return size;
}

/* U+2581 becomes a space, in place. */
static size_t join_spaces(char *text, size_t size)
{
    size_t n = find_symbol(text, size);
    for (size_t at = n; at < size;) {
        if (str_starts_with((struct str){text + at, size - at}, space_symbol)) {
            text[n++] = ' ';
            at += space_symbol.size;
        } else {
            text[n++] = text[at++];
        }
    }
    return n;
}

enum sidetok_error sentencepiece_normalize(struct call *call, const struct sentencepiece *tokenizer,
                                           struct str text, struct str *ret_text)
{
    const struct sentencepiece_model *model = &tokenizer->model;
    if (model->remove_extra_whitespaces)
        text = trim_start(tokenizer, text);
    *ret_text = STR("");
    if (text.size == 0)
        return SIDETOK_OK;
    char *out = call_alloc(call, text.size + 2 + PIECE_KEY_BYTES);
    if (!out)
        return SIDETOK_E_NO_MEMORY;
    size_t n = 0;
    if (model->add_dummy_prefix && !model->whitespace_as_suffix)
        out[n++] = ' ';
    if (model->remove_extra_whitespaces) {
        n += copy_squeezed(tokenizer, out + n, text);
    } else {
        memcpy(out + n, text.data, text.size);
        n += text.size;
    }
    if (model->escape_whitespaces)
        n = join_spaces(out, n);
    while (model->remove_extra_whitespaces && n > 0 && out[n - 1] == ' ')
        n--;
    if (model->add_dummy_prefix && model->whitespace_as_suffix)
        out[n++] = ' ';
    memset(out + n, 0, PIECE_KEY_BYTES);
    *ret_text = (struct str){out, n};
    return SIDETOK_OK;
}
