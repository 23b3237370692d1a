#include "buf.h"
#include "tests/support/test.h"
#include "tokenizer.h"

#include <stdlib.h>
#include <unistd.h>

/* A Tekken file in a directory of its own: the 256 bytes, a few pieces, two special tokens given and two
 * filled in. */
struct sample {
    char directory[64], path[128];
};

static const char tail[] =
    "{\"rank\":256,\"token_bytes\":\"YWI=\",\"token_str\":\"ab\"},"    /* ab */
    "{\"rank\":257,\"token_bytes\":\"YWJj\",\"token_str\":\"abc\"},"   /* abc */
    "{\"rank\":258,\"token_bytes\":\"eHl6\",\"token_str\":\"xyz\"}]}"; /* no way of merges */

static void base64_of_byte(unsigned byte, char text[5])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text[0] = digits[byte >> 2];
    text[1] = digits[(byte & 3) << 4];
    memcpy(text + 2, "==", 3);
}

static void sample_write(struct sample *sample, const char *head)
{
    strcpy(sample->directory, "/tmp/tekken_test_XXXXXX");
    CHECK(mkdtemp(sample->directory) != NULL);
    snprintf(sample->path, sizeof sample->path, "%s/tekken.json", sample->directory);
    FILE *file = fopen(sample->path, "w");
    CHECK(file != NULL);
    fprintf(file, "%s\"vocab\":[", head);
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[5];
        base64_of_byte(byte, text);
        fprintf(file, "{\"rank\":%u,\"token_bytes\":\"%s\",\"token_str\":null},", byte, text);
    }
    fputs(tail, file);
    fclose(file);
}

static void sample_remove(struct sample *sample)
{
    unlink(sample->path);
    rmdir(sample->directory);
}

#define SPECIALS                                                                                             \
    "\"special_tokens\":[{\"rank\":0,\"token_str\":\"<s>\"},{\"rank\":5,\"token_str\":\"</s>\"}],"
#define CONFIG(version, size, specials, pattern)                                                             \
    "{\"config\":{\"version\":\"" version "\",\"pattern\":\"" pattern "\",\"default_vocab_size\":" #size     \
    ",\"default_num_special_tokens\":" #specials "},"

TEST(tekken_encodes_whole_pieces_before_merges)
{
    struct sample sample;
    struct call call;
    struct tokenizer *tokenizer;
    struct encoder *encoder;
    struct ids ids = {0};
    call_init(&call);
    sample_write(&sample, CONFIG("v11", 263, 4, ".+") SPECIALS);
    CHECK_INT(tokenizer_open(&call, str_from(sample.path), NULL, NULL, &tokenizer), SIDETOK_OK);
    CHECK_INT(encoder_open(&call, tokenizer, 0, &encoder), SIDETOK_OK);
    CHECK_INT(encoder_encode(&call, encoder, STR("xyz\nabcab\n\nxyzz"), &ids), SIDETOK_OK);
    const uint32_t expected[] = {4 + 258, 4 + 257, 4 + 256, 4 + 'x', 4 + 'y', 4 + 'z', 4 + 'z'};
    CHECK_INT(ids.n, sizeof expected / sizeof expected[0]);
    CHECK(ids.n == 7 && memcmp(ids.data, expected, sizeof expected) == 0);
    encoder_close(encoder);
    tokenizer_close(tokenizer);
    sample_remove(&sample);
    call_done(&call);
}

#define PATTERN                                                                                              \
    "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*[\\\\p{Ll}\\\\p{Lm}\\\\p{" \
    "Lo}\\\\p{M}]+"                                                                                          \
    "|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+[\\\\p{Ll}\\\\p{Lm}"      \
    "\\\\p{Lo}\\\\p{M}]*"                                                                                    \
    "|\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"

/* Texts of any length, so that windows, tails and keys end everywhere; each twice, so that it is learned. */
TEST(tekken_paths_agree)
{
    static const char *const atoms[] = {"ab",
                                        "abc",
                                        " xyz",
                                        "A",
                                        " ",
                                        "\n",
                                        "7",
                                        "2024",
                                        ".",
                                        "\xc3\xa9",
                                        "\xe6\x97\xa5",
                                        "\xf0\x9f\x98\x80",
                                        " a rather long word",
                                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct sample sample;
    struct call call;
    struct tokenizer *tokenizer;
    struct encoder *encoders[3];
    unsigned seed = 5;
    call_init(&call);
    sample_write(&sample, CONFIG("v11", 263, 4, PATTERN) SPECIALS);
    CHECK_INT(tokenizer_open(&call, str_from(sample.path), NULL, NULL, &tokenizer), SIDETOK_OK);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(i == 1 ? unsetenv("SIDETOK_SIMD") : setenv("SIDETOK_SIMD", "c", 1), 0);
        CHECK_INT(encoder_open(&call, tokenizer, i == 2 ? 0 : 1 << 20, &encoders[i]), SIDETOK_OK);
    }
    for (int round = 0; round < 4000; round++) {
        struct call work;
        struct buf text;
        struct ids ids[3] = {{0}, {0}, {0}};
        call_init(&work);
        buf_init(&text, &work);
        for (int n = rand_r(&seed) % (round % 10 ? 12 : 200); n >= 0; n--)
            buf_append(&text, str_from(atoms[(size_t)rand_r(&seed) % (sizeof atoms / sizeof atoms[0])]));
        for (size_t i = 0; i < 3; i++)
            CHECK_INT(encoder_encode(&work, encoders[i], buf_str(&text), &ids[i]), SIDETOK_OK);
        CHECK(ids[1].n == ids[0].n && memcmp(ids[0].data, ids[1].data, ids[0].n * sizeof(uint32_t)) == 0);
        CHECK(ids[2].n == ids[0].n && memcmp(ids[0].data, ids[2].data, ids[0].n * sizeof(uint32_t)) == 0);
        call_done(&work);
    }
    for (size_t i = 0; i < 3; i++)
        encoder_close(encoders[i]);
    tokenizer_close(tokenizer);
    sample_remove(&sample);
    call_done(&call);
}

/* The transformers wrapper takes each special token's piece when it opens; the library itself does not. */
TEST(tekken_special_ranks_beyond_the_vocabulary_fail_in_the_wrapper_only)
{
    struct sample sample;
    struct call call;
    struct tokenizer *tokenizer;
    call_init(&call);
    sample_write(&sample, CONFIG("v11", 263, 4, ".+") SPECIALS);
    CHECK_INT(tokenizer_open(&call, str_from(sample.path), NULL, NULL, &tokenizer), SIDETOK_OK);
    CHECK_INT(tokenizer_check_specials(&call, tokenizer), SIDETOK_OK); /* rank 5 is an ordinary id */
    tokenizer_close(tokenizer);
    sample_remove(&sample);

    sample_write(&sample, CONFIG("v11", 263, 4, ".+") "\"special_tokens\":[{\"rank\":0,\"token_str\":\"<s>\"}"
                                                      ",{\"rank\":400,\"token_str\":\"</s>\"}],");
    CHECK_INT(tokenizer_open(&call, str_from(sample.path), NULL, NULL, &tokenizer), SIDETOK_OK);
    CHECK_INT(tokenizer_check_specials(&call, tokenizer), SIDETOK_E_KEY);
    CHECK_STR(call.failure.message, STR("'Invalid token for decoding: 396'"));
    tokenizer_close(tokenizer);
    sample_remove(&sample);
    call_done(&call);
}

/* KEEP indexes the list of special tokens by place; get_special_token gives the rank that the file says. */
TEST(tekken_decodes_specials_by_place_and_names_them_by_rank)
{
    struct sample sample;
    struct call call;
    struct tokenizer *tokenizer;
    struct buf out;
    int64_t id = 0;
    bool special;
    call_init(&call);
    sample_write(&sample, CONFIG("v11", 263, 4, ".+") SPECIALS);
    CHECK_INT(tokenizer_open(&call, str_from(sample.path), NULL, NULL, &tokenizer), SIDETOK_OK);
    buf_init(&out, &call);
    const int64_t ids[] = {1, 4 + 257, -1, 4 + 0xff};
    CHECK_INT(tokenizer_decode(&call, tokenizer, ids, 4, POLICY_KEEP, &out), SIDETOK_OK);
    CHECK_STR(buf_str(&out), STR("</s>abc<SPECIAL_3>\xef\xbf\xbd"));
    CHECK_INT(tokenizer_special_id(&call, tokenizer, STR("</s>"), &id), SIDETOK_OK);
    CHECK_INT(id, 5);
    CHECK_INT(tokenizer_is_special_id(&call, tokenizer, 5, &special), SIDETOK_OK);
    CHECK(special);
    CHECK_INT(tokenizer_is_special_id(&call, tokenizer, 1, &special), SIDETOK_OK);
    CHECK(!special);
    CHECK_INT(tokenizer_special_id(&call, tokenizer, STR("<unk>"), &id), SIDETOK_E_VALUE);
    CHECK_STR(call.failure.message, STR("Unknown control token <unk>"));
    call_reset(&call);
    CHECK_INT(tokenizer_special_id(&call, tokenizer, (struct str){"a\0b", 3}, &id), SIDETOK_E_VALUE);
    CHECK_STR(call.failure.message, ((struct str){"Unknown control token a\0b", 25}));
    tokenizer_close(tokenizer);
    sample_remove(&sample);
    call_done(&call);
}

TEST(tekken_refuses_files_in_the_reference_words)
{
    static const struct {
        const char *head;
        enum sidetok_error error;
        struct str message;
    } cases[] = {
        {CONFIG("v11", 400, 4, ".+") SPECIALS, SIDETOK_E_ASSERTION, STR("(400, 259, 4)")},
        {CONFIG("v11", 263, 1, ".+") SPECIALS, SIDETOK_E_ASSERTION, STR("")},
        {CONFIG("v11", 3, 4, ".+") SPECIALS, SIDETOK_E_NOT_SUPPORTED, STR("")},
        {CONFIG("v11", 263, 4, "a*") SPECIALS, SIDETOK_E_NOT_SUPPORTED, STR("")},
        {"{", SIDETOK_E_KEY, STR("'config'")},
        {"{\"config\":[],", SIDETOK_E_ATTRIBUTE, STR("'list' object has no attribute 'get'")},
        {"{\"config\":{\"version\":[]},", SIDETOK_E_TYPE, STR("unhashable type: 'list'")},
        {"{\"x\":tru,", SIDETOK_E_JSON_DECODE, STR("Expecting value: line 1 column 6 (char 5)")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample sample;
        struct call call;
        struct tokenizer *tokenizer;
        call_init(&call);
        sample_write(&sample, cases[i].head);
        enum sidetok_error error = tokenizer_open(&call, str_from(sample.path), NULL, NULL, &tokenizer);
        if (i == 2) /* a negative size cuts from the end and then shows all that is left */
            CHECK(error == SIDETOK_E_ASSERTION &&
                  str_starts_with(call.failure.message, STR("(-1, {b'\\x00': 0, ")));
        else
            CHECK_INT(error, cases[i].error);
        if (cases[i].message.size > 0)
            CHECK_STR(call.failure.message, cases[i].message);
        sample_remove(&sample);
        call_done(&call);
    }
}

TEST(tekken_open_survives_every_failing_allocation)
{
    struct sample sample;
    sample_write(&sample, CONFIG("v11", 263, 4, ".+") SPECIALS);
    enum sidetok_error error = SIDETOK_E_NO_MEMORY;
    size_t fail = 1;
    for (; fail < 400 && error != SIDETOK_OK; fail++) {
        struct call call;
        struct tokenizer *tokenizer;
        call_init(&call);
        call.arena.fail_after = fail;
        error = tokenizer_open(&call, str_from(sample.path), NULL, NULL, &tokenizer);
        CHECK(error == SIDETOK_OK || error == SIDETOK_E_NO_MEMORY);
        if (error == SIDETOK_OK)
            tokenizer_close(tokenizer);
        call_done(&call);
    }
    CHECK(error == SIDETOK_OK && fail > 5);
    sample_remove(&sample);
}

TEST_MAIN(RUN(tekken_encodes_whole_pieces_before_merges), RUN(tekken_paths_agree),
          RUN(tekken_special_ranks_beyond_the_vocabulary_fail_in_the_wrapper_only),
          RUN(tekken_decodes_specials_by_place_and_names_them_by_rank),
          RUN(tekken_refuses_files_in_the_reference_words),
          RUN(tekken_open_survives_every_failing_allocation))
