/* Built twice: over libsystemd, where there is one, and over our own few lines. Both must do the same. */

#include "notify.h"
#include "str.h"
#include "tests/support/test.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int manager; /* a fake of the service manager's socket */

static void listen_as_manager(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(name);
    memcpy(address.sun_path, name, size);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(bind(manager, (struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static void check_heard(const char *expected)
{
    char text[256];
    ssize_t n = recv(manager, text, sizeof text, MSG_DONTWAIT);
    CHECK_STR(((struct str){text, n > 0 ? (size_t)n : 0}), str_from(expected));
}

TEST(a_state_is_one_datagram_to_the_manager)
{
    char path[64], name[64];
    snprintf(path, sizeof path, "/tmp/sidetok-notify-%d", (int)getpid());
    snprintf(name, sizeof name, "@sidetok-notify-%d", (int)getpid());
    for (int i = 0; i < 2; i++) {
        listen_as_manager(i ? name : path);
        CHECK(notify_send("READY=1\nSTATUS=serving"));
        check_heard("READY=1\nSTATUS=serving");
        close(manager);
    }
    unlink(path);
}

TEST(without_a_manager_nothing_happens)
{
    unsetenv("NOTIFY_SOCKET");
    CHECK(!notify_send("READY=1"));
    setenv("NOTIFY_SOCKET", "", 1);
    CHECK(!notify_send("READY=1"));
    setenv("NOTIFY_SOCKET", "relative", 1);
    CHECK(!notify_send("READY=1"));
    setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
    CHECK(!notify_send("READY=1"));
}

TEST(the_watchdog_is_asked_for_by_the_environment)
{
    char own[16], other[16];
    snprintf(own, sizeof own, "%d", (int)getpid());
    snprintf(other, sizeof other, "%d", (int)getpid() + 1);
    const struct {
        const char *usec, *pid;
        uint64_t expected_ns;
    } cases[] = {
        {NULL, NULL, 0},
        {"30000000", NULL, 30000000000},
        {"30000000", own, 30000000000},
        {"30000000", other, 0},
        {"many", NULL, 0},
        {"30000000x", NULL, 0},
        {"18446744073709551616", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (cases[i].usec)
            setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid)
            setenv("WATCHDOG_PID", cases[i].pid, 1);
        CHECK_INT(notify_watchdog_ns(), cases[i].expected_ns);
    }
}

TEST_MAIN(RUN(a_state_is_one_datagram_to_the_manager), RUN(without_a_manager_nothing_happens),
          RUN(the_watchdog_is_asked_for_by_the_environment))
