#include "cli.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char help_text[] =
    "sidetok - chats to token ids, as mistral_common makes them\n"
    "\n"
    "usage: sidetok COMMAND (--connect URL | --tokenizer NAME=PATH ...) [options] [FILE]\n"
    "\n"
    "Commands. FILE or standard input (\"-\") is read, one JSON object is printed.\n"
    "  chat      an OpenAI chat request {\"messages\": [...], \"tools\": ...} to ids\n"
    "  apply     the same through transformers' apply_chat_template\n"
    "  fim       {\"prompt\", \"suffix\"} to ids\n"
    "  encode    plain text to ids; --bos and --eos add those tokens\n"
    "  decode    ids, as JSON list or separated by white space, to text\n"
    "  info      what the tokenizer is\n"
    "  ping      whether a sidecar answers and is ready; for probes\n"
    "  batch     JSON lines in, JSON lines out, see below\n"
    "  bench     times the engine on text files, see below\n"
    "\n"
    "Where the work is done, one of\n"
    "  --connect URL             a running sidetokd: ipc:///path, abstract://name, tcp://host:port\n"
    "  --tokenizer NAME=PATH     in this process, no daemon; repeat for several. PATH is a tokenizer file or "
    "a\n"
    "                            model's folder; it is loaded when first asked for\n"
    "\n"
    "Options\n"
    "  --name NAME               which tokenizer to ask for; default: the first\n"
    "  --mode MODE               validation: test (default), serving, finetuning, agnostic\n"
    "  --max-model-input-len N   for requests with truncate_for_context_length\n"
    "  --text                    print the tokens' text too\n"
    "  --time                    print the round trip in ms too\n"
    "  --bos, --eos              encode: begin, end with that token\n"
    "  --live                    ping: ask whether the sidecar gets on, not whether it takes requests\n"
    "  --policy POLICY           decode: IGNORE (default), KEEP or RAISE special tokens\n"
    "  --wait-ms N               how long to wait for the sidecar and for its reply; 0: for ever. Default "
    "30000,\n"
    "                            ping 1000\n"
    "  --version, --help\n"
    "\n"
    "batch reads one record a line, {\"id\", \"tokenizer\", \"op\", \"mode\"?, \"vllm\"?, \"request\" | "
    "\"request_json\",\n"
    "\"max_model_input_len\"?}, and prints {\"id\", ...} with \"tokens\", \"text\", \"prefix_ids\", "
    "\"images\", \"audios\", \"hex\",\n"
    "\"value\" or the properties of the tokenizer, or {\"id\", \"error\": {\"type\", \"message\", \"stage\", "
    "\"family\" | \"errors\"}}.\n"
    "op is chat, apply, fim, encode, decode, piece, byte_piece, is_special, special_id, load, info, "
    "transcription or\n"
    "speech; the answer of special_id is the token's \"id\", beside it the record's id is \"record\". Each "
    "line is answered and flushed before the next is read. A line that is no record gets an "
    "error\n"
    "record; a tokenizer that does not load gives its error to the records that name it. As many are open\n"
    "at a time as 2 GB hold, 24 large ones. \"vllm\": true asks for vLLM's steps before a chat. On a "
    "terminal,\n"
    "lines, MB/s and time left are shown on standard error.\n"
    "\n"
    "bench --tokenizer PATH [--warm FILE]... [--repeat N] [FILE]... prints one JSON line for each text file: "
    "file,\n"
    "bytes, tokens, sha256 (over the ids as little-endian 32-bit words), first_ns (the first sight of the "
    "text, this\n"
    "thread's CPU time), median_ns (over N more runs, default 5), and both on the wall clock. --warm files "
    "are "
    "encoded\n"
    "before. Without FILE it prints a line, then reads names from standard input and answers each at once.\n"
    "\n"
    "exit status: 0 answered; 1 the reply is an error (ping: not ready, --live: stuck); 2 bad usage, or a "
    "file that cannot "
    "be read;\n"
    "3 no sidecar, or no reply in time; 4 no memory, or output cannot be written\n";

static const struct cli_command commands[] = {
    {"chat", cli_chat},     {"apply", cli_apply},   {"fim", cli_fim},
    {"encode", cli_encode}, {"decode", cli_decode}, {"info", cli_info},
    {"ping", cli_ping},     {"batch", cli_batch},   {"bench", cli_bench},
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t cli_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t cli_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int cli_fail(const struct call *call)
{
    fprintf(stderr, "sidetok: %.*s\n", STR_ARG(call->failure.message));
    switch (call->failure.code) {
    case SIDETOK_E_NOT_CONNECTED:
    case SIDETOK_E_EXPIRED:
    case SIDETOK_E_BAD_REPLY:
        return CLI_UNREACHABLE;
    case SIDETOK_E_NO_MEMORY:
    case SIDETOK_E_SYSTEM:
        return CLI_SYSTEM;
    case SIDETOK_E_INVALID_ARGUMENT:
    case SIDETOK_E_FILE:
        return CLI_USAGE;
    default:
        return CLI_ERROR;
    }
}

static enum sidetok_error read_all(struct call *call, int fd, const char *path, struct str *ret_bytes)
{
    enum { CHUNK_BYTES = 1 << 16 };
    struct buf bytes;
    buf_init(&bytes, call);
    for (;;) {
        char *room = buf_reserve(&bytes, CHUNK_BYTES);
        if (!room)
            return failure_no_memory(call);
        ssize_t n = read(fd, room, CHUNK_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure_set(call, SIDETOK_E_FILE, "%s: %s", path, strerror(errno));
        if (n == 0)
            return buf_finish(&bytes, ret_bytes);
        bytes.size += (size_t)n;
    }
}

enum sidetok_error cli_read(struct call *call, const char *path, struct str *ret_bytes)
{
    if (strcmp(path, "-") == 0)
        return read_all(call, STDIN_FILENO, "standard input", ret_bytes);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failure_set(call, SIDETOK_E_FILE, "%s: %s", path, strerror(errno));
    enum sidetok_error error = read_all(call, fd, path, ret_bytes);
    close(fd);
    return error;
}

/* Standard output, which libraries print to as well, is taken by main. */
static int output = STDOUT_FILENO;

int cli_write(struct str bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(output, bytes.data, bytes.size);
        if (n < 0 && errno != EINTR)
            return CLI_SYSTEM;
        bytes = str_from_offset(bytes, n < 0 ? 0 : (size_t)n);
    }
    return CLI_OK;
}

/* What a flag's value is read into. */
enum flag_kind {
    FLAG_TEXT,
    FLAG_SWITCH,
    FLAG_LIST,
    FLAG_MODE,
    FLAG_WAIT,
    FLAG_REPEAT,
    FLAG_LIMIT,
    FLAG_TOKENIZER
};

struct flag {
    const char *name;
    enum flag_kind kind;
    void *field, *count;
};

static bool read_number(const char *text, int64_t least, int64_t most, int64_t *ret_number)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    *ret_number = number;
    return *text && !*end && !errno && number >= least && number <= most;
}

static bool read_mode(const char *text, enum message_mode *ret_mode)
{
    static const char *const names[] = {"test", "serving", "finetuning", "agnostic"};
    for (int mode = 0; mode < 4; mode++) {
        if (strcmp(text, names[mode]) == 0) {
            *ret_mode = (enum message_mode)mode;
            return true;
        }
    }
    return false;
}

/* Lists are as long as argv at most and were allocated so. */
static bool read_value(struct cli *cli, const struct flag *flag, const char *value)
{
    int64_t number;
    switch (flag->kind) {
    case FLAG_TEXT:
        *(const char **)flag->field = value;
        return true;
    case FLAG_SWITCH:
        *(bool *)flag->field = true;
        return true;
    case FLAG_LIST:
        (*(const char ***)flag->field)[(*(size_t *)flag->count)++] = value;
        return true;
    case FLAG_TOKENIZER:
        cli->tokenizers[cli->n_tokenizers++] = str_from(value);
        return true;
    case FLAG_MODE:
        return read_mode(value, &cli->mode);
    case FLAG_WAIT:
        if (!read_number(value, 0, INT32_MAX, &number))
            return false;
        cli->wait_ms = (uint32_t)number;
        return true;
    case FLAG_REPEAT:
        if (!read_number(value, 1, 1000000, &number))
            return false;
        cli->repeat = (size_t)number;
        return true;
    case FLAG_LIMIT:
        cli->has_limit = true;
        return read_number(value, INT64_MIN, INT64_MAX, &cli->limit);
    }
    return false;
}

static int bad_usage(const char *format, const char *what)
{
    fputs("sidetok: ", stderr);
    fprintf(stderr, format, what);
    fputs("; sidetok --help explains\n", stderr);
    return CLI_USAGE;
}

/* One argument: a file, --name VALUE or --name=VALUE. */
static int read_argument(struct cli *cli, const struct flag *flags, size_t n_flags, char **argv, int argc,
                         int *index)
{
    char *argument = argv[*index];
    if (strncmp(argument, "--", 2) != 0) {
        cli->files[cli->n_files++] = argument;
        return CLI_OK;
    }
    size_t n_name = strcspn(argument + 2, "=");
    for (size_t i = 0; i < n_flags; i++) {
        const struct flag *flag = &flags[i];
        if (strlen(flag->name) != n_name || strncmp(flag->name, argument + 2, n_name) != 0)
            continue;
        bool has_value = argument[2 + n_name] == '=';
        const char *value = has_value ? argument + 3 + n_name : "";
        if (flag->kind == FLAG_SWITCH && has_value)
            return bad_usage("%s takes no value", argument);
        if (flag->kind != FLAG_SWITCH && !has_value) {
            if (*index + 1 == argc)
                return bad_usage("%s needs a value", argument);
            value = argv[++*index];
        }
        return read_value(cli, flag, value) ? CLI_OK : bad_usage("%s has a bad value", argument);
    }
    return bad_usage("unknown option %s", argument);
}

static int read_arguments(struct call *call, struct cli *cli, int argc, char **argv)
{
    const struct flag flags[] = {
        {"connect", FLAG_TEXT, &cli->url, NULL},
        {"tokenizer", FLAG_TOKENIZER, NULL, NULL},
        {"name", FLAG_TEXT, &cli->name, NULL},
        {"mode", FLAG_MODE, NULL, NULL},
        {"max-model-input-len", FLAG_LIMIT, NULL, NULL},
        {"text", FLAG_SWITCH, &cli->text, NULL},
        {"time", FLAG_SWITCH, &cli->time, NULL},
        {"bos", FLAG_SWITCH, &cli->bos, NULL},
        {"eos", FLAG_SWITCH, &cli->eos, NULL},
        {"live", FLAG_SWITCH, &cli->live, NULL},
        {"policy", FLAG_TEXT, &cli->policy, NULL},
        {"wait-ms", FLAG_WAIT, NULL, NULL},
        {"repeat", FLAG_REPEAT, NULL, NULL},
        {"warm", FLAG_LIST, &cli->warm, &cli->n_warm},
    };
    size_t n = (size_t)argc;
    cli->tokenizers = call_alloc_array(call, n, sizeof *cli->tokenizers);
    cli->warm = call_alloc_array(call, n, sizeof *cli->warm);
    cli->files = call_alloc_array(call, n, sizeof *cli->files);
    if (!cli->tokenizers || !cli->warm || !cli->files)
        return cli_fail(call);
    for (int i = 2; i < argc; i++) {
        int status = read_argument(cli, flags, sizeof flags / sizeof flags[0], argv, argc, &i);
        if (status != CLI_OK)
            return status;
    }
    return CLI_OK;
}

int cli_open(struct call *call, const struct cli *cli, struct transport **ret_transport)
{
    if (!cli->url == !cli->n_tokenizers)
        return bad_usage("give either %s", "--connect URL or --tokenizer NAME=PATH");
    for (size_t i = 0; i < cli->n_tokenizers; i++)
        if (!memchr(cli->tokenizers[i].data, '=', cli->tokenizers[i].size))
            return bad_usage("--tokenizer %s is not NAME=PATH", cli->tokenizers[i].data);
    struct transport_options options = {
        .url = cli->url,
        .tokenizers = cli->tokenizers,
        .n_tokenizers = cli->n_tokenizers,
        .cache_bytes = CLI_CACHE_BYTES,
        .max_bytes = CLI_MAX_BYTES,
        .wait_ms = cli->wait_ms,
    };
    return transport_open(call, &options, ret_transport) == SIDETOK_OK ? CLI_OK : cli_fail(call);
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
    struct cli cli = {.wait_ms = strcmp(command->name, "ping") == 0 ? 1000 : 30000, .repeat = 5};
    struct call call;
    call_init(&call);
    int status = read_arguments(&call, &cli, argc, argv);
    if (status == CLI_OK)
        status = command->run(&call, &cli);
    call_done(&call);
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    signal(SIGPIPE, SIG_IGN); /* a write to a closed pipe is an exit status, not a death */
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            name = argv[i];
    if (strcmp(name, "--version") == 0 || strcmp(name, "--help") == 0) {
        fputs(strcmp(name, "--help") == 0 ? help_text : "sidetok " SIDETOK_VERSION "\n", stdout);
        return argc > 1 ? CLI_OK : CLI_USAGE;
    }
    output = output_take();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return run_command(&commands[i], argc, argv);
    return bad_usage("there is no command '%s'", name);
}
