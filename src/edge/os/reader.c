/* SPDX-License-Identifier: MIT
 *
 * One file read as messages: an mbox line by line, anything else whole, through a window. A message that lies in the
 * window as it is stays there; any other is put together in a buffer that the next one takes over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "edge/os/internal.h"

/* ---- the window -------------------------------------------------------------------------------------- */

/* Makes the message, which may still lie in the window, one in the buffer, with room for n more bytes behind it. */
static bool own(bb_os_reader *r, size_t n)
{
    bool owned = r->message.p == r->buffer;
    if (r->message.n + n > r->cap) {
        size_t cap = r->cap ? r->cap : BB_OS_WINDOW;
        while (cap < r->message.n + n) cap *= 2;
        char *grown = realloc(r->buffer, cap);
        if (!grown) return false;
        r->buffer = grown;
        r->cap = cap;
    }
    if (!owned && r->message.n) memcpy(r->buffer, r->message.p, r->message.n);
    r->message.p = r->buffer;
    return true;
}

/* Reads more behind what is in the window. False: there is no more, or no room. */
static bool fill(bb_os_reader *r)
{
    if (r->message.n && !own(r, 0)) {
        r->error = ENOMEM;
        return false;
    }
    if (r->from > 0) memmove(r->window, r->window + r->from, r->to - r->from);
    r->to -= r->from;
    r->from = 0;
    size_t room = sizeof r->window - r->to;
    if (room > r->left) room = (size_t)r->left;
    while (room) {
        ssize_t got = read(r->fd, r->window + r->to, room);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) r->error = errno;
        if (got == 0 && r->left <= r->progress.size) r->error = ESTALE; /* it shrank under us; streams have no size */
        if (got <= 0) break;
        r->to += (size_t)got;
        r->left -= (uint64_t)got;
        return true;
    }
    return false;
}

/* The next line with its end, or as much of it as the window holds; empty at the end of the file. */
static bb_str peek_line(bb_os_reader *r)
{
    for (size_t seen = 0;;) {
        bb_str all = {r->window + r->from, r->to - r->from};
        size_t lf = bb_chr(bb_sub(all, seen, BB_NPOS), '\n');
        if (lf != BB_NPOS) return bb_sub(all, 0, seen + lf + 1);
        seen = all.n;
        if (!fill(r)) return (bb_str){r->window + r->from, r->to - r->from};
    }
}

static void take(bb_os_reader *r, size_t n)
{
    r->from += n;
    r->done += n;
}

/* ---- the message --------------------------------------------------------------------------------------- */

static bool append(bb_os_reader *r, bb_str s)
{
    if (s.n > BB_MESSAGE_MAX - r->message.n) {
        s.n = BB_MESSAGE_MAX - r->message.n;
        r->cut = true;
    }
    if (!s.n) return true;
    bool in_window = !r->message.n || r->message.p + r->message.n == s.p;
    if (!r->message.n) r->message.p = s.p;
    else if (!in_window && !own(r, s.n)) return false;
    if (!in_window) memcpy(r->buffer + r->message.n, s.p, s.n);
    r->message.n += s.n;
    return true;
}

static bool whole_file(bb_os_reader *r)
{
    do {
        if (!append(r, (bb_str){r->window + r->from, r->to - r->from})) return false;
        take(r, r->to - r->from);
    } while (fill(r));
    r->end = true;
    return true;
}

/* RFC 4155 has no more to go by: a line that reads "From somebody date". Where lines end by CR alone, what was peeked at
 * is the whole message. */
static bool starts_message(bb_os_reader *r, bb_str line)
{
    bb_str rest = line, first;
    if (!bb_line(&rest, &first) || rest.n || !bb_starts(first, BB_S("From "))) return false;
    r->next_from_line = bb_time_asctime(bb_trim(first));
    return r->next_from_line != BB_NO_TIME;
}

/* The next whole lines in the window, or as much of one as it holds; empty at the end of the file. */
static bb_str peek_lines(bb_os_reader *r)
{
    for (;;) {
        bb_str all = {r->window + r->from, r->to - r->from};
        size_t lf = bb_rchr(all, '\n');
        if (lf != BB_NPOS) return bb_sub(all, 0, lf + 1);
        if (!fill(r)) return (bb_str){r->window + r->from, r->to - r->from};
    }
}

/* Where behind `at` a line begins that reads "From " behind any number of ">"; BB_NPOS: nowhere. */
static size_t next_from(bb_str lines, size_t at, bool at_start, size_t *from)
{
    for (size_t hit; (hit = bb_find(bb_sub(lines, at, BB_NPOS), BB_S("From "))) != BB_NPOS; at = *from + 5) {
        size_t begin = *from = at + hit;
        while (begin > at && lines.p[begin - 1] == '>') begin--;
        if (begin ? lines.p[begin - 1] == '\n' : at_start) return begin;
    }
    return BB_NPOS;
}

/* The last bytes of what has passed. */
typedef struct {
    char last[4];
} passed;

/* Bytes of the empty line that it ends with. */
static size_t empty_line(const passed *p)
{
    size_t n = 1;
    if (p->last[3] != '\n') return 0;
    while (n < 3 && p->last[3 - n] == '\r') n++; /* CRCRLF of files that were converted twice, too */
    return p->last[3 - n] == '\n' ? n : 0;
}

static bool pass(bb_os_reader *r, passed *p, bb_str s)
{
    for (size_t i = s.n > sizeof p->last ? s.n - sizeof p->last : 0; i < s.n; i++) {
        memmove(p->last, p->last + 1, sizeof p->last - 1);
        p->last[sizeof p->last - 1] = s.p[i];
    }
    return append(r, s);
}

/* From behind the "From " line to before the next one, many lines at once. The empty line between belongs to the mbox.
 * Writers put ">" before lines that read ">...From " (mboxrd) or "From " (mboxo): one of them comes off. */
static bool until_next(bb_os_reader *r)
{
    passed p = {{'\0', '\0', '\0', '\n'}};
    for (bb_str lines; (lines = peek_lines(r)).n; take(r, lines.n)) {
        size_t kept = 0, at = 0, begin, from;
        bool at_start = p.last[3] == '\n';
        for (; (begin = next_from(lines, at, at_start, &from)) != BB_NPOS; at = from + 5) {
            if (!pass(r, &p, bb_sub(lines, kept, begin - kept))) return false;
            kept = begin + (from > begin);
            bb_str rest = bb_sub(lines, begin, BB_NPOS), line = {0};
            if (from > begin || !empty_line(&p) || !bb_line(&rest, &line) || !starts_message(r, line)) continue;
            r->message.n -= r->cut ? 0 : empty_line(&p);
            take(r, begin);
            return true;
        }
        if (!pass(r, &p, bb_sub(lines, kept, BB_NPOS))) return false;
    }
    r->message.n -= r->cut ? 0 : empty_line(&p);
    r->end = true;
    return true;
}

int bb_os_reader_next(bb_os_reader *r, const char *path, bb_err *err)
{
    if (r->end) return 0;
    r->message = (bb_str){0};
    r->cut = false;
    bool fits;
    if (r->mbox) {
        r->from_line = r->next_from_line;
        take(r, peek_line(r).n);
        fits = until_next(r);
    } else {
        fits = whole_file(r);
    }
    if (fits && !r->error) return 1;
    r->end = true; /* what was read of this one is no whole message, and behind it nothing can be read */
    errno = r->error ? r->error : ENOMEM;
    bb_os_fail(err, BB_EIO, path, "read it");
    return -1;
}

/* ---- opening ---------------------------------------------------------------------------------------------- */

#define LOCK_TRIES 50 /* of a tenth of a second */

/* How long the file is while nobody writes to it: mailbox writers lock (Postfix: fcntl and a lock file), and what they add later is
 * for the next time. A file system without locks is read as it is. */
static bool settled(const char *path, int fd, struct stat *st)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int tries = 0;
    for (;;) {
        bool held = bb_os_mbox_is_locked(path);
        if (!held && fcntl(fd, F_SETLK, &lock) == 0) break;
        if (!held && errno == EINTR) continue;
        if (!held && errno != EACCES && errno != EAGAIN) break;
        if (++tries > LOCK_TRIES) return false;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    bool known = fstat(fd, st) == 0;
    lock.l_type = F_UNLCK;
    (void)fcntl(fd, F_SETLK, &lock);
    return known;
}

static bool open_file(bb_os_reader *r, const bb_os_entry *e, bb_err *err)
{
    /* what was a file when the folder was listed may be a pipe by now: never wait in open for its writer */
    r->fd = open(e->real, O_RDONLY | O_CLOEXEC | O_NOCTTY | (e->below ? O_NONBLOCK : 0));
    if (r->fd < 0) return bb_os_fail(err, BB_EIO, e->path, "open it");
    struct stat st;
    if (fstat(r->fd, &st) < 0) return bb_os_fail(err, BB_EIO, e->path, "look at it");
    if (S_ISREG(st.st_mode)) {
        if (!settled(e->real, r->fd, &st))
            return bb_fail(err, BB_EBUSY, "%s: another program keeps it locked; try again", e->path);
        r->left = (uint64_t)st.st_size;
        r->progress = (bb_progress){.file = bb_os_file_id(&st, e->real),
                                    .size = r->left,
                                    .changed = bb_os_changed(&st),
                                    .touched = bb_os_touched(&st)};
        return true;
    }
    return !e->below || bb_fail(err, BB_ENOINPUT, "%s: is no file any more", e->path);
}

/* ---- going on -------------------------------------------------------------------------------------------------- */

#define TAIL 256

static bool tail_at(const bb_os_reader *r, uint64_t behind, bb_hash *out)
{
    char bytes[TAIL];
    size_t n = behind < TAIL ? (size_t)behind : TAIL;
    if (pread(r->fd, bytes, n, (off_t)(behind - n)) != (ssize_t)n) return false;
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_field(&h, (bb_str){bytes, n});
    *out = bb_hash_end(&h);
    return true;
}

bool bb_os_reader_mark(bb_os_reader *r)
{
    r->progress.behind = r->done;
    return tail_at(r, r->done, &r->progress.tail);
}

static bool start_at(bb_os_reader *r, uint64_t behind)
{
    if (lseek(r->fd, (off_t)behind, SEEK_SET) < 0) return false;
    r->left = r->progress.size - behind;
    r->done = behind;
    r->from = r->to = 0;
    return true;
}

/* Only an mbox goes on in the middle: where what stands there begins no message, the file is another one now. */
static bool go_on(bb_os_reader *r, const bb_progress *known)
{
    bb_hash tail;
    if (!starts_message(r, peek_line(r))) return !r->error;
    if (!known->behind || known->behind > r->progress.size || !tail_at(r, known->behind, &tail)) return true;
    if (!bb_hash_eq(&tail, &known->tail)) return true;
    if (!start_at(r, known->behind)) return false;
    if (!r->left || starts_message(r, peek_line(r))) r->progress.number = known->number;
    else return !r->error && start_at(r, 0);
    return true;
}

bool bb_os_reader_open(bb_os_reader *r, const bb_os_entry *e, const bb_progress *known, bb_err *err)
{
    r->fd = -1;
    r->left = UINT64_MAX;
    r->done = r->from = r->to = 0;
    r->message = (bb_str){0};
    r->error = 0;
    r->from_line = BB_NO_TIME;
    r->progress = (bb_progress){0};
    if (strcmp(e->path, "-") == 0 && !e->below) r->fd = dup(STDIN_FILENO);
    else if (!open_file(r, e, err)) return false;
    if (r->fd < 0) return bb_os_fail(err, BB_EIO, e->path, "read standard input");
    if (known && !go_on(r, known)) return bb_os_fail(err, BB_EIO, e->path, "go on in it");
    bb_str line = peek_line(r);
    r->mbox = starts_message(r, line);
    r->end = !line.n && !r->error;
    return true;
}

void bb_os_reader_close(bb_os_reader *r)
{
    if (r->fd >= 0) close(r->fd);
    r->fd = -1;
}
