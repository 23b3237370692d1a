/* Chats from an io_uring loop; see ask.h. */
#include "ask.h"

#include <sidetok/io_uring.h>

static int is_running = 1;

static void on_end(void *adapter)
{
    sidetok_io_uring_detach(
        adapter); /* inside a callback no poll is under way: nothing is left to wait for */
    is_running = 0;
}

int main(int argc, char **argv)
{
    struct io_uring ring;
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end};
    if (io_uring_queue_init(8, &ring, 0) != 0) {
        fprintf(stderr, "io_uring is not to be had here\n");
        return 77;
    }
    ask.loop = sidetok_io_uring_attach(&ring, ask.client);
    if (!ask.loop)
        return 1;
    ask_all(&ask, argc, argv);
    while (is_running) {
        struct io_uring_cqe *completion;
        if (io_uring_wait_cqe(&ring, &completion) != 0)
            continue; /* a signal */
        if (io_uring_cqe_get_data(completion) == ask.loop)
            sidetok_io_uring_complete(ask.loop, completion);
        io_uring_cqe_seen(&ring, completion);
    }
    io_uring_queue_exit(&ring);
    sidetok_client_close(ask.client);
    return ask.n_failed > 0;
}
