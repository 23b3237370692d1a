#ifndef SIDETOK_ADAPTER_GLIB_H
#define SIDETOK_ADAPTER_GLIB_H

/* A sidetok client in a GLib main context. Header-only.
 *
 *     struct sidetok_glib *adapter = sidetok_glib_attach(NULL, client);
 *     ...
 *     sidetok_glib_detach(adapter);   (allowed inside a callback)
 *     sidetok_client_close(client);    (allowed inside a callback, before or after)
 *
 * The context NULL is the default one. Needs glib 2.36.
 * Attach, detach and callbacks belong to the loop's thread. The adapter watches a duplicate of the client's
 * descriptor, so that nothing dangles in the loop when a callback closes the client. Detach exactly once,
 * whatever became of the client. */

#include <sidetok.h>

#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <unistd.h>

struct sidetok_glib {
    struct sidetok_client *client;
    int fd;            /* a duplicate of the client's */
    int is_processing; /* a callback may be running */
    int is_detached;   /* by that callback: freed when process() returns */
    GSource *source;
};

/* Stops watching and frees; outside process(). */
static inline void sidetok_glib_free(struct sidetok_glib *adapter)
{
    g_source_destroy(adapter->source);
    g_source_unref(adapter->source);
    close(adapter->fd);
    free(adapter);
}

/* Has the client's callbacks run. */
static inline void sidetok_glib_process(struct sidetok_glib *adapter)
{
    adapter->is_processing = 1;
    sidetok_client_process(adapter->client);
    adapter->is_processing = 0;
    if (adapter->is_detached)
        sidetok_glib_free(adapter);
}

static inline gboolean sidetok_glib_on_event(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd, (void)condition;
    sidetok_glib_process((struct sidetok_glib *)data);
    return G_SOURCE_CONTINUE; /* of a source that was destroyed meanwhile GLib takes no notice */
}

/* Watches a client in a loop. NULL when memory or descriptors are out, or in a forked child. */
static inline struct sidetok_glib *sidetok_glib_attach(GMainContext *context, struct sidetok_client *client)
{
    struct sidetok_glib *adapter = (struct sidetok_glib *)calloc(1, sizeof *adapter);
    if (!adapter)
        return NULL;
    adapter->client = client;
    adapter->fd = fcntl(sidetok_client_fd(client), F_DUPFD_CLOEXEC, 0);
    if (adapter->fd < 0) {
        free(adapter);
        return NULL;
    }
    adapter->source = g_unix_fd_source_new(adapter->fd, G_IO_IN);
    g_source_set_callback(adapter->source, (GSourceFunc)(void (*)(void))sidetok_glib_on_event, adapter, NULL);
    g_source_attach(adapter->source, context);
    return adapter;
}

/* Ends the watching; the client itself goes on. */
static inline void sidetok_glib_detach(struct sidetok_glib *adapter)
{
    adapter->is_detached = 1;
    if (!adapter->is_processing)
        sidetok_glib_free(adapter);
}

#endif
