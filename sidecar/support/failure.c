#include "failure.h"

#include "buf.h"
#include "call.h"

#include <stdarg.h>
#include <stdio.h>

enum sidetok_error failure_no_memory(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_NO_MEMORY, STR("out of memory"));
}

enum sidetok_error failure_set_str(struct call *call, enum sidetok_error code, struct str message)
{
    struct failure *failure = &call->failure;
    if (failure->code == SIDETOK_OK) {
        failure->code = code;
        failure->message = message;
        failure->details = NULL;
    }
    return failure->code;
}

enum sidetok_error failure_set(struct call *call, enum sidetok_error code, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = size < 0 ? NULL : arena_alloc(&call->arena, (size_t)size + 1);
    if (!text)
        return failure_no_memory(call);
    va_start(list, format);
    vsnprintf(text, (size_t)size + 1, format, list);
    va_end(list);
    return failure_set_str(call, code, (struct str){text, (size_t)size});
}

enum sidetok_error failure_set_text(struct call *call, enum sidetok_error code, struct str before,
                                    struct str text, struct str after)
{
    struct buf message;
    struct str whole;
    buf_init(&message, call);
    buf_append(&message, before);
    buf_append(&message, text);
    buf_append(&message, after);
    return buf_finish(&message, &whole) == SIDETOK_OK ? failure_set_str(call, code, whole)
                                                      : SIDETOK_E_NO_MEMORY;
}

void failure_clear(struct call *call)
{
    enum failure_stage stage = call->failure.stage;
    call->failure = (struct failure){.stage = stage};
}
