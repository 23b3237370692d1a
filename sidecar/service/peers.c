#include "peers.h"

#include "log.h"
#include "service.h"

#include <unistd.h>

#if NNG_MAJOR_VERSION >= 2
#define PEER_UID NNG_OPT_PEER_UID
#define PEER_GID NNG_OPT_PEER_GID
#else
#define PEER_UID NNG_OPT_IPC_PEER_UID
#define PEER_GID NNG_OPT_IPC_PEER_GID
#endif

static bool holds(const uint64_t *ids, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

bool peers_allow(const struct peers *peers, uint64_t user, uint64_t group)
{
    return user == peers->own_user || holds(peers->users, peers->n_users, user) ||
           holds(peers->groups, peers->n_groups, group);
}

/* One line a second: whoever is refused could fill the log otherwise. */
static void tell(struct peers *peers, int64_t user, int64_t group)
{
    enum { EVERY_NS = 1000000000 };
    uint64_t n = atomic_fetch_add(&peers->n_refused, 1) + 1, now = service_now_ns();
    uint64_t told = atomic_load(&peers->told_ns);
    if ((told == 0 || now - told >= EVERY_NS) && atomic_compare_exchange_strong(&peers->told_ns, &told, now))
        log_line(LOG_LEVEL_WARNING, "refused a peer of user %lld, group %lld; %llu so far", (long long)user,
                 (long long)group, (unsigned long long)n);
}

/* What SO_PEERCRED said; -1 where there is no such thing. In nng 2.0 the numbers became ints. */
static int64_t peer_id(nng_pipe pipe, const char *option)
{
#if NNG_MAJOR_VERSION >= 2
    int id;
    return nng_pipe_get_int(pipe, option, &id) == 0 ? (int64_t)(uint32_t)id : -1;
#else
    uint64_t id;
    return nng_pipe_get_uint64(pipe, option, &id) == 0 ? (int64_t)id : -1;
#endif
}

/* On a thread of nng's, before the connection is the socket's. */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct peers *peers = context;
    int64_t user = peer_id(pipe, PEER_UID), group = peer_id(pipe, PEER_GID);
    (void)event;
    bool is_named = user >= 0 && group >= 0;
    if (is_named ? peers_allow(peers, (uint64_t)user, (uint64_t)group) : peers->serves_tcp)
        return;
    nng_pipe_close(pipe);
    tell(peers, user, group);
}

static enum sidetok_error read_ids(struct call *call, const struct option_list *list, bool is_group,
                                   uint64_t **ret_ids)
{
    uint64_t *ids = call_alloc_array(call, list->n, sizeof *ids);
    if (!ids)
        return SIDETOK_E_NO_MEMORY;
    *ret_ids = ids;
    for (size_t i = 0; i < list->n; i++)
        if (option_owner(call, list->items[i], is_group, &ids[i]) != SIDETOK_OK)
            return failure_set(call, SIDETOK_E_SYSTEM, "'%.*s' is no %s any more", STR_ARG(list->items[i]),
                               is_group ? "group" : "user");
    return SIDETOK_OK;
}

enum sidetok_error peers_guard(struct call *call, nng_socket socket, const struct options *options,
                               struct peers *ret_peers)
{
    *ret_peers = (struct peers){
        .n_users = options->allow_uid.n,
        .n_groups = options->allow_gid.n,
        .own_user = geteuid(),
        .serves_tcp = options->insecure_tcp,
    };
    if (options->allow_uid.n + options->allow_gid.n == 0)
        return SIDETOK_OK;
    TRY(read_ids(call, &options->allow_uid, false, &ret_peers->users));
    TRY(read_ids(call, &options->allow_gid, true, &ret_peers->groups));
    int error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, on_pipe, ret_peers);
    return error ? failure_set(call, SIDETOK_E_SYSTEM, "cannot watch connections: %s", nng_strerror(error))
                 : SIDETOK_OK;
}
