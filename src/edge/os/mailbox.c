/* SPDX-License-Identifier: MIT
 *
 * Mailboxes: the files that paths stand for, one after the other, each as its messages.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "edge/os/internal.h"

struct bb_mailbox {
    bb_arena arena;
    bb_os_entries entries;
    size_t at;            /* entry that is open, or to be opened next */
    uint64_t number;      /* message within it, from 1 */
    uint64_t behind;      /* bytes of the entries before it */
    uint64_t total;       /* 0: unknown */
    bb_arena names;       /* the source of this message */
    bool left_some;       /* a file that somebody was writing to */
    bb_progress_fn known; /* NULL: everything is read from its start */
    void *known_ctx;
    bb_os_reader reader;
};

bool bb_mailbox_open(const char *const *paths, size_t n, bb_mailbox **out, bb_err *err)
{
    bb_mailbox *m = malloc(sizeof *m);
    if (!m) return bb_fail(err, BB_ENOMEM, "no memory to read mail");
    m->at = 0;
    m->known = NULL;
    m->left_some = false;
    m->number = m->behind = m->total = 0;
    m->reader.fd = -1;
    m->reader.buffer = NULL;
    m->reader.cap = 0;
    bb_arena_init(&m->arena, &bb_os_alloc, (size_t)4 << 30);
    bb_arena_init(&m->names, &bb_os_alloc, BB_ARENA_LIMIT);
    m->entries = (bb_os_entries){.arena = &m->arena};
    for (size_t i = 0; i < n; i++) {
        if (bb_os_gather(&m->entries, paths[i], err)) continue;
        bb_mailbox_close(&m);
        return false;
    }
    bool known = true;
    for (size_t i = 0; i < m->entries.n; i++) {
        m->total += m->entries.items[i].size;
        known &= !m->entries.items[i].stream;
    }
    if (!known) m->total = 0;
    *out = m;
    return true;
}

static void leave_entry(bb_mailbox *m)
{
    bb_os_reader_close(&m->reader);
    m->behind += m->entries.items[m->at].size;
    m->at++;
    m->number = 0;
}

void bb_mailbox_resume(bb_mailbox *m, bb_progress_fn known, void *ctx)
{
    m->known = known;
    m->known_ctx = ctx;
}

static bool was_read(bb_mailbox *m, const bb_os_entry *e, bb_progress *known)
{
    return m->known && !e->stream && !e->error && m->known(m->known_ctx, known);
}

static bool enter_entry(bb_mailbox *m, bb_err *err)
{
    const bb_os_entry *e = &m->entries.items[m->at];
    bb_progress known = {.file = e->file};
    errno = e->error;
    if (e->error) bb_os_fail(err, BB_EIO, e->path, "read the folder");
    else if (bb_os_reader_open(&m->reader, e, was_read(m, e, &known) ? &known : NULL, err)) {
        m->number = m->reader.progress.number;
        return true;
    }
    leave_entry(m);
    return false;
}

/* As it was when it was read to its end: it is not even opened. */
static bool unchanged(bb_mailbox *m)
{
    const bb_os_entry *e = &m->entries.items[m->at];
    bb_progress known = {.file = e->file};
    return was_read(m, e, &known) && known.behind == e->size && known.size == e->size && known.changed == e->changed &&
           (e->whole || known.touched == e->touched);
}

/* A file of a folder that holds one message is a message, even where a "From " line precedes it. */
static bb_str source_of(bb_mailbox *m)
{
    const bb_os_entry *e = &m->entries.items[m->at];
    if (!m->reader.mbox || (e->below && m->number == 1 && m->reader.end)) return bb_cstr(e->path);
    bb_arena_reset(&m->names);
    bb_buf name = bb_buf_in(&m->names, strlen(e->path) + 22);
    bb_puts(&name, e->path);
    bb_putc(&name, '#');
    bb_put_u64(&name, m->number);
    bb_putc(&name, '\0');
    return bb_sub(bb_buf_str(&name), 0, name.n - 1);
}

bool bb_mailbox_left_some(const bb_mailbox *m)
{
    return m->left_some;
}

#define SETTLED_NS 2000000000LL

/* Waits until nobody has written to it for long enough. False: somebody has, meanwhile. */
static bool is_whole(const bb_mailbox *m)
{
    const bb_os_entry *e = &m->entries.items[m->at];
    const bb_os_reader *r = &m->reader;
    struct timespec now;
    struct stat st;
    if (!m->known || e->whole || e->stream || r->mbox) return true;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - r->progress.changed;
    if (age < 0 || age >= SETTLED_NS) return true; /* one of the future tells nothing */
    int64_t left = SETTLED_NS - age;
    nanosleep(&(struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000}, NULL);
    return fstat(r->fd, &st) == 0 && bb_os_changed(&st) == r->progress.changed &&
           (uint64_t)st.st_size == r->progress.size;
}

static bool mark(bb_mailbox *m, bb_err *err)
{
    const bb_os_entry *e = &m->entries.items[m->at];
    m->reader.progress.number = m->number;
    if (e->stream || bb_os_reader_mark(&m->reader)) return true;
    bb_os_fail(err, BB_EIO, e->path, "read it again");
    leave_entry(m);
    return false;
}

int bb_mailbox_next(bb_mailbox *m, bb_mailbox_message *out, bb_err *err)
{
    while (m->at < m->entries.n) {
        if (m->reader.fd < 0 && unchanged(m)) {
            leave_entry(m);
            continue;
        }
        if (m->reader.fd < 0) {
            if (!enter_entry(m, err)) return -1;
            if (!is_whole(m)) {
                m->left_some = true;
                leave_entry(m);
                continue;
            }
        }
        int got = bb_os_reader_next(&m->reader, m->entries.items[m->at].path, err);
        if (got < 0) leave_entry(m);
        if (got < 0) return -1;
        if (got == 0) {
            leave_entry(m);
            continue;
        }
        m->number++;
        if (m->known && !mark(m, err)) return -1;
        const bb_os_entry *e = &m->entries.items[m->at];
        *out = (bb_mailbox_message){.bytes = m->reader.message,
                                    .source = source_of(m),
                                    .from_line = m->reader.mbox ? m->reader.from_line : BB_NO_TIME,
                                    .cut = m->reader.cut,
                                    .done = m->behind + m->reader.done,
                                    .total = m->total,
                                    .path = e->real,
                                    .mbox = m->reader.mbox,
                                    .below = e->below,
                                    .last = m->reader.end,
                                    .progress = m->reader.progress};
        return 1;
    }
    return 0;
}

void bb_mailbox_close(bb_mailbox **m)
{
    if (!*m) return;
    bb_os_reader_close(&(*m)->reader);
    free((*m)->reader.buffer);
    bb_arena_free(&(*m)->names);
    bb_arena_free(&(*m)->arena);
    free(*m);
    *m = NULL;
}
