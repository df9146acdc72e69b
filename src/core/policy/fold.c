/* SPDX-License-Identifier: MIT
 *
 * The fold: facts in order, each judged by the policy in force at its time, to a status (docs/policy.md has the
 * clauses and their reasons).
 */
#include "core/policy/internal.h"

#define LONGEST_QUARANTINE (36525 * BB_DAY) /* a hundred years: an end that every clock and database can hold */
#define MOST_GROWTH        64               /* times that a quarantine is multiplied by the backoff */

/* A status, until when, and the event that brought it. */
typedef struct {
    bb_status status;
    bb_time until;
    size_t cause; /* position in the order; number of events: none */
} standing;

typedef struct {
    const bb_context *ctx;
    bool heeds_observe; /* false: as if no list only observed */
    const bb_event *events;
    size_t n;
    bb_counts counts;
    standing base;  /* what people and removals brought */
    standing softs; /* the quarantine that ends last of those that softs gave */
    bb_time since;  /* of the last setting, subscription or change of address */
} fold;

/* ---- standing ----------------------------------------------------------------------------------------- */

bb_status bb_status_at(bb_status kept, bb_time until, bb_time now)
{
    bool over = until != BB_NO_TIME && now != BB_NO_TIME && now >= until;
    return kept == BB_STATUS_QUARANTINED && over ? BB_STATUS_ACTIVE : kept;
}

static bool is_gone(const fold *f)
{
    return f->base.status != BB_STATUS_ACTIVE && f->base.status != BB_STATUS_QUARANTINED;
}

/* When a standing stops keeping mail away; one by hand without an end never does. */
static bb_time end_of(const standing *s)
{
    if (s->status != BB_STATUS_QUARANTINED) return INT64_MIN;
    return s->until == BB_NO_TIME ? INT64_MAX : s->until;
}

static const standing *standing_of(const fold *f)
{
    return !is_gone(f) && end_of(&f->softs) > end_of(&f->base) ? &f->softs : &f->base;
}

static void forget_softs(fold *f)
{
    f->softs = (standing){.until = BB_NO_TIME, .cause = f->n};
}

static void become(fold *f, bb_status status, bb_time until, size_t at)
{
    f->base = (standing){status, until, at};
    forget_softs(f);
}

/* ---- policy ------------------------------------------------------------------------------------------- */

const bb_policy *bb_policy_at(const bb_context *ctx, bb_time t)
{
    size_t low = 1, high = ctx->n_versions; /* the first version is in force from ever */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ctx->versions[middle].from <= t) low = middle + 1;
        else high = middle;
    }
    return ctx->n_versions ? &ctx->versions[low - 1] : &bb_policy_defaults;
}

static bool accepts(const bb_policy *p, bb_trust trust)
{
    return (unsigned)trust < 8 * sizeof p->accept_trust && (p->accept_trust & BB_ACCEPT(trust));
}

/* A backoff below 1 counts as 1: otherwise one more soft would shorten a quarantine. */
static bb_time quarantine_end(const bb_policy *p, bb_time t, int count)
{
    double seconds = p->quarantine > 0 ? (double)p->quarantine : 0;
    double growth = p->quarantine_backoff >= 1 ? p->quarantine_backoff : 1;
    int times = seconds > 0 ? count - 1 : 0;
    for (int i = 0; i < times && i < MOST_GROWTH && seconds < (double)LONGEST_QUARANTINE; i++) seconds *= growth;
    bool longest = seconds >= (double)LONGEST_QUARANTINE;
    bb_time end = bb_time_plus(t, longest ? LONGEST_QUARANTINE : (int64_t)seconds);
    return end == BB_NO_TIME ? end + 1 : end;
}

/* ---- reports ------------------------------------------------------------------------------------------ */

/* The kind that it acts as. A forwarded report was made by somebody else's mailbox: soft at most. A machine that could not
 * authenticate a message (RFC 6591) is nobody who complains of it. */
static bb_kind acting_kind(const bb_fact *f)
{
    if (f->kind == BB_KIND_COMPLAINT && f->reason == BB_REASON_authfailure) return BB_KIND_OTHER;
    bool worse = f->kind == BB_KIND_HARD || f->kind == BB_KIND_COMPLAINT;
    return f->forwarded && worse ? BB_KIND_SOFT : f->kind;
}

static bool never_acts(bb_kind k)
{
    return k != BB_KIND_HARD && k != BB_KIND_SOFT && k != BB_KIND_COMPLAINT && k != BB_KIND_DELIVERED;
}

static bb_effect removed(fold *f, size_t at)
{
    become(f, BB_STATUS_BOUNCED, BB_NO_TIME, at);
    return BB_EFFECT_REMOVED;
}

static bb_effect soft(fold *f, size_t at, const bb_policy *p)
{
    bb_time t = f->events[at].time;
    bool counted = bb_counts_add_soft(&f->counts, at, p);
    int count = bb_counts_soft(&f->counts, p, t);
    if (count >= p->soft_limit) return removed(f, at);
    standing given = {BB_STATUS_QUARANTINED, quarantine_end(p, t, count), at};
    if (end_of(&given) > end_of(&f->softs)) f->softs = given;
    return counted ? BB_EFFECT_QUARANTINED : BB_EFFECT_COUNTED_ALREADY;
}

/* Below its limit a hard is a soft too, so that it never does less than a soft would. */
static bb_effect hard(fold *f, size_t at, const bb_policy *p)
{
    bool counted = bb_counts_add_hard(&f->counts, at);
    if (f->counts.hards >= p->hard_limit) return removed(f, at);
    bb_effect as_soft = soft(f, at, p);
    return counted && as_soft == BB_EFFECT_COUNTED_ALREADY ? BB_EFFECT_QUARANTINED : as_soft;
}

static bb_effect delivered(fold *f, size_t at, const bb_policy *p)
{
    bb_time t = f->events[at].time;
    bool held = end_of(&f->softs) > t, any = held || bb_counts_soft(&f->counts, p, t) > 0;
    bb_counts_clear(&f->counts, at);
    forget_softs(f);
    if (held && f->base.status == BB_STATUS_ACTIVE) f->base.cause = at;
    return any ? BB_EFFECT_CLEARED : BB_EFFECT_NONE;
}

static bb_effect report(fold *f, size_t at, const bb_policy *p)
{
    const bb_fact *fact = f->events[at].fact;
    bb_kind kind = acting_kind(fact);
    if (never_acts(kind)) return BB_EFFECT_NONE;
    if (!accepts(p, fact->trust)) return BB_EFFECT_UNTRUSTED;
    if (fact->mailed != BB_NO_TIME && fact->mailed < f->since) return BB_EFFECT_SUPERSEDED;
    if (is_gone(f) && (kind != BB_KIND_COMPLAINT || f->base.status == BB_STATUS_COMPLAINED))
        return BB_EFFECT_GONE_ALREADY;
    if (p->observe && f->heeds_observe) return BB_EFFECT_OBSERVED;
    if (kind == BB_KIND_HARD) return hard(f, at, p);
    if (kind == BB_KIND_SOFT) return soft(f, at, p);
    if (kind == BB_KIND_DELIVERED) return delivered(f, at, p);
    become(f, BB_STATUS_COMPLAINED, BB_NO_TIME, at);
    return BB_EFFECT_COMPLAINED;
}

/* ---- what people say ---------------------------------------------------------------------------------- */

/* Nothing before this counts after it, and nothing about a mailing sent before it. */
static void restart(fold *f, size_t at)
{
    bb_counts_restart(&f->counts, at);
    forget_softs(f);
    f->since = f->events[at].time;
}

static bb_effect setting(fold *f, size_t at)
{
    const bb_fact *fact = f->events[at].fact;
    bool left = f->base.status == BB_STATUS_UNSUBSCRIBED;
    if (fact->type == BB_FACT_UNSUBSCRIBE) {
        if (!left) become(f, BB_STATUS_UNSUBSCRIBED, BB_NO_TIME, at);
        return BB_EFFECT_SET;
    }
    restart(f, at);
    if (fact->type == BB_FACT_SET) {
        bool quarantine = fact->set_status == BB_STATUS_QUARANTINED;
        become(f, fact->set_status, quarantine ? fact->set_until : BB_NO_TIME, at);
    } else if (fact->type == BB_FACT_SUBSCRIBE || (!left && f->base.status != BB_STATUS_COMPLAINED)) {
        become(f, BB_STATUS_ACTIVE, BB_NO_TIME, at);
    } /* else an address changed: bounces were about the old one; what he said himself stays said */
    return BB_EFFECT_SET;
}

/* ---- the fold ----------------------------------------------------------------------------------------- */

static bb_note note_of(const fold *f, bb_effect effect, const bb_policy *p, bb_time t)
{
    const standing *s = standing_of(f);
    bb_note note = {.effect = effect, .status = bb_status_at(s->status, s->until, t), .until = BB_NO_TIME};
    if (note.status == BB_STATUS_QUARANTINED) note.until = s->until;
    note.hard = f->counts.hards;
    note.soft = bb_counts_soft(&f->counts, p, t);
    return note;
}

/* Judges all events, notes in their order. */
static bool run(fold *f, bb_arena *a, const bb_send *sends, size_t n_sends, bb_note *notes)
{
    f->since = BB_NO_TIME;
    if (!bb_counts_init(a, f->events, f->n, sends, n_sends, &f->counts)) return false;
    become(f, BB_STATUS_ACTIVE, BB_NO_TIME, f->n);
    for (size_t at = 0; at < f->n; at++) {
        const bb_event *e = &f->events[at];
        const bb_policy *p = bb_policy_at(f->ctx, e->time);
        bb_effect effect = e->fact->type == BB_FACT_REPORT ? report(f, at, p) : setting(f, at);
        notes[at] = note_of(f, effect, p, e->time);
    }
    return true;
}

static bool observes(const bb_context *ctx)
{
    for (size_t i = 0; i < ctx->n_versions; i++)
        if (ctx->versions[i].observe) return true;
    return false;
}

/* An observed fact would have acted; one that would not have (nothing to clear, counted already) is told as such. */
static void tell_observed(bb_note *notes, const bb_note *would, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool idle = would[i].effect == BB_EFFECT_NONE || would[i].effect == BB_EFFECT_COUNTED_ALREADY;
        if (notes[i].effect == BB_EFFECT_OBSERVED && idle) notes[i].effect = would[i].effect;
    }
}

static bb_decision decision_of(const fold *f, const bb_note *notes, bb_time now, const bb_fact *facts, size_t n)
{
    const standing *s = standing_of(f);
    bb_decision d = {.status = bb_status_at(s->status, s->until, now), .until = BB_NO_TIME, .cause = n};
    if (d.status == s->status) { /* else a quarantine ended, and nothing but the clock brought that */
        d.until = s->until;
        if (s->cause < f->n) d.cause = (size_t)(f->events[s->cause].fact - facts);
    }
    if (f->n) d.hard = notes[f->n - 1].hard;
    if (f->n) d.soft = notes[f->n - 1].soft;
    return d;
}

/* Notes into the caller's order; a duplicate says so, and stands where its fact stands. */
static void hand_out(const fold *f, const bb_note *from, const bb_fact *facts, size_t n, const size_t *stands_for,
                     bb_note *to)
{
    for (size_t at = 0; at < f->n; at++) to[f->events[at].fact - facts] = from[at];
    for (size_t i = 0; i < n; i++) {
        if (stands_for[i] == i) continue;
        to[i] = to[stands_for[i]];
        to[i].effect = BB_EFFECT_DUPLICATE;
    }
}

bool bb_policy_fold(bb_arena *scratch, const bb_fact *facts, size_t n, const bb_send *sends, size_t n_sends,
                    const bb_context *ctx, bb_time now, bb_decision *out, bb_note *notes)
{
    bb_event *events;
    fold actual = {.ctx = ctx, .heeds_observe = true}, would = {.ctx = ctx};
    size_t *stands_for = bb_get_array(scratch, n, sizeof *stands_for);
    if (!stands_for || !bb_policy_order(scratch, facts, n, &events, &actual.n, stands_for)) return false;
    bb_note *told = bb_get_array(scratch, actual.n, sizeof *told);
    actual.events = events;
    if (!told || !run(&actual, scratch, sends, n_sends, told)) return false;
    *out = decision_of(&actual, told, now, facts, n);
    out->would = out->status;
    if (observes(ctx)) {
        bb_note *untold = bb_get_array(scratch, actual.n, sizeof *untold);
        would.events = events;
        would.n = actual.n;
        if (!untold || !run(&would, scratch, sends, n_sends, untold)) return false;
        out->would = decision_of(&would, untold, now, facts, n).status;
        tell_observed(told, untold, actual.n);
    }
    if (notes) hand_out(&actual, told, facts, n, stands_for, notes);
    return true;
}
