/* SPDX-License-Identifier: MIT
 *
 * One batch, one transaction. Items are taken in the order given, in runs of one type, so that one sees what those
 * before it did and yet nothing is asked or written row by row; then everybody touched is folded again.
 */
#include <stdlib.h>

#include "edge/store/internal.h"

/* ---- whom it moved ----------------------------------------------------------------------------------- */

bool bb_touch(bb_apply *ap, uint64_t subscriber)
{
    uint64_t *slot = BB_PUSH(ap->arena, ap->touched, ap->n_touched, ap->cap_touched);
    if (slot) *slot = subscriber;
    return slot != NULL;
}

void bb_mark_changed(bb_row_person *who, bb_time now)
{
    if (now > who->changed) who->changed = now;
}

static int ascending(const void *left, const void *right)
{
    uint64_t x = *(const uint64_t *)left, y = *(const uint64_t *)right;
    return (x > y) - (x < y);
}

static void sort_touched(bb_apply *ap)
{
    size_t kept = 0;
    if (ap->n_touched) qsort(ap->touched, ap->n_touched, sizeof *ap->touched, ascending);
    for (size_t i = 0; i < ap->n_touched; i++)
        if (!kept || ap->touched[kept - 1] != ap->touched[i]) ap->touched[kept++] = ap->touched[i];
    ap->n_touched = kept;
}

/* The policy of everybody's list, asked once a list: contexts[i] is that of people[i]. */
static const bb_context **ask_policies(bb_apply *ap, const bb_row_person *people, size_t n)
{
    size_t n_lists;
    bb_slot_key *keys = bb_get_array(ap->arena, n, sizeof *keys);
    const bb_context **out = bb_get_array(ap->arena, n, sizeof *out);
    if (!keys || !out) return NULL;
    for (size_t i = 0; i < n; i++) keys[i].number = people[i].list;
    size_t *slots = bb_slots(ap->arena, keys, n, &n_lists);
    bb_context *contexts = bb_get_array(ap->arena, n_lists, sizeof *contexts);
    if (!slots || !contexts) return NULL;
    for (size_t i = 0, asked = 0; i < n; i++) {
        if (slots[i] == asked) { /* the first of his list */
            bb_batch *b = ap->batch;
            if (!b->policy || !b->policy(b->policy_ctx, people[i].list, &contexts[asked])) {
                bb_fail(ap->err, BB_ECONFIG, "there is no policy for list %u", people[i].list);
                return NULL;
            }
            asked++;
        }
        out[i] = &contexts[slots[i]];
    }
    return out;
}

/* What the fold makes of him; a change is written to the next free entry of both arrays. False: out of memory. */
static bool judge(bb_apply *ap, bb_row_person *who, const bb_row_facts *h, const bb_context *ctx, bb_change *change,
                  bb_row_transition *row, bool *changed)
{
    bb_decision d;
    bb_batch *b = ap->batch;
    if (!bb_policy_fold(ap->arena, h->facts, h->n_facts, h->sends, h->n_sends, ctx, BB_NO_TIME, &d, NULL)) return false;
    if (d.would != d.status)
        b->would[b->n_would++] = (bb_change){who->id, who->list, who->address, d.status, d.would, BB_NO_TIME};
    *changed = d.status != who->status || d.until != who->until;
    if (!*changed) return true;
    const bb_fact *cause = d.cause < h->n_facts ? &h->facts[d.cause] : NULL;
    *change = (bb_change){who->id, who->list, who->address, who->status, d.status, d.until};
    row->subscriber = who->id;
    row->transition = (bb_transition){.time = cause ? cause->time : ap->batch->now,
                                      .recorded = ap->batch->now,
                                      .from = who->status,
                                      .to = d.status,
                                      .until = d.until,
                                      .cause = cause ? cause->id : (bb_hash){{0}}};
    who->status = d.status;
    who->until = d.until;
    bb_mark_changed(who, ap->batch->now);
    return true;
}

bool bb_refold(bb_apply *ap)
{
    sort_touched(ap);
    size_t n = ap->n_touched, moved = 0;
    if (!n) return true;
    const bb_driver_ops *ops = ap->driver->ops;
    bb_row_person *people = bb_get_array(ap->arena, n, sizeof *people);
    bb_row_facts *facts = bb_get_array(ap->arena, n, sizeof *facts);
    bb_change *changes = bb_get_array(ap->arena, n, sizeof *changes);
    bb_row_transition *transitions = bb_get_array(ap->arena, n, sizeof *transitions);
    ap->batch->would = bb_get_array(ap->arena, n, sizeof *ap->batch->would);
    if (!people || !facts || !changes || !transitions || !ap->batch->would) return false;
    /* facts first: this is where a driver locks */
    if (!ops->facts(ap->driver, ap->arena, ap->touched, n, facts, ap->err)) return false;
    if (!ops->find_people(ap->driver, ap->arena, ap->touched, n, people, ap->err)) return false;
    const bb_context **contexts = ask_policies(ap, people, n);
    if (!contexts) return false;
    for (size_t i = 0; i < n; i++) {
        bool changed;
        if (!judge(ap, &people[i], &facts[i], contexts[i], &changes[moved], &transitions[moved], &changed))
            return false;
        if (changed) people[moved++] = people[i];
    }
    ap->batch->changes = changes;
    ap->batch->n_changes = moved;
    return ops->put_statuses(ap->driver, people, moved, ap->err) &&
           ops->put_transitions(ap->driver, transitions, moved, ap->err);
}

/* ---- the batch ----------------------------------------------------------------------------------------- */

void bb_refuse(bb_item *item, const char *why)
{
    item->result = BB_RESULT_REFUSED;
    item->why = why;
}

static void forget_answers(bb_batch *batch, bb_result result)
{
    batch->changes = NULL;
    batch->n_changes = 0;
    batch->would = NULL;
    batch->n_would = 0;
    for (size_t i = 0; i < batch->n; i++) {
        bb_item *item = &batch->items[i];
        item->result = result;
        item->why = NULL;
        item->settled = item->before = NULL;
        item->n_before = 0;
        if (item->type == BB_ITEM_SUBSCRIBER) item->subscriber = 0;
    }
}

static bool run_all(bb_apply *ap)
{
    static bool (*const runs[])(bb_apply *, bb_item *, size_t) = {
        [BB_ITEM_REPORT] = bb_apply_reports,   [BB_ITEM_SUBSCRIBER] = bb_apply_subscribers,
        [BB_ITEM_FACT] = bb_apply_facts,       [BB_ITEM_SEND] = bb_apply_sends,
        [BB_ITEM_READING] = bb_apply_readings,
    };
    bb_item *items = ap->batch->items;
    for (size_t i = 0, end; i < ap->batch->n; i = end) {
        for (end = i + 1; end < ap->batch->n && items[end].type == items[i].type;) end++;
        if (!runs[items[i].type](ap, items + i, end - i)) return false;
    }
    return true;
}

bool bb_store_apply(bb_store *s, bb_arena *a, bb_batch *batch, bb_err *err)
{
    bb_err own;
    if (!err) err = &own;
    bb_driver *d = s->driver;
    bb_apply ap = {.store = s, .driver = d, .arena = a, .batch = batch, .err = err};
    forget_answers(batch, BB_RESULT_RETRY);
    if (batch->now == BB_NO_TIME) return bb_fail(err, BB_EUSAGE, "a batch needs the time at which it was taken in");
    if (a->failed) return bb_out_of_memory(err);
    if (!s->rehearsing && !d->ops->begin(d, true, err)) return false;
    bool whole = run_all(&ap) && bb_refold(&ap) && d->ops->put_progress(d, batch->progress, batch->n_progress, err) &&
                 d->ops->put_refused(d, batch->refused, batch->n_refused, err) && !a->failed;
    if (whole && (s->rehearsing || d->ops->commit(d, err))) return true;
    if (!whole && a->failed) bb_out_of_memory(err);
    d->ops->rollback(d);
    s->rehearsing = false;
    forget_answers(batch, err->code == BB_EUNKNOWN ? BB_RESULT_UNKNOWN : BB_RESULT_RETRY);
    return false;
}
