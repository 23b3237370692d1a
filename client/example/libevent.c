/* Chats from a libevent base; see ask.h. */
#include "ask.h"

#include <sidetok/libevent.h>

static void on_end(void *adapter)
{
    sidetok_libevent_detach(adapter); /* the base has nothing else to do, and ends */
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end};
    ask.loop = base ? sidetok_libevent_attach(base, ask.client) : NULL;
    if (!ask.loop)
        return 1;
    ask_all(&ask, argc, argv);
    event_base_dispatch(base);
    sidetok_client_close(ask.client);
    event_base_free(base);
    return ask.n_failed > 0;
}
