/* SPDX-License-Identifier: MIT
 *
 * LMTP on a connection: the events of its machine, messages on their way, and answers when they come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/daemon/daemon.h"

#define AT_ONCE 16 /* recipients of one message that are under way: each takes memory of its own */

typedef struct {
    bb_lmtp *machine;
    transaction *mail;
    bool no_memory;     /* for this message */
    bb_time data_since; /* BB_NO_TIME: no data has come yet */
    uint64_t messages, stored;
    char helo[128];
    bb_lmtp_end end;
    bool ended; /* `end` says why; else it was lost */
} talk;

static talk *talk_of(const connection *c)
{
    return c->talk;
}

/* ---- a message -------------------------------------------------------------------------------------- */

void transaction_free(server *s, transaction *t)
{
    if (!t) return;
    server_let_go(s, t->room);
    free(t->bytes);
    bb_arena_free(&t->arena);
    free(t);
}

static transaction *begin_message(connection *c)
{
    transaction *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->from = c;
    t->guarded = c->guarded;
    bb_arena_init(&t->arena, &bb_os_alloc, BB_ARENA_LIMIT);
    talk_of(c)->mail = t;
    talk_of(c)->data_since = server_clock();
    return t;
}

static bool grow(connection *c, transaction *t, size_t need)
{
    size_t most = (size_t)c->of->options.size_max, room = t->room ? t->room : (size_t)16 << 10;
    while (room < need) room *= 2;
    if (room > most && need <= most) room = most;
    if (room <= t->room) return true;
    char *more = realloc(t->bytes, room);
    if (!more) return false;
    server_hold(c->of, room - t->room);
    t->bytes = more;
    t->room = room;
    return true;
}

static void take_chunk(connection *c, bb_str chunk)
{
    talk *k = talk_of(c);
    transaction *t = k->mail ? k->mail : begin_message(c);
    if (!t || k->no_memory || !grow(c, t, t->n + chunk.n)) {
        k->no_memory = true; /* which is answered at the end */
        return;
    }
    memcpy(t->bytes + t->n, chunk.p, chunk.n);
    t->n += chunk.n;
}

static void forget_message(connection *c)
{
    talk *k = talk_of(c);
    transaction_free(c->of, k->mail);
    k->mail = NULL;
    k->no_memory = false;
    k->data_since = BB_NO_TIME;
}

static const bb_lmtp_reply stored = {250, {"2.0.0", 5}, {"Stored", 6}};
/* Whatever it is that ails us, the client keeps the message and comes again. */
static const bb_lmtp_reply later = {451, {"4.3.0", 5}, {"Cannot store it now, try again later", 36}};

/* ---- on its way --------------------------------------------------------------------------------------- */

static void give_more(server *s, transaction *t)
{
    while (t->from && t->given < t->n_deliveries && t->under_way < AT_ONCE) {
        delivery *d = &t->deliveries[t->given++];
        d->rules = rules_hold(s->rules);
        t->under_way++;
        s->under_way++;
        queue_put(&s->pool.to_read, &d->in);
    }
}

/* Everything of the envelope that outlives the connection. */
static bool copy_envelope(transaction *t, const bb_lmtp_envelope *e)
{
    t->sender = bb_dup(&t->arena, e->sender);
    t->deliveries = bb_get_array(&t->arena, e->n, sizeof *t->deliveries);
    if (!t->deliveries) return false;
    t->n_deliveries = e->n;
    for (size_t i = 0; i < e->n; i++)
        t->deliveries[i] = (delivery){.of = t,
                                      .i = i,
                                      .rcpt_to = bb_dup(&t->arena, e->recipients[i].address),
                                      .orcpt = bb_dup(&t->arena, e->recipients[i].orcpt)};
    return !t->arena.failed;
}

static void take_message(connection *c, const bb_lmtp_event *e)
{
    server *s = c->of;
    talk *k = talk_of(c);
    const bb_lmtp_envelope *envelope = bb_lmtp_mail(k->machine);
    transaction *t = k->mail ? k->mail : begin_message(c); /* of no octets at all */
    k->messages++;
    if (!t || k->no_memory || !copy_envelope(t, envelope)) {
        log_trouble(&s->log, "memory", "no memory for a message: it is put off");
        forget_message(c);
        size_t n = envelope->n;
        for (size_t i = 0; i < n; i++) bb_lmtp_answer(k->machine, i, later, server_clock());
        return;
    }
    t->size = e->size;
    t->cut = e->cut;
    t->received = s->c->now_given ? s->c->now : bb_os_now();
    t->whole = bb_os_monotonic();
    k->data_since = BB_NO_TIME;
    if (s->favoured == c) s->favoured = NULL;
    give_more(s, t);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static void log_outcome(server *s, const delivery *d)
{
    const outcome *o = &d->out;
    const transaction *t = d->of;
    server_log *l = &s->log;
    const char *result = !o->stored                         ? "deferred"
                         : o->result == BB_RESULT_DUPLICATE ? "duplicate"
                         : o->result == BB_RESULT_COUNTED   ? "counted"
                                                            : "stored";
    log_begin(l, o->stored ? "info" : "warning", "message");
    if (t->from) {
        log_int(l, "connection", (int64_t)t->from->number);
        log_str(l, "client", bb_cstr(t->from->client));
    }
    log_str(l, "from", t->sender.n ? t->sender : BB_S("<>"));
    log_str(l, "to", d->rcpt_to);
    if (!bb_eq(d->orcpt, d->rcpt_to)) log_str(l, "orcpt", d->orcpt);
    log_int(l, "size", (int64_t)t->size);
    if (t->cut) log_str(l, "cut", BB_S("yes"));
    log_str(l, "result", bb_cstr(result));
    if (o->stored && !o->report) log_str(l, "kind", bb_cstr(o->unsubscribes ? "unsubscription" : "no report"));
    if (o->stored && o->report) {
        log_str(l, "kind", bb_cstr(bb_kind_word(o->kind)));
        log_str(l, "reason", bb_cstr(bb_reason_word(o->reason)));
        log_str(l, "rule", bb_cstr(o->rule));
    }
    if (o->stored && (o->report || o->unsubscribes)) {
        if (o->subscriber) log_int(l, "subscriber", (int64_t)o->subscriber);
        log_str(l, "list", bb_cstr(o->list));
        if (o->subscriber) log_str(l, "trust", bb_cstr(bb_trust_word(o->trust)));
    }
    if (o->token != BB_TOKEN_MALFORMED) log_str(l, "token", bb_cstr(bb_token_result_word(o->token)));
    log_str(l, "error", bb_cstr(o->error));
    log_int(l, "ms", (int64_t)((bb_os_monotonic() - t->whole) * 1000));
    log_end(l);
}

void delivery_done(server *s, delivery *d)
{
    transaction *t = d->of;
    connection *c = t->from;
    t->under_way--;
    s->under_way--;
    log_outcome(s, d);
    if (c) {
        if (d->out.stored) talk_of(c)->stored++;
        bb_lmtp_answer(talk_of(c)->machine, d->i, d->out.stored ? stored : later, server_clock());
        give_more(s, t);
    }
    if (t->under_way || (c && t->given < t->n_deliveries)) return;
    if (c) talk_of(c)->mail = NULL;
    transaction_free(s, t);
    if (c) connection_drive(c);
}

/* ---- events --------------------------------------------------------------------------------------------- */

static step hear(connection *c, const bb_lmtp_event *e)
{
    static const bb_lmtp_reply ok = {250, {"2.1.5", 5}, {"Ok", 2}};
    talk *k = talk_of(c);
    switch (e->type) {
    case BB_LMTP_HELLO:
        snprintf(k->helo, sizeof k->helo, "%.*s", (int)(e->text.n < 127 ? e->text.n : 127), e->text.p);
        break;
    /* Every recipient is taken: what a wrong return path brings is recorded, as ingest records it. */
    case BB_LMTP_OFFER: bb_lmtp_take(k->machine, ok, server_clock()); break;
    case BB_LMTP_CHUNK: take_chunk(c, e->text); break;
    case BB_LMTP_MESSAGE: take_message(c, e); break;
    case BB_LMTP_FORGOTTEN: forget_message(c); break;
    case BB_LMTP_CLOSE:
        k->ended = true;
        k->end = e->end;
        return STEP_CLOSE;
    case BB_LMTP_MORE: return STEP_MORE;
    case BB_LMTP_WAIT: return STEP_WAIT;
    case BB_LMTP_FULL: return STEP_FULL;
    }
    return STEP_ON;
}

static step lmtp_step(connection *c)
{
    bb_lmtp_event e;
    size_t taken = bb_lmtp_step(talk_of(c)->machine, c->in, server_clock(), &e);
    c->in = bb_sub(c->in, taken, BB_NPOS);
    return hear(c, &e);
}

/* Too much memory in use: messages that are half here hold it until they are whole, so one of them goes on. */
static bool lmtp_may_read(connection *c)
{
    server *s = c->of;
    const transaction *t = talk_of(c)->mail;
    if (server_has_memory(s)) return true;
    if (!s->favoured && t && !t->n_deliveries) s->favoured = c;
    return s->favoured == c;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static bool lmtp_open(connection *c)
{
    talk *k = calloc(1, sizeof *k);
    if (k) k->machine = bb_lmtp_new(&bb_os_alloc, &c->of->options, c->begun);
    if (!k || !k->machine) {
        free(k);
        return false;
    }
    k->data_since = BB_NO_TIME;
    c->talk = k;
    return true;
}

static void log_connection(connection *c)
{
    static const char *const ends[] = {[BB_LMTP_QUIT] = "quit",
                                       [BB_LMTP_EOF] = "closed by the client",
                                       [BB_LMTP_ABUSE] = "too many mistakes",
                                       [BB_LMTP_TIMEOUT] = "timeout",
                                       [BB_LMTP_STOPPED] = "stopped"};
    server_log *l = &c->of->log;
    const talk *k = talk_of(c);
    log_begin(l, "info", "connection");
    log_int(l, "connection", (int64_t)c->number);
    log_str(l, "client", bb_cstr(c->client));
    log_str(l, "helo", bb_cstr(k->helo));
    log_int(l, "messages", (int64_t)k->messages);
    log_int(l, "stored", (int64_t)k->stored);
    log_int(l, "seconds", server_clock() - c->begun);
    log_str(l, "end", bb_cstr(k->ended ? ends[k->end] : "lost"));
    log_end(l);
}

static void lmtp_close(connection *c)
{
    talk *k = talk_of(c);
    log_connection(c);
    if (k->mail && k->mail->under_way) k->mail->from = NULL; /* it goes on, and nobody hears of it */
    else transaction_free(c->of, k->mail);
    if (c->of->favoured == c) c->of->favoured = NULL;
    bb_lmtp_free(k->machine);
    free(k);
}

static after_tick lmtp_tick(connection *c, bb_time now)
{
    server *s = c->of;
    talk *k = talk_of(c);
    bb_time deadline = bb_lmtp_deadline(k->machine);
    bb_time since = k->data_since > c->resumed ? k->data_since : c->resumed;
    if (k->data_since != BB_NO_TIME && now - since >= s->data_timeout) {
        k->ended = true;
        k->end = BB_LMTP_TIMEOUT;
        return TICK_CLOSE;
    }
    if (deadline == BB_NO_TIME || now < deadline || now < c->resumed + s->options.timeout) return TICK_NOTHING;
    bb_lmtp_tick(k->machine, now);
    return TICK_GO_ON;
}

static bb_str lmtp_output(const connection *c)
{
    return bb_lmtp_output(talk_of(c)->machine);
}

static void lmtp_sent(connection *c, size_t n)
{
    bb_lmtp_sent(talk_of(c)->machine, n, server_clock());
}

static void lmtp_eof(connection *c)
{
    bb_lmtp_eof(talk_of(c)->machine);
}

static void lmtp_stop(connection *c)
{
    bb_lmtp_stop(talk_of(c)->machine);
}

const protocol speaks_lmtp = {.no_memory = "421 4.3.0 Out of memory, try again later\r\n",
                              .open = lmtp_open,
                              .close = lmtp_close,
                              .step = lmtp_step,
                              .output = lmtp_output,
                              .sent = lmtp_sent,
                              .eof = lmtp_eof,
                              .may_read = lmtp_may_read,
                              .tick = lmtp_tick,
                              .stop = lmtp_stop};
