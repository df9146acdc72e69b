/* SPDX-License-Identifier: MIT
 *
 * A run of sends: which mailing went to whom, and when where that was not the mailing's own time.
 */
#include "edge/store/internal.h"

static bool people_and_mailings(bb_apply *ap, const bb_item *items, size_t n, bb_lookup *people, bb_mailing *mailings)
{
    uint32_t *ids = bb_get_array(ap->arena, n, sizeof *ids);
    if (!ids) return false;
    for (size_t i = 0; i < n; i++) {
        people[i] = (bb_lookup){.by = BB_BY_ID, .subscriber = items[i].subscriber};
        ids[i] = items[i].mailing;
    }
    return ap->driver->ops->find(ap->driver, ap->arena, people, n, ap->err) &&
           ap->driver->ops->find_mailings(ap->driver, ids, n, mailings, ap->err);
}

static const char *wrong_with(const bb_lookup *who, const bb_mailing *mailing)
{
    if (!who->found) return "there is no such subscriber";
    if (!mailing->id) return "there is no such mailing";
    if (mailing->list != who->found_list) return "that mailing is of another list";
    return NULL;
}

static bb_time sent(bb_time own, const bb_mailing *m)
{
    return own != BB_NO_TIME ? own : m->sent;
}

/* The earliest time holds, whichever came first. */
static bool take(bb_apply *ap, bb_item *item, const bb_mailing *mailing, bb_row_send *row, bool *dirty)
{
    bb_time t = item->time == mailing->sent ? BB_NO_TIME : item->time;
    item->result = row->known ? BB_RESULT_DUPLICATE : BB_RESULT_STORED;
    if (row->known && sent(t, mailing) >= sent(row->time, mailing)) return true;
    row->time = t;
    row->known = *dirty = true;
    return bb_touch(ap, item->subscriber);
}

static bool put_dirty(bb_apply *ap, bb_row_send *rows, const bool *dirty, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (dirty[i]) rows[kept++] = rows[i];
    return ap->driver->ops->put_sends(ap->driver, rows, kept, ap->err);
}

bool bb_apply_sends(bb_apply *ap, bb_item *items, size_t n)
{
    size_t n_slots;
    bb_lookup *people = bb_get_array(ap->arena, n, sizeof *people);
    bb_mailing *mailings = bb_get_array(ap->arena, n, sizeof *mailings);
    bb_slot_key *keys = bb_get_array(ap->arena, n, sizeof *keys);
    if (!people || !mailings || !keys || !people_and_mailings(ap, items, n, people, mailings)) return false;
    for (size_t i = 0; i < n; i++)
        keys[i] = (bb_slot_key){items[i].subscriber, {(const char *)&items[i].mailing, sizeof items[i].mailing}};
    size_t *slots = bb_slots(ap->arena, keys, n, &n_slots);
    bb_row_send *rows = slots ? bb_get_array(ap->arena, n_slots, sizeof *rows) : NULL;
    bool *dirty = rows ? bb_get_array(ap->arena, n_slots, sizeof *dirty) : NULL;
    if (!dirty) return false;
    for (size_t i = 0; i < n; i++)
        rows[slots[i]] = (bb_row_send){.subscriber = items[i].subscriber, .mailing = items[i].mailing};
    if (!ap->driver->ops->find_sends(ap->driver, rows, n_slots, ap->err)) return false;
    for (size_t i = 0; i < n; i++) {
        const char *why = wrong_with(&people[i], &mailings[i]);
        if (why) bb_refuse(&items[i], why);
        else if (!take(ap, &items[i], &mailings[i], &rows[slots[i]], &dirty[slots[i]])) return false;
    }
    return put_dirty(ap, rows, dirty, n_slots);
}
