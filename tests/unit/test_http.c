#include "http.h"
#include "tests/support/test.h"

#include <stdlib.h>

static const struct handler_status well = {.live = true, .ready = true}, full = {.live = true},
                                   stuck = {.draining = true};

/* The status code of an answer, 0 while the head has no end. */
static int code_of(struct str head, const struct handler_status *status)
{
    char answer[HTTP_ANSWER_MAX_BYTES];
    size_t n = http_answer(head, status, answer);
    CHECK(n < HTTP_ANSWER_MAX_BYTES);
    return n ? atoi(answer + strlen("HTTP/1.1 ")) : 0;
}

TEST(paths_tell_what_they_stand_for)
{
    static const struct {
        const char *path;
        int well, full, stuck;
    } cases[] = {
        {"/livez", 200, 200, 503},
        {"/readyz", 200, 503, 503},
        {"/healthz", 200, 503, 503},
        {"/livez?x=1", 200, 200, 503},
        {"/", 404, 404, 404},
        {"/livezz", 404, 404, 404},
        {"/livez/", 404, 404, 404},
        {"/LIVEZ", 404, 404, 404},
        {"http://h/livez", 404, 404, 404},
        {"?", 404, 404, 404},
        {"/\xff\x80/livez", 404, 404, 404},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[128];
        size_t n = (size_t)snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", cases[i].path);
        CHECK_INT(code_of((struct str){head, n}, &well), cases[i].well);
        CHECK_INT(code_of((struct str){head, n}, &full), cases[i].full);
        CHECK_INT(code_of((struct str){head, n}, &stuck), cases[i].stuck);
    }
}

TEST(heads_are_judged)
{
    static const struct {
        const char *head;
        int code;
    } cases[] = {
        {"GET /livez HTTP/1.0\r\n\r\n", 200},
        {"GET /livez HTTP/1.1\n\n", 200},
        {"HEAD /livez HTTP/1.1\r\n\r\n", 200},
        {"GET /livez HTTP/1.1\r\n\r\nmore", 200},
        {"GET /livez HTTP/1.1\r\n", 0},
        {"GET /livez HTTP/1.1\r\n\r", 0},
        {"", 0},
        {"GET", 0},
        {"\r\n\r\n", 400},
        {"\n\n", 400},
        {"GET\r\n\r\n", 400},
        {"GET /livez\r\n\r\n", 400},
        {"GET  HTTP/1.1\r\n\r\n", 400},
        {"GET /livez HTTP/2.0\r\n\r\n", 400},
        {"GET /livez HTTP/1.1 \r\n\r\n", 400},
        {"GET /livez x HTTP/1.1\r\n\r\n", 400},
        {"POST /livez HTTP/1.1\r\n\r\n", 405},
        {"get /livez HTTP/1.1\r\n\r\n", 405},
        {" /livez HTTP/1.1\r\n\r\n", 405},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_INT(code_of(str_from(cases[i].head), &well), cases[i].code);
}

TEST(a_head_without_an_end_is_refused_when_it_is_too_large)
{
    static char head[HTTP_HEAD_MAX_BYTES];
    memset(head, 'x', sizeof head);
    CHECK_INT(code_of((struct str){head, sizeof head - 1}, &well), 0);
    CHECK_INT(code_of((struct str){head, sizeof head}, &well), 431);
}

TEST(a_head_has_the_length_of_the_body_that_it_leaves_out)
{
    char got[HTTP_ANSWER_MAX_BYTES], head[HTTP_ANSWER_MAX_BYTES];
    size_t n_got = http_answer(STR("GET /livez HTTP/1.1\n\n"), &well, got);
    size_t n_head = http_answer(STR("HEAD /livez HTTP/1.1\n\n"), &well, head);
    CHECK_STR(((struct str){head, n_head}), ((struct str){got, n_head}));
    CHECK_INT(n_got - n_head, atoi(strstr(got, "Content-Length: ") + 16));
    CHECK(memcmp(got + n_got - 2, "}\n", 2) == 0);
}

TEST(the_largest_numbers_fit)
{
    struct handler_status most = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                  UINT64_MAX, 0,          0,          0};
    static const char *const heads[] = {"GET /livez HTTP/1.1\n\n", "POST / HTTP/1.1\n\n"};
    for (size_t i = 0; i < 2; i++) {
        char answer[HTTP_ANSWER_MAX_BYTES];
        size_t n = http_answer(str_from(heads[i]), &most, answer);
        CHECK(n < sizeof answer && memcmp(answer + n - 2, "}\n", 2) == 0);
    }
}

TEST_MAIN(RUN(paths_tell_what_they_stand_for), RUN(heads_are_judged),
          RUN(a_head_without_an_end_is_refused_when_it_is_too_large),
          RUN(a_head_has_the_length_of_the_body_that_it_leaves_out), RUN(the_largest_numbers_fit))
