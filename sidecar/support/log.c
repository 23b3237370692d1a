#include "log.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = PIPE_BUF }; /* a pipe that has room takes as much at once */

/* Control characters as "\xNN", so that a line stays one line. Returns the size written, at most capacity. */
static size_t escape(const char *text, size_t size, char *out, size_t capacity)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < size && n + 4 <= capacity; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != 0x7f) {
            out[n++] = text[i];
            continue;
        }
        out[n++] = '\\';
        out[n++] = 'x';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    return n;
}

/* A reader that has stopped reading must not hold a thread up: a line for which there is no room is lost. One
 * thread at a time, so that the room is still there. */
static void write_line(const char *line, size_t size)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    pthread_mutex_lock(&mutex);
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT)) {
        ssize_t written = write(STDERR_FILENO, line, size);
        (void)written; /* nowhere left to report a log that cannot be written */
    }
    pthread_mutex_unlock(&mutex);
}

void log_line(enum log_level level, const char *format, ...)
{
    char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    va_list list;
    va_start(list, format);
    int size = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (size < 0)
        return;
    size_t n_text = (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
    size_t n = (size_t)snprintf(line, sizeof line, "<%d>", (int)level);
    n += escape(text, n_text, line + n, sizeof line - n - 1);
    line[n++] = '\n';
    write_line(line, n);
}
