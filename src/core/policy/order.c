/* SPDX-License-Identifier: MIT
 *
 * Facts brought into the one order in which they are judged, however they came.
 */
#include <stdlib.h>
#include <string.h>

#include "core/policy/internal.h"

/* Within one second: a person's own words first, then deliveries, then the others, softer before harder. */
static int rank(const bb_fact *f)
{
    static const int settings[] = {
        [BB_FACT_ADDRESS] = 0, [BB_FACT_SUBSCRIBE] = 1, [BB_FACT_UNSUBSCRIBE] = 2, [BB_FACT_SET] = 3};
    static const int reports[] = {
        [BB_KIND_DELIVERED] = 10, [BB_KIND_OTHER] = 11, [BB_KIND_AUTOREPLY] = 12, [BB_KIND_DELAYED] = 13,
        [BB_KIND_BLOCK] = 14,     [BB_KIND_SOFT] = 15,  [BB_KIND_HARD] = 16,      [BB_KIND_COMPLAINT] = 17};
    if (f->type == BB_FACT_REPORT) return (size_t)f->kind < BB_COUNT(reports) ? reports[f->kind] : 11;
    return (size_t)f->type < BB_COUNT(settings) ? settings[f->type] + (int)(f->type == BB_FACT_SET) * (int)f->set_status
                                                : 0;
}

#define COMPARE(x, y) \
    if ((x) != (y)) return (x) < (y) ? -1 : 1

static int by_id(const bb_fact *x, const bb_fact *y)
{
    return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

/* Duplicates stand together, and the one that holds stands first: one report may say two things of a subscriber,
 * and then the worse counts. The rest is there so that no order of the input shows. */
static int duplicates_together(const void *left, const void *right)
{
    const bb_fact *x = ((const bb_event *)left)->fact, *y = ((const bb_event *)right)->fact;
    int order = by_id(x, y);
    if (order) return order;
    COMPARE(rank(y), rank(x));
    COMPARE(y->trust, x->trust);
    COMPARE(x->forwarded, y->forwarded);
    COMPARE(x->mailing, y->mailing);
    COMPARE(x->mailed, y->mailed);
    COMPARE(x->set_until, y->set_until);
    COMPARE(x->reason, y->reason);
    COMPARE(x->kind, y->kind);
    COMPARE(x->time, y->time);
    COMPARE(x, y);
    return 0;
}

static int in_order(const void *left, const void *right)
{
    const bb_event *x = left, *y = right;
    COMPARE(x->time, y->time);
    COMPARE(rank(x->fact), rank(y->fact));
    return by_id(x->fact, y->fact);
}

bool bb_policy_order(bb_arena *a, const bb_fact *facts, size_t n, bb_event **out, size_t *n_out, size_t *stands_for)
{
    bb_event *events = bb_get_array(a, n, sizeof *events);
    size_t kept = 0;
    if (!events) return false;
    for (size_t i = 0; i < n; i++) events[i] = (bb_event){&facts[i], facts[i].time};
    if (n) qsort(events, n, sizeof *events, duplicates_together);
    for (size_t i = 0; i < n; i++) {
        bb_event e = events[i];
        bool same = kept && by_id(events[kept - 1].fact, e.fact) == 0;
        if (!same) events[kept++] = e;
        bb_event *holds = &events[kept - 1];
        if (e.time < holds->time) holds->time = e.time;
        stands_for[e.fact - facts] = (size_t)(holds->fact - facts);
    }
    if (kept) qsort(events, kept, sizeof *events, in_order);
    *out = events;
    *n_out = kept;
    return true;
}
