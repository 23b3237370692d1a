#ifndef SIDETOK_SERVICE_HANDLER_H
#define SIDETOK_SERVICE_HANDLER_H

#include "model.h"
#include "proto/message.h"

/** What ping and info report of the daemon around the handler; zeros in process. */
struct handler_status {
    uint64_t n_queued, n_queued_bytes; /* waiting now */
    uint64_t n_answered, n_refused;    /* since the start */
    uint64_t working_ms;               /* how long the request in work has been going on; 0: none is */
    uint64_t uptime_ms;
    bool draining;
    bool live;  /* receiver and worker get on */
    bool ready; /* live, not draining, and the queue is below its bounds */
};

/**
 * The whole flow: request bytes in, reply bytes out. No I/O, and nothing is kept between calls but the
 * encoders' learned pieces, so the daemon, the command line, tests and fuzzers call the very same function.
 * One thread at a time.
 *
 * call     Empty; the caller resets it when the reply is handed over.
 * models   Loaded where they are not yet (the command line); the daemon has loaded all before.
 * request  One request of protocol 1. Borrowed for the call. Any bytes may come.
 * out      An empty writer; it holds one reply afterwards, always, unless memory ran out.
 *
 * Returns the reply's code: SIDETOK_OK, or the error that the reply tells; SIDETOK_E_NO_MEMORY also when out
 * found no room even for that (msgpack_writer_error(out) says so then).
 */
enum sidetok_error handler_answer(struct call *call, struct model_set *models, struct view request,
                                  struct msgpack_writer *out);

/** Whether an operation is answered at once, even while another request is in work. */
bool handler_is_immediate(enum message_op op);

/**
 * Answers ping and info. Reads immutable parts of the models only: any thread may call it while the worker
 * works. The rest is as in handler_answer(); request has been unpacked.
 */
enum sidetok_error handler_answer_immediate(struct call *call, struct model_set *models,
                                            const struct message_request *request,
                                            const struct handler_status *status, struct msgpack_writer *out);

/** Writes the reply of an error with a message of our own: "busy", "expired" and the like. */
void handler_refuse(struct msgpack_writer *out, enum sidetok_error code, const char *message);

#endif
