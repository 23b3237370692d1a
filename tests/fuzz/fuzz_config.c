/* Bytes up to the first zero as a configuration file, the strings behind it as arguments. What is taken keeps
 * every promise of options.h; what is not names its mistakes, a line each. */

#include "fuzz.h"

#include "options.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 12 };

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static void check_options(const struct options *options)
{
    FUZZ_CHECK(options->queue_requests > 0 && options->queue_bytes > 0 && options->drain_seconds > 0);
    FUZZ_CHECK(options->mode <= 0777 && options->listen.n > 0);
    for (size_t i = 0; i < options->tokenizers.n; i++) {
        struct str name, path;
        option_tokenizer(options->tokenizers.items[i], &name, &path);
        FUZZ_CHECK(name.size > 0 && path.size > 0);
    }
}

/* The arguments: "sidetokd --config FILE" and what stands behind the zero. text ends with a zero. */
static int arguments(const char *path, const char *text, size_t size, const char *argv[MAX_ARGUMENTS])
{
    int argc = 0;
    argv[argc++] = "sidetokd";
    argv[argc++] = "--config";
    argv[argc++] = path;
    for (size_t at = 0; at < size && argc < MAX_ARGUMENTS; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    return argc;
}

static void read_options(const char *path, const char *text, size_t size)
{
    const char *argv[MAX_ARGUMENTS];
    int argc = arguments(path, text, size, argv);
    struct call call;
    struct buf mistakes;
    struct options options;
    call_init(&call);
    buf_init(&mistakes, &call);
    enum sidetok_error error = options_read(&call, argc, argv, no_environment, &mistakes, &options);
    FUZZ_CHECK(error == SIDETOK_OK || error == SIDETOK_E_INVALID_ARGUMENT);
    if (!options.help && !options.version)
        FUZZ_CHECK((error == SIDETOK_OK) == (mistakes.size == 0));
    if (error == SIDETOK_OK && !options.help && !options.version)
        check_options(&options);
    call_done(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t n_file = zero ? (size_t)(zero - data) : size, n_rest = zero ? size - n_file - 1 : 0;
    int fd = memfd_create("sidetok", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data, n_file) == (ssize_t)n_file);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    char *rest = malloc(n_rest + 1);
    FUZZ_CHECK(rest != NULL);
    if (n_rest > 0)
        memcpy(rest, zero + 1, n_rest);
    rest[n_rest] = '\0';
    read_options(path, rest, n_rest);
    free(rest);
    close(fd);
    return 0;
}
