#ifndef SIDETOK_REQUEST_PYTHON_REPR_H
#define SIDETOK_REQUEST_PYTHON_REPR_H

#include "buf.h"
#include "json.h"

/* Python's repr(), for values whose texts are printable and without quotes; the whole rule is support's. */
void python_repr(struct buf *out, const struct json *value);
void python_repr_str(struct buf *out, struct str text);

#endif
