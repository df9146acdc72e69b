/* SPDX-License-Identifier: MIT
 *
 * fact: from one message to what may be recorded of it: which report it is (key), when it happened
 * (event time), what it says (verdicts), and whom it is about (claims, settled against subscribers).
 *
 * Composes mail, report, classify and verp; `parse` stops after bb_message_read, `ingest` goes on with
 * bb_claims_make, a look-up that somebody else does, and bb_claims_settle.
 * Ownership  results live in the arena or borrow from the message's bytes and the rules.
 * Errors     running out of memory: false. Threads: no state.
 */
#ifndef BB_CORE_FACT_H
#define BB_CORE_FACT_H

#include "core/classify/classify.h"
#include "core/mail/mail.h"
#include "core/policy/policy.h"
#include "core/report/report.h"
#include "core/verp/verp.h"

/* How the message reached us. Empty: not known. */
typedef struct {
    bb_str source;     /* as shown: "box.mbox#12" */
    bb_str rcpt_to;    /* LMTP */
    bb_str orcpt;      /* LMTP, xtext undone, type taken off */
    bb_time from_line; /* date of the mbox line; BB_NO_TIME: none */
    bb_time received;  /* when we took it; upper end of the event time */
    bb_str sender;     /* of the envelope: empty is the null sender, where sender_known; else Return-Path tells */
    bool sender_known;
    bool handed_over; /* by our own Postfix, and by nobody else (LMTP, pipe): its Received line is the topmost */
} bb_envelope;

typedef struct {
    const bb_rules *rules;
    const bb_mail_options *mail;     /* NULL: defaults */
    const bb_report_options *report; /* NULL: defaults */
} bb_reader;

/* One message, read. */
typedef struct {
    bb_envelope envelope;
    bb_report report;
    bb_verdict *verdicts; /* one a recipient; one where the report names none */
    size_t n_verdicts;
    bb_time event_time;    /* BB_NO_TIME where the message says nothing and `received` was unknown */
    bb_return_path *paths; /* every return path found, in the order of docs/design.md section 3; and those to
                              unsubscribe, among the addresses that it came to */
    size_t n_paths, cap_paths;
    bool automatic;        /* a machine wrote it in answer to another message: nobody asks for anything */
    bb_str noticed_by;     /* the host whose own Postfix wrote it; empty: somebody sent it */
    bb_hash key;           /* idempotency key of the report; also its content id */
    const char *truncated; /* NULL: no limit was reached */
    size_t bytes;
} bb_message;

bool bb_message_read(bb_arena *a, bb_str bytes, const bb_envelope *env, const bb_reader *reader,
                     bb_message *out) BB_MUST_USE;

/* One JSON object a reported recipient, as `parse` writes it (docs/design.md section 7), each on a line. */
void bb_message_json(const bb_message *m, bb_buf *out);

/* ---- whom it is about ---------------------------------------------------------------------------- */

/* What attribution must know of a list. */
typedef struct {
    uint32_t id;
    bb_form return_path; /* what its mailings carry */
    bb_str domain;       /* of its return paths, lower case; empty: none set, forms 2 to 4 match nothing */
    bb_str base;         /* forms 3 and 4: the part before the delimiter; empty: any */
    bool own_ids;        /* nobody on it has an external id: form 2's number is our own */
} bb_list_view;

typedef struct {
    bb_keyring keys;
    int64_t token_lifetime; /* seconds, 0: for ever */
    const bb_list_view *lists;
    size_t n_lists;
    const bb_str *own_hosts; /* what our Postfixes call themselves */
    size_t n_own_hosts;
    uint32_t only_list; /* reports that no return path attributes are about this list; 0: any */
} bb_attribution;

typedef enum {
    BB_BY_ID,          /* subscriber */
    BB_BY_EXTERNAL_ID, /* list, text */
    BB_BY_ADDRESS,     /* list (0: every list), text is the address key */
    BB_BY_MAILING,     /* mailing, text is the address key: on the list that it went to */
} bb_lookup_by;

/* A question to the store, and its answer. */
typedef struct {
    bb_lookup_by by;
    uint32_t list, mailing;
    uint64_t subscriber;
    bb_str text;
    /* answer */
    size_t found; /* how many match: 0, 1, or 2 for "more than one" */
    uint64_t found_id;
    uint32_t found_list;
    bb_str found_address; /* its address key */
} bb_lookup;

/* The addresses that one verdict's recipient goes by, as keys; empty: not said. */
typedef struct {
    bb_str recipient, original, final;
} bb_names;

/* What return paths and recipients say about whom it is, before anybody was looked up. */
typedef struct {
    bb_token_result token_result; /* of the best token or tag found; MALFORMED where there was none */
    bb_token token;               /* where OK or EXPIRED */
    bool by_token;                /* whom it names is what the look-ups below ask for ... */
    bb_trust token_trust;         /* ... and how far it is to be trusted; NONE: expired */
    bool unsubscribes;            /* and somebody asks that he gets no more */
    bool own_notice;              /* our own Postfix says it: whom it could not reach is as it says */
    const bb_return_path *path;   /* the return path that counts; NULL: none */
    size_t path_lookup;           /* its look-ups: index of the first, ... */
    size_t n_path_lookups;        /* ... and how many; 0: none */
    bb_lookup *lookups;
    size_t n_lookups, cap_lookups;
    size_t *rcpt_lookup;  /* one a verdict: index of the look-up by its recipient's address; BB_NPOS: none */
    size_t *final_lookup; /* and by Final-Recipient's, where that is another */
    bb_names *names;      /* one a verdict */
    bb_str *returned_to;  /* keys of the addresses that the returned message's To names */
    size_t n_returned_to, cap_returned_to;
} bb_claims;

/* Event time in m is clamped to the day the verified token was minted. */
bool bb_claims_make(bb_arena *a, bb_message *m, const bb_attribution *ctx, bb_claims *out) BB_MUST_USE;

/* Whom one verdict is about. subscriber 0: nobody we know. */
typedef struct {
    uint64_t subscriber;
    uint32_t list;
    uint32_t mailing;
    bb_trust trust;
    bool forwarded;
    bool unsubscribes; /* it asks that he gets no more, and reports nothing */
    bb_kind kind;      /* the verdict's, but other/backscatter for a forged token */
    bb_reason reason;
} bb_settled;

/* After the look-ups were answered; out has m->n_verdicts items. */
void bb_claims_settle(const bb_message *m, const bb_claims *c, bb_settled *out);

#endif
