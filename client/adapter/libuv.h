#ifndef SIDETOK_ADAPTER_LIBUV_H
#define SIDETOK_ADAPTER_LIBUV_H

/* A sidetok client in a libuv loop. Header-only.
 *
 *     struct sidetok_libuv *adapter = sidetok_libuv_attach(loop, client);
 *     ...
 *     sidetok_libuv_detach(adapter);   (allowed inside a callback)
 *     sidetok_client_close(client);    (allowed inside a callback, before or after)
 *
 * The handle keeps the loop alive until it is detached.
 * Attach, detach and callbacks belong to the loop's thread. The adapter watches a duplicate of the client's
 * descriptor, so that nothing dangles in the loop when a callback closes the client. Detach exactly once,
 * whatever became of the client. */

#include <sidetok.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

struct sidetok_libuv {
    struct sidetok_client *client;
    int fd;            /* a duplicate of the client's */
    int is_processing; /* a callback may be running */
    int is_detached;   /* by that callback: freed when process() returns */
    uv_poll_t poll;
};

static inline void sidetok_libuv_on_close(uv_handle_t *handle)
{
    struct sidetok_libuv *adapter = (struct sidetok_libuv *)handle->data;
    close(adapter->fd);
    free(adapter);
}

/* Stops watching and frees; outside process(). */
static inline void sidetok_libuv_free(struct sidetok_libuv *adapter)
{
    uv_poll_stop(&adapter->poll);
    uv_close((uv_handle_t *)&adapter->poll, sidetok_libuv_on_close); /* libuv needs the handle until then */
}

/* Has the client's callbacks run. */
static inline void sidetok_libuv_process(struct sidetok_libuv *adapter)
{
    adapter->is_processing = 1;
    sidetok_client_process(adapter->client);
    adapter->is_processing = 0;
    if (adapter->is_detached)
        sidetok_libuv_free(adapter);
}

static inline void sidetok_libuv_on_event(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    sidetok_libuv_process((struct sidetok_libuv *)poll->data);
}

/* Watches a client in a loop. NULL when memory or descriptors are out, or in a forked child. */
static inline struct sidetok_libuv *sidetok_libuv_attach(uv_loop_t *loop, struct sidetok_client *client)
{
    struct sidetok_libuv *adapter = (struct sidetok_libuv *)calloc(1, sizeof *adapter);
    if (!adapter)
        return NULL;
    adapter->client = client;
    adapter->fd = fcntl(sidetok_client_fd(client), F_DUPFD_CLOEXEC, 0);
    if (adapter->fd < 0) {
        free(adapter);
        return NULL;
    }
    adapter->poll.data = adapter;
    if (uv_poll_init(loop, &adapter->poll, adapter->fd) != 0) {
        close(adapter->fd);
        free(adapter);
        return NULL;
    }
    uv_poll_start(&adapter->poll, UV_READABLE, sidetok_libuv_on_event);
    return adapter;
}

/* Ends the watching; the client itself goes on. */
static inline void sidetok_libuv_detach(struct sidetok_libuv *adapter)
{
    adapter->is_detached = 1;
    if (!adapter->is_processing)
        sidetok_libuv_free(adapter);
}

#endif
