/* Bytes as a SentencePiece model. One that loads encodes, decodes and names its pieces; one that does not
 * says why. */

#include "fuzz.h"

#include "sidecar/tokenizer/engine.h"
#include "utf8.h"

static void use(struct call *call, const struct tokenizer *tokenizer)
{
    static const struct str texts[] = {STR(""), STR("a"), STR("  ab a\n"),
                                       STR("\xe2\x96\x81\xc3\xa9<s>[R]<0x0A>"),
                                       STR("aaaaaaaaaaaaaaaaaaaaaaaaaaa b")};
    struct encoder *encoder;
    FUZZ_CHECK(encoder_open(call, tokenizer, 4096, &encoder) == SIDETOK_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ids ids = {0};
        FUZZ_CHECK(encoder_encode(call, encoder, texts[i], &ids) == SIDETOK_OK);
        int64_t wide[64];
        size_t n = 0;
        for (; n < ids.n && n < 64; n++) {
            wide[n] = ids.data[n];
            FUZZ_CHECK(ids.data[n] < tokenizer_info(tokenizer)->n_words);
        }
        for (int policy = POLICY_IGNORE; policy <= POLICY_RAISE; policy++) {
            struct buf out;
            buf_init(&out, call);
            FUZZ_CHECK(tokenizer_decode(call, tokenizer, wide, n, (enum special_policy)policy, &out) !=
                           SIDETOK_OK ||
                       utf8_is_valid(buf_str(&out), false));
            failure_clear(call);
        }
    }
    encoder_close(encoder);
}

static void name_pieces(struct call *call, const struct tokenizer *tokenizer)
{
    for (int64_t id = -2; id < 40; id++) {
        struct buf out;
        bool special;
        buf_init(&out, call);
        (void)tokenizer_piece(call, tokenizer, id, &out);
        failure_clear(call);
        (void)tokenizer_is_special_id(call, tokenizer, id, &special);
        failure_clear(call);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    struct tokenizer *tokenizer;
    call_init(&call);
    struct str file = {(const char *)data, size}, name = STR("m.model.v7");
    if (sentencepiece_open(&call, name, name, file, &tokenizer) == SIDETOK_OK) {
        use(&call, tokenizer);
        name_pieces(&call, tokenizer);
        tokenizer_close(tokenizer);
    } else {
        FUZZ_CHECK(call.failure.code != SIDETOK_OK && call.failure.code != SIDETOK_E_NO_MEMORY);
    }
    call_done(&call);
    return 0;
}
