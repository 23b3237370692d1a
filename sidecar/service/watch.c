#include "service.h"

#include "log.h"
#include "notify.h"

#include <stdio.h>
#include <time.h>

/* The main thread's regular look at the others: keeps the verdict that health reports, feeds the service
 * manager's watchdog while the verdict is good, and tells it how things stand. */

enum {
    TICK_MS = 500,     /* so often */
    SILENT_MS = 10000, /* a receiver, or a watcher, without a sign of life for so long is stuck */
};

static uint64_t elapsed_ms(uint64_t since_ns)
{
    uint64_t now = service_now_ns();
    return since_ns == 0 || now < since_ns ? 0 : (now - since_ns) / 1000000;
}

void service_status(struct service *service, struct handler_status *ret_status)
{
    size_t n_jobs, n_bytes;
    queue_count(&service->queue, &n_jobs, &n_bytes);
    bool draining = atomic_load(&service->draining);
    bool live = !atomic_load(&service->stuck) && elapsed_ms(atomic_load(&service->heard_ns)) < SILENT_MS &&
                elapsed_ms(atomic_load(&service->watched_ns)) < SILENT_MS;
    *ret_status = (struct handler_status){
        .n_queued = n_jobs,
        .n_queued_bytes = n_bytes,
        .n_answered = atomic_load(&service->n_answered),
        .n_refused = atomic_load(&service->n_refused),
        .working_ms = elapsed_ms(atomic_load(&service->work_began_ns)),
        .uptime_ms = elapsed_ms(service->started_ns),
        .draining = draining,
        .live = live,
        .ready = live && !draining && n_jobs < service->options->queue_requests &&
                 n_bytes < service->options->queue_bytes,
    };
}

static uint64_t worker_cpu_ns(struct service *service)
{
    clockid_t clock;
    struct timespec time;
    if (pthread_getcpuclockid(service->worker, &clock) != 0 || clock_gettime(clock, &time) != 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void look_at_worker(struct service *service, struct watch *watch)
{
    size_t n_jobs, n_bytes;
    queue_count(&service->queue, &n_jobs, &n_bytes);
    struct progress_sample sample = {
        .now_ns = service_now_ns(),
        .began_ns = atomic_load(&service->work_began_ns),
        .cpu_ns = atomic_load(&service->worker_done) ? 0 : worker_cpu_ns(service),
        .size_bytes = atomic_load(&service->work_bytes),
        .has_waiting = n_jobs > 0,
    };
    bool stuck = !atomic_load(&service->worker_done) && progress_is_stuck(&watch->progress, &sample);
    if (stuck != atomic_exchange(&service->stuck, stuck))
        log_line(stuck ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
                 stuck ? "the worker is stuck; its request has %llu bytes"
                       : "the worker goes on; its request has %llu bytes",
                 (unsigned long long)sample.size_bytes);
    atomic_store(&service->watched_ns, sample.now_ns);
}

static void report_status(const struct handler_status *status, struct watch *watch)
{
    char text[sizeof watch->told];
    snprintf(text, sizeof text, "STATUS=%s: %llu requests wait (%llu bytes), %llu answered, %llu refused",
             !status->live      ? "stuck"
             : status->draining ? "draining"
                                : "serving",
             (unsigned long long)status->n_queued, (unsigned long long)status->n_queued_bytes,
             (unsigned long long)status->n_answered, (unsigned long long)status->n_refused);
    if (strcmp(text, watch->told) == 0)
        return;
    memcpy(watch->told, text, sizeof text);
    notify_send(text);
}

/* A third of the watchdog's interval, where there is one that is shorter than a tick. */
void watch_init(struct watch *watch)
{
    *watch = (struct watch){.watchdog_ns = notify_watchdog_ns(), .tick_ms = TICK_MS};
    if (watch->watchdog_ns != 0 && watch->watchdog_ns / 3000000 < TICK_MS)
        watch->tick_ms = (uint32_t)(watch->watchdog_ns / 3000000) + 1;
}

void watch_tick(struct service *service, struct watch *watch)
{
    struct handler_status status;
    if (elapsed_ms(watch->ticked_ns) < watch->tick_ms && watch->ticked_ns != 0)
        return;
    watch->ticked_ns = service_now_ns();
    look_at_worker(service, watch);
    service_status(service, &status);
    report_status(&status, watch);
    if (watch->watchdog_ns != 0 && status.live)
        notify_send("WATCHDOG=1");
}
