/* SPDX-License-Identifier: MIT
 *
 * driver: what apply.c and store.c ask of a database. Rows go in and out in arrays, so that a driver on the
 * other side of a network needs one round trip a call and none a row; decisions are taken above it, once for all.
 *
 * Ownership  rows passed in are borrowed for the call; what is read lives in the arena given.
 * Errors     false with err, and then the caller rolls back. A commit that answers BB_EUNKNOWN may have happened.
 *            A refused arena is an error too (BB_ENOMEM).
 * Includable by src/edge/store and its contract tests only.
 */
#ifndef BB_EDGE_STORE_DRIVER_H
#define BB_EDGE_STORE_DRIVER_H

#include "edge/store/store.h"

/* ---- rows ----------------------------------------------------------------------------------------- */

/* A subscriber as the tables have him; id 0: there is none. */
typedef struct {
    uint64_t id;
    uint32_t list;
    bb_str key, address, external_id;
    bool contact;
    bb_time since;
    bb_status status;
    bb_time until;
    bb_time changed; /* recorded time of the last change of any of these */
} bb_row_person;

/* Which people; see bb_store_each_changed. */
typedef struct {
    uint32_t list;   /* 0: of all */
    bb_time changed; /* only who is otherwise since then; BB_NO_TIME: everybody */
    bb_time now;
} bb_people_query;

typedef struct {
    uint64_t id; /* answered by find_reports (0: not known) and put_reports */
    bb_hash key;
    bb_time time; /* answered by find_reports where it is known */
    bb_time recorded;
    bb_str source, return_path;
} bb_row_report;

typedef struct {
    uint64_t report;
    uint32_t position;
    int rules_version;
    bb_settled settled;
    bb_action action;
    int reply_code;
    double confidence;
    bb_str recipient, domain, status, command, diagnostic, remote_mta, reporting_mta, format, rule;
    bool past; /* another one is current */
} bb_row_reading;

typedef struct {
    uint64_t report;
    size_t size; /* before compression */
    bb_str zstd;
} bb_row_evidence;

/* What one report says of a subscriber, and what it fills. */
typedef struct {
    uint64_t report;
    bb_str return_path;
    bb_kind kind;
    bool forwarded, unsubscribes;
    size_t evidence; /* octets before compression; 0: none is kept */
} bb_row_about;

/* A report that was not stored. */
typedef struct {
    uint64_t subscriber;
    uint32_t mailing; /* as the token says; 0: none */
    uint16_t day;     /* on which that was made */
    bb_time recorded;
} bb_row_surplus;

/* Raw mail with forged tokens that was kept on a UTC day. */
typedef struct {
    int64_t day; /* since 1970 */
    uint64_t octets;
} bb_row_forged;

/* A fact that is no report. */
typedef struct {
    uint64_t subscriber;
    bb_fact fact;
    bb_time recorded;
    bb_str note, address;
    bool known; /* answered by find_facts */
} bb_row_fact;

typedef struct {
    uint64_t subscriber;
    uint32_t mailing;
    bb_time time; /* BB_NO_TIME: the mailing's */
    bool known;   /* answered by find_sends, with time */
} bb_row_send;

typedef struct {
    uint64_t subscriber;
    bb_transition transition;
} bb_row_transition;

/* What the fold needs to know of one subscriber, in no particular order. */
typedef struct {
    bb_fact *facts;
    bb_send *sends;
    size_t n_facts, cap_facts, n_sends, cap_sends;
} bb_row_facts;

/* How many current readings (reports: whole reports) are alike. */
typedef struct {
    bb_kind kind;
    bb_reason reason;
    bb_trust trust;
    uint32_t list;
    bb_str domain;
    int64_t n;
} bb_row_readings;
typedef struct {
    bb_status status;
    bb_time until;
    int64_t n;
} bb_row_standing;

/* Passed one row after another; what a row points to lives for the call. False: out of memory. */
typedef struct {
    void *ctx;
    bool (*readings)(void *ctx, const bb_row_readings *row);
    bool (*standing)(void *ctx, const bb_row_standing *row);
} bb_summary_sink;

/* ---- operations -------------------------------------------------------------------------------------- */

typedef struct bb_driver bb_driver;
typedef struct {
    void (*close)(bb_driver *d);

    /* NULL: there is nothing to copy, or to check */
    bool (*copy)(bb_driver *d, const char *to, bb_err *err);
    bool (*check)(bb_driver *d, bb_store_finding_fn each, void *ctx, bb_err *err);
    /* between transactions: lets another writer in for a moment; NULL: others need not wait for this one */
    bool (*yield)(bb_driver *d, bb_err *err);
    /* ... or until it is held again; NULL likewise */
    void (*let_go)(bb_driver *d);
    bool (*hold)(bb_driver *d, bb_err *err);
    /* A transaction that writes sees and locks out other writers; one that reads sees one state of all tables. */
    bool (*begin)(bb_driver *d, bool write, bb_err *err);
    bool (*commit)(bb_driver *d, bb_err *err);
    void (*rollback)(bb_driver *d);

    /* small tables, whole, by id */
    bool (*lists)(bb_driver *d, bb_arena *a, bb_list **out, size_t *n, bb_err *err);
    bool (*mailings)(bb_driver *d, bb_arena *a, uint32_t list, bb_mailing **out, size_t *n, bb_err *err);
    bool (*policies)(bb_driver *d, bb_arena *a, bb_policy_version **out, size_t *n, bb_err *err);
    bool (*add_policy)(bb_driver *d, const bb_policy_version *row,
                       bb_err *err); /* behind the list's others, or, from ever, in their place */
    bool (*add_list)(bb_driver *d, bb_list *row, bb_err *err); /* answers id */
    bool (*add_mailing)(bb_driver *d, bb_mailing *row, bb_err *err);

    /* look-ups; out[i] and rows[i] answer what was asked at i */
    bool (*find)(bb_driver *d, bb_arena *a, bb_lookup *lookups, size_t n, bb_err *err);
    bool (*find_people)(bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_person *out, bb_err *err);
    bool (*find_mailings)(bb_driver *d, const uint32_t *ids, size_t n, bb_mailing *out, bb_err *err); /* no names */
    bool (*find_reports)(bb_driver *d, bb_row_report *rows, size_t n, bb_err *err);
    bool (*find_facts)(bb_driver *d, bb_row_fact *rows, size_t n, bb_err *err);
    bool (*find_sends)(bb_driver *d, bb_row_send *rows, size_t n, bb_err *err);
    /* subscribers of the reports' current readings, appended to out, in any order */
    bool (*holders)(bb_driver *d, bb_arena *a, const uint64_t *reports, size_t n, uint64_t **out, size_t *n_out,
                    size_t *cap, bb_err *err);
    /* current readings about him, by report */
    bool (*about)(bb_driver *d, bb_arena *a, uint64_t subscriber, bb_row_about **out, size_t *n, bb_err *err);
    /* the reports' current readings, appended to out, by report as asked and by position */
    bool (*readings)(bb_driver *d, bb_arena *a, const uint64_t *reports, size_t n, bb_row_reading **out, size_t *n_out,
                     size_t *cap, bb_err *err);
    /* ids ascending; a driver with several writers locks the subscribers in that order */
    bool (*facts)(bb_driver *d, bb_arena *a, const uint64_t *ids, size_t n, bb_row_facts *out, bb_err *err);

    /* writing */
    bool (*put_people)(bb_driver *d, bb_row_person *rows, size_t n, bb_err *err); /* new; answers ids */
    /* address, external id, contact and changed of people that are there, in the order given */
    bool (*set_people)(bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err);
    bool (*put_reports)(bb_driver *d, bb_row_report *rows, size_t n, bb_err *err);
    bool (*lower_times)(bb_driver *d, const bb_row_report *rows, size_t n, bb_err *err); /* by id */
    bool (*put_readings)(bb_driver *d, const bb_row_reading *rows, size_t n, bb_err *err);
    /* the reports' current readings are so no more; those that are put next are */
    bool (*retire_readings)(bb_driver *d, const uint64_t *reports, size_t n, bb_err *err);
    bool (*put_evidence)(bb_driver *d, const bb_row_evidence *rows, size_t n, bb_err *err);
    bool (*put_surplus)(bb_driver *d, const bb_row_surplus *rows, size_t n, bb_err *err); /* each is one more */
    bool (*put_forged)(bb_driver *d, int64_t day, uint64_t octets, bb_err *err);          /* more, on that day */
    bool (*forged)(bb_driver *d, int64_t day, uint64_t *octets, bb_err *err);             /* in all, on that day */
    bool (*put_facts)(bb_driver *d, const bb_row_fact *rows, size_t n, bb_err *err);
    bool (*put_sends)(bb_driver *d, const bb_row_send *rows, size_t n,
                      bb_err *err); /* one that is known gets the time */
    bool (*put_statuses)(bb_driver *d, const bb_row_person *rows, size_t n, bb_err *err); /* and changed */
    bool (*put_transitions)(bb_driver *d, const bb_row_transition *rows, size_t n, bb_err *err);
    bool (*put_progress)(bb_driver *d, const bb_progress *rows, size_t n,
                         bb_err *err); /* in the place of what is known */

    /* each in the place of the same hour's, writer's and cause's */
    bool (*put_refused)(bb_driver *d, const bb_refused *rows, size_t n, bb_err *err);

    bool (*external_ids)(bb_driver *d, uint32_t list, bool *any, bb_err *err);

    /* reading for people */
    bool (*progress)(bb_driver *d, bb_arena *a, bb_progress **out, size_t *n, bb_err *err); /* by file */
    /* the next people behind the id, by id, at most `most` */
    bool (*page)(bb_driver *d, bb_arena *a, const bb_people_query *q, uint64_t behind, size_t most, bb_row_person **out,
                 size_t *n, bb_err *err);
    /* facts and sends in any order, transitions as recorded, how many were not stored; the subscriber is left to
     * find_people */
    bool (*history)(bb_driver *d, bb_arena *a, uint64_t id, bb_history *out, bb_err *err);
    bool (*reports)(bb_driver *d, bb_arena *a, const bb_report_query *q, uint64_t behind, size_t most,
                    bb_stored_report **out, size_t *n, bb_err *err);
    bool (*evidence)(bb_driver *d, bb_arena *a, uint64_t report, bb_row_evidence *out,
                     bb_err *err); /* report 0: none */
    /* rows may come in pieces; contacts are no subscribers and stand nowhere */
    bool (*summary)(bb_driver *d, const bb_summary_query *q, int64_t *reports, const bb_summary_sink *sink,
                    bb_err *err);
    /* of all writers, by hour and cause; hours with from <= hour < until */
    bool (*refused)(bb_driver *d, bb_arena *a, bb_time from, bb_time until, bb_refused **out, size_t *n, bb_err *err);
} bb_driver_ops;

/* What every driver begins with. */
struct bb_driver {
    const bb_driver_ops *ops;
};

bool bb_driver_sqlite(const char *path, bb_store_mode mode, bb_driver **out, bb_err *err) BB_MUST_USE;
/* Everything is taken from alloc, which outlives the driver. */
bool bb_driver_memory(const bb_alloc *alloc, bb_driver **out, bb_err *err) BB_MUST_USE;
/* Takes the driver over; closes it on failure. */
bool bb_store_on(bb_driver *d, bb_store **out, bb_err *err) BB_MUST_USE;

/* ---- what drivers share -------------------------------------------------------------------------------- */

/* The content ids of facts: of a reading, and of what is no report (its own id is not looked at). */
bb_hash bb_reading_id(const bb_hash *report_key, uint32_t position);
bb_hash bb_fact_id(const bb_row_fact *row);
/* Takes back earlier answers. False: it asks for what nobody can have (an id out of range, no text or no valid one). */
bool bb_lookup_asks(bb_lookup *l);
/* One more match of a look-up; true: the driver needs to look no further. */
bool bb_lookup_found(bb_lookup *l, uint64_t id, uint32_t list, bb_str address);
/* "the ids of <what> are used up": what a driver says when an id would not fit its width. Answers false. */
bool bb_ids_used_up(bb_err *err, const char *what, int bits);
bool bb_out_of_memory(bb_err *err); /* answers false */

#endif
