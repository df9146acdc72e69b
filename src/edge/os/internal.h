/* SPDX-License-Identifier: MIT
 *
 * What the files of os share among themselves: which files there are to read, and one of them read.
 */
#ifndef BB_EDGE_OS_INTERNAL_H
#define BB_EDGE_OS_INTERNAL_H

#include "edge/os/os.h"

/* ---- gather.c: paths given to files ---------------------------------------------------------------- */

typedef struct {
    const char *path; /* as it is shown */
    const char *real; /* where the file is: what a link that was named itself leads to, else the same */
    uint64_t size;
    int64_t changed, touched; /* nanoseconds since 1970 */
    bool whole;               /* bb_os_in_maildir */
    bb_hash file;
    int error;   /* errno of a folder that could not be read; 0: a file */
    bool stream; /* no regular file: size unknown */
    bool below;  /* found below a folder, not named itself */
} bb_os_entry;

typedef struct {
    bb_arena *arena;
    bb_os_entry *items;
    size_t n, cap;
} bb_os_entries;

/* Does somebody hold a lock file beside it, who is alive? */
bool bb_os_mbox_is_locked(const char *path);

struct stat;
/* Device and inode; in a Maildir its unique name too, which no other file ever gets. */
bb_hash bb_os_file_id(const struct stat *st, const char *path);
bool bb_os_in_maildir(const char *path); /* in new or cur: it came there whole */
int64_t bb_os_changed(const struct stat *st);
int64_t bb_os_touched(const struct stat *st);
/* Adds what is at `path`: itself, or the regular files below it, sorted by path. */
bool bb_os_gather(bb_os_entries *e, const char *path, bb_err *err) BB_MUST_USE;

/* ---- reader.c: one file to messages ----------------------------------------------------------------- */

#define BB_OS_WINDOW ((size_t)256 << 10)

typedef struct {
    int fd;                    /* -1: none open */
    uint64_t left;             /* bytes that may still be read */
    uint64_t done;             /* bytes of it behind us */
    bool mbox, end;            /* end: nothing is left in the file */
    int error;                 /* errno of a read that failed */
    char window[BB_OS_WINDOW]; /* read, and its part from `from` to `to` not used yet */
    size_t from, to;
    bb_str message; /* in the window, or in the buffer, which is kept from one to the next */
    char *buffer;
    size_t cap;
    bool cut;
    bb_time from_line, next_from_line; /* of this message, and of the one whose line was found behind it */
    bb_progress progress;              /* of a regular file, with bb_os_reader_mark */
} bb_os_reader;

/* Goes on behind what `known` (NULL: nothing) says was read, where that is still the same. */
bool bb_os_reader_open(bb_os_reader *r, const bb_os_entry *e, const bb_progress *known, bb_err *err) BB_MUST_USE;
/* Brings r->progress up to the message that was read last. False: the file cannot be read any more. */
bool bb_os_reader_mark(bb_os_reader *r);
/* 1: r->message is the next one, until the next call; 0: the end, -1: err. */
int bb_os_reader_next(bb_os_reader *r, const char *path, bb_err *err);
void bb_os_reader_close(bb_os_reader *r);

#endif
