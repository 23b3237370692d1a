/* Chats from an io_uring loop; see ask.h. */
#include "ask.h"

#include <sidetok/io_uring.h>

static void on_end(void *is_running)
{
    *(int *)is_running = 0;
}

int main(int argc, char **argv)
{
    struct io_uring ring;
    int is_running = 1;
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end, .loop = &is_running};
    if (io_uring_queue_init(8, &ring, 0) != 0) {
        fprintf(stderr, "io_uring is not to be had here\n");
        return 77;
    }
    struct sidetok_io_uring *adapter = sidetok_io_uring_attach(&ring, ask.client);
    if (!adapter)
        return 1;
    ask_all(&ask, argc, argv);
    while (is_running) {
        struct io_uring_cqe *completion;
        if (io_uring_wait_cqe(&ring, &completion) != 0)
            continue; /* a signal */
        if (io_uring_cqe_get_data(completion) == adapter)
            sidetok_io_uring_complete(adapter, completion);
        io_uring_cqe_seen(&ring, completion);
    }
    sidetok_io_uring_detach(adapter);
    struct io_uring_cqe *last; /* the detached adapter's, which frees it */
    if (io_uring_wait_cqe(&ring, &last) == 0 && io_uring_cqe_get_data(last) == adapter)
        sidetok_io_uring_complete(adapter, last);
    io_uring_queue_exit(&ring);
    sidetok_client_close(ask.client);
    return ask.n_failed > 0;
}
