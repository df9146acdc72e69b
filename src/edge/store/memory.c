/* SPDX-License-Identifier: MIT
 *
 * The memory driver: tables are arrays, every look-up goes through one of them. It is what the SQLite driver is held
 * against in tests, and plain on purpose.
 */
#include <stdlib.h>
#include <string.h>

#include "edge/store/driver.h"

/* ---- tables ----------------------------------------------------------------------------------------- */

/* Rows are never taken away and ids count from 1, so that the row of an id lies at id - 1. */
#define TABLES(X)                     \
    X(bb_list, lists)                 \
    X(bb_policy_version, policies)    \
    X(bb_mailing, mailings)           \
    X(bb_row_person, people)          \
    X(bb_row_report, reports)         \
    X(bb_row_reading, readings)       \
    X(bb_row_evidence, raws)          \
    X(bb_row_surplus, surplus)        \
    X(bb_row_forged, forged)          \
    X(bb_row_fact, facts)             \
    X(bb_row_send, sends)             \
    X(bb_row_transition, transitions) \
    X(bb_progress, progress)          \
    X(bb_refused, refused)

typedef struct {
#define COLUMN(type, name) \
    type *name;            \
    size_t n_##name, cap_##name;
    TABLES(COLUMN)
#undef COLUMN
} tables;

typedef struct {
    bb_driver base;
    bb_arena arena; /* rows and their texts */
    bb_arena undo;  /* `before`, while a transaction writes */
    bool writes;
    tables now, before;
} memory;

#define OF(driver) ((memory *)(void *)(driver))
#define LIMIT      ((size_t)1 << 32)

static bool stored(memory *m, bb_err *err)
{
    return !m->arena.failed || bb_out_of_memory(err);
}

static bool answered(const bb_arena *a, bb_err *err)
{
    return !a->failed || bb_out_of_memory(err);
}

/* ---- transactions ------------------------------------------------------------------------------------ */

static bool begin(bb_driver *d, bool write, bb_err *err)
{
    memory *m = OF(d);
    m->writes = write;
    if (!write) return true;
    m->before = m->now;
#define KEEP(type, name)                                                        \
    m->before.name = bb_get_array(&m->undo, m->now.n_##name + 1, sizeof(type)); \
    if (m->before.name && m->now.n_##name) memcpy(m->before.name, m->now.name, m->now.n_##name * sizeof(type));
    TABLES(KEEP)
#undef KEEP
    if (!m->undo.failed) return true;
    m->writes = false;
    bb_arena_reset(&m->undo);
    return bb_out_of_memory(err);
}

static bool commit(bb_driver *d, bb_err *err)
{
    memory *m = OF(d);
    (void)err;
    m->writes = false;
    bb_arena_reset(&m->undo);
    return true;
}

static void rollback(bb_driver *d)
{
    memory *m = OF(d);
    if (!m->writes) return;
#define GIVE_BACK(type, name)                                                                              \
    if (m->before.n_##name) memcpy(m->now.name, m->before.name, m->before.n_##name * sizeof *m->now.name); \
    m->now.n_##name = m->before.n_##name;
    TABLES(GIVE_BACK)
#undef GIVE_BACK
    m->arena.failed = false; /* what did not fit is gone */
    m->writes = false;
    bb_arena_reset(&m->undo);
}

static void close_all(bb_driver *d)
{
    memory *m = OF(d);
    const bb_alloc *alloc = m->arena.alloc;
    bb_arena_free(&m->undo);
    bb_arena_free(&m->arena);
    alloc->put(alloc->ctx, m);
}

/* ---- lists and mailings -------------------------------------------------------------------------------- */

static bool lists(bb_driver *d, bb_arena *a, bb_list **out, size_t *n, bb_err *err)
{
    const memory *m = OF(d);
    *n = m->now.n_lists;
    *out = bb_get_array(a, *n + 1, sizeof **out);
    for (size_t i = 0; *out && i < *n; i++) {
        (*out)[i] = m->now.lists[i];
        (*out)[i].name = bb_dup(a, m->now.lists[i].name);
    }
    return answered(a, err);
}

static bool mailings(bb_driver *d, bb_arena *a, uint32_t list, bb_mailing **out, size_t *n, bb_err *err)
{
    const memory *m = OF(d);
    *n = 0;
    *out = bb_get_array(a, m->now.n_mailings + 1, sizeof **out);
    for (size_t i = 0; *out && i < m->now.n_mailings; i++) {
        if (list && m->now.mailings[i].list != list) continue;
        (*out)[*n] = m->now.mailings[i];
        (*out)[(*n)++].name = bb_dup(a, m->now.mailings[i].name);
    }
    return answered(a, err);
}

static bool policies(bb_driver *d, bb_arena *a, bb_policy_version **out, size_t *n, bb_err *err)
{
    const memory *m = OF(d);
    size_t last = 0;
    *n = 0;
    *out = bb_get_array(a, m->now.n_policies + 1, sizeof **out);
    for (size_t i = 0; i < m->now.n_policies; i++)
        if (m->now.policies[i].list > last) last = m->now.policies[i].list;
    for (size_t list = 0; *out && list <= last; list++) /* few in tests */
        for (size_t i = 0; i < m->now.n_policies; i++)
            if (m->now.policies[i].list == list) (*out)[(*n)++] = m->now.policies[i];
    return answered(a, err);
}

static bool add_policy(bb_driver *d, const bb_policy_version *row, bb_err *err)
{
    memory *m = OF(d);
    size_t kept = 0;
    for (size_t i = 0; i < m->now.n_policies; i++)
        if (row->policy.from != BB_NO_TIME || m->now.policies[i].list != row->list)
            m->now.policies[kept++] = m->now.policies[i];
    m->now.n_policies = kept;
    bb_policy_version *slot = BB_PUSH(&m->arena, m->now.policies, m->now.n_policies, m->now.cap_policies);
    if (slot) *slot = *row;
    return slot || bb_out_of_memory(err);
}

static bool add_list(bb_driver *d, bb_list *row, bb_err *err)
{
    memory *m = OF(d);
    bb_list *slot = BB_PUSH(&m->arena, m->now.lists, m->now.n_lists, m->now.cap_lists);
    if (!slot) return bb_out_of_memory(err);
    *slot = *row;
    slot->name = bb_dup(&m->arena, row->name);
    row->id = slot->id = (uint32_t)m->now.n_lists;
    return stored(m, err);
}

static bool add_mailing(bb_driver *d, bb_mailing *row, bb_err *err)
{
    memory *m = OF(d);
    bb_mailing *slot = BB_PUSH(&m->arena, m->now.mailings, m->now.n_mailings, m->now.cap_mailings);
    if (!slot) return bb_out_of_memory(err);
    *slot = *row;
    slot->name = bb_dup(&m->arena, row->name);
    row->id = slot->id = (uint32_t)m->now.n_mailings;
    return stored(m, err);
}

static const bb_mailing *mailing_with(const memory *m, uint32_t id)
{
    return id && id <= m->now.n_mailings ? &m->now.mailings[id - 1] : NULL;
}

static bool find_mailings(bb_driver *d, const uint32_t *ids, size_t n, bb_mailing *out, bb_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const bb_mailing *found = mailing_with(OF(d), ids[i]);
        out[i] = found ? *found : (bb_mailing){0};
        out[i].name = (bb_str){0};
    }
    return true;
}

/* ---- people ---------------------------------------------------------------------------------------------- */

static bb_row_person copy_person(bb_arena *a, const bb_row_person *p)
{
    bb_row_person out = *p;
    out.key = bb_dup(a, p->key);
    out.address = bb_dup(a, p->address);
    out.external_id = bb_dup(a, p->external_id);
    return out;
}

static uint32_t list_of_mailing(const memory *m, uint32_t id)
{
    return id && id <= m->now.n_mailings ? m->now.mailings[id - 1].list : 0;
}

static bool is_asked_for(const memory *m, const bb_lookup *l, const bb_row_person *p)
{
    switch (l->by) {
    case BB_BY_ID: return p->id == l->subscriber;
    case BB_BY_EXTERNAL_ID: return p->list == l->list && bb_eq(p->external_id, l->text);
    case BB_BY_ADDRESS: return (!l->list || p->list == l->list) && bb_eq(p->key, l->text);
    case BB_BY_MAILING: return bb_eq(p->key, l->text) && p->list == list_of_mailing(m, l->mailing);
    }
    return false;
}

static bool find(bb_driver *d, bb_arena *a, bb_lookup *lookups, size_t n, bb_err *err)
{
    const memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        if (!bb_lookup_asks(&lookups[i])) continue;
        for (size_t j = 0; j < m->now.n_people; j++) {
            const bb_row_person *p = &m->now.people[j];
            if (is_asked_for(m, &lookups[i], p) && bb_lookup_found(&lookups[i], p->id, p->list, bb_dup(a, p->key)))
                break;
        }
    }
    return answered(a, err);
}

static bb_row_person *person_with(memory *m, uint64_t id)
{
    return id && id <= m->now.n_people ? &m->now.people[id - 1] : NULL;
}

static bool find_people(bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_person *out, bb_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const bb_row_person *found = person_with(OF(d), ids[i]);
        out[i] = found ? copy_person(a, found) : (bb_row_person){.until = BB_NO_TIME};
    }
    return answered(a, err);
}

static bool is_changed(const bb_people_query *q, const bb_row_person *p)
{
    if (q->list && p->list != q->list) return false;
    if (q->changed == BB_NO_TIME || p->changed >= q->changed) return true;
    return p->status == BB_STATUS_QUARANTINED && p->until != BB_NO_TIME && p->until >= q->changed && p->until <= q->now;
}

static bool page(bb_driver *d, bb_arena *a, const bb_people_query *q, uint64_t behind, size_t most, bb_row_person **out,
                 size_t *n, bb_err *err)
{
    const memory *m = OF(d);
    *n = 0;
    *out = bb_get_array(a, most, sizeof **out);
    for (size_t i = behind; *out && i < m->now.n_people && *n < most; i++)
        if (is_changed(q, &m->now.people[i])) (*out)[(*n)++] = copy_person(a, &m->now.people[i]);
    return answered(a, err);
}

static bool put_people(bb_driver *d, bb_row_person *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_person *slot = BB_PUSH(&m->arena, m->now.people, m->now.n_people, m->now.cap_people);
        if (!slot) return bb_out_of_memory(err);
        *slot = copy_person(&m->arena, &rows[i]);
        rows[i].id = slot->id = m->now.n_people;
    }
    return stored(m, err);
}

static bool set_people(bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_person *p = person_with(m, rows[i].id);
        if (!p) continue;
        p->key = bb_dup(&m->arena, rows[i].key);
        p->address = bb_dup(&m->arena, rows[i].address);
        p->external_id = bb_dup(&m->arena, rows[i].external_id);
        p->contact = rows[i].contact;
        p->changed = rows[i].changed;
    }
    return stored(m, err);
}

static bool put_statuses(bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        bb_row_person *p = person_with(OF(d), rows[i].id);
        if (!p) continue;
        p->status = rows[i].status;
        p->until = rows[i].until;
        p->changed = rows[i].changed;
    }
    return true;
}

static bool put_transitions(bb_driver *d, const bb_row_transition *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_transition *slot = BB_PUSH(&m->arena, m->now.transitions, m->now.n_transitions, m->now.cap_transitions);
        if (!slot) return bb_out_of_memory(err);
        *slot = rows[i];
    }
    return true;
}

/* Few files in tests: kept in order as they come. */
static bool same_count(const bb_refused *x, const bb_refused *y)
{
    return x->hour == y->hour && x->cause == y->cause && bb_hash_eq(&x->writer, &y->writer);
}

static bool put_progress(bb_driver *d, const bb_progress *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        size_t at = 0, kept = m->now.n_progress;
        while (at < kept && memcmp(m->now.progress[at].file.b, rows[i].file.b, BB_HASH_LEN) < 0) at++;
        if (at == kept || !bb_hash_eq(&m->now.progress[at].file, &rows[i].file)) {
            if (!BB_PUSH(&m->arena, m->now.progress, m->now.n_progress, m->now.cap_progress))
                return bb_out_of_memory(err);
            for (size_t k = kept; k > at; k--) m->now.progress[k] = m->now.progress[k - 1];
        }
        m->now.progress[at] = rows[i];
    }
    return true;
}

static bool external_ids(bb_driver *d, uint32_t list, bool *any, bb_err *err)
{
    const memory *m = OF(d);
    (void)err;
    *any = false;
    for (size_t i = 0; i < m->now.n_people; i++)
        *any |= m->now.people[i].list == list && m->now.people[i].external_id.n;
    return true;
}

static bool put_refused(bb_driver *d, const bb_refused *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < m->now.n_refused && !same_count(&m->now.refused[at], &rows[i])) at++;
        if (at == m->now.n_refused && !BB_PUSH(&m->arena, m->now.refused, m->now.n_refused, m->now.cap_refused))
            return bb_out_of_memory(err);
        m->now.refused[at] = rows[i];
    }
    return stored(m, err);
}

static int by_hour(const void *left, const void *right)
{
    const bb_refused *x = left, *y = right;
    return x->hour != y->hour ? (x->hour > y->hour) - (x->hour < y->hour) : (int)x->cause - (int)y->cause;
}

static bool refused(bb_driver *d, bb_arena *a, bb_time from, bb_time until, bb_refused **out, size_t *n, bb_err *err)
{
    const memory *m = OF(d);
    size_t kept = 0;
    *n = 0;
    *out = bb_get_array(a, m->now.n_refused + 1, sizeof **out);
    for (size_t i = 0; *out && i < m->now.n_refused; i++) {
        const bb_refused *r = &m->now.refused[i];
        if ((from != BB_NO_TIME && r->hour < from) || (until != BB_NO_TIME && r->hour >= until)) continue;
        (*out)[(*n)++] = (bb_refused){.hour = r->hour, .cause = r->cause, .n = r->n};
    }
    if (*n) qsort(*out, *n, sizeof **out, by_hour);
    for (size_t i = 0; i < *n; i++) {
        if (kept && by_hour(&(*out)[kept - 1], &(*out)[i]) == 0) (*out)[kept - 1].n += (*out)[i].n;
        else (*out)[kept++] = (*out)[i];
    }
    *n = kept;
    return answered(a, err);
}

static bool progress(bb_driver *d, bb_arena *a, bb_progress **out, size_t *n, bb_err *err)
{
    memory *m = OF(d);
    *n = m->now.n_progress;
    *out = bb_get_array(a, *n + 1, sizeof **out);
    for (size_t i = 0; *out && i < *n; i++) (*out)[i] = m->now.progress[i];
    return answered(a, err);
}

/* ---- reports ---------------------------------------------------------------------------------------------- */

static bool find_reports(bb_driver *d, bb_row_report *rows, size_t n, bb_err *err)
{
    const memory *m = OF(d);
    (void)err;
    for (size_t i = 0; i < n; i++) {
        rows[i].id = 0;
        for (size_t j = 0; j < m->now.n_reports && !rows[i].id; j++) {
            if (!bb_hash_eq(&m->now.reports[j].key, &rows[i].key)) continue;
            rows[i].id = m->now.reports[j].id;
            rows[i].time = m->now.reports[j].time;
        }
    }
    return true;
}

static bool put_reports(bb_driver *d, bb_row_report *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_report *slot = BB_PUSH(&m->arena, m->now.reports, m->now.n_reports, m->now.cap_reports);
        if (!slot) return bb_out_of_memory(err);
        *slot = rows[i];
        slot->source = bb_dup(&m->arena, rows[i].source);
        slot->return_path = bb_dup(&m->arena, rows[i].return_path);
        rows[i].id = slot->id = m->now.n_reports;
    }
    return stored(m, err);
}

static bool lower_times(bb_driver *d, const bb_row_report *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    (void)err;
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].id || rows[i].id > m->now.n_reports) continue;
        bb_row_report *r = &m->now.reports[rows[i].id - 1];
        if (rows[i].time < r->time) r->time = rows[i].time;
    }
    return true;
}

static bool put_readings(bb_driver *d, const bb_row_reading *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_reading *slot = BB_PUSH(&m->arena, m->now.readings, m->now.n_readings, m->now.cap_readings);
        if (!slot) return bb_out_of_memory(err);
        *slot = rows[i];
        bb_str *const texts[] = {&slot->recipient,     &slot->domain,     &slot->status,
                                 &slot->command,       &slot->diagnostic, &slot->remote_mta,
                                 &slot->reporting_mta, &slot->format,     &slot->rule};
        for (size_t j = 0; j < BB_COUNT(texts); j++) *texts[j] = bb_dup(&m->arena, *texts[j]);
    }
    return stored(m, err);
}

static bool retire_readings(bb_driver *d, const uint64_t *reports, size_t n, bb_err *err)
{
    memory *m = OF(d);
    (void)err;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m->now.n_readings; j++)
            if (m->now.readings[j].report == reports[i]) m->now.readings[j].past = true;
    return true;
}

static int by_position(const void *left, const void *right)
{
    const bb_row_reading *x = left, *y = right;
    return (x->position > y->position) - (x->position < y->position);
}

static bool readings(bb_driver *d, bb_arena *a, const uint64_t *reports, size_t n, bb_row_reading **out, size_t *n_out,
                     size_t *cap, bb_err *err)
{
    const memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        size_t begin = *n_out;
        for (size_t j = 0; j < m->now.n_readings; j++) {
            const bb_row_reading *r = &m->now.readings[j];
            if (r->report != reports[i] || r->past) continue;
            bb_row_reading *slot = BB_PUSH(a, *out, *n_out, *cap);
            if (!slot) return bb_out_of_memory(err);
            *slot = *r;
        }
        if (*n_out > begin) qsort(*out + begin, *n_out - begin, sizeof **out, by_position);
    }
    return true;
}

static bool is_wanted(const memory *m, const bb_row_report *r, const bb_report_query *q)
{
    bool unread = !q->unread, list = !q->list;
    for (size_t j = 0; j < m->now.n_readings; j++) {
        const bb_row_reading *g = &m->now.readings[j];
        if (g->report != r->id || g->past) continue;
        unread |= !g->format.n && !g->settled.unsubscribes;
        list |= g->settled.list == q->list;
    }
    return unread && list && (q->from == BB_NO_TIME || r->time >= q->from) &&
           (q->until == BB_NO_TIME || r->time < q->until);
}

static bool reports(bb_driver *d, bb_arena *a, const bb_report_query *q, uint64_t behind, size_t most,
                    bb_stored_report **out, size_t *n, bb_err *err)
{
    const memory *m = OF(d);
    *n = 0;
    *out = bb_get_array(a, most, sizeof **out);
    for (size_t i = (size_t)behind; *out && i < m->now.n_reports && *n < most; i++) {
        const bb_row_report *r = &m->now.reports[i];
        if (is_wanted(m, r, q))
            (*out)[(*n)++] = (bb_stored_report){r->id, r->time, r->recorded, r->source, r->return_path};
    }
    return answered(a, err);
}

static bool holders(bb_driver *d, bb_arena *a, const uint64_t *reports, size_t n, uint64_t **out, size_t *n_out,
                    size_t *cap, bb_err *err)
{
    const memory *m = OF(d);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m->now.n_readings; j++) {
            const bb_row_reading *r = &m->now.readings[j];
            if (r->past || r->report != reports[i] || !r->settled.subscriber) continue;
            uint64_t *slot = BB_PUSH(a, *out, *n_out, *cap);
            if (slot) *slot = r->settled.subscriber;
        }
    return answered(a, err);
}

static const bb_row_evidence *raw_of(const memory *m, uint64_t report)
{
    for (size_t i = 0; i < m->now.n_raws; i++)
        if (m->now.raws[i].report == report) return &m->now.raws[i];
    return NULL;
}

static bool put_evidence(bb_driver *d, const bb_row_evidence *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_evidence *slot = BB_PUSH(&m->arena, m->now.raws, m->now.n_raws, m->now.cap_raws);
        if (!slot) return bb_out_of_memory(err);
        *slot = rows[i];
        slot->zstd = bb_dup(&m->arena, rows[i].zstd);
    }
    return stored(m, err);
}

static bool put_surplus(bb_driver *d, const bb_row_surplus *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_surplus *slot = BB_PUSH(&m->arena, m->now.surplus, m->now.n_surplus, m->now.cap_surplus);
        if (!slot) return bb_out_of_memory(err);
        *slot = rows[i];
    }
    return stored(m, err);
}

static bool put_forged(bb_driver *d, int64_t day, uint64_t octets, bb_err *err)
{
    memory *m = OF(d);
    bb_row_forged *slot = BB_PUSH(&m->arena, m->now.forged, m->now.n_forged, m->now.cap_forged);
    if (!slot) return bb_out_of_memory(err);
    *slot = (bb_row_forged){day, octets};
    return stored(m, err);
}

static bool forged(bb_driver *d, int64_t day, uint64_t *octets, bb_err *err)
{
    memory *m = OF(d);
    (void)err;
    *octets = 0;
    for (size_t i = 0; i < m->now.n_forged; i++)
        if (m->now.forged[i].day == day) *octets += m->now.forged[i].octets;
    return true;
}

static int by_report(const void *left, const void *right)
{
    const bb_row_about *x = left, *y = right;
    return (x->report > y->report) - (x->report < y->report);
}

static bool about(bb_driver *d, bb_arena *a, uint64_t subscriber, bb_row_about **out, size_t *n, bb_err *err)
{
    const memory *m = OF(d);
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    for (size_t i = 0; i < m->now.n_readings; i++) {
        const bb_row_reading *g = &m->now.readings[i];
        if (g->past || g->settled.subscriber != subscriber) continue;
        const bb_row_evidence *raw = raw_of(m, g->report);
        bb_row_about *slot = BB_PUSH(a, *out, *n, cap);
        if (!slot) return bb_out_of_memory(err);
        *slot = (bb_row_about){.report = g->report,
                               .return_path = bb_dup(a, m->now.reports[g->report - 1].return_path),
                               .kind = g->settled.kind,
                               .forwarded = g->settled.forwarded,
                               .unsubscribes = g->settled.unsubscribes,
                               .evidence = raw ? raw->size : 0};
    }
    if (*n) qsort(*out, *n, sizeof **out, by_report);
    return answered(a, err);
}

static bool evidence(bb_driver *d, bb_arena *a, uint64_t report, bb_row_evidence *out, bb_err *err)
{
    const bb_row_evidence *found = raw_of(OF(d), report);
    *out = found ? *found : (bb_row_evidence){0};
    out->zstd = bb_dup(a, out->zstd);
    return answered(a, err);
}

/* ---- facts and sends --------------------------------------------------------------------------------------- */

static bool find_facts(bb_driver *d, bb_row_fact *rows, size_t n, bb_err *err)
{
    const memory *m = OF(d);
    (void)err;
    for (size_t i = 0; i < n; i++) {
        rows[i].known = false;
        for (size_t j = 0; j < m->now.n_facts && !rows[i].known; j++)
            rows[i].known = m->now.facts[j].subscriber == rows[i].subscriber &&
                            bb_hash_eq(&m->now.facts[j].fact.id, &rows[i].fact.id);
    }
    return true;
}

static bool put_facts(bb_driver *d, const bb_row_fact *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_fact *slot = BB_PUSH(&m->arena, m->now.facts, m->now.n_facts, m->now.cap_facts);
        if (!slot) return bb_out_of_memory(err);
        *slot = rows[i];
        slot->note = bb_dup(&m->arena, rows[i].note);
        slot->address = bb_dup(&m->arena, rows[i].address);
    }
    return stored(m, err);
}

static bb_row_send *send_of(const memory *m, uint64_t subscriber, uint32_t mailing)
{
    for (size_t i = 0; i < m->now.n_sends; i++)
        if (m->now.sends[i].subscriber == subscriber && m->now.sends[i].mailing == mailing) return &m->now.sends[i];
    return NULL;
}

static bool find_sends(bb_driver *d, bb_row_send *rows, size_t n, bb_err *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const bb_row_send *found = send_of(OF(d), rows[i].subscriber, rows[i].mailing);
        rows[i].known = found;
        if (found) rows[i].time = found->time;
    }
    return true;
}

static bool put_sends(bb_driver *d, const bb_row_send *rows, size_t n, bb_err *err)
{
    memory *m = OF(d);
    for (size_t i = 0; i < n; i++) {
        bb_row_send *slot = send_of(m, rows[i].subscriber, rows[i].mailing);
        if (!slot) slot = BB_PUSH(&m->arena, m->now.sends, m->now.n_sends, m->now.cap_sends);
        if (!slot) return bb_out_of_memory(err);
        *slot = rows[i];
    }
    return true;
}

/* When the mailing went to him: his own send's time, else the mailing's. */
static bb_time mailed(const memory *m, uint64_t subscriber, uint32_t mailing)
{
    const bb_row_send *own = send_of(m, subscriber, mailing);
    const bb_mailing *known = mailing_with(m, mailing);
    if (own && own->time != BB_NO_TIME) return own->time;
    return known ? known->sent : BB_NO_TIME;
}

static bb_fact fact_of(const memory *m, const bb_row_reading *g)
{
    const bb_row_report *r = &m->now.reports[g->report - 1];
    return (bb_fact){.id = bb_reading_id(&r->key, g->position),
                     .type = g->settled.unsubscribes ? BB_FACT_UNSUBSCRIBE : BB_FACT_REPORT,
                     .time = r->time,
                     .kind = g->settled.kind,
                     .reason = g->settled.reason,
                     .trust = g->settled.trust,
                     .forwarded = g->settled.forwarded,
                     .mailing = g->settled.mailing,
                     .mailed = mailed(m, g->settled.subscriber, g->settled.mailing),
                     .set_until = BB_NO_TIME};
}

/* As it was put, and of the mailings nothing: only reports are about one. */
static bb_fact fact_alone(const bb_row_fact *row)
{
    return (bb_fact){.id = row->fact.id,
                     .type = row->fact.type,
                     .time = row->fact.time,
                     .set_status = row->fact.set_status,
                     .set_until = row->fact.set_until,
                     .mailed = BB_NO_TIME};
}

static bool sends_of(const memory *m, bb_arena *a, uint64_t id, bb_send **out, size_t *n, size_t *cap)
{
    for (size_t i = 0; i < m->now.n_sends; i++) {
        if (m->now.sends[i].subscriber != id) continue;
        bb_send *slot = BB_PUSH(a, *out, *n, *cap);
        if (slot) *slot = (bb_send){.mailing = m->now.sends[i].mailing, .time = mailed(m, id, m->now.sends[i].mailing)};
    }
    return !a->failed;
}

static bool facts_of(const memory *m, bb_arena *a, uint64_t id, bb_row_facts *out)
{
    for (size_t i = 0; i < m->now.n_readings; i++) {
        if (m->now.readings[i].past || m->now.readings[i].settled.subscriber != id) continue;
        bb_fact *slot = BB_PUSH(a, out->facts, out->n_facts, out->cap_facts);
        if (slot) *slot = fact_of(m, &m->now.readings[i]);
    }
    for (size_t i = 0; i < m->now.n_facts; i++) {
        if (m->now.facts[i].subscriber != id) continue;
        bb_fact *slot = BB_PUSH(a, out->facts, out->n_facts, out->cap_facts);
        if (slot) *slot = fact_alone(&m->now.facts[i]);
    }
    return sends_of(m, a, id, &out->sends, &out->n_sends, &out->cap_sends);
}

static bool facts(bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_facts *out, bb_err *err)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (bb_row_facts){0};
        if (!facts_of(OF(d), a, ids[i], &out[i])) return bb_out_of_memory(err);
    }
    return true;
}

/* ---- reading for people ---------------------------------------------------------------------------------------- */

static bb_known_fact known_reading(const memory *m, bb_arena *a, const bb_row_reading *g)
{
    const bb_row_report *r = &m->now.reports[g->report - 1];
    const bb_mailing *mailing = mailing_with(m, g->settled.mailing);
    return (bb_known_fact){.fact = fact_of(m, g),
                           .recorded = r->recorded,
                           .source = bb_dup(a, r->source),
                           .return_path = bb_dup(a, r->return_path),
                           .report = r->id,
                           .recipient = bb_dup(a, g->recipient),
                           .status = bb_dup(a, g->status),
                           .command = bb_dup(a, g->command),
                           .diagnostic = bb_dup(a, g->diagnostic),
                           .remote_mta = bb_dup(a, g->remote_mta),
                           .reporting_mta = bb_dup(a, g->reporting_mta),
                           .rule = bb_dup(a, g->rule),
                           .format = bb_dup(a, g->format),
                           .action = g->action,
                           .reply_code = g->reply_code,
                           .confidence = g->confidence,
                           .mailing_name = mailing ? bb_dup(a, mailing->name) : (bb_str){0},
                           .evidence = raw_of(m, r->id)};
}

static bool history(bb_driver *d, bb_arena *a, uint64_t id, bb_history *out, bb_err *err)
{
    const memory *m = OF(d);
    size_t cap = 0, cap_sends = 0, cap_transitions = 0;
    for (size_t i = 0; i < m->now.n_readings; i++) {
        if (m->now.readings[i].past || m->now.readings[i].settled.subscriber != id) continue;
        bb_known_fact *slot = BB_PUSH(a, out->facts, out->n_facts, cap);
        if (slot) *slot = known_reading(m, a, &m->now.readings[i]);
    }
    for (size_t i = 0; i < m->now.n_facts; i++) {
        const bb_row_fact *f = &m->now.facts[i];
        if (f->subscriber != id) continue;
        bb_known_fact *slot = BB_PUSH(a, out->facts, out->n_facts, cap);
        if (slot)
            *slot = (bb_known_fact){.fact = fact_alone(f),
                                    .recorded = f->recorded,
                                    .note = bb_dup(a, f->note),
                                    .recipient = bb_dup(a, f->address)};
    }
    for (size_t i = 0; i < m->now.n_transitions; i++) {
        if (m->now.transitions[i].subscriber != id) continue;
        bb_transition *slot = BB_PUSH(a, out->transitions, out->n_transitions, cap_transitions);
        if (slot) *slot = m->now.transitions[i].transition;
    }
    for (size_t i = 0; i < m->now.n_surplus; i++) out->surplus += m->now.surplus[i].subscriber == id;
    sends_of(m, a, id, &out->sends, &out->n_sends, &cap_sends);
    return answered(a, err);
}

static bool in_query(const memory *m, const bb_row_reading *g, const bb_summary_query *q)
{
    bb_time t = m->now.reports[g->report - 1].time;
    return !g->past && (!q->list || g->settled.list == q->list) && (q->from == BB_NO_TIME || t >= q->from) &&
           (q->until == BB_NO_TIME || t < q->until);
}

/* Is it the first of its report's readings that the query counts? */
static bool is_first(const memory *m, size_t at, const bb_summary_query *q)
{
    for (size_t i = 0; i < at; i++)
        if (m->now.readings[i].report == m->now.readings[at].report && in_query(m, &m->now.readings[i], q))
            return false;
    return true;
}

static bool summary(bb_driver *d, const bb_summary_query *q, int64_t *reports, const bb_summary_sink *sink, bb_err *err)
{
    const memory *m = OF(d);
    *reports = 0;
    for (size_t i = 0; i < m->now.n_readings; i++) {
        const bb_row_reading *g = &m->now.readings[i];
        if (!in_query(m, g, q)) continue;
        *reports += is_first(m, i, q);
        const bb_row_readings row = {g->settled.kind, g->settled.reason, g->settled.trust,
                                     g->settled.list, g->domain,         1};
        if (!sink->readings(sink->ctx, &row)) return bb_out_of_memory(err);
    }
    for (size_t i = 0; i < m->now.n_people; i++) {
        const bb_row_person *p = &m->now.people[i];
        const bb_row_standing row = {p->status, p->until, 1};
        if (p->contact || (q->list && p->list != q->list)) continue;
        if (!sink->standing(sink->ctx, &row)) return bb_out_of_memory(err);
    }
    return true;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static const bb_driver_ops operations = {
    .close = close_all,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .lists = lists,
    .mailings = mailings,
    .policies = policies,
    .add_policy = add_policy,
    .add_list = add_list,
    .add_mailing = add_mailing,
    .find = find,
    .find_people = find_people,
    .find_mailings = find_mailings,
    .find_reports = find_reports,
    .find_facts = find_facts,
    .find_sends = find_sends,
    .holders = holders,
    .about = about,
    .facts = facts,
    .put_people = put_people,
    .set_people = set_people,
    .put_reports = put_reports,
    .lower_times = lower_times,
    .put_readings = put_readings,
    .readings = readings,
    .retire_readings = retire_readings,
    .reports = reports,
    .put_evidence = put_evidence,
    .put_surplus = put_surplus,
    .put_forged = put_forged,
    .forged = forged,
    .put_facts = put_facts,
    .put_sends = put_sends,
    .put_statuses = put_statuses,
    .put_transitions = put_transitions,
    .put_progress = put_progress,
    .put_refused = put_refused,
    .refused = refused,
    .progress = progress,
    .external_ids = external_ids,
    .page = page,
    .history = history,
    .evidence = evidence,
    .summary = summary,
};

bool bb_driver_memory(const bb_alloc *alloc, bb_driver **out, bb_err *err)
{
    memory *m = alloc->get(alloc->ctx, sizeof *m);
    if (!m) return bb_out_of_memory(err);
    *m = (memory){.base = {&operations}};
    bb_arena_init(&m->arena, alloc, LIMIT);
    bb_arena_init(&m->undo, alloc, LIMIT);
    *out = &m->base;
    return true;
}
