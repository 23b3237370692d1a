#include "call.h"

#include <stdint.h>
#include <stdio.h>
#include <stdarg.h>

void call_init(struct call *call)
{
    arena_init(&call->arena);
    call->failure = (struct failure){0};
    call->work = 0;
}

void call_done(struct call *call)
{
    arena_done(&call->arena);
    call->failure = (struct failure){0};
}

void call_reset(struct call *call)
{
    arena_reset(&call->arena);
    call->failure = (struct failure){0};
    call->work = 0;
}

void *call_alloc(struct call *call, size_t size)
{
    void *memory = arena_alloc(&call->arena, size);
    if (!memory)
        failure_no_memory(call);
    return memory;
}

void *call_alloc_array(struct call *call, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        failure_no_memory(call);
        return NULL;
    }
    void *memory = call_alloc(call, bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

char *call_terminated(struct call *call, struct str text)
{
    char *copy = call_alloc(call, text.size + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

enum sidetok_error call_spend(struct call *call, uint64_t work)
{
    if (work > CALL_MAX_WORK - call->work)
        return failure_set(call, SIDETOK_E_TOO_LARGE,
                           "the images and sounds of one request may decode to %d pixels, or half as many samples",
                           (int)CALL_MAX_WORK);
    call->work += work;
    return SIDETOK_OK;
}
