/* Each allocation of the caller's thread fails once, in turn, nng's own among them: the call says so or goes
 * on, no request is lost or ends twice, and the client serves afterwards. */
#include "loop.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/valgrind.h"

enum { DEADLINE_MS = 3000 }; /* what is lost with a reply that nng finds no memory for */

static struct fake_server server;

/** A request of the same client that meets no failure. */
static void serves(struct sidetok_client *client)
{
    struct outcome outcome;
    failing_alloc_at(0);
    CHECK(submit(client, SIDETOK_OP_CHAT, "{}", 0, &outcome) != 0);
    WAIT_FOR(client, outcome.n_calls == 1);
    CHECK_INT(outcome.error, SIDETOK_OK);
}

TEST(opening_says_so_and_the_next_client_connects)
{
    const char *url = fake_server_url();
    long n = 0;
    CHECK(fake_server_open(&server, url));
    fake_server_echo(&server);
    sidetok_client_close(open_connected(url, 1));
    /* nng 1.5.2 itself ends the process when its start or a dialer finds no memory */
    failing_alloc_leave_out("libnng");
    for (bool has_failed = true; has_failed && n < 1000;) {
        struct sidetok_client *client = NULL;
        failing_alloc_at(++n);
        enum sidetok_error error = sidetok_client_open(url, &client);
        has_failed = failing_alloc_failed() > 0;
        failing_alloc_at(0);
        CHECK((error == SIDETOK_OK) == (client != NULL));
        CHECK(has_failed ? error == SIDETOK_OK || error == SIDETOK_E_NO_MEMORY || error == SIDETOK_E_SYSTEM
                         : error == SIDETOK_OK);
        if (client)
            serves(client);
        sidetok_client_close(client);
    }
    printf("# %ld allocations\n", n - 1);
    CHECK(n > 3);
    failing_alloc_leave_out(NULL);
    fake_server_close(&server);
}

/** Turns with the n-th allocation from now failing, until the request ended. */
static void turn_until_ended(struct sidetok_client *client, long n, const struct outcome *outcome)
{
    failing_alloc_at(n);
    while (outcome->n_calls == 0 && turn(client))
        ;
}

/** A request whose n-th allocation in submitting, and then in all that follows, fails. Whether one did. */
static bool ends_once(struct sidetok_client *client, const struct sidetok_request *request, long n_submit,
                      long n_turn)
{
    struct outcome outcome = {0};
    failing_alloc_at(n_submit);
    enum sidetok_error error = sidetok_client_submit(client, request, record, &outcome, NULL);
    bool has_failed = failing_alloc_failed() > 0;
    failing_alloc_at(0);
    if (error) {
        CHECK(has_failed && error == SIDETOK_E_NO_MEMORY && outcome.n_calls == 0);
        return true;
    }
    turn_until_ended(client, n_turn, &outcome);
    has_failed = has_failed || failing_alloc_failed() > 0;
    failing_alloc_at(0);
    CHECK_INT(outcome.n_calls, 1);
    CHECK(outcome.error == SIDETOK_OK || has_failed);
    return has_failed;
}

static void sweep(bool is_submit)
{
    const char *url = fake_server_url();
    char body[20000];
    memset(body, 'x', sizeof body);
    CHECK(fake_server_open(&server, url));
    fake_server_echo(&server);
    struct sidetok_client *client = open_connected(url, 1);
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    sidetok_request_body_json(request, body, sizeof body);
    sidetok_request_timeout_ms(request, DEADLINE_MS);
    long n = 1;
    while (n < 1000 && ends_once(client, request, is_submit ? n : 0, is_submit ? 0 : n)) {
        serves(client);
        n++;
    }
    printf("# %ld allocations\n", n - 1);
    CHECK(!is_submit || n > 1);
    CHECK_INT(sidetok_client_pending(client), 0);
    sidetok_request_free(request);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(submitting_is_refused_or_the_request_ends_once)
{
    sweep(true);
}

TEST(without_room_for_one_more_the_others_go_on)
{
    enum { N = 200 }; /* the table doubles twice, by two allocations */
    struct outcome outcomes[N] = {0};
    const char *url = fake_server_url();
    int n_refused = 0;
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    failing_alloc_leave_out("libnng");
    for (int i = 0; i < N; i++) {
        enum sidetok_error error = SIDETOK_E_NO_MEMORY;
        for (long n = 1; error; n++) {
            failing_alloc_at(n);
            error = sidetok_client_submit(client, request, record, &outcomes[i], NULL);
            failing_alloc_at(0);
            CHECK(!error || error == SIDETOK_E_NO_MEMORY);
            n_refused += error != SIDETOK_OK;
        }
    }
    failing_alloc_leave_out(NULL);
    CHECK_INT(n_refused, 4);
    fake_server_echo(&server);
    WAIT_FOR(client, sidetok_client_pending(client) == 0);
    for (int i = 0; i < N; i++)
        CHECK(outcomes[i].n_calls == 1 && outcomes[i].error == SIDETOK_OK);
    sidetok_request_free(request);
    sidetok_client_close(client);
    fake_server_close(&server);
}

TEST(a_reply_comes_or_the_request_ends_at_its_deadline)
{
    sweep(false);
}

static int n_ghosts; /* callbacks of requests that were cancelled */

static void on_ghost(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)client, (void)user, (void)reply;
    n_ghosts++;
}

TEST(cancelling_needs_no_memory_to_be_final)
{
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    struct sidetok_client *client = open_connected(url, 1);
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    bool has_failed = true;
    for (long n = 1; has_failed && n < 1000; n++) {
        struct fake_request taken;
        uint64_t id = 0;
        CHECK_INT(sidetok_client_submit(client, request, on_ghost, NULL, &id), SIDETOK_OK);
        CHECK(serve(client, &server, &taken));
        failing_alloc_at(n);
        CHECK_INT(sidetok_client_cancel(client, id), SIDETOK_OK);
        has_failed = failing_alloc_failed() > 0;
        failing_alloc_at(0);
        fake_server_answer(&server, &taken, 1);
        CHECK_INT(sidetok_client_pending(client), 0);
    }
    fake_server_echo(&server);
    serves(client);
    CHECK_INT(n_ghosts, 0);
    sidetok_request_free(request);
    sidetok_client_close(client);
    fake_server_close(&server);
}

static bool was_kept, is_over;

static void try_to_keep(struct sidetok_client *client, void *user, struct sidetok_reply *reply)
{
    (void)client, (void)user;
    failing_alloc_at(1);
    struct sidetok_reply *kept = sidetok_reply_take(reply);
    failing_alloc_at(0);
    was_kept = kept != NULL;
    CHECK_INT(sidetok_reply_count(reply), 2); /* it is still the client's, and whole */
    is_over = true;
}

TEST(a_reply_that_cannot_be_kept_stays_the_clients)
{
    const char *url = fake_server_url();
    CHECK(fake_server_open(&server, url));
    fake_server_echo(&server);
    struct sidetok_client *client = open_connected(url, 1);
    struct sidetok_request *request = sidetok_request_new(SIDETOK_OP_CHAT);
    sidetok_request_body_json(request, "{}", 2);
    CHECK_INT(sidetok_client_submit(client, request, try_to_keep, NULL, NULL), SIDETOK_OK);
    WAIT_FOR(client, is_over);
    CHECK(!was_kept);
    failing_alloc_at(1);
    CHECK(sidetok_request_new(SIDETOK_OP_PING) == NULL);
    serves(client);
    sidetok_request_free(request);
    sidetok_client_close(client);
    fake_server_close(&server);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {RUN(opening_says_so_and_the_next_client_connects),
                                             RUN(submitting_is_refused_or_the_request_ends_once),
                                             RUN(without_room_for_one_more_the_others_go_on),
                                             RUN(a_reply_comes_or_the_request_ends_at_its_deadline),
                                             RUN(cancelling_needs_no_memory_to_be_final),
                                             RUN(a_reply_that_cannot_be_kept_stays_the_clients)};
    if (is_valgrind()) {
        printf("1..0 # SKIP valgrind's allocator is in the place of the one that fails\n");
        return 0;
    }
    return test_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
