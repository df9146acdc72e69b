/* SPDX-License-Identifier: MIT
 *
 * Laws of return paths: what is written is read back, what is tampered with never verifies.
 */
#include <sodium.h>
#include <string.h>

#include "core/base/address.h"
#include "core/verp/verp.h"
#include "tap.h"

#define ROUNDS 2000

static bb_arena arena;
static bb_key keys[3];
static const bb_keyring ring = {keys, BB_COUNT(keys)};
static uint64_t state;

/* Values at the edges of their widths come often. */
static uint64_t wide(uint64_t max)
{
    switch (tap_below(&state, 5)) {
    case 0: return tap_below(&state, 3);
    case 1: return max - tap_below(&state, 3);
    default: return tap_random(&state) & max;
    }
}

static bb_token random_token(void)
{
    return (bb_token){.day = (uint16_t)wide(UINT16_MAX),
                      .mailing = (uint32_t)wide(UINT32_MAX),
                      .subscriber = wide(BB_SUBSCRIBER_MAX)};
}

static bool decodes(bb_purpose purpose, const char *text, bb_token_result want)
{
    bb_token out;
    return bb_token_decode(&ring, purpose, bb_cstr(text), 0, 0, &out) == want;
}

static bool same(const bb_token *x, const bb_token *y)
{
    return x->key == y->key && x->day == y->day && x->mailing == y->mailing && x->subscriber == y->subscriber;
}

static bool round_trip(const bb_key *key, bb_purpose purpose, bb_token t, char *text)
{
    bb_token out, shown;
    t.key = key->id;
    if (!bb_token_encode(key, purpose, t, text)) return false;
    if (bb_token_decode(&ring, purpose, bb_cstr(text), 0, 0, &out) != BB_TOKEN_OK) return false;
    return bb_token_peek(bb_cstr(text), &shown) && same(&out, &shown) && same(&out, &t);
}

static bool no_other_purpose(bb_purpose purpose, const char *text)
{
    for (int p = BB_PURPOSE_RETURN_PATH; p <= BB_PURPOSE_ENVID; p++)
        if (!decodes((bb_purpose)p, text, (bb_purpose)p == purpose ? BB_TOKEN_OK : BB_TOKEN_WRONG_MAC)) return false;
    return true;
}

/* Every one of the 255 other octets in each of the 33 places; the same letter in the other case is the same token. */
static bool no_change_passes(bb_purpose purpose, const char *text)
{
    char other[BB_TOKEN_LEN + 1];
    bb_token out;
    memcpy(other, text, sizeof other);
    for (size_t i = 0; i < BB_TOKEN_LEN; i++) {
        for (int c = 0; c < 256; c++) {
            other[i] = (char)c;
            bool unchanged = bb_lower((char)c) == text[i];
            bb_str changed = {other, BB_TOKEN_LEN};
            if ((bb_token_decode(&ring, purpose, changed, 0, 0, &out) == BB_TOKEN_OK) != unchanged) return false;
        }
        other[i] = text[i];
    }
    return true;
}

static bool expires_to_the_second(const char *text, const bb_token *t)
{
    bb_token out;
    int64_t lifetime = 1 + (int64_t)tap_below(&state, 400 * (uint64_t)BB_DAY);
    bb_time end = t->day * BB_DAY + lifetime;
    const struct {
        bb_time at;
        bb_token_result want;
    } rows[] = {{end, BB_TOKEN_OK},        {end + 1, BB_TOKEN_EXPIRED},   {end - 1, BB_TOKEN_OK},
                {BB_NO_TIME, BB_TOKEN_OK}, {INT64_MAX, BB_TOKEN_EXPIRED}, {0, BB_TOKEN_OK}};
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        memset(&out, 0, sizeof out);
        if (bb_token_decode(&ring, BB_PURPOSE_PROBE, bb_cstr(text), rows[i].at, lifetime, &out) != rows[i].want)
            return false;
        if (out.subscriber != t->subscriber || out.day != t->day) return false;
    }
    return true;
}

static void tokens(void)
{
    bool trip = true, purposes = true, expiry = true, tamper = true;
    char text[BB_TOKEN_LEN + 1];
    for (int i = 0; i < ROUNDS; i++) {
        const bb_key *key = &keys[tap_below(&state, BB_COUNT(keys))];
        bb_purpose purpose = (bb_purpose)tap_below(&state, 4);
        bb_token t = random_token();
        trip &= round_trip(key, purpose, t, text);
        purposes &= no_other_purpose(purpose, text);
        if (i % 50 == 0) tamper &= no_change_passes(purpose, text);
        expiry &= bb_token_encode(key, BB_PURPOSE_PROBE, t, text) && expires_to_the_second(text, &t);
    }
    ok(trip, "any fields that fit come back, and peeking shows the same");
    ok(purposes, "no purpose passes as another");
    ok(tamper, "no single character changed ever verifies");
    ok(expiry, "a token holds for its lifetime to the second, and tells its fields after it");
}

/* An address with the characters that VERP stumbles over. */
static bb_str nasty_address(void)
{
    static const char letters[] = "ab=+.'-_!#$%&*/?^`{|}~AZ09";
    bb_buf b = bb_buf_in(&arena, 200);
    size_t n = 1 + tap_below(&state, 20);
    while (n--) bb_putc(&b, letters[tap_below(&state, sizeof letters - 1)]);
    bb_puts(&b, tap_below(&state, 2) ? "@d.example" : "@a-b.xn--bl-zia.example");
    return bb_buf_str(&b);
}

static void paths(void)
{
    static const bb_str bases[] = {{"newsletter", 10}, {"n", 1}, {"a=b", 3}, {"bounce-1", 8}, {"o'hara.x", 8}};
    bool held = true, plain = true;
    for (int i = 0; i < ROUNDS && held && plain; i++) {
        bb_arena_reset(&arena);
        bb_return_path back;
        bb_str written, base = bases[tap_below(&state, BB_COUNT(bases))], to = nasty_address();
        bb_err err;
        held = bb_return_path_verp(&arena, base, '+', to, BB_S("b.example"), &written, &err) &&
               bb_return_path_read(&arena, written, &back) && back.form == BB_FORM_VERP && bb_eq(back.base, base) &&
               bb_eq(back.victim, to) && bb_eq(back.address, written) && bb_eq(back.domain, BB_S("b.example"));
        if (!held) tap_note("%.*s: %s", BB_ARG(to), err.text);
        uint64_t v, id = wide((1ULL << 59) - 1);
        plain = bb_return_path_plain(&arena, id, BB_S("b.example"), &written, NULL) &&
                bb_return_path_read(&arena, written, &back) && back.form == BB_FORM_PLAIN && bb_u64(back.number, &v) &&
                v == id;
    }
    ok(held, "VERP gives back any recipient that it could be written for");
    ok(plain, "a plain return path gives back its number");
}

static void signed_paths(void)
{
    bool held = true;
    char text[BB_TOKEN_LEN + 1];
    for (int i = 0; i < ROUNDS; i++) {
        bb_arena_reset(&arena);
        bb_str written = {0}, upper;
        bb_return_path back;
        held &= bb_token_encode(&keys[0], BB_PURPOSE_RETURN_PATH, random_token(), text) &&
                bb_return_path_signed(&arena, text, BB_S("b.example"), &written, NULL);
        upper = bb_dup(&arena, written);
        for (size_t c = 0; c < upper.n; c++)
            if (upper.p[c] >= 'a' && upper.p[c] <= 'z' && tap_below(&state, 2)) ((char *)(uintptr_t)upper.p)[c] -= 32;
        held &= bb_return_path_read(&arena, upper, &back) && back.form == BB_FORM_SIGNED &&
                bb_eq(back.token, bb_cstr(text)) && bb_eq(back.address, upper);
    }
    ok(held, "a signed return path is read back whatever case it comes in");
}

int main(void)
{
    if (sodium_init() < 0) return 1;
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    state = tap_seed();
    for (size_t i = 0; i < BB_COUNT(keys); i++) {
        keys[i].id = (uint8_t)(i + 1);
        for (size_t b = 0; b < BB_KEY_BYTES; b++) keys[i].secret[b] = (unsigned char)tap_random(&state);
    }
    tokens();
    paths();
    signed_paths();
    bb_arena_free(&arena);
    return tap_done();
}
