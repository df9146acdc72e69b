/* SPDX-License-Identifier: MIT
 *
 * Rows into SQLite. A call in the same process is no round trip, so each row is one step of a prepared statement.
 */
#include "edge/store/sqlite.h"

/* A row whose id the database gives. Of what these statements write only the id can fail its CHECK: names, lengths
 * and flags were looked at before. */
static bool put_numbered(bb_sqlite *d, sq_cursor *c, const char *what, int bits, uint64_t *id, bb_err *err)
{
    sq_next(c);
    bool too_wide = c->rc == SQLITE_CONSTRAINT_CHECK;
    *id = 0;
    if (!sq_close(d, c, err)) return too_wide ? bb_ids_used_up(err, what, bits) : false;
    *id = (uint64_t)sqlite3_last_insert_rowid(d->db);
    return true;
}

bool sq_add_list(bb_driver *driver, bb_list *row, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    uint64_t id;
    if (!sq_open(d, SQ_ADD_LIST, &c, err)) return false;
    sq_put_text(&c, row->name);
    sq_put_int(&c, row->created);
    if (!put_numbered(d, &c, "lists", 32, &id, err)) return false;
    row->id = (uint32_t)id;
    return true;
}

bool sq_add_mailing(bb_driver *driver, bb_mailing *row, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    uint64_t id;
    if (!sq_open(d, SQ_ADD_MAILING, &c, err)) return false;
    sq_put_id(&c, row->list);
    sq_put_text(&c, row->name);
    sq_put_int(&c, row->sent);
    if (!put_numbered(d, &c, "mailings", 32, &id, err)) return false;
    row->id = (uint32_t)id;
    return true;
}

bool sq_put_people(bb_driver *driver, bb_row_person *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_PERSON, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, rows[i].list);
        sq_put_text(&c, rows[i].key);
        sq_put_text(&c, rows[i].address);
        sq_put_text_or_null(&c, rows[i].external_id);
        sq_put_int(&c, rows[i].contact);
        sq_put_int(&c, rows[i].since);
        sq_put_int(&c, rows[i].status);
        sq_put_time(&c, rows[i].until);
        sq_put_int(&c, rows[i].changed);
        if (!put_numbered(d, &c, "subscribers", 40, &rows[i].id, err)) return false;
    }
    return true;
}

bool sq_set_people(bb_driver *driver, const bb_row_person *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_SET_PERSON, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_text(&c, rows[i].key);
        sq_put_text(&c, rows[i].address);
        sq_put_text_or_null(&c, rows[i].external_id);
        sq_put_int(&c, rows[i].contact);
        sq_put_int(&c, rows[i].changed);
        sq_put_id(&c, rows[i].id);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_reports(bb_driver *driver, bb_row_report *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_REPORT, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_hash(&c, &rows[i].key);
        sq_put_int(&c, rows[i].time);
        sq_put_int(&c, rows[i].recorded);
        sq_put_text(&c, rows[i].source);
        sq_put_text(&c, rows[i].return_path);
        if (!sq_run(d, &c, err)) return false;
        rows[i].id = (uint64_t)sqlite3_last_insert_rowid(d->db);
    }
    return true;
}

bool sq_lower_times(bb_driver *driver, const bb_row_report *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_LOWER_TIME, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_int(&c, rows[i].time);
        sq_put_id(&c, rows[i].id);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_readings(bb_driver *driver, const bb_row_reading *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_READING, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        const bb_row_reading *r = &rows[i];
        sq_put_id(&c, r->report);
        sq_put_int(&c, r->position);
        sq_put_int(&c, r->rules_version);
        sq_put_id(&c, r->settled.list);
        sq_put_id(&c, r->settled.subscriber);
        sq_put_id(&c, r->settled.mailing);
        sq_put_int(&c, r->settled.trust);
        sq_put_int(&c, r->settled.forwarded);
        sq_put_int(&c, r->settled.unsubscribes);
        sq_put_int(&c, r->settled.kind);
        sq_put_int(&c, r->settled.reason);
        sq_put_int(&c, r->action);
        sq_put_int(&c, r->reply_code);
        sq_put_real(&c, r->confidence);
        sq_put_text(&c, r->recipient);
        sq_put_text(&c, r->domain);
        sq_put_text(&c, r->status);
        sq_put_text(&c, r->command);
        sq_put_text(&c, r->diagnostic);
        sq_put_text(&c, r->remote_mta);
        sq_put_text(&c, r->reporting_mta);
        sq_put_text(&c, r->format);
        sq_put_text(&c, r->rule);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_retire_readings(bb_driver *driver, const uint64_t *reports, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_RETIRE_READINGS, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, reports[i]);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_evidence(bb_driver *driver, const bb_row_evidence *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_EVIDENCE, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, rows[i].report);
        sq_put_int(&c, (int64_t)rows[i].size);
        sq_put_blob(&c, rows[i].zstd);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_surplus(bb_driver *driver, const bb_row_surplus *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_SURPLUS, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, rows[i].subscriber);
        sq_put_int(&c, rows[i].mailing);
        sq_put_int(&c, rows[i].day);
        sq_put_int(&c, rows[i].recorded);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_forged(bb_driver *driver, int64_t day, uint64_t octets, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_FORGED, &c, err)) return false;
    sq_put_int(&c, day);
    sq_put_int(&c, (int64_t)octets);
    return sq_run(d, &c, err);
}

bool sq_put_facts(bb_driver *driver, const bb_row_fact *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_FACT, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, rows[i].subscriber);
        sq_put_hash(&c, &rows[i].fact.id);
        sq_put_int(&c, rows[i].fact.type);
        sq_put_int(&c, rows[i].fact.time);
        sq_put_int(&c, rows[i].recorded);
        sq_put_int(&c, rows[i].fact.set_status);
        sq_put_time(&c, rows[i].fact.set_until);
        sq_put_text(&c, rows[i].note);
        sq_put_text(&c, rows[i].address);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_sends(bb_driver *driver, const bb_row_send *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_SEND, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_id(&c, rows[i].subscriber);
        sq_put_id(&c, rows[i].mailing);
        sq_put_time(&c, rows[i].time);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_statuses(bb_driver *driver, const bb_row_person *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_STATUS, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_int(&c, rows[i].status);
        sq_put_time(&c, rows[i].until);
        sq_put_int(&c, rows[i].changed);
        sq_put_id(&c, rows[i].id);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_transitions(bb_driver *driver, const bb_row_transition *rows, size_t n, bb_err *err)
{
    static const bb_hash nothing;
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_TRANSITION, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        const bb_transition *t = &rows[i].transition;
        sq_put_id(&c, rows[i].subscriber);
        sq_put_int(&c, t->time);
        sq_put_int(&c, t->recorded);
        sq_put_int(&c, t->from);
        sq_put_int(&c, t->to);
        sq_put_time(&c, t->until);
        if (bb_hash_eq(&t->cause, &nothing)) sq_put_id(&c, 0);
        else sq_put_hash(&c, &t->cause);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_progress(bb_driver *driver, const bb_progress *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_PUT_PROGRESS, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_hash(&c, &rows[i].file);
        sq_put_int(&c, (int64_t)rows[i].behind);
        sq_put_int(&c, (int64_t)rows[i].number);
        sq_put_int(&c, (int64_t)rows[i].size);
        sq_put_int(&c, rows[i].changed);
        sq_put_hash(&c, &rows[i].tail);
        sq_put_int(&c, rows[i].touched);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_put_refused(bb_driver *driver, const bb_refused *rows, size_t n, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!n) return true;
    if (!sq_open(d, SQ_PUT_REFUSED, &c, err)) return false;
    for (size_t i = 0; i < n; i++) {
        sq_put_int(&c, rows[i].hour);
        sq_put_hash(&c, &rows[i].writer);
        sq_put_int(&c, rows[i].cause);
        sq_put_int(&c, rows[i].n);
        if (!sq_run(d, &c, err)) return false;
    }
    return true;
}

bool sq_add_policy(bb_driver *driver, const bb_policy_version *row, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    const bb_policy *p = &row->policy;
    sq_cursor c;
    if (p->from == BB_NO_TIME) {
        if (!sq_open(d, SQ_FORGET_POLICIES, &c, err)) return false;
        sq_put_id(&c, row->list);
        if (!sq_run(d, &c, err)) return false;
    }
    if (!sq_open(d, SQ_ADD_POLICY, &c, err)) return false;
    sq_put_id(&c, row->list);
    sq_put_time(&c, p->from);
    sq_put_int(&c, p->hard_limit);
    sq_put_int(&c, p->soft_limit);
    sq_put_int(&c, p->soft_window);
    sq_put_int(&c, p->window_mode);
    sq_put_int(&c, p->quarantine);
    sq_put_real(&c, p->quarantine_backoff);
    sq_put_int(&c, p->accept_trust);
    sq_put_int(&c, p->observe);
    return sq_run(d, &c, err);
}
