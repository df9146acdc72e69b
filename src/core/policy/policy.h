/* SPDX-License-Identifier: MIT
 *
 * policy: facts of one subscriber, context and a clock to a status (docs/design.md section 5; docs/policy.md has every
 * clause with its reason).
 *
 * A pure fold: the same facts in any order, duplicated, batched anyhow, give the same status; `now` only
 * turns an expired quarantine into active. With context, deliveries and settings by hand held fixed, one
 * more hard, soft or complaint never moves a subscriber towards active: active, quarantined (the further
 * the later its end), bounced, unsubscribed, complained; a hard or soft moves nobody out of the last three.
 * Knows nothing of mail, stores or configuration files. Units: seconds, UTC. Ownership: inputs borrowed;
 * scratch lives in the arena, O(n). Time O(n log n), and for each fact at most one step a day of the soft
 * window or up to soft_limit, whichever is less. Errors: only memory (false). Threads: no state.
 */
#ifndef BB_CORE_POLICY_H
#define BB_CORE_POLICY_H

#include "core/base/base.h"
#include "core/base/words.h"

typedef enum {
    BB_FACT_REPORT,      /* somebody reported about a mail to him */
    BB_FACT_SUBSCRIBE,   /* he subscribed, or again: active, what was before does not count */
    BB_FACT_UNSUBSCRIBE, /* he left; only a subscription or a setting brings him back */
    BB_FACT_SET,         /* a person set the status by hand: what was before does not count */
    BB_FACT_ADDRESS,     /* his address changed: what was said of the old one does not count; who left stays left */
} bb_fact_type;
const char *bb_fact_type_word(bb_fact_type t);

typedef struct {
    bb_fact_type type;
    bb_time time; /* event time */
    bb_hash id;   /* content id: equal ids are one fact; the earlier time holds, and the worse where they differ */
    /* of a report */
    bb_kind kind;
    bb_reason reason;
    bb_trust trust;
    bool forwarded;   /* names others only: soft at most, a complaint too */
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
    double quarantine_backoff;  /* 2; below 1 counts as 1 */
    unsigned accept_trust;      /* bit 1 << bb_trust for each trust the list acts on */
    bool observe;               /* decide and tell, change nobody */
} bb_policy;
extern const bb_policy bb_policy_defaults; /* the mission's rules, accepting local and signed */
#define BB_ACCEPT(trust) (1u << (trust))
/* Do both decide alike? Since when each is in force is not looked at. */
bool bb_policy_same(const bb_policy *x, const bb_policy *y);

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

/* The version in force at t; the defaults where there is none. */
const bb_policy *bb_policy_at(const bb_context *ctx, bb_time t);

/* What one fact did to the subscriber. */
typedef enum {
    BB_EFFECT_NONE,        /* kinds that never change anybody, or a delivery with nothing to clear */
    BB_EFFECT_REMOVED,     /* this one took him over a limit */
    BB_EFFECT_QUARANTINED, /* counted below the limits */
    BB_EFFECT_COMPLAINED,
    BB_EFFECT_COUNTED_ALREADY, /* its mailing, or one less than 24 hours before it, counts already; may still prolong */
    BB_EFFECT_CLEARED,         /* a delivery cleared soft counts */
    BB_EFFECT_SET,             /* subscription, unsubscription, setting by hand, address change */
    BB_EFFECT_UNTRUSTED,       /* nobody vouches for it as this list demands */
    BB_EFFECT_SUPERSEDED,      /* about a mailing sent before the last setting, subscription or change of address */
    BB_EFFECT_GONE_ALREADY,    /* he was removed, complained or gone before it: nothing changed */
    BB_EFFECT_OBSERVED,        /* would have acted, but the list only observes */
    BB_EFFECT_DUPLICATE,       /* the same fact again */
} bb_effect;
const char *bb_effect_word(bb_effect e); /* for machines: "removed", "counted-already", ... */

/* The status is that of the fact's own time: what a later setting makes of it, that setting's note tells. */
typedef struct {
    bb_effect effect;
    bb_status status; /* after this fact */
    bb_time until;    /* of the quarantine after this fact; BB_NO_TIME: none, or for good */
    int hard, soft;   /* counts after this fact, as the limits see them */
} bb_note;

typedef struct {
    bb_status status; /* at `now` */
    bb_time until;    /* when quarantined: until then; BB_NO_TIME otherwise (or for good) */
    size_t cause;     /* index of the fact that brought the status, in the caller's order; n: none, or the clock */
    int hard, soft;   /* counts as of the last fact */
    bb_status would;  /* what it would be if lists in mode observe acted; equals status otherwise */
} bb_decision;

/* The fold. Facts and sends come in any order. `notes` (NULL, or n items) is filled in the caller's order of
 * facts. `now` BB_NO_TIME leaves a quarantine standing with its `until`: the form in which stores keep it. */
bool bb_policy_fold(bb_arena *scratch, const bb_fact *facts, size_t n, const bb_send *sends, size_t n_sends,
                    const bb_context *ctx, bb_time now, bb_decision *out, bb_note *notes) BB_MUST_USE;

/* Status at `now` of what a fold with BB_NO_TIME left: an expired quarantine is active. */
bb_status bb_status_at(bb_status kept, bb_time until, bb_time now);

#endif
