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

/* ---- signed recipients ---------------------------------------------------------------------------------- */

/* One path of either form that holds a recipient and a tag; *to is who. False: he does not fit. */
static bool tagged(bb_form form, const bb_key *key, bb_token *t, bb_str *to, bb_str *written)
{
    static const bb_str bases[] = {{"newsletter", 10}, {"n", 1}, {"a=b", 3}, {"bounce-1", 8}, {"News", 4}};
    bb_str base = bases[tap_below(&state, BB_COUNT(bases))], domain = BB_S("b.example");
    bb_err err;
    *t = random_token();
    *to = nasty_address();
    t->mailing |= 1;
    bool good = form == BB_FORM_MAILING ? bb_return_path_mailing(&arena, key, *t, *to, domain, written, &err)
                                        : bb_return_path_signed_verp(&arena, key, *t, base, *to, domain, written, &err);
    if (!good && bb_chr(*written, '@') <= 64) tap_note(BB_FMT ": %s", BB_ARG(*to), err.text);
    return good;
}

static bb_token_result verifies(bb_str address, bb_form form, bb_token *out)
{
    bb_return_path p;
    if (!bb_return_path_read(&arena, address, &p)) return BB_TOKEN_MALFORMED;
    bb_token_result r = bb_return_path_verify(&arena, &ring, &p, 0, 0, out);
    return p.form == form || r != BB_TOKEN_OK ? r : BB_TOKEN_OK + 100;
}

/* Whatever bit of it is another, it verifies no more, unless only the case of a letter changed. */
static bool no_bit_passes(bb_str written)
{
    bb_token out;
    char *text = bb_get(&arena, written.n);
    memcpy(text, written.p, written.n);
    bb_str changed = {text, written.n};
    for (size_t i = 0; i < written.n * 8; i++) {
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
        bb_return_path p;
        bool passes = bb_return_path_read(&arena, changed, &p) &&
                      bb_return_path_verify(&arena, &ring, &p, 0, 0, &out) == BB_TOKEN_OK;
        if (passes && !bb_ieq(changed, written)) return false;
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
    }
    return true;
}

/* Nor with an octet more, or one less. */
static bool no_length_passes(bb_str written)
{
    bb_token out;
    for (size_t i = 0; i < written.n; i++) {
        bb_return_path p;
        bb_str head = bb_sub(written, 0, i), tail = bb_sub(written, i, BB_NPOS);
        bb_str other[] = {bb_cat(&arena, head, bb_sub(tail, 1, BB_NPOS), BB_S("")),
                          bb_cat(&arena, head, BB_S("a"), tail), bb_cat(&arena, head, BB_S("="), tail)};
        for (size_t k = 0; k < BB_COUNT(other); k++)
            if (!bb_eq(other[k], written) && bb_return_path_read(&arena, other[k], &p) &&
                bb_return_path_verify(&arena, &ring, &p, 0, 0, &out) == BB_TOKEN_OK)
                return false;
    }
    return true;
}

static void tagged_paths(void)
{
    static const bb_form forms[] = {BB_FORM_SIGNED_VERP, BB_FORM_MAILING};
    bool held = true, bits = true, lengths = true;
    int written_ones = 0;
    for (int i = 0; i < ROUNDS; i++) {
        bb_arena_reset(&arena);
        bb_form form = forms[i % 2];
        const bb_key *key = &keys[tap_below(&state, BB_COUNT(keys))];
        bb_token t, out = {0};
        bb_str to, written = {0};
        bb_return_path p;
        if (!tagged(form, key, &t, &to, &written)) continue;
        written_ones++;
        held &= bb_return_path_read(&arena, written, &p) && p.form == form && bb_eq(p.victim, to) &&
                verifies(written, form, &out) == BB_TOKEN_OK && out.key == key->id && out.day == t.day &&
                out.mailing == t.mailing && !out.subscriber;
        if (form == BB_FORM_MAILING || i % 10) continue; /* of a mailing's, the recipient is not signed */
        bits &= no_bit_passes(written);
        lengths &= no_length_passes(written);
    }
    ok(written_ones > ROUNDS / 2, "most recipients fit: %d of %d", written_ones, ROUNDS);
    ok(held, "what is signed beside a recipient comes back with him");
    ok(bits, "no bit of it is without the signature");
    ok(lengths, "nor is its length");
}

/* The same tag or token under every name that there is: it holds under its own alone. A bounce's is a probe's where it
 * names nobody. */
static bool one_purpose(bb_purpose made, bool nobody, const char *text)
{
    const struct {
        const char *before, *behind;
        bb_purpose holds;
        bool tag;
    } places[] = {
        {"bounce-", "@b.example", nobody ? BB_PURPOSE_PROBE : BB_PURPOSE_RETURN_PATH, false},
        {"", "", BB_PURPOSE_ENVID, false},
        {"unsubscribe-", "@b.example", BB_PURPOSE_UNSUBSCRIBE, false},
        {"bounce-", "+u=d.com@b.example", BB_PURPOSE_MAILING, true},
        {"bounce-", "@b.example", BB_PURPOSE_MAILING, true},
        {"n+u=d.com=", "@b.example", BB_PURPOSE_TAG, true},
    };
    bool is_tag = made == BB_PURPOSE_TAG || made == BB_PURPOSE_MAILING;
    for (size_t i = 0; i < BB_COUNT(places); i++) {
        if (is_tag && !places[i].tag) continue; /* too short to be one */
        bb_return_path p;
        bb_token out;
        bb_str shown = bb_sub(bb_cstr(text), 0, places[i].tag ? BB_TAG_LEN : BB_TOKEN_LEN);
        bb_str address = bb_cat(&arena, bb_cstr(places[i].before), shown, bb_cstr(places[i].behind));
        bool passes = bb_return_path_read(&arena, address, &p) &&
                      bb_return_path_verify(&arena, &ring, &p, 0, 0, &out) == BB_TOKEN_OK;
        if (passes != (made == places[i].holds && is_tag == places[i].tag)) return false;
    }
    return true;
}

static void purposes(void)
{
    bool held = true, refused = true;
    bb_str bound = BB_S("n\0u@d.com\0b.example");
    for (int i = 0; i < ROUNDS; i++) {
        char text[BB_TOKEN_LEN + 1];
        bb_arena_reset(&arena);
        bb_purpose purpose = (bb_purpose)(i % 6);
        bool tag = purpose == BB_PURPOSE_TAG || purpose == BB_PURPOSE_MAILING;
        bb_token t = random_token();
        refused &=
            tag ? !bb_token_encode(&keys[0], purpose, t, text) : !bb_tag_encode(&keys[0], purpose, bound, t, text);
        held &= (tag ? bb_tag_encode(&keys[0], purpose, purpose == BB_PURPOSE_TAG ? bound : (bb_str){0}, t, text)
                     : bb_token_encode(&keys[0], purpose, t, text)) &&
                one_purpose(purpose, !t.subscriber, text);
    }
    ok(held, "of all places a token or tag could stand in, it holds in those of its purpose alone");
    ok(refused, "the two kinds share no purpose");
}

/* ---- wrappings --------------------------------------------------------------------------------------------- */

/* What somebody on the way makes of local@domain. */
static void wrap(bb_str *local, bb_str *domain)
{
    static const char separators[] = "=+-";
    char sep = separators[tap_below(&state, 3)];
    switch (tap_below(&state, 5)) {
    case 0: *local = bb_sprintf(&arena, "prvs=1234abcdef=" BB_FMT, BB_ARG(*local)); return;
    case 1: *local = bb_sprintf(&arena, "btv1==123abc==" BB_FMT, BB_ARG(*local)); return;
    case 2:
        *local = bb_sprintf(&arena, "SRS0%cHHHH=TT=" BB_FMT "=" BB_FMT, sep, BB_ARG(*domain), BB_ARG(*local));
        break;
    case 3:
        *local = bb_sprintf(&arena, "srs1=HHHH=one.example=%cHHHH=TT=" BB_FMT "=" BB_FMT, sep, BB_ARG(*domain),
                            BB_ARG(*local));
        break;
    default: *local = bb_sprintf(&arena, "u+SRS=HHHH=TT=" BB_FMT "=" BB_FMT, BB_ARG(*domain), BB_ARG(*local)); break;
    }
    *domain = BB_S("forwarder.example");
}

static void wrapped(void)
{
    bool held = true, plain = true;
    for (int i = 0; i < ROUNDS; i++) {
        bb_token t, out;
        bb_str to, written = {0}, local, domain;
        bb_return_path bare, p;
        bb_arena_reset(&arena);
        bb_form form = i % 2 ? BB_FORM_SIGNED_VERP : BB_FORM_MAILING;
        if (!tagged(form, &keys[0], &t, &to, &written) || !bb_return_path_read(&arena, written, &bare)) continue;
        bool ours = bb_address_split(written, &local, &domain);
        for (uint64_t times = 1 + tap_below(&state, 4); times--;) wrap(&local, &domain);
        bb_str whole = bb_cat(&arena, local, BB_S("@"), domain);
        held &= ours && bb_return_path_read(&arena, whole, &p) && p.form == form && bb_eq(p.victim, bare.victim) &&
                bb_eq(p.base, bare.base) && bb_eq(p.domain, bare.domain) && bb_eq(p.address, whole) &&
                verifies(whole, form, &out) == BB_TOKEN_OK;
        /* A number is read whole or not at all, whatever the wrapping lost on the way. */
        local = BB_S("bounce-271828");
        domain = BB_S("b.example");
        wrap(&local, &domain);
        size_t lost = (size_t)tap_below(&state, local.n);
        bb_str cut = bb_cat(&arena, bb_sub(local, 0, lost), bb_sub(local, lost + 1, BB_NPOS),
                            bb_cat(&arena, BB_S("@"), domain, BB_S("")));
        bool within = lost >= local.n - 6; /* then a digit is what was lost, and nobody can know */
        if (!within && bb_return_path_read(&arena, cut, &p) && p.form == BB_FORM_PLAIN)
            plain &= bb_eq(p.number, BB_S("271828"));
    }
    ok(held, "what is wrapped up to four times is read as what it was");
    ok(plain, "a wrapping that lost an octet shows no other number");
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
    tagged_paths();
    purposes();
    wrapped();
    bb_arena_free(&arena);
    return tap_done();
}
