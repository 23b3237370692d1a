#ifndef SIDETOK_SERVICE_PROGRESS_H
#define SIDETOK_SERVICE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/** What can be seen of the worker from outside at one moment. */
struct progress_sample {
    uint64_t now_ns;     /* CLOCK_MONOTONIC */
    uint64_t began_ns;   /* when the request in work was begun; 0: none is */
    uint64_t cpu_ns;     /* the worker's CPU time since it started */
    uint64_t size_bytes; /* of the request in work */
    bool has_waiting;    /* requests wait in the queue */
};

/** What is remembered from sample to sample. Zeros to begin with. */
struct progress {
    uint64_t seen_ns, began_ns;
    uint64_t cpu_ns, cpu_begin_ns; /* the last one, and the first of the request in work */
    uint64_t idle_ns;              /* with work to do, without using any CPU time */
};

enum {
    PROGRESS_IDLE_MS = 10000,  /* a worker with work to do that used no CPU time for so long is blocked */
    PROGRESS_CPU_MS = 20000,   /* a request may take so much CPU time ... */
    PROGRESS_CPU_PER_MB = 2000 /* ... and so much more for each MB of it; the slowest text takes 70 */
};

/**
 * Whether the worker is stuck: blocked, or running without an end. Time is the worker's own CPU time, so that
 * a long request on a machine that others keep busy is never mistaken for a stuck one; and a pause of the
 * whole process counts as one second at most, since the watcher was stopped with the worker.
 *
 * One thread, which takes a sample every second or more often.
 */
bool progress_is_stuck(struct progress *progress, const struct progress_sample *sample);

#endif
