/* SPDX-License-Identifier: MIT
 *
 * A client's socket, whatever is spoken on it: bytes to the machine and back, and when to hear of what.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "app/daemon/daemon.h"

void connection_close(connection *c)
{
    server *s = c->of;
    c->speaks->close(c);
    if (c->readable) event_free(c->readable);
    if (c->writable) event_free(c->writable);
    close(c->fd);
    free(c->kept);
    *(c->prev ? &c->prev->next : &s->first) = c->next;
    if (c->next) c->next->prev = c->prev;
    c->by->n_connections--;
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
    for (bb_str out; (out = c->speaks->output(c)).n;) {
        ssize_t n = send(c->fd, out.p, out.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        c->speaks->sent(c, (size_t)n);
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

/* Until the machine wants something that is not here. False: the connection is gone. */
static bool run_machine(connection *c)
{
    step done;
    do {
        done = c->speaks->step(c);
        if (done == STEP_FULL) {
            if (!send_output(c)) return false;
            if (!c->speaks->output(c).n) done = STEP_ON;
        }
    } while (done == STEP_ON);
    c->waits = done == STEP_WAIT || done == STEP_FULL;
    c->closing = done == STEP_CLOSE;
    return true;
}

void connection_drive(connection *c)
{
    if (!c->closing && !run_machine(c)) {
        connection_close(c);
        return;
    }
    bool alive = send_output(c);
    bool more = alive && c->speaks->output(c).n;
    if (!alive || (c->closing && !more) || !keep_rest(c)) {
        connection_close(c);
        return;
    }
    bool ready = !c->closing && !c->waits, may = ready && (!c->speaks->may_read || c->speaks->may_read(c));
    if (may && c->paused) c->resumed = server_clock();
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
    if (n == 0) c->speaks->eof(c);
    c->in = (bb_str){c->of->room, (size_t)n}; /* only read when all that was there is taken */
    connection_drive(c);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    connection_drive(ctx);
}

void connection_open(service *by, int fd, bool guarded, const char *client)
{
    server *s = by->of;
    connection *c = calloc(1, sizeof *c);
    if (c) {
        *c = (connection){.of = s,
                          .by = by,
                          .speaks = by->speaks,
                          .fd = fd,
                          .guarded = guarded,
                          .number = ++s->numbers,
                          .begun = server_clock()};
        c->resumed = c->begun;
        snprintf(c->client, sizeof c->client, "%s", client);
        c->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
        c->writable = event_new(s->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    }
    if (!c || !c->readable || !c->writable || !c->speaks->open(c)) {
        const char *said = by->speaks->no_memory;
        if (send(fd, said, strlen(said), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) errno = 0;
        if (c && c->readable) event_free(c->readable);
        if (c && c->writable) event_free(c->writable);
        free(c);
        close(fd);
        return;
    }
    c->next = s->first;
    if (s->first) s->first->prev = c;
    s->first = c;
    by->n_connections++;
    connection_drive(c);
}

void connection_tick(connection *c)
{
    if (c->paused) return; /* it is us who do not listen */
    switch (c->speaks->tick(c, server_clock())) {
    case TICK_NOTHING: break;
    case TICK_GO_ON: connection_drive(c); break;
    case TICK_CLOSE: connection_close(c); break;
    }
}

void connection_stop(connection *c)
{
    c->speaks->stop(c);
    if (!c->waits) connection_drive(c);
}
