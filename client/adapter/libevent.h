#ifndef SIDETOK_ADAPTER_LIBEVENT_H
#define SIDETOK_ADAPTER_LIBEVENT_H

/* A sidetok client in a libevent base. Header-only.
 *
 *     struct sidetok_libevent *adapter = sidetok_libevent_attach(base, client);
 *     ...
 *     sidetok_libevent_detach(adapter);   (allowed inside a callback)
 *     sidetok_client_close(client);    (allowed inside a callback, before or after)
 *
 * The event keeps the base alive until it is detached.
 * Attach, detach and callbacks belong to the loop's thread. The adapter watches a duplicate of the client's
 * descriptor, so that nothing dangles in the loop when a callback closes the client. Detach exactly once,
 * whatever became of the client. */

#include <sidetok.h>

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct sidetok_libevent {
    struct sidetok_client *client;
    int fd;            /* a duplicate of the client's */
    int is_processing; /* a callback may be running */
    int is_detached;   /* by that callback: freed when process() returns */
    struct event *event;
};

/* Stops watching and frees; outside process(). */
static inline void sidetok_libevent_free(struct sidetok_libevent *adapter)
{
    event_free(adapter->event);
    close(adapter->fd);
    free(adapter);
}

/* Has the client's callbacks run. */
static inline void sidetok_libevent_process(struct sidetok_libevent *adapter)
{
    adapter->is_processing = 1;
    sidetok_client_process(adapter->client);
    adapter->is_processing = 0;
    if (adapter->is_detached)
        sidetok_libevent_free(adapter);
}

static inline void sidetok_libevent_on_event(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    sidetok_libevent_process((struct sidetok_libevent *)context);
}

/* Watches a client in a loop. NULL when memory or descriptors are out, or in a forked child. */
static inline struct sidetok_libevent *sidetok_libevent_attach(struct event_base *base,
                                                               struct sidetok_client *client)
{
    struct sidetok_libevent *adapter = (struct sidetok_libevent *)calloc(1, sizeof *adapter);
    if (!adapter)
        return NULL;
    adapter->client = client;
    adapter->fd = fcntl(sidetok_client_fd(client), F_DUPFD_CLOEXEC, 0);
    if (adapter->fd < 0) {
        free(adapter);
        return NULL;
    }
    adapter->event = event_new(base, adapter->fd, EV_READ | EV_PERSIST, sidetok_libevent_on_event, adapter);
    if (!adapter->event || event_add(adapter->event, NULL) != 0) {
        if (adapter->event)
            event_free(adapter->event);
        close(adapter->fd);
        free(adapter);
        return NULL;
    }
    return adapter;
}

/* Ends the watching; the client itself goes on. */
static inline void sidetok_libevent_detach(struct sidetok_libevent *adapter)
{
    adapter->is_detached = 1;
    if (!adapter->is_processing)
        sidetok_libevent_free(adapter);
}

#endif
