#include "http.h"

#include <stdio.h>

struct http_status {
    int code;
    const char *reason;
};

static const struct http_status ok = {200, "OK"}, bad_request = {400, "Bad Request"},
                                not_found = {404, "Not Found"},
                                not_allowed = {405, "Method Not Allowed\r\nAllow: GET, HEAD"},
                                head_too_large = {431, "Request Header Fields Too Large"},
                                unavailable = {503, "Service Unavailable"};

/* The head ends with an empty line; a bare line feed ends a line too (RFC 9112, 2.2). */
static bool is_whole(struct str head)
{
    for (size_t i = 0; i < head.size; i++) {
        if (head.data[i] != '\n')
            continue;
        size_t next = i + 1 < head.size && head.data[i + 1] == '\r' ? i + 2 : i + 1;
        if (next < head.size && head.data[next] == '\n')
            return true;
    }
    return false;
}

/* The bytes up to the next space, which is stepped over; the rest when there is none. */
static struct str take_word(struct str *line)
{
    const char *space = memchr(line->data, ' ', line->size);
    size_t n = space ? (size_t)(space - line->data) : line->size;
    struct str word = {line->data, n};
    *line = str_from_offset(*line, space ? n + 1 : n);
    return word;
}

static const struct http_status *judge(struct str head, const struct handler_status *status,
                                       bool *ret_is_head)
{
    const char *end = memchr(head.data, '\n', head.size);
    struct str line = {head.data, (size_t)(end - head.data)};
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    struct str method = take_word(&line), target = take_word(&line);
    if (line.size != 8 || !str_starts_with(line, STR("HTTP/1.")) || target.size == 0)
        return &bad_request;
    *ret_is_head = str_equal(method, STR("HEAD"));
    if (!*ret_is_head && !str_equal(method, STR("GET")))
        return &not_allowed;
    const char *query = memchr(target.data, '?', target.size);
    if (query)
        target.size = (size_t)(query - target.data);
    if (str_equal(target, STR("/livez")))
        return status->live ? &ok : &unavailable;
    if (str_equal(target, STR("/readyz")))
        return status->ready ? &ok : &unavailable;
    if (str_equal(target, STR("/healthz")))
        return status->live && status->ready ? &ok : &unavailable;
    return &not_found;
}

static int write_body(const struct handler_status *status, char *body, size_t size)
{
    return snprintf(body, size,
                    "{\"live\": %s, \"ready\": %s, \"draining\": %s, \"requests\": %llu, \"bytes\": %llu, "
                    "\"answered\": %llu, \"refused\": %llu, \"working_ms\": %llu, \"uptime_ms\": %llu}\n",
                    status->live ? "true" : "false", status->ready ? "true" : "false",
                    status->draining ? "true" : "false", (unsigned long long)status->n_queued,
                    (unsigned long long)status->n_queued_bytes, (unsigned long long)status->n_answered,
                    (unsigned long long)status->n_refused, (unsigned long long)status->working_ms,
                    (unsigned long long)status->uptime_ms);
}

size_t http_answer(struct str head, const struct handler_status *status, char *answer)
{
    char body[288];
    bool is_head = false, whole = is_whole(head);
    if (!whole && head.size < HTTP_HEAD_MAX_BYTES)
        return 0;
    const struct http_status *verdict = whole ? judge(head, status, &is_head) : &head_too_large;
    int n_body = write_body(status, body, sizeof body);
    int n = snprintf(answer, HTTP_ANSWER_MAX_BYTES,
                     "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
                     "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
                     verdict->code, verdict->reason, n_body, is_head ? "" : body);
    return (size_t)n;
}
