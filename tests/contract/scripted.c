/* SPDX-License-Identifier: MIT
 *
 * The scripted driver: every operation asks the script first.
 */
#include "scripted.h"

#include <stdlib.h>

typedef struct {
    bb_driver base;
    bb_driver *inner;
    script *script;
    bool open; /* a transaction of the inner one */
} scripted;

#define OF(driver)    ((scripted *)(void *)(driver))
#define INNER(driver) (OF(driver)->inner)

/* Does this operation fail? */
static bool fails(scripted *s)
{
    bool now = ++s->script->count == s->script->fail_at;
    s->script->failed |= now;
    return now;
}

static bool lost(scripted *s, bb_err *err)
{
    if (s->open) s->inner->ops->rollback(s->inner);
    s->open = false;
    if (s->script->how == SCRIPTED_BUSY) return bb_fail(err, BB_EBUSY, "scripted: somebody else holds it");
    return bb_fail(err, BB_EIO, "scripted: the connection is lost");
}

static bool begin(bb_driver *d, bool write, bb_err *err)
{
    if (fails(OF(d))) return lost(OF(d), err);
    OF(d)->open = INNER(d)->ops->begin(INNER(d), write, err);
    return OF(d)->open;
}

static bool commit(bb_driver *d, bb_err *err)
{
    scripted *s = OF(d);
    if (!fails(s)) {
        s->open = false;
        return s->inner->ops->commit(s->inner, err);
    }
    if (s->script->how == SCRIPTED_LOST || s->script->how == SCRIPTED_BUSY) return lost(s, err);
    s->open = false;
    if (s->script->how == SCRIPTED_NOT_DONE) s->inner->ops->rollback(s->inner);
    else if (!s->inner->ops->commit(s->inner, err)) return false;
    return bb_fail(err, BB_EUNKNOWN, "scripted: nobody knows whether it happened");
}

static void rollback(bb_driver *d)
{
    if (OF(d)->open) INNER(d)->ops->rollback(INNER(d));
    OF(d)->open = false;
}

static void shut(bb_driver *d)
{
    INNER(d)->ops->close(INNER(d));
    free(d);
}

/* All others are passed on: OP(name, parameters, arguments). */
/* clang-format off */
#define PASSED_ON(OP) \
    OP(lists, (bb_driver *d, bb_arena *a, bb_list **out, size_t *n, bb_err *err), (a, out, n, err)) \
    OP(mailings, (bb_driver *d, bb_arena *a, uint32_t l, bb_mailing **out, size_t *n, bb_err *err), (a, l, out, n, err)) \
    OP(policies, (bb_driver *d, bb_arena *a, bb_policy_version **out, size_t *n, bb_err *err), (a, out, n, err)) \
    OP(add_policy, (bb_driver *d, const bb_policy_version *row, bb_err *err), (row, err)) \
    OP(add_list, (bb_driver *d, bb_list *row, bb_err *err), (row, err)) \
    OP(add_mailing, (bb_driver *d, bb_mailing *row, bb_err *err), (row, err)) \
    OP(find, (bb_driver *d, bb_arena *a, bb_lookup *l, size_t n, bb_err *err), (a, l, n, err)) \
    OP(find_people, (bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_person *out, bb_err *err), \
       (a, ids, n, out, err)) \
    OP(find_mailings, (bb_driver *d, const uint32_t *ids, size_t n, bb_mailing *out, bb_err *err), (ids, n, out, err)) \
    OP(find_reports, (bb_driver *d, bb_row_report *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(find_facts, (bb_driver *d, bb_row_fact *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(find_sends, (bb_driver *d, bb_row_send *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(holders, (bb_driver *d, bb_arena *a, const uint64_t *r, size_t n, uint64_t **out, size_t *m, size_t *cap, \
                 bb_err *err), (a, r, n, out, m, cap, err)) \
    OP(about, (bb_driver *d, bb_arena *a, uint64_t s, bb_row_about **out, size_t *n, bb_err *err), (a, s, out, n, err)) \
    OP(readings, (bb_driver *d, bb_arena *a, const uint64_t *r, size_t n, bb_row_reading **out, size_t *m, size_t *cap, \
                  bb_err *err), (a, r, n, out, m, cap, err)) \
    OP(facts, (bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_facts *out, bb_err *err), \
       (a, ids, n, out, err)) \
    OP(put_people, (bb_driver *d, bb_row_person *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(set_people, (bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_reports, (bb_driver *d, bb_row_report *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(lower_times, (bb_driver *d, const bb_row_report *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_readings, (bb_driver *d, const bb_row_reading *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(retire_readings, (bb_driver *d, const uint64_t *reports, size_t n, bb_err *err), (reports, n, err)) \
    OP(put_evidence, (bb_driver *d, const bb_row_evidence *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_surplus, (bb_driver *d, const bb_row_surplus *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_forged, (bb_driver *d, int64_t day, uint64_t octets, bb_err *err), (day, octets, err)) \
    OP(forged, (bb_driver *d, int64_t day, uint64_t *octets, bb_err *err), (day, octets, err)) \
    OP(put_facts, (bb_driver *d, const bb_row_fact *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_sends, (bb_driver *d, const bb_row_send *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_statuses, (bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_transitions, (bb_driver *d, const bb_row_transition *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_progress, (bb_driver *d, const bb_progress *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(put_refused, (bb_driver *d, const bb_refused *rows, size_t n, bb_err *err), (rows, n, err)) \
    OP(external_ids, (bb_driver *d, uint32_t list, bool *any, bb_err *err), (list, any, err)) \
    OP(progress, (bb_driver *d, bb_arena *a, bb_progress **out, size_t *n, bb_err *err), (a, out, n, err)) \
    OP(page, (bb_driver *d, bb_arena *a, const bb_people_query *q, uint64_t behind, size_t most, bb_row_person **out, \
              size_t *n, bb_err *err), (a, q, behind, most, out, n, err)) \
    OP(history, (bb_driver *d, bb_arena *a, uint64_t id, bb_history *out, bb_err *err), (a, id, out, err)) \
    OP(reports, (bb_driver *d, bb_arena *a, const bb_report_query *q, uint64_t behind, size_t most, \
                 bb_stored_report **out, size_t *n, bb_err *err), (a, q, behind, most, out, n, err)) \
    OP(evidence, (bb_driver *d, bb_arena *a, uint64_t report, bb_row_evidence *out, bb_err *err), (a, report, out, err)) \
    OP(summary, (bb_driver *d, const bb_summary_query *q, int64_t *reports, const bb_summary_sink *sink, bb_err *err), \
       (q, reports, sink, err)) \
    OP(refused, (bb_driver *d, bb_arena *a, bb_time from, bb_time until, bb_refused **out, size_t *n, bb_err *err), \
       (a, from, until, out, n, err))
/* clang-format on */

#define BARE(...) __VA_ARGS__
#define OPERATION(name, parameters, arguments)                \
    static bool name parameters                               \
    {                                                         \
        if (fails(OF(d))) return lost(OF(d), err);            \
        return INNER(d)->ops->name(INNER(d), BARE arguments); \
    }
PASSED_ON(OPERATION)

static const bb_driver_ops operations = {.close = shut,
                                         .begin = begin,
                                         .commit = commit,
                                         .rollback = rollback,
#define SLOT(name, parameters, arguments) .name = name,
                                         PASSED_ON(SLOT)};

bool scripted_driver(bb_driver *over, script *s, bb_driver **out)
{
    scripted *made = malloc(sizeof *made);
    if (!made) return false;
    *made = (scripted){.base = {&operations}, .inner = over, .script = s};
    *out = &made->base;
    return true;
}
