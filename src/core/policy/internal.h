/* SPDX-License-Identifier: MIT
 *
 * What the files of policy share: facts brought into order, and the counts that limits look at.
 */
#ifndef BB_CORE_POLICY_INTERNAL_H
#define BB_CORE_POLICY_INTERNAL_H

#include "core/policy/policy.h"

/* Sums that stay within the numbers there are: durations come from configuration, times from mail. */
static inline bb_time bb_time_plus(bb_time t, int64_t seconds)
{
    bb_time sum;
    if (!__builtin_add_overflow(t, seconds, &sum)) return sum;
    return seconds < 0 ? INT64_MIN : INT64_MAX;
}

/* ---- order (order.c) ------------------------------------------------------------------------------- */

typedef struct {
    const bb_fact *fact;
    bb_time time; /* the earliest that the fact or one of its duplicates says */
} bb_event;

/* Every fact once, by (time, rank, id). stands_for[i] is the index of the fact that stands for the caller's i-th:
 * itself, or the one that it is a duplicate of. False: memory. */
bool bb_policy_order(bb_arena *a, const bb_fact *facts, size_t n, bb_event **out, size_t *n_out,
                     size_t *stands_for) BB_MUST_USE;

/* ---- counts (counts.c) ----------------------------------------------------------------------------- */

/* A soft about an unknown mailing, chained to the latest one at least 24 hours before it. */
typedef struct {
    bb_time time;
    size_t before; /* index + 1; 0: none */
} bb_unknown;

/* Facts are named by their position in the order and must be added in it. */
typedef struct {
    const bb_event *events;
    size_t n;
    size_t *mailing;             /* of each position: a small number for its mailing; meaningless where unknown */
    size_t *last_soft;           /* of each mailing: position + 1 of its last soft; 0: none */
    size_t *last_hard;           /* likewise */
    uint32_t *marks;             /* a Fenwick tree with a 1 at the last soft of each mailing */
    size_t soft_from, hard_from; /* positions before these count no more */
    bb_unknown *unknown;
    size_t n_unknown, apart; /* apart: how many of them are at least 24 hours before the last */
    int hards;
    bb_time last_unknown_hard; /* BB_NO_TIME: none */
    bb_time *sends;            /* of each mailing the time, ascending */
    size_t n_sends;
} bb_counts;

bool bb_counts_init(bb_arena *a, const bb_event *events, size_t n, const bb_send *sends, size_t n_sends,
                    bb_counts *out) BB_MUST_USE;
/* Softs before the position count no more; bb_counts_restart: softs and hards. */
void bb_counts_clear(bb_counts *c, size_t position);
void bb_counts_restart(bb_counts *c, size_t position);
/* Both answer whether the count grew by it. */
bool bb_counts_add_soft(bb_counts *c, size_t position, const bb_policy *p);
bool bb_counts_add_hard(bb_counts *c, size_t position);
/* Softs in the window that ends at t, which is not before the last one added. */
int bb_counts_soft(const bb_counts *c, const bb_policy *p, bb_time t);

#endif
