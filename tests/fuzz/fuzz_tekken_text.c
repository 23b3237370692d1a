/* The first byte chooses one of four small vocabularies, the rest is text: every way of the engine gives what
 * the naive one gives, on first sight and from what it has learned of the inputs before. */

#include "text.h"

#include "json.h"
#include "sidecar/tokenizer/engine.h"
#include "sidecar/tokenizer/pretokenizer.h"
#include "tests/support/naive.h"
#include "tests/support/small_vocab.h"

enum { N_VOCABS = 4, N_WAYS = 4 };

static const struct {
    const char *simd; /* SIDETOK_SIMD; NULL: the best there is */
    size_t cache_bytes;
} ways[N_WAYS] = {{NULL, 1 << 20}, {"c", 1 << 20}, {"avx2", 0}, {"c", 0}};

static struct small {
    struct small_vocab vocab;
    struct naive_piece items[SMALL_MAX_PIECES];
    struct naive_pieces pieces;
    struct tokenizer *tokenizer;
    struct encoder *encoders[N_WAYS];
} smalls[N_VOCABS];

static void open_encoders(struct call *call, struct small *small)
{
    for (int way = 0; way < N_WAYS; way++) {
        if (ways[way].simd)
            setenv("SIDETOK_SIMD", ways[way].simd, 1);
        else
            unsetenv("SIDETOK_SIMD");
        FUZZ_CHECK(encoder_open(call, small->tokenizer, ways[way].cache_bytes, &small->encoders[way]) ==
                   SIDETOK_OK);
    }
}

static void open_small(struct small *small, uint64_t seed)
{
    struct call call;
    struct buf file, pattern;
    struct json text = {.kind = JSON_STRING, .text = str_from(pretokenizer_pattern)};
    call_init(&call);
    buf_init(&file, &call);
    buf_init(&pattern, &call);
    json_write(&pattern, &text, (struct json_style){0});
    pattern.data[pattern.size - 1] = '\0'; /* between the quotes */
    small_tekken_vocab(&small->vocab, seed);
    small_tekken_file(&file, &small->vocab, "v13", pattern.data + 1, "");
    FUZZ_CHECK(tekken_open(&call, STR("tekken.json"), buf_str(&file), NULL, NULL, &small->tokenizer) ==
               SIDETOK_OK);
    open_encoders(&call, small);
    for (uint32_t i = 0; i < small->vocab.n; i++)
        small->items[i] = (struct naive_piece){small->vocab.pieces[i], i + SMALL_SPECIALS, i};
    small->pieces = (struct naive_pieces){small->items, small->vocab.n};
    naive_sort(&small->pieces);
    call_done(&call);
}

static struct small *choose(uint8_t number)
{
    struct small *small = &smalls[number % N_VOCABS];
    if (!small->tokenizer)
        open_small(small, number % N_VOCABS);
    return small;
}

static void compare(struct call *call, uint8_t number, struct str text)
{
    struct small *small = choose(number);
    static uint32_t expected[NAIVE_MAX_BYTES];
    size_t n = naive_tekken(&small->pieces, text, expected);
    for (int way = 0; way < N_WAYS; way++) {
        struct ids ids = {0};
        FUZZ_CHECK(encoder_encode(call, small->encoders[way], text, &ids) == SIDETOK_OK);
        fuzz_text_same(&ids, expected, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_text(data, size, compare);
    return 0;
}
