/* The adapter for sd-event: client/adapter/sd_event.h. */
#include "adapter_cases.h"
#include "client/adapter/sd_event.h"

static sd_event *event;

static void loop_open(void)
{
    CHECK(sd_event_new(&event) >= 0);
}

static void *loop_attach(struct sidetok_client *client)
{
    return sidetok_sd_event_attach(event, client);
}

static void loop_detach(void *adapter)
{
    sidetok_sd_event_detach(adapter);
}

static void loop_run(void)
{
    sd_event_loop(event);
}

static void loop_stop(void)
{
    sd_event_exit(event, 0);
}

static void loop_close(void)
{
    sd_event_unref(event);
}
