#ifndef SIDETOK_CLIENT_NNG_COMPAT_H
#define SIDETOK_CLIENT_NNG_COMPAT_H

/* One spelling for nng 1.5.2 up to 2.0. 2.0 has the protocols in nng.h, must be told to start, gives
 * descriptors by functions rather than options, and closes by another name. */

#include <nng/nng.h>

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#if NNG_MAJOR_VERSION < 2
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#endif

/**
 * What a message may have at most, for NNG_OPT_RECVMAXSZ: nng's largest bound. Without any (0) it believes
 * every length that a peer claims, and ends the process at one that overflows as it adds its own few bytes
 * (seen with 1.5.2 at 2^64 - 32).
 */
#define COMPAT_MESSAGE_MAX ((size_t)UINT32_MAX)

/** Starts nng where that is the caller's task. 0 or an nng error. Any thread, any number of times. */
static inline int compat_nng_start(void)
{
#if NNG_MAJOR_VERSION >= 2
    /* By default it starts some threads for each of the host's CPUs; a client's few messages need no more
     * than these. */
    nng_init_params params = {0};
    params.max_task_threads = 2;
    params.max_expire_threads = 1;
    params.max_poller_threads = 1;
    params.num_resolver_threads = 1;
    return nng_init(&params) == 0
               ? 0
               : (int)nng_init(NULL); /* refused where the program has begun with nng already */
#else
#if defined(HAVE_NNG_INIT_SET_PARAMETER)
    nng_init_set_parameter(NNG_INIT_MAX_TASK_THREADS, 2); /* from 1.7 on; ignored once nng runs */
    nng_init_set_parameter(NNG_INIT_MAX_EXPIRE_THREADS, 1);
    nng_init_set_parameter(NNG_INIT_MAX_POLLER_THREADS, 1);
    nng_init_set_parameter(NNG_INIT_NUM_RESOLVER_THREADS, 1);
#endif
    return 0;
#endif
}

/** Whether closing a socket ends, whatever goes over it at that moment: from 1.9 on. Any thread. */
static inline bool compat_nng_closes_soundly(void)
{
    unsigned major = 0, minor = 0;
    const char *at = nng_version();
    for (; *at >= '0' && *at <= '9'; at++)
        major = major * 10 + (unsigned)(*at - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            minor = minor * 10 + (unsigned)(*at - '0');
    return major > 1 || (major == 1 && minor >= 9);
}

static inline int compat_nng_close(nng_socket socket)
{
#if NNG_MAJOR_VERSION >= 2
    return (int)nng_socket_close(socket);
#else
    return nng_close(socket);
#endif
}

/** A descriptor that is readable while a message waits. Belongs to the socket. */
static inline int compat_nng_recv_fd(nng_socket socket, int *ret_fd)
{
#if defined(HAVE_NNG_POLL_FD)
    return (int)nng_socket_get_recv_poll_fd(socket, ret_fd);
#else
    return nng_socket_get_int(socket, NNG_OPT_RECVFD, ret_fd);
#endif
}

/** A descriptor that is readable while a message can be sent. Belongs to the socket. */
static inline int compat_nng_send_fd(nng_socket socket, int *ret_fd)
{
#if defined(HAVE_NNG_POLL_FD)
    return (int)nng_socket_get_send_poll_fd(socket, ret_fd);
#else
    return nng_socket_get_int(socket, NNG_OPT_SENDFD, ret_fd);
#endif
}

/**
 * Sends if nng takes the message at once, without a copy; it is nng's then. NNG_EAGAIN: it is still the
 * caller's.
 *
 * In 2.0 a non-blocking call on a raw socket always says "again" (its aio gives up before it looks at the
 * queue), so the descriptor is asked first. The socket's SENDTIMEO and RECVTIMEO of 1 ms then bound the one
 * race that is left: a connection that breaks between the two calls.
 */
static inline int compat_nng_try_send(nng_socket socket, int send_fd, nng_msg *message)
{
#if NNG_MAJOR_VERSION >= 2
    struct pollfd ready = {.fd = send_fd, .events = POLLIN};
    int error = poll(&ready, 1, 0) == 1 ? (int)nng_sendmsg(socket, message, 0) : NNG_EAGAIN;
    return error == NNG_ETIMEDOUT ? NNG_EAGAIN : error;
#else
    (void)send_fd;
    return nng_sendmsg(socket, message, NNG_FLAG_NONBLOCK);
#endif
}

/** Receives if a message waits; it is the caller's then. */
static inline int compat_nng_try_receive(nng_socket socket, int recv_fd, nng_msg **ret)
{
#if NNG_MAJOR_VERSION >= 2
    struct pollfd ready = {.fd = recv_fd, .events = POLLIN};
    return poll(&ready, 1, 0) == 1 ? (int)nng_recvmsg(socket, ret, 0) : NNG_EAGAIN;
#else
    (void)recv_fd;
    return nng_recvmsg(socket, ret, NNG_FLAG_NONBLOCK);
#endif
}

#endif
