/* Chats from an epoll loop of one's own, edge-triggered; EPOLLIN alone serves as well. See ask.h. */
#include "ask.h"

#include <sidetok/epoll.h>

static void on_end(void *is_running)
{
    *(int *)is_running = 0;
}

int main(int argc, char **argv)
{
    int is_running = 1, epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end, .loop = &is_running};
    struct sidetok_epoll *adapter = sidetok_epoll_attach(epoll_fd, EPOLLIN | EPOLLET, ask.client);
    if (!adapter)
        return 1;
    ask_all(&ask, argc, argv);
    while (is_running) {
        struct epoll_event event;
        if (epoll_wait(epoll_fd, &event, 1, -1) == 1 && event.data.ptr == adapter)
            sidetok_epoll_process(adapter);
    }
    sidetok_epoll_detach(adapter);
    sidetok_client_close(ask.client);
    close(epoll_fd);
    return ask.n_failed > 0;
}
