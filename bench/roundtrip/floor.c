#include "floor.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static nng_socket asking;

static void check(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "roundtrip: %s: %s\n", what, nng_strerror(error));
    exit(1);
}

static void serve(const char *url)
{
    nng_socket socket;
    check(nng_rep0_open(&socket), "the floor's server");
    check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0), "its limit");
    check(nng_listen(socket, url, NULL, 0), url);
    for (nng_msg *request, *reply;;) {
        uint64_t size = 0;
        check(nng_recvmsg(socket, &request, 0), "receive");
        memcpy(&size, nng_msg_body(request), sizeof size);
        check(nng_msg_alloc(&reply, (size_t)size), "a reply");
        memset(nng_msg_body(reply), 1, (size_t)size);
        nng_msg_free(request);
        check(nng_sendmsg(socket, reply, 0), "send");
    }
}

void floor_serve(const char *url)
{
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        exit(1);
    if (child > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    serve(url);
}

void floor_connect(const char *url)
{
    check(nng_req0_open(&asking), "the floor's client");
    check(nng_socket_set_size(asking, NNG_OPT_RECVMAXSZ, 0), "its limit");
    for (int attempt = 0; nng_dial(asking, url, NULL, 0) != 0; attempt++) {
        if (attempt == 500)
            check(NNG_ECONNREFUSED, url);
        usleep(10000);
    }
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t floor_ask(size_t request_bytes, size_t reply_bytes)
{
    nng_msg *message;
    uint64_t size = reply_bytes, begin = now_ns();
    check(nng_msg_alloc(&message, request_bytes < sizeof size ? sizeof size : request_bytes), "a request");
    memset(nng_msg_body(message), 1, nng_msg_len(message));
    memcpy(nng_msg_body(message), &size, sizeof size);
    check(nng_sendmsg(asking, message, 0), "send");
    check(nng_recvmsg(asking, &message, 0), "receive");
    nng_msg_free(message);
    return now_ns() - begin;
}
