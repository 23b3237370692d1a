#include "cli.h"

#include "buf.h"
#include "print.h"
#include "sha256.h"
#include "utf8.h"

#include <stdlib.h>

/* `sidetok bench`: the engine alone, no protocol: text to ids, on this thread's CPU clock. */

static enum sidetok_error encode_once(struct model *model, struct str text, struct ids *ids,
                                      struct call *call, uint64_t *ret_ns)
{
    call_reset(call);
    *ids = (struct ids){0};
    uint64_t begin = cli_cpu_ns();
    enum sidetok_error error = encoder_encode(call, model->encoder, text, ids);
    *ret_ns = cli_cpu_ns() - begin;
    return error;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static enum sidetok_error read_text(struct call *call, const char *path, struct str *ret_text)
{
    TRY(cli_read(call, path, ret_text));
    if (!utf8_is_valid(*ret_text, false))
        return failure_set(call, SIDETOK_E_INVALID_ARGUMENT, "%s is not UTF-8", path);
    return SIDETOK_OK;
}

static void print_line(struct buf *out, const char *path, size_t n_bytes, const struct ids *ids,
                       uint64_t first_ns, uint64_t median_ns)
{
    uint8_t digest[32];
    sha256((struct str){(const char *)ids->data, ids->n * sizeof *ids->data}, digest);
    buf_append(out, STR("{\"file\": "));
    print_string(out, str_from(path));
    buf_printf(out, ", \"bytes\": %zu, \"tokens\": %zu, \"sha256\": \"", n_bytes, ids->n);
    for (size_t i = 0; i < sizeof digest; i++)
        buf_printf(out, "%02x", digest[i]);
    buf_printf(out, "\", \"first_ns\": %llu, \"median_ns\": %llu}\n", (unsigned long long)first_ns,
               (unsigned long long)median_ns);
}

/* Times one file: once at first sight, then repeat times. */
static enum sidetok_error bench_file(struct call *call, const struct cli *cli, struct model *model,
                                     const char *path)
{
    struct str text;
    struct call work;
    struct ids ids;
    uint64_t first_ns;
    TRY(read_text(call, path, &text));
    uint64_t *times = call_alloc_array(call, cli->repeat, sizeof *times);
    if (!times)
        return SIDETOK_E_NO_MEMORY;
    call_init(&work);
    enum sidetok_error error = encode_once(model, text, &ids, &work, &first_ns);
    for (size_t i = 0; error == SIDETOK_OK && i < cli->repeat; i++)
        error = encode_once(model, text, &ids, &work, &times[i]);
    struct buf line;
    buf_init(&line, call);
    if (error == SIDETOK_OK) {
        qsort(times, cli->repeat, sizeof *times, compare_ns);
        print_line(&line, path, text.size, &ids, first_ns, times[cli->repeat / 2]);
    } else {
        failure_set(call, error, "%s: %.*s", path, STR_ARG(work.failure.message));
    }
    call_done(&work);
    if (error == SIDETOK_OK && cli_write(buf_str(&line)) != CLI_OK)
        return failure_set(call, SIDETOK_E_SYSTEM, "cannot write");
    return error;
}

static enum sidetok_error warm_up(struct call *call, const struct cli *cli, struct model *model)
{
    for (size_t i = 0; i < cli->n_warm; i++) {
        struct str text;
        struct ids ids = {0};
        TRY(read_text(call, cli->warm[i], &text));
        TRY(encoder_encode(call, model->encoder, text, &ids));
    }
    return SIDETOK_OK;
}

int cli_bench(struct call *call, const struct cli *cli)
{
    struct model *model;
    if (cli->n_tokenizers != 1 || cli->n_files == 0) {
        fputs("sidetok: bench needs one --tokenizer PATH and at least one FILE\n", stderr);
        return CLI_USAGE;
    }
    if (model_open(call, cli->tokenizers[0], CLI_CACHE_BYTES, &model) != SIDETOK_OK)
        return cli_fail(call);
    enum sidetok_error error = warm_up(call, cli, model);
    for (size_t i = 0; error == SIDETOK_OK && i < cli->n_files; i++)
        error = bench_file(call, cli, model, cli->files[i]);
    model_close(model);
    return error == SIDETOK_OK ? CLI_OK : cli_fail(call);
}
