#ifndef SIDETOK_SUPPORT_BUF_H
#define SIDETOK_SUPPORT_BUF_H

#include "call.h"
#include "str.h"

/**
 * Growing bytes in a call's arena. Out of memory is remembered: further appends do nothing, and buf_finish()
 * reports it once, so that a writer needs no check after each append.
 */
struct buf {
    struct call *call;
    char *data;
    size_t size;
    size_t capacity;
    bool out_of_memory;
};

/** An empty buffer over call's arena; allocates nothing. */
void buf_init(struct buf *buf, struct call *call);

/** Makes room for more bytes; returns where they go, or NULL when memory is out. */
char *buf_reserve(struct buf *buf, size_t more);

void buf_append(struct buf *buf, struct str bytes);
void buf_append_char(struct buf *buf, char c);

/** Appends printf-formatted text. */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The bytes so far; valid until the next append. */
static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->data ? buf->data : "", buf->size};
}

/** SIDETOK_OK and the bytes, or SIDETOK_E_NO_MEMORY (recorded in the call) when an append failed. */
enum sidetok_error buf_finish(struct buf *buf, struct str *ret_text);

#endif
