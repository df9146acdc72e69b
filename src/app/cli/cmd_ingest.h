/* SPDX-License-Identifier: MIT
 *
 * What the files of ingest share: the run, its batch and its sums.
 */
#ifndef BB_APP_CLI_CMD_INGEST_H
#define BB_APP_CLI_CMD_INGEST_H

#include "app/cli/cli.h"

#define INGEST_BATCH 256

/* Why a report acts on nobody. */
typedef enum {
    NOBODY_UNVOUCHED, /* it names a subscriber, and nobody vouches for it as his list demands */
    NOBODY_FORGED,    /* its token is not ours */
    NOBODY_EXPIRED,
    NOBODY_OURS, /* it names nobody we know */
    NOBODY_REASONS
} nobody_reason;

typedef struct {
    uint64_t messages, reports, duplicates, counted, unsubscriptions, other, unreadable;
    uint64_t kinds[BB_KIND_AUTOREPLY + 1];
    uint64_t nobody[NOBODY_REASONS];
    cli_moves moves;
    cli_moves would; /* if their lists did not only observe */
} ingest_sums;

typedef struct rehearsal rehearsal;
typedef struct tracked tracked;

typedef struct {
    const char *path;
    bb_progress progress; /* up to the last message of the batch */
    uint64_t id;          /* on a server each message is a file of its own; 0: a file */
    bool mbox, last;      /* last: nothing stands behind that message */
    bool broken; /* something of it could not be stored: it stays as it is (a mailbox on a server: as read so far) */
} ingest_file;

/* Messages that become one transaction. Two of them take turns: one is filled while the other is stored. */
typedef struct {
    bb_arena mail; /* the messages and what was read of them */
    bb_arena work; /* what storing them takes */
    bb_item items[INGEST_BATCH];
    bb_message messages[INGEST_BATCH];
    bb_claims claims[INGEST_BATCH];
    size_t n, bytes;
    ingest_file files[INGEST_BATCH];
    size_t n_files;
    bb_progress progress[INGEST_BATCH];
    /* of storing */
    bb_batch apply;
    bb_err err;
    bool lets_go; /* others may write when it is stored, until the next batch is */
    bool stored;
} ingest_batch;

typedef struct ingest_writer ingest_writer;

typedef struct {
    cli *c;
    bb_reader reader;
    bb_attribution attribution;
    bool keep_evidence;
    ingest_batch *batches; /* two */
    ingest_batch *b;       /* the one that is filled */
    ingest_writer *writer;
    ingest_sums sums;
    cli_progress progress;
    rehearsal *rehearsal; /* NULL: this is no dry run */
    bb_done done;
    const char *into;           /* of BB_DONE_MOVE */
    int look_again;             /* milliseconds, where nobody tells that mail came */
    const cli_servers *servers; /* NULL: none is read */
    bb_remote *remote;          /* the mailbox on a server that is read now; NULL: files are */
    bb_arena *keep;             /* what lives as long as the run, whatever it follows */
    bool follows;               /* files too are not read from their start */
    tracked *tracked;           /* NULL: neither they nor servers */
    bool broken_known;          /* broken: the last file of which something could not be stored */
    bb_hash broken;
    bb_code trouble; /* a file that is stored could not be put away; BB_OK: none */
    double yielded;
    bool left_some; /* a file that somebody was writing to */
} ingest;

/* Once through what is there: opens the store, reads, stores, tells. Answers the exit code. */
int ingest_round(ingest *g);

/* ingest_follow.c: until a signal says otherwise. */
int ingest_follow(ingest *g);
bool ingest_asked_to_end(void);

/* ingest_files.c */
bool ingest_track(ingest *g); /* from here on it is known how far files were read; once a run */
void ingest_track_end(ingest *g);
void ingest_resume(ingest *g, bb_mailbox *box);
bool ingest_known(void *ctx, bb_progress *p); /* bb_progress_fn; ctx is the ingest */
/* The message is in the batch; or, with read false, cannot be in any. */
void ingest_note_file(ingest *g, const bb_mailbox_message *m, bool read);
size_t ingest_progress(const ingest *g, ingest_batch *b); /* fills b->progress; how many */
bool ingest_finish_files(ingest *g, ingest_batch *b);     /* after the commit */

/* ingest_writer.c: a thread that stores one batch while the next is read; where there is none, storing happens at once.
 * Between giving and waiting the store is the writer's alone. */
ingest_writer *ingest_writer_start(cli *c);
void ingest_writer_give(ingest_writer *w, ingest_batch *b);
ingest_batch *ingest_writer_wait(ingest_writer *w); /* the batch that was given, stored or not; NULL: none was */
void ingest_writer_stop(ingest_writer **w);

/* ingest_sums.c: one stored or known message; whether it is complete is the caller's exit code. */
void ingest_count(ingest *g, const bb_item *item);
bool ingest_tell(ingest *g, bool complete);

/* ingest_dry.c: the batch as if it were stored; its items get their results. The moves come at the end. */
bool rehearsal_begin(ingest *g);
bool rehearsal_batch(ingest *g);
bool rehearsal_end(ingest *g);

#endif
