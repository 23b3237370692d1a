#include "queue.h"
#include "str.h"
#include "tests/support/test.h"

static struct queue queue;
static struct job jobs[8];

/* Jobs 0 to n-1: peer n%2, id n, one byte each but for what is said otherwise. */
static void begin(size_t max_jobs, size_t max_bytes)
{
    queue_init(&queue, max_jobs, max_bytes);
    for (size_t i = 0; i < 8; i++)
        jobs[i] = (struct job){.peer = (uint32_t)(i % 2), .id = (uint32_t)i, .size_bytes = 1};
}

static void push(size_t n)
{
    for (size_t i = 0; i < n; i++)
        CHECK_INT(queue_push(&queue, &jobs[i]), QUEUE_TAKEN);
}

static void check_counts(size_t n_jobs, size_t n_bytes)
{
    size_t got_jobs, got_bytes;
    queue_count(&queue, &got_jobs, &got_bytes);
    CHECK_INT(got_jobs, n_jobs);
    CHECK_INT(got_bytes, n_bytes);
}

TEST(first_in_is_first_out)
{
    begin(8, 100);
    push(8);
    for (size_t i = 0; i < 8; i++)
        CHECK(queue_pop(&queue) == &jobs[i]);
    check_counts(0, 0);
    queue_done(&queue);
}

TEST(both_bounds_are_exact)
{
    begin(2, 10);
    push(2);
    CHECK_INT(queue_push(&queue, &jobs[2]), QUEUE_FULL);
    CHECK(queue_pop(&queue) == &jobs[0]);
    jobs[2].size_bytes = 10;
    CHECK_INT(queue_push(&queue, &jobs[2]), QUEUE_FULL);
    jobs[2].size_bytes = 9;
    CHECK_INT(queue_push(&queue, &jobs[2]), QUEUE_TAKEN);
    check_counts(2, 10);
    jobs[3].size_bytes = SIZE_MAX;
    CHECK(queue_pop(&queue) == &jobs[1]);
    CHECK_INT(queue_push(&queue, &jobs[3]), QUEUE_FULL);
    queue_take_all(&queue);
    queue_done(&queue);
}

TEST(a_job_is_taken_from_anywhere_by_its_own_peer)
{
    begin(8, 100);
    push(4);
    CHECK(queue_take(&queue, 0, 1) == NULL); /* job 1 is peer 1's */
    CHECK(queue_take(&queue, 1, 3) == &jobs[3]);
    CHECK(queue_take(&queue, 0, 0) == &jobs[0]);
    CHECK(queue_take(&queue, 0, 0) == NULL);
    CHECK_INT(queue_push(&queue, &jobs[4]), QUEUE_TAKEN); /* the tail is right after the last was taken */
    CHECK(queue_pop(&queue) == &jobs[1]);
    CHECK(queue_pop(&queue) == &jobs[2]);
    CHECK(queue_pop(&queue) == &jobs[4]);
    check_counts(0, 0);
    queue_done(&queue);
}

TEST(all_of_a_peer_go_and_the_others_keep_their_order)
{
    begin(8, 100);
    push(6);
    struct job *taken = queue_take_peer(&queue, 1);
    CHECK(taken == &jobs[1] && taken->next == &jobs[3] && taken->next->next == &jobs[5]);
    CHECK(jobs[5].next == NULL);
    check_counts(3, 3);
    CHECK(queue_take_peer(&queue, 1) == NULL);
    CHECK_INT(queue_push(&queue, &jobs[7]), QUEUE_TAKEN);
    CHECK(queue_pop(&queue) == &jobs[0]);
    CHECK(queue_pop(&queue) == &jobs[2]);
    CHECK(queue_pop(&queue) == &jobs[4]);
    CHECK(queue_pop(&queue) == &jobs[7]);
    queue_done(&queue);
}

TEST(a_closed_queue_hands_out_what_waits_and_takes_nothing)
{
    begin(8, 100);
    push(2);
    queue_close(&queue);
    CHECK_INT(queue_push(&queue, &jobs[2]), QUEUE_CLOSED);
    CHECK(queue_pop(&queue) == &jobs[0]);
    CHECK(queue_pop(&queue) == &jobs[1]);
    CHECK(queue_pop(&queue) == NULL);
    queue_done(&queue);
}

TEST_MAIN(RUN(first_in_is_first_out), RUN(both_bounds_are_exact),
          RUN(a_job_is_taken_from_anywhere_by_its_own_peer),
          RUN(all_of_a_peer_go_and_the_others_keep_their_order),
          RUN(a_closed_queue_hands_out_what_waits_and_takes_nothing))
