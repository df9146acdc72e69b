/* SPDX-License-Identifier: MIT
 *
 * fold: the policy through the installed header: statuses, notes, any order, wrong arguments.
 */
#include <bouncebox/bouncebox.h>
#include <math.h>
#include <string.h>

#include "tap.h"

#define DAY ((int64_t)86400)
#define T0  ((int64_t)1795392000)

static bouncebox_error err;

static bouncebox_fact report(int kind, int64_t day, const char *id, uint32_t mailing)
{
    return (bouncebox_fact){.type = BOUNCEBOX_FACT_REPORT,
                            .kind = kind,
                            .trust = BOUNCEBOX_TRUST_SIGNED,
                            .time = T0 + day * DAY,
                            .id = id,
                            .mailing = mailing};
}

static bouncebox_decision decide(const bouncebox_fact *facts, size_t n, const bouncebox_policy *policy, int64_t now,
                                 bouncebox_note *notes)
{
    bouncebox_history h = {.facts = facts, .n_facts = n, .policies = policy, .n_policies = policy ? 1 : 0};
    bouncebox_decision d = {.status = -1};
    if (bouncebox_fold(&h, now, &d, notes, &err) != BOUNCEBOX_OK) tap_note("%s", err.text);
    return d;
}

static void test_statuses(void)
{
    bouncebox_fact hard = report(BOUNCEBOX_KIND_HARD, 0, "h", 1), softs[3];
    bouncebox_note notes[3];
    for (int i = 0; i < 3; i++) softs[i] = report(BOUNCEBOX_KIND_SOFT, 5 * i, i ? i > 1 ? "c" : "b" : "a", (uint32_t)i);
    is_int(decide(NULL, 0, NULL, T0, NULL).status, BOUNCEBOX_STATUS_ACTIVE, "no facts: active");
    bouncebox_decision d = decide(&hard, 1, NULL, T0, notes);
    ok(d.status == BOUNCEBOX_STATUS_BOUNCED && d.cause == 0 && d.hard == 1, "one hard removes");
    is_int(notes[0].effect, BOUNCEBOX_EFFECT_REMOVED, "and its note says so");
    d = decide(softs, 1, NULL, T0 + DAY, NULL);
    ok(d.status == BOUNCEBOX_STATUS_QUARANTINED && d.until == T0 + 3 * DAY, "a soft quarantines for three days");
    d = decide(softs, 1, NULL, T0 + 3 * DAY, NULL);
    ok(d.status == BOUNCEBOX_STATUS_ACTIVE && d.cause == 1 && d.until == BOUNCEBOX_NO_TIME, "which end by themselves");
    d = decide(softs, 1, NULL, 0, NULL);
    ok(d.status == BOUNCEBOX_STATUS_QUARANTINED && d.until == T0 + 3 * DAY, "without now it stands");
    d = decide(softs, 3, NULL, T0 + 10 * DAY, notes);
    ok(d.status == BOUNCEBOX_STATUS_BOUNCED && d.cause == 2 && d.soft == 3, "three softs remove");
    ok(notes[0].effect == BOUNCEBOX_EFFECT_QUARANTINED && notes[1].status == BOUNCEBOX_STATUS_QUARANTINED &&
           notes[1].soft == 2 && notes[2].effect == BOUNCEBOX_EFFECT_REMOVED,
       "and the notes tell how");
}

static void test_policy(void)
{
    bouncebox_policy p, twice;
    memset(&p, 0xee, sizeof p);
    bouncebox_policy_defaults(&p);
    bouncebox_policy_defaults(NULL);
    ok(p.hard_limit == 1 && p.soft_limit == 3 && p.soft_window == 30 * DAY && p.quarantine == 3 * DAY, "the defaults");
    is_int(p.accept_trust, 1U << BOUNCEBOX_TRUST_SIGNED | 1U << BOUNCEBOX_TRUST_LOCAL, "which trust signatures");
    bouncebox_fact hard = report(BOUNCEBOX_KIND_HARD, 0, "h", 1);
    bouncebox_note note;
    twice = p;
    twice.hard_limit = 2;
    is_int(decide(&hard, 1, &twice, 0, NULL).status, BOUNCEBOX_STATUS_QUARANTINED, "two hards are wanted");
    twice = p;
    twice.observe = 1;
    bouncebox_decision d = decide(&hard, 1, &twice, 0, &note);
    ok(d.status == BOUNCEBOX_STATUS_ACTIVE && d.would == BOUNCEBOX_STATUS_BOUNCED, "observing changes nobody");
    is_int(note.effect, BOUNCEBOX_EFFECT_OBSERVED, "and says what it would do");
    hard.trust = BOUNCEBOX_TRUST_INFERRED;
    is_int(decide(&hard, 1, &p, 0, &note).status, BOUNCEBOX_STATUS_ACTIVE, "nobody vouches");
    is_int(note.effect, BOUNCEBOX_EFFECT_UNTRUSTED, "and the note says so");
    bouncebox_policy versions[] = {p, p};
    versions[0].hard_limit = 5;
    versions[1].from = T0 + DAY;
    hard.trust = BOUNCEBOX_TRUST_SIGNED;
    bouncebox_history h = {.facts = &hard, .n_facts = 1, .policies = versions, .n_policies = 2};
    ok(!bouncebox_fold(&h, 0, &d, NULL, NULL) && d.status == BOUNCEBOX_STATUS_QUARANTINED, "the version of its time");
}

/* Sends stretch the window; a setting by hand ends what was before; an address that changed too. */
static void test_kinds_of_facts(void)
{
    bouncebox_fact facts[] = {report(BOUNCEBOX_KIND_SOFT, 0, "a", 1), report(BOUNCEBOX_KIND_SOFT, 40, "b", 2),
                              report(BOUNCEBOX_KIND_SOFT, 80, "c", 3)};
    bouncebox_send sends[] = {{.time = T0, .mailing = 1}, {T0 + 40 * DAY, 2, 0}, {T0 + 80 * DAY, 3, 0}};
    bouncebox_policy p;
    bouncebox_decision d;
    bouncebox_policy_defaults(&p);
    p.longer = 1;
    bouncebox_history h = {facts, 3, sends, 3, &p, 1, {0}};
    ok(!bouncebox_fold(&h, 0, &d, NULL, &err) && d.status == BOUNCEBOX_STATUS_BOUNCED, "a longer window");
    h.n_policies = 0;
    ok(!bouncebox_fold(&h, 0, &d, NULL, &err) && d.status == BOUNCEBOX_STATUS_QUARANTINED, "a fixed one");
    facts[2] = (bouncebox_fact){.type = BOUNCEBOX_FACT_SET, .set_status = 1, .time = T0 + 50 * DAY};
    ok(!bouncebox_fold(&h, INT64_MIN, &d, NULL, &err) && d.status == 1 && d.until == BOUNCEBOX_NO_TIME, "for good");
    facts[2].set_until = T0 + 60 * DAY;
    ok(!bouncebox_fold(&h, T0 + 61 * DAY, &d, NULL, &err) && d.status == 0, "until then");
    facts[2].type = BOUNCEBOX_FACT_UNSUBSCRIBE;
    ok(!bouncebox_fold(&h, 0, &d, NULL, &err) && d.status == BOUNCEBOX_STATUS_UNSUBSCRIBED, "he left");
    facts[0] = report(BOUNCEBOX_KIND_HARD, 0, "a", 1);
    facts[0].forwarded = 1;
    h.n_facts = 1;
    ok(!bouncebox_fold(&h, 0, &d, NULL, &err) && d.status == BOUNCEBOX_STATUS_QUARANTINED, "forwarded: soft at most");
}

static void test_ids(void)
{
    bouncebox_fact f[4];
    bouncebox_note notes[4];
    const char *ids[] = {"0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF", "x", NULL};
    for (int i = 0; i < 4; i++) f[i] = report(BOUNCEBOX_KIND_SOFT, 0, ids[i], 0);
    decide(f, 4, NULL, 0, notes);
    ok((notes[0].effect == BOUNCEBOX_EFFECT_DUPLICATE) != (notes[1].effect == BOUNCEBOX_EFFECT_DUPLICATE),
       "hexadecimal digits are one id in any case");
    ok(notes[2].effect != BOUNCEBOX_EFFECT_DUPLICATE && notes[3].effect != BOUNCEBOX_EFFECT_DUPLICATE, "others differ");
    f[0].id = f[1].id = "";
    f[1].time++;
    decide(f, 2, NULL, 0, notes);
    ok(notes[0].effect != BOUNCEBOX_EFFECT_DUPLICATE && notes[1].effect != BOUNCEBOX_EFFECT_DUPLICATE,
       "without an id: what it says tells");
    f[1].time--;
    decide(f, 2, NULL, 0, notes);
    ok((notes[0].effect == BOUNCEBOX_EFFECT_DUPLICATE) != (notes[1].effect == BOUNCEBOX_EFFECT_DUPLICATE),
       "the same again is a duplicate");
}

static void test_any_order(void)
{
    uint64_t random = tap_seed();
    int bad = 0;
    for (int round = 0; round < 200; round++) {
        bouncebox_fact f[12];
        size_t n = 1 + tap_below(&random, BB_COUNT(f));
        for (size_t i = 0; i < n; i++) {
            f[i] = report((int)tap_below(&random, 8), (int64_t)tap_below(&random, 60), NULL,
                          (uint32_t)tap_below(&random, 4));
            f[i].type = tap_below(&random, 4) ? 0 : (int)tap_below(&random, 5);
            f[i].set_status = (int)tap_below(&random, 5);
        }
        bouncebox_decision once = decide(f, n, NULL, T0 + 61 * DAY, NULL);
        for (size_t i = n - 1; i > 0; i--) {
            size_t k = tap_below(&random, i + 1);
            bouncebox_fact swap = f[i];
            f[i] = f[k];
            f[k] = swap;
        }
        bouncebox_decision again = decide(f, n, NULL, T0 + 61 * DAY, NULL);
        bad += once.status != again.status || once.until != again.until || once.soft != again.soft;
    }
    is_int(bad, 0, "any order of the facts gives the same decision");
}

/* ---- refused ----------------------------------------------------------------------------------------------------------- */

static bouncebox_fact fact;
static bouncebox_send sent;
static bouncebox_policy policies[2];
static bouncebox_history history;
static bouncebox_decision decision;

static void refused(const char *what, int64_t now)
{
    int code = bouncebox_fold(&history, now, &decision, NULL, &err);
    ok(code == BOUNCEBOX_EUSAGE && err.code == code && err.text[0], "refused: %s", what);
    is_int(bouncebox_fold(&history, now, &decision, NULL, NULL), code, "without wanting to know why");
    fact = report(BOUNCEBOX_KIND_SOFT, 0, "a", 1);
    sent = (bouncebox_send){.time = T0};
    bouncebox_policy_defaults(&policies[0]);
    policies[1] = policies[0];
    policies[1].from = T0;
    history = (bouncebox_history){&fact, 1, &sent, 1, policies, 2, {0}};
}

#define REFUSE(change) ((change), refused(#change, 0))

static void test_refused(void)
{
    refused("nothing at all, but a wrong now", -1);
    is_int(bouncebox_fold(&history, 0, &decision, NULL, &err), BOUNCEBOX_OK, "what is changed below is fine");
    REFUSE(fact.type = 5);
    REFUSE(fact.kind = -1);
    REFUSE(fact.kind = 8);
    REFUSE(fact.reason = 37);
    REFUSE(fact.trust = 6);
    REFUSE(fact.set_status = 5);
    REFUSE(fact.time = -1);
    REFUSE(fact.time = INT64_MAX);
    REFUSE(fact.mailed = -5);
    REFUSE(fact.set_until = INT64_MAX);
    REFUSE(fact.reserved[4] = 1);
    REFUSE(sent.reserved = 1);
    REFUSE(sent.time = INT64_MIN);
    REFUSE(policies[0].hard_limit = 0);
    REFUSE(policies[0].soft_limit = 1001);
    REFUSE(policies[0].soft_window = -1);
    REFUSE(policies[0].quarantine = INT64_MAX);
    REFUSE(policies[0].quarantine_backoff = 0.5);
    REFUSE(policies[0].quarantine_backoff = (double)NAN);
    REFUSE(policies[0].reserved[0] = 1);
    REFUSE(policies[1].from = INT64_MIN);
    REFUSE(history.reserved[0] = 1);
    REFUSE(history.facts = NULL);
    REFUSE(history.sends = NULL);
    REFUSE(history.policies = NULL);
    refused("a time past 9999", INT64_MAX);
    is_int(bouncebox_fold(NULL, 0, &decision, NULL, &err), BOUNCEBOX_EUSAGE, "refused: no history");
    is_int(bouncebox_fold(&history, 0, NULL, NULL, &err), BOUNCEBOX_EUSAGE, "refused: no room");
}

int main(void)
{
    test_statuses();
    test_policy();
    test_kinds_of_facts();
    test_ids();
    test_any_order();
    test_refused();
    return tap_done();
}
