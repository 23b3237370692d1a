#ifndef SIDETOK_SERVICE_SERVICE_H
#define SIDETOK_SERVICE_SERVICE_H

#include "handler.h"
#include "listener.h"
#include "options.h"
#include "peers.h"
#include "progress.h"
#include "queue.h"

#include <stdatomic.h>

/** The tokenizers that are served: replaced as a whole by a reload while older requests still use the older
 * ones. */
struct models {
    struct model_set set;
    struct call home; /* the set's memory */
    unsigned n_users; /* guarded by service->models_mutex */
};

/** What main() turns into an exit status. */
enum service_status {
    SERVICE_OK = 0,
    SERVICE_NO_TOKENIZER = 1,
    SERVICE_USAGE = 2,
    SERVICE_NO_LISTENER = 3,
    SERVICE_SYSTEM = 4,
    SERVICE_AGAIN = 5, /* no exit status: the program is to be executed anew */
};

/**
 * Loads every tokenizer of the options; logs each, and each that does not load. NULL when one does not:
 * ret_status is SERVICE_NO_TOKENIZER then, SERVICE_SYSTEM where memory was out, else SERVICE_OK.
 */
struct models *models_load(const struct options *options, enum service_status *ret_status);

void models_free(struct models *models);

/** A reload on its way. The main thread's, but for is_done. */
struct reload {
    pthread_t thread;
    bool is_wanted, is_running;
    atomic_bool is_done;
};

/** The main thread's memory from one look at the others to the next. */
struct watch {
    struct progress progress;
    uint64_t watchdog_ns, ticked_ns;
    uint32_t tick_ms;
    char told[160];
};

struct health;

/**
 * The daemon: one receiver thread, one worker thread, and the main thread for signals, readiness and the
 * watchdog. Strictly first come, first served: the receiver puts each request into the queue as it arrives,
 * the worker answers one after the other.
 */
struct service {
    const struct options *options;
    struct models *models; /* guarded by models_mutex */
    pthread_mutex_t models_mutex;
    nng_socket socket;
    struct listener listener;
    struct peers peers;
    struct queue queue;
    pthread_t receiver, worker, guard;
    bool has_guard;
    struct reload reload;
    struct health *health; /* NULL: no --health */
    uint64_t started_ns;
    atomic_bool stopping; /* threads are to end */
    atomic_bool draining; /* no new requests; what waits is answered */
    atomic_bool worker_done;
    atomic_bool stuck;                               /* the watcher's verdict on the worker */
    atomic_uint_least64_t heard_ns, watched_ns;      /* last signs of life of the receiver, of the watcher */
    atomic_uint_least64_t work_began_ns, work_bytes; /* the request in work; 0: none */
    atomic_uint_least64_t n_answered, n_refused, last_reply_ns;
    atomic_uint_least64_t moved_bytes; /* of requests and replies */
    atomic_uint_least64_t n_left;      /* connections that nng has cleared away */
    atomic_bool must_begin_anew;       /* nng does not do so any more: guard.c */
};

/** Runs until a signal ends it. models are handed over. Blocks SIGTERM, SIGINT and SIGHUP in the calling
 * thread. */
enum service_status service_run(const struct options *options, struct models *models);

/** CLOCK_MONOTONIC. */
uint64_t service_now_ns(void);

void service_sleep_ms(uint32_t ms);

/** The models of this moment, kept until service_release(). Any thread. */
struct models *service_acquire(struct service *service);
void service_release(struct service *service, struct models *models);

/** What ping and health report. Any thread; reads atomics only. watch.c */
void service_status(struct service *service, struct handler_status *ret_status);

/** The main thread's regular look at the others; called at any rate, it looks every tick_ms. watch.c */
void watch_init(struct watch *watch);
void watch_tick(struct service *service, struct watch *watch);

/**
 * Loads the tokenizers anew, and once more when it is asked for meanwhile. reload_tick() ends what is done;
 * reload_finish() waits for what is not. The main thread. reload.c
 */
void reload_ask(struct service *service);
void reload_tick(struct service *service);
void reload_finish(struct service *service);

/** Threads; the argument is the service. receiver.c, worker.c, guard.c */
void *receiver_run(void *service);
void *worker_run(void *service);
void *guard_run(void *service);

/** Whether nothing waits, nothing is in work and the last reply has had time to leave. Any thread. */
bool service_is_idle(struct service *service);

/** Forgets what waits of a connection that is gone. */
void receiver_forget(struct service *service, nng_pipe pipe);

/** Turns a request message into its reply: the header, which says whom it goes to, is kept. Sends and frees
 * it. */
void service_reply(struct service *service, nng_msg *request, nng_msg *reply);

/** Answers with an error of ours. Takes the request. */
void service_refuse(struct service *service, nng_msg *request, enum sidetok_error code, const char *message);

/** A writer into a message of nng's, whose length service_writer_end() sets. NULL when memory is out. */
nng_msg *service_writer_begin(struct msgpack_writer *ret_out);
void service_writer_end(nng_msg *reply, const struct msgpack_writer *out);

#endif
