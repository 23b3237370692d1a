#include "sidecar/tokenizer/sentencepiece_model.h"

#include "proto/error.h"
#include "tests/support/spm_file.h"
#include "tests/support/test.h"

#include <math.h>

static struct call call;
static struct buf file;

static void begin(void)
{
    call_reset(&call);
    buf_init(&file, &call);
    spm_piece(&file, STR("<unk>"), 0, PIECE_UNKNOWN);
    spm_piece(&file, STR("<s>"), 0, PIECE_CONTROL);
    spm_piece(&file, STR("</s>"), 0, PIECE_CONTROL);
}

static struct sentencepiece_model read_ok(void)
{
    struct sentencepiece_model model = {0};
    CHECK_INT(sentencepiece_model_read(&call, STR("m.model"), buf_str(&file), &model), SIDETOK_OK);
    CHECK_STR(call.failure.message, STR(""));
    return model;
}

static void check_error(enum sidetok_error code, struct str message)
{
    struct sentencepiece_model model;
    CHECK_INT(sentencepiece_model_read(&call, STR("m.model"), buf_str(&file), &model), code);
    CHECK_STR(call.failure.message, message);
}

/* Pieces after the usual three, and the reference's words. */
TEST(bad_pieces_fail_in_the_reference_s_words)
{
    static char longest[8000];
    memset(longest, 'a', sizeof longest);
    const struct {
        struct str text;
        int type;
        enum sidetok_error code;
        struct str message;
    } table[] = {
        {STR(""), PIECE_NORMAL, SIDETOK_E_RUNTIME, STR("INTERNAL: piece must not be empty.")},
        {STR("a\0b"), PIECE_NORMAL, SIDETOK_E_RUNTIME,
         STR("INTERNAL: piece must not include null character.")},
        {STR("<s>"), PIECE_NORMAL, SIDETOK_E_RUNTIME, STR("INTERNAL: <s> is already defined.")},
        {STR("u"), PIECE_UNKNOWN, SIDETOK_E_RUNTIME, STR("INTERNAL: unk is already defined.")},
        {STR("<0xGG>"), PIECE_BYTE, SIDETOK_E_RUNTIME, STR("INTERNAL: byte piece <0xGG> is invalid.")},
        {STR("<0xff>"), PIECE_BYTE, SIDETOK_E_RUNTIME, STR("INTERNAL: byte piece <0xff> is invalid.")},
        {{longest, sizeof longest}, PIECE_NORMAL, SIDETOK_E_RUNTIME, STR("INTERNAL: piece is too long.")},
        {STR("a\xff"), PIECE_NORMAL, SIDETOK_E_UNICODE_DECODE,
         STR("'utf-8' codec can't decode byte 0xff in position 1: invalid start byte")},
        {STR("\xe2\x96"), PIECE_NORMAL, SIDETOK_E_UNICODE_DECODE,
         STR("'utf-8' codec can't decode bytes in position 0-1: unexpected end of data")},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        begin();
        spm_byte_pieces(&file);
        spm_piece(&file, table[i].text, -1, table[i].type);
        spm_trainer(&file, MODEL_BPE, true);
        check_error(table[i].code, table[i].message);
    }
}

TEST(a_file_that_lacks_something_fails_in_the_reference_s_words)
{
    begin();
    spm_trainer(&file, MODEL_BPE, true);
    check_error(SIDETOK_E_RUNTIME,
                STR("INTERNAL: there are not 256 byte pieces although `byte_fallback` is true."));
    begin();
    spm_byte_pieces(&file);
    spm_trainer(&file, MODEL_BPE, false);
    check_error(SIDETOK_E_RUNTIME,
                STR("INTERNAL: byte piece <0x00> is found although `byte_fallback` is false."));
    call_reset(&call);
    buf_init(&file, &call);
    check_error(SIDETOK_E_RUNTIME, STR("INTERNAL: unk is not defined."));
    begin();
    buf_append(&file, STR("not a model"));
    check_error(SIDETOK_E_RUNTIME, STR("INTERNAL: could not parse ModelProto from m.model"));
}

TEST(other_kinds_of_model_are_refused_by_name)
{
    static const char *const names[] = {
        [MODEL_UNIGRAM] = "unigram", [MODEL_WORD] = "word", [MODEL_CHAR] = "char"};
    for (int type = MODEL_UNIGRAM; type <= MODEL_CHAR; type++) {
        char message[80];
        if (type == MODEL_BPE)
            continue;
        begin();
        spm_piece(&file, STR("a"), 0, PIECE_NORMAL);
        spm_trainer(&file, type, false);
        snprintf(message, sizeof message, "SentencePiece model type %s is not supported", names[type]);
        check_error(SIDETOK_E_NOT_SUPPORTED, str_from(message));
    }
}

/* Rule: unigram_model.cc: scores first, and something to find. Other kinds take any score. */
TEST(what_a_unigram_model_refuses_itself_comes_first)
{
    begin();
    spm_piece(&file, STR("a"), NAN, 1);
    spm_trainer(&file, MODEL_UNIGRAM, false);
    check_error(SIDETOK_E_RUNTIME, STR("INTERNAL: score is NaN or Inf."));
    begin();
    spm_trainer(&file, MODEL_UNIGRAM, false);
    check_error(SIDETOK_E_RUNTIME, STR("INTERNAL: no pieces are loaded."));
    begin();
    spm_piece(&file, STR("a"), NAN, 1);
    spm_trainer(&file, MODEL_CHAR, false);
    check_error(SIDETOK_E_NOT_SUPPORTED, STR("SentencePiece model type char is not supported"));
}

TEST(a_character_map_is_refused_and_a_broken_one_fails)
{
    static char map[4 + 1024 + 1] = {0, 4};
    struct buf normalizer;
    begin();
    spm_trainer(&file, MODEL_BPE, false);
    buf_init(&normalizer, &call);
    spm_bytes(&normalizer, 2, (struct str){map, sizeof map});
    spm_bytes(&file, 3, buf_str(&normalizer));
    check_error(SIDETOK_E_NOT_SUPPORTED,
                STR("SentencePiece normalization with a character map is not supported"));
    begin();
    spm_trainer(&file, MODEL_BPE, false);
    buf_init(&normalizer, &call);
    spm_bytes(&normalizer, 2, STR("abcdef"));
    spm_bytes(&file, 3, buf_str(&normalizer));
    check_error(SIDETOK_E_RUNTIME, STR("INTERNAL: Trie data size exceeds the input blob size."));
}

TEST(special_ids_are_those_of_their_type)
{
    begin();
    spm_piece(&file, STR("a"), -1, PIECE_NORMAL);
    spm_trainer(&file, MODEL_BPE, false);
    struct sentencepiece_model model = read_ok();
    CHECK_INT(model.unk_id, 0);
    CHECK_INT(model.bos_id, 1);
    CHECK_INT(model.eos_id, 2);
    CHECK_INT(model.pad_id, -1);
    CHECK_INT(sentencepiece_model_find(&model, STR("a")), 3);
    CHECK_INT(sentencepiece_model_find(&model, STR("b")), 0);
}

TEST(settings_are_read_and_a_later_one_wins)
{
    begin();
    spm_trainer(&file, MODEL_UNIGRAM, false);
    spm_trainer(&file, MODEL_BPE, false);
    spm_normalizer(&file, true, true, true);
    spm_normalizer(&file, false, true, false);
    struct sentencepiece_model model = read_ok();
    CHECK(!model.add_dummy_prefix && model.remove_extra_whitespaces && !model.escape_whitespaces);
}

/* Every prefix, and every byte changed: an error or a model, never anything else. */
TEST(damaged_files_end_in_an_answer)
{
    struct sentencepiece_model model;
    begin();
    spm_piece(&file, STR("ab"), -1, PIECE_USER_DEFINED);
    spm_trainer(&file, MODEL_BPE, false);
    spm_normalizer(&file, true, false, true);
    char copy[256];
    size_t size = buf_str(&file).size;
    CHECK(size < sizeof copy);
    memcpy(copy, buf_str(&file).data, size);
    for (size_t i = 0; i < size * 256; i++) {
        char kept = copy[i / 256];
        struct str text = {copy, size};
        call_reset(&call);
        copy[i / 256] = (char)i;
        if (i % 256 == 0)
            text.size = i / 256;
        enum sidetok_error error = sentencepiece_model_read(&call, STR("m"), text, &model);
        CHECK(error == SIDETOK_OK || call.failure.message.size > 0);
        copy[i / 256] = kept;
    }
}

TEST(each_allocation_can_fail)
{
    struct sentencepiece_model model;
    char copy[1 << 13];
    begin();
    spm_byte_pieces(&file);
    spm_trainer(&file, MODEL_BPE, true);
    struct str text = buf_str(&file);
    CHECK(text.size < sizeof copy);
    memcpy(copy, text.data, text.size);
    enum sidetok_error error = SIDETOK_E_NO_MEMORY;
    for (size_t n = 1; error == SIDETOK_E_NO_MEMORY && n < 100; n++) {
        call_reset(&call);
        call.arena.fail_after = n;
        error = sentencepiece_model_read(&call, STR("m"), (struct str){copy, text.size}, &model);
    }
    call.arena.fail_after = 0;
    CHECK_INT(error, SIDETOK_OK);
}

TEST_MAIN(RUN(bad_pieces_fail_in_the_reference_s_words),
          RUN(a_file_that_lacks_something_fails_in_the_reference_s_words),
          RUN(other_kinds_of_model_are_refused_by_name), RUN(what_a_unigram_model_refuses_itself_comes_first),
          RUN(a_character_map_is_refused_and_a_broken_one_fails), RUN(special_ids_are_those_of_their_type),
          RUN(settings_are_read_and_a_later_one_wins), RUN(damaged_files_end_in_an_answer),
          RUN(each_allocation_can_fail))
