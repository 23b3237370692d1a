/* The adapter for libuv: client/adapter/libuv.h. */
#include "adapter_cases.h"
#include "client/adapter/libuv.h"

static uv_loop_t loop;

static void loop_open(void)
{
    CHECK_INT(uv_loop_init(&loop), 0);
}

static void *loop_attach(struct sidetok_client *client)
{
    return sidetok_libuv_attach(&loop, client);
}

static void loop_detach(void *adapter)
{
    sidetok_libuv_detach(adapter);
}

static void loop_run(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void loop_stop(void)
{
    uv_stop(&loop);
}

static void loop_close(void)
{
    uv_run(&loop, UV_RUN_DEFAULT); /* handles that are being closed */
    CHECK_INT(uv_loop_close(&loop), 0);
}
