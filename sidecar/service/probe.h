#ifndef SIDETOK_SERVICE_PROBE_H
#define SIDETOK_SERVICE_PROBE_H

#include <stdint.h>

/** What asking an address has shown. */
enum probe_result {
    PROBE_ANSWERS, /* a sidecar: its reply came back */
    PROBE_SILENT,  /* something accepts connections and does not answer in time */
    PROBE_NOBODY,  /* nothing listens there */
};

/**
 * Asks whether somebody serves at an ipc, abstract or tcp URL, as a client would: the handshake is finished
 * and a ping answered before the connection is closed. A peer that leaves during the handshake could stop an
 * old nng from accepting anyone ever again (nng issue 1518), so this is no mere connect(). Blocks for
 * timeout_ms at most.
 */
enum probe_result probe_url(const char *url, uint32_t timeout_ms);

#endif
