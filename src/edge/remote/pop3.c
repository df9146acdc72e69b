/* SPDX-License-Identifier: MIT
 *
 * A mailbox by POP3 (RFC 1939). Which messages were read is known by their names in UIDL; a server without it is read
 * anew each time. DELE is said behind the commit, and counts for the server when we QUIT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire/pop3.h"
#include "edge/remote/internal.h"

typedef struct {
    bb_str *uidls; /* one an entry; empty: the server has none */
    char *message; /* the one being put together; kept from one to the next */
    size_t n, cap;
    bool cut;
    bool deletes; /* something goes when we quit */
    char said[200];
} pop3;

static pop3 *of(const bb_remote *r)
{
    return r->own;
}

/* ---- commands and answers ------------------------------------------------------------------------------------- */

/* The next line, without its end; it is passed already. */
static bool await_line(bb_remote *r, bb_str *line, bb_err *err)
{
    remote_connection *c = &r->connection;
    for (;;) {
        bb_str came = remote_came(c);
        size_t lf = bb_chr(came, '\n');
        if ((lf == BB_NPOS ? came.n : lf) >= BB_POP3_LINE_MAX) return remote_confused(c, err, "a line without end");
        if (lf == BB_NPOS) {
            if (!remote_wait(c, came.n + 1, err)) return false;
            continue;
        }
        *line = bb_sub(came, 0, lf);
        if (line->n && line->p[line->n - 1] == '\r') line->n--;
        remote_pass(c, lf + 1);
        return true;
    }
}

/* True: it was answered; *ok: well. */
static bool command(bb_remote *r, bool *ok, bb_err *err, const char *line)
{
    bb_str answer = {0}, text = {0};
    if (!remote_say(&r->connection, bb_cstr(line), err) || !await_line(r, &answer, err)) return false;
    bb_pop3_answer got = bb_pop3_read(answer, &text);
    if (got == BB_POP3_NOTHING) return remote_confused(&r->connection, err, "an answer that is none");
    *ok = got == BB_POP3_OK;
    snprintf(of(r)->said, sizeof of(r)->said, BB_FMT, BB_ARG(text));
    return true;
}

static bool refused(bb_remote *r, const char *doing, bb_err *err)
{
    return bb_fail(err, BB_EIO, "%s: the server refuses to %s: %s", r->where, doing, of(r)->said);
}

typedef bool line_fn(bb_remote *r, bb_str line, bb_err *err);

/* The lines behind an answer, up to the dot. */
static bool each_line(bb_remote *r, line_fn *each, bb_err *err)
{
    bb_str line = {0};
    for (;;) {
        if (!await_line(r, &line, err)) return false;
        if (bb_eq(line, BB_S("."))) return true;
        if (!each(r, line, err)) return false;
    }
}

/* ---- what there is -------------------------------------------------------------------------------------------- */

static bool see_size(bb_remote *r, bb_str line, bb_err *err)
{
    remote_entries *e = &r->entries;
    uint32_t number;
    uint64_t size;
    if (!bb_pop3_size(line, &number, &size) || (e->n && number <= e->items[e->n - 1].id))
        return remote_confused(&r->connection, err, "a line of LIST that cannot be read");
    r->total += size;
    return remote_add(e, (remote_entry){.id = number, .size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size}, err);
}

static bool see_uidl(bb_remote *r, bb_str line, bb_err *err)
{
    uint32_t number;
    bb_str uidl;
    if (!bb_pop3_uidl(line, &number, &uidl))
        return remote_confused(&r->connection, err, "a line of UIDL that cannot be read");
    size_t from = 0, to = r->entries.n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (r->entries.items[middle].id < number) from = middle + 1;
        else to = middle;
    }
    if (from < r->entries.n && r->entries.items[from].id == number) of(r)->uidls[from] = bb_dup(&r->arena, uidl);
    return true;
}

static bool pop3_open(bb_remote *r, bb_err *err)
{
    pop3 *m = r->own = calloc(1, sizeof *m);
    bool ok = false;
    if (!m) return bb_fail(err, BB_ENOMEM, "no memory to read mail");
    if (r->o.done == BB_DONE_SEEN || r->o.done == BB_DONE_MOVE)
        return bb_fail(err, BB_EUSAGE, "%s: POP3 can only keep and delete; read it by IMAP to do otherwise", r->where);
    if (!command(r, &ok, err, "LIST\r\n")) return false;
    if (!ok) return refused(r, "list its messages", err);
    if (!each_line(r, see_size, err)) return false;
    m->uidls = bb_get_array(&r->arena, r->entries.n + 1, sizeof *m->uidls);
    if (!m->uidls) return bb_fail(err, BB_ENOMEM, "no memory for the list of messages");
    if (!command(r, &ok, err, "UIDL\r\n") || (ok && !each_line(r, see_uidl, err))) return false;
    return !r->arena.failed || bb_fail(err, BB_ENOMEM, "no memory for the list of messages");
}

/* ---- messages ------------------------------------------------------------------------------------------------- */

static bool append(pop3 *m, bb_str s)
{
    if (s.n > BB_MESSAGE_MAX - m->n) {
        s.n = BB_MESSAGE_MAX - m->n;
        m->cut = true;
    }
    if (s.n > m->cap - m->n) {
        size_t cap = m->cap ? m->cap : (size_t)256 << 10;
        while (cap < m->n + s.n) cap *= 2;
        char *grown = realloc(m->message, cap);
        if (!grown) return false;
        m->message = grown;
        m->cap = cap;
    }
    if (s.n) memcpy(m->message + m->n, s.p, s.n);
    m->n += s.n;
    return true;
}

/* What is beyond the limit is read all the same, since it stands before the next answer. */
static bool read_message(bb_remote *r, bb_err *err)
{
    pop3 *m = of(r);
    bb_pop3_data data = {0};
    m->n = 0;
    m->cut = false;
    for (bool ended = false; !ended;) {
        bb_str came = remote_came(&r->connection), chunk;
        if (!came.n) {
            if (!remote_wait(&r->connection, 1, err)) return false;
            continue;
        }
        size_t n = bb_pop3_take(&data, came, &chunk, &ended);
        if (!append(m, chunk)) {
            r->connection.gone = true;
            return bb_fail(err, BB_ENOMEM, "%s: no memory for a message", r->where);
        }
        remote_pass(&r->connection, n);
    }
    return true;
}

/* The record of one message. */
static bb_progress record_of(const bb_remote *r, size_t entry)
{
    bb_str uidl = of(r)->uidls[entry];
    if (!uidl.n) return (bb_progress){0};
    return (bb_progress){.file = remote_identity(r, uidl), .behind = 1};
}

static bool is_known(const bb_remote *r, size_t entry)
{
    bb_progress p = record_of(r, entry);
    return r->o.known && r->o.done == BB_DONE_KEEP && p.behind && r->o.known(r->o.known_ctx, &p);
}

static int pop3_next(bb_remote *r, bb_mailbox_message *out, bb_err *err)
{
    pop3 *m = of(r);
    char line[32], number[16];
    bool ok = false;
    while (r->at < r->entries.n && is_known(r, r->at)) r->done += r->entries.items[r->at++].size;
    if (r->at == r->entries.n) return 0;
    size_t entry = r->at++;
    const remote_entry *e = &r->entries.items[entry];
    snprintf(number, sizeof number, "%u", e->id);
    snprintf(line, sizeof line, "RETR %s\r\n", number);
    if (!command(r, &ok, err, line)) return -1;
    if (!ok) {
        bb_fail(err, BB_EIO, "%s: the server does not give message %s: %s", r->where, number, m->said);
        return -1;
    }
    if (!read_message(r, err)) return -1;
    bool named = m->uidls[entry].n;
    *out = remote_message(r, e, named ? "UIDL" : "NUMBER", named ? m->uidls[entry] : bb_cstr(number));
    out->bytes = (bb_str){m->message, m->n};
    out->cut = m->cut;
    out->progress = record_of(r, entry);
    return 1;
}

/* ---- what is stored ------------------------------------------------------------------------------------------- */

static bool pop3_put_away(bb_remote *r, const uint64_t *ids, size_t n, bb_err *err)
{
    for (size_t i = 0; i < n; i++) {
        char line[32];
        bool ok = false;
        snprintf(line, sizeof line, "DELE %u\r\n", (uint32_t)ids[i]);
        if (!command(r, &ok, err, line)) return false;
        if (!ok) return refused(r, "delete a message", err);
        of(r)->deletes = true;
    }
    return true;
}

static bool pop3_leave(bb_remote *r, bb_err *err)
{
    pop3 *m = of(r);
    bool ok = true;
    if (!m || !m->deletes) {
        (void)!remote_say(&r->connection, BB_S("QUIT\r\n"), NULL);
    } else if (!command(r, &ok, err, "QUIT\r\n") || !ok) {
        if (!ok) refused(r, "delete messages", err);
        return bb_fail_in(err, "mail that is stored may stay on the server and is met again");
    }
    return true;
}

static void pop3_end(bb_remote *r)
{
    if (r->own) free(of(r)->message);
}

const remote_ops remote_pop3 = {
    .open = pop3_open, .next = pop3_next, .put_away = pop3_put_away, .leave = pop3_leave, .end = pop3_end};
