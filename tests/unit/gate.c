/* SPDX-License-Identifier: MIT
 *
 * gate: what is answered at RCPT, as a table; whose mail is meant; who is suppressed.
 */
#include <sodium.h>

#include "core/base/address.h"
#include "core/gate/gate.h"
#include "tap.h"

#define TODAY    ((bb_time)20780 * BB_DAY + 15 * BB_HOUR)
#define LIFETIME (30 * BB_DAY)

static bb_arena arena;
static bb_key keys[] = {{.id = 7}, {.id = 8}, {.id = 9, .retired = true}};

/* ---- return paths ---------------------------------------------------------------------------------- */

typedef enum {
    SIGNED,
    UNSUBSCRIBE,
    ENVID_AS_PATH,
    UNSUBSCRIBE_AS_PATH,
    PATH_AS_UNSUBSCRIBE,
    PROBE,
    PATH_AS_PROBE,
    TAGGED,
    MAILING
} maker;

/* A token of that key, made so many days ago, in the form of an address at b.example. */
static bb_str made(maker how, size_t key, int days)
{
    static const bb_purpose purposes[] = {[SIGNED] = BB_PURPOSE_RETURN_PATH,
                                          [UNSUBSCRIBE] = BB_PURPOSE_UNSUBSCRIBE,
                                          [ENVID_AS_PATH] = BB_PURPOSE_ENVID,
                                          [UNSUBSCRIBE_AS_PATH] = BB_PURPOSE_UNSUBSCRIBE,
                                          [PATH_AS_UNSUBSCRIBE] = BB_PURPOSE_RETURN_PATH,
                                          [PROBE] = BB_PURPOSE_PROBE,
                                          [PATH_AS_PROBE] = BB_PURPOSE_RETURN_PATH};
    char text[BB_TOKEN_LEN + 1] = "";
    bb_token t = {.day = (uint16_t)(TODAY / BB_DAY - days), .mailing = 12, .subscriber = 345};
    bb_str out = {0}, domain = BB_S("b.example");
    bool good = true;
    if (how == PROBE || how == PATH_AS_PROBE) t.subscriber = 0;
    if (how == TAGGED)
        return bb_return_path_signed_verp(&arena, &keys[key], t, BB_S("news"), BB_S("ann@x.example"), domain, &out,
                                          NULL)
                   ? out
                   : (bb_str){0};
    if (how == MAILING)
        return bb_return_path_mailing(&arena, &keys[key], t, BB_S("ann@x.example"), domain, &out, NULL) ? out
                                                                                                        : (bb_str){0};
    good = bb_token_encode(&keys[key], purposes[how], t, text);
    if (how == UNSUBSCRIBE || how == PATH_AS_UNSUBSCRIBE)
        good = good && bb_return_path_unsubscribe(&arena, text, domain, &out, NULL);
    else good = good && bb_return_path_signed(&arena, text, domain, &out, NULL);
    return good ? out : (bb_str){0};
}

/* `wrap` has a * where the local part goes. */
static bb_str wrapped(const char *wrap, bb_str address)
{
    bb_str local, domain, whole = bb_cstr(wrap);
    size_t star = bb_chr(whole, '*');
    if (star == BB_NPOS || !bb_address_split(address, &local, &domain)) return address;
    return bb_cat(&arena, bb_sub(whole, 0, star), local, bb_sub(whole, star + 1, BB_NPOS));
}

static void return_paths(void)
{
    static const char LOCAL_UPPER[] = "*@B.Example.", BATV[] = "prvs=4711abcdef=*@b.example",
                      SRS[] = "SRS0=ab1=T2=b.example=*@forwarder.example",
                      OTHER_SRS[] = "SRS0=ab1=T2=other.example=*@b.example", OTHER[] = "*@other.example",
                      BELOW[] = "*@sub.b.example";
    static const struct {
        const char *name;
        maker how;
        size_t key;
        int days;
        const char *wrap, *sender;
        bb_refusal want, null_only; /* where return paths take any sender, and the null sender only */
    } rows[] = {
        {"genuine", SIGNED, 0, 3, NULL, "", 0, 0},
        {"genuine, another key", SIGNED, 1, 0, NULL, "", 0, 0},
        {"genuine, from a person", SIGNED, 0, 3, NULL, "ann@x.example", 0, BB_REFUSAL_SENDER},
        {"in capitals", SIGNED, 0, 3, LOCAL_UPPER, "", 0, 0},
        {"as old as it may be", SIGNED, 0, 30, NULL, "", 0, 0},
        {"in the days of grace", SIGNED, 0, 34, NULL, "", 0, 0},
        {"expired", SIGNED, 0, 35, NULL, "", BB_REFUSAL_EXPIRED, BB_REFUSAL_EXPIRED},
        {"a probe", PROBE, 0, 3, NULL, "", 0, 0},
        {"a probe, expired", PROBE, 0, 40, NULL, "", BB_REFUSAL_EXPIRED, BB_REFUSAL_EXPIRED},
        {"a subscriber's in a probe", PATH_AS_PROBE, 0, 3, NULL, "", BB_REFUSAL_WRONG_MAC, BB_REFUSAL_WRONG_MAC},
        {"expired, from a person", SIGNED, 0, 36, NULL, "ann@x.example", BB_REFUSAL_EXPIRED, BB_REFUSAL_EXPIRED},
        {"a retired key", SIGNED, 2, 3, NULL, "", BB_REFUSAL_UNKNOWN_KEY, BB_REFUSAL_UNKNOWN_KEY},
        {"in BATV", SIGNED, 0, 3, BATV, "", 0, 0},
        {"expired, in BATV", SIGNED, 0, 40, BATV, "", BB_REFUSAL_EXPIRED, BB_REFUSAL_EXPIRED},
        {"in SRS", SIGNED, 0, 3, SRS, "", 0, 0},
        {"expired, in SRS", SIGNED, 0, 40, SRS, "", BB_REFUSAL_EXPIRED, BB_REFUSAL_EXPIRED},
        {"expired, another domain in SRS", SIGNED, 0, 40, OTHER_SRS, "", 0, 0},
        {"expired, at another domain", SIGNED, 0, 40, OTHER, "", 0, 0},
        {"expired, below our domain", SIGNED, 0, 40, BELOW, "", 0, 0},
        {"an unsubscribe token in a return path", UNSUBSCRIBE_AS_PATH, 0, 3, NULL, "", BB_REFUSAL_WRONG_MAC,
         BB_REFUSAL_WRONG_MAC},
        {"an envelope id in a return path", ENVID_AS_PATH, 0, 3, NULL, "", BB_REFUSAL_WRONG_MAC, BB_REFUSAL_WRONG_MAC},
        {"unsubscribing, from a person", UNSUBSCRIBE, 0, 3, NULL, "ann@x.example", 0, 0},
        {"unsubscribing years later", UNSUBSCRIBE, 0, 2000, NULL, "ann@x.example", 0, 0},
        {"unsubscribing with a return path's token", PATH_AS_UNSUBSCRIBE, 0, 3, NULL, "", BB_REFUSAL_WRONG_MAC,
         BB_REFUSAL_WRONG_MAC},
        {"a tag", TAGGED, 0, 3, NULL, "", 0, 0},
        {"a tag, expired", TAGGED, 0, 40, NULL, "", BB_REFUSAL_EXPIRED, BB_REFUSAL_EXPIRED},
        {"a tag in another base", TAGGED, 0, 3, "x*@b.example", "", BB_REFUSAL_WRONG_MAC, BB_REFUSAL_WRONG_MAC},
        {"a mailing's tag", MAILING, 0, 3, NULL, "", 0, 0},
        {"a mailing's tag, expired", MAILING, 0, 40, NULL, "", BB_REFUSAL_EXPIRED, BB_REFUSAL_EXPIRED},
    };
    const bb_str domains[] = {BB_S("a.example"), BB_S("b.example")};
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str to = wrapped(rows[i].wrap, made(rows[i].how, rows[i].key, rows[i].days));
        bb_gate_request r = {.sender = bb_cstr(rows[i].sender), .recipient = to, .now = TODAY};
        bb_gate g = {.keys = {keys, BB_COUNT(keys)}, .token_lifetime = LIFETIME, .domains = domains, .n_domains = 2};
        bb_gate_answer any = {0}, only = {0};
        bool good = to.n && bb_gate_judge(&arena, &g, &r, &any);
        g.null_only = true;
        good = good && bb_gate_judge(&arena, &g, &r, &only);
        ok(good && any.cause == rows[i].want && (any.verdict == BB_GATE_REFUSE) == (rows[i].want != 0), "%s: %s",
           rows[i].name, rows[i].want ? bb_refusal_word(rows[i].want) : "passes");
        ok(good && only.cause == rows[i].null_only, "%s, null sender only: %s", rows[i].name,
           rows[i].null_only ? bb_refusal_word(rows[i].null_only) : "passes");
        const char *code = any.cause == BB_REFUSAL_UNKNOWN_KEY ? "451 4.7.1 " : "550 5.7.1 ";
        if (any.cause) ok(bb_starts(any.action, bb_cstr(code)) && any.action.n < 200, "%s: %s", rows[i].name, code);
    }
}

/* Every bit of a token, and every character of it. */
static void altered(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    const bb_str domain = BB_S("b.example");
    bb_gate g = {.keys = {keys, BB_COUNT(keys)}, .token_lifetime = LIFETIME, .domains = &domain, .n_domains = 1};
    size_t passed = 0, refused = 0;
    for (size_t at = 0; at < BB_TOKEN_LEN - 1; at++)
        for (size_t l = 0; l < 32; l++) {
            bb_str path = made(SIGNED, 0, 3);
            char *c = (char *)(uintptr_t)&path.p[sizeof "bounce-a" - 1 + at];
            if (*c == letters[l]) continue;
            *c = letters[l];
            bb_gate_answer got;
            bb_gate_request r = {.recipient = path, .now = TODAY};
            if (!bb_gate_judge(&arena, &g, &r, &got)) continue;
            passed += got.verdict == BB_GATE_PASS;
            refused += got.cause == BB_REFUSAL_WRONG_MAC || got.cause == BB_REFUSAL_UNKNOWN_KEY;
        }
    ok(passed == 0 && refused == 32 * 31, "whatever character is another, it is refused (%zu)", refused);
}

/* ---- everybody else ---------------------------------------------------------------------------------- */

static void others(void)
{
    static const struct {
        const char *recipient, *sender, *client, *login;
        const char *key; /* whom to look up; NULL: passes */
    } rows[] = {
        {"bounce-123456789@b.example", "", "192.0.2.1", "", NULL},
        {"bounce-123456789@b.example", "shop@ours.example", "192.0.2.200", "", NULL},
        {"news+ann=x.example@b.example", "", "192.0.2.1", "", NULL},
        {"news+ann=x.example=a23456@b.example", "", "192.0.2.1", "", NULL},
        {"news+ann=x.example=a1!aaaaaaaaaaaaaaaaaaaaaa@b.example", "", "192.0.2.1", "", NULL},
        {"bounce-aafis2aaaaaaqaaaaaaasv457fmapkt@b.example", "", "192.0.2.1", "", NULL},
        {"postmaster@b.example", "", "192.0.2.1", "", NULL},
        {"postmaster", "shop@ours.example", "192.0.2.200", "", NULL},
        {"", "", "", "", NULL},
        {"@", "@", "@", "@", NULL},
        {"Ann@X.Example", "ann@x.example", "198.51.100.1", "", NULL},
        {"Ann@X.Example", "ann@x.example", "192.0.2.200", "", "ann@x.example"},
        {"Ann@X.Example", "Shop@Ours.example", "198.51.100.1", "", "ann@x.example"},
        {"Ann@X.Example", "shop@ours.example.org", "198.51.100.1", "", NULL},
        {"Ann@X.Example", "bounce-aafis2@bounces.ours.example", "198.51.100.1", "", "ann@x.example"},
        {"Ann@X.Example", "x@sub.bounces.ours.example", "198.51.100.1", "", NULL},
        {"Ann@X.Example", "ann@x.example", "198.51.100.1", "Relay", "ann@x.example"},
        {"Ann@X.Example", "ann@x.example", "198.51.100.1", "shop@ours.example", "ann@x.example"},
        {"Ann@X.Example", "", "2001:db8:1::7", "", "ann@x.example"},
        {"Ann@X.Example", "", "2001:db9::7", "", NULL},
        {"Ann@X.Example", "", "unknown", "", NULL},
    };
    bb_gate g = {.keys = {keys, BB_COUNT(keys)}, .token_lifetime = LIFETIME};
    const bb_str domain = BB_S("b.example");
    bb_network *networks = NULL;
    bb_str *senders = NULL;
    bb_err err;
    g.domains = &domain;
    g.n_domains = 1;
    ok(bb_networks_read(&arena, BB_S("192.0.2.128/25, [2001:db8::]/32"), &networks, &g.n_networks, &err) &&
           bb_senders_read(&arena, BB_S("shop@Ours.example @Bounces.ours.example relay"), &senders, &g.n_senders, &err),
       "networks and senders read");
    g.networks = networks;
    g.senders = senders;
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_gate_request r = {bb_cstr(rows[i].sender), bb_cstr(rows[i].recipient), bb_cstr(rows[i].client),
                             bb_cstr(rows[i].login), TODAY};
        bb_gate_answer got;
        bool good = bb_gate_judge(&arena, &g, &r, &got) && got.verdict == (rows[i].key ? BB_GATE_LOOK : BB_GATE_PASS);
        ok(good, "to <%s> from <%s> at %s %s: %s", rows[i].recipient, rows[i].sender, rows[i].client, rows[i].login,
           rows[i].key ? "is looked up" : "passes");
        if (rows[i].key) is_str(got.key, bb_cstr(rows[i].key), "as he is compared");
    }
}

static void networks(void)
{
    static const struct {
        const char *text, *address;
        bool in;
    } rows[] = {
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"[::1]/128", "::1", true},
        {"[::1]", "::2", false},
        {"127.0.0.0/8", "127.255.0.1", true},
        {"127.0.0.0/8", "128.0.0.1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"10.0.0.0/9", "10.127.9.9", true},
        {"10.0.0.0/9", "10.128.0.0", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"", "127.0.0.1", false},
        {" , 10.0.0.0/8\t,127.0.0.1 ", "127.0.0.1", true},
        {"::/0", "1.2.3.4", false},
    };
    static const char *const bad[] = {
        "x",           "192.0.2.0/33", "192.0.2.1/24", "[::1]/129",
        "::1/64",      "1.2.3",        "1.2.3.4/",     "/8",
        "[1.2.3.4",    "1.2.3.4/8/8",  "localhost",    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
        "192.0.2.0/-1"};
    bb_network *list;
    size_t n;
    bb_err err;
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        ok(bb_networks_read(&arena, bb_cstr(rows[i].text), &list, &n, &err) &&
               bb_networks_have(list, n, bb_cstr(rows[i].address)) == rows[i].in,
           "%s is %sin \"%s\"", rows[i].address, rows[i].in ? "" : "not ", rows[i].text);
    for (size_t i = 0; i < BB_COUNT(bad); i++)
        ok(!bb_networks_read(&arena, bb_cstr(bad[i]), &list, &n, &err) && err.code == BB_ECONFIG, "%s is no network",
           bad[i]);
    bb_str *senders;
    ok(!bb_senders_read(&arena, BB_S("@"), &senders, &n, &err) &&
           !bb_senders_read(&arena, BB_S("a@b c@@d"), &senders, &n, &err),
       "nor is @ a sender");
}

/* ---- suppression --------------------------------------------------------------------------------------- */

static void suppression(void)
{
    const bb_gate_standing bounced = {BB_S("news"), BB_STATUS_BOUNCED,    0, true, TODAY - BB_DAY,
                                      false,        BB_REASON_userunknown};
    bb_gate_standing by_hand = bounced, earlier = bounced,
                     other = {BB_S("shop"), BB_STATUS_ACTIVE, TODAY, true, BB_NO_TIME, false, 0};
    bb_gate_answer got;
    by_hand.by_hand = true;
    earlier.bounced -= 10 * BB_DAY;
    earlier.reason = BB_REASON_mailboxfull;
    ok(bb_gate_suppress(&arena, NULL, 0, &got) && got.verdict == BB_GATE_PASS, "nobody we know passes");
    ok(bb_gate_suppress(&arena, &bounced, 1, &got) && got.cause == BB_REFUSAL_SUPPRESSED, "bounced: refused");
    is_str(got.action,
           BB_S("550 5.7.1 suppressed by bouncebox: bounced on 2026-11-22 (there is no such user), list news"),
           "with reason and date");
    ok(bb_gate_suppress(&arena, &by_hand, 1, &got) && bb_find(got.action, BB_S("(set by hand)")) != BB_NPOS,
       "or who did it");
    const bb_gate_standing two[] = {earlier, bounced};
    ok(bb_gate_suppress(&arena, two, 2, &got) && bb_find(got.action, BB_S("no such user")) != BB_NPOS,
       "of several the latest is told");
    static const struct {
        bb_status status;
        bb_time since;
        bool mailed, passes;
    } rows[] = {{BB_STATUS_ACTIVE, TODAY, true, true},
                {BB_STATUS_QUARANTINED, TODAY, true, true},
                {BB_STATUS_ACTIVE, TODAY - 2 * BB_DAY, true, false},
                {BB_STATUS_ACTIVE, TODAY, false, false},
                {BB_STATUS_UNSUBSCRIBED, TODAY, true, false},
                {BB_STATUS_COMPLAINED, TODAY, true, false}};
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        other.status = rows[i].status;
        other.since = rows[i].since;
        other.mailed = rows[i].mailed;
        const bb_gate_standing both[] = {other, bounced};
        ok(bb_gate_suppress(&arena, both, 2, &got) && (got.verdict == BB_GATE_PASS) == rows[i].passes,
           "bounced here, %s there%s: %s", bb_status_word(rows[i].status), rows[i].since == TODAY ? " since then" : "",
           rows[i].passes ? "passes" : "refused");
        ok(bb_gate_suppress(&arena, both, 1, &got) && got.verdict == BB_GATE_PASS, "%s alone passes",
           bb_status_word(rows[i].status));
    }
}

int main(void)
{
    if (sodium_init() < 0) return 1;
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    for (size_t i = 0; i < BB_COUNT(keys); i++) memset(keys[i].secret, 'a' + (int)i, sizeof keys[i].secret);
    return_paths();
    altered();
    others();
    networks();
    suppression();
    bb_arena_free(&arena);
    return tap_done();
}
