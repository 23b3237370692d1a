#include "service.h"

#include "log.h"

#include <stdlib.h>

/* Takes every request at once, so that arrival is the order; answers ping, info and cancel itself; never
 * computes. */

static uint32_t read_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The last word of a raw request's header is the peer's own id, top bit set. */
static uint32_t request_id(const nng_msg *message)
{
    size_t size = nng_msg_header_len(message);
    return size < 4 ? 0 : read_be32((const uint8_t *)nng_msg_header((nng_msg *)message) + size - 4);
}

static void free_jobs(struct job *jobs)
{
    while (jobs) {
        struct job *next = jobs->next;
        nng_msg_free(jobs->message);
        free(jobs);
        jobs = next;
    }
}

void receiver_forget(struct service *service, nng_pipe pipe)
{
    free_jobs(queue_take_peer(&service->queue, (uint32_t)nng_pipe_id(pipe)));
}

/* 1 when the job still waited: it is dropped without an answer. */
static void answer_cancel(struct service *service, nng_msg *message, const struct message_request *request)
{
    struct msgpack_writer out;
    struct message_reply_writer writer;
    uint32_t peer = (uint32_t)nng_pipe_id(nng_msg_get_pipe(message));
    struct job *job = queue_take(&service->queue, peer, request->cancel);
    nng_msg *reply = service_writer_begin(&out);
    if (reply) {
        message_reply_begin(&writer, &out, SIDETOK_OK);
        message_reply_field(&writer, MESSAGE_REPLY_COUNT);
        msgpack_write_uint(&out, job != NULL);
        message_reply_end(&writer);
        service_writer_end(reply, &out);
    }
    free_jobs(job);
    service_reply(service, message, reply);
}

static void answer_now(struct service *service, struct call *call, nng_msg *message,
                       const struct message_request *request)
{
    struct msgpack_writer out;
    struct handler_status status;
    service_status(service, &status);
    nng_msg *reply = service_writer_begin(&out);
    if (reply) {
        struct models *models = service_acquire(service);
        call_reset(call);
        handler_answer_immediate(call, &models->set, request, &status, &out);
        service_release(service, models);
        service_writer_end(reply, &out);
    }
    service_reply(service, message, reply);
}

static void enqueue(struct service *service, nng_msg *message, const struct message_request *request)
{
    struct job *job = malloc(sizeof *job);
    if (!job) {
        service_refuse(service, message, SIDETOK_E_NO_MEMORY, "out of memory");
        return;
    }
    *job = (struct job){
        .message = message,
        .peer = (uint32_t)nng_pipe_id(nng_msg_get_pipe(message)),
        .id = request_id(message),
        .size_bytes = nng_msg_len(message),
        .deadline_ns = request->timeout_ms ? service_now_ns() + request->timeout_ms * UINT64_C(1000000) : 0,
    };
    enum queue_result result = queue_push(&service->queue, job);
    if (result == QUEUE_TAKEN)
        return;
    free(job);
    if (result == QUEUE_CLOSED)
        service_refuse(service, message, SIDETOK_E_SHUTTING_DOWN, "the sidecar is draining");
    else
        service_refuse(service, message, SIDETOK_E_BUSY, "the queue is full");
}

static uint64_t size_limit(const struct options *options)
{
    return options->max_request_bytes ? options->max_request_bytes : options->queue_bytes;
}

static void receive(struct service *service, struct call *call, nng_msg *message)
{
    struct message_request request;
    struct view bytes = {nng_msg_body(message), nng_msg_len(message)};
    if (bytes.size > size_limit(service->options)) {
        service_refuse(service, message, SIDETOK_E_TOO_LARGE,
                       "the request is larger than the sidecar accepts");
        return;
    }
    enum sidetok_error error = message_unpack_request(bytes, &request);
    if (error != SIDETOK_OK)
        service_refuse(service, message, error, request.problem);
    else if (request.op == MESSAGE_OP_CANCEL)
        answer_cancel(service, message, &request);
    else if (handler_is_immediate(request.op))
        answer_now(service, call, message, &request);
    else
        enqueue(service, message, &request);
}

void *receiver_run(void *context)
{
    struct service *service = context;
    struct call call;
    pthread_setname_np(pthread_self(), "sidetok-receive");
    call_init(&call);
    while (!atomic_load(&service->stopping)) {
        nng_msg *message;
        atomic_store(&service->heard_ns, service_now_ns());
        int error = nng_recvmsg(service->socket, &message, 0);
        if (error == NNG_ETIMEDOUT)
            continue;
        if (error == NNG_ECLOSED)
            break;
        if (error) {
            log_line(LOG_LEVEL_ERROR, "cannot receive: %s", nng_strerror(error));
            service_sleep_ms(100); /* no busy loop over an error that stays */
            continue;
        }
        receive(service, &call, message);
    }
    call_done(&call);
    return NULL;
}
