#include "data_url.h"

#include "buf.h"
#include "python_repr.h"
#include "utf8.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct str data_url_head(struct str text, size_t n)
{
    size_t at = 0;
    for (uint32_t code_point; n > 0 && at < text.size; n--)
        at += utf8_read(text, at, &code_point);
    return (struct str){text.data, at};
}

enum sidetok_error data_url_payload(struct call *call, struct str text, struct str *ret_payload)
{
    *ret_payload = text;
    if (!str_starts_with(text, STR("data:")))
        return SIDETOK_OK;
    const char *comma = memchr(text.data, ',', text.size);
    if (comma) {
        struct str header = {text.data, (size_t)(comma - text.data)};
        *ret_payload = str_from_offset(text, header.size + 1);
        if (str_ends_with(header, STR(";base64")) && ret_payload->size > 0)
            return SIDETOK_OK;
    }
    return failure_set_text(call, SIDETOK_E_VALUE, STR("Invalid base64 data URL "), data_url_head(text, 64),
                            STR(": expected the form `data:<mime>;base64,<payload>`."));
}

enum sidetok_error data_url_fail_repr(struct call *call, enum sidetok_error code, struct str before,
                                      struct str text, struct str after)
{
    struct buf out;
    struct str message;
    buf_init(&out, call);
    buf_append(&out, before);
    python_repr_str(&out, text);
    buf_append(&out, after);
    TRY(buf_finish(&out, &message));
    return failure_set_str(call, code, message);
}

enum path_kind data_url_path_kind(struct call *call, struct str path)
{
    struct stat status;
    if (path.size == 0)
        return PATH_DIRECTORY;
    if (memchr(path.data, '\0', path.size))
        return PATH_MISSING;
    if (path.size >= PATH_MAX)
        return PATH_TOO_LONG;
    char *name = call_alloc(call, path.size + 1);
    if (!name)
        return PATH_MISSING;
    memcpy(name, path.data, path.size);
    name[path.size] = '\0';
    if (stat(name, &status) != 0)
        return errno == ENAMETOOLONG ? PATH_TOO_LONG
               : errno == ENOTDIR    ? PATH_NO_DIRECTORY
               : errno == ELOOP      ? PATH_LOOP
                                     : PATH_MISSING;
    if (S_ISDIR(status.st_mode))
        return PATH_DIRECTORY;
    if (!S_ISREG(status.st_mode))
        return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3) ? PATH_NULL_DEVICE : PATH_DEVICE;
    return status.st_size == 0 ? PATH_EMPTY : PATH_OTHER;
}

/* Rule: the surrogateescape handler: a run of surrogates fails from its first one that stands for no byte. */
static enum sidetok_error fail_to_encode(struct call *call, struct str path, size_t at, size_t position)
{
    uint32_t first, c;
    size_t n = 0;
    utf8_read(path, at, &first);
    for (size_t size; at < path.size; at += size, n++) {
        size = utf8_read(path, at, &c);
        if (c < 0xd800 || c > 0xdfff)
            break;
    }
    if (n == 1)
        return failure_set(
            call, SIDETOK_E_UNICODE_ENCODE,
            "'utf-8' codec can't encode character '\\u%04x' in position %zu: surrogates not allowed", first,
            position);
    return failure_set(call, SIDETOK_E_UNICODE_ENCODE,
                       "'utf-8' codec can't encode characters in position %zu-%zu: surrogates not allowed",
                       position, position + n - 1);
}

enum sidetok_error data_url_check_path(struct call *call, struct str path)
{
    size_t position = 0;
    for (size_t at = 0, size; at < path.size; at += size, position++) {
        uint32_t c;
        size = utf8_read(path, at, &c);
        if (c >= 0xd800 && c <= 0xdfff && (c < 0xdc80 || c > 0xdcff))
            return fail_to_encode(call, path, at, position);
    }
    if (memchr(path.data, '\0', path.size))
        return failure_set_str(call, SIDETOK_E_VALUE, STR("embedded null byte"));
    return SIDETOK_OK;
}
