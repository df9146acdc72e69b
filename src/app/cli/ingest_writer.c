/* SPDX-License-Identifier: MIT
 *
 * The writer: while one batch is on its way to the disk, the next is read.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "app/cli/cmd_ingest.h"

#define TRIES 3 /* keys make a batch idempotent: giving it again is safe */

struct ingest_writer {
    cli *c;
    pthread_t thread;
    bool running; /* false: no thread could be started, and storing happens at once */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    ingest_batch *given, *done;
    bool stop;
};

static void store(cli *c, ingest_batch *b)
{
    b->stored = false;
    if (!bb_store_hold(c->store, &b->err)) return;
    for (int tries = 0; !b->stored && tries < TRIES; tries++) {
        bb_arena_reset(&b->work);
        b->stored = bb_store_apply(c->store, &b->work, &b->apply, &b->err);
        if (!b->stored && b->err.code != BB_EUNKNOWN) break;
    }
    if (b->lets_go) bb_store_let_go(c->store);
}

static void *work(void *ctx)
{
    ingest_writer *w = ctx;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->given && !w->stop) pthread_cond_wait(&w->changed, &w->lock);
        ingest_batch *b = w->given;
        if (!b) break;
        pthread_mutex_unlock(&w->lock);
        store(w->c, b);
        pthread_mutex_lock(&w->lock);
        w->given = NULL;
        w->done = b;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

ingest_writer *ingest_writer_start(cli *c)
{
    sigset_t all, before;
    ingest_writer *w = calloc(1, sizeof *w);
    if (!w) {
        bb_fail(&c->err, BB_ENOMEM, "no memory to store mail");
        return NULL;
    }
    w->c = c;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    sigfillset(&all); /* signals are the reader's, who ends by them */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->running = pthread_create(&w->thread, NULL, work, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w;
}

void ingest_writer_give(ingest_writer *w, ingest_batch *b)
{
    if (!w->running) {
        store(w->c, b);
        w->done = b;
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->given = b;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

ingest_batch *ingest_writer_wait(ingest_writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->given) pthread_cond_wait(&w->changed, &w->lock);
    ingest_batch *b = w->done;
    w->done = NULL;
    pthread_mutex_unlock(&w->lock);
    return b;
}

void ingest_writer_stop(ingest_writer **w)
{
    if (!*w) return;
    pthread_mutex_lock(&(*w)->lock);
    (*w)->stop = true;
    pthread_cond_signal(&(*w)->changed);
    pthread_mutex_unlock(&(*w)->lock);
    if ((*w)->running) pthread_join((*w)->thread, NULL);
    pthread_cond_destroy(&(*w)->changed);
    pthread_mutex_destroy(&(*w)->lock);
    free(*w);
    *w = NULL;
}
