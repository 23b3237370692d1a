#ifndef SIDETOK_ADAPTER_LIBEV_H
#define SIDETOK_ADAPTER_LIBEV_H

/* A sidetok client in a libev loop. Header-only.
 *
 *     struct sidetok_libev *adapter = sidetok_libev_attach(loop, client);
 *     ...
 *     sidetok_libev_detach(adapter);   (allowed inside a callback)
 *     sidetok_client_close(client);    (allowed inside a callback, before or after)
 *
 * The watcher keeps the loop alive until it is detached.
 * Attach, detach and callbacks belong to the loop's thread. The adapter watches a duplicate of the client's
 * descriptor, so that nothing dangles in the loop when a callback closes the client. Detach exactly once,
 * whatever became of the client. */

#include <sidetok.h>

#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct sidetok_libev {
    struct sidetok_client *client;
    int fd;            /* a duplicate of the client's */
    int is_processing; /* a callback may be running */
    int is_detached;   /* by that callback: freed when process() returns */
    struct ev_loop *loop;
    ev_io io;
};

/* Stops watching and frees; outside process(). */
static inline void sidetok_libev_free(struct sidetok_libev *adapter)
{
    ev_io_stop(adapter->loop, &adapter->io);
    close(adapter->fd);
    free(adapter);
}

/* Has the client's callbacks run. */
static inline void sidetok_libev_process(struct sidetok_libev *adapter)
{
    adapter->is_processing = 1;
    sidetok_client_process(adapter->client);
    adapter->is_processing = 0;
    if (adapter->is_detached)
        sidetok_libev_free(adapter);
}

static inline void sidetok_libev_on_event(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    sidetok_libev_process((struct sidetok_libev *)io->data);
}

/* Watches a client in a loop. NULL when memory or descriptors are out, or in a forked child. */
static inline struct sidetok_libev *sidetok_libev_attach(struct ev_loop *loop, struct sidetok_client *client)
{
    struct sidetok_libev *adapter = (struct sidetok_libev *)calloc(1, sizeof *adapter);
    if (!adapter)
        return NULL;
    adapter->client = client;
    adapter->fd = fcntl(sidetok_client_fd(client), F_DUPFD_CLOEXEC, 0);
    if (adapter->fd < 0) {
        free(adapter);
        return NULL;
    }
    adapter->loop = loop;
    adapter->io.data = adapter;
    ev_init(&adapter->io, sidetok_libev_on_event);
    ev_io_set(&adapter->io, adapter->fd, EV_READ);
    ev_io_start(loop, &adapter->io);
    return adapter;
}

/* Ends the watching; the client itself goes on. */
static inline void sidetok_libev_detach(struct sidetok_libev *adapter)
{
    adapter->is_detached = 1;
    if (!adapter->is_processing)
        sidetok_libev_free(adapter);
}

#endif
