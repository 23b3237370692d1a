#include "listener.h"

#include "client/nng_compat.h"
#include "log.h"
#include "probe.h"
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    GREET_MS = 2000,        /* a probe that left earlier could itself make an old nng deaf */
    START_ANSWER_MS = 1000, /* whoever serves at a path answers a ping within a few ms */
    GUARD_ANSWER_MS = 150,  /* so long, and as often as below, before a listener counts as deaf */
    GUARD_QUESTIONS = 4,
    LOST_MS = 1000,        /* nng gives a closed listener's name back within milliseconds, or never */
    FORMER_MAX_MS = 30000, /* a former listener's connections get so long for the replies under way */
    LOCK_WAIT_MS = 6000,   /* another sidecar that starts in the same folder needs as long at most */
    N_NAMES = 10,
};

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
    enum probe_result result = probe_url(url, GREET_MS, START_ANSWER_MS);
    if (result == PROBE_UNKNOWN)
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: cannot connect to what is there: %s", url,
                           strerror(errno));
    if (result != PROBE_NOBODY)
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: another process is listening there", url);
    return SIDETOK_OK;
}

static enum sidetok_error set_group(struct call *call, const struct options *options, const char *path)
{
    uint64_t group;
    if (options->socket_group.size == 0)
        return SIDETOK_OK;
    enum sidetok_error error = option_owner(call, options->socket_group, true, &group);
    if (error == SIDETOK_E_NO_MEMORY)
        return error;
    if (error)
        return failure_set(call, SIDETOK_E_SYSTEM, "group '%.*s' is unknown", STR_ARG(options->socket_group));
    if (chown(path, (uid_t)-1, (gid_t)group) != 0)
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: cannot give it to group %.*s: %s", path,
                           STR_ARG(options->socket_group), strerror(errno));
    return SIDETOK_OK;
}

/* Of an ipc listener that is known under another name than it was bound to. */
struct binding {
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    char url[6 + sizeof((struct sockaddr_un *)0)->sun_path];
};

/* A name beside path that nobody has: ".0name", ".1name" and so on, cut to what a socket's name may hold. */
static bool choose_binding(const char *path, struct binding *ret)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    for (int i = 0; i < N_NAMES; i++) {
        struct stat status;
        int n = snprintf(ret->path, sizeof ret->path, "%.*s.%d%s", folder, path, i, path + folder);
        if (n < 0 || folder + 2 >= (int)sizeof ret->path)
            return false;
        if (lstat(ret->path, &status) != 0 && errno == ENOENT) {
            snprintf(ret->url, sizeof ret->url, "ipc://%s", ret->path);
            return true;
        }
    }
    return false;
}

/* Two sidecars that start at one path at the same time must not both find it free. A folder that cannot be
 * locked is used as it is: then nobody but us may write there either, or the file system knows no locks.
 * Whoever may read the folder can lock it, and for ever: it is not waited for longer than for a sidecar. */
static int lock_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[sizeof((struct binding *)0)->path] = ".";
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int waited = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; waited += 10) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            break;
        if (waited >= LOCK_WAIT_MS) {
            log_line(LOG_LEVEL_WARNING, "%s: another process keeps it locked; going on without the lock",
                     folder);
            break;
        }
        service_sleep_ms(10);
    }
    return fd;
}

static void unlock_folder(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int start_listener(struct listener *listener, const char *url, bool is_ipc, nng_listener *ret)
{
    nng_listener handle;
    int error = nng_listener_create(&handle, listener->socket, url);
    if (error)
        return error;
    if (is_ipc) /* before anyone can connect */
        error = nng_listener_set_int(handle, NNG_OPT_IPC_PERMISSIONS, (int)listener->options->mode);
    if (!error)
        error = nng_listener_start(handle, 0);
    if (error)
        nng_listener_close(handle);
    else
        *ret = handle;
    return error;
}

static void adopt(struct address *address, nng_listener handle)
{
    address->listener = handle;
    atomic_store(&address->listener_id, (uint32_t)nng_listener_id(handle));
}

static enum sidetok_error listen_failure(struct call *call, const char *url, int error)
{
    return failure_set(call, SIDETOK_E_SYSTEM, "%s: %s", url,
                       error == NNG_EADDRINUSE ? "another process is listening there" : nng_strerror(error));
}

/* Gives a bound socket its group and, last, its name: who can connect finds it as it is to be. */
static enum sidetok_error publish(struct call *call, struct listener *listener, struct address *address,
                                  const struct binding *binding)
{
    struct stat status;
    const char *path = socket_path(address->url);
    TRY(set_group(call, listener->options, binding->path));
    if (lstat(binding->path, &status) != 0 || rename(binding->path, path) != 0)
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: %s", address->url, strerror(errno));
    address->device = status.st_dev;
    address->inode = status.st_ino;
    return SIDETOK_OK;
}

/* nng unlinks the name that a listener was bound to when it closes, whatever stands there by then, and
 * replaces any file in its way. So it binds to a name of its own, which is renamed to the real one: at once
 * for those who connect, and nng never sees the real name. */
static enum sidetok_error listen_at_path(struct call *call, struct listener *listener,
                                         struct address *address)
{
    struct binding binding;
    nng_listener handle;
    if (!choose_binding(socket_path(address->url), &binding))
        return failure_set(call, SIDETOK_E_SYSTEM, "%s: no free name beside it to bind to", address->url);
    int error = start_listener(listener, binding.url, true, &handle);
    if (error)
        return listen_failure(call, address->url, error);
    enum sidetok_error failed = publish(call, listener, address, &binding);
    if (failed)
        nng_listener_close(handle);
    else
        adopt(address, handle);
    return failed;
}

static enum sidetok_error listen_at_name(struct call *call, struct listener *listener,
                                         struct address *address)
{
    nng_listener handle;
    int error = start_listener(listener, address->url, strncmp(address->url, "tcp", 3) != 0, &handle);
    if (error)
        return listen_failure(call, address->url, error);
    adopt(address, handle);
    return SIDETOK_OK;
}

static enum sidetok_error listen_first(struct call *call, struct listener *listener, struct address *address)
{
    const char *path = socket_path(address->url);
    if (!path)
        return listen_at_name(call, listener, address);
    int lock = lock_folder(path);
    enum sidetok_error error = check_path(call, address->url);
    if (!error)
        error = listen_at_path(call, listener, address);
    unlock_folder(lock);
    return error;
}

enum sidetok_error listener_open(struct call *call, nng_socket socket, const struct options *options,
                                 struct listener *ret_listener)
{
    *ret_listener = (struct listener){.socket = socket, .options = options};
    ret_listener->addresses = call_alloc_array(call, options->listen.n, sizeof *ret_listener->addresses);
    if (!ret_listener->addresses)
        return SIDETOK_E_NO_MEMORY;
    memset(ret_listener->addresses, 0, options->listen.n * sizeof *ret_listener->addresses);
    for (size_t i = 0; i < options->listen.n; i++) {
        struct str text = options->listen.items[i];
        struct address *address = &ret_listener->addresses[i];
        address->url = call_terminated(call, text);
        if (!address->url)
            return SIDETOK_E_NO_MEMORY;
        ret_listener->n_addresses++;
        TRY(listen_first(call, ret_listener, address));
        log_line(LOG_LEVEL_INFO, "listening on %s", address->url);
    }
    return SIDETOK_OK;
}

/* Whether the file at the address's path is the socket that we put there; *ret_is_free: nothing is there. */
static bool is_ours(const struct address *address, bool *ret_is_free)
{
    struct stat status;
    const char *path = socket_path(address->url);
    bool is_there = path && lstat(path, &status) == 0;
    *ret_is_free = path && !is_there && errno == ENOENT;
    return is_there && address->inode != 0 && status.st_dev == address->device &&
           status.st_ino == address->inode;
}

void listener_close(struct listener *listener)
{
    for (size_t i = 0; i < listener->n_addresses; i++) {
        bool is_free;
        if (is_ours(&listener->addresses[i], &is_free))
            unlink(socket_path(listener->addresses[i].url));
    }
}

void listener_note_connection(struct listener *listener, nng_pipe pipe)
{
    uint32_t id = (uint32_t)nng_listener_id(nng_pipe_listener(pipe));
    for (size_t i = 0; i < listener->n_addresses; i++)
        if (atomic_load(&listener->addresses[i].listener_id) == id)
            atomic_fetch_add(&listener->addresses[i].n_taken, 1);
}

bool listener_needs_guard(void)
{
    char *end;
    unsigned long major = strtoul(nng_version(), &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return major == 1 && minor < 10;
}

static void close_listener(nng_listener *handle)
{
    if (handle->id != 0)
        nng_listener_close(*handle);
    *handle = (nng_listener)NNG_LISTENER_INITIALIZER;
}

/* All formers when the service is idle: nobody waits for a reply then; else those that had their time. */
static void close_formers(struct address *address, bool is_idle)
{
    uint64_t now_ns = service_now_ns();
    for (size_t i = 0; i < LISTENER_FORMERS; i++) {
        struct former *former = &address->formers[i];
        if (is_idle || now_ns - former->since_ns >= FORMER_MAX_MS * UINT64_C(1000000))
            close_listener(&former->listener);
    }
}

/* In a free place, or in that of the oldest. */
static void keep_former(struct address *address, nng_listener listener)
{
    struct former *place = &address->formers[0];
    for (size_t i = 1; i < LISTENER_FORMERS && place->listener.id != 0; i++) {
        struct former *next = &address->formers[i];
        if (next->listener.id == 0 || next->since_ns < place->since_ns)
            place = next;
    }
    close_listener(&place->listener);
    *place = (struct former){.listener = listener, .since_ns = service_now_ns()};
}

/* A path takes a new listener while the old one lives on. */
static enum sidetok_error replace_at_path(struct call *call, struct listener *listener,
                                          struct address *address)
{
    nng_listener old = address->listener;
    TRY(listen_at_path(call, listener, address));
    keep_former(address, old);
    return SIDETOK_OK;
}

/* A port or an abstract name has to be given back first, which takes nng a moment: else the next check tries
 * again. */
static enum sidetok_error replace_at_name(struct call *call, struct listener *listener,
                                          struct address *address)
{
    close_listener(&address->listener);
    return listen_at_name(call, listener, address);
}

static void replace(struct listener *listener, struct address *address)
{
    struct call call;
    bool is_free, is_path = socket_path(address->url) != NULL;
    if (is_path && !is_ours(address, &is_free) && !is_free)
        return; /* another's file by now: nothing of ours is reached by this path any more */
    call_init(&call);
    bool is_listening = (is_path ? replace_at_path : replace_at_name)(&call, listener, address) == SIDETOK_OK;
    if (is_listening || is_path)
        address->lost_ns = 0;
    else if (address->lost_ns == 0)
        address->lost_ns = service_now_ns();
    if (is_listening)
        log_line(LOG_LEVEL_WARNING, "%s had stopped accepting; listening anew", address->url);
    else
        log_line(LOG_LEVEL_ERROR, "%s has stopped accepting: %.*s", address->url,
                 STR_ARG(call.failure.message));
    call_done(&call);
}

/* A slow machine is told from a deaf listener by the connections that it hands over all the same; and as
 * nng's threads do so in the order in which they greet, by those that are greeted after one that was not
 * handed over. */
static enum probe_result ask(struct address *address)
{
    uint32_t n_taken = atomic_load(&address->n_taken);
    enum probe_result result = PROBE_DEAF;
    for (int i = 0; i < GUARD_QUESTIONS && result == PROBE_DEAF; i++) {
        result = probe_url(address->url, GREET_MS, GUARD_ANSWER_MS);
        if (result == PROBE_DEAF && atomic_load(&address->n_taken) != n_taken)
            result = PROBE_SILENT;
    }
    return result;
}

size_t listener_check(struct listener *listener, bool is_idle)
{
    size_t n_answered = 0;
    for (size_t i = 0; i < listener->n_addresses; i++) {
        struct address *address = &listener->addresses[i];
        close_formers(address, is_idle);
        enum probe_result result = ask(address);
        if (result == PROBE_ANSWERS) {
            n_answered++;
            address->lost_ns = 0;
        }
        if (result == PROBE_DEAF || result == PROBE_NOBODY)
            replace(listener, address);
    }
    return n_answered;
}

bool listener_is_lost(const struct listener *listener)
{
    for (size_t i = 0; i < listener->n_addresses; i++) {
        uint64_t lost_ns = listener->addresses[i].lost_ns;
        if (lost_ns != 0 && service_now_ns() - lost_ns >= LOST_MS * UINT64_C(1000000))
            return true;
    }
    return false;
}
