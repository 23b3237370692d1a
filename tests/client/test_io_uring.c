/* The adapter for io_uring: client/adapter/io_uring.h. */
#include "adapter_cases.h"
#include "client/adapter/io_uring.h"

static struct io_uring ring;
static bool is_running;

static void loop_open(void)
{
    CHECK_INT(io_uring_queue_init(8, &ring, 0), 0);
}

static void *loop_attach(struct sidetok_client *client)
{
    return sidetok_io_uring_attach(&ring, client);
}

static void loop_detach(void *adapter)
{
    sidetok_io_uring_detach(adapter);
}

/* Waits for the ring's descriptor rather than in the ring, where valgrind 3.19 lets no other thread run. */
static bool is_filled(void)
{
    struct pollfd p = {.fd = ring.ring_fd, .events = POLLIN};
    return poll(&p, 1, FAKE_WAIT_MS) == 1;
}

static void loop_run(void)
{
    struct io_uring_cqe *cqe;
    is_running = true;
    while (is_running && is_filled() && io_uring_wait_cqe(&ring, &cqe) == 0) {
        void *adapter = io_uring_cqe_get_data(cqe);
        if (adapter)
            CHECK_INT(sidetok_io_uring_complete(adapter, cqe), 0);
        io_uring_cqe_seen(&ring, cqe);
    }
}

static void loop_stop(void)
{
    is_running = false;
}

static void loop_close(void)
{
    struct io_uring_cqe *cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) { /* the last one of a detached adapter */
        void *adapter = io_uring_cqe_get_data(cqe);
        if (adapter)
            sidetok_io_uring_complete(adapter, cqe);
        io_uring_cqe_seen(&ring, cqe);
    }
    io_uring_queue_exit(&ring);
}
