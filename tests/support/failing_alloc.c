#include "failing_alloc.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A C library's allocator that fails once on demand. Linked in, failing_alloc.h says when. Preloaded:
 *
 *   SIDETOK_FAIL_FILE    24 bytes, mapped: three longs: how many allocations from now the failing one is (0:
 * none), how many have failed, how many have been counted. SIDETOK_FAIL_THREAD  only allocations of threads
 * whose name begins so are counted; absent: of all.
 *
 * glibc's own names for its allocator are what is called in the end. */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static struct control {
    atomic_long countdown, n_failed, n_counted;
} own, *control;

static char thread[16];
static const char *left_out; /* the library whose allocations are not counted */
static pid_t only;           /* the thread whose allocations are counted; 0: as thread says */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SIDETOK_FAIL_FILE"), *name = getenv("SIDETOK_FAIL_THREAD");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (name)
        strncpy(thread, name, sizeof thread - 1);
    if (fd < 0)
        return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        control = mapped;
}

void failing_alloc_at(long n)
{
    only = gettid();
    control = &own;
    atomic_store(&own.n_failed, 0);
    atomic_store(&own.countdown, n);
}

void failing_alloc_leave_out(const char *library)
{
    left_out = library;
}

long failing_alloc_failed(void)
{
    return atomic_load(&own.n_failed);
}

static int is_counted(void)
{
    char name[16] = "";
    if (only)
        return gettid() == only;
    if (!thread[0])
        return 1;
    prctl(PR_GET_NAME, name, 0, 0, 0);
    return strncmp(name, thread, strlen(thread)) == 0;
}

static int is_left_out(const void *caller)
{
    Dl_info info;
    return left_out && dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, left_out);
}

static int must_fail(const void *caller)
{
    if (!control || atomic_load(&control->countdown) <= 0 || !is_counted() || is_left_out(caller))
        return 0;
    atomic_fetch_add(&control->n_counted, 1);
    if (atomic_fetch_sub(&control->countdown, 1) != 1)
        return 0;
    atomic_fetch_add(&control->n_failed, 1);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t align, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_memalign(align, size);
}

int posix_memalign(void **ret, size_t align, size_t size)
{
    void *memory = must_fail(__builtin_return_address(0)) ? NULL : __libc_memalign(align, size);
    if (memory)
        *ret = memory;
    return memory ? 0 : ENOMEM;
}
