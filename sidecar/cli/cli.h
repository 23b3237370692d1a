#ifndef SIDETOK_CLI_CLI_H
#define SIDETOK_CLI_CLI_H

#include "buf.h"
#include "transport.h"

#include <stdio.h>

/** Exit statuses, documented in --help. */
enum cli_status {
    CLI_OK = 0,
    CLI_ERROR = 1,       /* the reply is an error */
    CLI_USAGE = 2,       /* bad usage, or a file that cannot be read */
    CLI_UNREACHABLE = 3, /* no sidecar there, or no reply in time */
    CLI_SYSTEM = 4,      /* memory is out, or output cannot be written */
};

enum {
    CLI_CACHE_BYTES = 16 << 20, /* the default of sidetokd --cache-bytes */
    CLI_MAX_BYTES = 2000 << 20, /* what tokenizers in process may take: 24 large ones */
};

/** What the flags said. Strings are argv's. */
struct cli {
    const char *url;
    struct str *tokenizers; /* "NAME=PATH" or, for bench, a path */
    size_t n_tokenizers;
    const char *name; /* which tokenizer to ask for; NULL: the first */
    enum message_mode mode;
    bool has_limit;
    int64_t limit; /* --max-model-input-len */
    bool text, time, bos, eos, live;
    const char *policy;
    uint32_t wait_ms;
    size_t repeat;
    const char **warm, **files;
    size_t n_warm, n_files;
};

/** A command: what it is called, and what it does; it returns an exit status. */
struct cli_command {
    const char *name;
    int (*run)(struct call *call, const struct cli *cli);
};

int cli_chat(struct call *call, const struct cli *cli);
int cli_apply(struct call *call, const struct cli *cli);
int cli_fim(struct call *call, const struct cli *cli);
int cli_encode(struct call *call, const struct cli *cli);
int cli_decode(struct call *call, const struct cli *cli);
int cli_info(struct call *call, const struct cli *cli);
int cli_ping(struct call *call, const struct cli *cli);
int cli_batch(struct call *call, const struct cli *cli);
int cli_bench(struct call *call, const struct cli *cli);

/** Opens the way to the sidecar that the flags name; prints why not, and returns the exit status. */
int cli_open(struct call *call, const struct cli *cli, struct transport **ret_transport);

/** Prints "sidetok: message" of the call's failure and returns the exit status that goes with it. */
int cli_fail(const struct call *call);

/** Reads a file, or standard input for "-", into call's memory. */
enum sidetok_error cli_read(struct call *call, const char *path, struct str *ret_bytes);

/** Writes everything. CLI_OK, or CLI_SYSTEM when standard output is gone. */
int cli_write(struct str bytes);

/** Nanoseconds of CLOCK_MONOTONIC, and of this thread's CPU time. */
uint64_t cli_now_ns(void);
uint64_t cli_cpu_ns(void);

#endif
