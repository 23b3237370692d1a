#ifndef SIDETOK_ADAPTER_EPOLL_H
#define SIDETOK_ADAPTER_EPOLL_H

/* A sidetok client in an epoll loop of your own. Header-only.
 *
 *     struct sidetok_epoll *adapter = sidetok_epoll_attach(epoll_fd, EPOLLIN, client);
 *     ...
 *     sidetok_epoll_detach(adapter);   (allowed inside a callback)
 *     sidetok_client_close(client);    (allowed inside a callback, before or after)
 *
 * events is EPOLLIN, or EPOLLIN | EPOLLET for an edge-triggered loop. When epoll_wait() gives event.data.ptr
 * == adapter:
 *
 *     sidetok_epoll_process(adapter);
 *
 * Attach, detach and callbacks belong to the loop's thread. The adapter watches a duplicate of the client's
 * descriptor, so that nothing dangles in the loop when a callback closes the client. Detach exactly once,
 * whatever became of the client. */

#include <sidetok.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct sidetok_epoll {
    struct sidetok_client *client;
    int fd;            /* a duplicate of the client's */
    int is_processing; /* a callback may be running */
    int is_detached;   /* by that callback: freed when process() returns */
    int epoll_fd;
};

/* Stops watching and frees; outside process(). */
static inline void sidetok_epoll_free(struct sidetok_epoll *adapter)
{
    epoll_ctl(adapter->epoll_fd, EPOLL_CTL_DEL, adapter->fd, NULL);
    close(adapter->fd);
    free(adapter);
}

/* Has the client's callbacks run. */
static inline void sidetok_epoll_process(struct sidetok_epoll *adapter)
{
    adapter->is_processing = 1;
    sidetok_client_process(adapter->client);
    adapter->is_processing = 0;
    if (adapter->is_detached)
        sidetok_epoll_free(adapter);
}

/* Watches a client in a loop. NULL when memory or descriptors are out, or in a forked child. */
static inline struct sidetok_epoll *sidetok_epoll_attach(int epoll_fd, uint32_t events,
                                                         struct sidetok_client *client)
{
    struct sidetok_epoll *adapter = (struct sidetok_epoll *)calloc(1, sizeof *adapter);
    if (!adapter)
        return NULL;
    adapter->client = client;
    adapter->fd = fcntl(sidetok_client_fd(client), F_DUPFD_CLOEXEC, 0);
    if (adapter->fd < 0) {
        free(adapter);
        return NULL;
    }
    struct epoll_event event;
    event.events = events;
    event.data.ptr = adapter;
    adapter->epoll_fd = epoll_fd;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, adapter->fd, &event) != 0) {
        close(adapter->fd);
        free(adapter);
        return NULL;
    }
    return adapter;
}

/* Ends the watching; the client itself goes on. */
static inline void sidetok_epoll_detach(struct sidetok_epoll *adapter)
{
    adapter->is_detached = 1;
    if (!adapter->is_processing)
        sidetok_epoll_free(adapter);
}

#endif
