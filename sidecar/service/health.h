#ifndef SIDETOK_SERVICE_HEALTH_H
#define SIDETOK_SERVICE_HEALTH_H

#include "call.h"

struct service;
struct health;

/**
 * Starts a thread that answers health probes by HTTP at "tcp://host:port"; an empty host or "*" is every
 * address, port 0 one that is free. It reads atomics of the service and never waits for its threads.
 *
 * Whatever its peers do, it holds 32 connections at most, each for 5 s at most and with 4 KB: a connection
 * too many takes the place of the oldest.
 *
 * Errors: SIDETOK_E_SYSTEM with the URL and the reason, SIDETOK_E_NO_MEMORY.
 */
enum sidetok_error health_open(struct call *call, struct str url, struct service *service,
                               struct health **ret_health);

/** Ends the thread and frees. NULL-safe. */
void health_close(struct health *health);

/** Splits "tcp://host:port", "tcp://[v6]:port". False when it is none, or its port is no number to 65535. */
bool health_url(struct str url, struct str *ret_host, struct str *ret_port);

#endif
