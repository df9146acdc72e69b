/* SPDX-License-Identifier: MIT
 *
 * What is on its way from one thread to another.
 */
#include <time.h>

#include "app/daemon/daemon.h"

bool queue_init(queue *q, size_t most, size_t most_weight)
{
    pthread_condattr_t how;
    *q = (queue){.most = most, .most_weight = most_weight};
    q->last = &q->first;
    if (pthread_condattr_init(&how) != 0) return false;
    /* waiting must not depend on a clock that somebody sets */
    bool good = pthread_condattr_setclock(&how, CLOCK_MONOTONIC) == 0 && pthread_mutex_init(&q->lock, NULL) == 0;
    good = good && pthread_cond_init(&q->changed, &how) == 0;
    pthread_condattr_destroy(&how);
    return good;
}

void queue_free(queue *q)
{
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
}

void queue_put(queue *q, queued *first)
{
    pthread_mutex_lock(&q->lock);
    while (q->n && (q->n >= q->most || q->weight >= q->most_weight)) pthread_cond_wait(&q->changed, &q->lock);
    *q->last = first;
    for (queued *i = first; i; i = i->next) {
        q->last = &i->next;
        q->n++;
        q->weight += i->weight;
    }
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

/* Until something is there, it is closed, or the time has come. */
static void wait_for_some(queue *q, double seconds)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t nanoseconds = end.tv_nsec + (int64_t)(seconds * 1e9);
    end.tv_sec += nanoseconds / 1000000000;
    end.tv_nsec = nanoseconds % 1000000000;
    while (!q->first && !q->closed) {
        if (seconds < 0) pthread_cond_wait(&q->changed, &q->lock);
        else if (pthread_cond_timedwait(&q->changed, &q->lock, &end) != 0) return;
    }
}

queued *queue_take(queue *q, size_t n, size_t weight, double seconds, bool *closed)
{
    pthread_mutex_lock(&q->lock);
    wait_for_some(q, seconds);
    queued *chain = q->first, **end = &q->first;
    size_t taken = 0, heavy = 0;
    while (*end && taken < n && (!taken || heavy + (*end)->weight <= weight)) {
        heavy += (*end)->weight;
        end = &(*end)->next;
        taken++;
    }
    if (taken) {
        q->first = *end;
        *end = NULL;
        if (!q->first) q->last = &q->first;
        q->n -= taken;
        q->weight -= heavy;
        pthread_cond_broadcast(&q->changed);
    }
    *closed = q->closed && !chain;
    pthread_mutex_unlock(&q->lock);
    return chain;
}

void queue_close(queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}
