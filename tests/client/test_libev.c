/* The adapter for libev: client/adapter/libev.h. */
#include "adapter_cases.h"
#include "client/adapter/libev.h"

static struct ev_loop *loop;

static void loop_open(void)
{
    loop = ev_loop_new(0);
}

static void *loop_attach(struct sidetok_client *client)
{
    return sidetok_libev_attach(loop, client);
}

static void loop_detach(void *adapter)
{
    sidetok_libev_detach(adapter);
}

static void loop_run(void)
{
    ev_run(loop, 0);
}

static void loop_stop(void)
{
    ev_break(loop, EVBREAK_ALL);
}

static void loop_close(void)
{
    ev_loop_destroy(loop);
}
