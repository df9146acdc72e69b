/* SPDX-License-Identifier: MIT
 *
 * policy: facts of one subscriber, context and a clock to a status (docs/design.md section 5).
 *
 * A pure fold: the same facts in any order, duplicated, batched anyhow, give the same status; `now` only
 * turns an expired quarantine into active. With context, deliveries and settings by hand held fixed, one
 * more hard, soft or complaint never moves a subscriber towards active.
 * Knows nothing of mail, stores or configuration files. Units: seconds, UTC. Ownership: inputs borrowed;
 * scratch and notes live in the arena. Errors: only memory (false). Threads: no state.
 */
#ifndef BB_CORE_POLICY_H
#define BB_CORE_POLICY_H

#include "core/base/base.h"
#include "core/base/words.h"

typedef enum {
    BB_FACT_REPORT,      /* somebody reported about a mail to him */
    BB_FACT_SUBSCRIBE,   /* he subscribed, or again: what was before does not count */
    BB_FACT_UNSUBSCRIBE, /* he left */
    BB_FACT_SET,         /* a person set the status by hand: what was before does not count */
    BB_FACT_ADDRESS,     /* his address changed: what was said of the old one does not count */
} bb_fact_type;
const char *bb_fact_type_word(bb_fact_type t);

typedef struct {
    bb_fact_type type;
    bb_time time; /* event time */
    bb_hash id;   /* content id: equal ids are the same fact, the earlier time holds */
    /* of a report */
    bb_kind kind;
    bb_reason reason;
    bb_trust trust;
    bool forwarded;   /* names others only: soft at most */
    uint32_t mailing; /* 0: unknown */
    bb_time mailed;   /* when that mailing was sent to him; BB_NO_TIME: unknown */
    /* of a setting */
    bb_status set_status;
    bb_time set_until; /* of a quarantine by hand; BB_NO_TIME: for good */
} bb_fact;

/* A mailing that went to him; only window mode "longer" looks at these. */
typedef struct {
    uint32_t mailing;
    bb_time time;
} bb_send;

typedef enum { BB_WINDOW_FIXED, BB_WINDOW_LONGER } bb_window_mode;

/* One version of a list's policy, in force from `from` on (the first one: from ever). */
typedef struct {
    bb_time from;
    int hard_limit;             /* 1 */
    int soft_limit;             /* 3 */
    int64_t soft_window;        /* 30 days */
    bb_window_mode window_mode; /* fixed */
    int64_t quarantine;         /* 3 days */
    double quarantine_backoff;  /* 2 */
    unsigned accept_trust;      /* bit 1 << bb_trust for each trust the list acts on */
    bool observe;               /* decide and tell, change nobody */
} bb_policy;
extern const bb_policy bb_policy_defaults; /* the mission's rules, accepting local and signed */
#define BB_ACCEPT(trust) (1u << (trust))

/* A provider's outage; the guard that makes these is to come. Their place is here. */
typedef struct {
    bb_time from, until;
} bb_incident;

typedef struct {
    const bb_policy *versions; /* by `from`, ascending; at least one */
    size_t n_versions;
    const bb_incident *incidents;
    size_t n_incidents;
} bb_context;

/* What one fact did to the subscriber. */
typedef enum {
    BB_EFFECT_NONE,    /* kinds that never change anybody: block, delayed, autoreply, other */
    BB_EFFECT_REMOVED, /* this one took him over a limit */
    BB_EFFECT_QUARANTINED,
    BB_EFFECT_COMPLAINED,
    BB_EFFECT_COUNTED_ALREADY, /* the same mailing, or within 24 hours of another, already counts */
    BB_EFFECT_CLEARED,         /* a delivery cleared soft counts */
    BB_EFFECT_SET,             /* subscription, unsubscription, setting by hand, address change */
    BB_EFFECT_UNTRUSTED,       /* nobody vouches for it as this list demands */
    BB_EFFECT_SUPERSEDED, /* before a setting, re-subscription or change of address, or about a mailing sent before it */
    BB_EFFECT_GONE_ALREADY, /* he was removed, complained or gone before it: nothing changed */
    BB_EFFECT_OBSERVED,     /* would have acted, but the list only observes */
    BB_EFFECT_DUPLICATE,    /* the same fact again */
} bb_effect;
const char *bb_effect_word(bb_effect e); /* for machines: "removed", "counted-already", ... */

typedef struct {
    bb_effect effect;
    bb_status status; /* after this fact */
    bb_time until;    /* of the quarantine after this fact; BB_NO_TIME: none */
    int hard, soft;   /* counts after this fact, as the limits see them */
} bb_note;

typedef struct {
    bb_status status; /* at `now` */
    bb_time until;    /* when quarantined: until then; BB_NO_TIME otherwise (or for good) */
    size_t cause;     /* index of the fact that brought the status, in the caller's order; n: none */
    int hard, soft;   /* counts as of the last fact */
    bb_status would;  /* what it would be if lists in mode observe acted; equals status otherwise */
} bb_decision;

/* The fold. `notes` (NULL, or n items) is filled in the caller's order of facts. `now` BB_NO_TIME leaves
 * a quarantine standing with its `until`: the form in which stores keep it. */
bool bb_policy_fold(bb_arena *scratch, const bb_fact *facts, size_t n, const bb_send *sends, size_t n_sends,
                    const bb_context *ctx, bb_time now, bb_decision *out, bb_note *notes) BB_MUST_USE;

/* Status at `now` of what a fold with BB_NO_TIME left: an expired quarantine is active. */
bb_status bb_status_at(bb_status kept, bb_time until, bb_time now);

#endif
