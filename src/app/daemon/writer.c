/* SPDX-License-Identifier: MIT
 *
 * The writer: it takes all that waits, commits it as one transaction, and only then lets it be answered. While it
 * commits, the next batch gathers by itself: nothing is ever held back for one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/daemon/daemon.h"

#define BATCH  256
#define WEIGHT ((size_t)32 << 20) /* octets of a batch: storing it takes as much again */
#define TRIES  3                  /* keys make a batch idempotent: giving it again is safe */
#define LINGER 0.5                /* seconds that the store stays open without mail */
#define HOLD   2.0                /* seconds, after which another writer may get in */

#define COUNT       5.0  /* seconds between looks at what was refused: so much of it a crash takes along at most */
#define COUNT_AGAIN 30.0 /* where it could not be stored */

typedef struct {
    pool *p;
    cli c; /* our own: lists, keys and policies are read again and again */
    server_log log;
    bb_arena work;
    bb_attribution attribution;
    bool open;
    double opened;
    bb_item items[BATCH];
    delivery *of[BATCH]; /* the item's */
    settings settings;
    double count_after; /* what was refused: not before then */
} writer;

/* ---- the store, open for a while ------------------------------------------------------------------- */

static void close_store(writer *w)
{
    cli *c = &w->c;
    if (c->keys) bb_keys_wipe(c->keys);
    c->keys = NULL;
    c->lists = NULL;
    c->n_lists = 0;
    if (c->store) bb_store_close(&c->store);
    bb_arena_free(&c->arena);
    w->open = false;
}

/* Of one that is wrong now nothing is kept as a version of a policy: others may have kept newer ones. */
static bool read_conf(writer *w)
{
    bool right;
    if (!settings_read(&w->settings, &w->c, &w->log, &right)) return false;
    w->c.writes &= right;
    return true;
}

/* As a command does it: the database that the configuration names; then, since somebody may have edited it while we waited
 * for the store, the configuration again. */
static bool open_store(writer *w)
{
    cli *c = &w->c;
    const bb_list *only;
    if (w->open) return true;
    bb_arena_free(&c->arena);
    bb_arena_init(&c->arena, &bb_os_alloc, BB_ARENA_LIMIT);
    c->err = (bb_err){0};
    c->writes = true;
    if (!c->now_given) c->now = bb_os_now();
    w->open =
        read_conf(w) &&
        bb_store_open_sqlite(cli_path(c, bb_conf_home_of(c->conf)->database), BB_STORE_WRITE, &c->store, &c->err) &&
        read_conf(w) && cli_lists(c) && cli_list_option(c, false, &only) && cli_attribution(c, only, &w->attribution);
    w->opened = bb_os_monotonic();
    if (w->open) return true;
    bb_err why = c->err;
    close_store(w);
    c->err = why;
    return false;
}

/* ---- a batch ---------------------------------------------------------------------------------------- */

static void defer(delivery *d, const char *why)
{
    d->out.stored = false;
    snprintf(d->out.error, sizeof d->out.error, "%s", why);
}

static void note(writer *w, delivery *d, const bb_item *item)
{
    outcome *o = &d->out;
    if (item->result == BB_RESULT_REFUSED) {
        defer(d, item->why);
        return;
    }
    /* Beyond what its token may fill it is counted, and that is committed as well. */
    o->stored =
        item->result == BB_RESULT_STORED || item->result == BB_RESULT_DUPLICATE || item->result == BB_RESULT_COUNTED;
    o->result = item->result;
    o->report = d->message.report.type != BB_REPORT_NONE;
    o->token = d->claims.path ? d->claims.token_result : BB_TOKEN_MALFORMED;
    if (!d->message.n_verdicts) return;
    o->kind = d->message.verdicts[0].kind;
    o->reason = d->message.verdicts[0].reason;
    snprintf(o->rule, sizeof o->rule, BB_FMT, BB_ARG(d->message.verdicts[0].rule));
    if (!item->settled) return;
    o->unsubscribes = item->settled[0].unsubscribes;
    o->kind = item->settled[0].kind;
    o->reason = item->settled[0].reason;
    o->trust = item->settled[0].trust;
    o->subscriber = item->settled[0].subscriber;
    snprintf(o->list, sizeof o->list, BB_FMT, BB_ARG(cli_list_name(&w->c, item->settled[0].list)));
}

/* Items from first on, n of them, as one transaction, and with them what was refused meanwhile. */
static bool apply(writer *w, size_t first, size_t n)
{
    bb_refused refused[TALLY_ROWS];
    bb_batch b = {.items = w->items + first,
                  .n = n,
                  .policy = cli_policy,
                  .policy_ctx = &w->c,
                  .now = w->c.now,
                  .rules_version = BB_RULES_VERSION,
                  .refused = refused};
    if (w->p) b.n_refused = tally_rows(&w->p->refused, refused);
    bool stored = false;
    for (int tries = 0; !stored && tries < TRIES; tries++) {
        bb_arena_reset(&w->work);
        w->work.failed = false;
        stored = bb_store_apply(w->c.store, &w->work, &b, &w->c.err);
        if (!stored && w->c.err.code != BB_EUNKNOWN) break;
    }
    if (stored && w->p) tally_stored(&w->p->refused, refused, b.n_refused);
    for (size_t i = first; i < first + n; i++) {
        if (stored) note(w, w->of[i], &w->items[i]);
        else defer(w->of[i], w->c.err.text);
    }
    return stored;
}

/* Is it the store that fails, or what one message holds? */
static bool is_about_all(bb_code code)
{
    return code == BB_EIO || code == BB_EBUSY || code == BB_EDENIED || code == BB_EUNKNOWN || code == BB_ECONFIG;
}

/* What fails together is tried one by one: a message that cannot be stored holds up nobody but itself. */
static bool apply_all(writer *w, size_t n)
{
    if (!n || apply(w, 0, n)) return true;
    log_trouble(&w->log, "store", w->c.err.text);
    if (n == 1 || is_about_all(w->c.err.code)) return false;
    for (size_t i = 0; i < n; i++) {
        if (apply(w, i, 1)) continue;
        log_trouble(&w->log, "store", w->c.err.text);
        if (is_about_all(w->c.err.code)) {
            for (size_t left = i + 1; left < n; left++) defer(w->of[left], w->c.err.text);
            return false;
        }
    }
    return true;
}

static bool claim(writer *w, delivery *d, bb_item *item)
{
    const transaction *t = d->of;
    if (!d->read || !bb_claims_make(&d->arena, &d->message, &w->attribution, &d->claims) || d->arena.failed)
        return false;
    *item = (bb_item){.type = BB_ITEM_REPORT, .message = &d->message, .claims = &d->claims};
    if (bb_conf_home_of(w->c.conf)->keep_evidence) item->evidence = (bb_str){t->bytes, t->n};
    return true;
}

static void store(writer *w, delivery *chain)
{
    size_t n = 0;
    if (!open_store(w)) {
        log_trouble(&w->log, "store", w->c.err.text);
        for (delivery *d = chain; d; d = delivery_next(d)) defer(d, w->c.err.text);
        return;
    }
    if (!w->c.now_given) w->c.now = bb_os_now();
    for (delivery *d = chain; d; d = delivery_next(d)) {
        if (claim(w, d, &w->items[n])) w->of[n++] = d;
        else defer(d, "no memory for the message");
    }
    if (!apply_all(w, n)) close_store(w); /* what is wrong with it may be over when it is opened again */
}

/* What was refused, where no mail takes it along. */
static void count(writer *w)
{
    bb_refused refused[TALLY_ROWS];
    if (!tally_rows(&w->p->refused, refused)) return;
    w->count_after = 0;
    if (open_store(w)) {
        if (!w->c.now_given) w->c.now = bb_os_now();
        if (apply(w, 0, 0)) return;
    }
    log_trouble(&w->log, "store", w->c.err.text);
    w->count_after = bb_os_monotonic() + COUNT_AGAIN;
    close_store(w);
}

/* What was read goes; what the loop needs to answer stays. */
static void hand_back(pool *p, delivery *chain)
{
    for (delivery *d = chain; d; d = delivery_next(d)) {
        bb_arena_free(&d->arena);
        rules_release(d->rules);
        d->rules = NULL;
    }
    queue_put(&p->done, &chain->in);
    uint64_t one = 1;
    while (write(p->wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* Others may write, and what they changed counts from the next batch on. */
static void give_way(writer *w)
{
    bool stale = atomic_exchange(&w->p->stale, false);
    if (!w->open || (!stale && bb_os_monotonic() - w->opened < HOLD)) return;
    close_store(w);
    if (!stale) nanosleep(&(struct timespec){.tv_nsec = 40000000}, NULL); /* who waits for the lock looks every 20 ms */
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static writer *new_writer(pool *p, const cli *c, bool as_json)
{
    writer *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->p = p;
    w->c = settings_cli(c);
    bb_arena_init(&w->work, &bb_os_alloc, BB_ARENA_LIMIT);
    log_init(&w->log, as_json);
    return w;
}

static void free_writer(writer *w)
{
    close_store(w);
    bb_conf_free(&w->settings.conf);
    bb_arena_free(&w->work);
    log_free(&w->log);
    free(w);
}

void *writer_run(void *ctx)
{
    pool *p = ctx;
    bool closed = false;
    writer *w = new_writer(p, p->c, p->as_json);
    if (w && !read_conf(w)) log_trouble(&w->log, "configuration", w->c.err.text); /* the first that can go on */
    while (!closed) {
        double patience = w && w->open ? LINGER : p->counts ? COUNT : -1;
        delivery *chain = delivery_of(queue_take(&p->to_store, BATCH, WEIGHT, patience, &closed));
        if (!chain) {
            if (w && w->open) close_store(w);
            else if (w && bb_os_monotonic() >= w->count_after) count(w);
            continue;
        }
        if (!w) w = new_writer(p, p->c, p->as_json);
        if (w) store(w, chain);
        else
            for (delivery *d = chain; d; d = delivery_next(d)) defer(d, "no memory");
        hand_back(p, chain);
        if (w) give_way(w);
    }
    if (w) count(w); /* the last of it */
    if (w) free_writer(w);
    return NULL;
}

bool writer_try(const cli *c, bb_err *err)
{
    writer *w = new_writer(NULL, c, c->json); /* nobody hands it mail */
    if (!w) return bb_fail(err, BB_ENOMEM, "no memory to store mail");
    bool good = open_store(w) || w->c.err.code == BB_EBUSY;
    *err = w->c.err;
    free_writer(w);
    return good;
}
