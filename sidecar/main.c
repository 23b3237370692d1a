#include "log.h"
#include "memory.h"
#include "output.h"
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The customary soft limit of 1024 is for programs that use select(); each client takes one descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Who starts us may have closed the standard descriptors: the next file or connection would get their
 * numbers, and the log would go there. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static const char *environment(const char *name)
{
    return getenv(name);
}

/* --check tells all at once: names of variables, and tokenizers also where something else is wrong. */
static enum service_status check(struct call *call, const struct options *options, struct buf *mistakes)
{
    if (options_check_names(call, (const char *const *)environ, mistakes) != SIDETOK_OK)
        return SERVICE_SYSTEM;
    struct str told = buf_str(mistakes);
    fwrite(told.data, 1, told.size, stderr);
    enum service_status status = SERVICE_NO_TOKENIZER;
    if (options->tokenizers.n > 0)
        models_free(models_load(options, &status));
    return told.size > 0 ? SERVICE_USAGE : status;
}

static enum service_status run(struct call *call, int argc, char **argv)
{
    static struct options options;
    struct buf mistakes;
    buf_init(&mistakes, call);
    enum sidetok_error error =
        options_read(call, argc, (const char *const *)argv, environment, &mistakes, &options);
    if (error == SIDETOK_E_NO_MEMORY) {
        log_line(LOG_LEVEL_ERROR, "out of memory");
        return SERVICE_SYSTEM;
    }
    if (options.check && !options.help && !options.version)
        return check(call, &options, &mistakes);
    if (error != SIDETOK_OK) {
        fwrite(buf_str(&mistakes).data, 1, buf_str(&mistakes).size, stderr);
        return SERVICE_USAGE;
    }
    if (options.help || options.version) {
        fputs(options.help ? options_help : "sidetokd " SIDETOK_VERSION "\n", stdout);
        return SERVICE_OK;
    }
    log_line(LOG_LEVEL_INFO, "sidetokd %s, nng %s", SIDETOK_VERSION, nng_version());
    enum service_status status;
    struct models *models = models_load(&options, &status);
    if (!models)
        return status;
    output_take(); /* what libraries print stays out of the journal */
    return service_run(&options, models);
}

int main(int argc, char **argv)
{
    struct call call;
    fill_standard_descriptors();
    signal(SIGPIPE, SIG_IGN); /* a log whose reader is gone is no end */
    memory_set_up();
    raise_descriptor_limit();
    call_init(&call);
    enum service_status status = run(&call, argc, argv);
    call_done(&call);
    if (status != SERVICE_AGAIN)
        return (int)status;
    execv("/proc/self/exe", argv); /* all descriptors close, the process keeps its id */
    log_line(LOG_LEVEL_ERROR, "cannot begin anew: %s", strerror(errno));
    return SERVICE_SYSTEM;
}
