/* SPDX-License-Identifier: MIT
 *
 * The laws of docs/policy.md over random histories, and a second fold, written from its clauses with no thought of
 * speed, that must agree with the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/policy.h"
#include "tap.h"

#define HISTORIES 20000
#define MAX_FACTS 14
#define MAX_SENDS 6

static bb_arena arena;

typedef struct {
    bb_fact facts[MAX_FACTS + 1];
    size_t n;
    bb_send sends[MAX_SENDS];
    size_t n_sends;
    bb_policy versions[3];
    bb_context ctx;
    bb_time now;
} history;

/* ---- histories from bytes -------------------------------------------------------------------------------- */

typedef struct {
    unsigned char bytes[1024];
    size_t at;
} source;

static unsigned below(source *s, unsigned n)
{
    return s->at < sizeof s->bytes ? s->bytes[s->at++] % n : 0;
}

#define PICK(s, array) ((array)[below((s), BB_COUNT(array))])

/* Ten days in steps of half a day, now and then a second beside: times meet, and lie on the edges of windows. */
static bb_time some_time(source *s)
{
    static const int beside[] = {0, 0, 0, 0, 1, -1};
    return (bb_time)below(s, 21) * (BB_DAY / 2) + PICK(s, beside);
}

static bb_policy some_policy(source *s)
{
    static const int hard_limits[] = {1, 1, 2, 3}, soft_limits[] = {3, 3, 2, 1, 5, 99};
    static const int64_t windows[] = {30 * BB_DAY, 3 * BB_DAY, BB_DAY, BB_DAY / 2, 0},
                         quarantines[] = {3 * BB_DAY, BB_DAY, BB_DAY / 2, 1, 0};
    static const double backoffs[] = {2, 2, 1, 1.5, 3, 0.5};
    static const unsigned trusts[] = {BB_ACCEPT(BB_TRUST_SIGNED) | BB_ACCEPT(BB_TRUST_LOCAL),
                                      BB_ACCEPT(BB_TRUST_SIGNED) | BB_ACCEPT(BB_TRUST_PLAIN)};
    bb_policy p = {.from = some_time(s)};
    p.hard_limit = PICK(s, hard_limits);
    p.soft_limit = PICK(s, soft_limits);
    p.soft_window = PICK(s, windows);
    p.window_mode = below(s, 3) ? BB_WINDOW_FIXED : BB_WINDOW_LONGER;
    p.quarantine = PICK(s, quarantines);
    p.quarantine_backoff = PICK(s, backoffs);
    p.accept_trust = PICK(s, trusts);
    p.observe = below(s, 6) == 0;
    return p;
}

static void give_id(bb_fact *f, unsigned number, source *s)
{
    f->id.b[0] = (unsigned char)below(s, 256); /* so that ids do not stand in the order of the facts */
    f->id.b[1] = (unsigned char)number;
}

static bb_fact some_report(source *s, unsigned number)
{
    static const bb_kind kinds[] = {BB_KIND_SOFT,  BB_KIND_SOFT,      BB_KIND_SOFT,      BB_KIND_SOFT,
                                    BB_KIND_HARD,  BB_KIND_DELIVERED, BB_KIND_BLOCK,     BB_KIND_DELAYED,
                                    BB_KIND_OTHER, BB_KIND_AUTOREPLY, BB_KIND_COMPLAINT, BB_KIND_SOFT};
    static const bb_trust trusts[] = {BB_TRUST_SIGNED, BB_TRUST_SIGNED, BB_TRUST_SIGNED,
                                      BB_TRUST_LOCAL,  BB_TRUST_PLAIN,  BB_TRUST_NONE};
    bb_fact f = {.type = BB_FACT_REPORT, .set_until = BB_NO_TIME, .time = some_time(s)};
    f.kind = PICK(s, kinds);
    f.trust = PICK(s, trusts);
    f.forwarded = below(s, 8) == 0;
    f.mailing = below(s, 2) ? below(s, 5) : 0;
    f.mailed = below(s, 2) ? some_time(s) : BB_NO_TIME;
    give_id(&f, number, s);
    return f;
}

static bb_fact some_fact(source *s, unsigned number)
{
    static const bb_fact_type types[] = {BB_FACT_SUBSCRIBE, BB_FACT_UNSUBSCRIBE, BB_FACT_SET, BB_FACT_ADDRESS};
    if (below(s, 8)) return some_report(s, number);
    bb_fact f = {.type = PICK(s, types), .mailed = BB_NO_TIME, .time = some_time(s)};
    f.set_status = (bb_status)below(s, 5);
    f.set_until = below(s, 2) ? some_time(s) : BB_NO_TIME;
    give_id(&f, number, s);
    return f;
}

static int by_from(const void *x, const void *y)
{
    bb_time a = ((const bb_policy *)x)->from, b = ((const bb_policy *)y)->from;
    return (a > b) - (a < b);
}

static void make_history(history *h, source *s)
{
    *h = (history){.n = below(s, MAX_FACTS + 1), .n_sends = below(s, MAX_SENDS + 1)};
    h->ctx = (bb_context){.versions = h->versions, .n_versions = 1 + below(s, 3)};
    for (size_t i = 0; i < h->ctx.n_versions; i++) h->versions[i] = some_policy(s);
    qsort(h->versions, h->ctx.n_versions, sizeof h->versions[0], by_from);
    for (size_t i = 0; i < h->n_sends; i++) h->sends[i] = (bb_send){1 + below(s, 4), some_time(s)};
    for (size_t i = 0; i < h->n; i++) {
        h->facts[i] = some_fact(s, (unsigned)i);
        if (i && below(s, 10) == 0) { /* the fact before it again, at another time */
            h->facts[i] = h->facts[i - 1];
            h->facts[i].time = some_time(s);
        }
    }
    h->now = some_time(s);
}

static void show(const history *h)
{
    for (size_t i = 0; i < h->ctx.n_versions; i++) {
        const bb_policy *p = &h->versions[i];
        tap_note("policy from %lld: hard %d soft %d window %lld mode %d quarantine %lld backoff %g trust %u observe %d",
                 (long long)p->from, p->hard_limit, p->soft_limit, (long long)p->soft_window, (int)p->window_mode,
                 (long long)p->quarantine, p->quarantine_backoff, p->accept_trust, p->observe);
    }
    for (size_t i = 0; i < h->n_sends; i++)
        tap_note("sent m%u at %lld", h->sends[i].mailing, (long long)h->sends[i].time);
    for (size_t i = 0; i < h->n; i++) {
        const bb_fact *f = &h->facts[i];
        tap_note("fact %zu: %lld %s %s%s m%u mailed %lld trust %s set %s until %lld id %02x%02x", i + 1,
                 (long long)f->time, bb_fact_type_word(f->type), bb_kind_word(f->kind),
                 f->forwarded ? " forwarded" : "", f->mailing, (long long)f->mailed, bb_trust_word(f->trust),
                 bb_status_word(f->set_status), (long long)f->set_until, f->id.b[0], f->id.b[1]);
    }
}

/* ---- the fold again, from the prose ---------------------------------------------------------------------- */

typedef struct {
    bb_time time;
    uint32_t mailing;
} counted;

typedef struct {
    bb_status status; /* active: look at the two ends */
    bb_time hand_end, soft_end;
    bool for_good;
    counted softs[MAX_FACTS + 1], hards[MAX_FACTS + 1];
    size_t n_softs, n_hards;
    bb_time since;
} plain_state;

static const bb_policy *plain_policy(const bb_context *ctx, bb_time t)
{
    const bb_policy *p = &ctx->versions[0];
    for (size_t i = 1; i < ctx->n_versions; i++)
        if (ctx->versions[i].from <= t) p = &ctx->versions[i];
    return p;
}

/* Distinct mailings, and of the unknown ones the most that lie pairwise a day apart, earliest first. */
static int plain_count(const counted *items, size_t n, bb_time begin, bb_time end)
{
    int count = 0;
    bb_time last = INT64_MIN / 2;
    for (size_t i = 0; i < n; i++) {
        bool seen = items[i].time < begin || items[i].time > end;
        for (size_t j = 0; !seen && items[i].mailing && j < i; j++)
            seen = items[j].mailing == items[i].mailing && items[j].time >= begin;
        if (!seen && !items[i].mailing) seen = items[i].time - last < 86400;
        if (seen) continue;
        if (!items[i].mailing) last = items[i].time;
        count++;
    }
    return count;
}

static bb_time first_send(const history *h, uint32_t mailing)
{
    bb_time first = INT64_MAX;
    for (size_t i = 0; i < h->n_sends; i++)
        if (h->sends[i].mailing == mailing && h->sends[i].time < first) first = h->sends[i].time;
    return first;
}

/* The time of the k-th last mailing sent at or before t; INT64_MAX: there are not so many. */
static bb_time kth_last_send(const history *h, int k, bb_time t)
{
    bool taken[5] = {false};
    bb_time found = INT64_MAX;
    for (int i = 0; i < k; i++) {
        uint32_t latest = 0;
        for (uint32_t m = 1; m < BB_COUNT(taken); m++) {
            bb_time sent = first_send(h, m);
            if (!taken[m] && sent <= t && (!latest || sent > first_send(h, latest))) latest = m;
        }
        if (!latest) return INT64_MAX;
        taken[latest] = true;
        found = first_send(h, latest);
    }
    return found;
}

static int plain_softs(const history *h, const plain_state *s, const bb_policy *p, bb_time t)
{
    bb_time begin = t - p->soft_window;
    if (p->window_mode == BB_WINDOW_LONGER && kth_last_send(h, p->soft_limit, t) < begin)
        begin = kth_last_send(h, p->soft_limit, t);
    return plain_count(s->softs, s->n_softs, begin, t);
}

static void plain_soft(const history *h, plain_state *s, const bb_fact *f, const bb_policy *p)
{
    s->softs[s->n_softs++] = (counted){f->time, f->mailing};
    int count = plain_softs(h, s, p, f->time);
    if (count >= p->soft_limit) {
        s->status = BB_STATUS_BOUNCED;
        return;
    }
    double length = (double)p->quarantine;
    for (int i = 1; i < count; i++) length *= p->quarantine_backoff < 1 ? 1 : p->quarantine_backoff;
    bb_time end = f->time + (bb_time)length;
    if (end > s->soft_end) s->soft_end = end;
}

static void plain_report(const history *h, plain_state *s, const bb_fact *f, const bb_policy *p, bool heeds_observe)
{
    bool gone =
        s->status == BB_STATUS_BOUNCED || s->status == BB_STATUS_COMPLAINED || s->status == BB_STATUS_UNSUBSCRIBED;
    bb_kind kind = f->kind;
    if (f->forwarded && (kind == BB_KIND_HARD || kind == BB_KIND_COMPLAINT)) kind = BB_KIND_SOFT;
    if (!(p->accept_trust >> f->trust & 1)) return;
    if (f->mailed != BB_NO_TIME && f->mailed < s->since) return;
    if (p->observe && heeds_observe) return;
    if (kind == BB_KIND_COMPLAINT) s->status = BB_STATUS_COMPLAINED;
    if (gone) return;
    if (kind == BB_KIND_DELIVERED) {
        s->n_softs = 0;
        s->soft_end = INT64_MIN;
    }
    if (kind == BB_KIND_HARD) {
        s->hards[s->n_hards++] = (counted){f->time, f->mailing};
        if (plain_count(s->hards, s->n_hards, INT64_MIN, f->time) >= p->hard_limit) s->status = BB_STATUS_BOUNCED;
        else plain_soft(h, s, f, p);
    }
    if (kind == BB_KIND_SOFT) plain_soft(h, s, f, p);
}

static void plain_setting(plain_state *s, const bb_fact *f)
{
    if (f->type == BB_FACT_UNSUBSCRIBE) {
        s->status = BB_STATUS_UNSUBSCRIBED;
        return;
    }
    bb_status before = s->status;
    *s = (plain_state){.hand_end = INT64_MIN, .soft_end = INT64_MIN, .since = f->time};
    if (f->type == BB_FACT_ADDRESS && (before == BB_STATUS_COMPLAINED || before == BB_STATUS_UNSUBSCRIBED))
        s->status = before;
    if (f->type != BB_FACT_SET) return;
    if (f->set_status != BB_STATUS_QUARANTINED) s->status = f->set_status;
    else if (f->set_until == BB_NO_TIME) s->for_good = true;
    else s->hand_end = f->set_until;
}

static bool comes_before(const bb_fact *x, const bb_fact *y)
{
    static const char order[] =
        "address subscribe unsubscribe set delivered other autoreply delayed block soft hard complaint";
    if (x->time != y->time) return x->time < y->time;
    const char *wx = x->type == BB_FACT_REPORT ? bb_kind_word(x->kind) : bb_fact_type_word(x->type);
    const char *wy = y->type == BB_FACT_REPORT ? bb_kind_word(y->kind) : bb_fact_type_word(y->type);
    const char *px = strstr(order, wx), *py = strstr(order, wy);
    if (!strcmp(wx, "subscribe")) px = order + 8;
    if (!strcmp(wy, "subscribe")) py = order + 8;
    if (px != py) return px < py;
    if (x->type == BB_FACT_SET && x->set_status != y->set_status) return x->set_status < y->set_status;
    return memcmp(x->id.b, y->id.b, sizeof x->id.b) < 0;
}

static size_t plain_order(const history *h, bb_fact *out)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++) {
        bb_fact f = h->facts[i];
        bool known = false;
        for (size_t j = 0; j < n; j++) {
            if (memcmp(out[j].id.b, f.id.b, sizeof f.id.b) != 0) continue;
            known = true;
            if (f.time < out[j].time) out[j].time = f.time;
        }
        if (!known) out[n++] = f;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (comes_before(&out[j], &out[i])) {
                bb_fact swap = out[i];
                out[i] = out[j];
                out[j] = swap;
            }
    return n;
}

typedef struct {
    bb_status status;
    bb_time until;
    int hard, soft;
} outcome;

static outcome plain_fold(const history *h, bool heeds_observe)
{
    bb_fact facts[MAX_FACTS + 1];
    size_t n = plain_order(h, facts);
    plain_state s = {.hand_end = INT64_MIN, .soft_end = INT64_MIN, .since = INT64_MIN};
    outcome o = {.until = BB_NO_TIME};
    for (size_t i = 0; i < n; i++) {
        const bb_policy *p = plain_policy(&h->ctx, facts[i].time);
        if (facts[i].type == BB_FACT_REPORT) plain_report(h, &s, &facts[i], p, heeds_observe);
        else plain_setting(&s, &facts[i]);
        o.hard = plain_count(s.hards, s.n_hards, INT64_MIN, INT64_MAX);
        o.soft = plain_softs(h, &s, p, facts[i].time);
    }
    o.status = s.status;
    if (s.status != BB_STATUS_ACTIVE) return o;
    bb_time end = s.hand_end > s.soft_end ? s.hand_end : s.soft_end;
    if (s.for_good || end != INT64_MIN) o.status = BB_STATUS_QUARANTINED;
    if (!s.for_good && end != INT64_MIN) o.until = end;
    return o;
}

/* ---- the laws ---------------------------------------------------------------------------------------------- */

static bb_decision fold_at(const history *h, bb_time now, bb_note *notes)
{
    bb_decision d = {0};
    if (!bb_policy_fold(&arena, h->facts, h->n, h->sends, h->n_sends, &h->ctx, now, &d, notes)) abort();
    return d;
}

static bool agrees_with_prose(const history *h, source *s)
{
    (void)s;
    bb_decision d = fold_at(h, BB_NO_TIME, NULL);
    outcome actual = plain_fold(h, true), would = plain_fold(h, false);
    return d.status == actual.status && d.until == actual.until && d.would == would.status && d.hard == actual.hard &&
           d.soft == actual.soft;
}

static bool same_cause(const history *x, const bb_decision *dx, const history *y, const bb_decision *dy)
{
    if (dx->cause >= x->n || dy->cause >= y->n) return dx->cause == x->n && dy->cause == y->n;
    return !memcmp(&x->facts[dx->cause].id, &y->facts[dy->cause].id, sizeof(bb_hash));
}

static bool order_and_duplicates_do_not_matter(const history *h, source *s)
{
    history other = *h;
    bb_note notes[MAX_FACTS + 1], others[MAX_FACTS + 1];
    if (h->n) { /* one more copy, told at the same time or later */
        other.facts[other.n] = h->facts[below(s, (unsigned)h->n)];
        bb_time later = below(s, 2) ? some_time(s) : 0;
        other.facts[other.n++].time += later > 0 ? later : 0;
    }
    for (size_t i = other.n; i > 1; i--) {
        size_t j = below(s, (unsigned)i);
        bb_fact swap = other.facts[i - 1];
        other.facts[i - 1] = other.facts[j];
        other.facts[j] = swap;
    }
    for (size_t i = other.n_sends; i > 1; i--) {
        size_t j = below(s, (unsigned)i);
        bb_send swap = other.sends[i - 1];
        other.sends[i - 1] = other.sends[j];
        other.sends[j] = swap;
    }
    bb_decision x = fold_at(h, h->now, notes), y = fold_at(&other, h->now, others);
    if (x.status != y.status || x.until != y.until || x.would != y.would || x.hard != y.hard || x.soft != y.soft)
        return false;
    for (size_t i = 0; i < h->n; i++)
        for (size_t j = 0; j < other.n; j++) {
            if (memcmp(&h->facts[i].id, &other.facts[j].id, sizeof(bb_hash)) != 0) continue;
            bool known = notes[i].effect == BB_EFFECT_DUPLICATE || others[j].effect == BB_EFFECT_DUPLICATE;
            if ((!known && notes[i].effect != others[j].effect) || notes[i].status != others[j].status) return false;
        }
    return same_cause(h, &x, &other, &y);
}

/* How far from active: quarantine by its end, then bounced, unsubscribed, complained. */
static bool not_nearer(bb_status before, bb_time until_before, bb_status after, bb_time until_after)
{
    static const int distance[] = {[BB_STATUS_ACTIVE] = 0,
                                   [BB_STATUS_QUARANTINED] = 1,
                                   [BB_STATUS_BOUNCED] = 2,
                                   [BB_STATUS_UNSUBSCRIBED] = 3,
                                   [BB_STATUS_COMPLAINED] = 4};
    if (distance[before] != distance[after]) return distance[after] > distance[before];
    if (before != BB_STATUS_QUARANTINED || until_after == BB_NO_TIME) return true;
    return until_before != BB_NO_TIME && until_after >= until_before;
}

/* One more hard, soft or complaint: never nearer to active, and only a complaint moves one who left or complained. */
static bool bad_news_never_heals(const history *h, source *s)
{
    static const bb_kind kinds[] = {BB_KIND_HARD, BB_KIND_SOFT, BB_KIND_COMPLAINT};
    history more = *h;
    bb_fact f = some_report(s, 250);
    f.kind = PICK(s, kinds);
    f.trust = (bb_trust)below(s, 6);
    more.facts[more.n++] = f;
    bb_decision kept = fold_at(h, BB_NO_TIME, NULL), kept_more = fold_at(&more, BB_NO_TIME, NULL);
    bb_decision now = fold_at(h, h->now, NULL), now_more = fold_at(&more, h->now, NULL);
    bool left = kept.status == BB_STATUS_UNSUBSCRIBED || kept.status == BB_STATUS_COMPLAINED;
    if (left && kept_more.status != kept.status && (f.kind != BB_KIND_COMPLAINT || f.forwarded)) return false;
    return not_nearer(kept.status, kept.until, kept_more.status, kept_more.until) &&
           not_nearer(now.status, now.until, now_more.status, now_more.until) &&
           not_nearer(kept.would, BB_NO_TIME, kept_more.would, BB_NO_TIME);
}

/* Whatever else the fold does, it never removes where the facts do not reach the count in force. */
static bool nobody_is_removed_below_the_limits(const history *h, source *s)
{
    (void)s;
    bb_note notes[MAX_FACTS + 1];
    bb_fact ordered[MAX_FACTS + 1];
    size_t n = plain_order(h, ordered);
    fold_at(h, h->now, notes);
    for (size_t i = 0; i < h->n; i++) {
        if (notes[i].effect != BB_EFFECT_REMOVED) continue;
        counted softs[MAX_FACTS + 1], hards[MAX_FACTS + 1];
        size_t n_softs = 0, n_hards = 0;
        bb_time at = BB_NO_TIME;
        for (size_t j = 0; j < n; j++)
            if (!memcmp(&ordered[j].id, &h->facts[i].id, sizeof(bb_hash))) at = ordered[j].time;
        for (size_t j = 0; j < n; j++) {
            const bb_fact *f = &ordered[j];
            if (f->type != BB_FACT_REPORT || f->time > at) continue;
            bool hard = f->kind == BB_KIND_HARD && !f->forwarded;
            bool soft =
                f->kind == BB_KIND_SOFT || f->kind == BB_KIND_HARD || (f->kind == BB_KIND_COMPLAINT && f->forwarded);
            if (hard) hards[n_hards++] = (counted){f->time, f->mailing};
            if (soft) softs[n_softs++] = (counted){f->time, f->mailing};
        }
        const bb_policy *p = plain_policy(&h->ctx, at);
        bb_time begin = at - p->soft_window, stretched = kth_last_send(h, p->soft_limit, at);
        if (p->window_mode == BB_WINDOW_LONGER && stretched < begin) begin = stretched;
        if (p->observe || !(p->accept_trust >> h->facts[i].trust & 1)) return false;
        if (plain_count(hards, n_hards, INT64_MIN, at) < p->hard_limit &&
            plain_count(softs, n_softs, begin, at) < p->soft_limit)
            return false;
    }
    return true;
}

/* Without the reports that an observing policy judged, everybody stands where he stands. */
static bool observing_changes_nobody(const history *h, source *s)
{
    (void)s;
    bb_fact ordered[MAX_FACTS + 1];
    size_t n = plain_order(h, ordered);
    history without = *h;
    without.n = 0;
    for (size_t i = 0; i < n; i++)
        if (ordered[i].type != BB_FACT_REPORT || !plain_policy(&h->ctx, ordered[i].time)->observe)
            without.facts[without.n++] = ordered[i];
    bb_decision x = fold_at(h, h->now, NULL), y = fold_at(&without, h->now, NULL);
    if (x.status != y.status || x.until != y.until || !same_cause(h, &x, &without, &y)) return false;
    history acting = *h; /* and what would be is what is where nobody observes */
    acting.ctx.versions = acting.versions;
    for (size_t i = 0; i < h->ctx.n_versions; i++) acting.versions[i].observe = false;
    bb_decision z = fold_at(&acting, h->now, NULL);
    return z.status == x.would && z.would == z.status;
}

static bool the_clock_only_ends_quarantines(const history *h, source *s)
{
    (void)s;
    bb_decision kept = fold_at(h, BB_NO_TIME, NULL), now = fold_at(h, h->now, NULL);
    if (now.status != bb_status_at(kept.status, kept.until, h->now)) return false;
    if (now.status == kept.status) return now.until == kept.until && now.cause == kept.cause;
    return kept.status == BB_STATUS_QUARANTINED && now.status == BB_STATUS_ACTIVE && kept.until <= h->now &&
           now.until == BB_NO_TIME && now.cause == h->n;
}

static bool effect_may_bring(bb_effect e, bb_status s)
{
    switch (s) {
    case BB_STATUS_ACTIVE: return e == BB_EFFECT_SET || e == BB_EFFECT_CLEARED;
    case BB_STATUS_QUARANTINED:
        return e == BB_EFFECT_SET || e == BB_EFFECT_QUARANTINED || e == BB_EFFECT_COUNTED_ALREADY;
    case BB_STATUS_BOUNCED: return e == BB_EFFECT_SET || e == BB_EFFECT_REMOVED;
    case BB_STATUS_COMPLAINED: return e == BB_EFFECT_SET || e == BB_EFFECT_COMPLAINED;
    case BB_STATUS_UNSUBSCRIBED: return e == BB_EFFECT_SET;
    }
    return false;
}

static bool effect_is_idle(bb_effect e)
{
    return e == BB_EFFECT_NONE || e == BB_EFFECT_UNTRUSTED || e == BB_EFFECT_SUPERSEDED ||
           e == BB_EFFECT_GONE_ALREADY || e == BB_EFFECT_OBSERVED;
}

static const bb_note *note_by_id(const history *h, const bb_note *notes, const bb_fact *f)
{
    for (size_t i = 0; i < h->n; i++)
        if (notes[i].effect != BB_EFFECT_DUPLICATE && !memcmp(&h->facts[i].id, &f->id, sizeof f->id)) return &notes[i];
    return NULL;
}

/* Each note's status follows from the one before, and the last is the decision's. */
static bool notes_tell_the_decision(const history *h, source *s)
{
    (void)s;
    bb_note notes[MAX_FACTS + 1];
    bb_fact ordered[MAX_FACTS + 1];
    size_t n = plain_order(h, ordered);
    bb_decision kept = fold_at(h, BB_NO_TIME, notes);
    bb_status status = BB_STATUS_ACTIVE;
    bb_time until = BB_NO_TIME;
    for (size_t i = 0; i < n; i++) {
        const bb_note *note = note_by_id(h, notes, &ordered[i]);
        if (!note) return false; /* of each fact exactly one copy stands for it */
        bb_status carried = bb_status_at(status, until, ordered[i].time);
        if (effect_is_idle(note->effect) && note->status != carried) return false;
        if (note->effect == BB_EFFECT_REMOVED && note->status != BB_STATUS_BOUNCED) return false;
        if (note->effect == BB_EFFECT_COMPLAINED && note->status != BB_STATUS_COMPLAINED) return false;
        if ((note->effect == BB_EFFECT_SET) != (ordered[i].type != BB_FACT_REPORT)) return false;
        if (note->status != BB_STATUS_QUARANTINED && note->until != BB_NO_TIME) return false;
        if (note->until != BB_NO_TIME && note->until <= ordered[i].time) return false;
        status = note->status;
        until = note->until;
    }
    if (n && bb_status_at(kept.status, kept.until, ordered[n - 1].time) != status) return false;
    if (status == BB_STATUS_QUARANTINED && kept.until != until) return false;
    if (kept.cause == h->n) return kept.status == BB_STATUS_ACTIVE;
    return kept.cause < h->n && effect_may_bring(notes[kept.cause].effect, kept.status);
}

static const struct {
    const char *name;
    bool (*holds)(const history *, source *);
} laws[] = {
    {"the fold is what the clauses say", agrees_with_prose},
    {"order and duplicates do not matter", order_and_duplicates_do_not_matter},
    {"one more hard, soft or complaint never heals", bad_news_never_heals},
    {"nobody is removed below the limits", nobody_is_removed_below_the_limits},
    {"observing changes nobody, and would is what acting does", observing_changes_nobody},
    {"the clock only ends quarantines", the_clock_only_ends_quarantines},
    {"notes tell the decision", notes_tell_the_decision},
};

int main(void)
{
    uint64_t state = tap_seed();
    bool broken[BB_COUNT(laws)] = {false};
    int seen[5] = {0};
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    for (int i = 0; i < HISTORIES; i++) {
        source s = {.at = 0};
        history h;
        for (size_t b = 0; b < sizeof s.bytes; b += 8) {
            uint64_t r = tap_random(&state);
            memcpy(s.bytes + b, &r, 8);
        }
        make_history(&h, &s);
        seen[fold_at(&h, h.now, NULL).status]++;
        for (size_t law = 0; law < BB_COUNT(laws); law++) {
            bb_arena_reset(&arena);
            source more = s;
            if (broken[law] || laws[law].holds(&h, &more)) continue;
            broken[law] = true;
            tap_note("history %d breaks: %s", i, laws[law].name);
            show(&h);
        }
    }
    for (size_t law = 0; law < BB_COUNT(laws); law++) ok(!broken[law], "%s", laws[law].name);
    for (int st = 0; st < 5; st++)
        ok(seen[st] > HISTORIES / 100, "many histories end %s (%d)", bb_status_word((bb_status)st), seen[st]);
    bb_arena_free(&arena);
    return tap_done();
}
