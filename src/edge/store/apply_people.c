/* SPDX-License-Identifier: MIT
 *
 * Runs of subscribers and of facts about them (settings by hand, subscriptions, changes of address): who is there,
 * what each item does to whom, in order, and then the rows.
 */
#include "edge/store/internal.h"

/* Somebody a run is about: as the tables have him, or about to be put there. Whoever two items name is one of these. */
typedef struct {
    bb_row_person row;
    bool fresh;
    size_t slot; /* of the address he has, in a run of facts */
} person;

/* Rows of people who were there and are now otherwise, each as it was after one item. */
typedef struct {
    bb_row_person *rows;
    size_t n, cap;
} changes;

static bool note_change(bb_apply *ap, changes *c, person *p)
{
    bb_mark_changed(&p->row, ap->batch->now);
    if (p->fresh) return true; /* put as he is in the end */
    bb_row_person *row = BB_PUSH(ap->arena, c->rows, c->n, c->cap);
    if (row) *row = p->row;
    return row != NULL;
}

/* ---- who is there --------------------------------------------------------------------------------------- */

/* Of a list there is one subscriber an address and one an external id. As a key of the run, the number is the list,
 * with this bit for an external id; the empty key is nobody's. */
#define EXTERNAL ((uint64_t)1 << 32)

/* The keys of a run, and who has each as it goes on. */
typedef struct {
    const size_t *slots; /* of the keys */
    person **holder;     /* one a slot; NULL: it is free */
} holders;

/* Loads whom the answered questions found, once each; out[i] is whom questions[i] found. */
static bool load(bb_apply *ap, const bb_lookup *questions, size_t n, person **out)
{
    size_t n_people, n_ids = 0;
    bb_slot_key *keys = bb_get_array(ap->arena, n, sizeof *keys);
    if (!keys) return false;
    for (size_t i = 0; i < n; i++) keys[i].number = questions[i].found_id;
    size_t *slots = bb_slots(ap->arena, keys, n, &n_people);
    uint64_t *ids = slots ? bb_get_array(ap->arena, n_people, sizeof *ids) : NULL;
    bb_row_person *rows = ids ? bb_get_array(ap->arena, n_people, sizeof *rows) : NULL;
    person *people = rows ? bb_get_array(ap->arena, n_people, sizeof *people) : NULL;
    if (!people) return false;
    for (size_t i = 0; i < n; i++)
        if (slots[i] == n_ids) ids[n_ids++] = questions[i].found_id;
    if (!ap->driver->ops->find_people(ap->driver, ap->arena, ids, n_ids, rows, ap->err)) return false;
    for (size_t i = 0; i < n_ids; i++) people[i].row = rows[i];
    for (size_t i = 0; i < n; i++) out[i] = questions[i].found == 1 ? &people[slots[i]] : NULL;
    return true;
}

static bool find_holders(bb_apply *ap, const bb_slot_key *keys, size_t n, holders *out)
{
    size_t n_slots;
    size_t *slots = bb_slots(ap->arena, keys, n, &n_slots);
    bb_lookup *questions = slots ? bb_get_array(ap->arena, n_slots, sizeof *questions) : NULL;
    *out = (holders){slots, questions ? bb_get_array(ap->arena, n_slots, sizeof *out->holder) : NULL};
    if (!out->holder) return false;
    for (size_t i = 0; i < n; i++)
        questions[slots[i]] = (bb_lookup){.by = keys[i].number & EXTERNAL ? BB_BY_EXTERNAL_ID : BB_BY_ADDRESS,
                                          .list = (uint32_t)keys[i].number,
                                          .text = keys[i].text};
    return ap->driver->ops->find(ap->driver, ap->arena, questions, n_slots, ap->err) &&
           load(ap, questions, n_slots, out->holder);
}

/* ---- subscribers ------------------------------------------------------------------------------------------ */

static const char *wrong_with(const bb_item *item, const bb_list *lists, size_t n)
{
    if (!item->address.key.n) return "the address is missing";
    if (!bb_is_store_text(item->address.key) || !bb_is_store_text(item->address.spelled))
        return "the address is not valid UTF-8";
    if (item->external_id.n > BB_EXTERNAL_ID_MAX) return "the external id is longer than 64 octets";
    if (!bb_is_store_text(item->external_id)) return "the external id is not valid UTF-8";
    if (bb_has_control(item->external_id)) return "the external id has control characters";
    if (!bb_list_with(lists, n, item->list)) return "there is no such list";
    return NULL;
}

static bool refuse_wrong(bb_apply *ap, bb_item *items, size_t n)
{
    bb_list *lists;
    size_t n_lists;
    if (!ap->driver->ops->lists(ap->driver, ap->arena, &lists, &n_lists, ap->err)) return false;
    for (size_t i = 0; i < n; i++) {
        const char *why = wrong_with(&items[i], lists, n_lists);
        if (why) bb_refuse(&items[i], why);
    }
    return true;
}

static person *new_person(bb_apply *ap, const bb_item *item)
{
    person *p = bb_get(ap->arena, sizeof *p);
    if (!p) return NULL;
    p->fresh = true;
    p->row = (bb_row_person){.list = item->list,
                             .key = item->address.key,
                             .address = item->address.spelled,
                             .contact = item->contact,
                             .since = item->time != BB_NO_TIME ? item->time : ap->batch->now,
                             .status = BB_STATUS_ACTIVE,
                             .until = BB_NO_TIME,
                             .changed = ap->batch->now};
    return p;
}

/* Somebody new, or there already and then left as he is, but for an external id where he had none. */
static bool take_subscriber(bb_apply *ap, bb_item *item, person **by_address, person **by_external, changes *c)
{
    bool external = item->external_id.n > 0;
    if (external && *by_external && *by_external != *by_address) {
        bb_refuse(item, "another subscriber of the list has that external id");
        return true;
    }
    item->result = *by_address ? BB_RESULT_DUPLICATE : BB_RESULT_STORED;
    if (!*by_address) *by_address = new_person(ap, item);
    person *p = *by_address;
    if (!p) return false;
    if (!external || p->row.external_id.n) return true;
    p->row.external_id = item->external_id;
    *by_external = p;
    return note_change(ap, c, p);
}

/* Writes the new ones, whom their first items brought, and answers everybody's id. */
static bool put_fresh(bb_apply *ap, bb_item *items, size_t n, person *const *who)
{
    size_t kept = 0, at = 0;
    bb_row_person *rows = bb_get_array(ap->arena, n, sizeof *rows);
    if (!rows) return false;
    for (size_t i = 0; i < n; i++)
        if (items[i].result == BB_RESULT_STORED) rows[kept++] = who[i]->row;
    if (!ap->driver->ops->put_people(ap->driver, rows, kept, ap->err)) return false;
    for (size_t i = 0; i < n; i++)
        if (items[i].result == BB_RESULT_STORED) who[i]->row.id = rows[at++].id;
    for (size_t i = 0; i < n; i++)
        if (who[i]) items[i].subscriber = who[i]->row.id;
    return true;
}

/* How somebody new stands, where he comes with a status: a setting by hand, so that nobody comes in active who was
 * bounced elsewhere. A quarantine that is over is none. */
static bool keep_statuses(bb_apply *ap, const bb_item *items, size_t n)
{
    size_t kept = 0;
    bb_item *facts = bb_get_array(ap->arena, n, sizeof *facts);
    if (!facts) return false;
    for (size_t i = 0; i < n; i++) {
        const bb_item *item = &items[i];
        bool fresh = item->result == BB_RESULT_STORED;
        if (!fresh || bb_status_at(item->set_status, item->set_until, ap->batch->now) == BB_STATUS_ACTIVE) continue;
        facts[kept++] = (bb_item){.type = BB_ITEM_FACT,
                                  .fact = BB_FACT_SET,
                                  .subscriber = item->subscriber,
                                  .time = ap->batch->now,
                                  .set_status = item->set_status,
                                  .set_until = item->set_until,
                                  .note = item->note};
    }
    return !kept || bb_apply_facts(ap, facts, kept);
}

/* "Subscribed again" is a fact like any other, of those who are new too: given once more it is a duplicate. */
static bool resubscribe(bb_apply *ap, bb_item *items, size_t n)
{
    size_t kept = 0, at = 0;
    bb_item *facts = bb_get_array(ap->arena, n, sizeof *facts);
    if (!facts) return false;
    for (size_t i = 0; i < n; i++)
        if (items[i].resubscribe && items[i].subscriber)
            facts[kept++] = (bb_item){.type = BB_ITEM_FACT,
                                      .fact = BB_FACT_SUBSCRIBE,
                                      .subscriber = items[i].subscriber,
                                      .time = items[i].time,
                                      .note = items[i].note};
    if (kept && !bb_apply_facts(ap, facts, kept)) return false;
    for (size_t i = 0; i < n; i++)
        if (items[i].resubscribe && items[i].subscriber && facts[at++].result == BB_RESULT_STORED)
            items[i].result = BB_RESULT_STORED;
    return true;
}

bool bb_apply_subscribers(bb_apply *ap, bb_item *items, size_t n)
{
    holders h;
    changes c = {0};
    bb_slot_key *keys = bb_get_array(ap->arena, 2 * n, sizeof *keys); /* addresses, then external ids */
    person **who = bb_get_array(ap->arena, n, sizeof *who);
    if (!keys || !who || !refuse_wrong(ap, items, n)) return false;
    for (size_t i = 0; i < n; i++) {
        if (items[i].result == BB_RESULT_REFUSED) continue;
        keys[i] = (bb_slot_key){items[i].list, items[i].address.key};
        if (items[i].external_id.n) keys[n + i] = (bb_slot_key){items[i].list | EXTERNAL, items[i].external_id};
    }
    if (!find_holders(ap, keys, 2 * n, &h)) return false;
    for (size_t i = 0; i < n; i++) {
        person **by_address = &h.holder[h.slots[i]];
        if (items[i].result == BB_RESULT_REFUSED) continue;
        if (!take_subscriber(ap, &items[i], by_address, &h.holder[h.slots[n + i]], &c)) return false;
        if (items[i].result != BB_RESULT_REFUSED) who[i] = *by_address;
    }
    return put_fresh(ap, items, n, who) && ap->driver->ops->set_people(ap->driver, c.rows, c.n, ap->err) &&
           keep_statuses(ap, items, n) && resubscribe(ap, items, n);
}

/* ---- facts --------------------------------------------------------------------------------------------------- */

static const char *wrong_with_fact(const bb_item *item, const bb_lookup *who)
{
    if (!who->found) return "there is no such subscriber";
    if (item->fact == BB_FACT_REPORT) return "a report is not a fact given by hand";
    if (item->fact > BB_FACT_ADDRESS) return "there is no such kind of fact";
    if (item->fact == BB_FACT_SET && item->set_status > BB_STATUS_UNSUBSCRIBED) return "there is no such status";
    if (item->fact != BB_FACT_ADDRESS) return NULL;
    if (!item->address.key.n) return "the address is missing";
    if (!bb_is_store_text(item->address.key) || !bb_is_store_text(item->address.spelled))
        return "the address is not valid UTF-8";
    return NULL;
}

static bb_row_fact row_of(bb_apply *ap, const bb_item *item)
{
    bb_row_fact row = {.subscriber = item->subscriber,
                       .recorded = ap->batch->now,
                       .note = bb_store_text(ap->arena, item->note),
                       .fact = {.type = item->fact,
                                .time = item->time != BB_NO_TIME ? item->time : ap->batch->now,
                                .mailed = BB_NO_TIME,
                                .set_until = BB_NO_TIME}};
    if (item->fact == BB_FACT_ADDRESS) row.address = item->address.spelled;
    if (item->fact == BB_FACT_SET) {
        row.fact.set_status = item->set_status;
        if (item->set_status == BB_STATUS_QUARANTINED) row.fact.set_until = item->set_until;
    }
    row.fact.id = bb_fact_id(&row);
    return row;
}

/* A run of facts as it goes on. */
typedef struct {
    bb_apply *ap;
    holders h;
    const size_t *slots; /* of the facts' ids */
    bool *there;         /* one a slot: that fact is kept */
    bb_row_fact *fresh;  /* to be kept */
    size_t n_fresh;
    changes changes;
} facts_run;

/* Another spelling of the same address is no change of it: what was said of it still counts. */
static bool respell(facts_run *run, bb_item *item, person *p)
{
    bool same = bb_eq(item->address.spelled, p->row.address);
    item->result = same ? BB_RESULT_DUPLICATE : BB_RESULT_STORED;
    p->row.address = item->address.spelled;
    return same || note_change(run->ap, &run->changes, p);
}

static bool readdress(facts_run *run, bb_item *item, person *p, size_t slot)
{
    run->h.holder[p->slot] = NULL;
    run->h.holder[slot] = p;
    p->slot = slot;
    p->row.key = item->address.key;
    p->row.address = item->address.spelled;
    return note_change(run->ap, &run->changes, p);
}

static bool welcome(facts_run *run, person *p)
{
    if (!p->row.contact) return true;
    p->row.contact = false;
    return note_change(run->ap, &run->changes, p);
}

static bool take_fact(facts_run *run, bb_item *item, const bb_row_fact *row, person *p, size_t slot, bool *there)
{
    bool moves = item->fact == BB_FACT_ADDRESS;
    item->result = BB_RESULT_DUPLICATE;
    if (*there) return true;
    if (moves && slot == p->slot) return respell(run, item, p);
    if (moves && run->h.holder[slot]) {
        bb_refuse(item, "another subscriber of the list has that address");
        return true;
    }
    item->result = BB_RESULT_STORED;
    *there = true;
    run->fresh[run->n_fresh++] = *row;
    if (moves && !readdress(run, item, p, slot)) return false;
    if (item->fact == BB_FACT_SUBSCRIBE && !welcome(run, p)) return false;
    return bb_touch(run->ap, item->subscriber);
}

/* Whom the items are about, by id; then who has the addresses that they have and are to have: keys of the new ones
 * come first, then those of today. */
static bool find_people_of(facts_run *run, bb_item *items, size_t n, person **who)
{
    bb_apply *ap = run->ap;
    bb_lookup *by_id = bb_get_array(ap->arena, n, sizeof *by_id);
    bb_slot_key *keys = bb_get_array(ap->arena, 2 * n, sizeof *keys);
    if (!by_id || !keys) return false;
    for (size_t i = 0; i < n; i++) by_id[i] = (bb_lookup){.by = BB_BY_ID, .subscriber = items[i].subscriber};
    if (!ap->driver->ops->find(ap->driver, ap->arena, by_id, n, ap->err)) return false;
    for (size_t i = 0; i < n; i++) {
        const char *why = wrong_with_fact(&items[i], &by_id[i]);
        if (why) bb_refuse(&items[i], why);
        if (why) continue;
        if (items[i].fact == BB_FACT_ADDRESS) keys[i] = (bb_slot_key){by_id[i].found_list, items[i].address.key};
        keys[n + i] = (bb_slot_key){by_id[i].found_list, by_id[i].found_address};
    }
    if (!find_holders(ap, keys, 2 * n, &run->h)) return false;
    for (size_t i = 0; i < n; i++) {
        if (items[i].result == BB_RESULT_REFUSED) continue;
        size_t slot = run->h.slots[n + i];
        who[i] = run->h.holder[slot];
        if (!who[i])
            return bb_fail(ap->err, BB_EBUG, "subscriber %llu has not the address that he was found with",
                           (unsigned long long)items[i].subscriber);
        who[i]->slot = slot;
    }
    return true;
}

/* Which facts there are already, by content id. */
static bool find_there(facts_run *run, bb_row_fact *rows, size_t n)
{
    bb_apply *ap = run->ap;
    size_t n_slots;
    bb_slot_key *keys = bb_get_array(ap->arena, n, sizeof *keys);
    if (!keys || !ap->driver->ops->find_facts(ap->driver, rows, n, ap->err)) return false;
    for (size_t i = 0; i < n; i++) keys[i].text = (bb_str){(const char *)rows[i].fact.id.b, sizeof rows[i].fact.id.b};
    run->slots = bb_slots(ap->arena, keys, n, &n_slots);
    run->there = run->slots ? bb_get_array(ap->arena, n_slots, sizeof *run->there) : NULL;
    if (!run->there) return false;
    for (size_t i = 0; i < n; i++) run->there[run->slots[i]] = rows[i].known;
    return true;
}

bool bb_apply_facts(bb_apply *ap, bb_item *items, size_t n)
{
    facts_run run = {.ap = ap};
    person **who = bb_get_array(ap->arena, n, sizeof *who);
    bb_row_fact *rows = bb_get_array(ap->arena, n, sizeof *rows);
    run.fresh = bb_get_array(ap->arena, n, sizeof *run.fresh);
    if (!who || !rows || !run.fresh || !find_people_of(&run, items, n, who)) return false;
    for (size_t i = 0; i < n; i++)
        if (who[i]) rows[i] = row_of(ap, &items[i]);
    if (!find_there(&run, rows, n)) return false;
    for (size_t i = 0; i < n; i++)
        if (who[i] && !take_fact(&run, &items[i], &rows[i], who[i], run.h.slots[i], &run.there[run.slots[i]]))
            return false;
    const bb_driver_ops *ops = ap->driver->ops;
    return ops->set_people(ap->driver, run.changes.rows, run.changes.n, ap->err) &&
           ops->put_facts(ap->driver, run.fresh, run.n_fresh, ap->err);
}
