#ifndef SIDETOK_SERVICE_QUEUE_H
#define SIDETOK_SERVICE_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One request on its way from the receiver to the worker. */
struct job {
    struct job *next;
    void *message;        /* the transport's message; whoever takes the job out owns it */
    uint32_t peer;        /* the connection that it came by */
    uint32_t id;          /* the peer's own number for the request */
    size_t size_bytes;    /* counted against max_bytes */
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
};

/**
 * A bounded queue, first in, first out: one receiver puts in, one worker takes out, other threads may take
 * single jobs away. Bounds are on what waits, not on the job in work.
 */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct job *head, **tail;
    atomic_size_t n_jobs, n_bytes; /* written under the mutex, read anywhere */
    size_t max_jobs, max_bytes;
    bool closed;
};

/** An empty queue of at most max_jobs requests and max_bytes bytes; both 1 or more. */
void queue_init(struct queue *queue, size_t max_jobs, size_t max_bytes);

/** The queue must be empty and no thread in it. */
void queue_done(struct queue *queue);

/** What became of a job that was to be put in. */
enum queue_result { QUEUE_TAKEN, QUEUE_FULL, QUEUE_CLOSED };

/** Puts job last. The queue owns it only when the answer is QUEUE_TAKEN. Never waits. */
enum queue_result queue_push(struct queue *queue, struct job *job);

/** Takes the first job out, waiting for one; NULL when the queue is closed and empty. The caller owns the
 * job. */
struct job *queue_pop(struct queue *queue);

/** Takes the job of a peer with this id out; NULL when it does not wait here. The caller owns the job. */
struct job *queue_take(struct queue *queue, uint32_t peer, uint32_t id);

/** Takes all jobs of a peer out, linked by next, in order; NULL when there are none. The caller owns them. */
struct job *queue_take_peer(struct queue *queue, uint32_t peer);

/** No job comes in any more; what waits is still handed out by queue_pop(). */
void queue_close(struct queue *queue);

/** Takes all jobs out, linked by next. */
struct job *queue_take_all(struct queue *queue);

/** Jobs and bytes that wait at this moment. Takes no lock. */
void queue_count(struct queue *queue, size_t *ret_jobs, size_t *ret_bytes);

#endif
