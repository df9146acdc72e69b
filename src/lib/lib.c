/* SPDX-License-Identifier: MIT
 *
 * Version, words, and what the other files share.
 */
#include "lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/words.h"
#include "core/policy/policy.h"
#include "core/verp/verp.h"

/* ---- memory and errors ------------------------------------------------------------------------------------------- */

static void *get(void *ctx, size_t n)
{
    (void)ctx;
    return malloc(n);
}

static void put(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

const bb_alloc lib_alloc = {get, put, NULL};

void lib_start(void)
{
    int started = sodium_init();
    (void)started; /* it can only lack random numbers, and nothing here needs any */
}

void lib_begin(bouncebox_error *err)
{
    if (!err) return;
    err->code = BOUNCEBOX_OK;
    err->text[0] = '\0';
}

int lib_fail(bouncebox_error *err, bouncebox_code code, const char *text)
{
    if (!err) return code;
    size_t n = strlen(text);
    if (n >= sizeof err->text) n = sizeof err->text - 1;
    err->code = code;
    memcpy(err->text, text, n);
    err->text[n] = '\0';
    return code;
}

int lib_fail_as(bouncebox_error *err, const bb_err *core)
{
    bouncebox_code code = core->code == BB_ENOMEM    ? BOUNCEBOX_ENOMEM
                          : core->code == BB_ECONFIG ? BOUNCEBOX_ERULES
                          : core->code == BB_EUSAGE  ? BOUNCEBOX_EUSAGE
                                                     : BOUNCEBOX_EDATA;
    return lib_fail(err, code, core->text);
}

/* ---- texts -------------------------------------------------------------------------------------------------------- */

bouncebox_text lib_text(bb_arena *a, bb_str s)
{
    bb_str clean = bb_utf8_clean(a, s), kept = clean.n ? bb_dup(a, clean) : (bb_str){0};
    return kept.n ? (bouncebox_text){kept.p, kept.n} : (bouncebox_text){"", 0};
}

int lib_put(bb_str s, char *out, size_t size, bouncebox_error *err)
{
    if (!out || size <= s.n) return lib_fail(err, BOUNCEBOX_EUSAGE, "too little room for what is to be written");
    if (s.n) memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return BOUNCEBOX_OK;
}

/* ---- version and words ---------------------------------------------------------------------------------------------- */

const char *bouncebox_version(void)
{
    return BB_VERSION;
}

static const char *error_word(int code)
{
    static const char *const words[] = {"ok", "usage", "data", "no memory", "rules"};
    return words[code];
}

/* Spelling by number; asked only for numbers below n. */
#define SPELL(name, type)                 \
    static const char *name##_word(int v) \
    {                                     \
        return bb_##name##_word((type)v); \
    }
SPELL(kind, bb_kind)
SPELL(reason, bb_reason)
SPELL(action, bb_action)
SPELL(trust, bb_trust)
SPELL(status, bb_status)
SPELL(form, bb_form)
SPELL(token_result, bb_token_result)
SPELL(fact_type, bb_fact_type)
SPELL(effect, bb_effect)

static const struct {
    int n;
    const char *(*word)(int v);
} lists[] = {
    [BOUNCEBOX_WORDS_KIND] = {BOUNCEBOX_KIND_AUTOREPLY + 1, kind_word},
    [BOUNCEBOX_WORDS_REASON] = {BB_REASON_COUNT, reason_word},
    [BOUNCEBOX_WORDS_ACTION] = {BOUNCEBOX_ACTION_EXPANDED + 1, action_word},
    [BOUNCEBOX_WORDS_TRUST] = {BOUNCEBOX_TRUST_LOCAL + 1, trust_word},
    [BOUNCEBOX_WORDS_STATUS] = {BOUNCEBOX_STATUS_UNSUBSCRIBED + 1, status_word},
    [BOUNCEBOX_WORDS_FORM] = {BOUNCEBOX_FORM_ENVID + 1, form_word},
    [BOUNCEBOX_WORDS_TOKEN] = {BOUNCEBOX_TOKEN_EXPIRED + 1, token_result_word},
    [BOUNCEBOX_WORDS_FACT] = {BOUNCEBOX_FACT_ADDRESS + 1, fact_type_word},
    [BOUNCEBOX_WORDS_EFFECT] = {BOUNCEBOX_EFFECT_DUPLICATE + 1, effect_word},
    [BOUNCEBOX_WORDS_ERROR] = {BOUNCEBOX_ERULES + 1, error_word},
};

const char *bouncebox_word(int words, int value)
{
    if (words < 0 || (size_t)words >= BB_COUNT(lists) || value < 0 || value >= lists[words].n) return NULL;
    return lists[words].word(value);
}

int bouncebox_value(int words, const char *word)
{
    const char *spelled;
    for (int i = 0; word && (spelled = bouncebox_word(words, i)); i++)
        if (bb_ieq(bb_cstr(word), bb_cstr(spelled))) return i;
    return -1;
}

/* ---- the API's numbers are the core's --------------------------------------------------------------------------------- */

#define SAME(name)        _Static_assert((int)BOUNCEBOX_##name == (int)BB_##name, #name)
#define SAME_REASON(word) SAME(REASON_##word);
BB_REASONS(SAME_REASON)
SAME(KIND_OTHER);
SAME(KIND_HARD);
SAME(KIND_SOFT);
SAME(KIND_BLOCK);
SAME(KIND_DELAYED);
SAME(KIND_DELIVERED);
SAME(KIND_COMPLAINT);
SAME(KIND_AUTOREPLY);
SAME(ACTION_NONE);
SAME(ACTION_FAILED);
SAME(ACTION_DELAYED);
SAME(ACTION_DELIVERED);
SAME(ACTION_RELAYED);
SAME(ACTION_EXPANDED);
SAME(TRUST_NONE);
SAME(TRUST_INFERRED);
SAME(TRUST_PLAIN);
SAME(TRUST_MAILING);
SAME(TRUST_SIGNED);
SAME(TRUST_LOCAL);
SAME(STATUS_ACTIVE);
SAME(STATUS_QUARANTINED);
SAME(STATUS_BOUNCED);
SAME(STATUS_COMPLAINED);
SAME(STATUS_UNSUBSCRIBED);
SAME(FORM_NONE);
SAME(FORM_SIGNED);
SAME(FORM_PLAIN);
SAME(FORM_VERP);
SAME(FORM_SIGNED_VERP);
SAME(FORM_MAILING);
SAME(FORM_UNSUBSCRIBE);
SAME(FORM_ENVID);
SAME(PURPOSE_RETURN_PATH);
SAME(PURPOSE_UNSUBSCRIBE);
SAME(PURPOSE_PROBE);
SAME(PURPOSE_ENVID);
SAME(TOKEN_OK);
SAME(TOKEN_MALFORMED);
SAME(TOKEN_UNKNOWN_KEY);
SAME(TOKEN_WRONG_MAC);
SAME(TOKEN_EXPIRED);
SAME(FACT_REPORT);
SAME(FACT_SUBSCRIBE);
SAME(FACT_UNSUBSCRIBE);
SAME(FACT_SET);
SAME(FACT_ADDRESS);
SAME(EFFECT_NONE);
SAME(EFFECT_REMOVED);
SAME(EFFECT_QUARANTINED);
SAME(EFFECT_COMPLAINED);
SAME(EFFECT_COUNTED_ALREADY);
SAME(EFFECT_CLEARED);
SAME(EFFECT_SET);
SAME(EFFECT_UNTRUSTED);
SAME(EFFECT_SUPERSEDED);
SAME(EFFECT_GONE_ALREADY);
SAME(EFFECT_OBSERVED);
SAME(EFFECT_DUPLICATE);
