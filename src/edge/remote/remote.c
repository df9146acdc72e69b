/* SPDX-License-Identifier: MIT
 *
 * A mailbox on a server, whichever protocol it is.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "edge/remote/internal.h"

bool remote_add(remote_entries *e, remote_entry entry, bb_err *err)
{
    if (e->n == REMOTE_MESSAGES_MAX)
        return bb_fail(err, BB_EDATA, "the mailbox has more than %u messages", REMOTE_MESSAGES_MAX);
    if (e->n == e->cap) {
        size_t cap = e->cap ? 2 * e->cap : 256;
        remote_entry *grown = realloc(e->items, cap * sizeof *grown);
        if (!grown) return bb_fail(err, BB_ENOMEM, "no memory for the list of messages");
        e->items = grown;
        e->cap = cap;
    }
    e->items[e->n++] = entry;
    return true;
}

/* The usual ports are the same mailbox with TLS and without. */
bb_hash remote_identity(const bb_remote *r, bb_str more)
{
    const bb_remote_url *u = &r->o.url;
    uint16_t port = u->port == remote_default_port(u->scheme) ? 0 : u->port;
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_field(&h, bb_sub(bb_cstr(u->scheme), 0, 4)); /* "imap", "pop3" */
    bb_hash_field(&h, bb_cstr(u->host));
    bb_hash_field(&h, (bb_str){(const char *)&port, sizeof port});
    bb_hash_field(&h, bb_cstr(u->user));
    bb_hash_field(&h, bb_cstr(u->mailbox));
    bb_hash_field(&h, more);
    return bb_hash_end(&h);
}

bb_mailbox_message remote_message(bb_remote *r, const remote_entry *e, const char *named, bb_str name)
{
    bb_arena_reset(&r->names);
    r->done += e->size;
    return (bb_mailbox_message){.source = bb_sprintf(&r->names, "%s;%s=" BB_FMT, r->where, named, BB_ARG(name)),
                                .from_line = BB_NO_TIME,
                                .done = r->done,
                                .total = r->total,
                                .path = r->where,
                                .last = true,
                                .id = e->id};
}

static const char *where(bb_arena *a, const bb_remote_url *u)
{
    bb_buf b = bb_buf_in(a, 4096);
    bb_putf(&b, "%s://%s%s%s", u->scheme, u->user, u->user[0] ? "@" : "", u->host);
    if (u->port != remote_default_port(u->scheme)) bb_putf(&b, ":%u", u->port);
    if (bb_starts(bb_cstr(u->scheme), BB_S("imap"))) bb_putf(&b, "/%s", u->mailbox);
    return bb_dup(a, bb_buf_str(&b)).p;
}

bool bb_remote_open(const bb_remote_options *o, bb_remote **out, bb_err *err)
{
    bb_remote *r = calloc(1, sizeof *r);
    if (!r) return bb_fail(err, BB_ENOMEM, "no memory to read mail");
    r->o = *o;
    r->connection.fd = -1;
    r->ops = bb_starts(bb_cstr(o->url.scheme), BB_S("imap")) ? &remote_imap : &remote_pop3;
    bb_arena_init(&r->arena, &bb_os_alloc, BB_ARENA_LIMIT);
    bb_arena_init(&r->names, &bb_os_alloc, BB_ARENA_LIMIT);
    bb_arena_init(&r->scratch, &bb_os_alloc, BB_ARENA_LIMIT);
    r->where = where(&r->arena, &o->url);
    if (!r->where) bb_fail(err, BB_ENOMEM, "no memory to read mail");
    if (r->where && remote_connect(&r->connection, &r->o, err)) {
        if (r->ops->open(r, err)) {
            *out = r;
            return true;
        }
        r->ops->leave(r, NULL);
    }
    r->connection.gone = true; /* goodbye was said, or nobody ever heard us */
    bb_remote_close(&r, NULL);
    return false;
}

int bb_remote_next(bb_remote *r, bb_mailbox_message *out, bb_err *err)
{
    if (r->connection.gone) {
        bool tell = !r->told && !r->connection.stopped;
        r->told = true;
        if (tell) bb_fail(err, BB_EAWAY, "%s: the connection broke off; what is stored so far stays", r->where);
        return tell ? -1 : 0;
    }
    int got = r->ops->next(r, out, err);
    if (got < 0 && r->connection.gone) {
        r->told = true;
        return r->connection.stopped ? 0 : -1;
    }
    return got;
}

bool bb_remote_put_away(bb_remote *r, const uint64_t *ids, size_t n, bb_err *err)
{
    if (r->o.done == BB_DONE_KEEP || !n) return true;
    return r->ops->put_away(r, ids, n, err) ||
           bb_fail_in(err, "mail that is stored stays on the server and is met again");
}

bool bb_remote_close(bb_remote **remote, bb_err *err)
{
    bb_remote *r = *remote;
    if (!r) return true;
    bool good = r->connection.gone || r->ops->leave(r, err);
    if (r->ops->end) r->ops->end(r);
    remote_hang_up(&r->connection);
    free(r->entries.items);
    free(r->own);
    bb_arena_free(&r->scratch);
    bb_arena_free(&r->names);
    bb_arena_free(&r->arena);
    free(r);
    *remote = NULL;
    return good;
}
