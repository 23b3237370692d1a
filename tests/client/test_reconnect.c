/* kill -9 of the sidecar: requests under way fail, service resumes with the next one. The sidecar is this
 * program again. */
#include "loop.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *program; /* by its name: under valgrind /proc/self/exe is valgrind */

static pid_t start_sidecar(const char *url)
{
    pid_t pid;
    char role[] = "--sidecar";
    char *argv[] = {program, role, strdup(url), NULL};
    int error = posix_spawn(&pid, program, NULL, NULL, argv, environ);
    free(argv[2]);
    CHECK_INT(error, 0);
    return pid;
}

/** Answers pings and infos; owes everything else. */
static int be_sidecar(const char *url)
{
    struct fake_server server;
    struct fake_request request;
    if (!fake_server_open(&server, url))
        return 1;
    while (fake_server_take(&server, &request)) {
        if (request.fields.op == MESSAGE_OP_PING || request.fields.op == MESSAGE_OP_INFO)
            fake_server_answer(&server, &request, 1);
        else
            fake_server_drop(&request);
    }
    return 0;
}

TEST(killed_and_restarted_ten_times)
{
    const char *url = fake_server_url();
    struct sidetok_client *client = open_patient(url);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 0), SIDETOK_OK);
    for (int round = 0; round < 10; round++) {
        struct outcome ping, owed[5];
        pid_t pid = start_sidecar(url);
        submit(client, SIDETOK_OP_PING, NULL, 0, &ping);
        WAIT_FOR(client, ping.n_calls == 1);
        CHECK_INT(ping.error, SIDETOK_OK);
        for (int i = 0; i < 5; i++)
            submit(client, SIDETOK_OP_CHAT, "{}", 0, &owed[i]);
        submit(client, SIDETOK_OP_INFO, NULL, 0, &ping); /* behind the others: they were sent */
        WAIT_FOR(client, ping.n_calls == 1);
        kill(pid, SIGKILL);
        WAIT_FOR(client, sidetok_client_connected(client) == 0);
        waitpid(pid, NULL, 0);
        pid = start_sidecar(url);
        submit(client, SIDETOK_OP_PING, NULL, 0, &ping);
        WAIT_FOR(client, ping.n_calls == 1);
        CHECK_INT(ping.error, SIDETOK_OK);
        for (int i = 0; i < 5; i++)
            CHECK(owed[i].n_calls == 1 && owed[i].error == SIDETOK_E_PEER_LOST);
        kill(pid, SIGKILL);
        WAIT_FOR(client, sidetok_client_connected(client) == 0);
        waitpid(pid, NULL, 0);
    }
    sidetok_client_close(client);
}

TEST(opened_early_and_used_late)
{
    const char *url = fake_server_url();
    struct outcome ping;
    pid_t pid = start_sidecar(url);
    struct sidetok_client *client = open_patient(url);
    struct pollfd p = {.fd = sidetok_client_fd(client), .events = POLLIN};
    CHECK_INT(poll(&p, 1, FAKE_WAIT_MS), 1); /* the connection is there; nobody calls process() */
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 1), SIDETOK_OK);
    poll(NULL, 0, 2); /* patience passes meanwhile */
    submit(client, SIDETOK_OP_PING, NULL, 0, &ping);
    CHECK_INT(ping.error, SIDETOK_OK);
    CHECK_INT(sidetok_client_set(client, SIDETOK_SETTING_CONNECT_TIMEOUT_MS, 0), SIDETOK_OK);
    WAIT_FOR(client, ping.n_calls == 1);
    CHECK_INT(ping.error, SIDETOK_OK);
    sidetok_client_close(client);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {RUN(killed_and_restarted_ten_times),
                                             RUN(opened_early_and_used_late)};
    if (argc == 3 && strcmp(argv[1], "--sidecar") == 0)
        return be_sidecar(argv[2]);
    program = argv[0];
    return test_main(cases, 2, argc, argv);
}
