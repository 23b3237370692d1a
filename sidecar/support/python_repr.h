#ifndef SIDETOK_SUPPORT_PYTHON_REPR_H
#define SIDETOK_SUPPORT_PYTHON_REPR_H

#include "buf.h"
#include "json.h"

/* Python 3.11's repr(), which error messages quote: of a value and of its parts. All append to out; out of
 * memory is out's own business. Nesting was bounded when the value was read. Linear in the size of the value.
 */

/** repr(value): None, True, 12, 1e+16, 'text', [..], {..}, b'bytes'. */
void python_repr(struct buf *out, const struct json *value);

/** repr(str): the quote that needs no escape if there is one, \xhh \uhhhh \Uhhhhhhhh for what is not
 * printable. */
void python_repr_str(struct buf *out, struct str text);

/** repr(bytes). */
void python_repr_bytes(struct buf *out, struct str bytes);

/** str(value): a str as it is, anything else as its repr(). */
void python_str(struct buf *out, const struct json *value);

#endif
