/* The JSON reader and writers behind fuzz_json.py.
 *
 * In: frames of a 32-bit little-endian size and that many bytes of JSON text. Out, for each: one frame "E",
 * the error's name, NUL, its message; or one frame "V", then three frames: the value as json.dumps writes it
 * with ensure_ascii false, with ensure_ascii true, and its repr(). */

#include "buf.h"
#include "json.h"
#include "python_repr.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void put_frame(struct str text)
{
    uint32_t size = (uint32_t)text.size;
    fwrite(&size, sizeof size, 1, stdout);
    fwrite(text.data, 1, text.size, stdout);
}

static void put_error(struct call *call)
{
    struct buf text;
    buf_init(&text, call);
    buf_printf(&text, "E%s", error_name(call->failure.code));
    buf_append_char(&text, '\0');
    buf_append(&text, call->failure.message);
    put_frame(buf_str(&text));
}

static void put_value(struct call *call, const struct json *value)
{
    struct buf plain, ascii, repr;
    buf_init(&plain, call);
    buf_init(&ascii, call);
    buf_init(&repr, call);
    json_write(&plain, value, (struct json_style){.ensure_ascii = false});
    json_write(&ascii, value, (struct json_style){.ensure_ascii = true});
    python_repr(&repr, value);
    put_frame(STR("V"));
    put_frame(buf_str(&plain));
    put_frame(buf_str(&ascii));
    put_frame(buf_str(&repr));
}

/* The text in memory of its own, so that the address sanitizer sees a step beyond it. */
static int answer(struct call *call, uint32_t size)
{
    char *text = malloc(size ? size : 1);
    struct json value;
    bool whole = text && fread(text, 1, size, stdin) == size;
    call_reset(call);
    if (whole && json_read(call, (struct str){text, size}, &value) == SIDETOK_OK)
        put_value(call, &value);
    else if (whole)
        put_error(call);
    free(text);
    return whole ? 0 : 1;
}

int main(void)
{
    struct call call;
    uint32_t size;
    int status = 0;
    call_init(&call);
    while (status == 0 && fread(&size, sizeof size, 1, stdin) == 1)
        status = answer(&call, size);
    call_done(&call);
    return status;
}
