/* SPDX-License-Identifier: MIT
 *
 * The files that messages came from: how far each was read, which goes into the transaction of what was read of it, and
 * what becomes of a file when all of it is stored.
 */
#include <string.h>

#include "app/cli/cmd_ingest.h"

/* ---- how far -------------------------------------------------------------------------------------------------- */

/* Open addressing, at most half full; a file of all zeros: free. */
struct tracked {
    bb_progress *slots;
    size_t n, n_slots;
};

static bb_progress *slot_of(bb_progress *slots, size_t n, const bb_hash *file)
{
    size_t at;
    memcpy(&at, file->b, sizeof at);
    for (;; at++) {
        bb_progress *slot = &slots[at % n];
        if (!slot->behind || bb_hash_eq(&slot->file, file)) return slot;
    }
}

/* A slot with nothing behind it is free, so only what was read is kept. */
static bool keep_track(tracked *t, const bb_progress *p)
{
    if (2 * (t->n + 1) > t->n_slots) {
        size_t n = t->n_slots ? 2 * t->n_slots : 1024;
        bb_progress *slots = bb_os_alloc.get(NULL, n * sizeof *slots);
        if (!slots) return false;
        memset(slots, 0, n * sizeof *slots);
        for (size_t i = 0; i < t->n_slots; i++)
            if (t->slots[i].behind) *slot_of(slots, n, &t->slots[i].file) = t->slots[i];
        bb_os_alloc.put(NULL, t->slots);
        t->slots = slots;
        t->n_slots = n;
    }
    bb_progress *slot = slot_of(t->slots, t->n_slots, &p->file);
    t->n += !slot->behind;
    *slot = *p;
    return true;
}

bool ingest_known(void *ctx, bb_progress *p)
{
    const tracked *t = ((const ingest *)ctx)->tracked;
    if (!t || !t->n_slots) return false;
    const bb_progress *slot = slot_of(t->slots, t->n_slots, &p->file);
    if (!slot->behind) return false;
    *p = *slot;
    return true;
}

static bool forget_nothing(void *ctx, bb_progress *p)
{
    (void)ctx, (void)p;
    return false;
}

bool ingest_track(ingest *g)
{
    cli *c = g->c;
    bb_progress *all;
    size_t n;
    if (g->tracked) return true;
    g->tracked = bb_get(g->keep, sizeof *g->tracked);
    if (!g->tracked) return bb_fail(&c->err, BB_ENOMEM, "no memory to follow files");
    if (!bb_store_progress(c->store, &c->arena, &all, &n, &c->err)) return false;
    for (size_t i = 0; i < n; i++)
        if (!keep_track(g->tracked, &all[i])) return bb_fail(&c->err, BB_ENOMEM, "no memory to follow files");
    return true;
}

void ingest_track_end(ingest *g)
{
    if (g->tracked) bb_os_alloc.put(NULL, g->tracked->slots);
}

void ingest_resume(ingest *g, bb_mailbox *box)
{
    if (g->follows) bb_mailbox_resume(box, ingest_known, g);
    else if (g->done != BB_DONE_KEEP) bb_mailbox_resume(box, forget_nothing, NULL);
}

/* ---- the batch's files ---------------------------------------------------------------------------------------- */

void ingest_note_file(ingest *g, const bb_mailbox_message *m, bool read)
{
    ingest_batch *b = g->b;
    ingest_file *f = b->n_files ? &b->files[b->n_files - 1] : NULL;
    if (!m->progress.behind && !m->id) return; /* a stream, or nobody wants to know */
    bool same = f && !m->id && bb_hash_eq(&f->progress.file, &m->progress.file);
    if (!read) { /* an entry for each message of the batch is all that there is room for */
        if (same) f->broken = true;
        g->broken_known = true; /* and so are the batches behind this one */
        g->broken = m->progress.file;
        return;
    }
    if (!same) {
        f = &b->files[b->n_files++];
        *f = (ingest_file){.path = m->path, .id = m->id};
    }
    if (g->broken_known && bb_hash_eq(&g->broken, &m->progress.file)) f->broken = true;
    f->progress = m->progress;
    f->mbox = m->mbox && !(m->below && m->last && m->progress.number == 1);
    f->last = m->last;
}

size_t ingest_progress(const ingest *g, ingest_batch *b)
{
    size_t n = 0;
    bool stays = g->done == BB_DONE_KEEP || g->done == BB_DONE_SEEN;
    bool tracks = g->follows || (g->remote && g->tracked);
    for (size_t i = 0; tracks && i < b->n_files; i++) {
        const ingest_file *f = &b->files[i];
        if (f->progress.behind && !f->broken && (stays || f->mbox)) b->progress[n++] = f->progress;
    }
    return n;
}

static bool finish_file(ingest *g, const ingest_file *f, bb_err *err)
{
    switch (g->done) {
    case BB_DONE_KEEP: return true;
    case BB_DONE_SEEN: return f->mbox || bb_os_mark_seen(f->path, &f->progress, err);
    case BB_DONE_MOVE: return f->mbox || bb_os_move_read(f->path, g->into, &f->progress, err);
    case BB_DONE_DELETE:
        return f->mbox ? bb_os_empty_mbox(f->path, &f->progress, err) : bb_os_remove_read(f->path, &f->progress, err);
    }
    return true;
}

static void tell_trouble(ingest *g, const bb_err *err)
{
    cli_progress_hide(&g->progress);
    cli_warn(g->c, "%s", err->text);
    g->trouble = err->code;
}

/* All of the batch at once: a server that is far away answers once for all. */
static void finish_messages(ingest *g, const ingest_batch *b)
{
    uint64_t ids[INGEST_BATCH];
    size_t n = 0;
    bb_err err = {0};
    for (size_t i = 0; i < b->n_files; i++) ids[n++] = b->files[i].id;
    if (n && !g->servers->put_away(g->remote, ids, n, &err)) tell_trouble(g, &err);
}

/* What could not be put away is stored all the same: it is told, and met again as a duplicate. */
bool ingest_finish_files(ingest *g, ingest_batch *b)
{
    if (g->remote) finish_messages(g, b);
    for (size_t i = 0; i < b->n_files; i++) {
        ingest_file *f = &b->files[i];
        bb_err err = {0};
        if (f->broken) continue;
        if (!f->id && f->last && !finish_file(g, f, &err)) tell_trouble(g, &err);
        if (g->done == BB_DONE_DELETE || g->done == BB_DONE_MOVE)
            f->progress.changed = 0; /* its number is free for others */
        if (g->tracked && f->progress.behind && !keep_track(g->tracked, &f->progress))
            return bb_fail(&g->c->err, BB_ENOMEM, "no memory to follow files");
    }
    b->n_files = 0;
    return true;
}
