#include "output.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TEST(output_that_was_taken_holds_nothing_of_others)
{
    int ends[2], own = dup(STDOUT_FILENO);
    char got[32] = "";
    CHECK(own >= 0 && pipe(ends) == 0 && fflush(stdout) == 0 &&
          dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    int taken = output_take();
    close(ends[1]);
    fputs("a library's remark\n", stdout);
    fflush(stdout);
    CHECK(taken > STDERR_FILENO && write(taken, "ours", 4) == 4);
    close(taken);
    ssize_t n = read(ends[0], got, sizeof got - 1);
    dup2(own, STDOUT_FILENO);
    CHECK(n == 4 && strcmp(got, "ours") == 0);
    CHECK(read(ends[0], got, 1) == 0); /* nobody else holds the other end */
    close(ends[0]);
    close(own);
}

TEST(output_that_is_closed_stays_closed)
{
    fflush(stdout);
    int own = dup(STDOUT_FILENO);
    close(STDOUT_FILENO);
    int taken = output_take();
    int still = dup(STDOUT_FILENO);
    dup2(own, STDOUT_FILENO);
    close(own);
    CHECK(taken == STDOUT_FILENO && still < 0);
}

TEST_MAIN(RUN(output_that_was_taken_holds_nothing_of_others), RUN(output_that_is_closed_stays_closed))
