/* The adapter for libevent: client/adapter/libevent.h. */
#include "adapter_cases.h"
#include "client/adapter/libevent.h"

static struct event_base *base;

static void loop_open(void)
{
    base = event_base_new();
}

static void *loop_attach(struct sidetok_client *client)
{
    return sidetok_libevent_attach(base, client);
}

static void loop_detach(void *adapter)
{
    sidetok_libevent_detach(adapter);
}

static void loop_run(void)
{
    event_base_dispatch(base);
}

static void loop_stop(void)
{
    event_base_loopbreak(base);
}

static void loop_close(void)
{
    event_base_free(base);
}
