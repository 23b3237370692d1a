/* One finding of a sanitizer, made on purpose: a build in which the program does not fail by it would pass
 * over those of the tests. */

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept;
static volatile int number = 40;

static void read_beyond_an_allocation(void)
{
    volatile char *bytes = kept = calloc(1, (size_t)number);
    number += bytes[number];
    free(kept);
}

static void lose_allocations(void)
{
    for (int i = 0; i < 100; i++) /* a register may still hold the last */
        kept = malloc(16);
    kept = NULL;
}

static void shift_too_far(void)
{
    number = 1 << number;
}

static void *count(void *user)
{
    (void)user;
    for (int i = 0; i < 10000; i++)
        number = number + 1;
    return NULL;
}

static void count_on_two_threads(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, count, NULL) != 0)
        return;
    count(NULL);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(void);
    } findings[] = {{"address", read_beyond_an_allocation},
                    {"leak", lose_allocations},
                    {"undefined", shift_too_far},
                    {"thread", count_on_two_threads}};
    for (size_t i = 0; argc == 2 && i < sizeof findings / sizeof findings[0]; i++)
        if (strcmp(argv[1], findings[i].name) == 0)
            findings[i].make();
    return 0;
}
