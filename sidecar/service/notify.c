#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or "@name" in the abstract namespace. False when there is none or it does not fit. */
static bool socket_address(struct sockaddr_un *address, socklen_t *ret_size)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || (path[0] != '/' && path[0] != '@') || !path[1])
        return false;
    size_t size = strlen(path);
    if (size >= sizeof address->sun_path)
        return false;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, size);
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    *ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    return true;
}

bool notify_send(const char *state)
{
    struct sockaddr_un address;
    socklen_t address_size;
    if (!socket_address(&address, &address_size))
        return false;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    size_t size = strlen(state);
    ssize_t sent = sendto(fd, state, size, MSG_NOSIGNAL, (const struct sockaddr *)&address, address_size);
    close(fd);
    return sent == (ssize_t)size;
}

uint64_t notify_watchdog_ns(void)
{
    const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
    if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
        return 0;
    char *end;
    unsigned long long value = strtoull(usec, &end, 10);
    if (*end || value > UINT64_MAX / 1000)
        return 0;
    return value * 1000;
}
