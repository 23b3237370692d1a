#include "progress.h"
#include "tests/support/test.h"

enum { NS_PER_MS = 1000000 };

/* A run of samples, 500 ms apart: what each sees, and the verdict on it. */
struct step {
    unsigned n;          /* so many samples like this one */
    unsigned began_ms;   /* 0: no request in work */
    unsigned cpu_ms_per; /* CPU time used between two of them */
    unsigned size_mb;
    bool has_waiting, is_stuck; /* the last one's verdict; those before must say that nothing is stuck */
};

static void run_steps(const struct step *steps, size_t n_steps, unsigned interval_ms)
{
    struct progress progress = {0};
    uint64_t now_ms = 1000, cpu_ms = 50;
    for (size_t i = 0; i < n_steps; i++) {
        for (unsigned k = 0; k < steps[i].n; k++) {
            now_ms += interval_ms;
            cpu_ms += steps[i].cpu_ms_per;
            struct progress_sample sample = {
                .now_ns = now_ms * NS_PER_MS,
                .began_ns = steps[i].began_ms * (uint64_t)NS_PER_MS,
                .cpu_ns = cpu_ms * NS_PER_MS,
                .size_bytes = (uint64_t)steps[i].size_mb << 20,
                .has_waiting = steps[i].has_waiting,
            };
            bool got = progress_is_stuck(&progress, &sample), last = k + 1 == steps[i].n;
            if (got != (last && steps[i].is_stuck)) {
                printf("# step %zu, sample %u: %d\n", i, k, got);
                test_failures++;
                return;
            }
        }
    }
}

#define RUN_STEPS(interval_ms, ...)                                                                          \
    run_steps((const struct step[]){__VA_ARGS__},                                                            \
              sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step), interval_ms)

TEST(a_worker_without_work_is_never_stuck)
{
    RUN_STEPS(500, {.n = 100000});
}

TEST(a_worker_that_uses_no_cpu_time_for_ten_seconds_is_stuck)
{
    RUN_STEPS(500, {.n = 1, .began_ms = 1100, .cpu_ms_per = 1},
              {.n = 20, .began_ms = 1100, .is_stuck = true});
}

TEST(a_worker_that_leaves_requests_waiting_is_stuck)
{
    RUN_STEPS(500, {.n = 1}, {.n = 20, .has_waiting = true, .is_stuck = true});
}

TEST(a_stuck_worker_that_goes_on_is_well)
{
    RUN_STEPS(500, {.n = 1, .began_ms = 1100, .cpu_ms_per = 1}, {.n = 20, .began_ms = 1100, .is_stuck = true},
              {.n = 1, .began_ms = 1100, .cpu_ms_per = 1}, {.n = 10});
}

TEST(a_long_request_on_a_busy_machine_is_not_stuck)
{
    /* 1 ms of CPU time in half a second, for more than an hour */
    RUN_STEPS(500, {.n = 9000, .began_ms = 1100, .cpu_ms_per = 1, .size_mb = 1});
}

TEST(a_request_without_an_end_is_stuck_after_a_time_for_its_size)
{
    RUN_STEPS(500, {.n = 41, .began_ms = 1100, .cpu_ms_per = 500, .is_stuck = true});
    RUN_STEPS(500, {.n = 81, .began_ms = 1100, .cpu_ms_per = 500, .size_mb = 10, .is_stuck = true});
}

TEST(many_requests_are_not_one_without_an_end)
{
    RUN_STEPS(500, {.n = 30, .began_ms = 1100, .cpu_ms_per = 500},
              {.n = 30, .began_ms = 16100, .cpu_ms_per = 500},
              {.n = 30, .began_ms = 31100, .cpu_ms_per = 500});
}

TEST(a_pause_of_the_whole_process_is_no_fault)
{
    /* samples an hour apart: stopped and continued, or a machine that slept */
    RUN_STEPS(3600000, {.n = 1, .began_ms = 1100, .cpu_ms_per = 1}, {.n = 9, .began_ms = 1100});
}

TEST(a_clock_that_cannot_be_read_is_no_fault)
{
    struct progress progress = {0};
    struct progress_sample sample = {.now_ns = 1, .began_ns = 1, .cpu_ns = UINT64_C(1) << 60};
    CHECK(!progress_is_stuck(&progress, &sample));
    sample.cpu_ns = 0;
    CHECK(!progress_is_stuck(&progress, &sample));
}

TEST_MAIN(RUN(a_worker_without_work_is_never_stuck),
          RUN(a_worker_that_uses_no_cpu_time_for_ten_seconds_is_stuck),
          RUN(a_worker_that_leaves_requests_waiting_is_stuck), RUN(a_stuck_worker_that_goes_on_is_well),
          RUN(a_long_request_on_a_busy_machine_is_not_stuck),
          RUN(a_request_without_an_end_is_stuck_after_a_time_for_its_size),
          RUN(many_requests_are_not_one_without_an_end), RUN(a_pause_of_the_whole_process_is_no_fault),
          RUN(a_clock_that_cannot_be_read_is_no_fault))
