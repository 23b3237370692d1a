#include "service.h"

#include "log.h"
#include "sandbox.h"

#include <stdlib.h>

/* Answers one request after the other; never waits for the network. */

static void work(struct service *service, struct call *call, nng_msg *request)
{
    struct msgpack_writer out;
    nng_msg *reply = service_writer_begin(&out);
    if (reply) {
        struct models *models = service_acquire(service);
        call_reset(call);
        handler_answer(call, &models->set, (struct view){nng_msg_body(request), nng_msg_len(request)}, &out);
        service_release(service, models);
        service_writer_end(reply, &out);
    }
    service_reply(service, request, reply);
    call_reset(call); /* a huge request's memory goes back before the wait for the next */
    atomic_fetch_add(&service->n_answered, 1);
}

static void begin_work(struct service *service, const struct job *job)
{
    atomic_store(&service->work_bytes, job->size_bytes);
    atomic_store(&service->work_began_ns, service_now_ns());
}

/* After the name is set, which is a file to the C library. */
static void shut_in(const struct service *service)
{
    if (!service->options->seccomp)
        log_line(LOG_LEVEL_INFO, "seccomp is off: the worker is not bounded by the kernel");
    else if (sandbox_worker())
        log_line(LOG_LEVEL_INFO, "the worker runs under seccomp: no files, no new connections");
    else
        log_line(LOG_LEVEL_WARNING, "this kernel has no seccomp for us: the worker is not bounded");
}

void *worker_run(void *context)
{
    struct service *service = context;
    struct call call;
    pthread_setname_np(pthread_self(), "sidetok-worker");
    shut_in(service);
    call_init(&call);
    for (struct job *job; (job = queue_pop(&service->queue));) {
        begin_work(service, job);
        if (job->deadline_ns != 0 && service_now_ns() >= job->deadline_ns)
            service_refuse(service, job->message, SIDETOK_E_EXPIRED,
                           "the request waited longer than its time");
        else
            work(service, &call, job->message);
        free(job);
        atomic_store(&service->work_began_ns, 0);
    }
    call_done(&call);
    atomic_store(&service->worker_done, true);
    return NULL;
}
