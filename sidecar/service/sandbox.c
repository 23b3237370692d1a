#include "sandbox.h"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#else
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

/* The leak sanitizer looks at its own threads by ptrace. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

enum { MAX_CALLS = 64, X32_BIT = 0x40000000, MARK = 0x73746f6b, MARK_ERRNO = EXFULL };

/* Numbers of calls for the worker. What the C library may use in place of another is here too. */
static const int worker_calls[] = {
    /* memory */
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    /* locks */
    SYS_futex,
    SYS_sched_yield,
    SYS_membarrier,
    SYS_rseq,
    SYS_set_robust_list,
    /* clocks */
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_gettimeofday,
/* the log, and what a version of nng may do on a sender's thread rather than on its own */
#if defined(__x86_64__)
    SYS_poll,
#endif
    SYS_ppoll,
    SYS_write,
    SYS_writev,
    SYS_sendmsg,
    SYS_epoll_ctl,
/* the kind of file at a path */
#if defined(__x86_64__)
    SYS_stat,
#endif
    SYS_newfstatat,
    SYS_getcwd, /* a relative path of an image is resolved */
    SYS_statx,
    /* itself, and its end */
    SYS_getpid,
    SYS_gettid,
    SYS_getrandom,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_sigaltstack,
    SYS_restart_syscall,
};

/* What no part of the process ever needs but execve(), see sandbox_process(). */
static const int forbidden_calls[] = {
    SYS_execveat,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_pidfd_getfd,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_mount,
    SYS_umount2,
    SYS_fsopen,
    SYS_fspick,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_open_tree,
    SYS_move_mount,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_reboot,
    SYS_io_uring_setup,
#if !SANITIZED
    SYS_ptrace,
#endif
};

struct filter {
    struct sock_filter steps[2 * MAX_CALLS + 8];
    unsigned short n;
};

static void add(struct filter *filter, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false)
{
    filter->steps[filter->n++] = (struct sock_filter)BPF_JUMP(code, value, if_true, if_false);
}

static void end(struct filter *filter, uint32_t action)
{
    add(filter, BPF_RET | BPF_K, action, 0, 0);
}

/* Another architecture's numbers mean other calls: a process that makes such a call is ended. */
static void begin(struct filter *filter)
{
    filter->n = 0;
    add(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
    end(filter, SECCOMP_RET_KILL_PROCESS);
    add(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
#if defined(__x86_64__)
    add(filter, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    end(filter, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void each(struct filter *filter, const int *calls, size_t n, uint32_t action)
{
    for (size_t i = 0; i < n; i++) {
        add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
        end(filter, action);
    }
}

/* A call by its first argument, of 32 bits. It loses the call's number: nothing but the end may follow. */
static void last(struct filter *filter, int call, uint32_t argument, uint32_t action)
{
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 3);
    add(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args), 0,
        0); /* both are little-endian */
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, argument, 0, 1);
    end(filter, action);
}

/* By prctl, which a service's own filter lets through where it may not know seccomp(2). */
static bool set(struct filter *filter)
{
    struct sock_fprog program = {.len = filter->n, .filter = filter->steps};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* A filter outlives execve(), and another one on top of it each time would end where the kernel takes no
 * more: the worker's would find no room then. So it answers an option of prctl() that there is not in a way
 * of its own. */
bool sandbox_process(bool may_begin_anew)
{
    static const int execute[] = {SYS_execve};
    const uint32_t mark = MARK + may_begin_anew;
    struct filter filter;
    if (prctl((int)mark, 0, 0, 0, 0) == -1 && errno == MARK_ERRNO)
        return true;
    begin(&filter);
    if (!may_begin_anew)
        each(&filter, execute, 1, SECCOMP_RET_ERRNO | EPERM);
    each(&filter, forbidden_calls, sizeof forbidden_calls / sizeof *forbidden_calls,
         SECCOMP_RET_ERRNO | EPERM);
    last(&filter, SYS_prctl, mark, SECCOMP_RET_ERRNO | MARK_ERRNO);
    end(&filter, SECCOMP_RET_ALLOW);
    return set(&filter);
}

bool sandbox_worker(void)
{
    struct filter filter;
    begin(&filter);
    each(&filter, worker_calls, sizeof worker_calls / sizeof *worker_calls, SECCOMP_RET_ALLOW);
    last(&filter, SYS_tgkill, (uint32_t)getpid(), SECCOMP_RET_ALLOW); /* abort() */
    end(&filter, SECCOMP_RET_ERRNO | EPERM);
    return set(&filter);
}

#else

bool sandbox_process(bool may_begin_anew)
{
    (void)may_begin_anew;
    return false;
}

bool sandbox_worker(void)
{
    return false;
}

#endif
