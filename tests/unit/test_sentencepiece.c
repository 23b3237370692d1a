#include "sidecar/tokenizer/sentencepiece.h"

#include "tests/support/reference_spm.h"
#include "tests/support/spm_file.h"
#include "tests/support/test.h"
#include "utf8.h"

#include <stdlib.h>

static struct call call;

static struct tokenizer *open_file(struct str file, struct str path)
{
    struct tokenizer *tokenizer = NULL;
    CHECK_INT(sentencepiece_open(&call, path, path, file, &tokenizer), SIDETOK_OK);
    CHECK_STR(call.failure.message, STR(""));
    return tokenizer;
}

static struct encoder *open_encoder(const struct tokenizer *tokenizer, size_t cache_bytes)
{
    struct encoder *encoder = NULL;
    CHECK_INT(sentencepiece_ops.encoder_open(&call, tokenizer, cache_bytes, &encoder), SIDETOK_OK);
    return encoder;
}

static void close_all(struct tokenizer *tokenizer, struct encoder *encoder)
{
    sentencepiece_ops.encoder_close(encoder);
    call_done(&tokenizer->home);
    free(tokenizer);
    call_reset(&call);
}

static struct ids encode(struct encoder *encoder, struct str text)
{
    struct ids ids = {0};
    CHECK_INT(sentencepiece_ops.encode(&call, encoder, text, &ids), SIDETOK_OK);
    return ids;
}

/* A small model: <unk> 0, <s> 1, </s> 2, bytes 3 to 258, then the pieces. */
static struct tokenizer *open_small(void)
{
    struct buf file;
    buf_init(&file, &call);
    spm_piece(&file, STR("<unk>"), 0, PIECE_UNKNOWN);
    spm_piece(&file, STR("<s>"), 0, PIECE_CONTROL);
    spm_piece(&file, STR("</s>"), 0, PIECE_CONTROL);
    spm_byte_pieces(&file);
    spm_piece(&file, STR("\xe2\x96\x81"), -10, PIECE_NORMAL); /* 259 */
    spm_piece(&file, STR("a"), -11, PIECE_NORMAL);            /* 260 */
    spm_piece(&file, STR("b"), -12, PIECE_NORMAL);            /* 261 */
    spm_piece(&file, STR("ab"), -1, PIECE_NORMAL);            /* 262 */
    spm_piece(&file, STR("aa"), -1, PIECE_NORMAL);            /* 263 */
    spm_piece(&file,
              STR("\xe2\x96\x81"
                  "a"),
              -2, PIECE_NORMAL);                         /* 264 */
    spm_piece(&file, STR("[R]"), 0, PIECE_USER_DEFINED); /* 265 */
    spm_trainer(&file, MODEL_BPE, true);
    spm_normalizer(&file, true, false, true);
    return open_file(buf_str(&file), STR("x.model.v3"));
}

TEST(directed_texts_encode_as_the_reference_does)
{
    static const struct {
        struct str text;
        uint32_t ids[12];
        size_t n;
        const char *why;
    } table[] = {
        {{"", 0}, {0}, 0, "no dummy prefix before nothing"},
        {{"a", 1}, {264}, 1, "the dummy prefix merges"},
        {{" ", 1}, {259, 259}, 2, "a space besides the dummy prefix"},
        {{"aab", 3}, {259, 263, 261}, 3, "the leftmost of equal scores first"},
        {{"bab", 3}, {259, 261, 262}, 3, "the better score first"},
        {{"<s>", 3}, {259, 63, 118, 65}, 4, "a control piece is text"},
        {{"a[R]b", 5}, {264, 265, 261}, 3, "a user-defined piece, nothing merges across it"},
        {{"[R][R", 5}, {259, 265, 94, 85}, 4, "a part of one is text"},
        {{"\xe2\x96\x81"
          "a",
          4},
         {259, 264},
         2,
         "U+2581 is a space"},
        {{"\n", 1}, {259, 13}, 2, "a byte"},
        {{"\0", 1}, {259, 3}, 2, "NUL"},
        {{"\xf0\x9f\x98\x80", 4}, {259, 243, 162, 155, 131}, 5, "four bytes"},
    };
    struct tokenizer *tokenizer = open_small();
    struct encoder *encoder = open_encoder(tokenizer, 1 << 20);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            struct ids ids = encode(encoder, table[i].text);
            if (ids.n != table[i].n ||
                (ids.n > 0 && memcmp(ids.data, table[i].ids, ids.n * sizeof *ids.data) != 0)) {
                printf("# wrong: %s (round %d, %zu ids)\n", table[i].why, round, ids.n);
                CHECK(false);
            }
        }
    close_all(tokenizer, encoder);
}

TEST(lone_surrogates_are_refused)
{
    struct tokenizer *tokenizer = open_small();
    struct encoder *encoder = open_encoder(tokenizer, 0);
    struct ids ids = {0};
    CHECK_INT(sentencepiece_ops.encode(&call, encoder, STR("a\xed\xa0\x80"), &ids), SIDETOK_E_RUNTIME);
    CHECK(str_starts_with(call.failure.message, STR("Unable to cast Python instance of type <class 'str'>")));
    int64_t id = 0;
    failure_clear(&call);
    CHECK_INT(sentencepiece_ops.special_id(&call, tokenizer, STR("a\xed\xa0\x80"), &id), SIDETOK_E_TYPE);
    CHECK_STR(call.failure.message, STR("Sequence elements must be str or bytes"));
    close_all(tokenizer, encoder);
}

TEST(ids_decode_as_the_reference_does)
{
    static const struct {
        int64_t ids[6];
        size_t n;
        enum special_policy policy;
        struct str text;
    } table[] = {
        {{0}, 0, POLICY_IGNORE, {"", 0}},
        {{264, 259, 260}, 3, POLICY_IGNORE, {"a a", 3}},
        {{259, 264}, 2, POLICY_IGNORE, {" a", 2}},
        {{1, 264, 2}, 3, POLICY_IGNORE, {"a", 1}},
        {{1, 264, 2},
         3,
         POLICY_KEEP,
         {"<s>\xe2\x96\x81"
          "a</s>",
          11}},
        {{0}, 1, POLICY_RAISE, {" \xe2\x81\x87 ", 5}},
        {{243, 162, 155, 131}, 4, POLICY_IGNORE, {"\xf0\x9f\x98\x80", 4}},
        {{243, 162, 260},
         3,
         POLICY_IGNORE,
         {"\xef\xbf\xbd\xef\xbf\xbd"
          "a",
          7}},
        {{240, 163, 131}, 3, POLICY_IGNORE, {"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 9}},
    };
    struct tokenizer *tokenizer = open_small();
    struct encoder *encoder = open_encoder(tokenizer, 0);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf out;
        struct str text;
        buf_init(&out, &call);
        CHECK_INT(sentencepiece_ops.decode(&call, tokenizer, table[i].ids, table[i].n, table[i].policy, &out),
                  SIDETOK_OK);
        CHECK_INT(buf_finish(&out, &text), SIDETOK_OK);
        CHECK_STR(text, table[i].text);
    }
    close_all(tokenizer, encoder);
}

TEST(bad_ids_fail_in_the_reference_s_words)
{
    static const struct {
        int64_t ids[2];
        enum special_policy policy;
        enum sidetok_error code;
        const char *message;
    } table[] = {
        {{266, 1}, POLICY_IGNORE, SIDETOK_E_INDEX, "OUT_OF_RANGE: piece id is out of range."},
        {{-1, 1}, POLICY_KEEP, SIDETOK_E_INDEX, "OUT_OF_RANGE: piece id is out of range."},
        {{266, INT64_C(1) << 31},
         POLICY_IGNORE,
         SIDETOK_E_TYPE,
         "Input must be an integer buffer, list of integers, or a sequence of integers."},
        {{266, INT64_C(1) << 31}, POLICY_KEEP, SIDETOK_E_INDEX, "OUT_OF_RANGE: piece id is out of range."},
        {{1, 266},
         POLICY_RAISE,
         SIDETOK_E_VALUE,
         "Decoding `tokens` that contain special tokens with special_token_policy=RAISE."},
    };
    struct tokenizer *tokenizer = open_small();
    struct encoder *encoder = open_encoder(tokenizer, 0);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf out;
        buf_init(&out, &call);
        failure_clear(&call);
        CHECK_INT(sentencepiece_ops.decode(&call, tokenizer, table[i].ids, 2, table[i].policy, &out),
                  table[i].code);
        CHECK_STR(call.failure.message, str_from(table[i].message));
    }
    close_all(tokenizer, encoder);
}

TEST(versions_and_image_suffix_come_from_the_name)
{
    static const struct {
        const char *path;
        int version; /* 0: refused */
        const char *suffix;
    } table[] = {
        {"tokenizer.model", 1, ""}, {"a.model.v1", 1, ""},      {"a.model.v7m1", 7, "m1"},
        {"a.model.v11", 11, ""},    {"a.model.v7m2", 0, NULL},  {"a.model.v9", 0, NULL},
        {"a.model.m1", 0, NULL},    {"a.model.v3mm1", 3, "m1"},
    };
    struct buf file;
    buf_init(&file, &call);
    spm_piece(&file, STR("<unk>"), 0, PIECE_UNKNOWN);
    spm_trainer(&file, MODEL_BPE, false);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tokenizer *tokenizer;
        struct str path = str_from(table[i].path);
        enum sidetok_error error = sentencepiece_open(&call, path, path, buf_str(&file), &tokenizer);
        CHECK_INT(error, table[i].version ? SIDETOK_OK : SIDETOK_E_TOKENIZER);
        failure_clear(&call);
        if (error != SIDETOK_OK)
            continue;
        CHECK_INT(tokenizer->info.version, table[i].version);
        CHECK_STR(tokenizer->info.image_suffix, str_from(table[i].suffix));
        call_done(&tokenizer->home);
        free(tokenizer);
    }
    call_reset(&call);
}

/* Letters of one, two, three and four bytes; U+2581 twice, to see runs of it. */
static const char *const letters[] = {
    "a", "b", "c", "\xe2\x96\x81", "\xe2\x96\x81", "\xc3\xa9", "\xe4\xb8\x80", "\xf0\x9f\x98\x80"};

static void append_word(struct buf *out, size_t n_letters, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_append(out, str_from(letters[(size_t)rand() % n_letters]));
}

/* Pieces of 1 to 5 letters with scores that often tie; the same text is never put in twice. */
static void random_model(struct buf *file, size_t n_letters, bool bytes, int user_in_100)
{
    char seen[64][32];
    size_t n_seen = 0;
    spm_piece(file, STR("<unk>"), 0, PIECE_UNKNOWN);
    if (bytes)
        spm_byte_pieces(file);
    for (int i = rand() % 60; i >= 0; i--) {
        struct buf word;
        bool known = false;
        buf_init(&word, &call);
        append_word(&word, n_letters, 1 + (size_t)rand() % 5);
        for (size_t k = 0; k < n_seen; k++)
            known |= str_equal(str_from(seen[k]), buf_str(&word));
        if (known)
            continue;
        snprintf(seen[n_seen++], sizeof seen[0], "%.*s", STR_ARG(buf_str(&word)));
        spm_piece(file, buf_str(&word), (float)-(rand() % 40),
                  rand() % 100 < user_in_100 ? PIECE_USER_DEFINED : PIECE_NORMAL);
    }
    spm_trainer(file, MODEL_BPE, bytes);
    spm_normalizer(file, false, false, true);
}

static void check_text(const struct sentencepiece *tokenizer, struct encoder *encoder, struct str text)
{
    static uint32_t expected[1 << 14];
    size_t n = reference_spm(&tokenizer->model, text, expected);
    struct ids ids = encode(encoder, text);
    if (ids.n == n && (n == 0 || memcmp(ids.data, expected, n * sizeof *expected) == 0))
        return;
    printf("# \"%.*s\": %zu ids, expected %zu\n", STR_ARG(text), ids.n, n);
    CHECK(false);
}

static void check_random(unsigned seed)
{
    static const size_t caches[] = {0, 2048, 1 << 18};
    struct buf file;
    srand(seed);
    buf_init(&file, &call);
    size_t n_letters = 1 + (size_t)rand() % 8;
    random_model(&file, n_letters, rand() % 4 != 0, rand() % 3 == 0 ? 10 : 0);
    struct tokenizer *tokenizer = open_file(buf_str(&file), STR("x.model"));
    struct encoder *encoder = open_encoder(tokenizer, caches[seed % 3]);
    for (int i = 0; i < 12; i++) {
        struct buf text;
        buf_init(&text, &call);
        append_word(&text, n_letters, (size_t)rand() % (i < 10 ? 40 : 180));
        if (rand() % 4 == 0)
            append_word(&text, 1, 100 + (size_t)rand() % 200);
        append_word(&text, n_letters, (size_t)rand() % 4);
        check_text(sentencepiece_of(tokenizer), encoder, buf_str(&text));
    }
    if (test_failures)
        printf("# seed %u\n", seed);
    close_all(tokenizer, encoder);
}

TEST(random_models_and_texts_equal_the_slow_obvious_way)
{
    for (unsigned seed = 1; seed <= 1500 && !test_failures; seed++)
        check_random(seed);
}

/* Of 1, 2, 4 .. 64 units, the longest first in merging, and two pieces that cross them. */
static struct tokenizer *open_doubling(const char *unit)
{
    struct buf file, piece;
    buf_init(&file, &call);
    buf_init(&piece, &call);
    spm_piece(&file, STR("<unk>"), 0, PIECE_UNKNOWN);
    spm_byte_pieces(&file);
    spm_piece(&file, STR("aaa"), -50, PIECE_NORMAL);
    spm_piece(&file, STR("ba"), -40, PIECE_NORMAL);
    for (int n = 1; n <= 64; n++) {
        buf_append(&piece, str_from(unit));
        if ((n & (n - 1)) == 0)
            spm_piece(&file, buf_str(&piece), -10.0f / (float)n, PIECE_NORMAL);
    }
    spm_trainer(&file, MODEL_BPE, true);
    spm_normalizer(&file, false, false, true);
    return open_file(buf_str(&file), STR("x.model"));
}

/* Pieces longer than what two windows share. */
TEST(rows_whose_windows_do_not_join_equal_the_slow_obvious_way)
{
    static const char *const units[] = {"ab", "aab", "a", "\xe4\xb8\x80\xc3\xa9"};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        struct tokenizer *tokenizer = open_doubling(units[u]);
        struct encoder *encoder = open_encoder(tokenizer, 1 << 16);
        CHECK(sentencepiece_of(tokenizer)->quick.usable);
        struct buf text;
        buf_init(&text, &call);
        for (int n = 1; n <= 100; n++) {
            buf_append(&text, str_from(units[u]));
            if (n % 40 == 0)
                buf_append_char(&text, "ba"[n % 3 == 0]);
            if (n % 15 == 0 || n > 96)
                check_text(sentencepiece_of(tokenizer), encoder, buf_str(&text));
        }
        close_all(tokenizer, encoder);
    }
}

/* More symbols than 16 bits number, more characters that join than the table of neighbours has rows. */
TEST(models_too_large_for_the_quick_way_equal_the_slow_obvious_way)
{
    enum { CHARACTERS = 8192, PIECES = 9 * CHARACTERS, FIRST = 0x4e00 };
    struct buf file;
    buf_init(&file, &call);
    spm_piece(&file, STR("<unk>"), 0, PIECE_UNKNOWN);
    spm_byte_pieces(&file);
    for (uint32_t i = 0; i < PIECES; i++) {
        char piece[8];
        size_t size = utf8_write(piece, FIRST + i % CHARACTERS);
        size += utf8_write(piece + size, FIRST + (7 * i + i / CHARACTERS) % CHARACTERS);
        spm_piece(&file, (struct str){piece, size}, (float)-(int)(i % 1000), PIECE_NORMAL);
    }
    spm_trainer(&file, MODEL_BPE, true);
    spm_normalizer(&file, false, false, true);
    struct tokenizer *tokenizer = open_file(buf_str(&file), STR("x.model"));
    struct encoder *encoder = open_encoder(tokenizer, 1 << 16);
    CHECK(!sentencepiece_of(tokenizer)->quick.usable);
    srand(6);
    for (int i = 0; i < 4; i++) {
        struct buf text;
        buf_init(&text, &call);
        uint32_t character = (uint32_t)rand() % CHARACTERS;
        for (int k = 0; k < 10; k++) {
            utf8_append(&text, FIRST + character);
            if (k % 4 == 3)
                buf_append(&text, STR("\xe2\x96\x81\xc3\xa9"));
            character = rand() % 5 ? (7 * character + (uint32_t)rand() % 9) % CHARACTERS
                                   : (uint32_t)rand() % CHARACTERS;
        }
        check_text(sentencepiece_of(tokenizer), encoder, buf_str(&text));
    }
    close_all(tokenizer, encoder);
}

/* As SentencePiece 0.2.3 answers: 257 a, 258 b, 259 c, 260 ab, 262 bc; abc, abcabc and ca are steps only. */
TEST(unused_pieces_are_split_again)
{
    static const struct {
        struct str text;
        size_t n;
        uint32_t ids[8];
    } table[] = {
        {{"abc", 3}, 2, {260, 259}},
        {{"abcabc", 6}, 4, {260, 259, 260, 259}},
        {{"cab", 3}, 2, {259, 260}},
        {{"\xc3\xa9", 2}, 2, {196, 170}},
        {{"abc\xc3\xa9"
          "c",
          6},
         5,
         {260, 259, 196, 170, 259}},
        {{"a ca", 4}, 6, {257, 227, 151, 130, 259, 257}},
        {{"bca", 3}, 2, {262, 257}},
        {{"cabcabca", 8}, 6, {259, 260, 259, 260, 259, 257}},
        {{"caca", 4}, 4, {259, 257, 259, 257}},
        {{"\xc3\xa9\xc3\xa9 ", 5}, 7, {196, 170, 196, 170, 227, 151, 130}},
    };
    struct buf file;
    buf_init(&file, &call);
    spm_piece(&file, STR("<unk>"), 0, PIECE_UNKNOWN);
    spm_byte_pieces(&file);
    spm_piece(&file, STR("a"), -10, PIECE_NORMAL);
    spm_piece(&file, STR("b"), -11, PIECE_NORMAL);
    spm_piece(&file, STR("c"), -12, PIECE_NORMAL);
    spm_piece(&file, STR("ab"), -1, PIECE_NORMAL);
    spm_piece(&file, STR("abc"), -0.5f, PIECE_UNUSED);
    spm_piece(&file, STR("bc"), -2, PIECE_NORMAL);
    spm_piece(&file, STR("abcabc"), -0.2f, PIECE_UNUSED);
    spm_piece(&file, STR("ca"), -3, PIECE_UNUSED);
    spm_trainer(&file, MODEL_BPE, true);
    spm_normalizer(&file, false, false, true);
    struct tokenizer *tokenizer = open_file(buf_str(&file), STR("x.model"));
    struct encoder *encoder = open_encoder(tokenizer, 1 << 16);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ids ids = encode(encoder, table[i].text);
        CHECK_INT(ids.n, table[i].n);
        CHECK(ids.n == table[i].n && memcmp(ids.data, table[i].ids, ids.n * sizeof *ids.data) == 0);
    }
    close_all(tokenizer, encoder);
}

static void check_rows(const struct quick *quick, size_t n_letters)
{
    static struct quick_short rows[QUICK_LANES * 2 + 3];
    static uint16_t symbols[QUICK_WINDOW];
    size_t n = 1 + (size_t)rand() % (sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < n; i++) {
        struct buf text;
        buf_init(&text, &call);
        append_word(&text, n_letters, 1 + (size_t)rand() % (QUICK_SHORT / 4));
        while (rand() % 3 && buf_str(&text).size < QUICK_SHORT)
            buf_append_char(&text, "ab "[rand() % 3]);
        rows[i].n = (uint32_t)quick_read(quick, buf_str(&text), rows[i].cells);
    }
    quick->merge_rows(quick, rows, n);
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(rows[i].starts, quick->merge(quick, rows[i].cells, rows[i].n, symbols));
        for (uint32_t k = 0; k < rows[i].n; k++)
            if (rows[i].starts >> k & 1)
                CHECK_INT(rows[i].symbols[k], symbols[k]);
    }
}

TEST(rows_merge_alike_alone_and_side_by_side)
{
    size_t n_usable = 0;
    for (unsigned seed = 1; seed <= 300 && !test_failures; seed++) {
        struct buf file;
        srand(seed);
        buf_init(&file, &call);
        size_t n_letters = 1 + seed % 8;
        random_model(&file, n_letters, true, 0);
        struct tokenizer *tokenizer = open_file(buf_str(&file), STR("x.model"));
        const struct quick *quick = &sentencepiece_of(tokenizer)->quick.quick;
        for (int i = 0; i < 20 && quick->usable; i++, n_usable++)
            check_rows(quick, n_letters);
        call_done(&tokenizer->home);
        free(tokenizer);
        call_reset(&call);
    }
    CHECK(n_usable > 1000);
}

/* A text of a MB in one row, of each kind that makes windows or runs work. */
TEST(long_rows_cost_little_more_than_linear_memory_and_agree_with_their_parts)
{
    struct tokenizer *tokenizer = open_small();
    struct encoder *encoder = open_encoder(tokenizer, 1 << 20);
    struct buf text;
    buf_init(&text, &call);
    for (size_t i = 0; i < 1000000; i++)
        buf_append_char(&text, 'a');
    struct ids ids = encode(encoder, buf_str(&text));
    CHECK_INT(ids.n, 500001); /* ▁ and pairs; the first pair of equal score beats ▁a */
    CHECK_INT(ids.data[0], 259);
    CHECK_INT(ids.data[1], 263);
    CHECK_INT(ids.data[500000], 263);
    close_all(tokenizer, encoder);
}

TEST(each_allocation_of_encode_can_fail)
{
    struct tokenizer *tokenizer = open_small();
    struct encoder *encoder = open_encoder(tokenizer, 1 << 16);
    enum sidetok_error error = SIDETOK_E_NO_MEMORY;
    for (size_t n = 1; error == SIDETOK_E_NO_MEMORY && n < 100; n++) {
        struct ids ids = {0};
        call_reset(&call);
        call.arena.fail_after = n;
        error = sentencepiece_ops.encode(&call, encoder, STR("ab[R]ab aaaaaaaaaaaaaaaaaaaaaaaa \n"), &ids);
    }
    call.arena.fail_after = 0;
    CHECK_INT(error, SIDETOK_OK);
    close_all(tokenizer, encoder);
}

/* The real vocabularies, where SIDETOK_MODELS names their folder. No exceptions: each piece is what its text
 * becomes. */
static void check_vocabulary(const char *folder, const char *name)
{
    char path[4096];
    struct str file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    static char bytes[1 << 20];
    if (!stream) {
        printf("# SKIP %s is not there\n", path);
        return;
    }
    file = (struct str){bytes, fread(bytes, 1, sizeof bytes, stream)};
    fclose(stream);
    struct tokenizer *tokenizer = open_file(file, str_from(name));
    struct encoder *encoder = open_encoder(tokenizer, 1 << 22);
    const struct sentencepiece_model *model = &sentencepiece_of(tokenizer)->model;
    for (uint32_t id = 0; id < model->n_pieces; id++) {
        struct buf text;
        buf_init(&text, &call);
        buf_append_char(&text, '\n');
        buf_append(&text, model->pieces[id].text);
        if (model->pieces[id].type != PIECE_NORMAL && model->pieces[id].type != PIECE_USER_DEFINED)
            continue;
        struct ids ids = encode(encoder, buf_str(&text));
        CHECK_INT(ids.n, 3);
        CHECK_INT(ids.data[ids.n - 1], id);
    }
    close_all(tokenizer, encoder);
}

TEST(every_piece_encodes_to_itself)
{
    const char *folder = getenv("SIDETOK_MODELS");
    if (!folder) {
        printf("# SKIP SIDETOK_MODELS is not set\n");
        return;
    }
    check_vocabulary(folder, "tokenizer.model.v1");
    check_vocabulary(folder, "mistral_instruct_tokenizer_240216.model.v2");
    check_vocabulary(folder, "mistral_instruct_tokenizer_240323.model.v3");
    check_vocabulary(folder, "mistral_instruct_tokenizer_241114.model.v7");
}

TEST_MAIN(RUN(directed_texts_encode_as_the_reference_does), RUN(lone_surrogates_are_refused),
          RUN(ids_decode_as_the_reference_does), RUN(bad_ids_fail_in_the_reference_s_words),
          RUN(versions_and_image_suffix_come_from_the_name),
          RUN(random_models_and_texts_equal_the_slow_obvious_way),
          RUN(rows_whose_windows_do_not_join_equal_the_slow_obvious_way),
          RUN(models_too_large_for_the_quick_way_equal_the_slow_obvious_way),
          RUN(unused_pieces_are_split_again), RUN(rows_merge_alike_alone_and_side_by_side),
          RUN(long_rows_cost_little_more_than_linear_memory_and_agree_with_their_parts),
          RUN(each_allocation_of_encode_can_fail), RUN(every_piece_encodes_to_itself))
