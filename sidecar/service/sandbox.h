#ifndef SIDETOK_SERVICE_SANDBOX_H
#define SIDETOK_SERVICE_SANDBOX_H

#include <stdbool.h>

/**
 * Two filters of the kernel's seccomp, for good once set; what is not allowed fails with EPERM. Linux on
 * amd64 and arm64; elsewhere both do nothing and return false, and so they do where the kernel refuses.
 *
 * What each of them bounds is docs/security.md.
 */

/**
 * The calling thread and those that it starts, so the whole process when it is called before any: no other
 * program is run, no other process looked into. Where it holds already, since before an execve(), nothing is
 * added.
 *
 * may_begin_anew  Leaves execve() open: with nng before 1.10 the program may have to execute itself
 * (guard.c). The worker, which reads what strangers wrote, is not let do so by its own filter.
 */
bool sandbox_process(bool may_begin_anew);

/**
 * The calling thread: memory, locks, clocks, and messages over connections that exist. It opens no file,
 * makes no socket and no thread, and signals no process but its own. Of the file system it learns what stat()
 * tells: the reference's error for a file:// address depends on it.
 */
bool sandbox_worker(void);

#endif
