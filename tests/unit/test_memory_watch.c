#include "memory.h"
#include "tests/support/test.h"

enum { TICK_MS = 100, PING_BYTES = 60, MEGABYTE = 1 << 20 };

/* The daemon's main thread: ticks for so long, so many bytes moved in each. How often memory was given back.
 */
struct daemon {
    struct memory_watch watch;
    uint64_t moved_bytes, now_ms;
};

static int tick(struct daemon *daemon, uint64_t for_ms, uint64_t bytes_per_tick)
{
    int n = 0;
    for (uint64_t end = daemon->now_ms + for_ms; daemon->now_ms < end; daemon->now_ms += TICK_MS) {
        daemon->moved_bytes += bytes_per_tick;
        n += memory_tick(&daemon->watch, daemon->moved_bytes, daemon->now_ms);
    }
    return n;
}

TEST(memory_goes_back_after_half_a_second_of_quiet_and_then_ever_more_rarely)
{
    struct daemon daemon = {.now_ms = 5000};
    CHECK_INT(tick(&daemon, 2000, 10 * MEGABYTE), 0);
    CHECK_INT(tick(&daemon, 400, 0), 0);
    CHECK_INT(tick(&daemon, 100, 0), 1);
    CHECK_INT(tick(&daemon, 500, 0), 1);   /* after 1 s */
    CHECK_INT(tick(&daemon, 31000, 0), 5); /* after 2, 4, 8, 16 and 32 s */
    CHECK_INT(tick(&daemon, 100000, 0), 0);
}

TEST(pings_do_not_put_it_off)
{
    struct daemon daemon = {.now_ms = 5000};
    tick(&daemon, 2000, 10 * MEGABYTE);
    CHECK_INT(tick(&daemon, 40000, PING_BYTES), 7);
}

TEST(little_that_moved_gives_nothing_back)
{
    struct daemon daemon = {.now_ms = 5000};
    CHECK_INT(tick(&daemon, 100000, PING_BYTES), 0);
    CHECK_INT(tick(&daemon, 1500, MEGABYTE), 0);
    CHECK_INT(tick(&daemon, 100000, 0), 0);
}

TEST(requests_that_go_on_put_it_off)
{
    struct daemon daemon = {.now_ms = 5000};
    CHECK_INT(tick(&daemon, 100000, MEGABYTE), 0);
    CHECK_INT(tick(&daemon, 600, 0), 1);
}

TEST_MAIN(RUN(memory_goes_back_after_half_a_second_of_quiet_and_then_ever_more_rarely),
          RUN(pings_do_not_put_it_off), RUN(little_that_moved_gives_nothing_back),
          RUN(requests_that_go_on_put_it_off))
