/* SPDX-License-Identifier: MIT
 *
 * A run of reports: whom they are about, which of them are known, and the rows of those that are not.
 */
#include "edge/store/internal.h"

/* One report key of the run. */
typedef struct {
    bb_row_report row;
    bb_item *first; /* the item that brings it */
    bool fresh;     /* not known before */
    bool lowered;   /* known, and a duplicate brought an earlier time */
    bool bare;      /* stored without its evidence */
} keyed;

/* All look-ups of all messages as one question. */
static bool ask_all(bb_apply *ap, bb_item *items, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) total += items[i].claims->n_lookups;
    bb_lookup *all = bb_get_array(ap->arena, total, sizeof *all), *next = all;
    if (!all) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < items[i].claims->n_lookups; k++) *next++ = items[i].claims->lookups[k];
    if (!ap->driver->ops->find(ap->driver, ap->arena, all, total, ap->err)) return false;
    next = all;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < items[i].claims->n_lookups; k++) items[i].claims->lookups[k] = *next++;
    return true;
}

bool bb_settle_reports(bb_apply *ap, bb_item *items, size_t n)
{
    if (!ask_all(ap, items, n)) return false;
    for (size_t i = 0; i < n; i++) {
        items[i].settled = bb_get_array(ap->arena, items[i].message->n_verdicts, sizeof *items[i].settled);
        if (!items[i].settled) return false;
        bb_claims_settle(items[i].message, items[i].claims, items[i].settled);
    }
    return true;
}

/* ---- which are known ---------------------------------------------------------------------------------- */

static bool find_known(bb_apply *ap, keyed *keys, size_t n)
{
    bb_row_report *rows = bb_get_array(ap->arena, n, sizeof *rows);
    if (!rows) return false;
    for (size_t i = 0; i < n; i++) rows[i].key = keys[i].first->message->key;
    if (!ap->driver->ops->find_reports(ap->driver, rows, n, ap->err)) return false;
    for (size_t i = 0; i < n; i++) {
        keys[i].row = rows[i];
        keys[i].fresh = rows[i].id == 0;
    }
    return true;
}

/* A known key is a duplicate whatever the rules of today say: only an earlier event time is kept. */
static void tell_apart(bb_item *item, keyed *k, bb_time now)
{
    bb_time t = item->message->event_time != BB_NO_TIME ? item->message->event_time : now;
    bool brings = k->fresh && k->first == item;
    item->result = brings ? BB_RESULT_STORED : BB_RESULT_DUPLICATE;
    if (!brings && t >= k->row.time) return;
    k->row.time = t;
    k->lowered = !k->fresh;
}

static keyed *keys_of(bb_apply *ap, bb_item *items, size_t n, size_t *n_keys)
{
    bb_slot_key *by = bb_get_array(ap->arena, n, sizeof *by);
    if (!by) return NULL;
    for (size_t i = 0; i < n; i++)
        by[i].text = (bb_str){(const char *)items[i].message->key.b, sizeof items[i].message->key.b};
    size_t *slots = bb_slots(ap->arena, by, n, n_keys);
    keyed *keys = slots ? bb_get_array(ap->arena, *n_keys, sizeof *keys) : NULL;
    if (!keys) return NULL;
    for (size_t i = n; i-- > 0;) keys[slots[i]].first = &items[i];
    if (!find_known(ap, keys, *n_keys)) return NULL;
    for (size_t i = 0; i < n; i++) tell_apart(&items[i], &keys[slots[i]], ap->batch->now);
    return keys;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* The domain that was to take the mail: the subscriber's own where he is known (a forwarded report names others),
 * else that of the recipient reported. */
static bb_str receiving_domain(const bb_claims *c, const bb_settled *s, size_t position)
{
    for (size_t i = c->path_lookup; s->subscriber && i < c->path_lookup + c->n_path_lookups; i++)
        if (c->lookups[i].found == 1 && c->lookups[i].found_id == s->subscriber)
            return bb_key_domain(c->lookups[i].found_address);
    return bb_key_domain(c->names[position].recipient);
}

bb_row_reading bb_reading_of(bb_apply *ap, const bb_item *item, uint64_t report, size_t position)
{
    static const bb_rcpt_report nobody;
    bb_arena *a = ap->arena;
    const bb_message *m = item->message;
    const bb_rcpt_report *r = position < m->report.n_rcpts ? &m->report.rcpts[position] : &nobody;
    const bb_settled *s = &item->settled[position];
    return (bb_row_reading){.report = report,
                            .position = (uint32_t)position,
                            .rules_version = ap->batch->rules_version,
                            .settled = *s,
                            .action = r->action,
                            .reply_code = r->reply_code,
                            .confidence = m->verdicts[position].confidence,
                            .recipient = bb_store_text(a, r->recipient),
                            .domain = bb_store_text(a, receiving_domain(item->claims, s, position)),
                            .status = bb_store_text(a, r->status),
                            .command = bb_store_text(a, r->command),
                            .diagnostic = bb_store_text(a, r->diagnostic),
                            .remote_mta = bb_store_text(a, r->remote_mta),
                            .reporting_mta = bb_store_text(a, m->report.reporting_mta),
                            .format = bb_store_text(a, bb_cstr(m->report.format)),
                            .rule = bb_store_text(a, m->verdicts[position].rule)};
}

static bool put_readings(bb_apply *ap, const bb_row_report *rows, keyed *const *fresh, size_t n)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < n; i++) total += fresh[i]->first->message->n_verdicts;
    bb_row_reading *readings = bb_get_array(ap->arena, total, sizeof *readings);
    if (!readings) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < fresh[i]->first->message->n_verdicts; p++) {
            readings[at] = bb_reading_of(ap, fresh[i]->first, rows[i].id, p);
            uint64_t subscriber = readings[at++].settled.subscriber;
            if (subscriber && !bb_touch(ap, subscriber)) return false;
        }
    return ap->driver->ops->put_readings(ap->driver, readings, total, ap->err);
}

static bool put_evidence(bb_apply *ap, const bb_row_report *rows, keyed *const *fresh, size_t n)
{
    size_t kept = 0;
    bb_row_evidence *evidence = bb_get_array(ap->arena, n, sizeof *evidence);
    if (!evidence) return false;
    for (size_t i = 0; i < n; i++) {
        bb_str raw = fresh[i]->first->evidence;
        if (!raw.n || fresh[i]->bare) continue;
        if (!bb_squeeze(ap->store->squeezer, ap->arena, raw, &evidence[kept], ap->err)) return false;
        evidence[kept++].report = rows[i].id;
    }
    return ap->driver->ops->put_evidence(ap->driver, evidence, kept, ap->err);
}

static bool put_fresh(bb_apply *ap, keyed *keys, size_t n_keys)
{
    size_t n = 0;
    keyed **fresh = bb_get_array(ap->arena, n_keys, sizeof *fresh);
    bb_row_report *rows = bb_get_array(ap->arena, n_keys, sizeof *rows);
    if (!fresh || !rows) return false;
    for (size_t i = 0; i < n_keys; i++) {
        if (!keys[i].fresh) continue;
        const bb_item *item = keys[i].first;
        const bb_message *m = item->message;
        bb_str path = item->claims->path ? item->claims->path->address : m->n_paths ? m->paths[0].address : (bb_str){0};
        fresh[n] = &keys[i];
        rows[n] = keys[i].row;
        rows[n].recorded = ap->batch->now;
        rows[n].source = bb_store_text(ap->arena, m->envelope.source);
        rows[n++].return_path = bb_store_text(ap->arena, path);
    }
    return ap->driver->ops->put_reports(ap->driver, rows, n, ap->err) && put_readings(ap, rows, fresh, n) &&
           put_evidence(ap, rows, fresh, n);
}

/* What its token has no more room for is counted, and no longer one that is to be stored; of what is forged not all is
 * kept. */
static bool take_off_surplus(bb_apply *ap, keyed *keys, size_t n_keys)
{
    bb_surplus surplus = {0};
    bb_forgeries forgeries = {0};
    for (size_t i = 0; i < n_keys; i++) {
        bb_share share = BB_SHARE_ALL;
        if (!keys[i].fresh) continue;
        if (!bb_surplus_weigh(ap, &surplus, keys[i].first, &share)) return false;
        keys[i].bare = share == BB_SHARE_BARE;
        if (!bb_forgery_weigh(ap, &forgeries, keys[i].first, &keys[i].bare)) return false;
        keys[i].fresh = share != BB_SHARE_NONE;
        if (share == BB_SHARE_NONE) keys[i].first->result = BB_RESULT_COUNTED;
    }
    return ap->driver->ops->put_surplus(ap->driver, surplus.rows, surplus.n_rows, ap->err) &&
           bb_forgery_put(ap, &forgeries);
}

static bool lower_known(bb_apply *ap, const keyed *keys, size_t n_keys)
{
    size_t n = 0;
    bb_row_report *rows = bb_get_array(ap->arena, n_keys, sizeof *rows);
    uint64_t *ids = bb_get_array(ap->arena, n_keys, sizeof *ids);
    if (!rows || !ids) return false;
    for (size_t i = 0; i < n_keys; i++) {
        if (!keys[i].lowered) continue;
        ids[n] = keys[i].row.id;
        rows[n++] = keys[i].row;
    }
    const bb_driver_ops *ops = ap->driver->ops;
    return ops->lower_times(ap->driver, rows, n, ap->err) &&
           ops->holders(ap->driver, ap->arena, ids, n, &ap->touched, &ap->n_touched, &ap->cap_touched, ap->err);
}

bool bb_apply_reports(bb_apply *ap, bb_item *items, size_t n)
{
    size_t n_keys;
    if (!bb_settle_reports(ap, items, n)) return false;
    keyed *keys = keys_of(ap, items, n, &n_keys);
    return keys && take_off_surplus(ap, keys, n_keys) && put_fresh(ap, keys, n_keys) && lower_known(ap, keys, n_keys);
}
