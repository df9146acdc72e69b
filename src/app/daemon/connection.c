/* SPDX-License-Identifier: MIT
 *
 * One connection: bytes to the LMTP machine and back, its events, and answers when they come.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "app/daemon/daemon.h"

#define AT_ONCE 16 /* recipients of one message that are under way: each takes memory of its own */

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
    c->mail = t;
    c->data_since = server_clock();
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
    transaction *t = c->mail ? c->mail : begin_message(c);
    if (!t || c->no_memory || !grow(c, t, t->n + chunk.n)) {
        c->no_memory = true; /* which is answered at the end */
        return;
    }
    memcpy(t->bytes + t->n, chunk.p, chunk.n);
    t->n += chunk.n;
}

static void forget_message(connection *c)
{
    transaction_free(c->of, c->mail);
    c->mail = NULL;
    c->no_memory = false;
    c->data_since = BB_NO_TIME;
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
        queue_put(&s->pool.to_read, d);
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
    const bb_lmtp_envelope *envelope = bb_lmtp_mail(c->machine);
    transaction *t = c->mail ? c->mail : begin_message(c); /* of no octets at all */
    c->messages++;
    if (!t || c->no_memory || !copy_envelope(t, envelope)) {
        log_trouble(&s->log, "memory", "no memory for a message: it is put off");
        forget_message(c);
        size_t n = envelope->n;
        for (size_t i = 0; i < n; i++) bb_lmtp_answer(c->machine, i, later, server_clock());
        return;
    }
    t->size = e->size;
    t->cut = e->cut;
    t->received = s->c->now_given ? s->c->now : bb_os_now();
    t->whole = bb_os_monotonic();
    c->data_since = BB_NO_TIME;
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
    if (o->stored && !o->report) log_str(l, "kind", BB_S("no report"));
    if (o->stored && o->report) {
        log_str(l, "kind", bb_cstr(bb_kind_word(o->kind)));
        log_str(l, "reason", bb_cstr(bb_reason_word(o->reason)));
        log_str(l, "rule", bb_cstr(o->rule));
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
        if (d->out.stored) c->stored++;
        bb_lmtp_answer(c->machine, d->i, d->out.stored ? stored : later, server_clock());
        give_more(s, t);
    }
    if (t->under_way || (c && t->given < t->n_deliveries)) return;
    if (c) c->mail = NULL;
    transaction_free(s, t);
    if (c) connection_drive(c);
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static void log_connection(connection *c)
{
    static const char *const ends[] = {[BB_LMTP_QUIT] = "quit",
                                       [BB_LMTP_EOF] = "closed by the client",
                                       [BB_LMTP_ABUSE] = "too many mistakes",
                                       [BB_LMTP_TIMEOUT] = "timeout",
                                       [BB_LMTP_STOPPED] = "stopped"};
    server_log *l = &c->of->log;
    log_begin(l, "info", "connection");
    log_int(l, "connection", (int64_t)c->number);
    log_str(l, "client", bb_cstr(c->client));
    log_str(l, "helo", bb_cstr(c->helo));
    log_int(l, "messages", (int64_t)c->messages);
    log_int(l, "stored", (int64_t)c->stored);
    log_int(l, "seconds", server_clock() - c->begun);
    log_str(l, "end", bb_cstr(c->ended ? ends[c->end] : "lost"));
    log_end(l);
}

void connection_close(connection *c)
{
    server *s = c->of;
    log_connection(c);
    if (c->mail && c->mail->under_way) c->mail->from = NULL; /* it goes on, and nobody hears of it */
    else transaction_free(s, c->mail);
    if (c->readable) event_free(c->readable);
    if (c->writable) event_free(c->writable);
    close(c->fd);
    bb_lmtp_free(c->machine);
    free(c->kept);
    *(c->prev ? &c->prev->next : &s->first) = c->next;
    if (c->next) c->next->prev = c->prev;
    s->n_connections--;
    if (s->favoured == c) s->favoured = NULL;
    free(c);
    server_accept(s);
}

/* Which of the two is to be heard of. */
static void want(connection *c, bool reads, bool writes)
{
    if (reads != c->reads) (reads ? event_add(c->readable, NULL) : event_del(c->readable));
    if (writes != c->writes) (writes ? event_add(c->writable, NULL) : event_del(c->writable));
    c->reads = reads;
    c->writes = writes;
}

/* False: it is gone. */
static bool send_output(connection *c)
{
    for (bb_str out; (out = bb_lmtp_output(c->machine)).n;) {
        ssize_t n = send(c->fd, out.p, out.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        bb_lmtp_sent(c->machine, (size_t)n, server_clock());
    }
    return true;
}

/* Bytes that are not taken yet move to a place of their own. False: no memory. */
static bool keep_rest(connection *c)
{
    bool own = c->kept && c->in.n && c->in.p >= c->kept && c->in.p < c->kept + READ_ROOM;
    if (own) return true;
    char *kept = NULL;
    if (c->in.n) {
        kept = malloc(READ_ROOM);
        if (!kept) return false;
        memcpy(kept, c->in.p, c->in.n);
        c->in.p = kept;
    }
    free(c->kept);
    c->kept = kept;
    return true;
}

static void hear(connection *c, const bb_lmtp_event *e)
{
    static const bb_lmtp_reply ok = {250, {"2.1.5", 5}, {"Ok", 2}};
    switch (e->type) {
    case BB_LMTP_HELLO:
        snprintf(c->helo, sizeof c->helo, "%.*s", (int)(e->text.n < 127 ? e->text.n : 127), e->text.p);
        break;
    /* Every recipient is taken: what a wrong return path brings is recorded, as ingest records it. */
    case BB_LMTP_OFFER: bb_lmtp_take(c->machine, ok, server_clock()); break;
    case BB_LMTP_CHUNK: take_chunk(c, e->text); break;
    case BB_LMTP_MESSAGE: take_message(c, e); break;
    case BB_LMTP_FORGOTTEN: forget_message(c); break;
    case BB_LMTP_CLOSE:
        c->closing = c->ended = true;
        c->end = e->end;
        break;
    case BB_LMTP_MORE:
    case BB_LMTP_WAIT:
    case BB_LMTP_FULL: break;
    }
}

/* Until the machine wants something that is not here. False: the connection is gone. */
static bool run_machine(connection *c)
{
    bb_lmtp_event e;
    do {
        size_t taken = bb_lmtp_step(c->machine, c->in, server_clock(), &e);
        c->in = bb_sub(c->in, taken, BB_NPOS);
        hear(c, &e);
        if (e.type == BB_LMTP_FULL) {
            if (!send_output(c)) return false;
            if (bb_lmtp_output(c->machine).n) break;
        }
    } while (e.type != BB_LMTP_MORE && e.type != BB_LMTP_WAIT && e.type != BB_LMTP_CLOSE);
    c->waits = e.type == BB_LMTP_WAIT || e.type == BB_LMTP_FULL;
    return true;
}

void connection_drive(connection *c)
{
    if (!c->closing && !run_machine(c)) {
        connection_close(c);
        return;
    }
    bool alive = send_output(c);
    bool more = alive && bb_lmtp_output(c->machine).n;
    if (!alive || (c->closing && !more) || !keep_rest(c)) {
        connection_close(c);
        return;
    }
    bool ready = !c->closing && !c->waits, may = ready && server_may_read(c->of, c);
    if (may && c->paused) c->resumed = server_clock();
    if (may && c->paused && c->data_since != BB_NO_TIME) c->data_since = c->resumed;
    c->paused = ready && !may;
    want(c, may, more);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    connection *c = ctx;
    (void)what;
    ssize_t n = read(fd, c->of->room, sizeof c->of->room);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) {
        connection_close(c);
        return;
    }
    if (n == 0) bb_lmtp_eof(c->machine);
    c->in = (bb_str){c->of->room, (size_t)n}; /* only read when all that was there is taken */
    connection_drive(c);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    connection_drive(ctx);
}

void connection_open(server *s, int fd, bool guarded, const char *client)
{
    static const char no_memory[] = "421 4.3.0 Out of memory, try again later\r\n";
    connection *c = calloc(1, sizeof *c);
    if (c) {
        *c = (connection){.of = s,
                          .fd = fd,
                          .guarded = guarded,
                          .number = ++s->numbers,
                          .data_since = BB_NO_TIME,
                          .begun = server_clock()};
        c->resumed = c->begun;
        snprintf(c->client, sizeof c->client, "%s", client);
        c->machine = bb_lmtp_new(&bb_os_alloc, &s->options, c->begun);
        c->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
        c->writable = event_new(s->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    }
    if (!c || !c->machine || !c->readable || !c->writable) {
        if (send(fd, no_memory, sizeof no_memory - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) errno = 0;
        if (c && c->readable) event_free(c->readable);
        if (c && c->writable) event_free(c->writable);
        if (c) bb_lmtp_free(c->machine);
        free(c);
        close(fd);
        return;
    }
    c->next = s->first;
    if (s->first) s->first->prev = c;
    s->first = c;
    s->n_connections++;
    connection_drive(c);
}

void connection_tick(connection *c)
{
    server *s = c->of;
    bb_time now = server_clock(), deadline = bb_lmtp_deadline(c->machine);
    if (c->paused) return; /* it is us who do not listen */
    if (c->data_since != BB_NO_TIME && now - c->data_since >= s->data_timeout) {
        c->ended = true;
        c->end = BB_LMTP_TIMEOUT;
        connection_close(c);
        return;
    }
    if (deadline == BB_NO_TIME || now < deadline || now < c->resumed + s->options.timeout) return;
    bb_lmtp_tick(c->machine, now);
    connection_drive(c);
}

void connection_stop(connection *c)
{
    bb_lmtp_stop(c->machine);
    if (!c->waits) connection_drive(c);
}
