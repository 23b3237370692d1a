/* Chats from a libuv loop; see ask.h. */
#include "ask.h"

#include <sidetok/libuv.h>

static void on_end(void *adapter)
{
    sidetok_libuv_detach(adapter); /* the loop has nothing else to do, and ends */
}

int main(int argc, char **argv)
{
    struct ask ask = {.client = ask_open(argc, argv), .on_end = on_end};
    ask.loop = sidetok_libuv_attach(uv_default_loop(), ask.client);
    if (!ask.loop)
        return 1;
    ask_all(&ask, argc, argv);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    sidetok_client_close(ask.client);
    return ask.n_failed > 0;
}
