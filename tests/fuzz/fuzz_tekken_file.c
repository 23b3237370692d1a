/* Bytes as a tekken.json, through all that a start-up does with one: sections, special tokens, vocabulary,
 * digest, encoder. The byte 01, which JSON cannot hold, stands for the entries of the 256 bytes, so that
 * small inputs get beyond them. */

#include "fuzz.h"

#include "model.h"
#include "utf8.h"

#include <fcntl.h>
#include <unistd.h>

static void append_bytes(struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned byte = 0; byte < 256; byte++)
        buf_printf(out, "%s{\"rank\":%u,\"token_bytes\":\"%c%c==\",\"token_str\":null}", byte ? "," : "",
                   byte, digits[byte >> 2], digits[(byte & 3) << 4]);
}

/* A file in a folder of its own, for this input. */
static const char *file_of(struct str text)
{
    static char path[128];
    char directory[] = "/tmp/sidetok_fuzz_XXXXXX";
    FUZZ_CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/tekken.json", directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, text.data, text.size) == (ssize_t)text.size);
    close(fd);
    return path;
}

static void remove_file(const char *path)
{
    char directory[128];
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    unlink(path);
    rmdir(directory);
}

static void use(struct call *call, struct model *model)
{
    static const struct str texts[] = {STR(""), STR("ab  Abc1\n\n/x"), STR("\xc3\xa9t\xc3\xa9 <s>[INST]")};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ids ids = {0};
        FUZZ_CHECK(encoder_encode(call, model->encoder, texts[i], &ids) == SIDETOK_OK);
        for (size_t n = 0; n < ids.n; n++)
            FUZZ_CHECK(ids.data[n] < tokenizer_info(model->tokenizer)->n_words);
    }
    for (int64_t id = -3; id < 300; id++) {
        struct buf out;
        buf_init(&out, call);
        (void)tokenizer_piece(call, model->tokenizer, id, &out);
        failure_clear(call);
        FUZZ_CHECK(utf8_is_valid(buf_str(&out), true));
    }
}

static struct str expand(struct call *call, struct str input)
{
    struct buf out;
    struct str text = STR("");
    buf_init(&out, call);
    for (size_t i = 0, n = 0; i < input.size; i++) {
        if (input.data[i] != 1)
            buf_append_char(&out, input.data[i]);
        else if (n++ < 4)
            append_bytes(&out);
    }
    FUZZ_CHECK(buf_finish(&out, &text) == SIDETOK_OK);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    struct model *model;
    call_init(&call);
    const char *path = file_of(expand(&call, (struct str){(const char *)data, size}));
    if (model_open(&call, str_from(path), 4096, &model) == SIDETOK_OK) {
        use(&call, model);
        model_close(model);
    } else {
        FUZZ_CHECK(call.failure.code != SIDETOK_OK && call.failure.code != SIDETOK_E_NO_MEMORY);
        FUZZ_CHECK(utf8_is_valid(call.failure.message, true));
    }
    remove_file(path);
    call_done(&call);
    return 0;
}
