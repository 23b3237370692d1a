/* Chats from a libev loop; see ask.h. */
#include "ask.h"

#include <sidetok/libev.h>

static void on_end(void *adapter)
{
    sidetok_libev_detach(adapter); /* the loop has nothing else to do, and ends */
}

int main(int argc, char **argv)
{
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end};
    ask.loop = sidetok_libev_attach(EV_DEFAULT, ask.client);
    if (!ask.loop)
        return 1;
    ask_all(&ask, argc, argv);
    ev_run(EV_DEFAULT, 0);
    sidetok_client_close(ask.client);
    return ask.n_failed > 0;
}
