#include "template.h"
#include "json.h"
#include "rules.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Figure: validation, normalization and template of a ten-message chat with five tools of 1 KB schema each,
 * text encoding aside, cost less than 30 microseconds. Prints one line per version: median and best of many
 * calls, in thread CPU time. The request is decoded before the clock starts. */

enum { N_TOOLS = 5, SCHEMA_BYTES = 1024, N_CALLS = 2001 };

static const char messages[] =
    "[{\"role\": \"system\", \"content\": \"You help with orders. Be brief, ask when unsure, never guess.\"},"
    "{\"role\": \"user\", \"content\": \"Where is my order 4711? It should have come last Tuesday.\"},"
    "{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"aaaaaaaaa\", \"type\": \"function\", "
    "\"function\": {\"name\": "
    "\"tool_0\", \"arguments\": \"{\\\"order\\\": 4711, \\\"fields\\\": [\\\"state\\\", "
    "\\\"carrier\\\"]}\"}}]},"
    "{\"role\": \"tool\", \"tool_call_id\": \"aaaaaaaaa\", \"content\": \"{\\\"state\\\": \\\"in "
    "transit\\\", \\\"carrier\\\": "
    "\\\"Post\\\", \\\"weight\\\": 1.25}\"},"
    "{\"role\": \"assistant\", \"content\": \"It is on its way with the Post. Shall I open an enquiry?\"},"
    "{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Yes, please.\"}, {\"type\": "
    "\"text\", \"text\": "
    "\"And tell me what it costs.\"}]},"
    "{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"bbbbbbbbb\", \"type\": \"function\", "
    "\"function\": {\"name\": "
    "\"tool_1\", \"arguments\": \"{\\\"order\\\": 4711}\"}}]},"
    "{\"role\": \"tool\", \"tool_call_id\": \"bbbbbbbbb\", \"content\": \"{\\\"price\\\": 0}\"},"
    "{\"role\": \"assistant\", \"content\": \"The enquiry is open and costs nothing.\"},"
    "{\"role\": \"user\", \"content\": \"Thank you! When will I hear from them?\"}]";

/* Properties until the schema has its size: what a careful author of tools writes. */
static void write_schema(struct buf *out)
{
    size_t begin = out->size;
    buf_append(out,
               STR("{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"field_0\"], "
                   "\"properties\": {"));
    for (int i = 0; out->size - begin < SCHEMA_BYTES - 120; i++)
        buf_printf(out,
                   "%s\"field_%d\": {\"type\": \"%s\", \"description\": \"What the %d. field means, in a few "
                   "words.\"%s}",
                   i ? ", " : "", i, i % 3 ? "string" : "integer", i,
                   i % 3 ? ", \"maxLength\": 80" : ", \"minimum\": 0");
    buf_append(out, STR("}}"));
}

static void write_request(struct buf *out)
{
    buf_printf(out, "{\"messages\": %s, \"tools\": [", messages);
    for (int i = 0; i < N_TOOLS; i++) {
        buf_printf(
            out,
            "%s{\"type\": \"function\", \"function\": {\"name\": \"tool_%d\", \"description\": \"Does it.\", "
            "\"parameters\": ",
            i ? ", " : "", i);
        write_schema(out);
        buf_append(out, STR("}}"));
    }
    buf_append(out, STR("]}"));
}

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static enum sidetok_error run(struct call *call, int version, struct request request)
{
    static const struct settings_builder settings = {true, 2, {EFFORT_NONE, EFFORT_HIGH}, EFFORT_NONE, true};
    const struct template_env env = {
        .template = template_find(version), .has_think = true, .settings = version == 15 ? &settings : NULL};
    const struct rules *rules = rules_find(version);
    struct stream stream;
    TRY(request_validate(call, rules, MODE_TEST, &request));
    TRY(request_normalize(call, rules, env.settings, &request));
    return template_render(call, &env, &request, &stream);
}

static int compare_times(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static bool measure(int version, const struct request *request)
{
    static int64_t times[N_CALLS];
    struct call call;
    bool passed = true;
    call_init(&call);
    for (int i = 0; i < N_CALLS && passed; i++) {
        int64_t begin = now_ns();
        passed = run(&call, version, *request) == SIDETOK_OK;
        times[i] = now_ns() - begin;
        if (passed)
            call_reset(&call);
    }
    if (!passed)
        printf("v%d failed: %.*s\n", version, STR_ARG(call.failure.message));
    call_done(&call);
    qsort(times, N_CALLS, sizeof *times, compare_times);
    if (passed)
        printf("v%-2d median %5.1f us, best %5.1f us\n", version, (double)times[N_CALLS / 2] / 1e3,
               (double)times[0] / 1e3);
    return passed;
}

int main(void)
{
    static const int versions[] = {2, 3, 7, 11, 13, 15};
    struct call call;
    struct buf text;
    struct json body;
    struct request request;
    int status = 0;
    call_init(&call);
    buf_init(&text, &call);
    write_request(&text);
    if (json_read(&call, buf_str(&text), &body) != SIDETOK_OK ||
        request_decode(&call, &body, &request) != SIDETOK_OK) {
        printf("the request is wrong: %.*s\n", STR_ARG(call.failure.message));
        status = 1;
    }
    printf("%zu messages, %zu tools, %zu bytes of request\n", request.n_messages, request.n_tools, text.size);
    for (size_t i = 0; status == 0 && i < sizeof versions / sizeof *versions; i++)
        status = measure(versions[i], &request) ? 0 : 1;
    call_done(&call);
    return status;
}
