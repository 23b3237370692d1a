/* The first byte chooses one of four small models, the rest is text: every way of the engine gives what the
 * naive one gives, on first sight and from what it has learned of the inputs before. */

#include "text.h"

#include "sidecar/tokenizer/engine.h"
#include "tests/support/naive.h"
#include "tests/support/small_vocab.h"

enum {
    N_MODELS = 4,
    N_WAYS = 3,
    BYTE_IDS = 3 + CONTROL_COUNT - CONTROL_BEGIN_INST + 2,
    PIECE_IDS = BYTE_IDS + 256
};

static const struct {
    const char *simd; /* SIDETOK_SIMD; NULL: the best there is */
    size_t cache_bytes;
} ways[N_WAYS] = {{NULL, 1 << 20}, {"c", 1 << 16}, {NULL, 0}};

static const struct str words[] = {STR("[R]"), STR("[R]a")};

static struct small {
    struct small_vocab vocab;
    struct naive_piece items[SMALL_MAX_PIECES + 2];
    struct naive_pieces pieces;
    struct tokenizer *tokenizers[N_WAYS]; /* the way of merging is the tokenizer's */
    struct encoder *encoders[N_WAYS];
} smalls[N_MODELS];

static void open_ways(struct call *call, struct small *small, struct str file)
{
    for (int way = 0; way < N_WAYS; way++) {
        if (ways[way].simd)
            setenv("SIDETOK_SIMD", ways[way].simd, 1);
        else
            unsetenv("SIDETOK_SIMD");
        FUZZ_CHECK(sentencepiece_open(call, STR("m.model.v7"), STR("m.model.v7"), file,
                                      &small->tokenizers[way]) == SIDETOK_OK);
        FUZZ_CHECK(encoder_open(call, small->tokenizers[way], ways[way].cache_bytes, &small->encoders[way]) ==
                   SIDETOK_OK);
    }
}

static void open_small(struct small *small, uint64_t seed)
{
    struct call call;
    struct buf file;
    call_init(&call);
    buf_init(&file, &call);
    small_spm_file(&file, &small->vocab, seed);
    open_ways(&call, small, buf_str(&file));
    const uint32_t n = small->vocab.n;
    for (uint32_t i = 0; i < n; i++)
        small->items[i] =
            (struct naive_piece){small->vocab.pieces[i], PIECE_IDS + i, -(double)small_score(i)};
    for (uint32_t i = 0; i < 2; i++)
        small->items[n + i] = (struct naive_piece){words[i], BYTE_IDS - 2 + i, 0};
    small->pieces = (struct naive_pieces){small->items, n + 2};
    naive_sort(&small->pieces);
    call_done(&call);
}

static struct small *choose(uint8_t number)
{
    struct small *small = &smalls[number % N_MODELS];
    if (!small->tokenizers[0])
        open_small(small, number % N_MODELS);
    return small;
}

static void compare(struct call *call, uint8_t number, struct str text)
{
    struct small *small = choose(number);
    static uint32_t expected[3 * NAIVE_MAX_BYTES + 3];
    size_t n = naive_spm(&small->pieces, words, 2, BYTE_IDS, text, expected);
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
