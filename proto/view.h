#ifndef SIDETOK_PROTO_VIEW_H
#define SIDETOK_PROTO_VIEW_H

#include <stddef.h>
#include <stdint.h>

/** Borrowed bytes: a window into a message. Absent is data == NULL; an empty value has a non-NULL data. */
struct view {
    const char *data;
    size_t size;
};

#endif
