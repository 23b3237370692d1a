#include "file.h"

#include "buf.h"
#include "python_repr.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool path_next_part(struct str path, size_t *at, struct str *part)
{
    while (*at < path.size) {
        size_t begin = *at;
        const char *slash = memchr(path.data + begin, '/', path.size - begin);
        size_t end = slash ? (size_t)(slash - path.data) : path.size;
        *at = end + 1;
        *part = (struct str){path.data + begin, end - begin};
        if (part->size > 0 && !str_equal(*part, STR(".")))
            return true;
    }
    return false;
}

struct str file_path_normalize(struct call *call, struct str path)
{
    struct buf out;
    buf_init(&out, call);
    bool rooted = str_starts_with(path, STR("/"));
    bool twice = str_starts_with(path, STR("//")) && !str_starts_with(path, STR("///"));
    buf_append(&out, twice ? STR("//") : rooted ? STR("/") : STR(""));
    size_t root = out.size, at = 0;
    struct str part;
    while (path_next_part(path, &at, &part)) {
        if (out.size > root)
            buf_append_char(&out, '/');
        buf_append(&out, part);
    }
    if (out.size == 0)
        buf_append_char(&out, '.');
    struct str text = {NULL, 0};
    (void)buf_finish(&out, &text);
    return text;
}

struct str file_path_name(struct str normalized)
{
    if (str_equal(normalized, STR(".")))
        return STR("");
    size_t begin = normalized.size;
    while (begin > 0 && normalized.data[begin - 1] != '/')
        begin--;
    return str_from_offset(normalized, begin);
}

static enum sidetok_error file_error_code(int number)
{
    switch (number) {
    case ENOENT:
        return SIDETOK_E_FILE_NOT_FOUND;
    case EISDIR:
        return SIDETOK_E_IS_A_DIRECTORY;
    case EACCES:
    case EPERM:
        return SIDETOK_E_PERMISSION;
    default:
        return SIDETOK_E_OS;
    }
}

/* Rule: OSError.__str__, "[Errno 2] No such file or directory: 'path'". */
static enum sidetok_error file_fail(struct call *call, int number, struct str path)
{
    struct buf message;
    struct str text;
    buf_init(&message, call);
    buf_printf(&message, "[Errno %d] %s: ", number, strerror(number));
    if (utf8_is_valid(path, true))
        python_repr_str(&message, path);
    else /* a name that is no text */
        buf_printf(&message, "'%.*s'", STR_ARG(path));
    TRY(buf_finish(&message, &text));
    return failure_set_str(call, file_error_code(number), text);
}

enum sidetok_error file_is_regular(struct call *call, struct str path, bool *ret)
{
    *ret = false;
    if (memchr(path.data, '\0', path.size))
        return SIDETOK_OK;
    char *name = call_terminated(call, path);
    if (!name)
        return SIDETOK_E_NO_MEMORY;
    struct stat status = {0}; /* clang 14's memory sanitizer does not see stat() write */
    if (stat(name, &status) == 0) {
        *ret = S_ISREG(status.st_mode);
        return SIDETOK_OK;
    }
    bool absent = errno == ENOENT || errno == ENOTDIR || errno == EBADF || errno == ELOOP;
    return absent ? SIDETOK_OK : file_fail(call, errno, path);
}

static enum sidetok_error file_read_all(struct call *call, int fd, struct str path, struct str *ret_bytes)
{
    struct stat status = {0};
    if (fstat(fd, &status) != 0)
        return file_fail(call, errno, path);
    struct buf bytes;
    buf_init(&bytes, call);
    size_t more = (size_t)status.st_size + 1; /* one byte over, so that the end is seen without growing */
    for (;;) {
        char *end = buf_reserve(&bytes, more);
        if (!end)
            return buf_finish(&bytes, ret_bytes);
        ssize_t got = read(fd, end, more);
        if (got < 0 && errno != EINTR)
            return file_fail(call, errno, path);
        if (got == 0)
            return buf_finish(&bytes, ret_bytes);
        bytes.size += got > 0 ? (size_t)got : 0;
        more = bytes.size < (size_t)status.st_size ? (size_t)status.st_size - bytes.size + 1 : 4096;
    }
}

enum sidetok_error file_read(struct call *call, struct str path, struct str *ret_bytes)
{
    char *name = call_terminated(call, path);
    if (!name)
        return SIDETOK_E_NO_MEMORY;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return file_fail(call, errno, path);
    enum sidetok_error error = file_read_all(call, fd, path, ret_bytes);
    close(fd);
    return error;
}
