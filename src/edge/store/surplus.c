/* SPDX-License-Identifier: MIT
 *
 * How much one token may fill the database with. A token is a right to report about one subscriber, and whoever holds a
 * copy of his mail has it: beyond a limit his reports are counted only, but for the first that would say something new
 * (docs/design.md section 3).
 */
#include "edge/store/internal.h"

#define MOST_REPORTS  10
#define MOST_EVIDENCE ((size_t)1 << 20) /* octets before compression */

/* Adds what a report says to what others with that token said. */
static void add(bb_tally *t, bb_kind kind, bool forwarded, bool unsubscribes, size_t evidence)
{
    t->reports++;
    t->evidence += evidence;
    t->hard |= kind == BB_KIND_HARD && !forwarded;
    t->complaint |= kind == BB_KIND_COMPLAINT && !forwarded;
    t->unsubscription |= unsubscribes;
}

/* The same token, wherever it stood and whatever was wrapped around it. */
static bool is_same(bb_arena *a, const bb_tally *t, bb_str return_path)
{
    bb_return_path path;
    return bb_return_path_read(a, return_path, &path) && bb_eq(path.token, t->token);
}

bool bb_tally_stored(bb_driver *d, bb_arena *a, bb_tally *t, bb_err *err)
{
    bb_row_about *rows;
    size_t n;
    if (!d->ops->about(d, a, t->subscriber, &rows, &n, err)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_same(a, t, rows[i].return_path)) continue;
        bool again = i && rows[i].report == rows[i - 1].report; /* another recipient of one report */
        add(t, rows[i].kind, rows[i].forwarded, rows[i].unsubscribes, again ? 0 : rows[i].evidence);
        t->reports -= again;
    }
    return !a->failed || bb_out_of_memory(err);
}

/* What the report says of whom its token names. */
static bb_tally said_of(const bb_item *item)
{
    bb_tally said = {0};
    for (size_t i = 0; i < item->message->n_verdicts; i++) {
        const bb_settled *s = &item->settled[i];
        if (!s->subscriber) continue;
        said.subscriber = s->subscriber;
        add(&said, s->kind, s->forwarded, s->unsubscribes, 0);
    }
    return said;
}

bool bb_tally_of(const bb_item *item, bb_tally *out)
{
    const bb_claims *c = item->claims;
    uint64_t subscriber = said_of(item).subscriber;
    if (!c->by_token || !c->path || !subscriber) return false;
    *out = (bb_tally){.subscriber = subscriber, .token = c->path->token};
    return true;
}

bb_share bb_tally_take(bb_tally *t, const bb_item *item)
{
    bb_tally said = said_of(item);
    bool over = t->reports >= MOST_REPORTS || t->evidence >= MOST_EVIDENCE;
    bool first =
        (said.hard && !t->hard) || (said.complaint && !t->complaint) || (said.unsubscription && !t->unsubscription);
    if (over && !first) return BB_SHARE_NONE;
    t->reports++;
    t->evidence += over ? 0 : item->evidence.n;
    t->hard |= said.hard;
    t->complaint |= said.complaint;
    t->unsubscription |= said.unsubscription;
    return over ? BB_SHARE_BARE : BB_SHARE_ALL;
}

/* ---- of one batch ------------------------------------------------------------------------------------------------- */

/* What is known of the token in this batch; NULL: no memory, or the store failed. */
static bb_tally *known_of(bb_apply *ap, bb_surplus *s, const bb_tally *of)
{
    for (size_t i = 0; i < s->n_tallies; i++)
        if (s->tallies[i].subscriber == of->subscriber && bb_eq(s->tallies[i].token, of->token)) return &s->tallies[i];
    bb_tally *t = BB_PUSH(ap->arena, s->tallies, s->n_tallies, s->cap_tallies);
    if (!t) {
        bb_out_of_memory(ap->err);
        return NULL;
    }
    *t = *of;
    return bb_tally_stored(ap->driver, ap->arena, t, ap->err) ? t : NULL;
}

static bool count_only(bb_apply *ap, bb_surplus *s, const bb_item *item, uint64_t subscriber)
{
    bb_row_surplus *row = BB_PUSH(ap->arena, s->rows, s->n_rows, s->cap_rows);
    if (!row) return bb_out_of_memory(ap->err);
    *row = (bb_row_surplus){subscriber, item->claims->token.mailing, item->claims->token.day, ap->batch->now};
    return true;
}

bool bb_surplus_weigh(bb_apply *ap, bb_surplus *s, const bb_item *item, bb_share *out)
{
    bb_tally of;
    *out = BB_SHARE_ALL;
    if (!bb_tally_of(item, &of)) return true;
    bb_tally *t = known_of(ap, s, &of);
    if (!t) return false;
    *out = bb_tally_take(t, item);
    return *out != BB_SHARE_NONE || count_only(ap, s, item, of.subscriber);
}
