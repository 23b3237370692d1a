#include "queue.h"

void queue_init(struct queue *queue, size_t max_jobs, size_t max_bytes)
{
    *queue = (struct queue){.max_jobs = max_jobs, .max_bytes = max_bytes};
    queue->tail = &queue->head;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->filled, NULL);
}

void queue_done(struct queue *queue)
{
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->mutex);
}

/* The rule of both bounds; a job that is too large by itself never fits. */
static enum queue_result admit(const struct queue *queue, const struct job *job)
{
    if (queue->closed)
        return QUEUE_CLOSED;
    if (queue->n_jobs >= queue->max_jobs || job->size_bytes > queue->max_bytes - queue->n_bytes)
        return QUEUE_FULL;
    return QUEUE_TAKEN;
}

enum queue_result queue_push(struct queue *queue, struct job *job)
{
    pthread_mutex_lock(&queue->mutex);
    enum queue_result result = admit(queue, job);
    if (result == QUEUE_TAKEN) {
        job->next = NULL;
        *queue->tail = job;
        queue->tail = &job->next;
        queue->n_jobs++;
        queue->n_bytes += job->size_bytes;
        pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->mutex);
    return result;
}

/* Unlinks the job that *link points to. The mutex is held. */
static struct job *unlink_job(struct queue *queue, struct job **link)
{
    struct job *job = *link;
    *link = job->next;
    if (!job->next)
        queue->tail = link;
    queue->n_jobs--;
    queue->n_bytes -= job->size_bytes;
    job->next = NULL;
    return job;
}

struct job *queue_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (!queue->head && !queue->closed)
        pthread_cond_wait(&queue->filled, &queue->mutex);
    struct job *job = queue->head ? unlink_job(queue, &queue->head) : NULL;
    pthread_mutex_unlock(&queue->mutex);
    return job;
}

struct job *queue_take(struct queue *queue, uint32_t peer, uint32_t id)
{
    struct job *job = NULL;
    pthread_mutex_lock(&queue->mutex);
    for (struct job **link = &queue->head; *link; link = &(*link)->next) {
        if ((*link)->peer == peer && (*link)->id == id) {
            job = unlink_job(queue, link);
            break;
        }
    }
    pthread_mutex_unlock(&queue->mutex);
    return job;
}

struct job *queue_take_peer(struct queue *queue, uint32_t peer)
{
    struct job *taken = NULL, **end = &taken;
    pthread_mutex_lock(&queue->mutex);
    for (struct job **link = &queue->head; *link;) {
        if ((*link)->peer != peer) {
            link = &(*link)->next;
            continue;
        }
        *end = unlink_job(queue, link);
        end = &(*end)->next;
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

struct job *queue_take_all(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    struct job *jobs = queue->head;
    queue->head = NULL;
    queue->tail = &queue->head;
    queue->n_jobs = 0;
    queue->n_bytes = 0;
    pthread_mutex_unlock(&queue->mutex);
    return jobs;
}

void queue_count(struct queue *queue, size_t *ret_jobs, size_t *ret_bytes)
{
    *ret_jobs = atomic_load(&queue->n_jobs);
    *ret_bytes = atomic_load(&queue->n_bytes);
}
