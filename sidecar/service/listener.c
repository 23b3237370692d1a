#include "listener.h"

#include "client/nng_compat.h"
#include "log.h"
#include "probe.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROBE_TIMEOUT_MS = 1000 };

/* The file of an ipc URL, NULL for other kinds. */
static const char *socket_path(const char *url)
{
    return strncmp(url, "ipc://", 6) == 0 ? url + 6 : NULL;
}

/* nng replaces whatever stands at the path, a regular file too, and finds out about a live peer by connecting
 * and leaving, which may stop that peer from accepting for good. So both questions are asked here first. */
static enum sidetok_error check_path(struct call *call, const char *url)
{
    const char *path = socket_path(url);
    struct stat status;
    if (!path)
        return SIDETOK_OK;
    if (lstat(path, &status) != 0) {
        if (errno == ENOENT)
            return SIDETOK_OK;
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: %s", url, strerror(errno));
    }
    if (!S_ISSOCK(status.st_mode))
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: %s exists and is no socket; it is left alone", url,
                           path);
    if (probe_url(url, PROBE_TIMEOUT_MS) != PROBE_NOBODY)
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: another process is listening there", url);
    return SIDETOK_OK;
}

static enum sidetok_error find_group(struct call *call, struct str name, gid_t *ret_group)
{
    char text[64], *end;
    if (name.size >= sizeof text)
        return failure_set(call, SIDETOK_E_SYSTEM, "group '%.*s' is unknown", STR_ARG(name));
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    unsigned long number = strtoul(text, &end, 10);
    if (!*end) {
        *ret_group = (gid_t)number;
        return SIDETOK_OK;
    }
    const struct group *group = getgrnam(text);
    if (!group)
        return failure_set(call, SIDETOK_E_SYSTEM, "group '%s' is unknown", text);
    *ret_group = group->gr_gid;
    return SIDETOK_OK;
}

static enum sidetok_error set_group(struct call *call, const struct options *options, const char *path)
{
    gid_t group = (gid_t)-1;
    if (options->socket_group.size == 0)
        return SIDETOK_OK;
    TRY(find_group(call, options->socket_group, &group));
    if (chown(path, (uid_t)-1, group) != 0)
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: cannot give it to group %.*s: %s", path,
                           STR_ARG(options->socket_group), strerror(errno));
    return SIDETOK_OK;
}

static enum sidetok_error listen_on(struct call *call, const struct listener *listener, const char *url)
{
    nng_listener handle;
    const char *path = socket_path(url);
    int error = nng_listener_create(&handle, listener->socket, url);
    if (!error && path) /* before anyone can connect */
        error = nng_listener_set_int(handle, NNG_OPT_IPC_PERMISSIONS, (int)listener->options->mode);
    if (!error)
        error = nng_listener_start(handle, 0);
    if (error)
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: %s", url,
                           error == NNG_EADDRINUSE ? "another process is listening there"
                                                   : nng_strerror(error));
    return path ? set_group(call, listener->options, path) : SIDETOK_OK;
}

enum sidetok_error listener_open(struct call *call, nng_socket socket, const struct options *options,
                                 struct listener *ret_listener)
{
    *ret_listener = (struct listener){.socket = socket, .options = options, .n_urls = options->listen.n};
    ret_listener->urls = call_alloc_array(call, options->listen.n, sizeof *ret_listener->urls);
    if (!ret_listener->urls)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < options->listen.n; i++) {
        struct str text = options->listen.items[i];
        char *url = ret_listener->urls[i] = call_alloc(call, text.size + 1);
        if (!url)
            return SIDETOK_E_NO_MEMORY;
        memcpy(url, text.data, text.size);
        url[text.size] = '\0';
        TRY(check_path(call, url));
        TRY(listen_on(call, ret_listener, url));
        log_line(LOG_LEVEL_INFO, "listening on %s", url);
    }
    return SIDETOK_OK;
}

bool listener_needs_guard(void)
{
    char *end;
    unsigned long major = strtoul(nng_version(), &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return major == 1 && minor < 10;
}

/* The old listener stays open: closing it would unlink the path, even its successor's. */
static void restart(struct listener *listener, const char *url)
{
    struct call call;
    call_init(&call);
    const char *path = socket_path(url);
    if (path)
        unlink(path);
    listener->n_restarts++;
    if (listen_on(&call, listener, url) == SIDETOK_OK)
        log_line(LOG_LEVEL_WARNING, "%s had stopped accepting; listening anew", url);
    else
        log_line(LOG_LEVEL_ERROR, "%s has stopped accepting: %.*s", url, STR_ARG(call.failure.message));
    call_done(&call);
}

void listener_check(struct listener *listener)
{
    for (size_t i = 0; i < listener->n_urls; i++) {
        const char *url = listener->urls[i];
        if (probe_url(url, PROBE_TIMEOUT_MS) != PROBE_ANSWERS &&
            probe_url(url, PROBE_TIMEOUT_MS) != PROBE_ANSWERS)
            restart(listener, url);
    }
}
