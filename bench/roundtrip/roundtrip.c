/* Times whole round trips of chats through a running sidecar, and the same requests through the handler in
 * this process.
 *
 * usage: roundtrip URL NAME=PATH N FILE...
 *
 * NAME is the tokenizer that the sidecar at URL serves from PATH. Each FILE is one user message. Prints one
 * JSON line a file: bytes, tokens, and in ns the medians of N round trips (from the text in memory to its ids
 * in memory), of N calls of the handler, and of N round trips of `ping`, the floor of the transport. The
 * three are taken in turns. */

#include "client/sidetok.h"
#include "file.h"
#include "handler.h"
#include "json.h"
#include "sha256.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "roundtrip: %s\n", what);
    exit(1);
}

/* What the callback leaves. */
struct answer {
    bool done;
    size_t n_ids;
    uint8_t sha256[32];
    bool want_digest;
};

static void on_done(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    struct answer *answer = user;
    (void)client;
    if (sidetok_reply_error(reply) != SIDETOK_OK)
        fail(sidetok_error_name(sidetok_reply_error(reply)));
    const uint32_t *ids = sidetok_reply_ids(reply, &answer->n_ids);
    if (answer->want_digest)
        sha256((struct str){(const char *)ids, answer->n_ids * sizeof *ids}, answer->sha256);
    answer->done = true;
}

/* One request there and back; ns. */
static uint64_t ask(struct sidetok_client *client, struct sidetok_request *request, struct answer *answer)
{
    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    uint64_t begin = now_ns();
    answer->done = false;
    if (sidetok_client_submit(client, request, on_done, answer, NULL) != SIDETOK_OK)
        fail("submit");
    while (!answer->done) {
        poll(&p, 1, sidetok_client_timeout_ms(client));
        sidetok_client_process(client);
    }
    return now_ns() - begin;
}

/* {"messages": [{"role": "user", "content": TEXT}]} as msgpack. */
static struct str pack_chat(struct call *call, struct str text)
{
    struct buf out;
    struct str packed;
    buf_init(&out, call);
    buf_append(&out, STR("\x81\xa8messages\x91\x82\xa4role\xa4user\xa7"
                         "content\xdb"));
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_append_char(&out, (char)(text.size >> shift));
    buf_append(&out, text);
    if (buf_finish(&out, &packed) != SIDETOK_OK)
        fail("out of memory");
    return packed;
}

static uint8_t *grow(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    uint8_t **bytes = context;
    uint8_t *larger = realloc(*bytes, capacity);
    (void)size;
    if (larger) {
        *bytes = larger;
        *ret_capacity = capacity;
    }
    return larger;
}

/* The handler in this process, with the memory that one worker keeps. */
struct local {
    struct call call;
    struct model_set models;
    uint8_t *request, *reply;
};

/* The handler's own time for the very bytes that the client sends. */
static uint64_t handle(struct local *local, struct str tokenizer, struct str body)
{
    struct msgpack_writer packed = msgpack_writer_growing(grow, &local->request);
    struct msgpack_writer reply = msgpack_writer_growing(grow, &local->reply);
    struct message_request request = {.op = MESSAGE_OP_CHAT,
                                      .tokenizer = {tokenizer.data, tokenizer.size},
                                      .want = MESSAGE_WANT_IDS,
                                      .body_kind = MESSAGE_BODY_MSGPACK,
                                      .body = {body.data, body.size}};
    message_pack_request(&packed, &request);
    uint64_t begin = now_ns();
    if (handler_answer(&local->call, &local->models, msgpack_writer_view(&packed), &reply) != SIDETOK_OK)
        fail("handler");
    uint64_t end = now_ns();
    call_reset(&local->call);
    return end - begin;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *times, size_t n)
{
    qsort(times, n, sizeof *times, compare);
    return times[n / 2];
}

enum { MAX_RUNS = 1000 };

static void print_line(const char *path, size_t bytes, const struct answer *answer, const uint64_t medians[3])
{
    printf("{\"file\": \"%s\", \"bytes\": %zu, \"tokens\": %zu, \"sha256\": \"", path, bytes, answer->n_ids);
    for (size_t i = 0; i < sizeof answer->sha256; i++)
        printf("%02x", answer->sha256[i]);
    printf("\", \"roundtrip_ns\": %llu, \"handler_ns\": %llu, \"ping_ns\": %llu}\n",
           (unsigned long long)medians[0], (unsigned long long)medians[1], (unsigned long long)medians[2]);
    fflush(stdout);
}

/* Three warm-ups, then n runs of each kind in turns. */
static void measure(struct sidetok_client *client, struct local *local, struct str tokenizer,
                    const char *path, size_t n)
{
    static uint64_t times[3][MAX_RUNS];
    struct call call;
    struct str text;
    struct answer answer = {0}, pong = {0};
    uint64_t medians[3];
    call_init(&call);
    if (file_read(&call, str_from(path), &text) != SIDETOK_OK)
        fail(path);
    struct str body = pack_chat(&call, text);
    struct sidetok_request *chat = sidetok_request_new(SIDETOK_OP_CHAT),
                           *ping = sidetok_request_new(SIDETOK_OP_PING);
    sidetok_request_body_msgpack(chat, body.data, body.size);
    for (size_t i = 0; i < 3; i++) {
        answer.want_digest = i == 0;
        ask(client, chat, &answer);
        handle(local, tokenizer, body);
    }
    answer.want_digest = false;
    for (size_t i = 0; i < n; i++) {
        times[0][i] = ask(client, chat, &answer);
        times[1][i] = handle(local, tokenizer, body);
        times[2][i] = ask(client, ping, &pong);
    }
    for (size_t i = 0; i < 3; i++)
        medians[i] = median(times[i], n);
    print_line(path, text.size, &answer, medians);
    sidetok_request_free(chat);
    sidetok_request_free(ping);
    call_done(&call);
}

int main(int argc, char **argv)
{
    struct sidetok_client *client;
    struct call setup;
    struct local local = {0};
    if (argc < 5)
        fail("usage: roundtrip URL NAME=PATH N FILE...");
    struct str item = str_from(argv[2]);
    const char *equals = memchr(item.data, '=', item.size);
    size_t n = strtoul(argv[3], NULL, 10);
    if (!equals || n == 0 || n > MAX_RUNS)
        fail("expected NAME=PATH and 1 to 1000 runs");
    struct str tokenizer = {item.data, (size_t)(equals - item.data)};
    call_init(&setup);
    call_init(&local.call);
    if (model_set_init(&setup, &item, 1, (size_t)16 << 20, 0, &local.models) != SIDETOK_OK)
        fail("out of memory");
    if (sidetok_client_open(argv[1], &client) != SIDETOK_OK)
        fail("can't open the client");
    for (int i = 4; i < argc; i++)
        measure(client, &local, tokenizer, argv[i], n);
    sidetok_client_close(client);
    model_set_done(&local.models);
    call_done(&local.call);
    call_done(&setup);
    free(local.request);
    free(local.reply);
    return 0;
}
