/* SPDX-License-Identifier: MIT
 *
 * store: facts and statuses, kept. The contract speaks of neither SQL nor files.
 *
 * One way in: bb_store_apply() takes a batch and is one transaction. It answers the look-ups of the
 * batch's reports, leaves out what is known, loads the facts of the subscribers it touches (in id order),
 * asks the policy, and writes reports, readings, evidence, facts, statuses and transitions. When it
 * answers true, all of it is durable; when it answers false, nothing of it is there (or, for BB_EUNKNOWN,
 * nobody knows, and the same batch given again is safe: keys make it idempotent).
 * The logic stands once in apply.c, over a narrow batch-shaped driver (driver.h): SQLite and memory.
 * Statuses are kept as the fold with no clock leaves them; whoever shows one asks bb_status_at().
 * Ownership  results live in the arena given. Errors: bb_err. Threads: one store handle, one thread.
 */
#ifndef BB_EDGE_STORE_H
#define BB_EDGE_STORE_H

#include "core/base/address.h"
#include "core/fact/fact.h"
#include "core/policy/policy.h"
#include "edge/os/os.h"

typedef struct bb_store bb_store;

typedef enum { BB_STORE_READ, BB_STORE_WRITE, BB_STORE_CREATE } bb_store_mode;

/* A missing or foreign file, a schema newer than ours or another writer are errors with words of what to do next.
 * An older schema is brought up to date (WRITE, CREATE). */
bool bb_store_open_sqlite(const char *path, bb_store_mode mode, bb_store **out, bb_err *err) BB_MUST_USE;
bool bb_store_open_memory(bb_store **out, bb_err *err) BB_MUST_USE;
void bb_store_close(bb_store **store);

/* A copy of everything, consistent while others read and write, durable when this answers true; `to` must not exist. */
bool bb_store_copy(bb_store *s, const char *to, bb_err *err) BB_MUST_USE;
/* Calls `each` with one line for each thing that is wrong with what is stored. */
typedef void (*bb_store_finding_fn)(void *ctx, bb_str text);
bool bb_store_check(bb_store *s, bb_store_finding_fn each, void *ctx, bb_err *err) BB_MUST_USE;

/* ---- lists and mailings -------------------------------------------------------------------------- */

typedef struct {
    uint32_t id;
    bb_str name; /* unique; 1 to 64 of a-z A-Z 0-9 . _ - */
    bb_time created;
} bb_list;

/* A name that is there already: BB_EUSAGE. */
bool bb_store_list_add(bb_store *s, bb_str name, bb_time now, uint32_t *id, bb_err *err) BB_MUST_USE;
bool bb_store_lists(bb_store *s, bb_arena *a, bb_list **out, size_t *n, bb_err *err) BB_MUST_USE;

/* A version of a list's policy. */
typedef struct {
    uint32_t list;
    bb_policy policy;
} bb_policy_version;

/* Behind those that the list has: the last one is in force from its time on. One that is in force from ever takes the
 * place of all of them. */
bool bb_store_policy_add(bb_store *s, const bb_policy_version *v, bb_err *err) BB_MUST_USE;
/* Of all lists, by list, as they were added. */
bool bb_store_policies(bb_store *s, bb_arena *a, bb_policy_version **out, size_t *n, bb_err *err) BB_MUST_USE;

typedef struct {
    uint32_t id, list;
    bb_str name;
    bb_time sent; /* of each send that has no time of its own */
} bb_mailing;

bool bb_store_mailing_add(bb_store *s, uint32_t list, bb_str name, bb_time sent, uint32_t *id, bb_err *err) BB_MUST_USE;
bool bb_store_mailings(bb_store *s, bb_arena *a, uint32_t list, bb_mailing **out, size_t *n, bb_err *err) BB_MUST_USE;

/* ---- apply ---------------------------------------------------------------------------------------- */

#define BB_EXTERNAL_ID_MAX 64

typedef enum {
    BB_ITEM_REPORT,     /* a message read and claimed */
    BB_ITEM_SUBSCRIBER, /* somebody for a list: new, or there already and then left as he is */
    BB_ITEM_FACT,       /* a setting by hand, (re-)subscription, unsubscription, change of address */
    BB_ITEM_SEND,       /* a mailing went to him */
    BB_ITEM_READING,    /* a report that is stored, read again: another reading is appended and is the current one */
} bb_item_type;

typedef enum {
    BB_RESULT_RETRY, /* the batch failed; also what every item says before apply */
    BB_RESULT_STORED,
    BB_RESULT_DUPLICATE, /* known; at most an earlier event time was kept */
    BB_RESULT_REFUSED,   /* can never be stored as it is (no such subscriber, external id taken): why says it */
    BB_RESULT_UNKNOWN,   /* outcome unknown */
    BB_RESULT_COUNTED,   /* REPORT: beyond what its token may fill, so it is counted and not stored */
} bb_result;

typedef struct {
    bb_item_type type;
    /* REPORT: look-ups in claims are answered by apply */
    bb_message *message;
    bb_claims *claims;
    bb_str evidence; /* raw bytes; empty: keep none */
    /* SUBSCRIBER: list, address, external_id (empty: none), contact, time (on the list since); how somebody new stands
     * (set_status, set_until), as a setting by hand with that note */
    /* FACT: subscriber, fact (time, set_status, ...), note, new address for BB_FACT_ADDRESS */
    /* READING: report, message and claims; the same as today's reading: a duplicate */
    /* SEND: subscriber, mailing, time (BB_NO_TIME: the mailing's) */
    uint64_t report;
    uint32_t list;
    uint64_t subscriber; /* for SUBSCRIBER also the answer: the id he has */
    bb_address address;
    bb_str external_id;
    bool contact;     /* tracked for bounces but never subscribed */
    bool resubscribe; /* SUBSCRIBER: somebody who is there gets a SUBSCRIBE fact, noted */
    bb_time time;
    uint32_t mailing;
    bb_fact_type fact;
    bb_status set_status;
    bb_time set_until;
    bb_str note;
    /* answers */
    bb_result result;
    const char *why;     /* of REFUSED */
    bb_settled *settled; /* of REPORT and READING: one a verdict, in the arena */
    bb_settled *before;  /* of READING: what was current, n_before of them */
    size_t n_before;
} bb_item;

/* Whom the batch moved: one entry a subscriber whose kept status changed. */
typedef struct {
    uint64_t subscriber;
    uint32_t list;
    bb_str address;
    bb_status before, after;
    bb_time until;
} bb_change;

/* How many recipients the policy service refused in an hour. */
typedef struct {
    bb_time hour;   /* its beginning */
    bb_hash writer; /* one run of a daemon */
    bb_refusal cause;
    int64_t n; /* of that writer and hour, all so far: given again it counts once */
} bb_refused;

typedef struct {
    bb_item *items;
    size_t n;
    /* the policy of a list; called once a list and batch; what it answers lives until apply returns */
    bool (*policy)(void *ctx, uint32_t list, bb_context *out);
    void *policy_ctx;
    bb_time now; /* when all this was taken in */
    int rules_version;
    const bb_progress *progress; /* how far files were read: kept with what was read of them */
    size_t n_progress;
    const bb_refused *refused;
    size_t n_refused;
    /* answers */
    bb_change *changes;
    size_t n_changes;
    bb_change *would; /* who stands otherwise than he would if his list did not only observe: `after` is that */
    size_t n_would;
} bb_batch;

/* From here on batches see each other's changes, and none of it stays: the end, or an error of apply, takes all back.
 * Meanwhile nobody else can write, and nothing else is asked but apply, evidence, reports and single subscribers. */
bool bb_store_rehearse(bb_store *s, bb_err *err) BB_MUST_USE;
void bb_store_rehearse_end(bb_store *s);
/* Lets other writers in for a moment; between two batches of a long run. */
bool bb_store_yield(bb_store *s, bb_err *err) BB_MUST_USE;
/* Lets them in for as long as it takes to wait for something else; nothing is applied before it is held again. */
void bb_store_let_go(bb_store *s);
bool bb_store_hold(bb_store *s, bb_err *err) BB_MUST_USE;
bool bb_store_apply(bb_store *s, bb_arena *a, bb_batch *batch, bb_err *err) BB_MUST_USE;

/* ---- reading ---------------------------------------------------------------------------------------- */

typedef struct {
    uint64_t id;
    uint32_t list;
    bb_str address, domain, external_id;
    bool contact;
    bb_time since;    /* on the list */
    bb_status status; /* kept: see bb_status_at */
    bb_time until;
    bb_time changed; /* recorded time of the last change: added, address, external id, contact, kept status */
} bb_subscriber;

/* Has anybody on the list an external id? */
bool bb_store_external_ids(bb_store *s, uint32_t list, bool *any, bb_err *err) BB_MUST_USE;
/* Answers the look-ups in place (found, found_id, ...). */
bool bb_store_find(bb_store *s, bb_arena *a, bb_lookup *lookups, size_t n, bb_err *err) BB_MUST_USE;
/* Which reports are there already: known[i] answers keys[i]. */
bool bb_store_known(bb_store *s, const bb_hash *keys, size_t n, bool *known, bb_err *err) BB_MUST_USE;
/* What one token has brought so far (docs/design.md section 3: it must not fill the database). */
typedef struct {
    uint64_t subscriber;
    bb_str token;
    size_t reports, evidence;
    bool hard, complaint, unsubscription;
} bb_tally;
/* How much of a report is stored. */
typedef enum { BB_SHARE_ALL, BB_SHARE_BARE /* without evidence */, BB_SHARE_NONE } bb_share;
/* An empty one, of the token of a settled report; false: no token limits it. */
bool bb_tally_of(const bb_item *item, bb_tally *out);
/* Adds what is stored. */
bool bb_store_tally(bb_store *s, bb_arena *a, bb_tally *t, bb_err *err) BB_MUST_USE;
/* How much of a new report is to be stored beside them; it is one of them from then on. */
bb_share bb_tally_take(bb_tally *t, const bb_item *item);
/* How far every file was read that was ever kept track of. */
bool bb_store_progress(bb_store *s, bb_arena *a, bb_progress **out, size_t *n, bb_err *err) BB_MUST_USE;
/* BB_ENOINPUT where there is none of that id. */
bool bb_store_subscriber(bb_store *s, bb_arena *a, uint64_t id, bb_subscriber *out, bb_err *err) BB_MUST_USE;

/* Calls `each` for every subscriber of the list (0: of all), by id; memory stays flat: what is passed lives for the call.
 * False from `each` ends it early (that is no error). */
typedef bool (*bb_subscriber_fn)(void *ctx, const bb_subscriber *s);
bool bb_store_each_subscriber(bb_store *s, uint32_t list, bb_subscriber_fn each, void *ctx, bb_err *err) BB_MUST_USE;
/* The same for those only who are otherwise at `now` than they were just before `since`: changed at or after it, or in a
 * quarantine whose end lies between the two, both included. `since` BB_NO_TIME: everybody. */
bool bb_store_each_changed(bb_store *s, uint32_t list, bb_time since, bb_time now, bb_subscriber_fn each, void *ctx,
                           bb_err *err) BB_MUST_USE;

/* One fact of a subscriber with what a person wants to see of it. */
typedef struct {
    bb_fact fact;
    bb_time recorded;
    bb_str note, source;
    /* of a report */
    uint64_t report;
    bb_str recipient, status, command, diagnostic, remote_mta, reporting_mta, rule, format, return_path;
    bb_action action;
    int reply_code;
    double confidence;
    bb_str mailing_name;
    bool evidence; /* the raw message is kept */
} bb_known_fact;

/* A change of the kept status. */
typedef struct {
    bb_time time;     /* event time of the cause */
    bb_time recorded; /* when we changed it */
    bb_status from, to;
    bb_time until;
    bb_hash cause; /* content id of the fact; all zero: none */
} bb_transition;

typedef struct {
    bb_subscriber subscriber;
    bb_known_fact *facts; /* by event time, then id */
    size_t n_facts;
    bb_send *sends; /* by time */
    size_t n_sends;
    bb_transition *transitions; /* as recorded */
    size_t n_transitions;
    int64_t surplus; /* reports about him that were counted only */
} bb_history;

bool bb_store_history(bb_store *s, bb_arena *a, uint64_t id, bb_history *out, bb_err *err) BB_MUST_USE;

/* Which reports. */
typedef struct {
    bool unread;         /* only those that no format could read */
    uint32_t list;       /* 0: all */
    bb_time from, until; /* event times, from <= t < until; BB_NO_TIME: open */
} bb_report_query;
typedef struct {
    uint64_t id;
    bb_time time, recorded;
    bb_str source, return_path;
} bb_stored_report;
/* The next ones behind the id, by id, at most `most`. */
bool bb_store_reports(bb_store *s, bb_arena *a, const bb_report_query *q, uint64_t behind, size_t most,
                      bb_stored_report **out, size_t *n, bb_err *err) BB_MUST_USE;

/* The raw message behind a report; BB_ENOINPUT where none is kept. */
bool bb_store_evidence(bb_store *s, bb_arena *a, uint64_t report, bb_str *out, bb_err *err) BB_MUST_USE;

/* How many current readings: by kind, reason, receiving domain and list, each most first. */
typedef struct {
    uint32_t list;       /* 0: all */
    bb_time from, until; /* event times, from <= t < until; BB_NO_TIME: open */
} bb_summary_query;
typedef struct {
    bb_str word; /* kind, reason, domain or list name; empty list name: no subscriber of ours */
    int64_t n;
} bb_count;
typedef struct {
    int64_t reports, readings;
    bb_count *kinds, *reasons, *domains, *lists, *trusts;
    size_t n_kinds, n_reasons, n_domains, n_lists, n_trusts;
    int64_t statuses[5]; /* subscribers of the list by kept status as of `now` given */
} bb_summary;
bool bb_store_summary(bb_store *s, bb_arena *a, const bb_summary_query *q, bb_time now, bb_summary *out,
                      bb_err *err) BB_MUST_USE;

/* What was refused in hours that touch from <= t < until (BB_NO_TIME: open), by hour and cause, of all writers together. */
bool bb_store_refused(bb_store *s, bb_arena *a, bb_time from, bb_time until, bb_refused **out, size_t *n,
                      bb_err *err) BB_MUST_USE;

#endif
