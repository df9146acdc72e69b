/* SPDX-License-Identifier: MIT
 *
 * policy: histories written as people tell them, and what becomes of the subscriber.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/policy.h"
#include "tap.h"

static bb_arena arena;

#define START ((bb_time)1767225600) /* 2026-01-01; all times are told from here */

/* ---- histories as text --------------------------------------------------------------------------------
 * facts:    "TIME WORD [mN] [mailed=TIME] [forwarded] [authfailure] [TRUST]; ..."; WORD is a kind, subscribe, unsubscribe, address,
 *           set:STATUS or set:quarantined=TIME; a soft or hard is signed unless it says otherwise; "same" repeats the
 *           fact before it as a duplicate
 * policies: "NAME=NUMBER ...; TIME NAME=NUMBER ..."; the first is in force from ever, the others start from the
 *           defaults too
 * sends:    "mN TIME; ..."
 * TIME:     "30d", "30d1s", "30d-1s", "0" */

static bb_time span_of(bb_str s)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', BB_DAY}, {'h', 3600}, {'m', 60}, {'s', 1}};
    bb_time sum = 0, sign = 1, value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '-') sign = -1;
        if (bb_is_digit(s.p[i])) value = value * 10 + (s.p[i] - '0');
        for (size_t u = 0; u < BB_COUNT(units); u++) {
            if (units[u].unit != s.p[i]) continue;
            sum += sign * value * units[u].seconds;
            value = 0;
            sign = 1;
        }
    }
    return sum;
}

static bb_str next_word(bb_str *rest)
{
    bb_str word = {0};
    *rest = bb_trim(*rest);
    if (!bb_split(rest, ' ', &word)) return (bb_str){0};
    return word;
}

static bool read_word(bb_fact *f, bb_str w)
{
    static const bb_fact_type types[] = {BB_FACT_SUBSCRIBE, BB_FACT_UNSUBSCRIBE, BB_FACT_ADDRESS};
    uint64_t number;
    for (size_t i = 0; i < BB_COUNT(types); i++)
        if (bb_eq(w, bb_cstr(bb_fact_type_word(types[i])))) return f->type = types[i], true;
    if (bb_kind_from(w, &f->kind) || bb_trust_from(w, &f->trust)) return true;
    if (bb_starts(w, BB_S("set:"))) {
        bb_str rest = bb_sub(w, 4, BB_NPOS), status;
        f->type = BB_FACT_SET;
        if (!bb_split(&rest, '=', &status) || !bb_status_from(status, &f->set_status)) return false;
        if (rest.n) f->set_until = START + span_of(rest);
    } else if (bb_starts(w, BB_S("mailed="))) f->mailed = START + span_of(bb_sub(w, 7, BB_NPOS));
    else if (bb_eq(w, BB_S("forwarded"))) f->forwarded = true;
    else if (bb_eq(w, BB_S("authfailure"))) f->reason = BB_REASON_authfailure;
    else if (w.p[0] == 'm' && bb_u64(bb_sub(w, 1, BB_NPOS), &number)) f->mailing = (uint32_t)number;
    else return false;
    return true;
}

static size_t read_facts(const char *text, bb_fact *out)
{
    size_t n = 0;
    for (bb_str rest = bb_cstr(text), item; bb_split(&rest, ';', &item); n++) {
        bb_fact *f = &out[n];
        bb_time t = START + span_of(next_word(&item));
        *f = (bb_fact){.time = t, .trust = BB_TRUST_SIGNED, .mailed = BB_NO_TIME, .set_until = BB_NO_TIME};
        f->id.b[0] = (unsigned char)(n + 1);
        for (bb_str w; (w = next_word(&item)).n;) {
            if (bb_eq(w, BB_S("same"))) *f = out[n - 1], f->time = t;
            else if (!read_word(f, w)) ok(false, "the row says %.*s", BB_ARG(w));
        }
    }
    return n;
}

static void read_parameter(bb_policy *p, bb_str w)
{
    bb_str name, number = w;
    bb_split(&number, '=', &name);
    double v = strtod(bb_dup(&arena, number).p, NULL);
    if (bb_eq(name, BB_S("hard_limit"))) p->hard_limit = (int)v;
    else if (bb_eq(name, BB_S("soft_limit"))) p->soft_limit = (int)v;
    else if (bb_eq(name, BB_S("soft_window"))) p->soft_window = span_of(number);
    else if (bb_eq(name, BB_S("longer"))) p->window_mode = BB_WINDOW_LONGER;
    else if (bb_eq(name, BB_S("quarantine"))) p->quarantine = span_of(number);
    else if (bb_eq(name, BB_S("backoff"))) p->quarantine_backoff = v;
    else if (bb_eq(name, BB_S("plain"))) p->accept_trust |= BB_ACCEPT(BB_TRUST_PLAIN);
    else if (bb_eq(name, BB_S("observe"))) p->observe = true;
    else ok(false, "the row says %.*s", BB_ARG(w));
}

static size_t read_policies(const char *text, bb_policy *out)
{
    size_t n = 0;
    for (bb_str rest = bb_cstr(text), item; !n || bb_split(&rest, ';', &item); n++) {
        out[n] = bb_policy_defaults;
        if (!n && !bb_split(&rest, ';', &item)) item = (bb_str){0};
        if (n) out[n].from = START + span_of(next_word(&item));
        for (bb_str w; (w = next_word(&item)).n;) read_parameter(&out[n], w);
    }
    return n;
}

static size_t read_sends(const char *text, bb_send *out)
{
    size_t n = 0;
    for (bb_str rest = bb_cstr(text), item; bb_split(&rest, ';', &item); n++) {
        uint64_t mailing = 0;
        if (!bb_u64(bb_sub(next_word(&item), 1, BB_NPOS), &mailing)) ok(false, "the row says which mailing");
        out[n] = (bb_send){(uint32_t)mailing, START + span_of(next_word(&item))};
    }
    return n;
}

/* ---- what came of it, as text ---------------------------------------------------------------------------- */

static void put_span(bb_buf *b, bb_time t)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', BB_DAY}, {'h', 3600}, {'m', 60}, {'s', 1}};
    t -= START;
    if (!t) bb_putc(b, '0');
    for (size_t i = 0; i < BB_COUNT(units); i++) {
        if (t / units[i].seconds) bb_putf(b, "%lld%c", (long long)(t / units[i].seconds), units[i].unit);
        t %= units[i].seconds;
    }
}

static bb_str told(const bb_decision *d, const bb_note *notes, size_t n)
{
    bb_buf b = bb_buf_in(&arena, 4096);
    bb_puts(&b, bb_status_word(d->status));
    if (d->status == BB_STATUS_QUARANTINED && d->until == BB_NO_TIME) bb_puts(&b, " for good");
    if (d->until != BB_NO_TIME) bb_puts(&b, " until ");
    if (d->until != BB_NO_TIME) put_span(&b, d->until);
    if (d->would != d->status) bb_putf(&b, ", would be %s", bb_status_word(d->would));
    if (d->cause < n) bb_putf(&b, " by %zu", d->cause + 1);
    for (size_t i = 0; i < n; i++) bb_putf(&b, "%s%s", i ? " " : ": ", bb_effect_word(notes[i].effect));
    return bb_buf_str(&b);
}

static const struct {
    const char *name, *policies, *sends, *facts, *want;
} rows[] = {
    {"nothing happened", "", "", "", "active"},

    /* the three rules */
    {"one hard removes", "", "", "0 hard m1", "bounced by 1: removed"},
    {"one soft quarantines for three days", "", "", "0 soft m1", "quarantined until 3d by 1: quarantined"},
    {"the second for six", "", "", "0 soft m1; 7d soft m2", "quarantined until 13d by 2: quarantined quarantined"},
    {"the third removes", "", "", "0 soft m1; 7d soft m2; 14d soft m3",
     "bounced by 3: quarantined quarantined removed"},
    {"a hard during the quarantine removes", "", "", "0 soft m1; 1d hard m2", "bounced by 2: quarantined removed"},

    /* the window, to the second */
    {"30 days to the second count", "", "", "0 soft m1; 1d soft m2; 30d soft m3",
     "bounced by 3: quarantined quarantined removed"},
    {"a second more does not", "", "", "0 soft m1; 1d soft m2; 30d1s soft m3",
     "quarantined until 36d1s by 3: quarantined quarantined quarantined"},
    {"a second less does", "", "", "0 soft m1; 1d soft m2; 30d-1s soft m3",
     "bounced by 3: quarantined quarantined removed"},
    {"the window moves on", "", "", "0 soft m1; 29d soft m2; 58d soft m3; 59d soft m4",
     "bounced by 4: quarantined quarantined quarantined removed"},
    {"a mailing counts where any of its softs lies", "", "", "0 soft m1; 2d soft m1; 31d soft m2; 32d soft m3",
     "bounced by 4: quarantined counted-already quarantined removed"},

    /* once a mailing */
    {"three softs about one mailing are one", "", "", "0 soft m1; 1d soft m1; 2d soft m1",
     "quarantined until 5d by 3: quarantined counted-already counted-already"},
    {"soft and hard about one mailing: the worse", "", "", "0 soft m1; 1h hard m1",
     "bounced by 2: quarantined removed"},
    {"hard and soft about one mailing: the worse", "", "", "0 hard m1; 1h soft m1",
     "bounced by 1: removed gone-already"},
    {"soft and hard about one mailing, two hards allowed", "hard_limit=2", "", "0 soft m1; 1h hard m1",
     "quarantined until 3d1h by 2: quarantined quarantined"},

    /* unknown mailings */
    {"softs 23 hours apart are one", "", "", "0 soft; 23h soft",
     "quarantined until 3d23h by 2: quarantined counted-already"},
    {"softs 24 hours apart are two", "", "", "0 soft; 24h soft", "quarantined until 7d by 2: quarantined quarantined"},
    {"a second less and they are one", "", "", "0 soft; 24h-1s soft",
     "quarantined until 3d23h59m59s by 2: quarantined counted-already"},
    {"0, 23 and 47 hours are two", "", "", "0 soft; 23h soft; 47h soft",
     "quarantined until 7d23h by 3: quarantined counted-already quarantined"},
    {"0, 24 and 47 hours are two", "", "", "0 soft; 24h soft; 47h soft",
     "quarantined until 7d23h by 3: quarantined quarantined counted-already"},
    {"0, 24 and 48 hours are three", "", "", "0 soft; 24h soft; 48h soft",
     "bounced by 3: quarantined quarantined removed"},
    {"a burst is one", "", "", "0 soft; 1s soft; 2s soft; 1h soft; 2h soft",
     "quarantined until 3d2h by 5: quarantined counted-already counted-already counted-already counted-already"},
    {"each window begins anew", "soft_window=2d", "", "0 soft; 23h soft; 47h soft; 2d23h soft",
     "bounced by 4: quarantined counted-already quarantined removed"},
    {"known and unknown add up", "", "", "0 soft m1; 1h soft; 2h soft m2",
     "bounced by 3: quarantined quarantined removed"},
    {"hards of unknown mailings 23 hours apart are one", "hard_limit=2", "", "0 hard; 23h hard",
     "quarantined until 3d23h by 2: quarantined counted-already"},
    {"24 hours apart are two", "hard_limit=2", "", "0 hard; 24h hard", "bounced by 2: quarantined removed"},

    /* more than one hard allowed */
    {"below the limit a hard is a soft", "hard_limit=2", "", "0 hard m1", "quarantined until 3d by 1: quarantined"},
    {"the second removes", "hard_limit=2", "", "0 hard m1; 90d hard m2", "bounced by 2: quarantined removed"},
    {"two about one mailing are one", "hard_limit=2", "", "0 hard m1; 1d hard m1",
     "quarantined until 4d by 2: quarantined counted-already"},
    {"a hard among softs is a soft", "hard_limit=2", "", "0 soft m1; 1d hard m2; 2d soft m3",
     "bounced by 3: quarantined quarantined removed"},
    {"a delivery clears a hard's soft, not the hard", "hard_limit=2", "", "0 hard m1; 1d delivered m2; 90d hard m3",
     "bounced by 3: quarantined cleared removed"},

    /* backoff */
    {"the quarantine grows", "soft_limit=5", "", "0 soft m1; 1d soft m2; 2d soft m3; 3d soft m4",
     "quarantined until 27d by 4: quarantined quarantined quarantined quarantined"},
    {"it does not with a backoff of 1", "soft_limit=5 backoff=1", "", "0 soft m1; 1d soft m2; 2d soft m3",
     "quarantined until 5d by 3: quarantined quarantined quarantined"},
    {"a backoff below 1 is 1", "soft_limit=5 backoff=0.25", "", "0 soft m1; 1d soft m2",
     "quarantined until 4d by 2: quarantined quarantined"},
    {"a backoff that is no number is 1", "soft_limit=5 backoff=nan", "", "0 soft m1; 1d soft m2",
     "quarantined until 4d by 2: quarantined quarantined"},
    {"a hundred years at most", "soft_limit=9 backoff=1e300", "", "0 soft m1; 1d soft m2; 2d soft m3",
     "quarantined until 36527d by 3: quarantined quarantined quarantined"},
    {"no quarantine", "quarantine=0", "", "0 soft m1; 1d block", "quarantined until 0 by 1: quarantined none"},
    {"nothing doubled without end is nothing", "quarantine=0 backoff=inf", "", "0 soft m1; 1d soft m2",
     "quarantined until 1d by 2: quarantined quarantined"},
    {"the latest end holds", "; 1d quarantine=1h backoff=1", "", "0 soft m1; 1d soft m2",
     "quarantined until 3d by 1: quarantined quarantined"},

    /* deliveries */
    {"a delivery clears", "", "", "0 soft m1; 1d soft m2; 2d delivered m3; 3d soft m4; 4d soft m5",
     "quarantined until 10d by 5: quarantined quarantined cleared quarantined quarantined"},
    {"and ends the quarantine", "", "", "0 soft m1; 1d delivered m2", "active by 2: quarantined cleared"},
    {"where there is nothing to clear it does nothing", "", "", "0 delivered m1", "active: none"},
    {"a soft of the same second comes after it", "", "", "0 soft m1; 1d soft m2; 1d delivered m3",
     "quarantined until 4d by 2: quarantined quarantined cleared"},
    {"it brings nobody back", "", "", "0 hard m1; 1d delivered m2", "bounced by 1: removed gone-already"},
    {"nor ends a quarantine by hand", "", "", "0 set:quarantined=9d; 1d soft m1; 2d delivered m2",
     "quarantined until 9d by 1: set quarantined cleared"},
    {"an unsigned one clears nothing", "", "", "0 soft m1; 1d delivered plain",
     "quarantined until 3d by 1: quarantined untrusted"},

    /* kinds that never change anybody */
    {"block, delayed, autoreply, other", "", "", "0 block m1; 1d delayed m2; 2d autoreply m3; 3d other m4",
     "active: none none none none"},
    {"not even from nowhere", "", "", "0 block none", "active: none"},

    /* complaints */
    {"a complaint", "", "", "0 complaint m1", "complained by 1: complained"},
    {"a machine's, about authentication", "", "", "0 complaint m1 authfailure", "active: none"},
    {"during a quarantine", "", "", "0 soft m1; 1d complaint m1", "complained by 2: quarantined complained"},
    {"after removal", "", "", "0 hard m1; 1d complaint m2", "complained by 2: removed complained"},
    {"after leaving", "", "", "0 unsubscribe; 1d complaint m2", "complained by 2: set complained"},
    {"twice", "", "", "0 complaint m1; 1d complaint m2", "complained by 1: complained gone-already"},
    {"leaving after it", "", "", "0 complaint m1; 1d unsubscribe", "unsubscribed by 2: complained set"},
    {"bounces after it", "", "", "0 complaint m1; 1d hard m2; 2d soft m3",
     "complained by 1: complained gone-already gone-already"},
    {"an unsigned one", "", "", "0 complaint plain", "active: untrusted"},

    /* gone already */
    {"a soft while bounced", "", "", "0 hard m1; 1d soft m2", "bounced by 1: removed gone-already"},
    {"bounces after leaving", "", "", "0 unsubscribe; 1d hard m1; 2d soft m2",
     "unsubscribed by 1: set gone-already gone-already"},
    {"leaving twice", "", "", "0 unsubscribe; 1d unsubscribe", "unsubscribed by 1: set set"},

    /* re-subscription */
    {"a bounce before it does not count after it", "", "", "0 hard m1; 5d subscribe", "active by 2: removed set"},
    {"nor do softs", "", "", "0 soft m1; 1d soft m2; 5d subscribe; 6d soft m3",
     "quarantined until 9d by 4: quarantined quarantined set quarantined"},
    {"a bounce after it counts", "", "", "0 hard m1; 5d subscribe; 6d hard m2 mailed=6d",
     "bounced by 3: removed set removed"},
    {"one about a mailing sent before it does not", "", "", "0 hard m1; 5d subscribe; 6d hard m2 mailed=4d",
     "active by 2: removed set superseded"},
    {"sent in its very second: it counts", "", "", "5d subscribe; 6d hard m2 mailed=5d", "bounced by 2: set removed"},
    {"sent a second before: it does not", "", "", "5d subscribe; 6d hard m2 mailed=5d-1s",
     "active by 1: set superseded"},
    {"reported in its very second: it counts", "", "", "5d hard; 5d subscribe", "bounced by 1: removed set"},
    {"it ends unsubscription and complaint", "", "", "0 unsubscribe; 1d complaint m1; 2d subscribe",
     "active by 3: set complained set"},
    {"a complaint about a mailing before it", "", "", "5d subscribe; 6d complaint m1 mailed=4d",
     "active by 1: set superseded"},
    {"a delivery of a mailing before it", "", "", "5d subscribe; 6d soft; 7d delivered mailed=4d",
     "quarantined until 9d by 2: set quarantined superseded"},
    {"leaving starts nothing anew", "", "", "0 subscribe; 1d unsubscribe; 2d set:active; 3d hard m1 mailed=1d",
     "active by 3: set set set superseded"},
    {"leaving and coming in one second: he left", "", "", "0 unsubscribe; 0 subscribe", "unsubscribed by 1: set set"},

    /* address change */
    {"a changed address is nobody's bounce", "", "", "0 hard m1; 5d address", "active by 2: removed set"},
    {"nor quarantine", "", "", "0 soft m1; 1d address", "active by 2: quarantined set"},
    {"softs of the old one do not count", "", "", "0 soft m1; 1d soft m2; 2d address; 3d soft m3",
     "quarantined until 6d by 4: quarantined quarantined set quarantined"},
    {"a late bounce of the old one", "", "", "5d address; 6d hard m1 mailed=4d", "active by 1: set superseded"},
    {"unsubscribed stays", "", "", "0 unsubscribe; 1d address", "unsubscribed by 1: set set"},
    {"complained stays", "", "", "0 complaint m1; 1d address", "complained by 1: complained set"},

    /* by hand */
    {"set to bounced", "", "", "0 set:bounced; 1d soft m1", "bounced by 1: set gone-already"},
    {"set to active after a bounce", "", "", "0 hard m1; 1d set:active; 2d soft m2",
     "quarantined until 5d by 3: removed set quarantined"},
    {"quarantined by hand until", "", "", "0 set:quarantined=9d", "quarantined until 9d by 1: set"},
    {"quarantined by hand for good", "", "", "0 set:quarantined; 1d soft m1",
     "quarantined for good by 1: set quarantined"},
    {"a hard removes him all the same", "", "", "0 set:quarantined; 1d hard m1", "bounced by 2: set removed"},
    {"a soft that lasts longer", "", "", "0 set:quarantined=2d; 1d soft m1",
     "quarantined until 4d by 2: set quarantined"},
    {"the last setting holds", "", "", "1d set:complained; 2d set:active; 0 set:bounced", "active by 2: set set set"},

    /* trust */
    {"an unsigned hard", "", "", "0 hard m1 plain", "active: untrusted"},
    {"from nobody", "", "", "0 hard m1 none", "active: untrusted"},
    {"our own server's", "", "", "0 hard m1 local", "bounced by 1: removed"},
    {"where the list takes plain ones", "plain=1", "", "0 hard m1 plain", "bounced by 1: removed"},
    {"the policy of its own time says whom to trust", "; 10d plain=1", "", "9d hard plain m1; 10d hard plain m2",
     "bounced by 2: untrusted removed"},
    {"and later ones do not reach back", "plain=1; 10d", "", "9d soft plain m1; 10d soft plain m2",
     "quarantined until 12d by 1: quarantined untrusted"},

    /* forwarded */
    {"a forwarded hard is a soft", "", "", "0 hard m1 forwarded", "quarantined until 3d by 1: quarantined"},
    {"a forwarded complaint is a soft", "", "", "0 complaint m1 forwarded", "quarantined until 3d by 1: quarantined"},
    {"three remove", "", "", "0 hard m1 forwarded; 1d complaint m2 forwarded; 2d soft m3 forwarded",
     "bounced by 3: quarantined quarantined removed"},
    {"and they are no hards", "hard_limit=2", "", "0 hard m1 forwarded; 40d hard m2 forwarded; 80d hard m3 forwarded",
     "quarantined until 83d by 3: quarantined quarantined quarantined"},
    {"a forwarded complaint after removal", "", "", "0 hard m1; 1d complaint m2 forwarded",
     "bounced by 1: removed gone-already"},

    /* policy versions */
    {"a stricter policy between softs", "; 10d soft_limit=2", "", "9d soft m1; 10d soft m2",
     "bounced by 2: quarantined removed"},
    {"a milder one", "soft_limit=2; 10d soft_limit=3", "", "9d soft m1; 10d soft m2",
     "quarantined until 16d by 2: quarantined quarantined"},
    {"a change touches nothing past", "; 10d soft_limit=1", "", "9d soft m1; 11d block",
     "quarantined until 12d by 1: quarantined none"},
    {"the window of its own time", "; 10d soft_window=1d", "", "8d soft m1; 9d soft m2; 11d soft m3",
     "quarantined until 15d by 2: quarantined quarantined quarantined"},
    {"the first version is in force from ever", "hard_limit=2", "", "-9d hard m1",
     "quarantined until -6d by 1: quarantined"},

    /* observe */
    {"observing changes nobody", "observe=1", "", "0 hard m1; 1d soft m2; 2d complaint m3",
     "active, would be complained: observed observed observed"},
    {"but people are heard", "observe=1", "", "0 unsubscribe", "unsubscribed by 1: set"},
    {"what did nothing is not observed", "observe=1", "", "0 delivered m1; 1d soft m1; 2d soft m1; 3d block",
     "active, would be quarantined: none observed counted-already none"},
    {"what was observed does not count later", "observe=1; 10d", "", "8d soft m1; 9d soft m2; 10d soft m3",
     "quarantined until 13d, would be bounced by 3: observed observed quarantined"},
    {"what was removed before stays", "; 10d observe=1", "", "9d hard m1; 11d hard m2; 12d complaint m3",
     "bounced, would be complained by 1: removed gone-already observed"},
    {"a delivery ends nothing either", "; 10d observe=1", "", "9d soft m1; 10d delivered m2",
     "quarantined until 12d, would be active by 1: quarantined observed"},

    /* window mode longer */
    {"three monthly mailings in 30 days are too few", "", "m1 0; m2 31d; m3 62d", "0 soft m1; 31d soft m2; 62d soft m3",
     "quarantined until 65d by 3: quarantined quarantined quarantined"},
    {"longer takes the last three", "longer=1", "m1 0; m2 31d; m3 62d", "0 soft m1; 31d soft m2; 62d soft m3",
     "bounced by 3: quarantined quarantined removed"},
    {"one of the last three went well", "longer=1", "m1 0; m2 31d; m3 62d; m4 93d",
     "0 soft m1; 31d soft m2; 93d soft m4", "quarantined until 99d by 3: quarantined quarantined quarantined"},
    {"sent before its first soft, to the second", "longer=1", "m1 0; m2 31d; m3 62d",
     "-1s soft; 31d soft m2; 62d soft m3", "quarantined until 68d by 3: quarantined quarantined quarantined"},
    {"a mailing sent later does not count", "longer=1", "m1 0; m2 31d; m3 62d1s", "0 soft m1; 31d soft m2; 62d soft m3",
     "quarantined until 65d by 3: quarantined quarantined quarantined"},
    {"a mailing named twice is one", "longer=1", "m1 0; m3 62d; m1 10d; m3 61d; m2 40d",
     "0 soft m1; 40d soft m2; 63d soft m3", "bounced by 3: quarantined quarantined removed"},
    {"it never shortens", "longer=1", "m1 25d; m2 26d; m3 27d", "0 soft m1; 1d soft m2; 30d soft m3",
     "bounced by 3: quarantined quarantined removed"},
    {"no sends known: the fixed window", "longer=1", "", "0 soft m1; 1d soft m2; 31d soft m3",
     "quarantined until 37d by 3: quarantined quarantined quarantined"},

    /* duplicates and order */
    {"the same fact twice", "", "", "0 soft; 3d same", "quarantined until 3d by 1: quarantined duplicate"},
    {"the earlier time holds", "", "", "9d soft; 0 same", "quarantined until 3d by 2: duplicate quarantined"},
    {"of one second, the harder comes last", "", "", "0 complaint m1; 0 hard m2; 0 soft m3",
     "complained by 1: complained removed quarantined"},
};

static void histories(void)
{
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_arena_reset(&arena);
        bb_fact facts[16];
        bb_send sends[16];
        bb_policy policies[4];
        bb_note notes[16];
        bb_decision d;
        size_t n = read_facts(rows[i].facts, facts), n_sends = read_sends(rows[i].sends, sends);
        bb_context ctx = {.versions = policies, .n_versions = read_policies(rows[i].policies, policies)};
        ok(bb_policy_fold(&arena, facts, n, sends, n_sends, &ctx, BB_NO_TIME, &d, notes), "%s: folded", rows[i].name);
        is_str(told(&d, notes, n), bb_cstr(rows[i].want), "%s", rows[i].name);
    }
}

/* ---- notes, counts and the clock --------------------------------------------------------------------------- */

static void clock_rows(void)
{
    static const struct {
        const char *name, *facts, *now, *want;
    } table[] = {
        {"before the end", "0 soft m1", "3d-1s", "quarantined until 3d by 1: quarantined"},
        {"at the end", "0 soft m1", "3d", "active: quarantined"},
        {"a removal does not end", "0 hard m1", "9999d", "bounced by 1: removed"},
        {"nor does a quarantine for good", "0 set:quarantined", "9999d", "quarantined for good by 1: set"},
        {"one by hand with an end does", "0 set:quarantined=5d", "5d", "active: set"},
        {"a fact after now counts", "9d hard m1", "0", "bounced by 1: removed"},
        {"active stays active", "0 subscribe", "9d", "active by 1: set"},
    };
    bb_context ctx = {.versions = &bb_policy_defaults, .n_versions = 1};
    for (size_t i = 0; i < BB_COUNT(table); i++) {
        bb_fact facts[4];
        bb_note notes[4];
        bb_decision d;
        size_t n = read_facts(table[i].facts, facts);
        ok(bb_policy_fold(&arena, facts, n, NULL, 0, &ctx, START + span_of(bb_cstr(table[i].now)), &d, notes),
           "%s: folded", table[i].name);
        is_str(told(&d, notes, n), bb_cstr(table[i].want), "%s", table[i].name);
    }
    is_int(bb_status_at(BB_STATUS_QUARANTINED, 10, 9), BB_STATUS_QUARANTINED, "status before the end");
    is_int(bb_status_at(BB_STATUS_QUARANTINED, 10, 10), BB_STATUS_ACTIVE, "status at the end");
    is_int(bb_status_at(BB_STATUS_QUARANTINED, 10, BB_NO_TIME), BB_STATUS_QUARANTINED, "status as kept");
    is_int(bb_status_at(BB_STATUS_QUARANTINED, BB_NO_TIME, 10), BB_STATUS_QUARANTINED, "status for good");
    is_int(bb_status_at(BB_STATUS_BOUNCED, 5, 10), BB_STATUS_BOUNCED, "only quarantines end");
}

static void note_rows(void)
{
    static const struct {
        bb_status status;
        const char *until;
        int hard, soft;
    } want[] = {{BB_STATUS_QUARANTINED, "3d", 1, 1},  {BB_STATUS_QUARANTINED, "8d", 1, 2}, {BB_STATUS_ACTIVE, "", 1, 2},
                {BB_STATUS_QUARANTINED, "13d", 1, 2}, {BB_STATUS_ACTIVE, "", 1, 0},        {BB_STATUS_ACTIVE, "", 1, 0},
                {BB_STATUS_QUARANTINED, "23d", 1, 1}, {BB_STATUS_ACTIVE, "", 0, 0}};
    bb_fact facts[16];
    bb_note notes[16];
    bb_decision d;
    bb_policy p = bb_policy_defaults;
    bb_context ctx = {.versions = &p, .n_versions = 1};
    p.hard_limit = 2;
    size_t n = read_facts("0 hard m1; 2d soft m2; 8d block; 10d soft m2 forwarded; 11d delivered; 12d soft plain; "
                          "20d soft m4; 30d address",
                          facts);
    is_int(n, BB_COUNT(want), "as many facts as expected notes");
    ok(bb_policy_fold(&arena, facts, n, NULL, 0, &ctx, BB_NO_TIME, &d, notes), "folded");
    for (size_t i = 0; i < n; i++) {
        bb_time until = *want[i].until ? START + span_of(bb_cstr(want[i].until)) : BB_NO_TIME;
        is_int(notes[i].status, want[i].status, "status after fact %zu", i + 1);
        if (i != 3) is_int(notes[i].until, until, "its end after fact %zu", i + 1);
        is_int(notes[i].hard, want[i].hard, "hards after fact %zu", i + 1);
        is_int(notes[i].soft, want[i].soft, "softs after fact %zu", i + 1);
    }
    is_int(notes[3].until, START + 16 * BB_DAY, "two softs: six days from the second report on its mailing");
    is_int(d.hard, 0, "the decision's hards are those after the last fact");
    is_int(d.soft, 0, "and so its softs");
    ok(bb_policy_fold(&arena, facts, 2, NULL, 0, &ctx, BB_NO_TIME, &d, NULL), "notes are not needed");
    is_int(d.soft, 2, "softs after two facts");
}

/* ---- ends of the number line, words, memory ------------------------------------------------------------------ */

static void extremes(void)
{
    static const bb_time times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
    bb_policy p = bb_policy_defaults;
    p.soft_limit = 100;
    p.soft_window = INT64_MAX;
    p.quarantine = INT64_MAX;
    p.quarantine_backoff = 1e308;
    p.window_mode = BB_WINDOW_LONGER;
    bb_fact facts[2 * BB_COUNT(times)];
    bb_send sends[BB_COUNT(times)];
    for (size_t i = 0; i < BB_COUNT(facts); i++) {
        facts[i] = (bb_fact){.time = times[i / 2], .kind = BB_KIND_SOFT, .trust = BB_TRUST_LOCAL, .mailed = BB_NO_TIME};
        facts[i].mailing = (uint32_t)(i % 2 * (i + 1));
        facts[i].id.b[0] = (unsigned char)i;
        sends[i / 2] = (bb_send){(uint32_t)(i / 2), times[i / 2]};
    }
    bb_decision d;
    bb_note notes[BB_COUNT(facts)];
    bb_context ctx = {.versions = &p, .n_versions = 1};
    ok(bb_policy_fold(&arena, facts, BB_COUNT(facts), sends, BB_COUNT(sends), &ctx, INT64_MAX - 1, &d, notes),
       "times at both ends of the numbers");
    is_int(d.status, BB_STATUS_QUARANTINED, "quarantine");
    p.quarantine = 0;
    ok(bb_policy_fold(&arena, facts, 1, sends, BB_COUNT(sends), &ctx, 0, &d, notes), "a soft at no time");
    is_int(d.status, BB_STATUS_ACTIVE, "never quarantines for good");
    p.quarantine = -5;
    p.soft_window = -5;
    ok(bb_policy_fold(&arena, facts + 6, 2, NULL, 0, &ctx, 0, &d, notes), "durations below zero are zero");
    is_int(d.soft, 2, "and the window is its last second");
    ok(bb_policy_fold(&arena, facts, 1, NULL, 0, &(bb_context){0}, 0, &d, NULL), "no policy at all");
    facts[0].kind = (bb_kind)99;
    facts[0].trust = (bb_trust)77;
    facts[1].trust = (bb_trust)77;
    ok(bb_policy_fold(&arena, facts, 2, NULL, 0, &ctx, 0, &d, notes), "words that are none");
    ok(notes[0].effect == BB_EFFECT_NONE && notes[1].effect == BB_EFFECT_UNTRUSTED, "act on nobody");
    is_cstr(bb_effect_word(BB_EFFECT_COUNTED_ALREADY), "counted-already", "an effect's word");
    is_cstr(bb_effect_word((bb_effect)99), "", "none for what is none");
    is_cstr(bb_fact_type_word(BB_FACT_UNSUBSCRIBE), "unsubscribe", "a fact type's word");
    is_cstr(bb_fact_type_word((bb_fact_type)99), "", "none for what is none");
}

/* One report may say two things of a subscriber: the store gives them one id. */
static void one_report_two_words(void)
{
    bb_fact facts[3];
    bb_note notes[3];
    bb_decision d;
    bb_context ctx = {.versions = &bb_policy_defaults, .n_versions = 1};
    read_facts("1d delivered m1; 1d hard m1; 1d block m1", facts);
    facts[1].id = facts[2].id = facts[0].id;
    ok(bb_policy_fold(&arena, facts, 3, NULL, 0, &ctx, BB_NO_TIME, &d, notes), "folded");
    is_str(told(&d, notes, 3), BB_S("bounced by 2: duplicate removed duplicate"), "of one report the worst counts");
    read_facts("2d soft m1; 0 block m1", facts);
    facts[1].id = facts[0].id;
    ok(bb_policy_fold(&arena, facts, 2, NULL, 0, &ctx, BB_NO_TIME, &d, notes), "folded");
    is_str(told(&d, notes, 2), BB_S("quarantined until 3d by 1: quarantined duplicate"), "and the earlier time holds");
}

/* What took quadratic time would not end here. */
static void many(void)
{
    enum { N = 200000 };
    static const char *const names[] = {"of one mailing", "each of its own mailing", "of unknown mailings", "mixed"};
    bb_policy p = bb_policy_defaults;
    p.soft_limit = INT32_MAX;
    p.hard_limit = INT32_MAX;
    p.window_mode = BB_WINDOW_LONGER;
    bb_context ctx = {.versions = &p, .n_versions = 1};
    bb_fact *facts = calloc(N, sizeof *facts);
    bb_note *notes = calloc(N, sizeof *notes);
    bb_send *sends = calloc(N, sizeof *sends);
    for (uint32_t mode = 0; facts && notes && sends && mode < BB_COUNT(names); mode++) {
        bb_decision d;
        uint64_t state = 1;
        for (uint32_t i = 0; i < N; i++) {
            uint64_t r = tap_random(&state);
            uint32_t mailing[] = {1, i + 1, 0, (uint32_t)(r % 3 ? i % 1000 : 0)};
            facts[i] = (bb_fact){.time = START + (bb_time)(r % (90 * (uint64_t)BB_DAY)), .mailed = BB_NO_TIME};
            facts[i].kind = r % 7 ? BB_KIND_SOFT : BB_KIND_HARD;
            facts[i].trust = BB_TRUST_LOCAL;
            facts[i].mailing = mailing[mode];
            memcpy(facts[i].id.b, &i, sizeof i);
            sends[i] = (bb_send){i, facts[i].time};
        }
        bb_arena_reset(&arena);
        ok(bb_policy_fold(&arena, facts, N, sends, N, &ctx, BB_NO_TIME, &d, notes) && d.soft > 0,
           "%d softs and hards %s", (int)N, names[mode]);
    }
    free(facts);
    free(notes);
    free(sends);
}

static void out_of_memory(void)
{
    bb_fact facts[4];
    bb_note notes[4];
    bb_decision d;
    bb_send send = {1, 0};
    bb_policy p = bb_policy_defaults;
    p.observe = true;
    bb_context ctx = {.versions = &p, .n_versions = 1};
    size_t n = read_facts("0 soft m1; 1d soft; 2d hard m2", facts), refused = 0;
    bool held = true, folded = false;
    for (size_t limit = 0; !folded && limit < 100000; limit += 16) {
        bb_arena small;
        bb_arena_init(&small, &tap_alloc, limit);
        folded = bb_policy_fold(&small, facts, n, &send, 1, &ctx, BB_NO_TIME, &d, notes);
        held &= folded != small.failed;
        refused += !folded;
        bb_arena_free(&small);
    }
    ok(held && folded && refused > 10, "too little memory is told wherever it ends");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    histories();
    clock_rows();
    note_rows();
    extremes();
    one_report_two_words();
    many();
    out_of_memory();
    bb_arena_free(&arena);
    return tap_done();
}
