/* SPDX-License-Identifier: MIT
 *
 * What the files of the SQLite driver share: the connection, its statements (sqlite_sql.c) and cursors over them.
 */
#ifndef BB_EDGE_STORE_SQLITE_H
#define BB_EDGE_STORE_SQLITE_H

#include <sqlite3.h>

#include "edge/store/driver.h"

typedef enum {
    SQ_BEGIN_READ,
    SQ_BEGIN_WRITE,
    SQ_COMMIT,
    SQ_ROLLBACK,
    SQ_LISTS,
    SQ_MAILINGS,
    SQ_POLICIES,
    SQ_FORGET_POLICIES,
    SQ_ADD_POLICY,
    SQ_ADD_LIST,
    SQ_ADD_MAILING,
    SQ_FIND_BY_ID,
    SQ_FIND_BY_EXTERNAL_ID,
    SQ_FIND_BY_ADDRESS,
    SQ_FIND_BY_ADDRESS_ANYWHERE,
    SQ_FIND_BY_MAILING,
    SQ_EXTERNAL_IDS,
    SQ_FIND_PERSON,
    SQ_FIND_MAILING,
    SQ_FIND_REPORT,
    SQ_FIND_FACT,
    SQ_FIND_SEND,
    SQ_HOLDERS,
    SQ_ABOUT,
    SQ_READINGS_OF,
    SQ_FACTS_OF,
    SQ_SENDS_OF,
    SQ_PUT_PERSON,
    SQ_SET_PERSON,
    SQ_PUT_REPORT,
    SQ_LOWER_TIME,
    SQ_CURRENT_READINGS,
    SQ_RETIRE_READINGS,
    SQ_PUT_READING,
    SQ_PUT_EVIDENCE,
    SQ_PUT_SURPLUS,
    SQ_PUT_FORGED,
    SQ_FORGED,
    SQ_PUT_FACT,
    SQ_PUT_SEND,
    SQ_PUT_STATUS,
    SQ_PUT_TRANSITION,
    SQ_PUT_PROGRESS,
    SQ_PUT_REFUSED,
    SQ_PROGRESS,
    SQ_PAGE,
    SQ_HISTORY_READINGS,
    SQ_HISTORY_FACTS,
    SQ_HISTORY_TRANSITIONS,
    SQ_HISTORY_SURPLUS,
    SQ_REPORTS,
    SQ_EVIDENCE,
    SQ_COUNT_REPORTS,
    SQ_COUNT_READINGS,
    SQ_COUNT_STANDINGS,
    SQ_REFUSED,
    SQ_STATEMENTS
} sq_statement;
extern const char *const sq_sql[SQ_STATEMENTS];

typedef struct {
    bb_driver base;
    sqlite3 *db;
    char *path;
    int lock;    /* file descriptor that holds the writer's lock; -1: nobody's now */
    bool locks;  /* it is to be held for writing */
    bool writes; /* the transaction begun */
    sqlite3_stmt *prepared[SQ_STATEMENTS];
} bb_sqlite;

/* ---- cursors (sqlite_cursor.c) ---------------------------------------------------------------------------- */

/* One statement in use: values are put from left to right, then each row's are taken from left to right. */
typedef struct {
    sqlite3_stmt *st;
    int at; /* column or parameter last used */
    int rc;
} sq_cursor;

bool sq_open(bb_sqlite *d, sq_statement which, sq_cursor *c, bb_err *err);
bool sq_next(sq_cursor *c); /* false: no more rows, or an error that sq_close tells */
bool sq_close(bb_sqlite *d, sq_cursor *c, bb_err *err);
/* Runs what has no rows, and is ready for the next values. */
bool sq_run(bb_sqlite *d, sq_cursor *c, bb_err *err);

void sq_put_int(sq_cursor *c, int64_t v);
void sq_put_id(sq_cursor *c, uint64_t v);  /* 0: NULL; so when taken */
void sq_put_time(sq_cursor *c, bb_time t); /* BB_NO_TIME: NULL; so when taken */
void sq_put_real(sq_cursor *c, double v);
void sq_put_text(sq_cursor *c, bb_str s);         /* borrowed until the statement has run */
void sq_put_text_or_null(sq_cursor *c, bb_str s); /* empty: NULL */
void sq_put_blob(sq_cursor *c, bb_str s);
void sq_put_hash(sq_cursor *c, const bb_hash *h);

int64_t sq_int(sq_cursor *c);
uint64_t sq_id(sq_cursor *c);
uint32_t sq_id32(sq_cursor *c);
bb_time sq_time(sq_cursor *c);
double sq_real(sq_cursor *c);
bb_str sq_text(sq_cursor *c, bb_arena *a); /* a copy; a NULL arena: lives until the next row */
bb_str sq_blob(sq_cursor *c, bb_arena *a);
bb_hash sq_hash(sq_cursor *c);

/* ---- errors (sqlite_error.c) ------------------------------------------------------------------------------- */

/* What SQLite's code means for the person at the keyboard. Answers false. */
bool sq_fail(const bb_sqlite *d, int rc, bb_err *err);

/* ---- the file (sqlite_open.c, sqlite_lock.c) ----------------------------------------------------------------- */

/* Waits a moment for another writer, then says BB_EBUSY and who it is. The lock ends with the descriptor. */
bool sq_lock(const char *path, int *fd, bb_err *err) BB_MUST_USE;
void sq_unlock(int *fd);
void sq_give_way(void); /* as long as one who waits for the lock takes to see that it is free */

#define SQ_WAIT_MS 3000 /* for another writer */

/* ---- operations (sqlite_read.c, sqlite_write.c) ---------------------------------------------------------------- */

#define SQ_OF(driver) ((bb_sqlite *)(void *)(driver))

bool sq_lists(bb_driver *d, bb_arena *a, bb_list **out, size_t *n, bb_err *err);
bool sq_mailings(bb_driver *d, bb_arena *a, uint32_t list, bb_mailing **out, size_t *n, bb_err *err);
bool sq_find(bb_driver *d, bb_arena *a, bb_lookup *lookups, size_t n, bb_err *err);
bool sq_find_people(bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_person *out, bb_err *err);
bool sq_find_mailings(bb_driver *d, const uint32_t *ids, size_t n, bb_mailing *out, bb_err *err);
bool sq_find_reports(bb_driver *d, bb_row_report *rows, size_t n, bb_err *err);
bool sq_find_facts(bb_driver *d, bb_row_fact *rows, size_t n, bb_err *err);
bool sq_find_sends(bb_driver *d, bb_row_send *rows, size_t n, bb_err *err);
bool sq_about(bb_driver *d, bb_arena *a, uint64_t subscriber, bb_row_about **out, size_t *n, bb_err *err);
bool sq_holders(bb_driver *d, bb_arena *a, const uint64_t *reports, size_t n, uint64_t **out, size_t *n_out,
                size_t *cap, bb_err *err);
bool sq_facts(bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_facts *out, bb_err *err);
bool sq_copy(bb_driver *d, const char *to, bb_err *err); /* sqlite_whole.c */
bool sq_check(bb_driver *d, bb_store_finding_fn each, void *ctx, bb_err *err);
bool sq_policies(bb_driver *d, bb_arena *a, bb_policy_version **out, size_t *n, bb_err *err);
bool sq_add_policy(bb_driver *d, const bb_policy_version *row, bb_err *err);
bool sq_refused(bb_driver *d, bb_arena *a, bb_time from, bb_time until, bb_refused **out, size_t *n, bb_err *err);
bool sq_external_ids(bb_driver *d, uint32_t list, bool *any, bb_err *err);
bool sq_progress(bb_driver *d, bb_arena *a, bb_progress **out, size_t *n, bb_err *err);
bool sq_page(bb_driver *d, bb_arena *a, const bb_people_query *q, uint64_t behind, size_t most, bb_row_person **out,
             size_t *n, bb_err *err);
bool sq_history(bb_driver *d, bb_arena *a, uint64_t id, bb_history *out, bb_err *err);
bool sq_evidence(bb_driver *d, bb_arena *a, uint64_t report, bb_row_evidence *out, bb_err *err);
bool sq_summary(bb_driver *d, const bb_summary_query *q, int64_t *reports, const bb_summary_sink *sink, bb_err *err);

bool sq_add_list(bb_driver *d, bb_list *row, bb_err *err);
bool sq_add_mailing(bb_driver *d, bb_mailing *row, bb_err *err);
bool sq_put_people(bb_driver *d, bb_row_person *rows, size_t n, bb_err *err);
bool sq_set_people(bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err);
bool sq_put_reports(bb_driver *d, bb_row_report *rows, size_t n, bb_err *err);
bool sq_lower_times(bb_driver *d, const bb_row_report *rows, size_t n, bb_err *err);
bool sq_put_readings(bb_driver *d, const bb_row_reading *rows, size_t n, bb_err *err);
bool sq_readings(bb_driver *d, bb_arena *a, const uint64_t *reports, size_t n, bb_row_reading **out, size_t *n_out,
                 size_t *cap, bb_err *err);
bool sq_reports(bb_driver *d, bb_arena *a, const bb_report_query *q, uint64_t behind, size_t most,
                bb_stored_report **out, size_t *n, bb_err *err);
bool sq_retire_readings(bb_driver *d, const uint64_t *reports, size_t n, bb_err *err);
bool sq_put_surplus(bb_driver *d, const bb_row_surplus *rows, size_t n, bb_err *err);
bool sq_put_forged(bb_driver *d, int64_t day, uint64_t octets, bb_err *err);
bool sq_forged(bb_driver *d, int64_t day, uint64_t *octets, bb_err *err);
bool sq_put_evidence(bb_driver *d, const bb_row_evidence *rows, size_t n, bb_err *err);
bool sq_put_facts(bb_driver *d, const bb_row_fact *rows, size_t n, bb_err *err);
bool sq_put_sends(bb_driver *d, const bb_row_send *rows, size_t n, bb_err *err);
bool sq_put_statuses(bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err);
bool sq_put_transitions(bb_driver *d, const bb_row_transition *rows, size_t n, bb_err *err);
bool sq_put_progress(bb_driver *d, const bb_progress *rows, size_t n, bb_err *err);
bool sq_put_refused(bb_driver *d, const bb_refused *rows, size_t n, bb_err *err);

#endif
