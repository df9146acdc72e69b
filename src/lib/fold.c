/* SPDX-License-Identifier: MIT
 *
 * The policy: plain facts checked, and folded by the core.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "core/policy/policy.h"
#include "lib/internal.h"

#define LAST_SECOND ((int64_t)253402300799) /* of 9999 */
#define LONGEST     (3650 * BB_DAY)

typedef struct {
    bb_arena arena;
    bouncebox_error *err;
} job;

static bool refuse(job *j, const char *what, size_t i, const char *why)
{
    char text[128];
    snprintf(text, sizeof text, "%s %zu: %s", what, i, why);
    lib_fail(j->err, BOUNCEBOX_EUSAGE, text);
    return false;
}

static bool is_time(int64_t t)
{
    return t >= 0 && t <= LAST_SECOND;
}

static bool is_optional_time(int64_t t)
{
    return t == BOUNCEBOX_NO_TIME || is_time(t);
}

/* ---- facts ---------------------------------------------------------------------------------------------------------------- */

static bool is_word(int words, int value)
{
    return bouncebox_word(words, value) != NULL;
}

static bool check_fact(job *j, const bouncebox_fact *f, size_t i)
{
    uint32_t reserved = 0;
    for (size_t k = 0; k < BB_COUNT(f->reserved); k++) reserved |= f->reserved[k];
    if (reserved) return refuse(j, "fact", i, "reserved is not 0");
    if (!is_word(BOUNCEBOX_WORDS_FACT, f->type)) return refuse(j, "fact", i, "there is no such type");
    if (!is_word(BOUNCEBOX_WORDS_KIND, f->kind)) return refuse(j, "fact", i, "there is no such kind");
    if (!is_word(BOUNCEBOX_WORDS_REASON, f->reason)) return refuse(j, "fact", i, "there is no such reason");
    if (!is_word(BOUNCEBOX_WORDS_TRUST, f->trust)) return refuse(j, "fact", i, "there is no such trust");
    if (!is_word(BOUNCEBOX_WORDS_STATUS, f->set_status)) return refuse(j, "fact", i, "there is no such status");
    if (!is_time(f->time)) return refuse(j, "fact", i, "its time is out of range");
    if (!is_optional_time(f->mailed) || !is_optional_time(f->set_until))
        return refuse(j, "fact", i, "mailed or set_until is out of range");
    return true;
}

/* 32 hexadecimal digits are the id that the program keeps; any other text is hashed. */
static bool hex_id(bb_str text, bb_hash *out)
{
    size_t n = 0;
    return text.n == 2 * BB_HASH_LEN && sodium_hex2bin(out->b, sizeof out->b, text.p, text.n, NULL, &n, NULL) == 0 &&
           n == BB_HASH_LEN;
}

static void put_number(bb_hasher *h, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    bb_hash_field(h, (bb_str){text, n > 0 ? (size_t)n : 0});
}

static bb_hash id_of(const bouncebox_fact *f)
{
    bb_hash id;
    bb_hasher h;
    bb_str given = bb_cstr(f->id);
    if (hex_id(given, &id)) return id;
    bb_hash_init(&h);
    bb_hash_field(&h, given);
    if (given.n) return bb_hash_end(&h);
    const int64_t said[] = {f->type,       f->kind, f->reason, f->trust,     f->forwarded != 0,
                            f->set_status, f->time, f->mailed, f->set_until, f->mailing};
    for (size_t i = 0; i < BB_COUNT(said); i++) put_number(&h, said[i]);
    return bb_hash_end(&h);
}

static bool take_facts(job *j, const bouncebox_history *h, bb_fact **out)
{
    bb_fact *facts = bb_get_array(&j->arena, h->n_facts, sizeof *facts);
    for (size_t i = 0; facts && i < h->n_facts; i++) {
        const bouncebox_fact *f = &h->facts[i];
        if (!check_fact(j, f, i)) return false;
        facts[i] = (bb_fact){.type = (bb_fact_type)f->type,
                             .time = f->time,
                             .id = id_of(f),
                             .kind = (bb_kind)f->kind,
                             .reason = (bb_reason)f->reason,
                             .trust = (bb_trust)f->trust,
                             .forwarded = f->forwarded != 0,
                             .mailing = f->mailing,
                             .mailed = lib_optional(f->mailed),
                             .set_status = (bb_status)f->set_status,
                             .set_until = lib_optional(f->set_until)};
    }
    *out = facts;
    return facts;
}

static bool take_sends(job *j, const bouncebox_history *h, bb_send **out)
{
    bb_send *sends = bb_get_array(&j->arena, h->n_sends, sizeof *sends);
    for (size_t i = 0; sends && i < h->n_sends; i++) {
        if (h->sends[i].reserved) return refuse(j, "send", i, "reserved is not 0");
        if (!is_time(h->sends[i].time)) return refuse(j, "send", i, "its time is out of range");
        sends[i] = (bb_send){h->sends[i].mailing, h->sends[i].time};
    }
    *out = sends;
    return sends;
}

/* ---- policies ---------------------------------------------------------------------------------------------------------------- */

void bouncebox_policy_defaults(bouncebox_policy *out)
{
    const bb_policy *d = &bb_policy_defaults;
    if (!out) return;
    *out = (bouncebox_policy){.from = d->from,
                              .soft_window = d->soft_window,
                              .quarantine = d->quarantine,
                              .quarantine_backoff = d->quarantine_backoff,
                              .hard_limit = d->hard_limit,
                              .soft_limit = d->soft_limit,
                              .longer = d->window_mode == BB_WINDOW_LONGER,
                              .observe = d->observe,
                              .accept_trust = d->accept_trust};
}

static bool check_policy(job *j, const bouncebox_policy *p, size_t i)
{
    uint32_t reserved = 0;
    for (size_t k = 0; k < BB_COUNT(p->reserved); k++) reserved |= p->reserved[k];
    if (reserved) return refuse(j, "policy", i, "reserved is not 0");
    if (i && (!is_time(p->from) || p->from < p[-1].from)) return refuse(j, "policy", i, "not in the order of from");
    if (p->hard_limit < 1 || p->hard_limit > 1000 || p->soft_limit < 1 || p->soft_limit > 1000)
        return refuse(j, "policy", i, "limits are 1 to 1000");
    if (p->soft_window < 0 || p->soft_window > LONGEST || p->quarantine < 0 || p->quarantine > LONGEST)
        return refuse(j, "policy", i, "times are 0 to 3650 days");
    if (!(p->quarantine_backoff >= 1 && p->quarantine_backoff <= 100))
        return refuse(j, "policy", i, "quarantine_backoff is 1 to 100");
    return true;
}

static bool take_policies(job *j, const bouncebox_history *h, bb_policy **out)
{
    bb_policy *versions = bb_get_array(&j->arena, h->n_policies, sizeof *versions);
    for (size_t i = 0; versions && i < h->n_policies; i++) {
        const bouncebox_policy *p = &h->policies[i];
        if (!check_policy(j, p, i)) return false;
        versions[i] = (bb_policy){.from = i ? p->from : BB_NO_TIME,
                                  .hard_limit = p->hard_limit,
                                  .soft_limit = p->soft_limit,
                                  .soft_window = p->soft_window,
                                  .window_mode = p->longer ? BB_WINDOW_LONGER : BB_WINDOW_FIXED,
                                  .quarantine = p->quarantine,
                                  .quarantine_backoff = p->quarantine_backoff,
                                  .accept_trust = p->accept_trust,
                                  .observe = p->observe != 0};
    }
    *out = versions;
    return versions;
}

/* ---- the fold ------------------------------------------------------------------------------------------------------------------ */

static void hand_out(const bb_decision *d, const bb_note *notes, size_t n, bouncebox_decision *out, bouncebox_note *to)
{
    *out = (bouncebox_decision){.status = (int)d->status,
                                .would = (int)d->would,
                                .hard = d->hard,
                                .soft = d->soft,
                                .until = d->until,
                                .cause = d->cause};
    for (size_t i = 0; to && i < n; i++)
        to[i] = (bouncebox_note){.effect = (int)notes[i].effect,
                                 .status = (int)notes[i].status,
                                 .hard = notes[i].hard,
                                 .soft = notes[i].soft,
                                 .until = notes[i].until};
}

static bool fold(job *j, const bouncebox_history *h, int64_t now, bouncebox_decision *out, bouncebox_note *to)
{
    bb_fact *facts;
    bb_send *sends;
    bb_policy *policies;
    bb_decision d;
    if (!take_facts(j, h, &facts) || !take_sends(j, h, &sends) || !take_policies(j, h, &policies)) return false;
    bb_context ctx = {.versions = policies, .n_versions = h->n_policies};
    if (!ctx.n_versions) ctx = (bb_context){.versions = &bb_policy_defaults, .n_versions = 1};
    bb_note *notes = bb_get_array(&j->arena, h->n_facts, sizeof *notes);
    if (!notes || !bb_policy_fold(&j->arena, facts, h->n_facts, sends, h->n_sends, &ctx, lib_optional(now), &d, notes))
        return false;
    hand_out(&d, notes, h->n_facts, out, to);
    return true;
}

int bouncebox_fold(const bouncebox_history *history, int64_t now, bouncebox_decision *out, bouncebox_note *notes,
                   bouncebox_error *err)
{
    const bouncebox_history *h = history;
    job j = {.err = err};
    bouncebox_error own;
    lib_begin(err);
    if (!h || !out || (!h->facts && h->n_facts) || (!h->sends && h->n_sends) || (!h->policies && h->n_policies))
        return lib_fail(err, BOUNCEBOX_EUSAGE, "fold: no history, or no room for the decision");
    for (size_t i = 0; i < BB_COUNT(h->reserved); i++)
        if (h->reserved[i]) return lib_fail(err, BOUNCEBOX_EUSAGE, "history: reserved is not 0");
    if (!is_optional_time(now)) return lib_fail(err, BOUNCEBOX_EUSAGE, "fold: now is out of range");
    lib_start();
    if (!err) j.err = &own;
    j.err->code = BOUNCEBOX_OK;
    bb_arena_init(&j.arena, &lib_alloc, BB_ARENA_LIMIT);
    bool good = fold(&j, h, now, out, notes);
    bb_arena_free(&j.arena);
    if (good) return BOUNCEBOX_OK;
    if (j.err->code != BOUNCEBOX_OK) return j.err->code;
    return lib_fail(err, BOUNCEBOX_ENOMEM, "out of memory");
}
