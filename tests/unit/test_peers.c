#include "peers.h"
#include "tests/support/test.h"

#include <unistd.h>

static uint64_t users[] = {1000, 4294967294}, groups[] = {27};

TEST(a_peer_is_served_for_its_user_or_its_group)
{
    static const struct {
        uint64_t user, group;
        bool served;
        const char *why;
    } cases[] = {
        {1000, 1, true, "the user is named"},
        {4294967294, 0, true, "the last user there is"},
        {5, 27, true, "the group is named"},
        {7, 7, true, "the daemon's own user"},
        {0, 0, false, "nobody named root"},
        {27, 1000, false, "a user's number is no group's"},
        {4294967295, 4294967295, false, "no user at all"},
    };
    struct peers peers = {.users = users, .n_users = 2, .groups = groups, .n_groups = 1, .own_user = 7};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (peers_allow(&peers, cases[i].user, cases[i].group) != cases[i].served)
            printf("# %s\n", cases[i].why);
        CHECK(peers_allow(&peers, cases[i].user, cases[i].group) == cases[i].served);
    }
}

TEST(without_a_list_nothing_is_guarded)
{
    struct call call;
    struct peers peers;
    struct options options = {0};
    call_init(&call);
    CHECK_INT(peers_guard(&call, (nng_socket){0}, &options, &peers),
              SIDETOK_OK); /* the socket is not touched */
    CHECK_INT(peers.own_user, geteuid());
    call_done(&call);
}

TEST(each_allocation_fails_once)
{
    struct str items[] = {STR("0"), STR("root")}, places[] = {STR(""), STR("")};
    struct options options = {.allow_uid = {items, places, 2}, .allow_gid = {items, places, 2}};
    enum sidetok_error error = SIDETOK_E_NO_MEMORY;
    size_t n = 1;
    for (; error == SIDETOK_E_NO_MEMORY && n < 50; n++) {
        struct call call;
        struct peers peers;
        call_init(&call);
        call.arena.fail_after = n;
        error = peers_guard(&call, (nng_socket){0}, &options, &peers);
        call_done(&call);
    }
    CHECK_INT(error, SIDETOK_E_SYSTEM); /* all memory was there: the socket is none */
    CHECK(n > 5);
}

TEST_MAIN(RUN(a_peer_is_served_for_its_user_or_its_group), RUN(without_a_list_nothing_is_guarded),
          RUN(each_allocation_fails_once))
