#include "service.h"

#include "log.h"
#include "notify.h"

#include <stdio.h>

/* SIGHUP: the tokenizers are loaded anew on a thread of their own, while the others serve and the main thread
 * watches. Requests that are under way go on with the old ones; a set that does not load as a whole changes
 * nothing. */

static void *reload_run(void *context)
{
    struct service *service = context;
    enum service_status status;
    struct models *fresh = models_load(service->options, &status), *old = NULL;
    if (fresh) {
        pthread_mutex_lock(&service->models_mutex);
        old = service->models;
        service->models = fresh;
        pthread_mutex_unlock(&service->models_mutex);
        service_release(service, old);
    }
    log_line(fresh ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
             fresh ? "reloaded" : "reload failed; the old tokenizers stay");
    atomic_store(&service->reload.is_done, true);
    return NULL;
}

static void begin(struct service *service)
{
    char text[64];
    struct reload *reload = &service->reload;
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)service_now_ns() / 1000);
    notify_send(text);
    reload->is_wanted = false;
    atomic_store(&reload->is_done, false);
    reload->is_running = pthread_create(&reload->thread, NULL, reload_run, service) == 0;
    if (!reload->is_running) {
        log_line(LOG_LEVEL_ERROR, "reload failed: cannot start a thread");
        notify_send("READY=1");
    }
}

void reload_ask(struct service *service)
{
    service->reload.is_wanted = true;
    reload_tick(service);
}

void reload_tick(struct service *service)
{
    struct reload *reload = &service->reload;
    if (reload->is_running && atomic_load(&reload->is_done)) {
        pthread_join(reload->thread, NULL);
        reload->is_running = false;
        if (!reload->is_wanted)
            notify_send("READY=1");
    }
    if (reload->is_wanted && !reload->is_running)
        begin(service);
}

void reload_finish(struct service *service)
{
    if (service->reload.is_running)
        pthread_join(service->reload.thread, NULL);
}
