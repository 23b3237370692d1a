#ifndef SIDETOK_SERVICE_OPTIONS_H
#define SIDETOK_SERVICE_OPTIONS_H

#include "buf.h"
#include "call.h"

#include <stdint.h>

/** A growing list of views. */
struct option_list {
    struct str *items;
    struct str *places; /* where each was said: "FILE:7", "--listen", a variable's name */
    size_t n;
};

/**
 * What sidetokd was told. One value per key; of several sources the first that names the key decides: command
 * line, environment, file, default. A list (tokenizer, listen) is taken whole from one source. What a
 * stronger source overrules is checked all the same. Memory: the call that options_read() was given, which
 * lives as long as the daemon.
 */
struct options {
    struct option_list tokenizers; /* "NAME=PATH" each, checked; the first is the default */
    struct option_list listen;     /* URLs, checked */
    struct str socket_mode;        /* "0660" */
    struct str socket_group;       /* name or number; empty: the process's own */
    struct option_list allow_uid;  /* users that Unix sockets serve: names or numbers, checked */
    struct option_list allow_gid;  /* primary groups, the same; both empty: no such bound */
    bool insecure_tcp;             /* tcp:// may be listened on */
    bool seccomp;                  /* kernel filters are set after the start */
    struct str health;             /* "tcp://host:port", checked; empty: none */
    uint64_t mode;                 /* of ipc sockets: socket_mode as a number */
    uint64_t queue_requests;       /* 1 or more */
    uint64_t queue_bytes;          /* 1 or more */
    uint64_t max_request_bytes;    /* 0: queue_bytes is the limit */
    uint64_t cache_bytes;          /* of learned pieces, per tokenizer */
    uint64_t drain_seconds;        /* how long a stop waits for what is queued */
    struct str config;
    bool check, version, help;
};

/** Where options_read() finds the environment; a test gives its own. */
typedef const char *option_environment(const char *name);

/**
 * Reads command line, environment and file.
 *
 * call      Owns all memory of ret_options.
 * argv      Borrowed as long as the options are used.
 * mistakes  One line per mistake, "FILE:LINE: ..." or "--flag: ..."; all of them, not just the first.
 *
 * Returns SIDETOK_OK with mistakes empty, SIDETOK_E_INVALID_ARGUMENT with mistakes filled, or
 * SIDETOK_E_NO_MEMORY. Where --help or --version is asked for, SIDETOK_OK whatever the mistakes.
 */
enum sidetok_error options_read(struct call *call, int argc, const char *const *argv,
                                option_environment *environment, struct buf *mistakes,
                                struct options *ret_options);

/**
 * Variables that begin as the daemon's own and are none of its keys, for --check: a slip of the pen, or what
 * a cluster sets for a service of the same name, which is why a start does not look at them.
 *
 * environment  "NAME=VALUE" each, NULL after the last.
 * mistakes     One line per variable is added.
 *
 * Returns SIDETOK_OK or SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error options_check_names(struct call *call, const char *const *environment,
                                       struct buf *mistakes);

/** The name and the path of an element of options->tokenizers. */
void option_tokenizer(struct str item, struct str *ret_name, struct str *ret_path);

/**
 * The number of a user, or group, given by name or number. SIDETOK_E_INVALID_ARGUMENT, not recorded, when
 * there is none; SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error option_owner(struct call *call, struct str text, bool is_group, uint64_t *ret_id);

/** What is wrong with a URL to listen on: a format with "%.*s" for the URL, static. NULL: nothing. */
const char *option_url_fault(struct str url);

/** Reads digits below base, up to 2^64 - 1. False on anything else, and on nothing. */
bool option_number(struct str text, unsigned base, uint64_t *ret);

/** Reads "512", "64K", "256M", "2G" (powers of 1024). False on anything else. */
bool option_size(struct str text, uint64_t *ret_size);

/** The text of --help; static. */
extern const char options_help[];

#endif
