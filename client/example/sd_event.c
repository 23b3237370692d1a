/* Chats from an sd-event loop; see ask.h. */
#include "ask.h"

#include <sidetok/sd_event.h>

static void on_end(void *event)
{
    sd_event_exit(event, 0);
}

int main(int argc, char **argv)
{
    sd_event *event = NULL;
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end};
    if (sd_event_default(&event) < 0)
        return 1;
    ask.loop = event;
    struct sidetok_sd_event *adapter = sidetok_sd_event_attach(event, ask.client);
    if (!adapter)
        return 1;
    ask_all(&ask, argc, argv);
    sd_event_loop(event);
    sidetok_sd_event_detach(adapter);
    sidetok_client_close(ask.client);
    sd_event_unref(event);
    return ask.n_failed > 0;
}
