/* SPDX-License-Identifier: MIT
 *
 * verp: tokens against vectors that another implementation wrote, return paths read and written.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/verp/verp.h"
#include "vectors.h"

static bb_arena arena;

/* ---- vectors ---------------------------------------------------------------------------------------- */

static bool same_fields(const bb_token *got, bb_str *c)
{
    return got->key == vectors_number(c[T_KEY]) && got->day == vectors_number(c[T_DAY]) &&
           got->mailing == vectors_number(c[T_MAILING]) && got->subscriber == vectors_number(c[T_SUBSCRIBER]);
}

static void vector(bb_str *c, int line)
{
    bb_key key = {.id = (uint8_t)vectors_number(c[T_KEY])};
    ok(vectors_secret(c[T_SECRET], key.secret), "line %d: a secret of %d octets", line, BB_KEY_BYTES);
    bb_keyring ring = {&key, 1};
    bb_purpose purpose = (bb_purpose)vectors_purpose(c[T_PURPOSE]);
    bb_token got = {0};
    bb_token_result r = bb_token_decode(&ring, purpose, c[T_TOKEN], (bb_time)vectors_number(c[T_AT]),
                                        (int64_t)vectors_number(c[T_LIFETIME]), &got);
    is_str(bb_cstr(bb_token_result_word(r)), c[T_RESULT], "line %d: verifying says so", line);
    if (r != BB_TOKEN_OK && r != BB_TOKEN_EXPIRED) {
        ok(!got.subscriber, "line %d: nothing is said of what was not verified", line);
        return;
    }
    char text[BB_TOKEN_LEN + 1];
    ok(same_fields(&got, c), "line %d: the fields come back", line);
    ok(bb_token_encode(&key, purpose, got, text) && bb_ieq(bb_cstr(text), c[T_TOKEN]), "line %d: and give the token",
       line);
    bb_return_path path;
    bb_str address = bb_sprintf(&arena, BB_FMT "@b.example", BB_ARG(c[T_LOCAL]));
    if (purpose != BB_PURPOSE_RETURN_PATH || r != BB_TOKEN_OK) return;
    ok(bb_return_path_read(&arena, address, &path) && path.form == BB_FORM_SIGNED && bb_ieq(path.token, c[T_TOKEN]),
       "line %d: the local part is read as signed", line);
}

/* ---- vectors of return paths -------------------------------------------------------------------------- */

static void written_as(const bb_key *key, bb_token t, bb_str *c, int line)
{
    char text[BB_TOKEN_LEN + 1] = "";
    bb_str got = {0}, base = vectors_text(c[P_BASE]), victim = vectors_text(c[P_VICTIM]), domain = c[P_DOMAIN];
    bool good = false;
    if (bb_eq(c[P_FORM], BB_S("signed-verp")))
        good = bb_return_path_signed_verp(&arena, key, t, base, victim, domain, &got, NULL);
    else if (bb_eq(c[P_FORM], BB_S("mailing")))
        good = bb_return_path_mailing(&arena, key, t, victim, domain, &got, NULL);
    else if (bb_eq(c[P_FORM], BB_S("signed")))
        good = bb_token_encode(key, BB_PURPOSE_RETURN_PATH, t, text) &&
               bb_return_path_signed(&arena, text, domain, &got, NULL);
    else if (bb_eq(c[P_FORM], BB_S("envid"))) {
        good = bb_token_encode(key, BB_PURPOSE_ENVID, t, text);
        got = bb_cstr(text);
    } else
        good = bb_token_encode(key, BB_PURPOSE_UNSUBSCRIBE, t, text) &&
               bb_return_path_unsubscribe(&arena, text, domain, &got, NULL);
    ok(good, "line %d: it can be written", line);
    is_str(got, c[P_ADDRESS], "line %d: as others write it", line);
}

static void path_vector(bb_str *c, int line)
{
    bb_key key = {.id = (uint8_t)vectors_number(c[P_KEY])};
    bb_keyring ring = {&key, 1};
    bb_return_path p = {0};
    bb_token t = {0};
    ok(vectors_secret(c[P_SECRET], key.secret), "line %d: a secret", line);
    bool read = bb_return_path_read(&arena, c[P_ADDRESS], &p);
    is_str(bb_cstr(read ? bb_form_word(p.form) : ""), c[P_FORM], "line %d: form", line);
    is_str(p.base, vectors_text(c[P_BASE]), "line %d: base", line);
    is_str(p.victim, vectors_text(c[P_VICTIM]), "line %d: recipient", line);
    is_str(p.domain, vectors_text(c[P_DOMAIN]), "line %d: domain", line);
    bb_token_result r = bb_return_path_verify(&arena, &ring, &p, (bb_time)vectors_number(c[P_AT]),
                                              (int64_t)vectors_number(c[P_LIFETIME]), &t);
    is_str(bb_cstr(bb_token_result_word(r)), c[P_RESULT], "line %d: verifying says so", line);
    if (r != BB_TOKEN_OK && r != BB_TOKEN_EXPIRED) return;
    ok(t.key == key.id && t.day == vectors_number(c[P_DAY]) && t.mailing == vectors_number(c[P_MAILING]) &&
           t.subscriber == vectors_number(c[P_SUBSCRIBER]),
       "line %d: the fields come back", line);
    if (bb_eq(c[P_WRITTEN], BB_S("as"))) written_as(&key, t, c, line);
}

static void vectors(void)
{
    vectors_each(VECTORS_TOKENS, T_COLUMNS, vector);
    vectors_each(VECTORS_PATHS, P_COLUMNS, path_vector);
}

/* ---- what encoding refuses, and the ring ------------------------------------------------------------- */

static void edges(void)
{
    char text[BB_TOKEN_LEN + 1];
    bb_token out;
    bb_key none = {.id = 0}, key = {.id = 9};
    ok(!bb_token_encode(&none, BB_PURPOSE_PROBE, (bb_token){.subscriber = 1}, text), "key id 0 signs nothing");
    ok(!bb_token_encode(&key, BB_PURPOSE_PROBE, (bb_token){.subscriber = BB_SUBSCRIBER_MAX + 1}, text),
       "a subscriber of 41 bits is refused");
    ok(bb_token_encode(&key, BB_PURPOSE_PROBE, (bb_token){.subscriber = BB_SUBSCRIBER_MAX}, text),
       "one of 40 bits is not");
    is_int(strlen(text), BB_TOKEN_LEN, "a token's length");

    bb_key keys[] = {{.id = 1}, {.id = 2}, {.id = 3, .retired = true}};
    bb_keyring ring = {keys, 3}, empty = {0};
    ok(bb_keyring_signer(&ring) == &keys[1], "the last key that is not retired signs");
    ok(!bb_keyring_signer(&empty), "an empty ring has no signer");
    ok(bb_token_encode(&keys[2], BB_PURPOSE_PROBE, (bb_token){.subscriber = 1}, text), "a token of a key now retired");
    is_int(bb_token_decode(&ring, BB_PURPOSE_PROBE, bb_cstr(text), 0, 0, &out), BB_TOKEN_UNKNOWN_KEY,
           "verifies no more");
    ok(bb_token_peek(bb_cstr(text), &out) && out.key == 3 && out.subscriber == 1, "and can still be shown");
    is_int(bb_token_decode(&ring, BB_PURPOSE_PROBE, (bb_str){0}, 0, 0, &out), BB_TOKEN_MALFORMED, "nothing at all");
    is_cstr(bb_token_result_word((bb_token_result)99), "", "a result that is none has no word");
    is_cstr(bb_form_word(BB_FORM_VERP), "verp", "a form's word");
    is_cstr(bb_form_word((bb_form)99), "", "a form that is none has no word");
}

/* ---- reading ------------------------------------------------------------------------------------------ */

#define T   "aa5isyaaaaagaab23zukzseqiq44pvmfl"
#define TU  "AA5ISYAAAAAGAAB23ZUKZSEQIQ44PVMFL"
#define G24 "a5isyaaaaagdvs4mhzylydf5"
#define G   "a" G24
#define GU  "AA5ISYAAAAAGDVS4MHZYLYDF5"
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* What the three texts mean depends on the form: token or number or base; victim; domain. */
static const struct {
    const char *name, *address;
    bb_form form;
    const char *what, *victim, *domain;
} reads[] = {
    {"signed", "bounce-" T "@b.example", BB_FORM_SIGNED, T, "", "b.example"},
    {"signed in brackets", " <bounce-" T "@b.example> ", BB_FORM_SIGNED, T, "", "b.example"},
    {"signed, upper case", "BOUNCE-" TU "@B.Example", BB_FORM_SIGNED, T, "", "B.Example"},
    {"signed, quoted", "\"bounce-" T "\"@b.example", BB_FORM_SIGNED, T, "", "b.example"},
    {"signed, quoted with a backslash", "\"bounce\\-" T "\"@b.example", BB_FORM_SIGNED, T, "", "b.example"},
    {"signed at an address literal", "bounce-" T "@[192.0.2.1]", BB_FORM_SIGNED, T, "", "[192.0.2.1]"},
    {"signed with an extension is VERP or nothing", "bounce-" T "+x@b.example", BB_FORM_NONE, "", "", ""},
    {"a recipient behind a token", "bounce-" T "+u=d.example@b.example", BB_FORM_VERP, "bounce-" T, "u@d.example",
     "b.example"},
    {"a character short", "bounce-aa5isyaaaaagaab23zukzseqiq44pvmf@b.example", BB_FORM_NONE, "", "", ""},
    {"a character more", "bounce-" T "a@b.example", BB_FORM_NONE, "", "", ""},
    {"another version letter", "bounce-ba5isyaaaaagaab23zukzseqiq44pvmfl@b.example", BB_FORM_NONE, "", "", ""},
    {"another prefix", "xbounce-" T "@b.example", BB_FORM_NONE, "", "", ""},
    {"unsubscribe", "unsubscribe-" T "@b.example", BB_FORM_UNSUBSCRIBE, T, "", "b.example"},
    {"unsubscribe with a number is nothing", "unsubscribe-7@b.example", BB_FORM_NONE, "", "", ""},
    {"an envelope id", " " TU " ", BB_FORM_ENVID, T, "", ""},
    {"an envelope id and something else", T " x", BB_FORM_NONE, "", "", ""},
    {"signed VERP", "n+u=d.com=" G "@b.example", BB_FORM_SIGNED_VERP, "n", "u@d.com", "b.example"},
    {"signed VERP: the last = divides", "n+a=b=d.com=" G "@b.example", BB_FORM_SIGNED_VERP, "n", "a=b@d.com",
     "b.example"},
    {"signed VERP, upper case", "N+U=D.COM=" GU "@b.example", BB_FORM_SIGNED_VERP, "N", "U@D.COM", "b.example"},
    {"signed VERP over 64 octets", "n+" A64 "=d.com=" G "@b.example", BB_FORM_SIGNED_VERP, "n", A64 "@d.com",
     "b.example"},
    {"signed VERP with nobody", "n+=" G "@b.example", BB_FORM_NONE, "", "", ""},
    {"a damaged tag is a tag", "n+u=d.com=aa5i-11111111111111111111@b.example", BB_FORM_SIGNED_VERP, "n", "u@d.com",
     "b.example"},
    {"a tag of another version is none", "n+u=d.com=b" G24 "@b.example", BB_FORM_VERP, "n", "u=d.com@b" G24,
     "b.example"},
    {"a mailing", "bounce-" G "+u=d.com@b.example", BB_FORM_MAILING, G, "u@d.com", "b.example"},
    {"a mailing: = and +", "bounce-" G "+a=b+c=d.com@b.example", BB_FORM_MAILING, G, "a=b+c@d.com", "b.example"},
    {"a mailing, quoted", "\"bounce-" G "+a b=d.com\"@b.example", BB_FORM_MAILING, G, "\"a b\"@d.com", "b.example"},
    {"a mailing alone", "bounce-" G "@b.example", BB_FORM_MAILING, G, "", "b.example"},
    {"a mailing and something else", "bounce-" G "+u@b.example", BB_FORM_NONE, "", "", ""},
    {"a mailing and something else without a +", "bounce-" G "x+u=d.com@b.example", BB_FORM_VERP, "bounce-" G "x",
     "u@d.com", "b.example"},

    {"plain", "bounce-123456789@example.com", BB_FORM_PLAIN, "123456789", "", "example.com"},
    {"plain, any case", "Bounce-7@example.com", BB_FORM_PLAIN, "7", "", "example.com"},
    {"plain keeps its zeros", "bounce-007@example.com", BB_FORM_PLAIN, "007", "", "example.com"},
    {"plain of 18 digits", "bounce-999999999999999999@example.com", BB_FORM_PLAIN, "999999999999999999", "",
     "example.com"},
    {"19 digits are too many", "bounce-1999999999999999999@example.com", BB_FORM_NONE, "", "", ""},
    {"33 digits are no token", "bounce-222222222222222222222222222222222@example.com", BB_FORM_NONE, "", "", ""},
    {"no digits", "bounce-@example.com", BB_FORM_NONE, "", "", ""},
    {"a sign", "bounce--1@example.com", BB_FORM_NONE, "", "", ""},
    {"a letter behind", "bounce-1a@example.com", BB_FORM_NONE, "", "", ""},
    {"a space behind", "bounce-1 @example.com", BB_FORM_NONE, "", "", ""},
    {"something behind the domain", "bounce-1@example.com x", BB_FORM_NONE, "", "", ""},
    {"no domain", "bounce-1@", BB_FORM_NONE, "", "", ""},
    {"no @", "bounce-1", BB_FORM_NONE, "", "", ""},
    {"digits alone", "123456789@example.com", BB_FORM_NONE, "", "", ""},
    {"another dash",
     "bounce\xE2\x80\x93"
     "1@example.com",
     BB_FORM_NONE, "", "", ""},

    {"VERP", "newsletter+user=domain.com@example.com", BB_FORM_VERP, "newsletter", "user@domain.com", "example.com"},
    {"VERP: = in the user", "n+a=b=d.com@e.com", BB_FORM_VERP, "n", "a=b@d.com", "e.com"},
    {"VERP: + in the user", "n+x+y=d.com@e.com", BB_FORM_VERP, "n", "x+y@d.com", "e.com"},
    {"VERP: both in the user", "n+x+y=z=d.com@e.com", BB_FORM_VERP, "n", "x+y=z@d.com", "e.com"},
    {"VERP: an apostrophe", "n+o'hara=d.com@e.com", BB_FORM_VERP, "n", "o'hara@d.com", "e.com"},
    {"VERP keeps the spelling", "News+User=Domain.COM@e.com", BB_FORM_VERP, "News", "User@Domain.COM", "e.com"},
    {"VERP: = in the base", "a=b+u=d.com@e.com", BB_FORM_VERP, "a=b", "u@d.com", "e.com"},
    {"VERP: a user with = alone", "n+===d.com@e.com", BB_FORM_VERP, "n", "==@d.com", "e.com"},
    {"VERP: quoted as Postfix does", "\"n+a b=d.com\"@e.com", BB_FORM_VERP, "n", "\"a b\"@d.com", "e.com"},
    {"VERP: an @ within", "\"n+a@b=d.com\"@e.com", BB_FORM_VERP, "n", "\"a@b\"@d.com", "e.com"},
    {"VERP: quotes within", "\"n+a\\\"b=d.com\"@e.com", BB_FORM_VERP, "n", "\"a\\\"b\"@d.com", "e.com"},
    {"VERP: only the user quoted", "n+\"a b\"=d.com@e.com", BB_FORM_VERP, "n", "\"a b\"@d.com", "e.com"},
    {"VERP: quoted for no need", "\"n+u=d.com\"@e.com", BB_FORM_VERP, "n", "u@d.com", "e.com"},
    {"VERP over 64 octets", "n+" A64 "=d.com@e.com", BB_FORM_VERP, "n", A64 "@d.com", "e.com"},
    {"VERP: UTF-8", "n+j\xC3\xB8rn=bl\xC3\xA5.example@e.com", BB_FORM_VERP, "n", "j\xC3\xB8rn@bl\xC3\xA5.example",
     "e.com"},
    {"VERP: a base over 64 octets", A64 A64 "+u=d.com@e.com", BB_FORM_VERP, A64 A64, "u@d.com", "e.com"},
    {"VERP: bytes that are no text", "n+j\xF8rn=d.com@e.com", BB_FORM_NONE, "", "", ""},
    {"VERP: a user over 64 octets is no address", "n+a" A64 "=d.com@e.com", BB_FORM_NONE, "", "", ""},
    {"VERP: no base", "+user=domain.com@example.com", BB_FORM_NONE, "", "", ""},
    {"VERP: no user", "n+=domain.com@example.com", BB_FORM_NONE, "", "", ""},
    {"VERP: quoted, no user", "\"n+=domain.com\"@example.com", BB_FORM_NONE, "", "", ""},
    {"VERP: no domain inside", "n+user=@example.com", BB_FORM_NONE, "", "", ""},
    {"VERP: no =", "n+user@example.com", BB_FORM_NONE, "", "", ""},
    {"VERP: the = before the +", "n=user+domain.com@example.com", BB_FORM_NONE, "", "", ""},
    {"VERP: brackets within", "n+<user=domain.com>@example.com", BB_FORM_NONE, "", "", ""},
    {"VERP: a domain that is none", "n+user=domain..com@example.com", BB_FORM_NONE, "", "", ""},
    {"an ordinary address", "user@example.com", BB_FORM_NONE, "", "", ""},
    {"nothing", "", BB_FORM_NONE, "", "", ""},
    {"the null sender", "<>", BB_FORM_NONE, "", "", ""},

    {"BATV around signed", "prvs=1234abcdef=bounce-" T "@b.example", BB_FORM_SIGNED, T, "", "b.example"},
    {"BATV of an appliance", "btv1==123abc==bounce-" T "@b.example", BB_FORM_SIGNED, T, "", "b.example"},
    {"BATV around VERP", "PRVS=1234abcdef=n+a=b=d.com@e.com", BB_FORM_VERP, "n", "a=b@d.com", "e.com"},
    {"SRS0", "SRS0=HHH=TT=b.example=bounce-" T "@fwd.example", BB_FORM_SIGNED, T, "", "b.example"},
    {"SRS0, other separators", "srs0+HHH=TT=b.example=bounce-7@fwd.example", BB_FORM_PLAIN, "7", "", "b.example"},
    {"SRS0 around VERP", "SRS0=HHH=TT=e.com=n+a=b=d.com@fwd.example", BB_FORM_VERP, "n", "a=b@d.com", "e.com"},
    {"SRS1", "SRS1=HHH=fwd.example==HHH=TT=b.example=bounce-" T "@two.example", BB_FORM_SIGNED, T, "", "b.example"},
    {"SRS1, other separators", "SRS1-HHH=fwd.example=+HHH=TT=b.example=bounce-7@two.example", BB_FORM_PLAIN, "7", "",
     "b.example"},
    {"SRS0 around BATV", "SRS0=HHH=TT=b.example=prvs=1234abcdef=bounce-7@fwd.example", BB_FORM_PLAIN, "7", "",
     "b.example"},
    {"BATV of Momentum", "msprvs1=17829BaWqSzYr=bounce-7@b.example", BB_FORM_PLAIN, "7", "", "b.example"},
    {"SRS of Microsoft 365", "u+SRS=44ldt=IX=b.example=bounce-7@fwd.example", BB_FORM_PLAIN, "7", "", "b.example"},
    {"SRS of Microsoft 365, without a mailbox", "+SRS=44ldt=IX=b.example=bounce-7@fwd.example", BB_FORM_NONE, "", "",
     ""},
    {"SRS1 around SRS0 of another first separator", "SRS1=HHH=one.example=-HHH=TT=b.example=bounce-7@two.example",
     BB_FORM_PLAIN, "7", "", "b.example"},
    {"SRS1 without its own = is refused, not guessed", "SRS1=HHH=one.example=HHH=TT=b.example=bounce-7@two.example",
     BB_FORM_NONE, "", "", ""},
    {"SRS1 around SRS1", "SRS1=H=two.example==H=one.example==H=T=b.example=bounce-7@three.example", BB_FORM_NONE, "",
     "", ""},
    {"SRS0 that lost its time", "SRS0=HHH=b.example=bounce-7@fwd.example", BB_FORM_NONE, "", "", ""},
    {"SRS0 with a field too many", "SRS0=HHH=TT=TT=b.example=bounce-7@fwd.example", BB_FORM_NONE, "", "", ""},
    {"SRS2 is nobody's", "SRS2=HHH=TT=b.example=bounce-7@fwd.example", BB_FORM_NONE, "", "", ""},
    {"SRS0 without a separator", "SRS0HHH=TT=b.example=bounce-7@fwd.example", BB_FORM_NONE, "", "", ""},
    {"BATV of which a = was lost", "btv1==123abc=bounce-7@b.example", BB_FORM_NONE, "", "", ""},
    {"BATV the wrong way round", "prvs=bounce-7=1234abcdef@b.example", BB_FORM_NONE, "", "", ""},
    {"BATV with an extension behind", "prvs=1234abcdef=bounce-7+x@b.example", BB_FORM_NONE, "", "", ""},
    {"SRS0 in pieces", "SRS0=HHH=TT=bounce-7@fwd.example", BB_FORM_NONE, "", "", ""},
    {"SRS1 in pieces", "SRS1=HHH=fwd.example=HHH=TT=bounce-7@fwd.example", BB_FORM_NONE, "", "", ""},
    {"SRS0 with a domain that is none", "SRS0=H=T=b example=bounce-7@fwd.example", BB_FORM_NONE, "", "", ""},
    {"BATV around nothing", "prvs=1234abcdef=@b.example", BB_FORM_NONE, "", "", ""},
    {"BATV without a tag", "prvs==bounce-7@b.example", BB_FORM_NONE, "", "", ""},
    {"wrapped without end", "prvs=a=prvs=a=prvs=a=prvs=a=prvs=a=bounce-7@b.example", BB_FORM_NONE, "", "", ""},
};

static void reading(void)
{
    for (size_t i = 0; i < BB_COUNT(reads); i++) {
        bb_return_path p = {0};
        bool is = bb_return_path_read(&arena, bb_cstr(reads[i].address), &p);
        if (!is_cstr(is ? bb_form_word(p.form) : "", bb_form_word(reads[i].form), "form: %s", reads[i].name)) continue;
        bb_str what = p.base.n ? p.base : p.form == BB_FORM_PLAIN ? p.number : p.token;
        is_str(what, bb_cstr(reads[i].what), "what it holds: %s", reads[i].name);
        is_str(p.victim, bb_cstr(reads[i].victim), "whom it names: %s", reads[i].name);
        is_str(p.domain, bb_cstr(reads[i].domain), "domain: %s", reads[i].name);
    }
    bb_return_path p;
    ok(bb_return_path_read(&arena, BB_S(" <Bounce-7@Example.COM> "), &p), "a return path in brackets");
    is_str(p.address, BB_S("Bounce-7@Example.COM"), "is kept whole, as found, without them");
    ok(!bb_return_path_read(&arena, (bb_str){"bounce-7\0@example.com", 21}, &p), "a NUL is no digit");
    ok(!bb_return_path_read(&arena, (bb_str){"n+u\0x=d.com@example.com", 23}, &p), "nor part of an address");
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *base, *recipient, *domain, *want, *error;
    char delimiter;
} writes[] = {
    {"VERP", "newsletter", "user@domain.com", "example.com", "newsletter+user=domain.com@example.com", "", '+'},
    {"= and +", "n", "x+a=b@d.com", "e.com", "n+x+a=b=d.com@e.com", "", '+'},
    {"an IDN recipient", "n", "u@bl\xC3\xA5.example", "e.com", "n+u=xn--bl-zia.example@e.com", "", '+'},
    {"an IDN bounce domain", "n", "u@d.com", "bl\xC3\xA5.example", "n+u=d.com@xn--bl-zia.example", "", '+'},
    {"quotes for no need", "n", "\"user\"@d.com", "e.com", "n+user=d.com@e.com", "", '+'},
    {"a recipient in quotes", "n", "\"a b\"@d.com", "e.com", "", "quotes", '+'},
    {"a UTF-8 recipient", "n", "j\xC3\xB8rn@d.com", "e.com", "", "ASCII", '+'},
    {"a recipient that is none", "n", "user", "e.com", "", "recipient: no @", '+'},
    {"a literal", "n", "u@[192.0.2.1]", "e.com", "", "return path: ", '+'},
    {"64 octets", "n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@12345.com", "e.com",
     "n+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=12345.com@e.com", "", '+'},
    {"65 octets", "n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@12345.com", "e.com", "", "at most 64",
     '+'},
    {"no base", "", "u@d.com", "e.com", "", "read back", '+'},
    {"the delimiter in the base", "a+b", "u@d.com", "e.com", "", "read back", '+'},
    {"another delimiter", "n", "u@d.com", "e.com", "", "read back", '-'},
    {"a base that reads as a wrapping", "prvs=x=n", "u@d.com", "e.com", "", "read back", '+'},
    {"a base with a space", "a b", "u@d.com", "e.com", "", "return path: ", '+'},
    {"no domain", "n", "u@d.com", "", "", "return path: ", '+'},
    {"a domain with an @", "n", "u@d.com", "x@e.com", "", "return path: ", '+'},
};

static void writing(void)
{
    for (size_t i = 0; i < BB_COUNT(writes); i++) {
        bb_str got = {0};
        bb_err err = {0};
        bool written = bb_return_path_verp(&arena, bb_cstr(writes[i].base), writes[i].delimiter,
                                           bb_cstr(writes[i].recipient), bb_cstr(writes[i].domain), &got, &err);
        is_str(got, bb_cstr(writes[i].want), "written: %s", writes[i].name);
        ok(written == !*writes[i].error && bb_find(bb_cstr(err.text), bb_cstr(writes[i].error)) != BB_NPOS,
           "error: %s (%s)", writes[i].name, err.text);
    }
    bb_str got;
    ok(bb_return_path_signed(&arena, TU, BB_S("B.Example"), &got, NULL), "a signed return path");
    is_str(got, BB_S("bounce-" T "@b.example"), "is lower case");
    is_int(bb_chr(got, '@'), BB_SIGNED_LOCAL_LEN, "and of 40 octets before the @");
    ok(!bb_return_path_signed(&arena, "123", BB_S("b.example"), &got, NULL), "what is no token gives none");
    ok(!bb_return_path_signed(&arena, T, BB_S(""), &got, NULL), "nor does an empty domain");
    ok(bb_return_path_plain(&arena, 123456789, BB_S("example.com"), &got, NULL), "a plain return path");
    is_str(got, BB_S("bounce-123456789@example.com"), "as scripts write it");
    ok(!bb_return_path_plain(&arena, 1000000000000000000U, BB_S("example.com"), &got, NULL),
       "a number of 19 digits would not be read");
}

/* ---- memory ------------------------------------------------------------------------------------------- */

static void out_of_memory(void)
{
    bb_return_path p;
    bb_arena small;
    bool held = true;
    for (size_t limit = 0; limit < 4096; limit += 16) {
        bb_arena_init(&small, &tap_alloc, limit);
        bool is = bb_return_path_read(&small, BB_S("\"n+a b=d.com\"@e.com"), &p);
        held &= is == !small.failed && (!is || bb_eq(p.victim, BB_S("\"a b\"@d.com")));
        bb_arena_free(&small);
    }
    ok(held, "too little memory says so and never gives half a reading");
}

int main(void)
{
    if (sodium_init() < 0) return 1;
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    vectors();
    edges();
    reading();
    writing();
    out_of_memory();
    bb_arena_free(&arena);
    return tap_done();
}
