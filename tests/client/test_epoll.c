/* The adapter for epoll, level- and edge-triggered in turn: client/adapter/epoll.h. */
#include "adapter_cases.h"
#include "client/adapter/epoll.h"

static int epoll_fd;
static bool is_running, is_edge;

static void loop_open(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    is_edge = !is_edge;
}

static void *loop_attach(struct sidetok_client *client)
{
    return sidetok_epoll_attach(epoll_fd, is_edge ? EPOLLIN | EPOLLET : EPOLLIN, client);
}

static void loop_detach(void *adapter)
{
    sidetok_epoll_detach(adapter);
}

static void loop_run(void)
{
    struct epoll_event event;
    is_running = true;
    while (is_running && wait_for_event(epoll_fd, &event))
        sidetok_epoll_process(event.data.ptr);
}

static void loop_stop(void)
{
    is_running = false;
}

static void loop_close(void)
{
    close(epoll_fd);
}
