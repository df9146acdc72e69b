/* SPDX-License-Identifier: MIT
 *
 * Postfix's policy protocol on a connection: requests to the judge, its answers back. Whatever goes wrong is DUNNO: mail
 * that is none of ours must flow though we are slow, out of memory or without a store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/daemon/daemon.h"
#include "core/wire/policy.h"

#define PATIENCE   3    /* seconds that the judge has; Postfix is to wait for 5 */
#define MOST_ASKED 5000 /* questions under way: more are only there when a disk hangs */

typedef struct {
    bb_policyd *machine;
    question *asks; /* NULL: nothing is under way */
    bb_time asked;
    uint64_t requests, refused;
    bb_policyd_event last; /* CLOSE: why it ends */
    bool ended;
} talk;

static talk *talk_of(const connection *c)
{
    return c->talk;
}

/* ---- questions ----------------------------------------------------------------------------------------- */

static void pass(connection *c)
{
    bb_policyd_answer(talk_of(c)->machine, BB_S("DUNNO"), server_clock());
}

static void log_slow(connection *c, const char *text)
{
    server_log *l = &c->of->log;
    log_begin(l, "warning", "policy");
    log_int(l, "connection", (int64_t)c->number);
    log_str(l, "text", bb_cstr(text));
    log_end(l);
}

/* Everything of the request that outlives the machine's. NULL: no memory. */
static question *new_question(connection *c, const bb_policyd_request *r)
{
    const cli *own = c->of->c;
    question *q = calloc(1, sizeof *q);
    if (!q) return NULL;
    bb_arena_init(&q->arena, &bb_os_alloc, BB_ARENA_LIMIT);
    q->from = c;
    q->ask = (bb_gate_request){.sender = bb_dup(&q->arena, r->sender),
                               .recipient = bb_dup(&q->arena, r->recipient),
                               .client_address = bb_dup(&q->arena, r->client_address),
                               .login = bb_dup(&q->arena, r->sasl_username),
                               .now = own->now_given ? own->now : bb_os_now()};
    if (!q->arena.failed) return q;
    question_free(q);
    return NULL;
}

static void ask(connection *c, const bb_policyd_request *r)
{
    server *s = c->of;
    talk *k = talk_of(c);
    k->requests++;
    bool is_rcpt = bb_eq(r->request, BB_S("smtpd_access_policy")) && bb_eq(r->protocol_state, BB_S("RCPT"));
    k->asks = is_rcpt && s->questions < MOST_ASKED ? new_question(c, r) : NULL;
    if (!k->asks) {
        pass(c);
        return;
    }
    k->asked = server_clock();
    s->questions++;
    queue_put(&s->judge.asked, &k->asks->in);
}

static void log_refusal(connection *c, const question *q)
{
    server_log *l = &c->of->log;
    log_begin(l, "info", "refused");
    log_int(l, "connection", (int64_t)c->number);
    log_str(l, "client", q->ask.client_address);
    log_str(l, "login", q->ask.login);
    log_str(l, "from", q->ask.sender.n ? q->ask.sender : BB_S("<>"));
    log_str(l, "to", q->ask.recipient);
    log_str(l, "cause", bb_cstr(bb_refusal_word(q->answer.cause)));
    log_str(l, "answer", q->answer.action);
    log_end(l);
}

void question_done(server *s, question *q)
{
    connection *c = q->from;
    s->questions--;
    if (c) {
        talk *k = talk_of(c);
        bool refuses = q->answer.verdict == BB_GATE_REFUSE;
        k->asks = NULL;
        if (refuses) {
            k->refused++;
            tally_add(&s->pool.refused, q->answer.cause, q->ask.now);
            log_refusal(c, q);
            bb_policyd_answer(k->machine, q->answer.action, server_clock());
        } else {
            pass(c);
        }
    }
    question_free(q);
    if (c) connection_drive(c);
}

/* ---- the protocol --------------------------------------------------------------------------------------- */

static step policy_step(connection *c)
{
    talk *k = talk_of(c);
    bb_policyd_event e;
    size_t taken = bb_policyd_step(k->machine, c->in, server_clock(), &e);
    c->in = bb_sub(c->in, taken, BB_NPOS);
    switch (e.type) {
    case BB_POLICYD_REQUEST: ask(c, e.request); return STEP_ON;
    case BB_POLICYD_MORE: return STEP_MORE;
    case BB_POLICYD_WAIT: return STEP_WAIT;
    case BB_POLICYD_FULL: return STEP_FULL;
    case BB_POLICYD_CLOSE: break;
    }
    k->last = e;
    k->ended = true;
    return STEP_CLOSE;
}

static bool policy_open(connection *c)
{
    talk *k = calloc(1, sizeof *k);
    if (k) k->machine = bb_policyd_new(&bb_os_alloc, &bb_policyd_defaults, c->begun);
    if (!k || !k->machine) {
        free(k);
        return false;
    }
    c->talk = k;
    return true;
}

static void policy_close(connection *c)
{
    static const char *const ends[] = {[BB_POLICYD_EOF] = "closed by the client",
                                       [BB_POLICYD_BROKEN] = "not the protocol",
                                       [BB_POLICYD_TIMEOUT] = "timeout",
                                       [BB_POLICYD_STOPPED] = "stopped"};
    server_log *l = &c->of->log;
    talk *k = talk_of(c);
    bool broken = k->ended && k->last.end == BB_POLICYD_BROKEN;
    if (k->asks) k->asks->from = NULL; /* nobody hears the answer */
    log_begin(l, broken ? "warning" : "info", "policy-connection");
    log_int(l, "connection", (int64_t)c->number);
    log_str(l, "client", bb_cstr(c->client));
    log_int(l, "requests", (int64_t)k->requests);
    log_int(l, "refused", (int64_t)k->refused);
    log_int(l, "seconds", server_clock() - c->begun);
    log_str(l, "end", bb_cstr(k->ended ? ends[k->last.end] : "lost"));
    if (broken) log_str(l, "text", bb_cstr(k->last.why));
    log_end(l);
    bb_policyd_free(k->machine);
    free(k);
}

static after_tick policy_tick(connection *c, bb_time now)
{
    talk *k = talk_of(c);
    bb_time deadline = bb_policyd_deadline(k->machine);
    if (k->asks && now - k->asked >= PATIENCE) {
        log_slow(c, "no answer in time: it passes");
        k->asks->from = NULL;
        k->asks = NULL;
        pass(c);
        return TICK_GO_ON;
    }
    if (deadline == BB_NO_TIME || now < deadline) return TICK_NOTHING;
    bb_policyd_tick(k->machine, now);
    return TICK_GO_ON;
}

static bb_str policy_output(const connection *c)
{
    return bb_policyd_output(talk_of(c)->machine);
}

static void policy_sent(connection *c, size_t n)
{
    bb_policyd_sent(talk_of(c)->machine, n, server_clock());
}

static void policy_eof(connection *c)
{
    bb_policyd_eof(talk_of(c)->machine);
}

static void policy_stop(connection *c)
{
    bb_policyd_stop(talk_of(c)->machine);
}

const protocol speaks_policy = {.no_memory = "", /* Postfix then does as smtpd_policy_service_default_action says */
                                .open = policy_open,
                                .close = policy_close,
                                .step = policy_step,
                                .output = policy_output,
                                .sent = policy_sent,
                                .eof = policy_eof,
                                .tick = policy_tick,
                                .stop = policy_stop};
