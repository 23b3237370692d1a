#ifndef SIDETOK_SERVICE_NOTIFY_H
#define SIDETOK_SERVICE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Tells the service manager a state: lines such as "READY=1" or "STATUS=...", joined by line feeds. Does
 * nothing and returns false when NOTIFY_SOCKET is not set. Rule: sd_notify(3), by libsystemd where the build
 * has found it (notify_systemd.c), else spoken directly, one datagram to that socket (notify.c), so that an
 * image needs no library for it.
 */
bool notify_send(const char *state);

/** The watchdog's interval in ns for this process, 0 when none is asked for. Rule: sd_watchdog_enabled(3). */
uint64_t notify_watchdog_ns(void);

#endif
