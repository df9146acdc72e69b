/* SPDX-License-Identifier: MIT
 *
 * A mailbox by IMAP (RFC 3501; MOVE RFC 6851, UIDPLUS RFC 4315).
 *
 * Messages are fetched with BODY.PEEK, so that reading marks nothing; many small ones by one command, whose answers stand
 * in the connection's buffer until they are given. How far the mailbox was read is the highest UID up to which everything
 * was given: one that the server cannot give just now holds that back, and comes again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/wire/imap.h"
#include "edge/remote/internal.h"

#define CHUNK       64                  /* messages by one command */
#define CHUNK_BYTES ((size_t)512 << 10) /* of them; one that is larger comes alone */
#define SET_MAX     4000                /* octets of a set in a command; servers take lines of 8000 */
#define NAMES_SHOWN 12                  /* mailboxes, where the wanted one is not there */

static const bb_imap_limits limits = {.line_max = (size_t)64 << 10, .literal_max = BB_MESSAGE_MAX};

typedef struct {
    size_t entry;
    size_t offset, n; /* of its bytes, in the connection's buffer */
    bb_time arrived;
    bool came, has_body;
} fetched;

typedef struct {
    unsigned tag;
    bool can_move, can_expunge; /* single messages */
    bool others_deleted;        /* somebody else marked messages as deleted */
    uint32_t validity, exists;
    bb_progress read; /* of the mailbox; no validity: it cannot be known */
    size_t low;       /* everything before this entry was given, or is gone */
    size_t alone;     /* before this entry they are fetched one by one */
    fetched chunk[CHUNK];
    size_t n_chunk, given;
    bb_buf names; /* of mailboxes */
    size_t n_names;
    /* the answer to the last command */
    bb_imap_type type;
    char code[64], said[200];
} imap;

static imap *of(const bb_remote *r)
{
    return r->own;
}

/* ---- commands and answers ------------------------------------------------------------------------------------- */

/* What an answer that belongs to no command says. False: err. */
typedef bool each_fn(bb_remote *r, const bb_imap_response *a, bb_err *err);

static bool await(bb_remote *r, bb_imap_response *out, size_t *n, bb_err *err)
{
    for (;;) {
        bb_str came = remote_came(&r->connection);
        switch (bb_imap_whole(came, &limits, n)) {
        case BB_IMAP_WHOLE: *out = bb_imap_read(bb_sub(came, 0, *n)); return true;
        case BB_IMAP_BROKEN:
            return remote_confused(&r->connection, err, "a line or a message is longer than it may be");
        case BB_IMAP_MORE: break;
        }
        if (!remote_wait(&r->connection, *n, err)) return false;
    }
}

static void keep_answer(imap *m, const bb_imap_response *a)
{
    m->type = a->type;
    snprintf(m->code, sizeof m->code, BB_FMT, BB_ARG(a->code));
    snprintf(m->said, sizeof m->said, BB_FMT, BB_ARG(a->rest));
}

static bool goodbye(bb_remote *r, const bb_imap_response *a, bb_err *err)
{
    r->connection.gone = true;
    return bb_fail(err, BB_EAWAY, "%s: the server ends the session: " BB_FMT, r->where, BB_ARG(a->rest));
}

/* True: it was answered, with what stands in m->type. */
static bool command(bb_remote *r, each_fn *each, bb_str line, bb_err *err)
{
    imap *m = of(r);
    bb_imap_response a = {0};
    size_t n = 0;
    bb_str tag = bb_sprintf(&r->scratch, "b%u", ++m->tag);
    bb_str whole = bb_sprintf(&r->scratch, BB_FMT " " BB_FMT "\r\n", BB_ARG(tag), (int)line.n, line.p);
    if (r->scratch.failed) return bb_fail(err, BB_ENOMEM, "no memory");
    if (!remote_say(&r->connection, whole, err)) return false;
    do {
        if (!await(r, &a, &n, err)) return false;
        bool untagged = bb_eq(a.tag, BB_S("*"));
        if (untagged && a.type == BB_IMAP_BYE) return goodbye(r, &a, err);
        if (untagged ? a.type == BB_IMAP_NOTHING : !bb_eq(a.tag, tag) || a.type > BB_IMAP_BAD)
            return remote_confused(&r->connection, err, "an answer to nothing");
        if (untagged && each && !each(r, &a, err)) return false;
        if (!untagged) keep_answer(m, &a);
        remote_pass(&r->connection, n);
    } while (!bb_eq(a.tag, tag));
    return true;
}

/* And the answer must be OK. */
static bool must(bb_remote *r, each_fn *each, bb_str line, const char *doing, bb_err *err)
{
    imap *m = of(r);
    if (!command(r, each, line, err)) return false;
    if (m->type == BB_IMAP_OK) return true;
    return bb_fail(err, BB_EIO, "%s: the server refuses to %s: %s", r->where, doing, m->said);
}

/* ---- opening -------------------------------------------------------------------------------------------------- */

static bool see_capabilities(bb_remote *r, const bb_imap_response *a, bb_err *err)
{
    imap *m = of(r);
    (void)err;
    if (!bb_ieq(a->word, BB_S("CAPABILITY"))) return true;
    m->can_move = bb_imap_can(a->rest, BB_S("MOVE"));
    m->can_expunge = bb_imap_can(a->rest, BB_S("UIDPLUS"));
    return true;
}

static bool see_selected(bb_remote *r, const bb_imap_response *a, bb_err *err)
{
    imap *m = of(r);
    (void)err;
    if (bb_ieq(a->word, BB_S("EXISTS"))) m->exists = a->number > UINT32_MAX ? UINT32_MAX : (uint32_t)a->number;
    if (a->type == BB_IMAP_OK) bb_imap_code(a->code, BB_S("UIDVALIDITY"), &m->validity);
    return true;
}

static bool see_name(bb_remote *r, const bb_imap_response *a, bb_err *err)
{
    imap *m = of(r);
    (void)err;
    bb_str name = bb_ieq(a->word, BB_S("LIST")) ? bb_imap_listed(a->rest) : (bb_str){0};
    if (name.n && m->n_names++ < NAMES_SHOWN)
        bb_putf(&m->names, "%s" BB_FMT, m->n_names > 1 ? ", " : "", (int)(name.n < 60 ? name.n : 60), name.p);
    return true;
}

static bool no_such_mailbox(bb_remote *r, const char *name, bb_err *err)
{
    imap *m = of(r);
    char said[sizeof m->said];
    snprintf(said, sizeof said, "%s", m->said);
    m->names = bb_buf_in(&r->scratch, 300);
    m->n_names = 0;
    bool listed = command(r, see_name, BB_S("LIST \"\" \"*\""), err) && m->n_names;
    return bb_fail(err, BB_ENOINPUT, "%s://%s: the mailbox %s cannot be opened: %s%s" BB_FMT "%s", r->o.url.scheme,
                   r->o.url.host, name, said, listed ? "; there are: " : "", BB_ARG(bb_buf_str(&m->names)),
                   m->n_names > NAMES_SHOWN ? "..." : "");
}

static bool select_mailbox(bb_remote *r, bb_err *err)
{
    imap *m = of(r);
    bool changes = r->o.done != BB_DONE_KEEP;
    bb_str name = bb_imap_mailbox(&r->scratch, bb_cstr(r->o.url.mailbox));
    if (!name.n) return bb_fail(err, BB_EUSAGE, "%s: no name of a mailbox", r->where);
    bb_str line = bb_sprintf(&r->scratch, "%s " BB_FMT, changes ? "SELECT" : "EXAMINE", BB_ARG(name));
    if (!command(r, see_selected, line, err)) return false;
    if (m->type != BB_IMAP_OK) return no_such_mailbox(r, r->o.url.mailbox, err);
    if (changes && bb_ieq(bb_cstr(m->code), BB_S("READ-ONLY")))
        return bb_fail(err, BB_EDENIED, "%s: this user may only read the mailbox: without --done it stays as it is",
                       r->where);
    return true;
}

static bool find_target(bb_remote *r, bb_err *err)
{
    imap *m = of(r);
    bb_str name = bb_imap_mailbox(&r->scratch, bb_cstr(r->o.into));
    if (!name.n || bb_eq(bb_cstr(r->o.into), bb_cstr(r->o.url.mailbox)))
        return bb_fail(err, BB_EUSAGE, "--into %s: another mailbox is needed", r->o.into);
    if (!command(r, NULL, bb_sprintf(&r->scratch, "STATUS " BB_FMT " (UIDNEXT)", BB_ARG(name)), err)) return false;
    return m->type == BB_IMAP_OK || no_such_mailbox(r, r->o.into, err);
}

/* ---- what there is -------------------------------------------------------------------------------------------- */

static bool is_wanted(const bb_remote *r, const bb_imap_message *f)
{
    bool is_new = f->uid > of(r)->read.behind;
    if (r->o.done == BB_DONE_KEEP) return is_new;
    return is_new || r->o.done != BB_DONE_SEEN || !f->seen;
}

static bool see_listed(bb_remote *r, const bb_imap_response *a, bb_err *err)
{
    bb_imap_message f;
    if (!bb_ieq(a->word, BB_S("FETCH"))) return true;
    if (!bb_imap_fetched(a->rest, &f)) return remote_confused(&r->connection, err, "a FETCH that cannot be read");
    of(r)->others_deleted |= f.deleted;
    if (!f.uid || !is_wanted(r, &f)) return true;
    uint32_t size = f.size > UINT32_MAX ? UINT32_MAX : (uint32_t)f.size;
    return remote_add(&r->entries, (remote_entry){.id = f.uid, .size = size}, err);
}

static int by_id(const void *x, const void *y)
{
    const remote_entry *a = x, *b = y;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Rising, each once. */
static void put_in_order(bb_remote *r)
{
    remote_entries *e = &r->entries;
    size_t n = 0;
    if (e->n) qsort(e->items, e->n, sizeof *e->items, by_id);
    for (size_t i = 0; i < e->n; i++)
        if (!n || e->items[n - 1].id != e->items[i].id) e->items[n++] = e->items[i];
    e->n = n;
    for (size_t i = 0; i < n; i++) r->total += e->items[i].size;
}

static bool list_messages(bb_remote *r, bb_err *err)
{
    imap *m = of(r);
    char text[16];
    snprintf(text, sizeof text, "%u", m->validity);
    m->read = (bb_progress){.file = remote_identity(r, bb_cstr(text))};
    bool resumes = m->validity && r->o.known && (r->o.done == BB_DONE_KEEP || r->o.done == BB_DONE_SEEN);
    if (resumes && !r->o.known(r->o.known_ctx, &m->read)) m->read.behind = 0;
    uint64_t from = r->o.done == BB_DONE_KEEP ? m->read.behind + 1 : 1;
    if (!m->exists || from > UINT32_MAX) return true;
    bb_str line = bb_sprintf(&r->scratch, "UID FETCH %u:* (UID RFC822.SIZE FLAGS)", (unsigned)from);
    if (!must(r, see_listed, line, "list its messages", err)) return false;
    put_in_order(r);
    return true;
}

static bool imap_open(bb_remote *r, bb_err *err)
{
    imap *m = r->own = calloc(1, sizeof *m);
    if (!m) return bb_fail(err, BB_ENOMEM, "no memory to read mail");
    return must(r, see_capabilities, BB_S("CAPABILITY"), "say what it can do", err) && select_mailbox(r, err) &&
           (r->o.done != BB_DONE_MOVE || find_target(r, err)) && list_messages(r, err);
}

/* ---- messages ------------------------------------------------------------------------------------------------- */

static bool see_message(bb_remote *r, const bb_imap_response *a, bb_err *err)
{
    imap *m = of(r);
    remote_connection *c = &r->connection;
    bb_imap_message f;
    if (!bb_ieq(a->word, BB_S("FETCH"))) return true;
    if (!bb_imap_fetched(a->rest, &f)) return remote_confused(c, err, "a FETCH that cannot be read");
    for (size_t i = 0; f.uid && i < m->n_chunk; i++) {
        fetched *got = &m->chunk[i];
        if (r->entries.items[got->entry].id != f.uid || got->has_body) continue;
        got->came = true; /* what says no more than that it is there may also be about its flags */
        /* nothing, where there is something: what servers say of a message that goes away just now (RFC 2180 section 4.1) */
        if (!f.has_body || (!f.body.n && r->entries.items[got->entry].size)) continue;
        got->has_body = c->keeps = true;
        got->offset = f.body.n ? (size_t)(f.body.p - c->in) : 0;
        got->n = f.body.n;
        got->arrived = f.arrived;
    }
    return true;
}

/* Which come next: their UIDs. */
static size_t choose(bb_remote *r, uint32_t uids[CHUNK])
{
    imap *m = of(r);
    size_t bytes = 0;
    m->n_chunk = m->given = 0;
    for (; r->at < r->entries.n && m->n_chunk < CHUNK; r->at++) {
        const remote_entry *e = &r->entries.items[r->at];
        if (e->state != REMOTE_WAITING) continue;
        bytes += e->size;
        if (m->n_chunk && (bytes > CHUNK_BYTES || r->at < m->alone)) break;
        uids[m->n_chunk] = e->id;
        m->chunk[m->n_chunk++] = (fetched){.entry = r->at};
        if (r->at < m->alone) {
            r->at++;
            break;
        }
    }
    return m->n_chunk;
}

/* What did not come is asked for once more, alone: then it is gone, or the server cannot give it. 1, 0 or -1 as next. */
static int look_after(bb_remote *r, bb_err *err)
{
    imap *m = of(r);
    for (size_t i = 0; i < m->n_chunk; i++) {
        const fetched *f = &m->chunk[i];
        remote_entry *e = &r->entries.items[f->entry];
        if (f->has_body) continue;
        if (m->n_chunk > 1) {
            m->alone = r->at;
            r->at = f->entry;
            return 1;
        }
        e->state = f->came || m->type != BB_IMAP_OK ? REMOTE_FAILED : REMOTE_MISSING;
        if (e->state == REMOTE_MISSING) return 1;
        bb_fail(err, BB_EIO, "%s;UID=%u: the server does not give it: %s", r->where, e->id, m->said);
        return -1;
    }
    return 1;
}

/* 1: there may be some now, 0: that was all, -1: err. */
static int fetch(bb_remote *r, bb_err *err)
{
    imap *m = of(r);
    uint32_t uids[CHUNK];
    size_t n = choose(r, uids);
    if (!n) return 0;
    r->connection.keeps = false;
    bb_arena_reset(&r->scratch);
    bb_buf line = bb_buf_in(&r->scratch, SET_MAX + 100);
    bb_puts(&line, "UID FETCH ");
    bb_imap_set(&line, uids, n, SET_MAX);
    bb_putf(&line, " (UID INTERNALDATE BODY.PEEK[]<0.%zu>)", BB_MESSAGE_MAX);
    if (!command(r, see_message, bb_buf_str(&line), err)) {
        m->n_chunk = 0;
        return -1;
    }
    return look_after(r, err);
}

/* How far everything was given. */
static bb_progress read_so_far(bb_remote *r)
{
    imap *m = of(r);
    const remote_entry *all = r->entries.items;
    while (m->low < r->entries.n && (all[m->low].state == REMOTE_GIVEN || all[m->low].state == REMOTE_MISSING))
        m->low++;
    if (m->low && all[m->low - 1].id > m->read.behind) m->read.behind = all[m->low - 1].id;
    return m->validity ? m->read : (bb_progress){0};
}

static int imap_next(bb_remote *r, bb_mailbox_message *out, bb_err *err)
{
    imap *m = of(r);
    for (;;) {
        while (m->given < m->n_chunk && !m->chunk[m->given].has_body) m->given++;
        if (m->given < m->n_chunk) break;
        int got = fetch(r, err);
        if (got <= 0) return got;
    }
    const fetched *f = &m->chunk[m->given++];
    remote_entry *e = &r->entries.items[f->entry];
    char uid[16];
    snprintf(uid, sizeof uid, "%u", e->id);
    e->state = REMOTE_GIVEN;
    *out = remote_message(r, e, "UID", bb_cstr(uid));
    out->bytes = (bb_str){r->connection.in + f->offset, f->n};
    out->from_line = f->arrived;
    out->cut = f->n >= BB_MESSAGE_MAX && e->size != f->n;
    out->progress = read_so_far(r);
    return 1;
}

/* ---- what is stored ------------------------------------------------------------------------------------------- */

static bool do_to(bb_remote *r, const char *verb, bb_str set, const char *what, const char *doing, bb_err *err)
{
    return must(r, NULL, bb_sprintf(&r->scratch, "%s " BB_FMT "%s", verb, BB_ARG(set), what), doing, err);
}

/* Without UIDPLUS, EXPUNGE takes away whatever is marked: not where others mark messages, too. */
static bool expunge(bb_remote *r, bb_str set, bb_err *err)
{
    imap *m = of(r);
    if (m->can_expunge) return do_to(r, "UID EXPUNGE", set, "", "delete messages", err);
    if (!m->others_deleted) return must(r, NULL, BB_S("EXPUNGE"), "delete messages", err);
    return bb_fail(err, BB_EIO,
                   "%s: messages are marked as deleted, and so are others that are not ours to delete: this server "
                   "(without UIDPLUS) can only take away all of them, which a mail program may do",
                   r->where);
}

static bool remove_set(bb_remote *r, bb_str set, bb_err *err)
{
    return do_to(r, "UID STORE", set, " +FLAGS.SILENT (\\Deleted)", "mark messages as deleted", err) &&
           expunge(r, set, err);
}

static bool move_set(bb_remote *r, bb_str set, bb_err *err)
{
    imap *m = of(r);
    bb_str into = bb_imap_mailbox(&r->scratch, bb_cstr(r->o.into));
    const char *where = bb_sprintf(&r->scratch, " " BB_FMT, BB_ARG(into)).p;
    if (!where) return bb_fail(err, BB_ENOMEM, "no memory");
    if (m->can_move) return do_to(r, "UID MOVE", set, where, "move messages", err);
    return do_to(r, "UID COPY", set, where, "copy messages", err) && remove_set(r, set, err);
}

static bool put_set_away(bb_remote *r, bb_str set, bb_err *err)
{
    switch (r->o.done) {
    case BB_DONE_KEEP: return true;
    case BB_DONE_SEEN: return do_to(r, "UID STORE", set, " +FLAGS.SILENT (\\Seen)", "mark messages as seen", err);
    case BB_DONE_MOVE: return move_set(r, set, err);
    case BB_DONE_DELETE: return remove_set(r, set, err);
    }
    return true;
}

static int by_number(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

static bool put_all_away(bb_remote *r, uint32_t *uids, size_t n, bb_err *err)
{
    qsort(uids, n, sizeof *uids, by_number);
    for (size_t at = 0; at < n;) {
        bb_arena_reset(&r->scratch);
        bb_buf set = bb_buf_in(&r->scratch, SET_MAX);
        at += bb_imap_set(&set, uids + at, n - at, SET_MAX);
        if (r->scratch.failed) return bb_fail(err, BB_ENOMEM, "no memory");
        if (!put_set_away(r, bb_buf_str(&set), err)) return false;
    }
    return true;
}

static bool imap_put_away(bb_remote *r, const uint64_t *ids, size_t n, bb_err *err)
{
    uint32_t *uids = malloc(n * sizeof *uids);
    if (!uids) return bb_fail(err, BB_ENOMEM, "no memory");
    for (size_t i = 0; i < n; i++) uids[i] = (uint32_t)ids[i];
    bool good = put_all_away(r, uids, n, err);
    free(uids);
    return good;
}

/* Everything is answered by now, so nobody needs to hear the answer to this. */
static bool imap_leave(bb_remote *r, bb_err *err)
{
    (void)err;
    (void)!remote_say(&r->connection, BB_S("b0 LOGOUT\r\n"), NULL);
    return true;
}

const remote_ops remote_imap = {.open = imap_open, .next = imap_next, .put_away = imap_put_away, .leave = imap_leave};
