#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

void buf_init(struct buf *buf, struct call *call)
{
    *buf = (struct buf){.call = call};
}

char *buf_reserve(struct buf *buf, size_t more)
{
    if (buf->out_of_memory)
        return NULL;
    if (buf->data && more <= buf->capacity - buf->size)
        return buf->data + buf->size;
    size_t capacity = buf->capacity ? buf->capacity : 64;
    while (capacity - buf->size < more) {
        if (capacity > SIZE_MAX / 4) {
            buf->out_of_memory = true;
            return NULL;
        }
        capacity *= 2;
    }
    char *data = arena_grow(&buf->call->arena, buf->data, buf->capacity, capacity);
    if (!data) {
        buf->out_of_memory = true;
        return NULL;
    }
    buf->data = data;
    buf->capacity = capacity;
    return data + buf->size;
}

void buf_append(struct buf *buf, struct str bytes)
{
    if (bytes.size == 0)
        return;
    char *end = buf_reserve(buf, bytes.size);
    if (!end)
        return;
    memcpy(end, bytes.data, bytes.size);
    buf->size += bytes.size;
}

void buf_append_char(struct buf *buf, char c)
{
    buf_append(buf, (struct str){&c, 1});
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (size < 0)
        return;
    char *end = buf_reserve(buf, (size_t)size + 1);
    if (!end)
        return;
    va_start(list, format);
    vsnprintf(end, (size_t)size + 1, format, list);
    va_end(list);
    buf->size += (size_t)size;
}

enum sidetok_error buf_finish(struct buf *buf, struct str *ret_text)
{
    if (buf->out_of_memory)
        return failure_no_memory(buf->call);
    *ret_text = buf_str(buf);
    return SIDETOK_OK;
}
