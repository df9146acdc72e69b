/* SPDX-License-Identifier: MIT
 *
 * paths: tokens and return paths through the installed header: the vectors of other implementations, wrong arguments.
 */
#include <bouncebox/bouncebox.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

static bouncebox_error err;
static char out[BOUNCEBOX_ADDRESS_SIZE];

#define REFUSED(call, wanted)                                                                \
    do {                                                                                     \
        err = (bouncebox_error){0};                                                          \
        ok((call) == (wanted) && err.code == (wanted) && err.text[0], "refused: %s", #call); \
    } while (0)

/* ---- vectors -------------------------------------------------------------------------------------------------------- */

static int64_t number(bb_str cell)
{
    return (int64_t)vectors_number(cell);
}

static bouncebox_key key_of(bb_str id, bb_str secret)
{
    bouncebox_key key = {.id = (uint32_t)number(id)};
    ok(vectors_secret(secret, key.secret), "a secret in the vectors");
    return key;
}

static bool comes_back(bb_str *c)
{
    char text[BOUNCEBOX_TOKEN_SIZE + 8] = "", made[BOUNCEBOX_TOKEN_SIZE];
    bouncebox_key key = key_of(c[T_KEY], c[T_SECRET]);
    bouncebox_token token = {0};
    if (c[T_TOKEN].n < sizeof text) memcpy(text, c[T_TOKEN].p, c[T_TOKEN].n);
    int r = bouncebox_token_read(&key, 1, vectors_purpose(c[T_PURPOSE]), text, number(c[T_AT]), number(c[T_LIFETIME]),
                                 &token);
    if (r != bouncebox_value(BOUNCEBOX_WORDS_TOKEN, bouncebox_word(BOUNCEBOX_WORDS_TOKEN, r))) return false;
    if (!bb_eq(bb_cstr(bouncebox_word(BOUNCEBOX_WORDS_TOKEN, r)), c[T_RESULT])) return false;
    if (r != BOUNCEBOX_TOKEN_OK && r != BOUNCEBOX_TOKEN_EXPIRED) return !token.subscriber && !token.minted;
    return token.key == key.id && token.minted == number(c[T_DAY]) * 86400 && token.mailing == number(c[T_MAILING]) &&
           (int64_t)token.subscriber == number(c[T_SUBSCRIBER]) &&
           bouncebox_token_make(&key, vectors_purpose(c[T_PURPOSE]), &token, made, sizeof made, NULL) == BOUNCEBOX_OK &&
           bb_ieq(bb_cstr(made), c[T_TOKEN]);
}

static void vector(bb_str *c, int line)
{
    ok(comes_back(c), "line %d: result, fields and token as others make them", line);
}

/* ---- vectors of return paths ------------------------------------------------------------------------------------------ */

static const char *text_of(bb_str column, char *room, size_t size)
{
    bb_str s = vectors_text(column);
    if (s.n >= size) s.n = size - 1;
    if (s.n) memcpy(room, s.p, s.n);
    room[s.n] = '\0';
    return room;
}

static bool path_comes_back(bb_str *c)
{
    char address[400], base[100], victim[100], domain[100];
    bouncebox_key key = key_of(c[P_KEY], c[P_SECRET]);
    bouncebox_token token = {0};
    text_of(c[P_ADDRESS], address, sizeof address);
    int r = bouncebox_return_path_verify(&key, 1, address, number(c[P_AT]), number(c[P_LIFETIME]), &token);
    if (!bb_eq(bb_cstr(bouncebox_word(BOUNCEBOX_WORDS_TOKEN, r)), c[P_RESULT])) return false;
    if (r != BOUNCEBOX_TOKEN_OK && r != BOUNCEBOX_TOKEN_EXPIRED) return !token.minted && !token.mailing;
    if (token.key != key.id || token.minted != number(c[P_DAY]) * 86400 || token.mailing != number(c[P_MAILING]) ||
        (int64_t)token.subscriber != number(c[P_SUBSCRIBER]))
        return false;
    text_of(c[P_BASE], base, sizeof base);
    text_of(c[P_VICTIM], victim, sizeof victim);
    text_of(c[P_DOMAIN], domain, sizeof domain);
    if (!bb_eq(c[P_WRITTEN], BB_S("as")) || token.subscriber) return true;
    r = base[0] ? bouncebox_return_path_signed_verp(&key, &token, base, victim, domain, out, sizeof out, &err)
                : bouncebox_return_path_mailing(&key, &token, victim, domain, out, sizeof out, &err);
    return r == BOUNCEBOX_OK && bb_eq(bb_cstr(out), c[P_ADDRESS]);
}

static void path_vector(bb_str *c, int line)
{
    ok(path_comes_back(c), "line %d: result, fields and address as others make them", line);
}

/* ---- tokens ------------------------------------------------------------------------------------------------------------ */

static const bouncebox_key keys[] = {
    {.id = 1, .retired = 1, .secret = {1}},
    {.id = 2, .secret = {2}},
    {.id = 3, .secret = {3}},
};

static void test_keyring(void)
{
    bouncebox_token token = {.minted = 1795392000 + 4711, .subscriber = 42, .mailing = 7, .key = 99}, read;
    for (size_t i = 0; i < BB_COUNT(keys); i++) {
        ok(bouncebox_token_make(&keys[i], 0, &token, out, BOUNCEBOX_TOKEN_SIZE, &err) == BOUNCEBOX_OK, "a token");
        int r = bouncebox_token_read(keys, 3, 0, out, 1795392000, 86400, &read);
        is_int(r, keys[i].retired ? BOUNCEBOX_TOKEN_UNKNOWN_KEY : BOUNCEBOX_TOKEN_OK, "key %d", (int)keys[i].id);
    }
    ok(read.key == 3 && read.subscriber == 42 && read.mailing == 7 && read.minted == 1795392000, "what it says");
    is_int(bouncebox_token_read(keys, 3, 0, out, 1795392000 + 86401, 86400, NULL), BOUNCEBOX_TOKEN_EXPIRED, "expired");
    is_int(bouncebox_token_read(keys, 3, 0, out, INT64_MAX, 0, NULL), BOUNCEBOX_TOKEN_OK, "never expires");
    is_int(bouncebox_token_read(keys, 3, 0, out, BOUNCEBOX_NO_TIME, 1, NULL), BOUNCEBOX_TOKEN_OK, "at no time");
    is_int(bouncebox_token_read(keys, 3, 1, out, 0, 0, NULL), BOUNCEBOX_TOKEN_WRONG_MAC, "of another purpose");
    is_int(bouncebox_token_read(NULL, 0, 0, out, 0, 0, NULL), BOUNCEBOX_TOKEN_UNKNOWN_KEY, "no keys");
    is_int(bouncebox_token_read(keys, 3, 0, "", 0, 0, NULL), BOUNCEBOX_TOKEN_MALFORMED, "no token");
    is_int(bouncebox_token_read(keys, 3, 0, "\xff\xfe", 0, 0, NULL), BOUNCEBOX_TOKEN_MALFORMED, "bytes");
}

static void test_tokens_refused(void)
{
    bouncebox_token token = {.minted = 1795392000, .subscriber = 42};
    bouncebox_key none = {0}, large = {.id = 256};
    REFUSED(bouncebox_token_make(NULL, 0, &token, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_token_make(&keys[1], 0, NULL, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_token_make(&keys[1], 0, &token, NULL, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_token_make(&keys[1], 0, &token, out, 33, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_token_make(&keys[1], -1, &token, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_token_make(&keys[1], 4, &token, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_token_make(&none, 0, &token, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_token_make(&large, 0, &token, out, sizeof out, &err), BOUNCEBOX_EDATA);
    token.subscriber = (uint64_t)1 << 40;
    REFUSED(bouncebox_token_make(&keys[1], 0, &token, out, sizeof out, &err), BOUNCEBOX_EDATA);
    token = (bouncebox_token){.minted = (int64_t)65536 * 86400};
    REFUSED(bouncebox_token_make(&keys[1], 0, &token, out, sizeof out, &err), BOUNCEBOX_EDATA);
    token.minted = BOUNCEBOX_NO_TIME;
    REFUSED(bouncebox_token_make(&keys[1], 0, &token, out, sizeof out, &err), BOUNCEBOX_EDATA);
    is_int(bouncebox_token_read(keys, 3, 0, NULL, 0, 0, NULL), -1, "no text");
    is_int(bouncebox_token_read(NULL, 3, 0, "x", 0, 0, NULL), -1, "keys that are not there");
    is_int(bouncebox_token_read(keys, 3, 9, "x", 0, 0, NULL), -1, "no such purpose");
    is_int(bouncebox_token_read(keys, 3, 0, "x", 0, -1, NULL), -1, "a lifetime below 0");
}

/* ---- return paths -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *address;
    int form;
    const char *token, *number, *base, *victim, *domain;
} reads[] = {
    {"Bounce-AAFISYAAAAAGAAB23ZUKUJJN2LX7OSMSQ@Bounces.example.com", 1, "aafisyaaaaagaab23zukujjn2lx7osmsq", "", "", "",
     "Bounces.example.com"},
    {"bounce-123456789@example.com", 2, "", "123456789", "", "", "example.com"},
    {"newsletter+user=domain.com@example.com", 3, "", "", "newsletter", "user@domain.com", "example.com"},
    {"news+u=d.com=aa5isyaaaaagdvs4mhzylydf5@example.com", 4, "aa5isyaaaaagdvs4mhzylydf5", "", "news", "u@d.com",
     "example.com"},
    {"bounce-aa5isyaaaaagdvs4mhzylydf5+u=d.com@example.com", 5, "aa5isyaaaaagdvs4mhzylydf5", "", "", "u@d.com",
     "example.com"},
    {"unsubscribe-aafisyaaaaagaab23zuksmjn3pan3ocpl@example.com", 6, "aafisyaaaaagaab23zuksmjn3pan3ocpl", "", "", "",
     "example.com"},
    {"prvs=1234567890=bounce-42@example.com", 2, "", "42", "", "", "example.com"},
    {"somebody@example.com", 0, "", "", "", "", ""},
    {"no address", 0, "", "", "", "", ""},
    {"", 0, "", "", "", "", ""},
    {"\xff\xfe@\xc3\x28", 0, "", "", "", "", ""},
};

static void test_reading(void)
{
    for (size_t i = 0; i < BB_COUNT(reads); i++) {
        const bouncebox_return_path *p = bouncebox_return_path_read(reads[i].address, &err);
        if (!ok(p != NULL, "read: row %zu", i) || !p) continue;
        is_int(p->form, reads[i].form, "form: row %zu", i);
        is_cstr(p->address.text, p->form ? reads[i].address : "", "address: row %zu", i);
        is_cstr(p->token.text, reads[i].token, "token: row %zu", i);
        is_cstr(p->number.text, reads[i].number, "number: row %zu", i);
        is_cstr(p->base.text, reads[i].base, "base: row %zu", i);
        is_cstr(p->victim.text, reads[i].victim, "victim: row %zu", i);
        is_cstr(p->domain.text, reads[i].domain, "domain: row %zu", i);
        bouncebox_return_path_free(p);
    }
    err = (bouncebox_error){0};
    ok(!bouncebox_return_path_read(NULL, &err) && err.code == BOUNCEBOX_EUSAGE, "refused: no address");
    bouncebox_return_path_free(NULL);
}

static void test_writing(void)
{
    const char *token = "aafisyaaaaagaab23zukujjn2lx7osmsq", *d = "Bounces.Example.com";
    is_int(bouncebox_return_path_signed(token, d, out, sizeof out, &err), BOUNCEBOX_OK, "signed");
    is_cstr(out, "bounce-aafisyaaaaagaab23zukujjn2lx7osmsq@bounces.example.com", "is so");
    is_int(bouncebox_return_path_plain(4711, d, out, sizeof out, &err), BOUNCEBOX_OK, "plain");
    is_cstr(out, "bounce-4711@bounces.example.com", "is so");
    is_int(bouncebox_return_path_verp("news", "user@domain.com", d, out, sizeof out, &err), BOUNCEBOX_OK, "verp");
    is_cstr(out, "news+user=domain.com@bounces.example.com", "is so");
    is_int(bouncebox_return_path_plain(4711, d, out, 32, NULL), BOUNCEBOX_OK, "just enough room");
    REFUSED(bouncebox_return_path_plain(4711, d, out, 31, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_plain(4711, d, NULL, 400, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_plain(4711, NULL, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_plain(4711, "", out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_plain(UINT64_MAX, d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_signed("x", d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_signed(NULL, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_signed(token, NULL, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_verp("a+b", "user@domain.com", d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_verp("news", "nobody", d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_verp("news", "\xff@domain.com", d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_verp(NULL, "u@d.com", d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_verp("news", NULL, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_verp("news", "u@d.com", NULL, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
}

static void test_signing(void)
{
    bouncebox_token t = {.minted = 1795392000, .mailing = 12}, none = {.minted = 1795392000}, never = {.minted = -1};
    bouncebox_key bad = {.id = 256};
    const bouncebox_key *k = &keys[1];
    const char *token = "aafisyaaaaagaab23zuksmjn3pan3ocpl", *d = "example.com", *u = "u@d.com";
    is_int(bouncebox_return_path_unsubscribe(token, d, out, sizeof out, &err), BOUNCEBOX_OK, "unsubscribe");
    is_cstr(out, "unsubscribe-aafisyaaaaagaab23zuksmjn3pan3ocpl@example.com", "is so");
    REFUSED(bouncebox_return_path_unsubscribe("x", d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_unsubscribe(NULL, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_unsubscribe(token, NULL, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_signed_verp(NULL, &t, "n", u, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_signed_verp(k, NULL, "n", u, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_signed_verp(k, &t, NULL, u, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_signed_verp(k, &t, "n", NULL, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_signed_verp(k, &t, "n", u, NULL, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_signed_verp(&bad, &t, "n", u, d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_signed_verp(k, &never, "n", u, d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_signed_verp(k, &t, "n+m", u, d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_signed_verp(k, &t, "n", "\"a b\"@d.com", d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_signed_verp(k, &t, "n", u, "", out, sizeof out, &err), BOUNCEBOX_EDATA);
    is_int(bouncebox_return_path_mailing(k, &t, NULL, d, out, sizeof out, &err), BOUNCEBOX_OK, "a sender for XVERP");
    REFUSED(bouncebox_return_path_mailing(k, &none, u, d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_mailing(&bad, &t, u, d, out, sizeof out, &err), BOUNCEBOX_EDATA);
    REFUSED(bouncebox_return_path_mailing(NULL, &t, u, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_mailing(k, NULL, u, d, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    REFUSED(bouncebox_return_path_mailing(k, &t, u, NULL, out, sizeof out, &err), BOUNCEBOX_EUSAGE);
    is_int(bouncebox_return_path_verify(keys, 3, out, 0, 0, NULL), BOUNCEBOX_TOKEN_OK, "what was written verifies");
    is_int(bouncebox_return_path_verify(keys, 3, "x@d.com", 0, 0, NULL), BOUNCEBOX_TOKEN_MALFORMED,
           "nothing to verify");
    is_int(bouncebox_return_path_verify(NULL, 0, out, 0, 0, NULL), BOUNCEBOX_TOKEN_UNKNOWN_KEY,
           "no keys to verify with");
    is_int(bouncebox_return_path_verify(keys, 3, NULL, 0, 0, NULL), -1, "nothing to read");
    is_int(bouncebox_return_path_verify(NULL, 3, out, 0, 0, NULL), -1, "keys that are not there");
    is_int(bouncebox_return_path_verify(keys, 3, out, 0, -1, NULL), -1, "a lifetime below 0");
}

int main(void)
{
    vectors_each(VECTORS_TOKENS, T_COLUMNS, vector);
    vectors_each(VECTORS_PATHS, P_COLUMNS, path_vector);
    test_signing();
    test_keyring();
    test_tokens_refused();
    test_reading();
    test_writing();
    return tap_done();
}
