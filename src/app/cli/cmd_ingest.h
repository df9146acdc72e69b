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
    uint64_t messages, reports, duplicates, other, unreadable;
    uint64_t kinds[BB_KIND_AUTOREPLY + 1];
    uint64_t nobody[NOBODY_REASONS];
    cli_moves moves;
} ingest_sums;

typedef struct rehearsal rehearsal;

typedef struct {
    cli *c;
    bb_reader reader;
    bb_attribution attribution;
    bool keep_evidence;
    bb_arena mail; /* the batch's messages and what was read of them */
    bb_arena work; /* what storing them takes */
    bb_item items[INGEST_BATCH];
    bb_message messages[INGEST_BATCH];
    bb_claims claims[INGEST_BATCH];
    size_t n, bytes;
    ingest_sums sums;
    cli_progress progress;
    rehearsal *rehearsal; /* NULL: this is no dry run */
} ingest;

/* ingest_sums.c: one stored or known message; whether it is complete is the caller's exit code. */
void ingest_count(ingest *g, const bb_item *item);
bool ingest_tell(ingest *g, bool complete);

/* ingest_dry.c: the batch as if it were stored; its items get their results. The moves come at the end. */
bool rehearsal_begin(ingest *g);
bool rehearsal_batch(ingest *g);
bool rehearsal_end(ingest *g);

#endif
