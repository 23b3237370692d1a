#include "cli.h"

#include "buf.h"
#include "print.h"
#include "sha256.h"
#include "utf8.h"

#include <stdlib.h>

/* `sidetok bench`: the engine alone, no protocol: text to ids. */

/* What an encoding took, on both clocks; what the medians of several are. */
struct bench_time {
    uint64_t cpu_ns, wall_ns;
};

struct bench_result {
    struct ids ids;
    struct bench_time first, median;
};

static enum sidetok_error encode_once(struct model *model, struct str text, struct ids *ids,
                                      struct call *call, struct bench_time *ret_time)
{
    call_reset(call);
    *ids = (struct ids){0};
    struct bench_time begin = {.wall_ns = cli_now_ns(), .cpu_ns = cli_cpu_ns()};
    enum sidetok_error error = encoder_encode(call, model->encoder, text, ids);
    ret_time->cpu_ns = cli_cpu_ns() - begin.cpu_ns;
    ret_time->wall_ns = cli_now_ns() - begin.wall_ns;
    return error;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *times, size_t n)
{
    qsort(times, n, sizeof *times, compare_ns);
    return times[n / 2];
}

static enum sidetok_error read_text(struct call *call, const char *path, struct str *ret_text)
{
    TRY(cli_read(call, path, ret_text));
    if (!utf8_is_valid(*ret_text, false))
        return failure_set(call, SIDETOK_E_INVALID_ARGUMENT, "%s is not UTF-8", path);
    return SIDETOK_OK;
}

static void print_line(struct buf *out, const char *path, size_t n_bytes, const struct bench_result *result)
{
    const struct {
        const char *name;
        uint64_t ns;
    } times[] = {{"first_ns", result->first.cpu_ns},
                 {"first_wall_ns", result->first.wall_ns},
                 {"median_ns", result->median.cpu_ns},
                 {"median_wall_ns", result->median.wall_ns}};
    uint8_t digest[32];
    sha256((struct str){(const char *)result->ids.data, result->ids.n * sizeof *result->ids.data}, digest);
    buf_append(out, STR("{\"file\": "));
    print_string(out, str_from(path));
    buf_printf(out, ", \"bytes\": %zu, \"tokens\": %zu, \"sha256\": \"", n_bytes, result->ids.n);
    for (size_t i = 0; i < sizeof digest; i++)
        buf_printf(out, "%02x", digest[i]);
    buf_append_char(out, '"');
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        buf_printf(out, ", \"%s\": %llu", times[i].name, (unsigned long long)times[i].ns);
    buf_append(out, STR("}\n"));
}

/* Once at first sight, then repeat times. The ids are in work's memory. */
static enum sidetok_error time_text(struct call *call, struct call *work, size_t repeat, struct model *model,
                                    struct str text, struct bench_result *ret)
{
    uint64_t *cpu = call_alloc_array(call, repeat, sizeof *cpu);
    uint64_t *wall = call_alloc_array(call, repeat, sizeof *wall);
    if (!cpu || !wall)
        return SIDETOK_E_NO_MEMORY;
    enum sidetok_error error = encode_once(model, text, &ret->ids, work, &ret->first);
    for (size_t i = 0; error == SIDETOK_OK && i < repeat; i++) {
        struct bench_time time;
        error = encode_once(model, text, &ret->ids, work, &time);
        cpu[i] = time.cpu_ns;
        wall[i] = time.wall_ns;
    }
    if (error == SIDETOK_OK)
        ret->median = (struct bench_time){median(cpu, repeat), median(wall, repeat)};
    return error;
}

/* Times one file and prints its line. work keeps its memory from text to text, as a worker's does. */
static enum sidetok_error bench_file(struct call *call, const struct cli *cli, struct model *model,
                                     struct call *work, const char *path)
{
    struct str text;
    struct bench_result result;
    struct buf line;
    TRY(read_text(call, path, &text));
    buf_init(&line, call);
    enum sidetok_error error = time_text(call, work, cli->repeat, model, text, &result);
    if (error == SIDETOK_OK)
        print_line(&line, path, text.size, &result);
    else
        failure_set(call, error, "%s: %.*s", path, STR_ARG(work->failure.message));
    if (error == SIDETOK_OK && cli_write(buf_str(&line)) != CLI_OK)
        return failure_set(call, SIDETOK_E_SYSTEM, "cannot write");
    return error;
}

/* A worker: files by name from standard input, each answered before the next is read. */
static enum sidetok_error bench_names(struct call *call, const struct cli *cli, struct model *model,
                                      struct call *work)
{
    char *name = NULL;
    size_t capacity = 0;
    enum sidetok_error error = SIDETOK_OK;
    if (cli_write(STR("{\"ready\": \"sidetok\"}\n")) != CLI_OK)
        return failure_set(call, SIDETOK_E_SYSTEM, "cannot write");
    for (ssize_t n; error == SIDETOK_OK && (n = getline(&name, &capacity, stdin)) > 0;) {
        name[n - (name[n - 1] == '\n')] = '\0';
        call_reset(call);
        error = bench_file(call, cli, model, work, name);
    }
    free(name);
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
    struct call work, names; /* what cli holds lies in call */
    if (cli->n_tokenizers != 1) {
        fputs("sidetok: bench needs one --tokenizer PATH\n", stderr);
        return CLI_USAGE;
    }
    if (model_open(call, cli->tokenizers[0], CLI_CACHE_BYTES, &model) != SIDETOK_OK)
        return cli_fail(call);
    call_init(&work);
    call_init(&names);
    enum sidetok_error error = warm_up(call, cli, model);
    for (size_t i = 0; error == SIDETOK_OK && i < cli->n_files; i++)
        error = bench_file(call, cli, model, &work, cli->files[i]);
    if (error == SIDETOK_OK && cli->n_files == 0 &&
        (error = bench_names(&names, cli, model, &work)) != SIDETOK_OK)
        failure_set(call, error, "%.*s", STR_ARG(names.failure.message));
    call_done(&names);
    call_done(&work);
    model_close(model);
    return error == SIDETOK_OK ? CLI_OK : cli_fail(call);
}
