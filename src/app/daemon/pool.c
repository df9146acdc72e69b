/* SPDX-License-Identifier: MIT
 *
 * The threads that read mail: each takes a delivery, parses and classifies it, and hands it to the writer.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/daemon/daemon.h"
#include "edge/charset/charset.h"

#define READ_AHEAD  512 /* deliveries that are read and wait for the writer: two batches */
#define READ_WEIGHT ((size_t)64 << 20)
#define READ_MEMORY ((size_t)512 << 20) /* for what is read of one message */

/* ---- rules --------------------------------------------------------------------------------------- */

shared_rules *rules_share(bb_rules *rules)
{
    shared_rules *r = malloc(sizeof *r);
    if (!r) return NULL;
    r->rules = rules;
    atomic_init(&r->holders, 1);
    return r;
}

shared_rules *rules_hold(shared_rules *r)
{
    atomic_fetch_add(&r->holders, 1);
    return r;
}

void rules_release(shared_rules *r)
{
    if (!r || atomic_fetch_sub(&r->holders, 1) != 1) return;
    bb_rules_free(&r->rules);
    free(r);
}

/* ---- readers --------------------------------------------------------------------------------------- */

static void read_one(delivery *d, const bb_mail_options *options)
{
    const transaction *t = d->of;
    bb_reader reader = {.rules = d->rules->rules, .mail = options};
    bb_envelope envelope = {.source = BB_S("lmtp"),
                            .rcpt_to = d->rcpt_to,
                            .orcpt = d->orcpt,
                            .from_line = BB_NO_TIME,
                            .received = t->received,
                            .sender = t->sender,
                            .sender_known = true,
                            .handed_over = t->guarded};
    bb_arena_init(&d->arena, &bb_os_alloc, READ_MEMORY);
    d->read = bb_message_read(&d->arena, (bb_str){t->bytes, t->n}, &envelope, &reader, &d->message) && !d->arena.failed;
    d->in.weight = d->arena.used + t->n;
    if (d->read && t->cut && !d->message.truncated) d->message.truncated = "message size";
}

static void *read_all(void *ctx)
{
    pool *p = ctx;
    bb_charsets charsets = {0};
    bb_mail_options options = bb_mail_defaults;
    options.charset = bb_charset_convert;
    options.charset_ctx = &charsets;
    bool closed = false;
    while (!closed) {
        delivery *d = delivery_of(queue_take(&p->to_read, 1, NO_LIMIT, -1, &closed));
        if (!d) continue;
        read_one(d, &options);
        queue_put(&p->to_store, &d->in);
    }
    bb_charsets_close(&charsets);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------- */

static size_t readers_wanted(size_t configured)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (configured) return configured;
    return processors < 1 ? 1 : processors > 4 ? 4 : (size_t)processors;
}

bool thread_start(pthread_t *t, void *(*run)(void *), void *ctx)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = pthread_create(t, NULL, run, ctx) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

static bool start_threads(pool *p, size_t readers)
{
    bool good = thread_start(&p->writer, writer_run, p);
    for (size_t i = 0; good && i < readers; i++) {
        if (!thread_start(&p->readers[i], read_all, p)) break;
        p->n_readers++;
    }
    if (good && !p->n_readers) { /* nobody to read: nothing to write */
        queue_close(&p->to_store);
        pthread_join(p->writer, NULL);
    }
    return p->n_readers;
}

bool pool_start(pool *p, const cli *c, size_t readers, bb_err *err)
{
    p->c = c;
    p->as_json = c->json;
    p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    bool good = p->wake >= 0 && tally_init(&p->refused) && queue_init(&p->to_read, NO_LIMIT, NO_LIMIT) &&
                queue_init(&p->to_store, READ_AHEAD, READ_WEIGHT) && queue_init(&p->done, NO_LIMIT, NO_LIMIT);
    if (good && start_threads(p, readers_wanted(readers))) return true;
    return bb_fail(err, BB_ENOMEM, "threads cannot be started");
}

void pool_stop(pool *p)
{
    queue_close(&p->to_read);
    for (size_t i = 0; i < p->n_readers; i++) pthread_join(p->readers[i], NULL);
    queue_close(&p->to_store);
    pthread_join(p->writer, NULL);
}
