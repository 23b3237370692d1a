/* Times whole round trips of chats through a running sidecar, and beside them what they consist of.
 *
 * usage: roundtrip URL NAME=PATH N FILE...
 *
 * NAME is the tokenizer that the sidecar at URL serves from PATH. Each FILE is one user message. Prints one
 * JSON line a file: bytes, tokens, and for each of the following the time at first sight and the median of N
 * more, in ns, all taken in turns:
 *
 *   roundtrip  through the sidecar: from the text in this process's memory to its ids there
 *   handler    the same request bytes to the same reply bytes in this process
 *   engine     the text to its ids in this process, without template, request and reply
 *   floor      the transport alone: as many bytes there and back through nng
 *   ping       the least that the sidecar answers */

#include "bench/clock.h"
#include "client/sidetok.h"
#include "file.h"
#include "floor.h"
#include "handler.h"
#include "json.h"
#include "sha256.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

/* Handler and engine in this process, with the memory that one worker keeps, each with caches of its own. */
struct local {
    struct call call;
    struct model_set models;
    struct model *engine;
    uint8_t *request, *reply;
    size_t request_bytes, reply_bytes; /* of the last one */
};

/* The engine's own time. */
static uint64_t encode(struct local *local, struct str text)
{
    struct ids ids = {0};
    uint64_t begin = now_ns();
    if (encoder_encode(&local->call, local->engine->encoder, text, &ids) != SIDETOK_OK)
        fail("engine");
    uint64_t end = now_ns();
    call_reset(&local->call);
    return end - begin;
}

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
    local->request_bytes = packed.size;
    local->reply_bytes = reply.size;
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
enum kind { ROUNDTRIP, HANDLER, ENGINE, FLOOR, PING, N_KINDS };
static const char *const kind_names[N_KINDS] = {"roundtrip", "handler", "engine", "floor", "ping"};

static void print_line(const char *path, size_t bytes, const struct answer *answer,
                       const uint64_t first[N_KINDS], const uint64_t medians[N_KINDS])
{
    printf("{\"file\": \"%s\", \"bytes\": %zu, \"tokens\": %zu, \"sha256\": \"", path, bytes, answer->n_ids);
    for (size_t i = 0; i < sizeof answer->sha256; i++)
        printf("%02x", answer->sha256[i]);
    printf("\"");
    for (size_t i = 0; i < N_KINDS; i++)
        printf(", \"first_%s_ns\": %llu, \"%s_ns\": %llu", kind_names[i], (unsigned long long)first[i],
               kind_names[i], (unsigned long long)medians[i]);
    printf("}\n");
    fflush(stdout);
}

/* One text on its way. */
struct subject {
    struct sidetok_client *client;
    struct local *local;
    struct str tokenizer, text, body;
    struct sidetok_request *chat, *ping;
    struct answer answer, pong;
};

/* One of each kind. */
static void run_once(struct subject *subject, uint64_t times[N_KINDS])
{
    times[ROUNDTRIP] = ask(subject->client, subject->chat, &subject->answer);
    times[HANDLER] = handle(subject->local, subject->tokenizer, subject->body);
    times[ENGINE] = encode(subject->local, subject->text);
    times[FLOOR] = floor_ask(subject->local->request_bytes, subject->local->reply_bytes);
    times[PING] = ask(subject->client, subject->ping, &subject->pong);
}

/* Once at first sight, twice to warm up, then n times. */
static void measure(struct subject *subject, const char *path, size_t n)
{
    static uint64_t times[N_KINDS][MAX_RUNS];
    uint64_t first[N_KINDS], run[N_KINDS], medians[N_KINDS];
    subject->answer.want_digest = false;
    run_once(subject, first);
    subject->answer.want_digest = true;
    run_once(subject, run);
    subject->answer.want_digest = false;
    run_once(subject, run);
    for (size_t i = 0; i < n; i++) {
        run_once(subject, run);
        for (size_t kind = 0; kind < N_KINDS; kind++)
            times[kind][i] = run[kind];
    }
    for (size_t kind = 0; kind < N_KINDS; kind++)
        medians[kind] = median(times[kind], n);
    print_line(path, subject->text.size, &subject->answer, first, medians);
}

static void measure_file(struct subject *subject, const char *path, size_t n)
{
    struct call call;
    call_init(&call);
    if (file_read(&call, str_from(path), &subject->text) != SIDETOK_OK)
        fail(path);
    subject->body = pack_chat(&call, subject->text);
    subject->chat = sidetok_request_new(SIDETOK_OP_CHAT);
    subject->ping = sidetok_request_new(SIDETOK_OP_PING);
    sidetok_request_body_msgpack(subject->chat, subject->body.data, subject->body.size);
    measure(subject, path, n);
    sidetok_request_free(subject->chat);
    sidetok_request_free(subject->ping);
    call_done(&call);
}

static void open_local(struct call *setup, struct str item, struct str path, struct local *local)
{
    enum { CACHE_BYTES = 16 << 20 };
    call_init(&local->call);
    if (model_set_init(setup, &item, 1, CACHE_BYTES, 0, &local->models) != SIDETOK_OK ||
        model_open(setup, path, CACHE_BYTES, &local->engine) != SIDETOK_OK ||
        model_open(setup, path, CACHE_BYTES, &local->models.entries[0].model) != SIDETOK_OK)
        fail("cannot load the tokenizer");
}

int main(int argc, char **argv)
{
    struct call setup;
    struct local local = {0};
    struct subject subject = {.local = &local};
    char floor_url[64];
    if (argc < 5)
        fail("usage: roundtrip URL NAME=PATH N FILE...");
    struct str item = str_from(argv[2]);
    const char *equals = memchr(item.data, '=', item.size);
    size_t n = strtoul(argv[3], NULL, 10);
    if (!equals || n == 0 || n > MAX_RUNS)
        fail("expected NAME=PATH and 1 to 1000 runs");
    subject.tokenizer = (struct str){item.data, (size_t)(equals - item.data)};
    snprintf(floor_url, sizeof floor_url, "ipc:///tmp/sidetok-floor-%ld", (long)getpid());
    floor_serve(floor_url);
    floor_connect(floor_url);
    call_init(&setup);
    open_local(&setup, item, str_from_offset(item, subject.tokenizer.size + 1), &local);
    if (sidetok_client_open(argv[1], &subject.client) != SIDETOK_OK)
        fail("can't open the client");
    for (int i = 4; i < argc; i++)
        measure_file(&subject, argv[i], n);
    sidetok_client_close(subject.client);
    model_set_done(&local.models);
    model_close(local.engine);
    call_done(&local.call);
    call_done(&setup);
    free(local.request);
    free(local.reply);
    unlink(floor_url + strlen("ipc://"));
    return 0;
}
