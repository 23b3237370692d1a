#include "sandbox.h"
#include "tests/support/test.h"
#include "tests/support/valgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_set;
static pid_t parent;

/* What one thread may do; each is the errno, 0 when it was done. */
static struct tried {
    int open, socket, thread, exec, kill, tgkill, own, stat, memory, mount;
} inside, outside;

static void *nothing(void *context)
{
    return context;
}

static int try_thread(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, nothing, NULL);
    if (!error)
        pthread_join(thread, NULL);
    return error;
}

static void try_all(struct tried *tried)
{
    struct stat status;
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    tried->open = file < 0 ? errno : 0;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tried->socket = connection < 0 ? errno : 0;
    tried->thread = try_thread();
    tried->exec = execl("/nonexistent/program", "program", (char *)NULL) < 0 ? errno : 0;
    tried->kill = kill(parent, 0) < 0 ? errno : 0;
    tried->tgkill = syscall(SYS_tgkill, parent, parent, 0) < 0 ? errno : 0;
    tried->own = syscall(SYS_tgkill, getpid(), gettid(), 0) < 0 ? errno : 0;
    tried->mount = syscall(SYS_fsopen, NULL, 0) < 0 ? errno : 0;
    tried->stat = stat("/", &status) < 0 ? errno : 0;
    void *memory = malloc(64 << 20);
    tried->memory = memory ? 0 : errno;
    free(memory);
    if (file >= 0)
        close(file);
    if (connection >= 0)
        close(connection);
}

static void *worker(void *context)
{
    is_set = sandbox_worker();
    try_all(&inside);
    return context;
}

static bool begin(void)
{
    pthread_t thread;
    if (is_set)
        return true;
    parent = getppid();
    CHECK(pthread_create(&thread, NULL, worker, NULL) == 0);
    pthread_join(thread, NULL);
    if (!is_set)
        printf("# no seccomp here: nothing to look at\n");
    return is_set;
}

TEST(a_worker_opens_no_file_no_socket_and_no_thread)
{
    if (!begin())
        return;
    CHECK_INT(inside.open, EPERM);
    CHECK_INT(inside.socket, EPERM);
    CHECK_INT(inside.thread, EPERM);
    CHECK_INT(inside.exec, EPERM);
    CHECK_INT(inside.kill, EPERM);
    CHECK_INT(inside.tgkill, EPERM);
    CHECK_INT(inside.own, 0); /* abort() */
}

TEST(a_worker_has_memory_and_sees_what_kind_of_file_a_path_is)
{
    if (!begin())
        return;
    CHECK_INT(inside.memory, 0);
    CHECK_INT(inside.stat, 0);
}

TEST(other_threads_go_on_as_before)
{
    if (!begin())
        return;
    try_all(&outside);
    CHECK_INT(outside.open, 0);
    CHECK_INT(outside.socket, 0);
    CHECK_INT(outside.thread, 0);
    CHECK_INT(outside.exec, ENOENT);
}

/* In a child: the filter is for good. */
TEST(a_process_runs_no_other_program)
{
    int status = -1;
    if (!begin())
        return;
    pid_t child = fork();
    if (child == 0) {
        struct tried tried;
        if (!sandbox_process(false))
            _exit(1);
        try_all(&tried);
        _exit(tried.exec == EPERM && tried.mount == EPERM && tried.open == 0 && tried.socket == 0 &&
                      tried.thread == 0
                  ? 0
                  : 2);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
}

/* As a program does that has executed itself, time and again: the kernel has no room for as many filters. */
TEST(a_process_that_is_shut_in_already_is_not_again)
{
    int status = -1;
    if (!begin())
        return;
    pid_t child = fork();
    if (child == 0) {
        bool is_held = true;
        for (int i = 0; i < 1000; i++)
            is_held = sandbox_process(true) && is_held;
        _exit(is_held && sandbox_worker() ? 0 : 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        RUN(a_worker_opens_no_file_no_socket_and_no_thread),
        RUN(a_worker_has_memory_and_sees_what_kind_of_file_a_path_is), RUN(other_threads_go_on_as_before),
        RUN(a_process_runs_no_other_program), RUN(a_process_that_is_shut_in_already_is_not_again)};
    if (is_valgrind()) {
        printf("1..0 # SKIP the filter holds for valgrind's own calls too\n");
        return 0;
    }
    return test_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
