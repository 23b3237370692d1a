#include "log.h"
#include "service.h"

/* What nng before 1.10 needs to be watched for. Two faults of its own end a service that runs on:
 *
 * A peer that connects and leaves before nng has greeted it stops the listener: later connections finish the
 * handshake and are never read (nng issue 1518). See listener_check(). A path takes another listener; an
 * abstract name stays taken by the old one as long as the process lives, so the program is executed anew.
 *
 * A connection that breaks while large messages go over it in both directions may never be cleared away: the
 * thread that clears waits for a transfer that has ended already (fixed in nng 1.9). From then on no
 * connection is: descriptors run out and requests of peers that are gone stay in the queue. Nothing in the
 * process can free that thread, so the program is executed anew, which costs its clients a reconnect. */

enum {
    GUARD_MS = 250,           /* between two looks */
    STUCK_CLEARING_MS = 3000, /* nng clears a connection within milliseconds */
    STUCK_CLEARING_N = 8,     /* and so many are answered meanwhile, where the machine is not merely slow */
    PATIENCE_MS = 5000,       /* for the requests under way, before beginning anew */
};

static bool wait_until_idle(struct service *service)
{
    for (uint32_t waited_ms = 0; waited_ms < PATIENCE_MS && !atomic_load(&service->stopping);
         waited_ms += 10) {
        if (service_is_idle(service))
            return true;
        service_sleep_ms(10);
    }
    return false;
}

static void begin_anew(struct service *service, const char *why)
{
    log_line(LOG_LEVEL_WARNING, "nng does not %s any more; beginning anew", why);
    wait_until_idle(service);
    atomic_store(&service->must_begin_anew, true);
}

void *guard_run(void *context)
{
    struct service *service = context;
    uint64_t n_left = 0, n_since = 0, since_ns = service_now_ns();
    while (!atomic_load(&service->stopping) && !atomic_load(&service->must_begin_anew)) {
        service_sleep_ms(GUARD_MS);
        if (atomic_load(&service->draining))
            continue;
        size_t n_asked = listener_check(&service->listener, service_is_idle(service));
        uint64_t now_ns = service_now_ns();
        if (n_asked == 0 ||
            n_left != atomic_load(&service->n_left)) { /* only its own connections are sure to have ended */
            n_left = atomic_load(&service->n_left);
            since_ns = now_ns;
            n_since = 0;
        } else if ((n_since += n_asked) >= STUCK_CLEARING_N &&
                   now_ns - since_ns >= STUCK_CLEARING_MS * UINT64_C(1000000)) {
            begin_anew(service, "clear connections away");
            break;
        }
        if (listener_is_lost(&service->listener))
            begin_anew(service, "give an address back");
    }
    return NULL;
}
