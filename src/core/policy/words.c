/* SPDX-License-Identifier: MIT
 *
 * The spelling of fact types and effects, and the mission's rules as numbers.
 */
#include "core/policy/policy.h"

const bb_policy bb_policy_defaults = {
    .from = BB_NO_TIME,
    .hard_limit = 1,
    .soft_limit = 3,
    .soft_window = 30 * BB_DAY,
    .window_mode = BB_WINDOW_FIXED,
    .quarantine = 3 * BB_DAY,
    .quarantine_backoff = 2,
    .accept_trust = BB_ACCEPT(BB_TRUST_LOCAL) | BB_ACCEPT(BB_TRUST_SIGNED),
};

bool bb_policy_same(const bb_policy *x, const bb_policy *y)
{
    return x->hard_limit == y->hard_limit && x->soft_limit == y->soft_limit && x->soft_window == y->soft_window &&
           x->window_mode == y->window_mode && x->quarantine == y->quarantine &&
           x->quarantine_backoff >= y->quarantine_backoff && x->quarantine_backoff <= y->quarantine_backoff &&
           x->accept_trust == y->accept_trust && x->observe == y->observe;
}

const char *bb_fact_type_word(bb_fact_type t)
{
    static const char *const words[] = {"report", "subscribe", "unsubscribe", "set", "address"};
    return (size_t)t < BB_COUNT(words) ? words[t] : "";
}

const char *bb_effect_word(bb_effect e)
{
    static const char *const words[] = {
        [BB_EFFECT_NONE] = "none",
        [BB_EFFECT_REMOVED] = "removed",
        [BB_EFFECT_QUARANTINED] = "quarantined",
        [BB_EFFECT_COMPLAINED] = "complained",
        [BB_EFFECT_COUNTED_ALREADY] = "counted-already",
        [BB_EFFECT_CLEARED] = "cleared",
        [BB_EFFECT_SET] = "set",
        [BB_EFFECT_UNTRUSTED] = "untrusted",
        [BB_EFFECT_SUPERSEDED] = "superseded",
        [BB_EFFECT_GONE_ALREADY] = "gone-already",
        [BB_EFFECT_OBSERVED] = "observed",
        [BB_EFFECT_DUPLICATE] = "duplicate",
    };
    return (size_t)e < BB_COUNT(words) ? words[e] : "";
}
