/* SPDX-License-Identifier: MIT
 *
 * Fuzz: a return path as somebody sent it. What reads as one of our forms is what writing that form gives.
 */
#include <sodium.h>
#include <string.h>

#include "core/base/address.h"
#include "core/verp/verp.h"
#include "fuzz.h"
#include "tap.h"

static const bb_key key = {.id = 7, .secret = "a secret of thirty-two octets.."};
static const bb_keyring ring = {&key, 1};

/* Sound fields re-encode to the same fields; only the key's holder writes a MAC that verifies. */
static void check_token(bb_str text)
{
    bb_token shown, verified = {0};
    char again[BB_TOKEN_LEN + 1];
    bb_token_result r = bb_token_decode(&ring, BB_PURPOSE_RETURN_PATH, text, 0, 0, &verified);
    bool peeked = bb_token_peek(text, &shown);
    MUST(peeked == (r != BB_TOKEN_MALFORMED));
    if (!peeked) return;
    MUST((shown.key == key.id) == (r != BB_TOKEN_UNKNOWN_KEY));
    MUST(bb_token_encode(&key, BB_PURPOSE_RETURN_PATH, shown, again));
    bool same = bb_ieq(bb_cstr(again), text);
    MUST(same == (r == BB_TOKEN_OK));
    /* version letter and 95 of the 96 bits of the fields stand in the first 20 characters */
    MUST(shown.key != key.id || bb_ieq(bb_sub(bb_cstr(again), 0, 20), bb_sub(text, 0, 20)));
}

/* A tag holds beside this recipient where writing him gives it again, and nowhere else. */
static void check_tagged(bb_arena *a, const bb_return_path *p)
{
    bb_token shown, out;
    bb_str written = {0};
    bb_return_path back;
    bool verp = p->form == BB_FORM_SIGNED_VERP;
    bb_token_result r = bb_return_path_verify(a, &ring, p, 0, 0, &out);
    MUST(p->token.n == BB_TAG_LEN && (verp ? p->base.n && p->victim.n : !p->base.n));
    if (!bb_return_path_peek(p, &shown)) {
        MUST(verp && r == BB_TOKEN_MALFORMED);
        return;
    }
    bool good = verp ? bb_return_path_signed_verp(a, &key, shown, p->base, p->victim, p->domain, &written, NULL)
                     : bb_return_path_mailing(a, &key, shown, p->victim, p->domain, &written, NULL);
    if (!good) return; /* too long, or a recipient that is not written */
    MUST(bb_return_path_read(a, written, &back) && back.form == p->form);
    MUST(!p->victim.n || bb_address_same(a, back.victim, p->victim));
    MUST(bb_return_path_verify(a, &ring, &back, 0, 0, &out) == BB_TOKEN_OK);
    MUST((r == BB_TOKEN_OK) == bb_eq(back.token, p->token));
}

static void check_unsubscribe(bb_arena *a, const bb_return_path *p)
{
    char token[BB_TOKEN_LEN + 1] = {0};
    bb_token out;
    bb_str written;
    bb_return_path back;
    MUST(p->token.n == BB_TOKEN_LEN);
    memcpy(token, p->token.p, BB_TOKEN_LEN);
    bb_token_result r = bb_return_path_verify(a, &ring, p, INT64_MAX, 1, &out);
    MUST(r != BB_TOKEN_MALFORMED && r != BB_TOKEN_EXPIRED);
    if (!bb_return_path_unsubscribe(a, token, p->domain, &written, NULL)) return;
    MUST(bb_return_path_read(a, written, &back) && back.form == BB_FORM_UNSUBSCRIBE && bb_eq(back.token, p->token));
}

static void check_signed(bb_arena *a, const bb_return_path *p)
{
    char token[BB_TOKEN_LEN + 1] = {0};
    bb_str written, local, domain;
    MUST(p->token.n == BB_TOKEN_LEN);
    memcpy(token, p->token.p, BB_TOKEN_LEN);
    check_token(p->token);
    if (!bb_return_path_signed(a, token, p->domain, &written, NULL)) return; /* a domain that is none */
    MUST(bb_address_split(written, &local, &domain));
    MUST(local.n == BB_SIGNED_LOCAL_LEN && bb_eq(bb_sub(local, 7, BB_NPOS), p->token));
    bb_str found, rest;
    MUST(bb_address_split(p->address, &found, &rest));
    if (found.n == local.n) MUST(bb_ieq(found, local)); /* neither wrapped nor quoted */
}

static void check_verp(bb_arena *a, const bb_return_path *p)
{
    bb_address victim;
    bb_return_path back;
    bb_str written;
    MUST(p->base.n && bb_chr(p->base, '+') == BB_NPOS);
    MUST(bb_address_read(a, p->victim, &victim, NULL));
    if (!bb_return_path_verp(a, p->base, '+', p->victim, p->domain, &written, NULL)) return;
    MUST(bb_return_path_read(a, written, &back) && back.form == BB_FORM_VERP && bb_eq(back.base, p->base));
    MUST(bb_address_same(a, back.victim, p->victim));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bb_arena a;
    bb_return_path p;
    bb_str text = {(const char *)data, size};
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    check_token(text);
    if (bb_return_path_read(&a, text, &p)) {
        uint64_t number;
        MUST(p.form != BB_FORM_NONE && (p.domain.n || p.form == BB_FORM_ENVID) && p.address.n <= size);
        if (p.form == BB_FORM_SIGNED) check_signed(&a, &p);
        if (p.form == BB_FORM_PLAIN) MUST(bb_u64(p.number, &number) && p.number.n <= 18);
        if (p.form == BB_FORM_VERP) check_verp(&a, &p);
        if (p.form == BB_FORM_SIGNED_VERP || p.form == BB_FORM_MAILING) check_tagged(&a, &p);
        if (p.form == BB_FORM_ENVID) MUST(p.token.n == BB_TOKEN_LEN && bb_ieq(p.token, p.address));
        if (p.form == BB_FORM_UNSUBSCRIBE) check_unsubscribe(&a, &p);
    }
    bb_arena_free(&a);
    return 0;
}
