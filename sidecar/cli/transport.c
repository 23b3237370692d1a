#include "transport.h"

#include "client/nng_compat.h"

#include <stdlib.h>

struct transport {
    struct model_set models; /* in process */
    struct call handling;    /* one request's memory, in process */
    bool is_connected;
    nng_socket socket;
    nng_msg *reply;          /* the last one, from the daemon */
    uint8_t *bytes, *answer; /* growing buffers: request, and reply in process */
    size_t bytes_capacity, answer_capacity;
};

struct growing {
    uint8_t **data;
    size_t *capacity;
};

static uint8_t *grow(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    struct growing *growing = context;
    (void)size;
    if (capacity > *growing->capacity) {
        uint8_t *data = realloc(*growing->data, capacity);
        if (!data)
            return NULL;
        *growing->data = data;
        *growing->capacity = capacity;
    }
    *ret_capacity = *growing->capacity;
    return *growing->data;
}

static enum sidetok_error nng_failure(struct call *call, enum sidetok_error code, const char *what, int error)
{
    return failure_set(call, code, "%s: %s", what, nng_strerror(error));
}

static enum sidetok_error connect_to(struct call *call, const struct transport_options *options,
                                     struct transport *transport)
{
    int error = compat_nng_start();
    if (!error)
        error = nng_req0_open(&transport->socket);
    if (error)
        return nng_failure(call, SIDETOK_E_SYSTEM, "socket", error);
    transport->is_connected = true;
    nng_duration wait = options->wait_ms ? (nng_duration)options->wait_ms : NNG_DURATION_INFINITE;
    nng_socket_set_ms(transport->socket, NNG_OPT_SENDTIMEO, wait);
    nng_socket_set_ms(transport->socket, NNG_OPT_RECVTIMEO, wait);
    nng_socket_set_ms(transport->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE); /* never run twice */
    nng_socket_set_ms(transport->socket, NNG_OPT_RECONNMINT, 20);
    nng_socket_set_ms(transport->socket, NNG_OPT_RECONNMAXT, 100);
    nng_socket_set_size(transport->socket, NNG_OPT_RECVMAXSZ, COMPAT_MESSAGE_MAX);
    error = nng_dial(transport->socket, options->url, NULL, NNG_FLAG_NONBLOCK);
    return error ? nng_failure(call, SIDETOK_E_NOT_CONNECTED, options->url, error) : SIDETOK_OK;
}

enum sidetok_error transport_open(struct call *call, const struct transport_options *options,
                                  struct transport **ret_transport)
{
    struct transport *transport = calloc(1, sizeof *transport);
    if (!transport)
        return failure_no_memory(call);
    call_init(&transport->handling);
    enum sidetok_error error =
        options->url ? connect_to(call, options, transport)
                     : model_set_init(call, options->tokenizers, options->n_tokenizers, options->cache_bytes,
                                      options->max_bytes, &transport->models);
    if (error != SIDETOK_OK) {
        transport_close(transport);
        return error;
    }
    *ret_transport = transport;
    return SIDETOK_OK;
}

static enum sidetok_error ask_daemon(struct call *call, struct transport *transport, struct view request,
                                     struct view *ret_reply)
{
    nng_msg *message;
    int error = nng_msg_alloc(&message, 0);
    if (!error && (error = nng_msg_append(message, request.data, request.size)))
        nng_msg_free(message);
    if (error)
        return failure_no_memory(call);
    error = nng_sendmsg(transport->socket, message, 0);
    if (error) {
        nng_msg_free(message);
        return nng_failure(call, SIDETOK_E_NOT_CONNECTED, "cannot send", error);
    }
    if (transport->reply)
        nng_msg_free(transport->reply);
    transport->reply = NULL;
    error = nng_recvmsg(transport->socket, &transport->reply, 0);
    if (error)
        return nng_failure(call, error == NNG_ETIMEDOUT ? SIDETOK_E_EXPIRED : SIDETOK_E_NOT_CONNECTED,
                           "no reply", error);
    *ret_reply = (struct view){nng_msg_body(transport->reply), nng_msg_len(transport->reply)};
    return SIDETOK_OK;
}

static enum sidetok_error ask_handler(struct call *call, struct transport *transport, struct view request,
                                      struct view *ret_reply)
{
    struct growing growing = {&transport->answer, &transport->answer_capacity};
    struct msgpack_writer out = msgpack_writer_growing(grow, &growing);
    call_reset(&transport->handling);
    handler_answer(&transport->handling, &transport->models, request, &out);
    if (msgpack_writer_error(&out) != SIDETOK_OK)
        return failure_no_memory(call);
    *ret_reply = msgpack_writer_view(&out);
    return SIDETOK_OK;
}

enum sidetok_error transport_call(struct call *call, struct transport *transport,
                                  const struct message_request *request, struct message_reply *ret_reply)
{
    struct growing growing = {&transport->bytes, &transport->bytes_capacity};
    struct msgpack_writer out = msgpack_writer_growing(grow, &growing);
    struct view reply;
    if (message_pack_request(&out, request) != SIDETOK_OK)
        return failure_no_memory(call);
    struct view bytes = msgpack_writer_view(&out);
    TRY(transport->is_connected ? ask_daemon(call, transport, bytes, &reply)
                                : ask_handler(call, transport, bytes, &reply));
    if (message_unpack_reply(reply, ret_reply) != SIDETOK_OK)
        return failure_set(call, SIDETOK_E_BAD_REPLY, "%s", ret_reply->problem);
    return SIDETOK_OK;
}

void transport_close(struct transport *transport)
{
    if (!transport)
        return;
    if (transport->reply)
        nng_msg_free(transport->reply);
    if (transport->is_connected)
        compat_nng_close(transport->socket);
    model_set_done(&transport->models);
    call_done(&transport->handling);
    free(transport->bytes);
    free(transport->answer);
    free(transport);
}
