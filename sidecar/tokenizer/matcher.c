#include "matcher.h"

#include <stdlib.h>

/* The reference looks at the 64 shortest of the words that fit. */
enum { MAX_FITTING = 64 };

void matcher_init(struct matcher *matcher)
{
    *matcher = (struct matcher){.only_first = -1};
}

enum sidetok_error matcher_add(struct call *call, struct matcher *matcher, struct str text, uint32_t id)
{
    if (matcher->n_words == matcher->capacity) {
        size_t capacity = matcher->capacity ? matcher->capacity * 2 : 32;
        struct matcher_word *words = arena_grow(&call->arena, matcher->words,
                                                matcher->capacity * sizeof *words, capacity * sizeof *words);
        if (!words)
            return failure_no_memory(call);
        matcher->words = words;
        matcher->capacity = capacity;
    }
    matcher->words[matcher->n_words++] = (struct matcher_word){text, id};
    return SIDETOK_OK;
}

static int compare_words(const void *a, const void *b)
{
    return str_compare(((const struct matcher_word *)a)->text, ((const struct matcher_word *)b)->text);
}

void matcher_finish(struct matcher *matcher)
{
    if (matcher->n_words == 0)
        return;
    qsort(matcher->words, matcher->n_words, sizeof *matcher->words, compare_words);
    uint8_t least = (uint8_t)matcher->words[0].text.data[0];
    uint8_t most = (uint8_t)matcher->words[matcher->n_words - 1].text.data[0];
    matcher->only_first = least == most ? least : -1;
    for (size_t i = 0; i < matcher->n_words; i++)
        matcher->first[(uint8_t)matcher->words[i].text.data[0]] = true;
}

/* The first word in [low, high) whose byte at depth is not below byte; all are longer than depth. */
static size_t lower_bound(const struct matcher *matcher, size_t low, size_t high, size_t depth, unsigned byte)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((uint8_t)matcher->words[middle].text.data[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Words [low, high) begin with the first depth bytes of text; the one that ends there comes first. */
const struct matcher_word *matcher_find(const struct matcher *matcher, struct str text)
{
    const struct matcher_word *longest = NULL;
    size_t low = 0, high = matcher->n_words;
    int n_fitting = 0;
    if (text.size == 0 || !matcher->first[(uint8_t)text.data[0]])
        return NULL;
    for (size_t depth = 0; low < high && n_fitting < MAX_FITTING; depth++) {
        if (matcher->words[low].text.size == depth) {
            longest = &matcher->words[low++];
            n_fitting++;
        }
        if (depth == text.size)
            break;
        unsigned byte = (uint8_t)text.data[depth];
        low = lower_bound(matcher, low, high, depth, byte);
        high = lower_bound(matcher, low, high, depth, byte + 1);
    }
    return longest;
}

size_t matcher_seek(const struct matcher *matcher, struct str text, size_t at)
{
    if (matcher->n_words == 0)
        return text.size;
    if (matcher->only_first >= 0) {
        const char *found = memchr(text.data + at, matcher->only_first, text.size - at);
        return found ? (size_t)(found - text.data) : text.size;
    }
    while (at < text.size && !matcher->first[(uint8_t)text.data[at]])
        at++;
    return at;
}
