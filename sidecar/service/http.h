#ifndef SIDETOK_SERVICE_HTTP_H
#define SIDETOK_SERVICE_HTTP_H

#include "handler.h"

enum {
    HTTP_HEAD_MAX_BYTES = 4096, /* of a request that is answered with more than 431 */
    HTTP_ANSWER_MAX_BYTES = 512,
};

/**
 * Answers a probe: GET or HEAD of /livez (200 while receiver and worker get on), /readyz (200 while requests
 * are taken too) or /healthz (200 while both hold), else 503; the body says why, in JSON. Other paths are
 * 404, other methods 405, what is no HTTP/1 request 400, a head of HTTP_HEAD_MAX_BYTES without an end 431.
 *
 * head    The bytes received so far. Any bytes.
 * answer  Room for HTTP_ANSWER_MAX_BYTES. The connection is closed after it.
 *
 * Returns the answer's size, 0 while the head has no end yet. No memory, no I/O.
 */
size_t http_answer(struct str head, const struct handler_status *status, char *answer);

#endif
