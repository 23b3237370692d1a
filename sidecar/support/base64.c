#include "base64.h"

#include <stdint.h>

/* The value of a character of the alphabet, 64 for any other. */
static unsigned base64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26u;
    if (c >= '0' && c <= '9')
        return c - '0' + 52u;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

static bool base64_is_ascii(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

/* Where decoding stands: characters of the group of four so far, their last bits, and pads just seen. */
struct base64_state {
    unsigned quad, left, pads;
    size_t n;
    bool padded; /* a complete padding ended the text */
};

static void base64_take(struct base64_state *state, unsigned value, char *out)
{
    state->pads = 0;
    switch (state->quad) {
    case 0:
        state->left = value;
        break;
    case 1:
        out[state->n++] = (char)(state->left << 2 | value >> 4);
        state->left = value & 15;
        break;
    case 2:
        out[state->n++] = (char)(state->left << 4 | value >> 2);
        state->left = value & 3;
        break;
    default:
        out[state->n++] = (char)(state->left << 6 | value);
        break;
    }
    state->quad = (state->quad + 1) % 4;
}

enum base64_result base64_decode(struct call *call, struct str text, struct str *ret_bytes)
{
    if (!base64_is_ascii(text))
        return BASE64_NOT_ASCII;
    char *out = call_alloc(call, text.size / 4 * 3 + 3);
    if (!out)
        return BASE64_NO_MEMORY;
    struct base64_state state = {0};
    for (size_t i = 0; i < text.size && !state.padded; i++) {
        unsigned char c = (unsigned char)text.data[i];
        unsigned value = base64_value(c);
        if (c == '=')
            state.padded = state.quad >= 2 && state.quad + ++state.pads >= 4;
        else if (value < 64)
            base64_take(&state, value, out);
    }
    *ret_bytes = (struct str){out, state.n};
    if (state.padded || state.quad == 0)
        return BASE64_OK;
    return state.quad == 1 ? BASE64_ONE_MORE : BASE64_BAD_PADDING;
}
