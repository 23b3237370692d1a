#ifndef SIDETOK_TESTS_DECODE_CASE_H
#define SIDETOK_TESTS_DECODE_CASE_H

#include "call.h"
#include "json.h"
#include "request.h"
#include "tests/support/test.h"

/** A request as JSON text, and what the reference says to it: an exception, or none (error NULL). */
struct decode_case {
    const char *body;
    const char *error;
    const char *message;
};

/** Decodes text; the caller ends the call with call_done(). Text that is no JSON fails the test. */
static inline enum sidetok_error decode_text(struct call *call, const char *text, struct request *ret_request)
{
    struct json body;
    call_init(call);
    enum sidetok_error error = json_read(call, str_from(text), &body);
    CHECK_INT(error, SIDETOK_OK);
    if (error != SIDETOK_OK)
        return error;
    return request_decode(call, &body, ret_request);
}

static inline void check_decode_cases(const struct decode_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct call call;
        struct request request;
        enum sidetok_error error = decode_text(&call, cases[i].body, &request);
        struct str got = error ? str_from(error_name(error)) : STR("none");
        struct str message = error ? call.failure.message : STR("");
        int before = test_failures;
        CHECK_STR(got, cases[i].error ? str_from(cases[i].error) : STR("none"));
        CHECK_STR(message, str_from(cases[i].message));
        if (test_failures > before)
            printf("#   %s\n", cases[i].body);
        call_done(&call);
    }
}

#define CHECK_DECODE(cases) check_decode_cases((cases), sizeof(cases) / sizeof(cases)[0])

#endif
