/* Bytes into the JSON reader. What it reads, it writes so that reading gives the same again, in both
 * spellings. */

#include "fuzz.h"

#include "buf.h"
#include "json.h"
#include "python_repr.h"
#include "utf8.h"

static struct str written(struct call *call, const struct json *value, bool ensure_ascii)
{
    struct buf buf;
    struct str text = STR("");
    buf_init(&buf, call);
    json_write(&buf, value, (struct json_style){.ensure_ascii = ensure_ascii});
    FUZZ_CHECK(buf_finish(&buf, &text) == SIDETOK_OK);
    return text;
}

/* Two surrogates side by side, escaped, are one character to a reader: such text does not come back. */
static void check_round_trip(struct call *call, const struct json *value)
{
    struct json again;
    struct str plain = written(call, value, false), ascii = written(call, value, true);
    FUZZ_CHECK(json_read(call, plain, &again) == SIDETOK_OK);
    FUZZ_CHECK(str_equal(written(call, &again, false), plain));
    FUZZ_CHECK(json_read(call, ascii, &again) == SIDETOK_OK);
    FUZZ_CHECK(utf8_has_surrogate(plain) || str_equal(written(call, &again, false), plain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct call call;
    struct json value;
    if (!utf8_is_valid(text, true))
        return 0;
    call_init(&call);
    if (json_read(&call, text, &value) == SIDETOK_OK) {
        struct buf repr;
        buf_init(&repr, &call);
        python_repr(&repr, &value);
        check_round_trip(&call, &value);
    } else {
        FUZZ_CHECK(utf8_is_valid(call.failure.message, true));
    }
    call_done(&call);
    return 0;
}
