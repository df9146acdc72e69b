/* SPDX-License-Identifier: MIT
 *
 * Drives the machines of core/wire. What is written down does not depend on how the bytes were cut: the chunks of a
 * message are put together.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define LOG_MAX ((size_t)64 << 20)

typedef struct {
    bb_arena *arena;
    const wire_way *way;
    bb_str rest;  /* what the client still sends */
    size_t shown; /* of rest: what the machine has seen of it */
    char *piece;  /* where that ends, in memory of no more than its size: a byte too far is a sanitizer's finding */
    size_t piece_n;
    size_t taken;
    bb_buf output, events, body;
    wire_talk talk;
} run;

static run begin(bb_arena *a, bb_str input, const wire_way *way)
{
    return (run){.arena = a,
                 .way = way,
                 .rest = input,
                 .output = bb_buf_in(a, LOG_MAX),
                 .events = bb_buf_in(a, LOG_MAX),
                 .body = bb_buf_in(a, LOG_MAX)};
}

/* More of the client's bytes arrive, where none were left. False: there are no more. */
static bool arrive(run *r)
{
    size_t n = r->way->step && r->way->step < r->rest.n ? r->way->step : r->rest.n;
    if (r->way->random && n) n = 1 + tap_below(r->way->random, n < 60 ? n : 60);
    free(r->piece);
    r->piece = n ? malloc(n) : NULL;
    r->shown = r->piece_n = r->piece ? n : 0;
    if (r->piece) memcpy(r->piece, r->rest.p, n);
    return n > 0;
}

static bb_str at_hand(const run *r)
{
    return bb_sub((bb_str){r->piece, r->piece_n}, r->piece_n - r->shown, BB_NPOS);
}

static void took(run *r, size_t n)
{
    r->rest = bb_sub(r->rest, n, BB_NPOS);
    r->shown -= n;
    r->taken += n;
}

/* Answers how much was sent. */
static size_t sent(run *r, bb_str output, bool now)
{
    if (output.n > r->talk.waited) r->talk.waited = output.n;
    if (!now && r->way->late) return 0;
    bb_put(&r->output, output);
    return output.n;
}

static wire_talk end(run *r)
{
    free(r->piece);
    r->talk.output = bb_buf_str(&r->output);
    r->talk.events = bb_buf_str(&r->events);
    return r->talk;
}

/* ---- LMTP --------------------------------------------------------------------------------------- */

static bb_lmtp_reply verdict(bb_str address)
{
    if (bb_starts(address, BB_S("unknown"))) return (bb_lmtp_reply){550, BB_S("5.1.1"), BB_S("Not ours")};
    if (bb_starts(address, BB_S("later"))) return (bb_lmtp_reply){451, BB_S("4.3.0"), BB_S("Try again later")};
    if (bb_starts(address, BB_S("odd"))) return (bb_lmtp_reply){999, BB_S("5.1.1"), BB_S("Odd")};
    return (bb_lmtp_reply){250, BB_S("2.1.5"), BB_S("Ok")};
}

static bb_lmtp_reply outcome(bb_str address)
{
    if (bb_starts(address, BB_S("full"))) return (bb_lmtp_reply){452, BB_S("4.2.2"), BB_S("Full")};
    if (bb_starts(address, BB_S("hostile"))) return (bb_lmtp_reply){550, BB_S("x"), BB_S("a\r\n250 b\x1b\xc3\xa9\x7f")};
    return (bb_lmtp_reply){250, BB_S("2.0.0"), BB_S("Stored")};
}

static void write_offer(run *r, const bb_lmtp_recipient *o)
{
    bb_puts(&r->events, "OFFER ");
    bb_put(&r->events, o->address);
    if (o->orcpt.n || o->orcpt_type.n)
        bb_putf(&r->events, " orcpt=" BB_FMT ";" BB_FMT, BB_ARG(o->orcpt_type), BB_ARG(o->orcpt));
    if (o->notify) bb_putf(&r->events, " notify=%u", o->notify);
    bb_putc(&r->events, '\n');
}

static void write_message(run *r, const bb_lmtp_event *e, const bb_lmtp_envelope *mail)
{
    bb_putf(&r->events, "MESSAGE from=<");
    bb_put(&r->events, mail->sender);
    bb_putf(&r->events, "> to=%d size=%d%s", (int)mail->n, (int)e->size, e->cut ? " cut" : "");
    if (mail->size) bb_putf(&r->events, " declared=%llu", (unsigned long long)mail->size);
    if (mail->envid.n) bb_putf(&r->events, " envid=" BB_FMT, BB_ARG(mail->envid));
    if (mail->ret) bb_puts(&r->events, mail->ret == BB_LMTP_RET_FULL ? " full" : " hdrs");
    if (mail->eightbit) bb_puts(&r->events, " 8bit");
    if (mail->smtputf8) bb_puts(&r->events, " utf8");
    bb_puts(&r->events, " [");
    bb_put(&r->events, bb_buf_str(&r->body));
    bb_puts(&r->events, "]\n");
    r->body.n = 0;
}

/* Each recipient once, in the order that the way wants. The envelope is gone with the last answer. */
static void answer_all(run *r, bb_lmtp *m)
{
    const bb_lmtp_envelope *mail = bb_lmtp_mail(m);
    size_t n = mail->n;
    size_t first = r->way->random ? tap_below(r->way->random, n) : 0;
    for (size_t k = 0; k < n; k++) {
        size_t i = (first + k) % n;
        if (r->way->backwards) i = n - 1 - i;
        bb_lmtp_answer(m, i, outcome(mail->recipients[i].address), 0);
    }
}

static void hear(run *r, bb_lmtp *m, const bb_lmtp_event *e)
{
    static const char *const ends[] = {"quit", "eof", "abuse", "timeout", "stopped"};
    switch (e->type) {
    case BB_LMTP_HELLO: bb_putf(&r->events, "HELLO " BB_FMT "\n", BB_ARG(e->text)); break;
    case BB_LMTP_OFFER:
        write_offer(r, e->offer);
        bb_lmtp_take(m, verdict(e->offer->address), 0);
        break;
    case BB_LMTP_CHUNK: bb_put(&r->body, e->text); break;
    case BB_LMTP_MESSAGE:
        write_message(r, e, bb_lmtp_mail(m));
        answer_all(r, m);
        break;
    case BB_LMTP_FORGOTTEN:
        bb_puts(&r->events, "FORGOTTEN\n");
        r->body.n = 0;
        break;
    case BB_LMTP_CLOSE:
        bb_putf(&r->events, "CLOSE %s\n", ends[e->end]);
        r->talk.closed = true;
        break;
    case BB_LMTP_WAIT: bb_puts(&r->events, "WAIT\n"); break; /* never: all is answered at once */
    case BB_LMTP_MORE:
    case BB_LMTP_FULL: break;
    }
}

wire_talk wire_lmtp(bb_arena *a, bb_str input, const wire_way *way)
{
    run r = begin(a, input, way);
    bb_lmtp *m = bb_lmtp_new(way->alloc ? way->alloc : &tap_alloc, way->lmtp ? way->lmtp : &bb_lmtp_defaults, 0);
    bb_lmtp_event e = {0};
    bool stops = way->stop_at > 0;
    if (!m) return r.talk;
    r.talk.made = true;
    while (!r.talk.closed) {
        if (stops && r.taken >= way->stop_at) bb_lmtp_stop(m);
        size_t n = bb_lmtp_step(m, at_hand(&r), 0, &e);
        hear(&r, m, &e);
        took(&r, n);
        bb_lmtp_sent(m, sent(&r, bb_lmtp_output(m), e.type == BB_LMTP_FULL), 0);
        if (e.type != BB_LMTP_MORE || arrive(&r) || (stops && r.taken >= way->stop_at)) continue;
        if (way->stays) break;
        bb_lmtp_eof(m);
    }
    bb_lmtp_sent(m, sent(&r, bb_lmtp_output(m), true), 0);
    bb_lmtp_free(m);
    return end(&r);
}

/* ---- policy ------------------------------------------------------------------------------------- */

static void write_request(run *r, const bb_policyd_request *q)
{
    const struct {
        const char *name;
        bb_str value;
    } texts[] = {{"request", q->request},
                 {"protocol_state", q->protocol_state},
                 {"protocol_name", q->protocol_name},
                 {"client_address", q->client_address},
                 {"client_name", q->client_name},
                 {"helo_name", q->helo_name},
                 {"sender", q->sender},
                 {"recipient", q->recipient},
                 {"queue_id", q->queue_id},
                 {"instance", q->instance},
                 {"sasl_username", q->sasl_username},
                 {"policy_context", q->policy_context},
                 {"server_address", q->server_address}};
    bb_puts(&r->events, "REQUEST");
    for (size_t i = 0; i < BB_COUNT(texts); i++) {
        if (bb_empty(texts[i].value)) continue;
        bb_putf(&r->events, " %s=", texts[i].name);
        bb_put(&r->events, texts[i].value);
    }
    if (q->recipient_count) bb_putf(&r->events, " recipient_count=%llu", (unsigned long long)q->recipient_count);
    if (q->size) bb_putf(&r->events, " size=%llu", (unsigned long long)q->size);
    if (q->server_port) bb_putf(&r->events, " server_port=%llu", (unsigned long long)q->server_port);
    bb_putc(&r->events, '\n');
}

/* The answer repeats the recipient, which may be anything. */
static void decide(run *r, bb_policyd *p, const bb_policyd_request *q)
{
    bb_str action = q->recipient.n ? bb_cat(r->arena, BB_S("REJECT "), q->recipient, (bb_str){0}) : (bb_str){0};
    bb_policyd_answer(p, action, 0);
}

static void hear_policy(run *r, bb_policyd *p, const bb_policyd_event *e)
{
    static const char *const ends[] = {"eof", "broken", "timeout", "stopped"};
    if (e->type == BB_POLICYD_REQUEST) {
        write_request(r, e->request);
        decide(r, p, e->request);
    }
    if (e->type == BB_POLICYD_WAIT) bb_puts(&r->events, "WAIT\n"); /* never */
    if (e->type == BB_POLICYD_CLOSE) {
        bb_putf(&r->events, "CLOSE %s%s%s\n", ends[e->end], e->why ? ": " : "", e->why ? e->why : "");
        r->talk.closed = true;
    }
}

wire_talk wire_policy(bb_arena *a, bb_str input, const wire_way *way)
{
    run r = begin(a, input, way);
    bb_policyd *p =
        bb_policyd_new(way->alloc ? way->alloc : &tap_alloc, way->policy ? way->policy : &bb_policyd_defaults, 0);
    bb_policyd_event e = {0};
    bool stops = way->stop_at > 0;
    if (!p) return r.talk;
    r.talk.made = true;
    while (!r.talk.closed) {
        if (stops && r.taken >= way->stop_at) bb_policyd_stop(p);
        took(&r, bb_policyd_step(p, at_hand(&r), 0, &e));
        hear_policy(&r, p, &e);
        bb_policyd_sent(p, sent(&r, bb_policyd_output(p), e.type == BB_POLICYD_FULL), 0);
        if (e.type != BB_POLICYD_MORE || arrive(&r) || (stops && r.taken >= way->stop_at)) continue;
        if (way->stays) break;
        bb_policyd_eof(p);
    }
    bb_policyd_sent(p, sent(&r, bb_policyd_output(p), true), 0);
    bb_policyd_free(p);
    return end(&r);
}

/* ---- both --------------------------------------------------------------------------------------- */

bool wire_is_neutral(bb_str output, const char *line_end)
{
    bb_str ending = bb_cstr(line_end);
    while (output.n) {
        size_t n = bb_find(output, ending);
        if (n == BB_NPOS || n + ending.n > 512) return false;
        for (size_t i = 0; i < n; i++)
            if (output.p[i] < ' ' || output.p[i] > '~') return false;
        output = bb_sub(output, n + ending.n, BB_NPOS);
    }
    return true;
}
