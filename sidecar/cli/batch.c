#include "cli.h"

#include "json.h"
#include "print.h"
#include "record.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lines, bytes and time left, on a terminal only. */
struct progress {
    bool shown;
    uint64_t begin_ns, last_ns;
    size_t n_lines, n_bytes;
    uint64_t total_bytes; /* 0: not known */
};

static void progress_begin(struct progress *progress)
{
    struct stat status = {0};
    *progress = (struct progress){.shown = isatty(STDERR_FILENO), .begin_ns = cli_now_ns()};
    if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode))
        progress->total_bytes = (uint64_t)status.st_size;
}

static void progress_show(struct progress *progress)
{
    double seconds = (double)(progress->last_ns - progress->begin_ns) / 1e9;
    double rate = seconds > 0 ? (double)progress->n_bytes / seconds : 0;
    fprintf(stderr, "\r%zu lines, %.1f MB/s", progress->n_lines, rate / 1e6);
    if (progress->total_bytes > progress->n_bytes && rate > 0)
        fprintf(stderr, ", %.0f s left", (double)(progress->total_bytes - progress->n_bytes) / rate);
    fputs("   ", stderr);
}

static void progress_line(struct progress *progress, size_t n_bytes)
{
    enum { INTERVAL_NS = 200 * 1000 * 1000 };
    progress->n_lines++;
    progress->n_bytes += n_bytes;
    if (!progress->shown)
        return;
    uint64_t now = cli_now_ns();
    if (now - progress->last_ns < INTERVAL_NS)
        return;
    progress->last_ns = now;
    progress_show(progress);
}

static void progress_end(struct progress *progress)
{
    if (!progress->shown)
        return;
    progress->last_ns = cli_now_ns();
    progress_show(progress);
    fputc('\n', stderr);
}

/* {"id": ..., members}; a record without an id has null. */
static void print_record(struct buf *out, struct str name, struct str id)
{
    buf_printf(out, "{\"%.*s\": ", STR_ARG(name));
    buf_append(out, id.data ? id : STR("null"));
}

/* What is no JSON at all is the sidecar's bad_request; a recorded case has json.loads' own error there. */
static void restore_decode_error(struct call *call, const struct message_request *request,
                                 struct message_reply *reply)
{
    struct json value;
    if (reply->code != SIDETOK_E_BAD_REQUEST || request->body_kind != MESSAGE_BODY_JSON)
        return;
    struct str body = {request->body.data, request->body.size};
    if (json_read(call, body, &value) != SIDETOK_E_JSON_DECODE)
        return;
    struct str message = call->failure.message, type = str_from(error_name(SIDETOK_E_JSON_DECODE)),
               family = str_from(error_family(SIDETOK_E_JSON_DECODE));
    reply->code = SIDETOK_E_JSON_DECODE;
    reply->type = (struct view){type.data, type.size};
    reply->family = (struct view){family.data, family.size};
    reply->message = (struct view){message.data, message.size};
    reply->stage = (struct view){"convert", 7};
}

/* One line in, one line out; every failure becomes a record. */
static enum sidetok_error answer_line(struct call *call, struct transport *transport, struct str line,
                                      struct buf *out)
{
    struct record record;
    struct message_reply reply;
    buf_init(out, call);
    enum sidetok_error error = record_read(call, line, &record);
    if (error == SIDETOK_OK)
        error = transport_call(call, transport, &record.request, &reply);
    if (error == SIDETOK_OK)
        restore_decode_error(call, &record.request, &reply);
    bool has_own_id =
        error == SIDETOK_OK && reply.code == SIDETOK_OK && record.request.op == MESSAGE_OP_SPECIAL_ID;
    print_record(out, has_own_id ? STR("record") : STR("id"), record.id);
    size_t before = out->size;
    buf_append(out, STR(", "));
    if (error != SIDETOK_OK)
        print_failure(out, &call->failure);
    else
        print_reply(out, &reply, record.request.op, true);
    if (out->size == before + 2) /* a reply without members */
        out->size = before;
    buf_append(out, STR("}\n"));
    return out->out_of_memory ? failure_no_memory(call) : SIDETOK_OK;
}

static int answer_lines(struct transport *transport, struct progress *progress)
{
    char *line = NULL;
    size_t capacity = 0;
    int status = CLI_OK;
    struct call call;
    call_init(&call);
    for (ssize_t n; status == CLI_OK && (n = getline(&line, &capacity, stdin)) >= 0;) {
        size_t size = (size_t)n;
        while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        struct buf out;
        if (size == 0) /* an empty line asks nothing */
            continue;
        call_reset(&call);
        enum sidetok_error error = answer_line(&call, transport, (struct str){line, size}, &out);
        status = error == SIDETOK_OK ? cli_write(buf_str(&out)) : cli_fail(&call);
        progress_line(progress, (size_t)n);
    }
    call_done(&call);
    free(line);
    return status;
}

int cli_batch(struct call *call, const struct cli *cli)
{
    struct transport *transport;
    struct progress progress;
    int status = cli_open(call, cli, &transport);
    if (status != CLI_OK)
        return status;
    progress_begin(&progress);
    status = answer_lines(transport, &progress);
    progress_end(&progress);
    transport_close(transport);
    return status;
}
