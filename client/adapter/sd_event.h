#ifndef SIDETOK_ADAPTER_SD_EVENT_H
#define SIDETOK_ADAPTER_SD_EVENT_H

/* A sidetok client in an sd-event loop. Header-only.
 *
 *     struct sidetok_sd_event *adapter = sidetok_sd_event_attach(event, client);
 *     ...
 *     sidetok_sd_event_detach(adapter);   (allowed inside a callback)
 *     sidetok_client_close(client);    (allowed inside a callback, before or after)
 *
 * Floats on no priority of its own: set one on adapter->source where it matters.
 * Attach, detach and callbacks belong to the loop's thread. The adapter watches a duplicate of the client's
 * descriptor, so that nothing dangles in the loop when a callback closes the client. Detach exactly once,
 * whatever became of the client. */

#include <sidetok.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <unistd.h>

struct sidetok_sd_event {
    struct sidetok_client *client;
    int fd;            /* a duplicate of the client's */
    int is_processing; /* a callback may be running */
    int is_detached;   /* by that callback: freed when process() returns */
    sd_event_source *source;
};

/* Stops watching and frees; outside process(). */
static inline void sidetok_sd_event_free(struct sidetok_sd_event *adapter)
{
    sd_event_source_disable_unref(adapter->source);
    close(adapter->fd);
    free(adapter);
}

/* Has the client's callbacks run. */
static inline void sidetok_sd_event_process(struct sidetok_sd_event *adapter)
{
    adapter->is_processing = 1;
    sidetok_client_process(adapter->client);
    adapter->is_processing = 0;
    if (adapter->is_detached)
        sidetok_sd_event_free(adapter);
}

static inline int sidetok_sd_event_on_event(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)source, (void)fd, (void)events;
    sidetok_sd_event_process((struct sidetok_sd_event *)context);
    return 0;
}

/* Watches a client in a loop. NULL when memory or descriptors are out, or in a forked child. */
static inline struct sidetok_sd_event *sidetok_sd_event_attach(sd_event *event, struct sidetok_client *client)
{
    struct sidetok_sd_event *adapter = (struct sidetok_sd_event *)calloc(1, sizeof *adapter);
    if (!adapter)
        return NULL;
    adapter->client = client;
    adapter->fd = fcntl(sidetok_client_fd(client), F_DUPFD_CLOEXEC, 0);
    if (adapter->fd < 0) {
        free(adapter);
        return NULL;
    }
    if (sd_event_add_io(event, &adapter->source, adapter->fd, EPOLLIN, sidetok_sd_event_on_event, adapter) <
        0) {
        close(adapter->fd);
        free(adapter);
        return NULL;
    }
    return adapter;
}

/* Ends the watching; the client itself goes on. */
static inline void sidetok_sd_event_detach(struct sidetok_sd_event *adapter)
{
    adapter->is_detached = 1;
    if (!adapter->is_processing)
        sidetok_sd_event_free(adapter);
}

#endif
