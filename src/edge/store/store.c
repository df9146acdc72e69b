/* SPDX-License-Identifier: MIT
 *
 * The store's calls other than apply: lists, mailings, look-ups and histories, over whichever driver.
 */
#include "edge/store/store.h"

#include <stdlib.h>
#include <string.h>

#include "edge/os/os.h"
#include "edge/store/internal.h"

/* ---- the handle --------------------------------------------------------------------------------------- */

bool bb_store_on(bb_driver *d, bb_store **out, bb_err *err)
{
    bb_store *s = malloc(sizeof *s);
    bb_squeezer *z = bb_squeezer_new();
    if (!s || !z) {
        free(s);
        bb_squeezer_free(&z);
        d->ops->close(d);
        return bb_out_of_memory(err);
    }
    *s = (bb_store){.driver = d, .squeezer = z};
    *out = s;
    return true;
}

bool bb_store_open_sqlite(const char *path, bb_store_mode mode, bb_store **out, bb_err *err)
{
    bb_driver *d;
    return bb_driver_sqlite(path, mode, &d, err) && bb_store_on(d, out, err);
}

bool bb_store_open_memory(bb_store **out, bb_err *err)
{
    bb_driver *d;
    return bb_driver_memory(&bb_os_alloc, &d, err) && bb_store_on(d, out, err);
}

void bb_store_close(bb_store **store)
{
    bb_store *s = *store;
    if (!s) return;
    s->driver->ops->close(s->driver);
    bb_squeezer_free(&s->squeezer);
    free(s);
    *store = NULL;
}

bool bb_store_finish(bb_driver *d, bool well, bb_err *err)
{
    if (well && d->ops->commit(d, err)) return true;
    d->ops->rollback(d);
    return false;
}

/* ---- lists and mailings ---------------------------------------------------------------------------------- */

static const bb_list *list_named(const bb_list *lists, size_t n, bb_str name)
{
    for (size_t i = 0; i < n; i++)
        if (bb_eq(lists[i].name, name)) return &lists[i];
    return NULL;
}

bool bb_store_list_add(bb_store *s, bb_str name, bb_time now, uint32_t *id, bb_err *err)
{
    bb_driver *d = s->driver;
    bb_list *lists, row = {.name = name, .created = now};
    size_t n;
    bb_arena scratch;
    if (!bb_list_name_ok(name))
        return bb_fail(err, BB_EUSAGE, "a list's name is 1 to %d of the characters a-z A-Z 0-9 . _ -",
                       BB_LIST_NAME_MAX);
    if (now == BB_NO_TIME) return bb_fail(err, BB_EUSAGE, "a list needs the time at which it was made");
    if (!d->ops->begin(d, true, err)) return false;
    bb_arena_init(&scratch, &bb_os_alloc, BB_ARENA_LIMIT);
    bool well = d->ops->lists(d, &scratch, &lists, &n, err);
    if (well && list_named(lists, n, name))
        well = bb_fail(err, BB_EUSAGE, "there is a list " BB_FMT " already", BB_ARG(name));
    well = bb_store_finish(d, well && d->ops->add_list(d, &row, err), err);
    bb_arena_free(&scratch);
    if (well) *id = row.id;
    return well;
}

bool bb_store_lists(bb_store *s, bb_arena *a, bb_list **out, size_t *n, bb_err *err)
{
    return s->driver->ops->lists(s->driver, a, out, n, err);
}

bool bb_store_policy_add(bb_store *s, const bb_policy_version *v, bb_err *err)
{
    bb_driver *d = s->driver;
    return d->ops->begin(d, true, err) && bb_store_finish(d, d->ops->add_policy(d, v, err), err);
}

bool bb_store_policies(bb_store *s, bb_arena *a, bb_policy_version **out, size_t *n, bb_err *err)
{
    return s->driver->ops->policies(s->driver, a, out, n, err);
}

bool bb_store_mailing_add(bb_store *s, uint32_t list, bb_str name, bb_time sent, uint32_t *id, bb_err *err)
{
    bb_driver *d = s->driver;
    bb_list *lists;
    size_t n;
    bb_arena scratch;
    if (sent == BB_NO_TIME) return bb_fail(err, BB_EUSAGE, "a mailing needs the time at which it is sent");
    if (!d->ops->begin(d, true, err)) return false;
    bb_arena_init(&scratch, &bb_os_alloc, BB_ARENA_LIMIT);
    bb_mailing row = {.list = list, .name = bb_store_text(&scratch, name), .sent = sent};
    bool well = d->ops->lists(d, &scratch, &lists, &n, err);
    if (well && !bb_list_with(lists, n, list))
        well = bb_fail(err, BB_ENOINPUT, "there is no list with the id %u", list);
    if (well && scratch.failed) well = bb_out_of_memory(err);
    well = bb_store_finish(d, well && d->ops->add_mailing(d, &row, err), err);
    bb_arena_free(&scratch);
    if (well) *id = row.id;
    return well;
}

bool bb_store_mailings(bb_store *s, bb_arena *a, uint32_t list, bb_mailing **out, size_t *n, bb_err *err)
{
    return s->driver->ops->mailings(s->driver, a, list, out, n, err);
}

bool bb_store_copy(bb_store *s, const char *to, bb_err *err)
{
    if (!s->driver->ops->copy) return bb_fail(err, BB_EUSAGE, "what is kept in memory only cannot be copied");
    return s->driver->ops->copy(s->driver, to, err);
}

bool bb_store_check(bb_store *s, bb_store_finding_fn each, void *ctx, bb_err *err)
{
    return !s->driver->ops->check || s->driver->ops->check(s->driver, each, ctx, err);
}

bool bb_store_rehearse(bb_store *s, bb_err *err)
{
    s->rehearsing = s->driver->ops->begin(s->driver, true, err);
    return s->rehearsing;
}

void bb_store_rehearse_end(bb_store *s)
{
    if (s->rehearsing) s->driver->ops->rollback(s->driver);
    s->rehearsing = false;
}

bool bb_store_yield(bb_store *s, bb_err *err)
{
    return !s->driver->ops->yield || s->driver->ops->yield(s->driver, err);
}

void bb_store_let_go(bb_store *s)
{
    if (s->driver->ops->let_go) s->driver->ops->let_go(s->driver);
}

bool bb_store_hold(bb_store *s, bb_err *err)
{
    return !s->driver->ops->hold || s->driver->ops->hold(s->driver, err);
}

/* ---- subscribers ------------------------------------------------------------------------------------------ */

static bb_subscriber subscriber_of(const bb_row_person *p)
{
    return (bb_subscriber){.id = p->id,
                           .list = p->list,
                           .address = p->address,
                           .domain = bb_key_domain(p->key),
                           .external_id = p->external_id,
                           .contact = p->contact,
                           .since = p->since,
                           .status = p->status,
                           .until = p->until,
                           .changed = p->changed};
}

bool bb_store_external_ids(bb_store *s, uint32_t list, bool *any, bb_err *err)
{
    return s->driver->ops->external_ids(s->driver, list, any, err);
}

bool bb_store_find(bb_store *s, bb_arena *a, bb_lookup *lookups, size_t n, bb_err *err)
{
    bb_driver *d = s->driver;
    return d->ops->begin(d, false, err) && bb_store_finish(d, d->ops->find(d, a, lookups, n, err), err);
}

bool bb_store_subscriber(bb_store *s, bb_arena *a, uint64_t id, bb_subscriber *out, bb_err *err)
{
    bb_row_person row;
    if (!s->driver->ops->find_people(s->driver, a, &id, 1, &row, err)) return false;
    if (!row.id) return bb_fail(err, BB_ENOINPUT, "there is no subscriber with the id %llu", (unsigned long long)id);
    *out = subscriber_of(&row);
    return true;
}

bool bb_store_progress(bb_store *s, bb_arena *a, bb_progress **out, size_t *n, bb_err *err)
{
    return s->driver->ops->progress(s->driver, a, out, n, err);
}

#define PAGE 500

/* Page by page: nothing is held open while somebody else's function runs, which may well use the store itself. */
static bool each_of(bb_store *s, const bb_people_query *q, bb_subscriber_fn each, void *ctx, bb_err *err)
{
    bb_arena page;
    bb_row_person *rows;
    bool well = true, more = true;
    bb_arena_init(&page, &bb_os_alloc, BB_ARENA_LIMIT);
    for (uint64_t behind = 0; more;) {
        size_t n;
        bb_arena_reset(&page);
        well = s->driver->ops->page(s->driver, &page, q, behind, PAGE, &rows, &n, err);
        more = well && n == PAGE;
        for (size_t i = 0; well && i < n; i++) {
            bb_subscriber one = subscriber_of(&rows[i]);
            behind = one.id;
            if (each(ctx, &one)) continue;
            more = false;
            break;
        }
    }
    bb_arena_free(&page);
    return well;
}

bool bb_store_each_subscriber(bb_store *s, uint32_t list, bb_subscriber_fn each, void *ctx, bb_err *err)
{
    return each_of(s, &(bb_people_query){.list = list, .changed = BB_NO_TIME, .now = BB_NO_TIME}, each, ctx, err);
}

bool bb_store_each_changed(bb_store *s, uint32_t list, bb_time since, bb_time now, bb_subscriber_fn each, void *ctx,
                           bb_err *err)
{
    return each_of(s, &(bb_people_query){.list = list, .changed = since, .now = now}, each, ctx, err);
}

/* ---- histories -------------------------------------------------------------------------------------------- */

#define COMPARE(x, y) \
    if ((x) != (y)) return (x) < (y) ? -1 : 1

static int facts_in_order(const void *left, const void *right)
{
    const bb_fact *x = &((const bb_known_fact *)left)->fact, *y = &((const bb_known_fact *)right)->fact;
    COMPARE(x->time, y->time);
    return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

static int sends_in_order(const void *left, const void *right)
{
    const bb_send *x = left, *y = right;
    COMPARE(x->time, y->time);
    COMPARE(x->mailing, y->mailing);
    return 0;
}

static bool read_history(bb_store *s, bb_arena *a, uint64_t id, bb_history *out, bb_err *err)
{
    *out = (bb_history){0};
    if (!bb_store_subscriber(s, a, id, &out->subscriber, err)) return false;
    return s->driver->ops->history(s->driver, a, id, out, err);
}

bool bb_store_history(bb_store *s, bb_arena *a, uint64_t id, bb_history *out, bb_err *err)
{
    bb_driver *d = s->driver;
    if (!d->ops->begin(d, false, err) || !bb_store_finish(d, read_history(s, a, id, out, err), err)) return false;
    if (out->n_facts) qsort(out->facts, out->n_facts, sizeof *out->facts, facts_in_order);
    if (out->n_sends) qsort(out->sends, out->n_sends, sizeof *out->sends, sends_in_order);
    return true;
}

bool bb_store_reports(bb_store *s, bb_arena *a, const bb_report_query *q, uint64_t behind, size_t most,
                      bb_stored_report **out, size_t *n, bb_err *err)
{
    return s->driver->ops->reports(s->driver, a, q, behind, most, out, n, err);
}

bool bb_store_refused(bb_store *s, bb_arena *a, bb_time from, bb_time until, bb_refused **out, size_t *n, bb_err *err)
{
    if (from != BB_NO_TIME) from = bb_hour_of(from);
    return s->driver->ops->refused(s->driver, a, from, until, out, n, err);
}

bool bb_store_evidence(bb_store *s, bb_arena *a, uint64_t report, bb_str *out, bb_err *err)
{
    bb_row_evidence row;
    if (!s->driver->ops->evidence(s->driver, a, report, &row, err)) return false;
    if (!row.report)
        return bb_fail(err, BB_ENOINPUT, "no raw message is kept of report %llu", (unsigned long long)report);
    return bb_unsqueeze(a, &row, out, err);
}
