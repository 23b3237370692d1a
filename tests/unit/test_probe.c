/* What the daemon asks its own addresses, and those it is to listen on. */

#include "probe.h"
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

/* A port of an IPv6 address that nobody listens on, as long as the descriptor is open; 0 where there is no
 * IPv6. */
static uint16_t bound_port(int *ret_fd)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof address;
    *ret_fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*ret_fd < 0 || bind(*ret_fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(*ret_fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.sin6_port);
}

TEST(an_address_in_brackets_is_asked)
{
    int fd;
    char url[40];
    uint16_t port = bound_port(&fd);
    snprintf(url, sizeof url, "tcp://[::1]:%u", (unsigned)port);
    if (port != 0)
        CHECK_INT(probe_url(url, 1000, 1000), PROBE_NOBODY);
    else
        printf("# no IPv6 here: nothing to look at\n");
    if (fd >= 0)
        close(fd);
}

TEST(what_is_no_address_says_nothing_of_who_listens)
{
    CHECK_INT(probe_url("tcp://[::1", 1000, 1000), PROBE_UNKNOWN);
    CHECK_INT(probe_url("tcp://[:1", 1000, 1000), PROBE_UNKNOWN);
    CHECK_INT(probe_url("tcp://127.0.0.1", 1000, 1000), PROBE_UNKNOWN);
    CHECK_INT(probe_url("udp://127.0.0.1:1", 1000, 1000), PROBE_UNKNOWN);
    CHECK_INT(probe_url("ipc:///nonexistent/s", 1000, 1000), PROBE_NOBODY);
}

TEST_MAIN(RUN(an_address_in_brackets_is_asked), RUN(what_is_no_address_says_nothing_of_who_listens))
