/* SPDX-License-Identifier: MIT
 *
 * Rows out of SQLite.
 */
#include "edge/store/sqlite.h"

/* Ends a reading whose rows went into the arena. */
static bool end(bb_sqlite *d, sq_cursor *c, const bb_arena *a, bb_err *err)
{
    return sq_close(d, c, err) && (!a->failed || bb_out_of_memory(err));
}

/* ---- small tables ---------------------------------------------------------------------------------------- */

bool sq_lists(bb_driver *driver, bb_arena *a, bb_list **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    if (!sq_open(d, SQ_LISTS, &c, err)) return false;
    while (sq_next(&c)) {
        bb_list *l = BB_PUSH(a, *out, *n, cap);
        if (!l) break;
        l->id = sq_id32(&c);
        l->name = sq_text(&c, a);
        l->created = sq_int(&c);
    }
    return end(d, &c, a, err);
}

bool sq_policies(bb_driver *driver, bb_arena *a, bb_policy_version **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    if (!sq_open(d, SQ_POLICIES, &c, err)) return false;
    while (sq_next(&c)) {
        bb_policy_version *v = BB_PUSH(a, *out, *n, cap);
        if (!v) break;
        v->list = sq_id32(&c);
        v->policy.from = sq_time(&c);
        v->policy.hard_limit = (int)sq_int(&c);
        v->policy.soft_limit = (int)sq_int(&c);
        v->policy.soft_window = sq_int(&c);
        v->policy.window_mode = (bb_window_mode)sq_int(&c);
        v->policy.quarantine = sq_int(&c);
        v->policy.quarantine_backoff = sq_real(&c);
        v->policy.accept_trust = (unsigned)sq_int(&c);
        v->policy.observe = sq_int(&c);
    }
    return end(d, &c, a, err);
}

bool sq_mailings(bb_driver *driver, bb_arena *a, uint32_t list, bb_mailing **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    if (!sq_open(d, SQ_MAILINGS, &c, err)) return false;
    sq_put_int(&c, list);
    while (sq_next(&c)) {
        bb_mailing *m = BB_PUSH(a, *out, *n, cap);
        if (!m) break;
        m->id = sq_id32(&c);
        m->list = sq_id32(&c);
        m->name = sq_text(&c, a);
        m->sent = sq_int(&c);
    }
    return end(d, &c, a, err);
}

/* ---- look-ups ---------------------------------------------------------------------------------------------- */

static sq_statement statement_for(const bb_lookup *l)
{
    if (l->by == BB_BY_ID) return SQ_FIND_BY_ID;
    if (l->by == BB_BY_EXTERNAL_ID) return SQ_FIND_BY_EXTERNAL_ID;
    if (l->by == BB_BY_MAILING) return SQ_FIND_BY_MAILING;
    return l->list ? SQ_FIND_BY_ADDRESS : SQ_FIND_BY_ADDRESS_ANYWHERE;
}

static bool find_one(bb_sqlite *d, bb_arena *a, bb_lookup *l, bb_err *err)
{
    sq_cursor c;
    sq_statement which = statement_for(l);
    if (!sq_open(d, which, &c, err)) return false;
    if (which == SQ_FIND_BY_ID) sq_put_id(&c, l->subscriber);
    else sq_put_text(&c, l->text);
    if (which == SQ_FIND_BY_EXTERNAL_ID || which == SQ_FIND_BY_ADDRESS) sq_put_id(&c, l->list);
    if (which == SQ_FIND_BY_MAILING) sq_put_id(&c, l->mailing);
    while (sq_next(&c)) {
        uint64_t id = sq_id(&c);
        uint32_t list = sq_id32(&c);
        if (bb_lookup_found(l, id, list, sq_text(&c, a))) break;
    }
    return end(d, &c, a, err);
}

bool sq_find(bb_driver *driver, bb_arena *a, bb_lookup *lookups, size_t n, bb_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (bb_lookup_asks(&lookups[i]) && !find_one(SQ_OF(driver), a, &lookups[i], err)) return false;
    return true;
}

static void take_person(sq_cursor *c, bb_arena *a, bb_row_person *p)
{
    p->id = sq_id(c);
    p->list = sq_id32(c);
    p->key = sq_text(c, a);
    p->address = sq_text(c, a);
    p->external_id = sq_text(c, a);
    p->contact = sq_int(c);
    p->since = sq_int(c);
    p->status = (bb_status)sq_int(c);
    p->until = sq_time(c);
    p->changed = sq_int(c);
}

bool sq_find_people(bb_driver *driver, bb_arena *a, const uint64_t *ids, size_t n, bb_row_person *out, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_FIND_PERSON, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        out[i] = (bb_row_person){.until = BB_NO_TIME};
        sq_put_id(&c, ids[i]);
        if (sq_next(&c)) take_person(&c, a, &out[i]);
        if (!end(d, &c, a, err)) return false;
    }
    return true;
}

bool sq_page(bb_driver *driver, bb_arena *a, const bb_people_query *q, uint64_t behind, size_t most,
             bb_row_person **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    *n = 0;
    *out = bb_get_array(a, most, sizeof **out);
    if (!*out) return bb_out_of_memory(err);
    if (!sq_open(d, SQ_PAGE, &c, err)) return false;
    sq_put_int(&c, (int64_t)behind);
    sq_put_int(&c, q->list);
    sq_put_time(&c, q->changed);
    sq_put_time(&c, q->now);
    sq_put_int(&c, (int64_t)most);
    while (*n < most && sq_next(&c)) take_person(&c, a, &(*out)[(*n)++]);
    return end(d, &c, a, err);
}

bool sq_find_mailings(bb_driver *driver, const uint32_t *ids, size_t n, bb_mailing *out, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_FIND_MAILING, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        out[i] = (bb_mailing){0};
        sq_put_id(&c, ids[i]);
        if (sq_next(&c)) {
            out[i].id = sq_id32(&c);
            out[i].list = sq_id32(&c);
            out[i].sent = sq_int(&c);
        }
        if (!sq_close(d, &c, err)) return false;
    }
    return true;
}

bool sq_find_reports(bb_driver *driver, bb_row_report *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_FIND_REPORT, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        rows[i].id = 0;
        sq_put_hash(&c, &rows[i].key);
        if (sq_next(&c)) {
            rows[i].id = sq_id(&c);
            rows[i].time = sq_int(&c);
        }
        if (!sq_close(d, &c, err)) return false;
    }
    return true;
}

bool sq_find_facts(bb_driver *driver, bb_row_fact *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_FIND_FACT, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, rows[i].subscriber);
        sq_put_hash(&c, &rows[i].fact.id);
        rows[i].known = sq_next(&c);
        if (!sq_close(d, &c, err)) return false;
    }
    return true;
}

bool sq_find_sends(bb_driver *driver, bb_row_send *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_FIND_SEND, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, rows[i].subscriber);
        sq_put_id(&c, rows[i].mailing);
        rows[i].known = sq_next(&c);
        if (rows[i].known) rows[i].time = sq_time(&c);
        if (!sq_close(d, &c, err)) return false;
    }
    return true;
}

bool sq_holders(bb_driver *driver, bb_arena *a, const uint64_t *reports, size_t n, uint64_t **out, size_t *n_out,
                size_t *cap, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_HOLDERS, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, reports[i]);
        while (sq_next(&c)) {
            uint64_t *slot = BB_PUSH(a, *out, *n_out, *cap);
            if (!slot) break;
            *slot = sq_id(&c);
        }
        if (!end(d, &c, a, err)) return false;
    }
    return true;
}

bool sq_about(bb_driver *driver, bb_arena *a, uint64_t subscriber, bb_row_about **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    if (!sq_open(d, SQ_ABOUT, &c, err)) return false;
    sq_put_id(&c, subscriber);
    while (sq_next(&c)) {
        bb_row_about *row = BB_PUSH(a, *out, *n, cap);
        if (!row) break;
        row->report = sq_id(&c);
        row->return_path = sq_text(&c, a);
        row->kind = (bb_kind)sq_int(&c);
        row->forwarded = sq_int(&c);
        row->unsubscribes = sq_int(&c);
        row->evidence = (size_t)sq_int(&c);
    }
    return end(d, &c, a, err);
}

/* ---- facts --------------------------------------------------------------------------------------------------- */

static bb_fact take_reading(sq_cursor *c)
{
    bb_fact f = {.type = BB_FACT_REPORT, .set_until = BB_NO_TIME};
    bb_hash key = sq_hash(c);
    f.id = bb_reading_id(&key, sq_id32(c));
    f.time = sq_int(c);
    f.kind = (bb_kind)sq_int(c);
    f.reason = (bb_reason)sq_int(c);
    f.trust = (bb_trust)sq_int(c);
    f.forwarded = sq_int(c);
    if (sq_int(c)) f.type = BB_FACT_UNSUBSCRIBE;
    f.mailing = sq_id32(c);
    f.mailed = sq_time(c);
    return f;
}

static bb_fact take_fact(sq_cursor *c)
{
    bb_fact f = {.mailed = BB_NO_TIME};
    f.id = sq_hash(c);
    f.type = (bb_fact_type)sq_int(c);
    f.time = sq_int(c);
    f.set_status = (bb_status)sq_int(c);
    f.set_until = sq_time(c);
    return f;
}

static bool facts_by(bb_sqlite *d, bb_arena *a, sq_statement which, uint64_t id, bb_row_facts *out, bb_err *err)
{
    sq_cursor c;
    if (!sq_open(d, which, &c, err)) return false;
    sq_put_id(&c, id);
    while (sq_next(&c)) {
        bb_fact *f = BB_PUSH(a, out->facts, out->n_facts, out->cap_facts);
        if (!f) break;
        *f = which == SQ_READINGS_OF ? take_reading(&c) : take_fact(&c);
    }
    return end(d, &c, a, err);
}

static bool sends_of(bb_sqlite *d, bb_arena *a, uint64_t id, bb_send **sends, size_t *n, size_t *cap, bb_err *err)
{
    sq_cursor c;
    if (!sq_open(d, SQ_SENDS_OF, &c, err)) return false;
    sq_put_id(&c, id);
    while (sq_next(&c)) {
        bb_send *s = BB_PUSH(a, *sends, *n, *cap);
        if (!s) break;
        s->mailing = sq_id32(&c);
        s->time = sq_int(&c);
    }
    return end(d, &c, a, err);
}

bool sq_facts(bb_driver *driver, bb_arena *a, const uint64_t *ids, size_t n, bb_row_facts *out, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    for (size_t i = 0; i < n; i++) {
        bb_row_facts *of = &out[i];
        *of = (bb_row_facts){0};
        if (!facts_by(d, a, SQ_READINGS_OF, ids[i], of, err) || !facts_by(d, a, SQ_FACTS_OF, ids[i], of, err) ||
            !sends_of(d, a, ids[i], &of->sends, &of->n_sends, &of->cap_sends, err))
            return false;
    }
    return true;
}

static void take_known_reading(sq_cursor *c, bb_arena *a, bb_known_fact *k)
{
    k->fact = take_reading(c);
    k->recorded = sq_int(c);
    k->source = sq_text(c, a);
    k->return_path = sq_text(c, a);
    k->report = sq_id(c);
    k->recipient = sq_text(c, a);
    k->status = sq_text(c, a);
    k->command = sq_text(c, a);
    k->diagnostic = sq_text(c, a);
    k->remote_mta = sq_text(c, a);
    k->reporting_mta = sq_text(c, a);
    k->rule = sq_text(c, a);
    k->format = sq_text(c, a);
    k->action = (bb_action)sq_int(c);
    k->reply_code = (int)sq_int(c);
    k->confidence = sq_real(c);
    k->mailing_name = sq_text(c, a);
    k->evidence = sq_int(c);
}

static void take_known_fact(sq_cursor *c, bb_arena *a, bb_known_fact *k)
{
    k->fact = take_fact(c);
    k->recorded = sq_int(c);
    k->note = sq_text(c, a);
    k->recipient = sq_text(c, a);
}

static bool transitions_of(bb_sqlite *d, bb_arena *a, uint64_t id, bb_history *out, bb_err *err)
{
    sq_cursor c;
    size_t cap = 0;
    if (!sq_open(d, SQ_HISTORY_TRANSITIONS, &c, err)) return false;
    sq_put_id(&c, id);
    while (sq_next(&c)) {
        bb_transition *t = BB_PUSH(a, out->transitions, out->n_transitions, cap);
        if (!t) break;
        t->time = sq_int(&c);
        t->recorded = sq_int(&c);
        t->from = (bb_status)sq_int(&c);
        t->to = (bb_status)sq_int(&c);
        t->until = sq_time(&c);
        t->cause = sq_hash(&c);
    }
    return end(d, &c, a, err);
}

bool sq_forged(bb_driver *driver, int64_t day, uint64_t *octets, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_FORGED, &c, err)) return false;
    sq_put_int(&c, day);
    if (sq_next(&c)) *octets = (uint64_t)sq_int(&c);
    return sq_close(d, &c, err);
}

static bool surplus_of(bb_sqlite *d, uint64_t id, int64_t *out, bb_err *err)
{
    sq_cursor c;
    if (!sq_open(d, SQ_HISTORY_SURPLUS, &c, err)) return false;
    sq_put_id(&c, id);
    if (sq_next(&c)) *out = sq_int(&c);
    return sq_close(d, &c, err);
}

bool sq_history(bb_driver *driver, bb_arena *a, uint64_t id, bb_history *out, bb_err *err)
{
    static const struct {
        sq_statement statement;
        void (*take)(sq_cursor *, bb_arena *, bb_known_fact *);
    } kinds[] = {{SQ_HISTORY_READINGS, take_known_reading}, {SQ_HISTORY_FACTS, take_known_fact}};
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    size_t cap = 0, cap_sends = 0;
    for (size_t i = 0; i < BB_COUNT(kinds); i++) {
        if (!sq_open(d, kinds[i].statement, &c, err)) return false;
        sq_put_id(&c, id);
        while (sq_next(&c)) {
            bb_known_fact *k = BB_PUSH(a, out->facts, out->n_facts, cap);
            if (!k) break;
            kinds[i].take(&c, a, k);
        }
        if (!end(d, &c, a, err)) return false;
    }
    return sends_of(d, a, id, &out->sends, &out->n_sends, &cap_sends, err) && transitions_of(d, a, id, out, err) &&
           surplus_of(d, id, &out->surplus, err);
}

bool sq_evidence(bb_driver *driver, bb_arena *a, uint64_t report, bb_row_evidence *out, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    *out = (bb_row_evidence){0};
    if (!sq_open(d, SQ_EVIDENCE, &c, err)) return false;
    sq_put_int(&c, (int64_t)report);
    if (sq_next(&c)) {
        out->report = sq_id(&c);
        out->size = (size_t)sq_int(&c);
        out->zstd = sq_blob(&c, a);
    }
    return end(d, &c, a, err);
}

static void take_whole_reading(sq_cursor *c, bb_arena *a, bb_row_reading *r)
{
    *r = (bb_row_reading){.report = sq_id(c)};
    r->position = (uint32_t)sq_int(c);
    r->rules_version = (int)sq_int(c);
    r->settled.list = sq_id32(c);
    r->settled.subscriber = sq_id(c);
    r->settled.mailing = sq_id32(c);
    r->settled.trust = (bb_trust)sq_int(c);
    r->settled.forwarded = sq_int(c);
    r->settled.unsubscribes = sq_int(c);
    r->settled.kind = (bb_kind)sq_int(c);
    r->settled.reason = (bb_reason)sq_int(c);
    r->action = (bb_action)sq_int(c);
    r->reply_code = (int)sq_int(c);
    r->confidence = sq_real(c);
    bb_str *const texts[] = {&r->recipient,  &r->domain,        &r->status, &r->command, &r->diagnostic,
                             &r->remote_mta, &r->reporting_mta, &r->format, &r->rule};
    for (size_t i = 0; i < BB_COUNT(texts); i++) *texts[i] = sq_text(c, a);
}

bool sq_readings(bb_driver *driver, bb_arena *a, const uint64_t *reports, size_t n, bb_row_reading **out, size_t *n_out,
                 size_t *cap, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    for (size_t i = 0; i < n; i++) {
        if (!sq_open(d, SQ_CURRENT_READINGS, &c, err)) return false;
        sq_put_id(&c, reports[i]);
        while (sq_next(&c)) {
            bb_row_reading *slot = BB_PUSH(a, *out, *n_out, *cap);
            if (!slot) break;
            take_whole_reading(&c, a, slot);
        }
        if (!end(d, &c, a, err)) return false;
    }
    return true;
}

bool sq_reports(bb_driver *driver, bb_arena *a, const bb_report_query *q, uint64_t behind, size_t most,
                bb_stored_report **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    *n = 0;
    *out = bb_get_array(a, most, sizeof **out);
    if (!*out) return bb_out_of_memory(err);
    if (!sq_open(d, SQ_REPORTS, &c, err)) return false;
    sq_put_int(&c, (int64_t)behind);
    sq_put_int(&c, q->unread);
    sq_put_int(&c, q->list);
    sq_put_time(&c, q->from);
    sq_put_time(&c, q->until);
    sq_put_int(&c, (int64_t)most);
    while (*n < most && sq_next(&c)) {
        bb_stored_report *r = &(*out)[(*n)++];
        r->id = sq_id(&c);
        r->time = sq_int(&c);
        r->recorded = sq_int(&c);
        r->source = sq_text(&c, a);
        r->return_path = sq_text(&c, a);
    }
    return end(d, &c, a, err);
}

bool sq_external_ids(bb_driver *driver, uint32_t list, bool *any, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_EXTERNAL_IDS, &c, err)) return false;
    sq_put_id(&c, list);
    *any = sq_next(&c) && sq_int(&c);
    return sq_close(d, &c, err);
}

bool sq_progress(bb_driver *driver, bb_arena *a, bb_progress **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    if (!sq_open(d, SQ_PROGRESS, &c, err)) return false;
    while (sq_next(&c)) {
        bb_progress *p = BB_PUSH(a, *out, *n, cap);
        if (!p) break;
        p->file = sq_hash(&c);
        p->behind = (uint64_t)sq_int(&c);
        p->number = (uint64_t)sq_int(&c);
        p->size = (uint64_t)sq_int(&c);
        p->changed = sq_int(&c);
        p->tail = sq_hash(&c);
        p->touched = sq_int(&c);
    }
    return end(d, &c, a, err);
}

bool sq_refused(bb_driver *driver, bb_arena *a, bb_time from, bb_time until, bb_refused **out, size_t *n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    if (!sq_open(d, SQ_REFUSED, &c, err)) return false;
    sq_put_time(&c, from);
    sq_put_time(&c, until);
    while (sq_next(&c)) {
        bb_refused *r = BB_PUSH(a, *out, *n, cap);
        if (!r) break;
        r->hour = sq_int(&c);
        r->cause = (bb_refusal)sq_int(&c);
        r->n = sq_int(&c);
    }
    return end(d, &c, a, err);
}

/* ---- counts --------------------------------------------------------------------------------------------------- */

static bool take_readings(sq_cursor *c, const bb_summary_sink *sink)
{
    bb_row_readings row = {0};
    row.kind = (bb_kind)sq_int(c);
    row.reason = (bb_reason)sq_int(c);
    row.trust = (bb_trust)sq_int(c);
    row.list = sq_id32(c);
    row.domain = sq_text(c, NULL);
    row.n = sq_int(c);
    return sink->readings(sink->ctx, &row);
}

static bool take_standing(sq_cursor *c, const bb_summary_sink *sink)
{
    bb_row_standing row = {0};
    row.status = (bb_status)sq_int(c);
    row.until = sq_time(c);
    row.n = sq_int(c);
    return sink->standing(sink->ctx, &row);
}

static bool count_reports(bb_sqlite *d, const bb_summary_query *q, int64_t *reports, bb_err *err)
{
    sq_cursor c;
    if (!sq_open(d, SQ_COUNT_REPORTS, &c, err)) return false;
    sq_put_int(&c, q->list);
    sq_put_time(&c, q->from);
    sq_put_time(&c, q->until);
    *reports = sq_next(&c) ? sq_int(&c) : 0;
    return sq_close(d, &c, err);
}

bool sq_summary(bb_driver *driver, const bb_summary_query *q, int64_t *reports, const bb_summary_sink *sink,
                bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    bool room = true;
    if (!count_reports(d, q, reports, err) || !sq_open(d, SQ_COUNT_READINGS, &c, err)) return false;
    sq_put_int(&c, q->list);
    sq_put_time(&c, q->from);
    sq_put_time(&c, q->until);
    while (room && sq_next(&c)) room = take_readings(&c, sink);
    if (!sq_close(d, &c, err) || !sq_open(d, SQ_COUNT_STANDINGS, &c, err)) return false;
    sq_put_int(&c, q->list);
    while (room && sq_next(&c)) room = take_standing(&c, sink);
    return sq_close(d, &c, err) && (room || bb_out_of_memory(err));
}
