/* SPDX-License-Identifier: MIT
 *
 * os: files, folders, mailboxes, the clock, memory: what the world gives us, behind plain calls.
 *
 * Errors: bb_err naming the path and what the system said. Threads: no state of its own.
 */
#ifndef BB_EDGE_OS_H
#define BB_EDGE_OS_H

#include "core/base/base.h"

extern const bb_alloc bb_os_alloc; /* malloc and free */
bb_time bb_os_now(void);
/* Seconds that only go forward, for rates and progress. */
double bb_os_monotonic(void);

/* The error that errno stands for, with its path: BB_EDENIED, BB_ENOINPUT, BB_ENOMEM or `otherwise`. Answers false. */
bool bb_os_fail(bb_err *err, bb_code otherwise, const char *path, const char *doing);

/* A whole small file into the arena; BB_EDATA beyond max bytes. */
bool bb_os_read_file(bb_arena *a, const char *path, size_t max, bb_str *out, bb_err *err) BB_MUST_USE;
/* All that comes from it, up to max bytes, then *cut; *bytes is the caller's to free. */
bool bb_os_read_stream(int fd, size_t max, char **bytes, size_t *n, bool *cut, bb_err *err) BB_MUST_USE;
/* A small file that nobody else may read; BB_ECONFIG where others may. A pipe, and a credential of systemd's, is nobody
 * else's. */
bool bb_os_read_secret(bb_arena *a, const char *path, bb_str *out, bb_err *err) BB_MUST_USE;
/* Writes through a temporary file beside it, synced and renamed; mode as given. */
bool bb_os_write_file(const char *path, bb_str bytes, int mode, bb_err *err) BB_MUST_USE;
/* The same for a file that is there: owner, group and mode stay, and so does a link to it. */
bool bb_os_replace_file(const char *path, bb_str bytes, bb_err *err) BB_MUST_USE;
/* A copy beside which nothing was there before, synced. */
bool bb_os_copy_file(const char *from, const char *to, int mode, bb_err *err) BB_MUST_USE;
/* Renames a folder that we made, durably. */
bool bb_os_rename(const char *from, const char *to, bb_err *err) BB_MUST_USE;
/* Puts bytes behind what is in the file, synced; the file must be there. */
bool bb_os_append_file(const char *path, bb_str bytes, bb_err *err) BB_MUST_USE;
/* Makes the folder (its parents must be there) with exactly this mode. True with *made false: it was there. */
bool bb_os_make_folder(const char *path, int mode, bool *made, bb_err *err) BB_MUST_USE;
bool bb_os_exists(const char *path);
bb_time bb_os_modified(const char *path); /* when it was last written; BB_NO_TIME: it is not there */

/* ---- users ---------------------------------------------------------------------------------------- */

bool bb_os_is_user(const char *name);  /* we are, or root */
bool bb_os_has_user(const char *name); /* this machine */
/* Where we are root and the folder is somebody else's, we are he from now on. BB_ENOINPUT: there is no such folder. */
bool bb_os_become_owner(const char *folder, bool *became, bb_err *err) BB_MUST_USE;
/* The same until bb_os_act_as_root: for those who look at what belongs to root, too. */
bool bb_os_act_as_owner(const char *folder, bool *became, bb_err *err) BB_MUST_USE;
bool bb_os_act_as_root(bb_err *err) BB_MUST_USE;
/* Where we are root and there is such a user, the path becomes his. */
bool bb_os_give(const char *path, const char *user, bb_err *err) BB_MUST_USE;

/* ---- other programs (run.c) ------------------------------------------------------------------------- */

#define BB_RUN_MAX ((size_t)16 << 20) /* bytes that one may say */

typedef struct {
    bb_str output, complaints; /* what it wrote to standard output and standard error */
    int status;                /* exit code; 128 and the signal that ended it */
} bb_run;
#define BB_RUN_SECONDS 60.0 /* and then it is killed */
/* argv[0] is looked for in PATH; the last one is NULL. However it ends, true; BB_ENOINPUT: there is no such program. */
bool bb_os_run(bb_arena *a, const char *const *argv, bb_str input, bb_run *out, bb_err *err) BB_MUST_USE;
bool bb_os_run_for(bb_arena *a, const char *const *argv, bb_str input, double seconds, bb_run *out,
                   bb_err *err) BB_MUST_USE;

/* ---- mailboxes ------------------------------------------------------------------------------------ */

/* How far a file was read, so that the next time goes on from there; kept by whoever keeps what was read. */
typedef struct {
    bb_hash file;    /* which one: device and inode; in a Maildir its unique name too */
    uint64_t behind; /* bytes of it that were read */
    uint64_t number; /* messages */
    uint64_t size;   /* how the file looked then */
    int64_t changed; /* nanoseconds since 1970: its content */
    int64_t touched; /* and its content, name or owner */
    bb_hash tail;    /* of what stands before `behind`: tells whether it is still the same */
} bb_progress;
/* Fills in what is known of p->file. False: nothing is. */
typedef bool (*bb_progress_fn)(void *ctx, bb_progress *p);

/* One message as it was found. Bytes live until the next call of bb_mailbox_next. */
typedef struct {
    bb_str bytes;         /* mbox quoting undone */
    bb_str source;        /* path as given or found below the folder given, with "#n" in an mbox */
    bb_time from_line;    /* of an mbox; BB_NO_TIME: none */
    bool cut;             /* it was longer than BB_MESSAGE_MAX */
    uint64_t done, total; /* bytes of the whole job read so far and in all, for progress; total 0: unknown */
    const char
        *path; /* of the file that holds it, to where a link that was named leads; lives as long as the mailbox */
    bool mbox, below;     /* it holds several; it was found below a folder */
    bool last;            /* nothing stands behind it in its file */
    uint64_t id;          /* on a server (edge/remote): which it is there; 0: it is in a file */
    bb_progress progress; /* up to its end; where bb_mailbox_resume was called, and for regular files */
} bb_mailbox_message;

typedef struct bb_mailbox bb_mailbox;

#define BB_MESSAGE_MAX ((size_t)64 << 20) /* bytes of one message; longer ones are cut there and marked */

/* Paths: mbox or mboxrd (told by "From " and a date at the start), Maildir (cur and new), any folder (every regular
 * file below it, in the order of their paths; hidden ones, links to folders and what is no file left out), a single
 * message, "-" for standard input. An empty file holds no message. An mbox is read up to the size that it had when
 * it was opened, so that half of what is being delivered is never taken for a message.
 * Memory: one message and the names of the files. A path that is not there is an error at once. */
bool bb_mailbox_open(const char *const *paths, size_t n, bb_mailbox **out, bb_err *err) BB_MUST_USE;
/* From now on an mbox is read from where `known` says that it was read to, as long as what stands before that is still the
 * same, and a file that is as it was then is passed over. A file outside a Maildir that holds one message is read when
 * nobody has written to it for two seconds: nothing else tells that it is whole. Call it before the first message. */
void bb_mailbox_resume(bb_mailbox *m, bb_progress_fn known, void *ctx);
/* After the last message: was a file left, since somebody was still writing to it? */
bool bb_mailbox_left_some(const bb_mailbox *m);
/* 1: a message, 0: the end, -1: this one could not be read (err says which and why); go on by calling again. */
int bb_mailbox_next(bb_mailbox *m, bb_mailbox_message *out, bb_err *err);
void bb_mailbox_close(bb_mailbox **m);

/* ---- mail that is done (done.c) -------------------------------------------------------------------- */

/* What becomes of mail that is stored: of a file when all of it is, of a message on a server. */
typedef enum { BB_DONE_KEEP, BB_DONE_SEEN, BB_DONE_MOVE, BB_DONE_DELETE } bb_done;

/* Each does nothing, and answers true, where the file is no longer what `read` says that it was. A link is left alone,
 * and that is an error: whose mail it leads to, nobody knows. */
bool bb_os_mark_seen(const char *path, const bb_progress *read, bb_err *err) BB_MUST_USE; /* in a Maildir */
bool bb_os_move_read(const char *path, const char *folder, const bb_progress *read, bb_err *err) BB_MUST_USE;
bool bb_os_remove_read(const char *path, const bb_progress *read, bb_err *err) BB_MUST_USE;
/* Locked meanwhile as Postfix locks: fcntl and a lock file. BB_EBUSY: somebody else holds it. */
bool bb_os_empty_mbox(const char *path, const bb_progress *read, bb_err *err) BB_MUST_USE;

/* ---- waiting for mail (watch.c) ---------------------------------------------------------------------- */

typedef struct bb_watch bb_watch;

/* Paths as for bb_mailbox_open; they are kept, not copied. What comes between this and the first wait is not missed. */
bool bb_watch_open(const char *const *paths, size_t n, bb_watch **out, bb_err *err) BB_MUST_USE;
/* Until something may have come, a signal came, or the time is over. */
bool bb_watch_wait(bb_watch *w, int milliseconds, bb_err *err) BB_MUST_USE;
void bb_watch_close(bb_watch **w);

#endif
