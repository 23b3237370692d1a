#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A wall clock that a test sets. To be preloaded:
 *
 *   SIDETOK_CLOCK_FILE  8 bytes, mapped: by how many seconds the wall clock is ahead. Without it, it jumps by
 * itself, an hour back or a day forth, every 50 ms.
 *
 * As with the kernel's, who waits until a time of that clock wakes when the clock has got there. All other
 * clocks are the kernel's. */

static atomic_llong *ahead;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SIDETOK_CLOCK_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (mapped != MAP_FAILED)
        ahead = mapped;
}

static time_t offset(void)
{
    static const time_t jumps[] = {0, 86400, -3600, 365 * 86400, -7 * 86400};
    struct timespec now;
    if (ahead)
        return (time_t)atomic_load(ahead);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return jumps[(now.tv_sec * 20 + now.tv_nsec / 50000000) % 5];
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int error = (int)syscall(SYS_clock_gettime, clock, ret);
    if (!error && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret->tv_sec += offset();
    return error;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int error = clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return error;
}

time_t time(time_t *ret)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

static int is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* In slices, each of them until a time of the kernel's wall clock. Only condition variables of that clock are
 * told by it: others, of programs that have chosen, go to the kernel as they are. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!wait)
        *(void **)&wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec monotonic;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &monotonic);
    if (until->tv_sec < monotonic.tv_sec + 100000000) /* years before 1973: of that clock */
        return wait(condition, mutex, until);
    for (;;) {
        struct timespec now, slice;
        clock_gettime(CLOCK_REALTIME, &now);
        if (!is_before(&now, until))
            return ETIMEDOUT;
        syscall(SYS_clock_gettime, CLOCK_REALTIME, &slice);
        slice.tv_nsec += 10000000;
        slice.tv_sec += slice.tv_nsec / 1000000000;
        slice.tv_nsec %= 1000000000;
        int error = wait(condition, mutex, &slice);
        if (error != ETIMEDOUT)
            return error;
    }
}
