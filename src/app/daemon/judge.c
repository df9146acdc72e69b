/* SPDX-License-Identifier: MIT
 *
 * The thread that says what to answer at RCPT: it has the keys, and asks the store about addresses, so that nothing on a
 * disk holds up the loop. What it reads of the home is at most some seconds old. Trouble of ours lets mail pass.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "app/daemon/daemon.h"

#define AGE     2.0  /* seconds, after which configuration and keys are read again */
#define AGE_KEY 0.25 /* a key that we do not know may have been made just now */
#define OPEN    10.0 /* seconds that the store stays open: it may be another file meanwhile */
#define LINGER  1.0  /* seconds that it stays open without a question */

/* The gate, and all that it points to. */
typedef struct {
    bb_arena arena;
    bb_keys keys;
    bb_gate gate;
    double read;
} ruling;

typedef struct {
    judge *of;
    cli c; /* our own */
    server_log log;
    settings settings;
    ruling *ruling; /* NULL: none yet */
    bb_arena lists; /* while the store is open */
    double opened;
    char told_ruling[LOG_TOLD], told_store[LOG_TOLD];
} bench;

void question_free(question *q)
{
    bb_arena_free(&q->arena);
    free(q);
}

/* ---- the ruling ------------------------------------------------------------------------------------------ */

static void free_ruling(ruling *r)
{
    if (!r) return;
    bb_keys_wipe(&r->keys);
    bb_arena_free(&r->arena);
    free(r);
}

/* The bounce domains of the lists, and the one that holds for those without a section. */
static bool read_domains(ruling *r, const bb_conf *conf)
{
    size_t n;
    const char *const *names = bb_conf_list_names(conf, &n);
    bb_str *domains = bb_get_array(&r->arena, n + 1, sizeof *domains);
    if (!domains) return false;
    for (size_t i = 0; i <= n; i++) {
        const bb_conf_list *l = bb_conf_list_of(conf, i < n ? bb_cstr(names[i]) : (bb_str){0});
        if (l->bounce_domain[0]) domains[r->gate.n_domains++] = bb_dup(&r->arena, bb_cstr(l->bounce_domain));
    }
    r->gate.domains = domains;
    return !r->arena.failed;
}

static bool fill(ruling *r, cli *c)
{
    const bb_conf_serve *serve = bb_conf_serve_of(c->conf);
    bb_network *networks;
    bb_str *senders;
    bb_gate *g = &r->gate;
    if (!bb_keys_read(cli_path(c, bb_conf_home_of(c->conf)->keys), &r->keys, &c->err)) return false;
    g->keys = bb_keys_ring(&r->keys);
    g->token_lifetime = bb_conf_home_of(c->conf)->token_lifetime;
    g->null_only = serve->return_path_senders == 1;
    bool good = bb_networks_read(&r->arena, bb_cstr(serve->suppress_networks), &networks, &g->n_networks, &c->err) &&
                bb_senders_read(&r->arena, bb_cstr(serve->suppress_senders), &senders, &g->n_senders, &c->err);
    if (!good) return false;
    g->networks = networks;
    g->senders = senders;
    return read_domains(r, c->conf) || bb_fail(&c->err, BB_ENOMEM, "no memory for the policy service");
}

/* Where something is wrong, what was right before goes on, and is told once. */
static void read_ruling(bench *b)
{
    cli *c = &b->c;
    bool right;
    bb_arena_reset(&c->arena);
    c->err = (bb_err){0};
    ruling *r = calloc(1, sizeof *r);
    if (r) bb_arena_init(&r->arena, &bb_os_alloc, BB_ARENA_LIMIT);
    if (r && settings_read(&b->settings, c, &b->log, &right) && fill(r, c)) {
        free_ruling(b->ruling);
        b->ruling = r;
        b->told_ruling[0] = '\0';
    } else {
        log_once(&b->log, b->told_ruling, "policy", r ? c->err.text : "no memory for the policy service");
        free_ruling(r);
    }
    if (b->ruling) b->ruling->read = bb_os_monotonic();
}

/* ---- the store ------------------------------------------------------------------------------------------- */

static void close_store(bench *b)
{
    if (b->c.store) bb_store_close(&b->c.store);
    bb_arena_free(&b->lists);
}

static bool open_store(bench *b)
{
    cli *c = &b->c;
    if (c->store && bb_os_monotonic() - b->opened > OPEN) close_store(b);
    if (c->store) return true;
    bb_arena_init(&b->lists, &bb_os_alloc, BB_ARENA_LIMIT);
    b->opened = bb_os_monotonic();
    const char *path = cli_path(c, bb_conf_home_of(c->conf)->database);
    bool good = bb_store_open_sqlite(path, BB_STORE_READ, &c->store, &c->err) &&
                bb_store_lists(c->store, &b->lists, &c->lists, &c->n_lists, &c->err);
    if (!good) close_store(b);
    return good;
}

/* Since when, and why. */
static bool find_cause(bench *b, bb_arena *a, const bb_subscriber *who, bb_gate_standing *out)
{
    bb_history h;
    if (!bb_store_history(b->c.store, a, who->id, &h, &b->c.err)) return false;
    out->bounced = who->changed;
    out->by_hand = true;
    for (size_t t = h.n_transitions; t-- > 0;) {
        if (h.transitions[t].to != BB_STATUS_BOUNCED) continue;
        out->bounced = h.transitions[t].time;
        for (size_t f = 0; f < h.n_facts; f++) {
            const bb_fact *fact = &h.facts[f].fact;
            if (fact->type != BB_FACT_REPORT || !bb_hash_eq(&fact->id, &h.transitions[t].cause)) continue;
            out->by_hand = false;
            out->reason = fact->reason;
        }
        break;
    }
    return true;
}

static bool stands(bench *b, bb_arena *a, const bb_lookup *l, bb_time now, bb_gate_standing *out)
{
    bb_subscriber who;
    if (!bb_store_subscriber(b->c.store, a, l->found_id, &who, &b->c.err)) return false;
    *out = (bb_gate_standing){.list = cli_list_name(&b->c, who.list),
                              .status = bb_status_at(who.status, who.until, now),
                              .since = who.since,
                              .mailed = !who.contact,
                              .bounced = BB_NO_TIME};
    return out->status != BB_STATUS_BOUNCED || find_cause(b, a, &who, out);
}

static bool look_up(bench *b, bb_arena *a, bb_time now, bb_gate_answer *answer)
{
    cli *c = &b->c;
    size_t n = 0;
    if (!open_store(b)) return false;
    bb_lookup *lookups = bb_get_array(a, c->n_lists + 1, sizeof *lookups);
    bb_gate_standing *standings = bb_get_array(a, c->n_lists + 1, sizeof *standings);
    if (!lookups || !standings) return bb_fail(&c->err, BB_ENOMEM, "no memory for an address");
    for (size_t i = 0; i < c->n_lists; i++)
        lookups[i] = (bb_lookup){.by = BB_BY_ADDRESS, .list = c->lists[i].id, .text = answer->key};
    if (!bb_store_find(c->store, a, lookups, c->n_lists, &c->err)) return false;
    for (size_t i = 0; i < c->n_lists; i++)
        if (lookups[i].found == 1 && !stands(b, a, &lookups[i], now, &standings[n++])) return false;
    return bb_gate_suppress(a, standings, n, answer) || bb_fail(&c->err, BB_ENOMEM, "no memory for an address");
}

/* ---- questions -------------------------------------------------------------------------------------------- */

/* False: not decided, so he passes. */
static bool decide(bench *b, question *q)
{
    double age = b->ruling ? bb_os_monotonic() - b->ruling->read : AGE;
    if (atomic_exchange(&b->of->stale, false) || age >= AGE) read_ruling(b);
    if (!b->ruling || !bb_gate_judge(&q->arena, &b->ruling->gate, &q->ask, &q->answer)) return false;
    if (q->answer.cause == BB_REFUSAL_UNKNOWN_KEY && bb_os_monotonic() - b->ruling->read >= AGE_KEY) {
        read_ruling(b);
        if (!bb_gate_judge(&q->arena, &b->ruling->gate, &q->ask, &q->answer)) return false;
    }
    if (q->answer.verdict != BB_GATE_LOOK) return true;
    if (look_up(b, &q->arena, q->ask.now, &q->answer)) {
        b->told_store[0] = '\0';
        return true;
    }
    log_once(&b->log, b->told_store, "policy", b->c.err.text);
    close_store(b);
    return false;
}

static void answer(judge *j, bench *b, queued *chain)
{
    for (queued *i = chain; i; i = i->next) {
        question *q = question_of(i);
        if (!b || !decide(b, q)) q->answer = (bb_gate_answer){.verdict = BB_GATE_PASS};
    }
    queue_put(&j->answered, chain);
    uint64_t one = 1;
    while (write(j->wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static void free_bench(bench *b)
{
    close_store(b);
    free_ruling(b->ruling);
    bb_conf_free(&b->settings.conf);
    bb_arena_free(&b->c.arena);
    log_free(&b->log);
    free(b);
}

static void *judge_all(void *ctx)
{
    judge *j = ctx;
    bool closed = false;
    bench *b = calloc(1, sizeof *b);
    if (b) {
        b->of = j;
        b->c = settings_cli(j->c);
        log_init(&b->log, j->as_json);
        read_ruling(b);
    }
    while (!closed) {
        queued *chain = queue_take(&j->asked, NO_LIMIT, NO_LIMIT, b && b->c.store ? LINGER : -1, &closed);
        if (chain) answer(j, b, chain);
        else if (b) close_store(b);
    }
    if (b) free_bench(b);
    return NULL;
}

bool judge_start(judge *j, const cli *c, bb_err *err)
{
    j->c = c;
    j->as_json = c->json;
    j->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    bool good =
        j->wake >= 0 && queue_init(&j->asked, NO_LIMIT, NO_LIMIT) && queue_init(&j->answered, NO_LIMIT, NO_LIMIT);
    j->runs = good && thread_start(&j->thread, judge_all, j);
    return j->runs || bb_fail(err, BB_ENOMEM, "the policy service cannot be started");
}

void judge_stop(judge *j)
{
    if (!j->runs) return;
    queue_close(&j->asked);
    pthread_join(j->thread, NULL);
    j->runs = false;
}
