/* The adapter for GLib: client/adapter/glib.h. */
#include "adapter_cases.h"
#include "client/adapter/glib.h"

static GMainLoop *loop;

static void loop_open(void)
{
    loop = g_main_loop_new(NULL, FALSE);
}

static void *loop_attach(struct sidetok_client *client)
{
    return sidetok_glib_attach(NULL, client);
}

static void loop_detach(void *adapter)
{
    sidetok_glib_detach(adapter);
}

static void loop_run(void)
{
    g_main_loop_run(loop);
}

static void loop_stop(void)
{
    g_main_loop_quit(loop);
}

static void loop_close(void)
{
    g_main_loop_unref(loop);
}
