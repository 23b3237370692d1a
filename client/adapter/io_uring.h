#ifndef SIDETOK_ADAPTER_IO_URING_H
#define SIDETOK_ADAPTER_IO_URING_H

/* A sidetok client in an io_uring loop. Header-only.
 *
 *     struct sidetok_io_uring *adapter = sidetok_io_uring_attach(ring, client);
 *     ...
 *     sidetok_io_uring_detach(adapter);   (allowed inside a callback)
 *     sidetok_client_close(client);    (allowed inside a callback, before or after)
 *
 * Uses one-shot polls, so kernels from 5.1 on serve. Submit the ring as usual; for each completion whose user
 * data is the adapter:
 *
 *     sidetok_io_uring_complete(adapter, cqe);   (then io_uring_cqe_seen(), as always)
 *
 * After detaching one more completion comes, which frees the adapter: hand it over too.
 * Attach, detach and callbacks belong to the loop's thread. The adapter watches a duplicate of the client's
 * descriptor, so that nothing dangles in the loop when a callback closes the client. Detach exactly once,
 * whatever became of the client. */

#include <sidetok.h>

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct sidetok_io_uring {
    struct sidetok_client *client;
    int fd;            /* a duplicate of the client's */
    int is_processing; /* a callback may be running */
    int is_detached;   /* by that callback: freed when process() returns */
    struct io_uring *ring;
    int is_polling; /* a completion is to come */
};

/* Stops watching and frees; outside process(). */
static inline void sidetok_io_uring_free(struct sidetok_io_uring *adapter)
{
    if (adapter->is_polling) { /* the kernel still refers to it: the poll's own end frees it */
        struct io_uring_sqe *sqe = io_uring_get_sqe(adapter->ring);
        if (sqe) {
            io_uring_prep_cancel(sqe, adapter, 0);
            io_uring_sqe_set_data(sqe, NULL);
            io_uring_submit(adapter->ring);
        }
        return;
    }
    close(adapter->fd);
    free(adapter);
}

/* Asks for the next readiness. Returns 0, or -1 when the ring has no room. */
static inline int sidetok_io_uring_poll(struct sidetok_io_uring *adapter)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(adapter->ring);
    if (!sqe)
        return -1;
    io_uring_prep_poll_add(sqe, adapter->fd, POLLIN);
    io_uring_sqe_set_data(sqe, adapter);
    adapter->is_polling = 1;
    return io_uring_submit(adapter->ring) >= 0 ? 0 : -1;
}

/* To be called for each completion that carries the adapter. Returns 0, or -1 when the ring has no room to go
 * on. */
static inline int sidetok_io_uring_complete(struct sidetok_io_uring *adapter, const struct io_uring_cqe *cqe)
{
    (void)cqe;
    adapter->is_polling = 0;
    if (adapter->is_detached) {
        sidetok_io_uring_free(adapter);
        return 0;
    }
    adapter->is_processing = 1;
    sidetok_client_process(adapter->client);
    adapter->is_processing = 0;
    if (!adapter->is_detached)
        return sidetok_io_uring_poll(adapter);
    sidetok_io_uring_free(adapter);
    return 0;
}

/* Watches a client in a loop. NULL when memory or descriptors are out, or in a forked child. */
static inline struct sidetok_io_uring *sidetok_io_uring_attach(struct io_uring *ring,
                                                               struct sidetok_client *client)
{
    struct sidetok_io_uring *adapter = (struct sidetok_io_uring *)calloc(1, sizeof *adapter);
    if (!adapter)
        return NULL;
    adapter->client = client;
    adapter->fd = fcntl(sidetok_client_fd(client), F_DUPFD_CLOEXEC, 0);
    if (adapter->fd < 0) {
        free(adapter);
        return NULL;
    }
    adapter->ring = ring;
    if (sidetok_io_uring_poll(adapter) != 0) {
        close(adapter->fd);
        free(adapter);
        return NULL;
    }
    return adapter;
}

/* Ends the watching; the client itself goes on. */
static inline void sidetok_io_uring_detach(struct sidetok_io_uring *adapter)
{
    adapter->is_detached = 1;
    if (!adapter->is_processing)
        sidetok_io_uring_free(adapter);
}

#endif
