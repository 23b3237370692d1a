/* Bytes from a peer of the health listener. The answer is whole, fits, and is the same however the bytes came
 * in. */

#include "fuzz.h"

#include "http.h"

#include <string.h>

static void check_answer(const char *answer, size_t size)
{
    FUZZ_CHECK(size < HTTP_ANSWER_MAX_BYTES);
    FUZZ_CHECK(memcmp(answer, "HTTP/1.1 ", 9) == 0);
    const char *length = memmem(answer, size, "Content-Length: ", 16),
               *end = memmem(answer, size, "\r\n\r\n", 4);
    FUZZ_CHECK(length && end && length < end);
    size_t n_body = size - (size_t)(end + 4 - answer);
    FUZZ_CHECK(n_body == 0 || n_body == strtoul(length + 16, NULL, 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct handler_status status = {.live = size % 2, .ready = size % 3 == 0};
    char answer[HTTP_ANSWER_MAX_BYTES], early[HTTP_ANSWER_MAX_BYTES];
    size_t whole = size < HTTP_HEAD_MAX_BYTES ? size : HTTP_HEAD_MAX_BYTES;
    char *head = malloc(whole ? whole : 1);
    FUZZ_CHECK(head);
    memcpy(head, data, whole);
    size_t n = http_answer((struct str){head, whole}, &status, answer);
    FUZZ_CHECK(n > 0 || whole < HTTP_HEAD_MAX_BYTES);
    if (n > 0)
        check_answer(answer, n);
    for (size_t part = 0; part < whole && n > 0; part++) {
        size_t n_early = http_answer((struct str){head, part}, &status, early);
        FUZZ_CHECK(n_early == 0 || (n_early == n && memcmp(early, answer, n) == 0));
    }
    free(head);
    return 0;
}
