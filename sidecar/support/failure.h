#ifndef SIDETOK_SUPPORT_FAILURE_H
#define SIDETOK_SUPPORT_FAILURE_H

#include "proto/error.h"
#include "str.h"

struct call;
struct json;

/** Which half of the reference's call raised; "stage" in the parity cases and on the wire. */
enum failure_stage { FAILURE_STAGE_CONVERT, FAILURE_STAGE_ENCODE };

/**
 * The first failure of a call, in the reference's own words. Memory: the call's arena.
 * details is set for SIDETOK_E_VALIDATION only: an array of objects {"type", "loc", "msg"}.
 */
struct failure {
    enum sidetok_error code;
    struct str message;
    const struct json *details;
    enum failure_stage stage;
};

/**
 * Records the failure unless one is recorded already (the first wins) and returns the recorded code, so that
 * `return failure_set(call, SIDETOK_E_VALUE, "...")` is the usual form. printf formats; the message has no
 * size limit; it becomes SIDETOK_E_NO_MEMORY when the arena is out. A view is passed as "%.*s",
 * STR_ARG(view). The stage recorded is call->failure.stage as it stands: the handler moves it on from CONVERT
 * to ENCODE.
 */
enum sidetok_error failure_set(struct call *call, enum sidetok_error code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for a message that holds a caller's text, zero bytes included: before, text and after, joined. */
enum sidetok_error failure_set_text(struct call *call, enum sidetok_error code, struct str before,
                                    struct str text, struct str after);

/** The same with a ready message, which must live in the call's arena or be static. No copy. */
enum sidetok_error failure_set_str(struct call *call, enum sidetok_error code, struct str message);

/** Records SIDETOK_E_NO_MEMORY; never allocates. */
enum sidetok_error failure_no_memory(struct call *call);

/** Forgets the failure, keeps the stage: for the few places where the reference catches an exception itself.
 */
void failure_clear(struct call *call);

#endif
