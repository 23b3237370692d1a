/* A client in a forked child refuses and never touches nng, which would abort; the parent's goes on. */
#include "loop.h"

#include <sys/wait.h>
#include <unistd.h>

/** 0, or the number of the check that failed. */
static int use_in_child(struct sidetok_client *client, uint64_t id)
{
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_PING);
    struct outcome outcome = {0};
    if (sidetok_client_submit(client, request, record, &outcome, NULL) != SIDETOK_E_FORKED)
        return 1;
    if (sidetok_client_process(client) != SIDETOK_E_FORKED)
        return 2;
    if (sidetok_client_cancel(client, id) != SIDETOK_E_FORKED)
        return 3;
    if (sidetok_client_fd(client) != -1 || sidetok_client_timeout_ms(client) != -1)
        return 4;
    if (sidetok_client_pending(client) != 0 || sidetok_client_connected(client) != 0)
        return 5;
    if (sidetok_client_set(client, SIDETOK_SETTING_MAX_SENT, 1) != SIDETOK_E_FORKED)
        return 6;
    sidetok_client_close(client);
    sidetok_request_free(request);
    if (sidetok_client_open("ipc:///nonexistent/s.sock", &client) != SIDETOK_E_FORKED)
        return 7;
    return 0;
}

TEST(forked_child_is_refused_and_the_parent_goes_on)
{
    struct fake_server server;
    struct fake_request request;
    struct outcome outcome;
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    uint64_t id = submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(use_in_child(client, id));
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    CHECK(serve(client, &server, &request));
    fake_server_answer(&server, &request, 3);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK(outcome.error == SIDETOK_OK && outcome.id == 3);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST_MAIN(RUN(forked_child_is_refused_and_the_parent_goes_on))
