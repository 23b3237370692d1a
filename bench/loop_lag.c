/* How late a 1 ms timer is on a loop that has many long requests under way.
 *
 * usage: loop_lag URL TOKENIZER [IN_FLIGHT [BYTES [SECONDS]]]      default 50 requests of 1048576 bytes, 10 s
 *
 * One epoll loop holds a timerfd that goes off every millisecond and the client's descriptor, and does
 * nothing else. Each answer's callback submits the next request, so IN_FLIGHT are under way throughout; all
 * of that is on the loop's thread. A tick is late by the time from its moment in the schedule to when the
 * loop comes to it; a late loop finds several ticks at once and each counts. Ticks begin when all are
 * submitted. Prints how late they were and how long each submit and each process() took, and for comparison
 * the ticks of the same loop without requests. */

#include "bench/clock.h"
#include "client/sidetok.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { TICK_NS = 1000000, MAX_SECONDS = 600 };

/* Durations, to be sorted. */
struct samples {
    uint32_t *ns;
    size_t n, capacity;
};

struct bench {
    int epoll_fd, timer_fd;
    struct sidetok_client *client;
    struct sidetok_request *request;
    size_t n_answers;
    bool is_over;
    uint64_t due_ns; /* of the next tick */
    struct samples late, submits, turns;
};

static void fail(const char *what)
{
    fprintf(stderr, "loop_lag: %s\n", what);
    exit(1);
}

static void note(struct samples *samples, uint64_t ns)
{
    if (samples->n < samples->capacity)
        samples->ns[samples->n++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static sidetok_done on_done;

static void submit(struct bench *bench)
{
    uint64_t begin = now_ns();
    if (sidetok_client_submit(bench->client, bench->request, on_done, bench, NULL) != SIDETOK_OK)
        fail("submit");
    note(&bench->submits, now_ns() - begin);
}

static void on_done(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    struct bench *bench = user;
    (void)client;
    if (sidetok_reply_error(reply) != SIDETOK_OK)
        fail(sidetok_error_name(sidetok_reply_error(reply)));
    bench->n_answers++;
    if (!bench->is_over)
        submit(bench);
}

/* {"text": TEXT} as msgpack; English-like words of many lengths. The caller's. */
static char *pack_body(size_t size, size_t *ret_size)
{
    static const char words[] =
        "the request was answered in order while another loop kept its time and nobody "
        "noticed that megabytes went by; 12345 tokens later, it had ended. ";
    const size_t head = 11;
    char *body = malloc(head + size);
    if (!body)
        fail("out of memory");
    memcpy(body, "\x81\xa4text\xdb", 7);
    for (size_t i = 0; i < 4; i++)
        body[7 + i] = (char)(size >> (24 - 8 * i));
    for (size_t i = 0; i < size; i++)
        body[head + i] = words[i % (sizeof words - 1)];
    *ret_size = head + size;
    return body;
}

/* Every tick that is due by now, in the schedule's order. */
static void take_ticks(struct bench *bench)
{
    uint64_t count;
    if (read(bench->timer_fd, &count, sizeof count) != (ssize_t)sizeof count)
        return;
    uint64_t now = now_ns();
    for (; bench->due_ns <= now; bench->due_ns += TICK_NS)
        note(&bench->late, now - bench->due_ns);
}

static void process(struct bench *bench)
{
    uint64_t begin = now_ns();
    sidetok_client_process(bench->client);
    note(&bench->turns, now_ns() - begin);
}

static void turn(struct bench *bench)
{
    struct epoll_event events[2];
    int n = epoll_wait(bench->epoll_fd, events, 2, -1);
    for (int i = 0; i < n; i++) {
        if (events[i].data.fd == bench->timer_fd)
            take_ticks(bench);
        else
            process(bench);
    }
}

static void watch(const struct bench *bench, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(bench->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl");
}

static void start_timer(struct bench *bench)
{
    bench->late.n = bench->submits.n = bench->turns.n = 0;
    bench->due_ns = now_ns() + TICK_NS;
    struct itimerspec at = {.it_interval = {.tv_nsec = TICK_NS},
                            .it_value = {.tv_sec = (time_t)(bench->due_ns / 1000000000),
                                         .tv_nsec = (long)(bench->due_ns % 1000000000)}};
    if (timerfd_settime(bench->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
        fail("timerfd_settime");
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static double quantile_us(const struct samples *sorted, double q)
{
    size_t at = (size_t)(q * (double)sorted->n);
    return sorted->ns[at < sorted->n ? at : sorted->n - 1] / 1e3;
}

static void print(const char *what, struct samples *samples)
{
    if (samples->n == 0)
        return;
    qsort(samples->ns, samples->n, sizeof *samples->ns, by_size);
    printf("  %s: %zu, p50 %.0f us, p99 %.0f us, p99.9 %.0f us, longest %.0f us\n", what, samples->n,
           quantile_us(samples, 0.5), quantile_us(samples, 0.99), quantile_us(samples, 0.999),
           quantile_us(samples, 1.0));
}

static void run(struct bench *bench, uint64_t seconds)
{
    start_timer(bench);
    uint64_t begin = now_ns(), end = begin + seconds * 1000000000u;
    size_t before = bench->n_answers;
    while (now_ns() < end)
        turn(bench);
    double took = (double)(now_ns() - begin) / 1e9;
    printf("  answers per second: %.1f\n", (double)(bench->n_answers - before) / took);
    print("ticks late by", &bench->late);
    print("submits", &bench->submits);
    print("process() calls", &bench->turns);
}

static void drain(struct bench *bench)
{
    bench->is_over = true;
    while (sidetok_client_pending(bench->client) > 0)
        turn(bench);
    bench->is_over = false;
}

static struct samples make_samples(size_t capacity)
{
    struct samples samples = {.ns = calloc(capacity, sizeof *samples.ns), .capacity = capacity};
    if (!samples.ns)
        fail("out of memory");
    return samples;
}

static void open_all(struct bench *bench, const char *url, const char *tokenizer)
{
    bench->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    bench->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    bench->late = make_samples(MAX_SECONDS * 1000);
    bench->submits = make_samples(MAX_SECONDS * 1000);
    bench->turns = make_samples(MAX_SECONDS * 10000);
    bench->request = sidetok_request_new(SIDETOK_OP_ENCODE);
    if (bench->epoll_fd < 0 || bench->timer_fd < 0 || !bench->request ||
        sidetok_client_open(url, &bench->client) != SIDETOK_OK)
        fail("can't open");
    sidetok_request_tokenizer(bench->request, tokenizer);
    watch(bench, bench->timer_fd);
    watch(bench, sidetok_client_fd(bench->client));
}

static void close_all(struct bench *bench)
{
    sidetok_client_close(bench->client);
    sidetok_request_free(bench->request);
    free(bench->late.ns);
    free(bench->submits.ns);
    free(bench->turns.ns);
    close(bench->timer_fd);
    close(bench->epoll_fd);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("usage: loop_lag URL TOKENIZER [IN_FLIGHT [BYTES [SECONDS]]]");
    size_t n_in_flight = argc > 3 ? strtoul(argv[3], NULL, 10) : 50, size;
    size_t bytes = argc > 4 ? strtoul(argv[4], NULL, 10) : 1 << 20;
    uint64_t seconds = argc > 5 ? strtoul(argv[5], NULL, 10) : 10;
    struct bench bench = {0};
    char *body = pack_body(bytes, &size);
    open_all(&bench, argv[1], argv[2]);
    sidetok_request_body_msgpack(bench.request, body, size);
    submit(&bench); /* connected */
    drain(&bench);
    puts("no requests");
    run(&bench, seconds);
    for (size_t i = 0; i < n_in_flight; i++)
        submit(&bench);
    turn(&bench);
    printf("%zu requests of %zu bytes\n", n_in_flight, bytes);
    run(&bench, seconds);
    drain(&bench);
    close_all(&bench);
    free(body);
    return 0;
}
