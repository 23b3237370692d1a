/* A client of the soak in C, by poll: soak_client URL CASES. What it is told and what it tells: soak.py.
 *
 * It reads "ask NUMBER CASE TIMEOUT_MS" and "cancel NUMBER", and writes "end NUMBER MS OUTCOME" when a
 * request has ended: "right", "wrong" and what came instead, or the word of the error that left it
 * unanswered. At the end of its input it waits for what is under way. */
#include "sidetok.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CASES = 4096, MAX_UNDER_WAY = 256 };

/* A request and its answer: an error's text, "TYPE: MESSAGE", or ids. Slices of the mapped file. */
struct soak_case {
    int op;
    char tokenizer[32];
    const char *body, *error, *ids;
    size_t n_body, n_error, n_ids_bytes;
};

struct asked {
    unsigned long number; /* 0: a free place */
    uint64_t id;
    double begin_ms;
    const struct soak_case *expected;
};

static struct soak_case cases[MAX_CASES];
static size_t n_cases;
static struct asked under_way[MAX_UNDER_WAY];
static struct sidetok_client *client;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what)
{
    fprintf(stderr, "soak_client: %s\n", what);
    exit(2);
}

/* Each case is a line "OP TOKENIZER SIZE SIZE SIZE" and then body, error and ids. */
static void read_cases(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        fail("the cases cannot be read");
    const char *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        fail("the cases cannot be mapped");
    for (const char *end = at + status.st_size; at < end; n_cases++) {
        struct soak_case *one = &cases[n_cases];
        char line[128] = "", op[32];
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (n_cases == MAX_CASES || !stop || (size_t)(stop - at) >= sizeof line)
            fail("too many cases, or no line of one");
        memcpy(line, at, (size_t)(stop - at));
        if (sscanf(line, "%31s %31s %zu %zu %zu", op, one->tokenizer, &one->n_body, &one->n_error,
                   &one->n_ids_bytes) != 5)
            fail("not the line of a case");
        one->op = sidetok_op_from_name(op);
        one->body = stop + 1;
        one->error = one->body + one->n_body;
        one->ids = one->error + one->n_error;
        at = one->ids + one->n_ids_bytes;
    }
    close(fd);
}

static void tell_end(struct asked *asked, const char *outcome)
{
    printf("end %lu %.2f %s\n", asked->number, now_ms() - asked->begin_ms, outcome);
    fflush(stdout);
    asked->number = 0;
}

static bool is_service(const char *family, size_t size)
{
    return size == 7 && memcmp(family, "service", 7) == 0;
}

static bool is_right(const struct soak_case *expected, const struct sidetok_reply *reply)
{
    size_t n_type, n_message, n_ids;
    const char *type = sidetok_reply_type(reply, &n_type),
               *message = sidetok_reply_message(reply, &n_message);
    const uint32_t *ids = sidetok_reply_ids(reply, &n_ids);
    if (sidetok_reply_error(reply) == SIDETOK_OK)
        return expected->n_error == 0 && n_ids * sizeof *ids == expected->n_ids_bytes &&
               (n_ids == 0 || memcmp(ids, expected->ids, expected->n_ids_bytes) == 0);
    return expected->n_error == n_type + 2 + n_message && memcmp(expected->error, type, n_type) == 0 &&
           memcmp(expected->error + n_type, ": ", 2) == 0 &&
           (n_message == 0 || memcmp(expected->error + n_type + 2, message, n_message) == 0);
}

static void on_done(struct sidetok_client *of, void *user, struct sidetok_reply *reply)
{
    (void)of;
    struct asked *asked = user;
    size_t n_family, n_type, n_ids;
    const char *family = sidetok_reply_family(reply, &n_family), *type = sidetok_reply_type(reply, &n_type);
    char outcome[160];
    sidetok_reply_ids(reply, &n_ids);
    if (is_right(asked->expected, reply))
        snprintf(outcome, sizeof outcome, "right");
    else if (is_service(family, n_family))
        snprintf(outcome, sizeof outcome, "%.*s", (int)n_type, type);
    else
        snprintf(outcome, sizeof outcome, "wrong %.*s, %zu ids", (int)n_type, type ? type : "", n_ids);
    tell_end(asked, outcome);
}

static struct asked *find(unsigned long number)
{
    for (size_t i = 0; i < MAX_UNDER_WAY; i++)
        if (under_way[i].number == number)
            return &under_way[i];
    return NULL;
}

static void ask(unsigned long number, size_t index, unsigned timeout_ms)
{
    struct asked *asked = find(0);
    const struct soak_case *one = &cases[index];
    struct sidetok_request *request = index < n_cases ? sidetok_request_new((enum sidetok_op)one->op) : NULL;
    if (!asked || !request)
        fail("no such case, or too many under way");
    *asked = (struct asked){.number = number, .begin_ms = now_ms(), .expected = one};
    sidetok_request_body_json(request, one->body, one->n_body);
    sidetok_request_tokenizer(request, one->tokenizer);
    sidetok_request_timeout_ms(request, timeout_ms);
    enum sidetok_error error = sidetok_client_submit(client, request, on_done, asked, &asked->id);
    if (error != SIDETOK_OK)
        tell_end(asked, sidetok_error_name(error));
    sidetok_request_free(request);
}

static void obey(const char *line)
{
    unsigned long number;
    size_t index;
    unsigned timeout_ms;
    if (sscanf(line, "ask %lu %zu %u", &number, &index, &timeout_ms) == 3) {
        ask(number, index, timeout_ms);
    } else if (sscanf(line, "cancel %lu", &number) == 1) {
        struct asked *asked = find(number);
        if (asked && sidetok_client_cancel(client, asked->id) == SIDETOK_OK)
            tell_end(asked, "cancelled");
    } else {
        fail("not a line that is understood");
    }
}

/* false at the end of the input. */
static bool read_lines(void)
{
    static char buffer[4096];
    static size_t n;
    ssize_t got = read(STDIN_FILENO, buffer + n, sizeof buffer - 1 - n);
    if (got <= 0)
        return false;
    buffer[n += (size_t)got] = 0;
    char *line = buffer;
    for (char *stop; (stop = strchr(line, '\n')); line = stop + 1) {
        *stop = 0;
        obey(line);
    }
    n -= (size_t)(line - buffer);
    memmove(buffer, line, n);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        fail("usage: soak_client URL CASES");
    read_cases(argv[2]);
    if (sidetok_client_open(argv[1], &client) != SIDETOK_OK)
        fail("no client");
    struct pollfd polled[] = {{.fd = sidetok_client_fd(client), .events = POLLIN},
                              {.fd = STDIN_FILENO, .events = POLLIN}};
    while (polled[1].fd >= 0 || sidetok_client_pending(client) > 0) {
        poll(polled, 2, -1);
        if (polled[0].revents)
            sidetok_client_process(client);
        if (polled[1].revents && !read_lines())
            polled[1].fd = -1;
    }
    sidetok_client_close(client);
    return 0;
}
