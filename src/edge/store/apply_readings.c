/* SPDX-License-Identifier: MIT
 *
 * A run of reports that are stored and were read again: where today's rules say something else, new readings are put
 * behind the old ones, which stay.
 */
#include "edge/store/internal.h"

/* ---- the same? ------------------------------------------------------------------------------------------------ */

static bool same_settled(const bb_settled *x, const bb_settled *y)
{
    return x->subscriber == y->subscriber && x->list == y->list && x->mailing == y->mailing && x->trust == y->trust &&
           x->forwarded == y->forwarded && x->unsubscribes == y->unsubscribes && x->kind == y->kind &&
           x->reason == y->reason;
}

/* How sure it was, and which version of the rules said it, is no other reading. */
static bool same_reading(const bb_row_reading *x, const bb_row_reading *y)
{
    const bb_str *const texts[][2] = {{&x->recipient, &y->recipient},
                                      {&x->domain, &y->domain},
                                      {&x->status, &y->status},
                                      {&x->command, &y->command},
                                      {&x->diagnostic, &y->diagnostic},
                                      {&x->remote_mta, &y->remote_mta},
                                      {&x->format, &y->format},
                                      {&x->reporting_mta, &y->reporting_mta},
                                      {&x->rule, &y->rule}};
    for (size_t i = 0; i < BB_COUNT(texts); i++)
        if (!bb_eq(*texts[i][0], *texts[i][1])) return false;
    return x->position == y->position && x->action == y->action && x->reply_code == y->reply_code &&
           same_settled(&x->settled, &y->settled);
}

/* ---- the run -------------------------------------------------------------------------------------------------- */

typedef struct {
    bb_apply *ap;
    uint64_t *changed; /* reports */
    size_t n_changed;
    bb_row_reading *fresh;
    size_t n_fresh, cap_fresh;
} readings_run;

static bool touch_all(bb_apply *ap, const bb_row_reading *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].settled.subscriber && !bb_touch(ap, rows[i].settled.subscriber)) return false;
    return true;
}

/* Whom a report is about, and who vouches for that, was settled when it came, by the keys, lists and addresses of then:
 * reading its words again is no reason to settle it anew. Only what was nobody's may find somebody now. Answers the
 * reading whose holder stays that of verdict i; NULL: none. */
static const bb_row_reading *keep_holder(bb_item *item, size_t i, const bb_row_reading *current, size_t n)
{
    const bb_message *m = item->message;
    bb_str recipient = i < m->report.n_rcpts ? m->report.rcpts[i].recipient : (bb_str){0};
    const bb_row_reading *was = n == 1 && m->n_verdicts == 1 ? &current[0] : NULL;
    for (size_t k = 0; !was && k < n; k++)
        if (bb_eq(current[k].recipient, recipient)) was = &current[k];
    if (!was || !was->settled.subscriber) return NULL;
    item->settled[i] = was->settled;
    item->settled[i].kind = m->verdicts[i].kind;
    item->settled[i].reason = m->verdicts[i].reason;
    return was;
}

/* `current`: what the report's readings are, n of them; none: there is no such report. */
static bool take_reading(readings_run *run, bb_item *item, const bb_row_reading *current, size_t n)
{
    bb_apply *ap = run->ap;
    size_t fresh = item->message->n_verdicts, begin = run->n_fresh;
    if (!n) {
        bb_refuse(item, "there is no such report");
        return true;
    }
    item->before = bb_get_array(ap->arena, n, sizeof *item->before);
    if (!item->before) return false;
    item->n_before = n;
    for (size_t i = 0; i < n; i++) item->before[i] = current[i].settled;
    bool same = n == fresh;
    for (size_t i = 0; i < fresh; i++) {
        bb_row_reading *slot = BB_PUSH(ap->arena, run->fresh, run->n_fresh, run->cap_fresh);
        if (!slot) return false;
        const bb_row_reading *holder = keep_holder(item, i, current, n);
        *slot = bb_reading_of(ap, item, item->report, i);
        if (holder) slot->domain = holder->domain; /* which is of his address */
        same = same && same_reading(slot, &current[i]);
    }
    item->result = same ? BB_RESULT_DUPLICATE : BB_RESULT_STORED;
    if (same) run->n_fresh = begin;
    if (same) return true;
    run->changed[run->n_changed++] = item->report;
    return touch_all(ap, current, n) && touch_all(ap, run->fresh + begin, fresh);
}

bool bb_apply_readings(bb_apply *ap, bb_item *items, size_t n)
{
    const bb_driver_ops *ops = ap->driver->ops;
    readings_run run = {.ap = ap, .changed = bb_get_array(ap->arena, n, sizeof *run.changed)};
    uint64_t *ids = bb_get_array(ap->arena, n, sizeof *ids);
    bb_row_reading *current = NULL;
    size_t n_current = 0, cap = 0, at = 0;
    if (!run.changed || !ids || !bb_settle_reports(ap, items, n)) return false;
    for (size_t i = 0; i < n; i++) ids[i] = items[i].report;
    if (!ops->readings(ap->driver, ap->arena, ids, n, &current, &n_current, &cap, ap->err)) return false;
    for (size_t i = 0; i < n; i++) {
        size_t begin = at;
        while (at < n_current && current[at].report == ids[i]) at++;
        if (!take_reading(&run, &items[i], current + begin, at - begin)) return false;
    }
    return ops->retire_readings(ap->driver, run.changed, run.n_changed, ap->err) &&
           ops->put_readings(ap->driver, run.fresh, run.n_fresh, ap->err);
}
