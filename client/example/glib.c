/* Chats from a GLib main loop; see ask.h. */
#include "ask.h"

#include <sidetok/glib.h>

static void on_end(void *loop)
{
    g_main_loop_quit(loop);
}

int main(int argc, char **argv)
{
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end, .loop = g_main_loop_new(NULL, FALSE)};
    struct sidetok_glib *adapter = sidetok_glib_attach(NULL, ask.client); /* NULL: the default context */
    if (!adapter)
        return 1;
    ask_all(&ask, argc, argv);
    g_main_loop_run(ask.loop);
    sidetok_glib_detach(adapter);
    sidetok_client_close(ask.client);
    g_main_loop_unref(ask.loop);
    return ask.n_failed > 0;
}
