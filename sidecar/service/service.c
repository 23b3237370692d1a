#include "service.h"

#include "client/nng_compat.h"
#include "health.h"
#include "log.h"
#include "memory.h"
#include "notify.h"
#include "sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    WAIT_MS = 100,            /* the main thread waits so long for a signal */
    RECEIVE_TIMEOUT_MS = 500, /* the receiver shows a sign of life so often */
    SEND_TIMEOUT_MS = 5000,   /* of the hand-over to nng, which takes microseconds */
    CLOSE_MS = 3000,          /* of nng's own end, which takes some ms */
    FLUSH_MS = 250, /* nng tells nobody when a reply has left: at the end the last ones get so long */
};

uint64_t service_now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void service_sleep_ms(uint32_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

struct models *service_acquire(struct service *service)
{
    pthread_mutex_lock(&service->models_mutex);
    struct models *models = service->models;
    models->n_users++;
    pthread_mutex_unlock(&service->models_mutex);
    return models;
}

void service_release(struct service *service, struct models *models)
{
    pthread_mutex_lock(&service->models_mutex);
    bool is_last = --models->n_users == 0;
    pthread_mutex_unlock(&service->models_mutex);
    if (is_last)
        models_free(models);
}

static uint64_t elapsed_ms(uint64_t since_ns)
{
    uint64_t now = service_now_ns();
    return since_ns == 0 || now < since_ns ? 0 : (now - since_ns) / 1000000;
}

/* nng_msg_realloc keeps the body's bytes. */
static uint8_t *grow_message(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    (void)size;
    if (nng_msg_realloc(context, capacity) != 0)
        return NULL;
    *ret_capacity = capacity;
    return nng_msg_body(context);
}

nng_msg *service_writer_begin(struct msgpack_writer *ret_out)
{
    nng_msg *reply;
    if (nng_msg_alloc(&reply, 0) != 0)
        return NULL;
    *ret_out = msgpack_writer_growing(grow_message, reply);
    return reply;
}

void service_writer_end(nng_msg *reply, const struct msgpack_writer *out)
{
    size_t size = out->failed ? 0 : out->size; /* half a reply is none */
    if (nng_msg_len(reply) > size)
        nng_msg_chop(reply, nng_msg_len(reply) - size);
}

/* Not NNG_FLAG_NONBLOCK: raw REP hands a reply over through a queue without room, which would lose it. The
 * hand-over itself never waits for the peer: nng keeps 64 replies for each connection and drops what a peer
 * that does not read makes too many. A reply that found no memory is not sent: the client's deadline tells
 * it. */
void service_reply(struct service *service, nng_msg *request, nng_msg *reply)
{
    atomic_fetch_add(&service->moved_bytes, nng_msg_len(request) + (reply ? nng_msg_len(reply) : 0));
    if (reply && nng_msg_len(reply) > 0 &&
        nng_msg_header_append(reply, nng_msg_header(request), nng_msg_header_len(request)) == 0 &&
        nng_sendmsg(service->socket, reply, 0) == 0)
        reply = NULL;
    if (reply)
        nng_msg_free(reply);
    nng_msg_free(request);
    atomic_store(&service->last_reply_ns, service_now_ns());
}

void service_refuse(struct service *service, nng_msg *request, enum sidetok_error code, const char *message)
{
    struct msgpack_writer out;
    nng_msg *reply = service_writer_begin(&out);
    if (reply) {
        handler_refuse(&out, code, message);
        service_writer_end(reply, &out);
    }
    atomic_fetch_add(&service->n_refused, 1);
    service_reply(service, request, reply);
}

bool service_is_idle(struct service *service)
{
    size_t n_jobs, n_bytes;
    queue_count(&service->queue, &n_jobs, &n_bytes);
    uint64_t last_reply_ns = atomic_load(&service->last_reply_ns);
    return n_jobs == 0 && atomic_load(&service->work_began_ns) == 0 &&
           (last_reply_ns == 0 || elapsed_ms(last_reply_ns) >= FLUSH_MS);
}

static void signals_of_interest(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGHUP);
}

/* The next signal, 0 after a while without one. */
static int next_signal(uint32_t timeout_ms)
{
    sigset_t signals;
    signals_of_interest(&signals);
    struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    int signal = sigtimedwait(&signals, NULL, &timeout);
    return signal > 0 ? signal : 0;
}

/* Serves until a signal asks for the end, or the guard for a new beginning. */
static void serve(struct service *service, struct watch *watch)
{
    struct memory_watch memory = {0};
    notify_send("READY=1");
    for (;;) {
        int signal = next_signal(watch->tick_ms < WAIT_MS ? watch->tick_ms : WAIT_MS);
        if (signal == SIGTERM || signal == SIGINT || atomic_load(&service->must_begin_anew))
            return;
        if (signal == SIGHUP)
            reload_ask(service);
        reload_tick(service);
        watch_tick(service, watch);
        memory_tick(&memory, atomic_load(&service->moved_bytes), service_now_ns() / 1000000);
    }
}

/* The service manager gives a stop its own time; this one takes what --drain-seconds says. */
static void tell_stopping(const struct service *service)
{
    char text[96];
    struct handler_status status;
    service_status((struct service *)service, &status);
    log_line(LOG_LEVEL_INFO, "stopping: %llu requests wait", (unsigned long long)status.n_queued);
    snprintf(text, sizeof text, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu",
             ((unsigned long long)service->options->drain_seconds + 5) * 1000000);
    notify_send(text);
}

/* For the last of what waited. What is answered since, pings and refusals, is not waited for: it may never
 * end. */
static void flush(const struct service *service)
{
    uint64_t last_reply_ns = atomic_load(&service->last_reply_ns);
    while (last_reply_ns != 0 && elapsed_ms(last_reply_ns) < FLUSH_MS)
        service_sleep_ms(10);
}

/* Answers what waits, refuses what comes; false when time is up, a second signal came, or the worker is
 * stuck. */
static bool drain(struct service *service, struct watch *watch)
{
    uint64_t begin = service_now_ns();
    atomic_store(&service->draining, true);
    queue_close(&service->queue);
    tell_stopping(service);
    while (!atomic_load(&service->worker_done)) {
        int signal = next_signal(10);
        if (signal == SIGTERM || signal == SIGINT || atomic_load(&service->stuck) ||
            elapsed_ms(begin) >= service->options->drain_seconds * 1000)
            return false;
        watch_tick(service, watch);
    }
    flush(service);
    return true;
}

/* A little more than we accept, so that what is too large can be told so; nng takes 32 bits at most. */
static size_t receive_limit(const struct options *options)
{
    uint64_t largest = options->queue_bytes;
    if (options->max_request_bytes > largest)
        largest = options->max_request_bytes;
    return largest < UINT32_MAX - (1 << 20) ? (size_t)largest + (1 << 20) : UINT32_MAX;
}

/* On threads of nng's. */
static void on_connection(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct service *service = context;
    if (event == NNG_PIPE_EV_ADD_POST) {
        listener_note_connection(&service->listener, pipe);
        return;
    }
    receiver_forget(service, pipe);
    atomic_fetch_add(&service->n_left, 1);
}

static int open_socket(struct service *service)
{
    int error = compat_nng_start();
    if (!error)
        error = nng_rep0_open_raw(&service->socket);
    if (error)
        return error;
    error = nng_socket_set_ms(service->socket, NNG_OPT_RECVTIMEO, RECEIVE_TIMEOUT_MS);
    if (!error)
        error = nng_socket_set_ms(service->socket, NNG_OPT_SENDTIMEO, SEND_TIMEOUT_MS);
    if (!error)
        error = nng_socket_set_size(service->socket, NNG_OPT_RECVMAXSZ, receive_limit(service->options));
    if (!error)
        error = nng_pipe_notify(service->socket, NNG_PIPE_EV_ADD_POST, on_connection, service);
    if (!error)
        error = nng_pipe_notify(service->socket, NNG_PIPE_EV_REM_POST, on_connection, service);
    return error;
}

static enum service_status start(struct service *service, struct call *call)
{
    int error = open_socket(service);
    if (error) {
        log_line(LOG_LEVEL_ERROR, "cannot open a socket: %s", nng_strerror(error));
        return SERVICE_SYSTEM;
    }
    if (peers_guard(call, service->socket, service->options, &service->peers) != SIDETOK_OK) {
        log_line(LOG_LEVEL_ERROR, "%.*s", STR_ARG(call->failure.message));
        return SERVICE_SYSTEM;
    }
    if (listener_open(call, service->socket, service->options, &service->listener) != SIDETOK_OK) {
        log_line(LOG_LEVEL_ERROR, "%.*s", STR_ARG(call->failure.message));
        return call->failure.code == SIDETOK_E_NO_MEMORY ? SERVICE_SYSTEM : SERVICE_NO_LISTENER;
    }
    atomic_store(&service->heard_ns, service_now_ns());
    atomic_store(&service->watched_ns, service_now_ns());
    if (pthread_create(&service->worker, NULL, worker_run, service) != 0 ||
        pthread_create(&service->receiver, NULL, receiver_run, service) != 0) {
        log_line(LOG_LEVEL_ERROR, "cannot start a thread");
        return SERVICE_SYSTEM;
    }
    if (service->options->health.size > 0 &&
        health_open(call, service->options->health, service, &service->health) != SIDETOK_OK) {
        log_line(LOG_LEVEL_ERROR, "%.*s", STR_ARG(call->failure.message));
        return SERVICE_NO_LISTENER;
    }
    service->has_guard =
        listener_needs_guard() && pthread_create(&service->guard, NULL, guard_run, service) == 0;
    return SERVICE_OK;
}

/* nng before 1.9 may wait for ever for a connection that breaks while a large message goes over it, and
 * Debian's 1.5.2 waits by the wall clock: set back by an hour, the receiver returns an hour late. All is
 * answered by now. */
static void *end_anyway(void *context)
{
    (void)context;
    service_sleep_ms(CLOSE_MS);
    _exit(SERVICE_OK);
}

static void finish(struct service *service)
{
    pthread_t end;
    atomic_store(&service->stopping, true);
    health_close(service->health);
    reload_finish(service);
    if (service->has_guard)
        pthread_join(service->guard, NULL);
    listener_close(&service->listener);
    if (service->has_guard && pthread_create(&end, NULL, end_anyway, NULL) == 0)
        pthread_detach(end);
    pthread_join(service->worker, NULL); /* first: it has ended, while the receiver may not be waited for */
    pthread_join(service->receiver, NULL);
    compat_nng_close(service->socket);
    queue_done(&service->queue);
    service_release(service, service->models);
    pthread_mutex_destroy(&service->models_mutex);
}

enum service_status service_run(const struct options *options, struct models *models)
{
    static struct service service; /* threads of nng's may outlive a failed start */
    struct call call;
    sigset_t signals;
    signals_of_interest(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before nng starts its threads, which inherit it */
    if (options->seccomp &&
        !sandbox_process(listener_needs_guard())) /* before there are threads, which inherit it, too */
        log_line(LOG_LEVEL_WARNING, "no seccomp filter could be set for the process");
    models->n_users = 1;
    service = (struct service){.options = options, .models = models, .started_ns = service_now_ns()};
    pthread_mutex_init(&service.models_mutex, NULL);
    queue_init(&service.queue, options->queue_requests, options->queue_bytes);
    call_init(&call);
    enum service_status status = start(&service, &call);
    if (status != SERVICE_OK) {
        listener_close(&service.listener);
        return status;
    }
    log_line(LOG_LEVEL_INFO, "ready");
    struct watch watch;
    watch_init(&watch);
    serve(&service, &watch);
    if (atomic_load(&service.must_begin_anew))
        return SERVICE_AGAIN;
    if (!drain(&service, &watch)) {
        log_line(LOG_LEVEL_WARNING, "ended with requests unanswered");
        listener_close(&service.listener);
        _exit(SERVICE_OK); /* the worker may be in the middle of one */
    }
    finish(&service);
    call_done(&call);
    log_line(LOG_LEVEL_INFO, "stopped");
    return SERVICE_OK;
}
