#ifndef SIDETOK_SERVICE_PROBE_H
#define SIDETOK_SERVICE_PROBE_H

#include <stdint.h>

/** What asking an address has shown. */
enum probe_result {
    PROBE_ANSWERS, /* a sidecar: its reply came back */
    PROBE_DEAF,    /* the handshake was finished, and no answer came in time */
    PROBE_SILENT,  /* something takes connections and does not even greet in time */
    PROBE_NOBODY,  /* nothing listens there */
    PROBE_UNKNOWN, /* could not ask: errno says why */
};

/**
 * Asks whether somebody serves at an ipc, abstract or tcp URL, as a client would: the handshake is finished
 * and a ping answered before the connection is closed. A peer that leaves during the handshake could stop an
 * old nng from accepting anyone ever again (nng issue 1518), so this is no mere connect(). Blocks for
 * greet_ms at most until the handshake is done, and for answer_ms at most until the answer is here.
 */
enum probe_result probe_url(const char *url, uint32_t greet_ms, uint32_t answer_ms);

#endif
