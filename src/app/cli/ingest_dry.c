/* SPDX-License-Identifier: MIT
 *
 * ingest --dry-run: the facts that would be stored are kept in memory, and at the end everybody whom they are about is
 * judged with them and without. Nothing is written. A duplicate that would bring an earlier event time is counted as a
 * duplicate, and its earlier time is not looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "app/cli/cmd_ingest.h"

typedef struct {
    uint64_t subscriber;
    bb_fact fact;
} rehearsed;

/* What was met in this run: a report, or a token and what it has brought. Keys are hashes of each. */
typedef struct {
    bb_hash key;
    bb_tally *tally;
} met;

struct rehearsal {
    bb_arena arena;
    rehearsed *facts;
    size_t n, cap;
    met *seen; /* open addressing, at most half full; a key of all zeros: free */
    size_t n_seen, slots;
    bb_mailing *mailings;
    size_t n_mailings;
};

/* ---- which are known --------------------------------------------------------------------------------------------- */

static const bb_hash nothing;

/* The slot where the key stands, or would. Keys are hashes already. */
static met *slot_of(met *seen, size_t slots, const bb_hash *key)
{
    size_t at;
    memcpy(&at, key->b, sizeof at);
    while (!bb_hash_eq(&seen[at % slots].key, &nothing) && !bb_hash_eq(&seen[at % slots].key, key)) at++;
    return &seen[at % slots];
}

static bool grow(rehearsal *r)
{
    size_t slots = r->slots ? 2 * r->slots : 1024;
    met *seen = bb_get_array(&r->arena, slots, sizeof *seen);
    for (size_t i = 0; seen && i < r->slots; i++)
        if (!bb_hash_eq(&r->seen[i].key, &nothing)) *slot_of(seen, slots, &r->seen[i].key) = r->seen[i];
    if (seen) r->seen = seen;
    if (seen) r->slots = slots;
    return seen;
}

/* Its slot, and whether it was there in this run before; it is from now on. NULL: no memory. */
static met *meet(rehearsal *r, const bb_hash *key, bool *before)
{
    if (2 * (r->n_seen + 1) > r->slots && !grow(r)) return NULL;
    met *slot = slot_of(r->seen, r->slots, key);
    *before = bb_hash_eq(&slot->key, key);
    r->n_seen += !*before;
    slot->key = *key;
    return slot;
}

static bb_hash token_key(const bb_tally *of)
{
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_field(&h, BB_S("token"));
    bb_hash_field(&h, (bb_str){(const char *)&of->subscriber, sizeof of->subscriber});
    bb_hash_field(&h, of->token);
    return bb_hash_end(&h);
}

/* How much of a new report would be stored. */
static bool weigh(ingest *g, const bb_item *item, bb_share *out)
{
    bb_tally of;
    bool before;
    rehearsal *r = g->rehearsal;
    *out = BB_SHARE_ALL;
    if (!bb_tally_of(item, &of)) return true;
    bb_hash key = token_key(&of);
    met *slot = meet(r, &key, &before);
    if (slot && !before) {
        of.token = bb_dup(&r->arena, of.token);
        slot->tally = bb_get(&r->arena, sizeof *slot->tally);
        if (slot->tally) *slot->tally = of;
        if (slot->tally && !bb_store_tally(g->c->store, &g->b->work, slot->tally, &g->c->err)) return false;
    }
    if (!slot || !slot->tally || r->arena.failed) return bb_fail(&g->c->err, BB_ENOMEM, "no memory for the rehearsal");
    *out = bb_tally_take(slot->tally, item);
    return true;
}

/* ---- facts ---------------------------------------------------------------------------------------------------------- */

static bb_hash fact_id(const bb_hash *key, size_t position)
{
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_field(&h, (bb_str){(const char *)key->b, sizeof key->b});
    bb_hash_field(&h, (bb_str){(const char *)&position, sizeof position});
    return bb_hash_end(&h);
}

static bool add_facts(ingest *g, const bb_item *item)
{
    rehearsal *r = g->rehearsal;
    const bb_message *m = item->message;
    for (size_t i = 0; i < m->n_verdicts; i++) {
        const bb_settled *s = &item->settled[i];
        if (!s->subscriber) continue;
        rehearsed *slot = BB_PUSH(&r->arena, r->facts, r->n, r->cap);
        if (!slot) return false;
        slot->subscriber = s->subscriber;
        slot->fact = (bb_fact){.type = s->unsubscribes ? BB_FACT_UNSUBSCRIBE : BB_FACT_REPORT,
                               .time = m->event_time != BB_NO_TIME ? m->event_time : g->c->now,
                               .id = fact_id(&m->key, i),
                               .kind = s->kind,
                               .reason = s->reason,
                               .trust = s->trust,
                               .forwarded = s->forwarded,
                               .mailing = s->mailing,
                               .mailed = BB_NO_TIME,
                               .set_until = BB_NO_TIME};
    }
    return true;
}

static bool settle(ingest *g, bb_item *item)
{
    cli *c = g->c;
    bool known, before;
    bb_share share;
    if (!bb_store_known(c->store, &item->message->key, 1, &known, &c->err)) return false;
    if (!bb_store_find(c->store, &g->b->work, item->claims->lookups, item->claims->n_lookups, &c->err)) return false;
    item->settled = bb_get_array(&g->b->work, item->message->n_verdicts, sizeof *item->settled);
    if (!item->settled || !meet(g->rehearsal, &item->message->key, &before))
        return bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
    bb_claims_settle(item->message, item->claims, item->settled);
    item->result = BB_RESULT_DUPLICATE;
    if (known || before) return true;
    if (!weigh(g, item, &share)) return false;
    item->result = share == BB_SHARE_NONE ? BB_RESULT_COUNTED : BB_RESULT_STORED;
    return share == BB_SHARE_NONE || add_facts(g, item) || bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
}

bool rehearsal_batch(ingest *g)
{
    for (size_t i = 0; i < g->b->n; i++)
        if (!settle(g, &g->b->items[i])) return false;
    return true;
}

/* ---- judged ----------------------------------------------------------------------------------------------------------- */

static int by_subscriber(const void *left, const void *right)
{
    const rehearsed *x = left, *y = right;
    if (x->subscriber != y->subscriber) return x->subscriber < y->subscriber ? -1 : 1;
    return memcmp(x->fact.id.b, y->fact.id.b, sizeof x->fact.id.b);
}

/* When that mailing went to him: his own send's time, else the mailing's. */
static bb_time mailed(const rehearsal *r, const bb_history *h, uint32_t mailing)
{
    for (size_t i = 0; i < h->n_sends; i++)
        if (h->sends[i].mailing == mailing) return h->sends[i].time;
    for (size_t i = 0; i < r->n_mailings; i++)
        if (r->mailings[i].id == mailing) return r->mailings[i].sent;
    return BB_NO_TIME;
}

static bool judge(ingest *g, const rehearsed *fresh, size_t n)
{
    cli *c = g->c;
    bb_history h;
    bb_context ctx;
    bb_decision d;
    bb_arena_reset(&g->b->work);
    if (!bb_store_history(c->store, &g->b->work, fresh[0].subscriber, &h, &c->err)) return false;
    const bb_subscriber *s = &h.subscriber;
    bb_fact *facts = bb_get_array(&g->b->work, h.n_facts + n, sizeof *facts);
    if (!facts) return bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
    for (size_t i = 0; i < h.n_facts; i++) facts[i] = h.facts[i].fact;
    for (size_t i = 0; i < n; i++) {
        facts[h.n_facts + i] = fresh[i].fact;
        if (fresh[i].fact.mailing) facts[h.n_facts + i].mailed = mailed(g->rehearsal, &h, fresh[i].fact.mailing);
    }
    if (!cli_policy(c, s->list, &ctx) ||
        !bb_policy_fold(&g->b->work, facts, h.n_facts + n, h.sends, h.n_sends, &ctx, BB_NO_TIME, &d, NULL))
        return bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
    bb_change would = {s->id, s->list, s->address, d.status, d.would, BB_NO_TIME};
    if (d.would != d.status && !cli_moves_add(&g->sums.would, &would, 1))
        return bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
    if (d.status == s->status && d.until == s->until) return true;
    bb_change change = {s->id, s->list, s->address, s->status, d.status, d.until};
    return cli_moves_add(&g->sums.moves, &change, 1) || bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
}

bool rehearsal_end(ingest *g)
{
    rehearsal *r = g->rehearsal;
    bool good = true;
    if (r->n) qsort(r->facts, r->n, sizeof *r->facts, by_subscriber);
    for (size_t i = 0, end; good && i < r->n; i = end) {
        for (end = i + 1; end < r->n && r->facts[end].subscriber == r->facts[i].subscriber;) end++;
        good = judge(g, &r->facts[i], end - i);
    }
    bb_arena_free(&r->arena);
    return good;
}

bool rehearsal_begin(ingest *g)
{
    cli *c = g->c;
    rehearsal *r = bb_get(&c->arena, sizeof *r);
    if (!r) return bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
    bb_arena_init(&r->arena, &bb_os_alloc, (size_t)2 << 30);
    g->rehearsal = r;
    return bb_store_mailings(c->store, &c->arena, 0, &r->mailings, &r->n_mailings, &c->err);
}
