/* SPDX-License-Identifier: MIT
 *
 * fact: event time, report key, return paths found, and whom a report is about.
 */
#include <sodium.h>
#include <string.h>

#include "core/base/address.h"
#include "core/fact/fact.h"
#include "tap.h"

static bb_arena arena;
static bb_rules *rules;

static bb_message read_text(const char *text, bb_time from_line, bb_time received)
{
    bb_message m;
    bb_envelope env = {.source = BB_S("test"), .from_line = from_line, .received = received};
    bb_reader reader = {.rules = rules};
    ok(bb_message_read(&arena, bb_dup(&arena, bb_cstr(text)), &env, &reader, &m),
       "reading takes no more memory than there is");
    return m;
}

/* ---- event time ------------------------------------------------------------------------------------ */

static void event_times(void)
{
    static const struct {
        const char *name, *mail, *from_line, *received, *want;
    } rows[] = {
        {"topmost Received wins over Date",
         "Received: by a (Postfix)\n\tid 1; Mon, 2 Nov 2026 10:00:00 +0100\nReceived: x; Sun, 1 Nov 2026 10:00:00 "
         "+0000\n"
         "Date: Sat, 31 Oct 2026 10:00:00 +0000\n\nhi\n",
         "2026-11-03", "2026-11-04", "2026-11-02T09:00:00Z"},
        {"a semicolon within the line is not the last one",
         "Received: by a; b (c;d) id 1; Mon, 2 Nov 2026 10:00:00 +0000\n\nhi\n", "", "", "2026-11-02T10:00:00Z"},
        {"Received without a date: the mbox line", "Received: by a\nDate: Sat, 31 Oct 2026 10:00:00 +0000\n\nhi\n",
         "2026-11-03", "2026-11-04", "2026-11-03T00:00:00Z"},
        {"only Date", "Date: Sat, 31 Oct 2026 10:00:00 +0000\n\nhi\n", "", "2026-11-04", "2026-10-31T10:00:00Z"},
        {"nothing: when we took it", "Subject: x\n\nhi\n", "", "2026-11-04", "2026-11-04T00:00:00Z"},
        {"nothing at all", "Subject: x\n\nhi\n", "", "", ""},
        {"never later than we took it", "Date: Sat, 31 Oct 2037 10:00:00 +0000\n\nhi\n", "", "2026-11-04",
         "2026-11-04T00:00:00Z"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        char got[BB_TIME_LEN];
        bb_message m =
            read_text(rows[i].mail, bb_time_iso(bb_cstr(rows[i].from_line)), bb_time_iso(bb_cstr(rows[i].received)));
        is_cstr(bb_time_str(m.event_time, got), rows[i].want, "event time: %s", rows[i].name);
    }
}

/* ---- who wrote it -------------------------------------------------------------------------------------- */

#define NOTICED(more) "Received: by mail.example.com (Postfix)" more "; Mon, 2 Nov 2026 10:00:00 +0000 (UTC)\n"
#define OWN           NOTICED("\n\tid 4A2B")

static void own_notices(void)
{
    static const struct {
        const char *name, *header;
        bool handed_over;
        const char *want;
    } rows[] = {
        {"as Postfix writes it above its own notices", OWN, true, "mail.example.com"},
        {"a file says so, whoever wrote it", OWN, false, ""},
        {"what delivery agents write above it is no Received line",
         "Return-Path: <>\nX-Original-To: a@b.example\nDelivered-To: c@b.example\n" OWN, true, "mail.example.com"},
        {"another name of the mail system",
         "Received: by m.example (ESMTP Server) id 3xYz9Q; Mon, 2 Nov 2026 10:00:00 +0000\n", true, "m.example"},
        {"passed on by an alias of ours", OWN OWN, true, "mail.example.com"},
        {"no Received line", "From: x\n", true, ""},
        {"somebody sent it by SMTP",
         "Received: from mail.example.com (localhost [127.0.0.1])\n\tby mail.example.com (Postfix) with ESMTP id "
         "4A2B\n\t"
         "for <a@b.example>; Mon, 2 Nov 2026 10:00:00 +0000\n",
         true, ""},
        {"somebody of this machine sent it", NOTICED(", from userid 1000)\n\tid 4A2B"), true, ""},
        {"the same",
         "Received: by mail.example.com (Postfix, from userid 0)\n\tid 4A2B; Mon, 2 Nov 2026 10:00:00 +0000\n", true,
         ""},
        {"a stranger's with such a line of his own",
         "Received: from x.example (x.example [192.0.2.1])\n\tby mail.example.com (Postfix) with SMTP id 4A2B\n\t"
         "for <a@b.example>; Mon, 2 Nov 2026 10:00:00 +0000\n" OWN,
         true, ""},
        {"a stranger's that an alias of ours passed on",
         OWN "Received: from x.example (x.example [192.0.2.1])\n\tby mail.example.com (Postfix) with SMTP id 4A2B\n\t"
             "for <a@b.example>; Mon, 2 Nov 2026 10:00:00 +0000\n",
         true, ""},
        {"notices of two hosts", OWN "Received: by m.example (Postfix) id 1; Mon, 2 Nov 2026 10:00:00 +0000\n", true,
         ""},
        {"as SMTP without a name of the client", NOTICED(" with SMTP\n\tid 4A2B"), true, ""},
        {"for somebody", NOTICED("\n\tid 4A2B\n\tfor <a@b.example>"), true, ""},
        {"no id", NOTICED(""), true, ""},
        {"an empty id", NOTICED("\n\tid "), true, ""},
        {"no date", "Received: by mail.example.com (Postfix)\n\tid 4A2B\n", true, ""},
        {"a date of no calendar", "Received: by mail.example.com (Postfix)\n\tid 4A2B; yesterday\n", true, ""},
        {"no name of the mail system", "Received: by mail.example.com\n\tid 4A2B; Mon, 2 Nov 2026 10:00:00 +0000\n",
         true, ""},
        {"an empty one", "Received: by mail.example.com ()\n\tid 4A2B; Mon, 2 Nov 2026 10:00:00 +0000\n", true, ""},
        {"no host", "Received: by (Postfix)\n\tid 4A2B; Mon, 2 Nov 2026 10:00:00 +0000\n", true, ""},
        {"two words for a host",
         "Received: by mail.example.com x (Postfix)\n\tid 4A2B; Mon, 2 Nov 2026 10:00:00 +0000\n", true, ""},
        {"nothing in it", "Received:\n", true, ""},
        {"brackets the wrong way round",
         "Received: by mail.example.com )Postfix(\n\tid 4A2B; Mon, 2 Nov 2026 10:00:00 +0000\n", true, ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_message m;
        bb_envelope env = {.from_line = BB_NO_TIME, .received = BB_NO_TIME, .handed_over = rows[i].handed_over};
        bb_reader reader = {.rules = rules};
        bb_str mail = bb_cat(&arena, bb_cstr(rows[i].header), BB_S("Subject: s\n\nReceived: from y\n"), BB_S(""));
        ok(bb_message_read(&arena, mail, &env, &reader, &m), "own notice, read: %s", rows[i].name);
        is_str(m.noticed_by, bb_cstr(rows[i].want), "own notice: %s", rows[i].name);
    }
}

static void automatic(void)
{
    static const struct {
        const char *name, *header, *sender; /* NULL: not known */
        bool want;
    } rows[] = {
        {"somebody writes", "", "ann@example.net", false},
        {"nobody knows who", "", NULL, false},
        {"the null sender", "", "", true},
        {"a file has it in Return-Path", "Return-Path: <>\n", NULL, true},
        {"as pipe(8) has it", "Return-Path: <MAILER-DAEMON>\n", NULL, true},
        {"and with a host", "Return-Path: mailer-daemon@mx.example.org\n", NULL, true},
        {"and in an envelope", "", "MAILER-DAEMON@mx.example.org", true},
        {"somebody of a like name", "Return-Path: <mailer-daemons@example.net>\n", NULL, false},
        {"or somebody", "Return-Path: <ann@example.net>\n", NULL, false},
        {"what the envelope says comes first", "Return-Path: <ann@example.net>\n", "", true},
        {"it says so", "Auto-Submitted: auto-replied\n", "ann@example.net", true},
        {"in other words", "Auto-Submitted:\n Auto-Generated; x=y\n", "ann@example.net", true},
        {"it says that it is not", "Auto-Submitted: no\n", "ann@example.net", false},
        {"with a comment", "Auto-Submitted: NO (I think); x=y\n", "ann@example.net", false},
        {"it says nothing", "Auto-Submitted:\n", "ann@example.net", true},
        {"a word that begins so", "Auto-Submitted: no-one\n", "ann@example.net", true},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_message m;
        bb_envelope env = {.sender = bb_cstr(rows[i].sender), .sender_known = rows[i].sender};
        bb_reader reader = {.rules = rules};
        bb_str mail = bb_cat(&arena, bb_cstr(rows[i].header), BB_S("Subject: unsubscribe\n\nunsubscribe\n"), BB_S(""));
        ok(bb_message_read(&arena, mail, &env, &reader, &m), "automatic, read: %s", rows[i].name);
        is_int(m.automatic, rows[i].want, "automatic: %s", rows[i].name);
    }
    bb_message m = read_text("From: a@example.net\nSubject: Automatic reply: unsubscribe\nX-Autoreply: yes\n\n"
                             "I am out of the office until 5 January.\n",
                             BB_NO_TIME, BB_NO_TIME);
    ok(m.report.type == BB_REPORT_AUTOREPLY && m.automatic, "automatic: what is read as an auto-reply");
}

/* ---- the key ----------------------------------------------------------------------------------------- */

#define HEAD                                                                                                       \
    "From: a@example.net\nTo: bounce-7@b.example\nSubject: s\nMessage-ID: <1@x>\nDate: Sat, 31 Oct 2026 10:00:00 " \
    "+0000\n"

static void keys(void)
{
    static const struct {
        const char *name, *mail;
        bool same;
    } rows[] = {
        {"the same bytes", HEAD "\nFrom here\nb\n", true},
        {"line ends",
         "From: a@example.net\r\nTo: bounce-7@b.example\r\nSubject: s\r\nMessage-ID: <1@x>\r\nDate: Sat, 31 Oct 2026 "
         "10:00:00 "
         "+0000\r\n\r\nFrom here\r\nb\r\n",
         true},
        {"mbox quoting", HEAD "\n>From here\nb\n", true},
        {"mbox quoting twice", HEAD "\n>>From here\nb\n", true},
        {"empty lines behind", HEAD "\nFrom here\nb\n\n\n", true},
        {"no line end behind", HEAD "\nFrom here\nb", true},
        {"headers added on the way", "Received: by z\nX-Spam-Flag: NO\nReturn-Path: <>\n" HEAD "\nFrom here\nb\n",
         true},
        {"folding",
         "From:\n a@example.net\nTo: bounce-7@b.example\nSubject: s\nMessage-ID: <1@x>\nDate: Sat, 31 Oct 2026\n "
         "10:00:00 +0000\n\nFrom here\nb\n",
         true},
        {"an empty line within", HEAD "\nFrom here\n\nb\n", false},
        {"another word", HEAD "\nFrom here\nc\n", false},
        {"another return path", "X-Original-To: bounce-8@b.example\n" HEAD "\nFrom here\nb\n", false},
        {"another Message-ID",
         "From: a@example.net\nTo: bounce-7@b.example\nSubject: s\nMessage-ID: <2@x>\nDate: Sat, 31 Oct 2026 10:00:00 "
         "+0000\n\nFrom here\nb\n",
         false},
    };
    bb_message first = read_text(rows[0].mail, BB_NO_TIME, BB_NO_TIME);
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_message m = read_text(rows[i].mail, BB_NO_TIME, BB_NO_TIME);
        ok(bb_hash_eq(&first.key, &m.key) == rows[i].same, "key: %s %s", rows[i].name,
           rows[i].same ? "changes nothing" : "counts");
    }
}

/* ---- whom it is about ---------------------------------------------------------------------------------- */

static const struct {
    uint64_t id;
    uint32_t list;
    const char *address, *external_id;
} people[] = {
    {1, 1, "ann@example.net", ""},      {2, 2, "bob@example.net", "123"}, {3, 3, "cy@example.net", ""},
    {4, 4, "dan@example.net", ""},      {5, 5, "eve@example.net", "123"}, {6, 1, "bob@example.net", ""},
    {7, 3, "o'hara+x@example.net", ""}, {11, 6, "fay@example.net", ""},   {12, 3, "\"john doe\"@example.net", ""},
    {13, 7, "fay@example.net", ""},     {14, 8, "fay@example.net", ""},   {15, 9, "fay@example.net", ""},
};
static const bb_str own_hosts[] = {{"mx.example.com", 14}, {"mail.example.com", 16}};
static const bb_list_view lists[] = {
    {.id = 1, .return_path = BB_FORM_SIGNED, .domain = {"signed.example", 14}, .own_ids = true},
    {.id = 2, .return_path = BB_FORM_PLAIN, .domain = {"plain.example", 13}},
    {.id = 3, .return_path = BB_FORM_VERP, .domain = {"verp.example", 12}, .base = {"news", 4}, .own_ids = true},
    {.id = 4, .return_path = BB_FORM_PLAIN, .domain = {"own.example", 11}, .own_ids = true},
    {.id = 5, .return_path = BB_FORM_PLAIN, .domain = {"plain.example", 13}},
    {.id = 6, .return_path = BB_FORM_SIGNED_VERP, .domain = {"both.example", 12}, .base = {"n", 1}, .own_ids = true},
    {.id = 7, .return_path = BB_FORM_SIGNED_VERP, .domain = {"both.example", 12}, .base = {"m", 1}, .own_ids = true},
    {.id = 8, .return_path = BB_FORM_VERP, .domain = {"both.example", 12}, .base = {"n", 1}, .own_ids = true},
    {.id = 9, .return_path = BB_FORM_SIGNED, .domain = {"both.example", 12}, .base = {"o", 1}, .own_ids = true},
};
/* Mailing 9 went to list 6. List 8 sends other ones from the same domain and base. */
static bb_key ring_keys[2] = {{.id = 3, .secret = "a secret of thirty-two octets..", .created = 0},
                              {.id = 4, .secret = "another one", .created = 0}};

static void answer(bb_lookup *l)
{
    for (size_t i = 0; i < BB_COUNT(people); i++) {
        bool hit = l->by == BB_BY_ID ? people[i].id == l->subscriber
                   : l->by == BB_BY_MAILING
                       ? l->mailing == 9 && people[i].list == 6 && bb_eq(l->text, bb_cstr(people[i].address))
                   : l->list && l->list != people[i].list ? false
                   : l->by == BB_BY_EXTERNAL_ID           ? l->text.n && bb_eq(l->text, bb_cstr(people[i].external_id))
                                                          : bb_eq(l->text, bb_cstr(people[i].address));
        if (!hit) continue;
        if (++l->found > 1) continue;
        l->found_id = people[i].id;
        l->found_list = people[i].list;
        l->found_address = bb_cstr(people[i].address);
    }
    if (l->found > 2) l->found = 2;
}

static const char *with_blanks(bb_str word)
{
    char *p = bb_get(&arena, word.n + 1);
    for (size_t i = 0; i < word.n; i++) p[i] = word.p[i] == '~' ? ' ' : word.p[i];
    p[word.n] = '\0';
    return p;
}

/* With a tag: "T:n:fay@example.net" signed VERP of mailing 9, "N:..." of none, "M:fay@..." under the mailing's token; "E:1" an
 * envelope id. */
static bb_str tagged_path(const bb_key *key, bb_token t, char what, bb_str rest)
{
    bb_str base = {0}, out = {0}, domain = BB_S("both.example");
    if (what == 'N') t.mailing = 0;
    if (what == 'E') {
        char text[BB_TOKEN_LEN + 1];
        t.subscriber = (uint64_t)(rest.p[0] - '0');
        ok(bb_token_encode(key, BB_PURPOSE_ENVID, t, text), "envelope id made");
        return bb_dup(&arena, bb_cstr(text));
    }
    if (what != 'M') bb_split(&rest, ':', &base);
    ok(what == 'M' ? bb_return_path_mailing(&arena, key, t, rest, domain, &out, NULL)
                   : bb_return_path_signed_verp(&arena, key, t, base, rest, domain, &out, NULL),
       "tag made");
    return out;
}

/* "T1" a token for subscriber 1, "F1" the same with another key's MAC, "X1" an old one, "P0" a probe's; "U1", "G1" and
 * "Y1" such to unsubscribe; else an address. */
static void add_path(bb_message *m, const char *word)
{
    bb_str address = bb_cstr(word);
    bool leaves = word[0] == 'U' || word[0] == 'G' || word[0] == 'Y', forged = word[0] == 'F' || word[0] == 'G';
    bb_token t = {
        .day = word[0] == 'X' || word[0] == 'Y' ? 20000 : 20700, .mailing = 9, .subscriber = (uint64_t)(word[1] - '0')};
    bb_key key = ring_keys[forged];
    key.id = 3;
    if (strlen(word) == 2 && word[1] != ':') {
        char text[BB_TOKEN_LEN + 1];
        bb_purpose purpose = leaves           ? BB_PURPOSE_UNSUBSCRIBE
                             : word[0] == 'P' ? BB_PURPOSE_PROBE
                                              : BB_PURPOSE_RETURN_PATH;
        ok(bb_token_encode(&key, purpose, t, text), "token made");
        address = bb_sprintf(&arena, "%s-%s@signed.example", leaves ? "unsubscribe" : "bounce", text);
    } else if (word[1] == ':') {
        address = tagged_path(&key, t, word[0], bb_cstr(word + 2));
    }
    bb_return_path *slot = BB_PUSH(&arena, m->paths, m->n_paths, m->cap_paths);
    ok(bb_return_path_read(&arena, address, slot), "%s is a return path", word);
}

/* "recipient", or "original>final", either of which may be missing. */
static bb_rcpt_report rcpt_of(bb_str word)
{
    size_t went = bb_chr(word, '>');
    if (went == BB_NPOS) return (bb_rcpt_report){.recipient = word};
    bb_rcpt_report r = {.original = bb_sub(word, 0, went), .final = bb_sub(word, went + 1, BB_NPOS)};
    r.recipient = r.original.n ? r.original : r.final;
    return r;
}

static bb_kind kind_of(char c)
{
    return c == 'h'                           ? BB_KIND_HARD
           : c == 's' || c == 'S' || c == 'R' ? BB_KIND_SOFT
           : c == 'd'                         ? BB_KIND_DELIVERED
           : c == 'c' || c == 'C'             ? BB_KIND_COMPLAINT
                                              : BB_KIND_OTHER;
}

static void attribution(void)
{
    /* kinds of the verdicts: h hard, s soft, S soft but final at once, R the same at RCPT, d delivered, c complaint, C the same in the complaint's own form, o other;
     * paths: "own": the notice of a host of ours, "notice": of another; expected: one "id trust kind[>]" a verdict, >
     * forwarded, and whether it unsubscribes; "auto": a machine wrote it */
    static const struct {
        const char *name, *paths, *recipients, *kinds, *returned_to;
        uint32_t only;
        const char *want;
    } rows[] = {
        {"token, his address", "T1", "ann@example.net", "h", "", 0, "1 signed hard"},
        {"token, his address in capitals", "T1", "Ann@EXAMPLE.net", "h", "", 0, "1 signed hard"},
        {"token, no address", "T1", "", "h", "", 0, "1 signed hard"},
        {"token, somebody else's address: forwarded", "T1", "bob@example.net", "h", "", 0, "1 signed hard>"},
        {"token, several: only the holder's", "T1", "bob@example.net ann@example.net", "hs", "", 0,
         "0 none hard,1 signed soft"},
        {"token, several others: the worst, forwarded", "T1", "x@y.example z@y.example", "sh", "", 0,
         "0 none soft,1 signed hard>"},
        {"token beats a plain path before it", "bounce-123@plain.example T1", "ann@example.net", "h", "", 0,
         "1 signed hard"},
        {"second token verifies", "F1 T1", "ann@example.net", "h", "", 0, "1 signed hard"},
        {"forged token acts on nobody and is backscatter", "F1", "ann@example.net", "h", "", 0, "0 none other"},
        {"expired token: known, vouched for by nobody", "X1", "ann@example.net", "h", "", 0, "1 none hard"},
        {"a probe is about nobody, whomever it names", "P0", "ann@example.net", "h", "", 0, "0 none other"},
        {"a probe's purpose makes no token of it", "P1", "ann@example.net", "h", "", 0, "0 none other"},
        {"a token of nobody is no probe", "T0", "cy@example.net", "h", "", 0, "0 none other"},
        {"token of somebody unknown", "T8", "ann@example.net", "h", "", 0, "0 none hard"},
        {"complaint with the address blacked out", "T1", "redacted@example.net", "c", "", 0, "1 signed complaint"},
        {"complaint blacked out to letters that are nobody's, at his domain", "T1", "8f3a@example.net>", "C", "", 0,
         "1 signed complaint"},
        {"complaint that names somebody elsewhere", "T1", "8f3a@other.example>", "C", "", 0, "1 signed complaint>"},
        {"complaint that names another subscriber of his domain", "T1", "cy@example.net>", "C", "", 0,
         "1 signed complaint>"},
        {"complaint whose message went to the list's address", "T1", "readers@example.com", "C", "", 0,
         "1 signed complaint"},
        {"a name that begins like a blacked out one", "T1", "redactedfriend@y.example", "h", "", 0, "1 signed hard>"},
        {"sent to him, failed at a friend's: forwarded", "T1", "ann@example.net>ann.friend@y.example", "h", "", 0,
         "1 signed hard>"},
        {"sent to another address, failed at his", "T1", "club@y.example>ann@example.net", "h", "", 0, "1 signed hard"},
        {"his alias at the same domain", "T1", "ann@example.net>a.nn@example.net", "h", "", 0, "1 signed hard"},
        {"his mail's host", "T1", "ann@example.net>ann@mx1.example.net", "h", "", 0, "1 signed hard"},
        {"a domain that only ends alike", "T1", "ann@example.net>ann@anexample.net", "h", "", 0, "1 signed hard>"},
        {"went on to two, and arrived at one", "T1", "ann@example.net>a1@y.example ann@example.net>a2@y.example", "dh",
         "", 0, "1 signed delivered>,0 none hard"},
        {"went on to two at home, and arrived at the second", "T1",
         "ann@example.net>a1@example.net ann@example.net>a2@example.net", "hd", "", 0,
         "0 none hard,1 signed delivered"},
        {"inferred, failed at a friend's", "", "cy@example.net>cy@y.example", "h", "", 0, "3 inferred hard>"},
        {"inferred, sent to an alias of nobody we know, and it failed at his", "", "club@y.example>cy@example.net", "h",
         "", 0, "3 inferred hard"},
        {"inferred, both are somebody's: whom it was sent to", "", "cy@example.net>ann@example.net", "h", "", 0,
         "3 inferred hard"},
        {"inferred, sent to one whom two lists have", "", "bob@example.net>ann@example.net", "h", "", 0, "0 none hard"},
        {"inferred, sent to an alias, and arrived at one of his", "",
         "club@y.example>cy@example.net club@y.example>cy@example.net", "dh", "", 0,
         "3 inferred delivered,0 none hard"},
        {"our own server, of one who has an alias here", "own", "team@example.com>cy@example.net", "h", "", 0,
         "3 local hard"},
        {"inferred, arrived at one of two", "", "cy@example.net>c1@example.net cy@example.net>c2@example.net", "dh", "",
         0, "3 inferred delivered,0 none hard"},
        {"plain, report names him (and tells two lists apart)", "bounce-123@plain.example", "bob@example.net", "h", "",
         0, "2 plain hard"},
        {"plain, other list's holder named", "bounce-123@plain.example", "eve@example.net", "h", "", 0, "5 plain hard"},
        {"plain, two lists and nobody named: nobody", "bounce-123@plain.example", "", "h", "", 0, "0 none hard"},
        {"plain on one list only, nobody named: known, no trust", "bounce-123@plain.example", "", "h", "", 2,
         "2 none hard"},
        {"plain, returned message names him, report another", "bounce-123@plain.example", "new@y.example", "h",
         "Bob <bob@example.net>", 0, "2 plain hard>"},
        {"plain, only another named", "bounce-123@plain.example", "new@y.example", "h", "", 2, "2 none hard>"},
        {"plain with our own id where the list has no others", "bounce-4@own.example", "dan@example.net", "h", "", 0,
         "4 plain hard"},
        {"plain with our own id never takes a neighbour of another list", "bounce-1@own.example", "dan@example.net",
         "h", "", 0, "4 inferred hard"},
        {"plain, nobody's number: inferred", "bounce-1795449928@plain.example", "ann@example.net", "h", "", 0,
         "1 inferred hard"},
        {"plain under a domain of no list: inferred", "bounce-123@elsewhere.example", "cy@example.net", "h", "", 0,
         "3 inferred hard"},
        {"plain on a signed list is not taken", "bounce-1@signed.example", "ann@example.net", "h", "", 0,
         "1 inferred hard"},
        {"classic VERP", "news+cy=example.net@verp.example", "cy@example.net", "s", "", 0, "3 plain soft"},
        {"classic VERP, hard local part", "news+o'hara+x=example.net@verp.example", "o'hara+x@example.net", "s", "", 0,
         "7 plain soft"},
        {"classic VERP of another base", "olds+cy=example.net@verp.example", "cy@example.net", "s", "", 0,
         "3 inferred soft"},
        {"classic VERP, a local part with blanks", "\"news+john~doe=example.net\"@verp.example", "cy@example.net", "s",
         "", 0, "12 none soft>"},
        {"signed VERP", "T:n:fay@example.net", "fay@example.net", "h", "", 0, "11 signed hard"},
        {"signed VERP names him, and the report nobody", "T:n:fay@example.net", "", "h", "", 0, "11 signed hard"},
        {"signed VERP, another named: forwarded", "T:n:fay@example.net", "cy@example.net", "h", "", 0,
         "11 signed hard>"},
        {"signed VERP: the mailing says which list", "T:m:fay@example.net", "fay@example.net", "h", "", 0,
         "11 signed hard"},
        {"signed VERP of no mailing: the base says it", "N:m:fay@example.net", "fay@example.net", "h", "", 0,
         "13 signed hard"},
        {"signed VERP of no mailing: a neighbour of the same base that sends others is not meant",
         "N:n:fay@example.net", "fay@example.net", "h", "", 0, "11 signed hard"},
        {"signed VERP of no mailing: the list sends others by now", "N:o:fay@example.net", "fay@example.net", "h", "",
         0, "15 signed hard"},
        {"signed VERP of no mailing and no list", "N:p:fay@example.net", "fay@example.net", "h", "", 0, "0 none hard"},
        {"signed VERP of nobody: not the one that the text names", "T:n:x@example.net", "cy@example.net", "h", "", 0,
         "0 none hard"},
        {"signed VERP, forged", "F:n:fay@example.net", "fay@example.net", "h", "", 0, "0 none other"},
        {"signed VERP, expired", "X:n:fay@example.net", "fay@example.net", "h", "", 0, "11 none hard"},
        {"signed VERP without its tag is nothing to a list that signs", "m+fay=example.net@both.example",
         "cy@example.net", "h", "", 0, "3 inferred hard"},
        {"an envelope id", "E:1", "ann@example.net", "h", "", 0, "1 signed hard"},
        {"an envelope id beats a plain path before it", "bounce-123@plain.example E:1", "ann@example.net", "h", "", 0,
         "1 signed hard"},
        {"a mailing's", "M:fay@example.net", "fay@example.net", "h", "", 0, "11 mailing hard"},
        {"a mailing's, another named: forwarded", "M:fay@example.net", "cy@example.net", "h", "", 0,
         "11 mailing hard>"},
        {"a mailing's, of another list's subscriber", "M:cy@example.net", "cy@example.net", "h", "", 0, "0 none hard"},
        {"a mailing's alone names nobody", "M:", "cy@example.net", "h", "", 0, "3 inferred hard"},
        {"a plain path before an expired token is what is valid", "bounce-123@plain.example X1", "bob@example.net", "h",
         "", 0, "2 plain hard"},
        {"and behind it, too", "X1 bounce-123@plain.example", "bob@example.net", "h", "", 0, "2 plain hard"},
        {"and behind a forged one", "F1 bounce-123@plain.example", "bob@example.net", "h", "", 0, "2 plain hard"},
        {"of two tokens the first source's", "T6 T1", "ann@example.net", "h", "", 0, "6 signed hard>"},
        {"of two plain ones the first source's", "news+cy=example.net@verp.example bounce-123@plain.example",
         "bob@example.net", "h", "", 0, "3 none hard>"},
        {"a token behind one of nobody's number", "bounce-1795449928@plain.example T1", "ann@example.net", "h", "", 0,
         "1 signed hard"},
        {"classic VERP, names nobody", "news+cy=example.net@verp.example", "", "s", "", 0, "3 none soft"},
        {"no return path: inferred from the text", "", "cy@example.net", "h", "", 0, "3 inferred hard"},
        {"address on two lists: nobody", "", "bob@example.net", "h", "", 0, "0 none hard"},
        {"address on two lists, one asked for", "", "bob@example.net", "h", "", 1, "6 inferred hard"},
        {"our own server, and no field says where it went", "own", "cy@example.net", "h", "", 0, "3 inferred hard"},
        {"of the address that it went to", "own", ">cy@example.net", "h", "", 0, "3 local hard"},
        {"and that it was sent to", "own", "cy@example.net>cy@example.net", "h", "", 0, "3 local hard"},
        {"somebody else's server says it", "notice", "cy@example.net>cy@example.net", "h", "", 0, "3 inferred hard"},
        {"what the sender said that it was sent to is the sender's word", "own", "cy@example.net>alias@own.example",
         "h", "", 0, "3 inferred hard>"},
        {"and at home", "own", "cy@example.net>alias@example.net", "h", "", 0, "3 inferred hard"},
        {"our own server, and two lists have him", "own", ">bob@example.net", "h", "", 0, "0 none hard"},
        {"one of them asked for", "own", ">bob@example.net", "h", "", 1, "6 local hard"},
        {"our own server gave him up after days", "own", ">cy@example.net", "s", "", 0, "3 local soft"},
        {"and at once, which a stranger's message may have brought about", "own", ">cy@example.net", "S", "", 0,
         "3 inferred soft"},
        {"but not before that was seen", "own", ">cy@example.net", "R", "", 0, "3 local soft"},
        {"a token vouches for that, too", "own T1", ">ann@example.net", "S", "", 0, "1 signed soft"},
        {"our own server, of nobody we know", "own", ">nobody@example.net", "h", "", 0, "0 none hard"},
        {"our own server about several", "own", ">cy@example.net >ann@example.net x@y.example>dan@example.net", "hsh",
         "", 0, "3 local hard,1 local soft,4 local hard"},
        {"our own server vouches for a plain path", "own bounce-123@plain.example", ">bob@example.net", "h", "", 0,
         "2 local hard"},
        {"and not where it names another", "own bounce-123@plain.example", ">cy@example.net", "h", "", 2,
         "2 none hard>"},
        {"nor where only the sender names him", "own bounce-123@plain.example", "bob@example.net>x@y.example", "h", "",
         0, "2 plain hard>"},
        {"our own server vouches for classic VERP", "own news+cy=example.net@verp.example", ">cy@example.net", "s", "",
         0, "3 local soft"},
        {"and for the recipient that a mailing's token does not sign", "own M:fay@example.net", ">fay@example.net", "h",
         "", 0, "11 local hard"},
        {"and not for another", "own M:fay@example.net", ">cy@example.net", "h", "", 0, "11 mailing hard>"},
        {"a token and our own server", "own T1", ">ann@example.net", "h", "", 0, "1 local hard"},
        {"a token, and our own server names another", "own T1", ">cy@example.net", "h", "", 0, "1 signed hard>"},
        {"an expired token, and our own server", "own X1", ">ann@example.net", "h", "", 0, "1 local hard"},
        {"a forged token is none the better for coming back from us", "own F1", ">ann@example.net", "h", "", 0,
         "0 none other"},
        {"mail to where he unsubscribes", "U1", "", "o", "", 0, "1 signed other leaves"},
        {"long ago", "Y1", "", "o", "", 0, "1 signed other leaves"},
        {"of somebody unknown", "U8", "", "o", "", 0, "0 none other"},
        {"forged", "G1", "", "o", "", 0, "0 none other"},
        {"a machine writes there", "auto U1", "", "o", "", 0, "0 none other"},
        {"a bounce comes there", "auto U1", "cy@example.net", "h", "", 0, "3 inferred hard"},
        {"and names its return path", "auto U6 T1", "ann@example.net", "h", "", 0, "1 signed hard"},
        {"to a return path first, and then there", "T1 U6", "", "o", "", 0, "1 signed other"},
        {"there first, and then to a return path", "U6 T1", "", "o", "", 0, "6 signed other leaves"},
        {"there, and to an unsigned return path", "bounce-123@plain.example U1", "", "o", "", 0,
         "1 signed other leaves"},
        {"a forged one, and a good one", "G6 U1", "", "o", "", 0, "1 signed other leaves"},
        {"a list that is asked for has no say in it", "U1", "", "o", "", 2, "1 signed other leaves"},
        {"ordinary mail to a token", "T1", "", "o", "", 0, "1 signed other"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_message m = {.event_time = 20710 * BB_DAY, .n_verdicts = strlen(rows[i].kinds)};
        bb_rcpt_report rcpts[4] = {0};
        bb_verdict verdicts[4] = {0};
        bb_settled settled[4];
        m.report.rcpts = rcpts;
        m.verdicts = verdicts;
        m.report.original.to = bb_cstr(rows[i].returned_to);
        bb_str words = bb_cstr(rows[i].paths), word;
        while (bb_split(&words, ' ', &word))
            if (bb_eq(word, BB_S("auto"))) m.automatic = true;
            else if (bb_eq(word, BB_S("own"))) m.noticed_by = BB_S("MAIL.example.com");
            else if (bb_eq(word, BB_S("notice"))) m.noticed_by = BB_S("mail.example.net");
            else if (word.n) add_path(&m, with_blanks(word));
        words = bb_cstr(rows[i].recipients);
        while (bb_split(&words, ' ', &word))
            if (word.n) rcpts[m.report.n_rcpts++] = rcpt_of(word);
        if (rows[i].kinds[0] == 'C') m.report.type = BB_REPORT_COMPLAINT;
        for (size_t v = 0; v < m.n_verdicts; v++) verdicts[v].kind = kind_of(rows[i].kinds[v]);
        for (size_t v = 0; v < m.n_verdicts; v++) {
            rcpts[v].status = rows[i].kinds[v] == 's' ? BB_S("4.2.2") : BB_S("5.4.6");
            rcpts[v].command = rows[i].kinds[v] == 'R' ? BB_S("RCPT") : BB_S("");
        }
        bb_attribution ctx = {.keys = {ring_keys, 1},
                              .token_lifetime = 30 * BB_DAY,
                              .lists = lists,
                              .n_lists = BB_COUNT(lists),
                              .own_hosts = own_hosts,
                              .n_own_hosts = BB_COUNT(own_hosts),
                              .only_list = rows[i].only};
        bb_claims claims;
        ok(bb_claims_make(&arena, &m, &ctx, &claims), "claims: %s", rows[i].name);
        for (size_t l = 0; l < claims.n_lookups; l++) answer(&claims.lookups[l]);
        bb_claims_settle(&m, &claims, settled);
        bb_buf got = bb_buf_in(&arena, 1000);
        for (size_t v = 0; v < m.n_verdicts; v++)
            bb_putf(&got, "%s%d %s %s%s%s", v ? "," : "", (int)settled[v].subscriber, bb_trust_word(settled[v].trust),
                    bb_kind_word(settled[v].kind), settled[v].forwarded ? ">" : "",
                    settled[v].unsubscribes ? " leaves" : "");
        is_str(bb_buf_str(&got), bb_cstr(rows[i].want), "whom: %s", rows[i].name);
    }
}

/* ---- where return paths are looked for -------------------------------------------------------------------- */

#define A100 "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"
#define DSN                                                                                                       \
    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"         \
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n%s\nFinal-Recipient: rfc822; x@y\n" \
    "Action: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\n%s\nSubject: x\n\nhi\n--b--\n"

static void sources(void)
{
    static const struct {
        const char *name, *rcpt_to, *orcpt, *header, *per_message, *returned, *want;
    } rows[] = {
        {"all of them, in their order", "bounce-1@b.example", "bounce-2@b.example",
         "To: bounce-5@b.example\nDelivered-To: bounce-4@b.example\nX-Original-To: bounce-3@b.example\n",
         "X-Postfix-Sender: rfc822; bounce-7@b.example\nOriginal-Envelope-Id: bounce-6@b.example\n",
         "Return-Path: <bounce-8@b.example>\n", "1 2 3 4 5 6 7 8"},
        {"a token as envelope id", "", "", "To: bounce-5@b.example\n",
         "Original-Envelope-Id: aa5isyaaaaagaab23zukr2xzjd7h6jj4z\n", "", "5 aa5isyaaaaagaab23zukr2xzjd7h6jj4z"},
        {"each once", "bounce-1@b.example", "Bounce-1@B.example", "To: bounce-2@b.example, bounce-1@b.example\n", "",
         "Return-Path: <bounce-2@b.example>\n", "1 2"},
        {"several of one field", "", "", "X-Original-To: bounce-3@b.example\nX-Original-To: bounce-2@b.example\n", "",
         "", "3 2"},
        {"names and groups in To", "", "", "To: \"x, y\" <bounce-1@b.example>, a@b.example,\n bounce-2@b.example\n", "",
         "", "1 2"},
        {"xtext in Original-Envelope-Id", "", "", "", "Original-Envelope-Id: bounce-1+40b.example\n", "", "1"},
        {"wrapped, in each", "prvs=1234abcdef=bounce-1@b.example", "SRS0=HHH=TT=b.example=bounce-2@f.example",
         "To: <SRS1=HHH=f.example==HHH=TT=b.example=bounce-5@g.example>\nDelivered-To: btv1==12ab==bounce-4@b.example\n"
         "X-Original-To: SRS0+HHH=TT=b.example=bounce-3@f.example\n",
         "X-Postfix-Sender: rfc822; srs0-hhh=tt=b.example=bounce-7@f.example\n",
         "Return-Path: <prvs=1234abcdef=bounce-8@b.example>\n", "1 2 3 4 5 7 8"},
        {"over-long, in each", "SRS0=HHH=TT=" A100 ".example=bounce-1@f.example",
         "SRS0=HHH=TT=" A100 ".example=bounce-2@f.example",
         "To: Ann <SRS0=HHH=TT=" A100 ".example=bounce-5@f.example>, SRS0=HHH=TT=" A100 ".example=bounce-9@f.example\n"
         "Delivered-To: SRS0=HHH=TT=" A100 ".example=bounce-4@f.example\n"
         "X-Original-To: SRS0=HHH=TT=" A100 ".example=bounce-3@f.example\n",
         "X-Postfix-Sender: rfc822; SRS0=HHH=TT=" A100 ".example=bounce-7@f.example\n",
         "Return-Path: <SRS0=HHH=TT=" A100 ".example=bounce-8@f.example>\n", "1 2 3 4 5 9 7 8"},
        {"with blanks, quoted and not", "n+a b=d.com@b.example", "",
         "X-Original-To: n+c d=d.com@b.example\nDelivered-To: \"n+e f=d.com\"@b.example\nTo: <\"n+g "
         "h=d.com\"@b.example>, \"n+i j=d.com\"@b.example\n",
         "X-Postfix-Sender: rfc822; \"n+k l=d.com\"@b.example\n", "Return-Path: <\"n+m o=d.com\"@b.example>\n",
         "\"a b\" \"c d\" \"e f\" \"g h\" \"i j\" \"k l\" \"m o\""},
        {"where people unsubscribe, among what it came to", "", "",
         "To: unsubscribe-aa5isyaaaaagaab23zuk5x7uyx7kxdrxi@b.example\n", "", "Return-Path: <bounce-2@b.example>\n",
         "aa5isyaaaaagaab23zuk5x7uyx7kxdrxi 2"},
        {"wrapped on the way", "prvs=1234abcdef=UNSUBSCRIBE-AA5ISYAAAAAGAAB23ZUK5X7UYX7KXDRXI@b.example", "", "", "",
         "", "aa5isyaaaaagaab23zuk5x7uyx7kxdrxi"},
        {"what the report tells of it is no wish of anybody's", "", "", "",
         "X-Postfix-Sender: rfc822; unsubscribe-aa5isyaaaaagaab23zuk5x7uyx7kxdrxi@b.example\n"
         "Original-Envelope-Id: unsubscribe-aa5isyaaaaagaab23zuk5x7uyx7kxdrxi+40b.example\n",
         "Return-Path: <unsubscribe-aa5isyaaaaagaab23zuk5x7uyx7kxdrxi@b.example>\n", ""},
        {"addresses of others", "x@b.example", "", "To: ann@example.net\n", "", "Return-Path: <y@b.example>\n", ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_message m;
        bb_envelope env = {.rcpt_to = bb_cstr(rows[i].rcpt_to), .orcpt = bb_cstr(rows[i].orcpt)};
        bb_reader reader = {.rules = rules};
        bb_str body = bb_sprintf(&arena, DSN, rows[i].per_message, rows[i].returned);
        ok(bb_message_read(&arena, bb_cat(&arena, bb_cstr(rows[i].header), body, BB_S("")), &env, &reader, &m),
           "sources read: %s", rows[i].name);
        bb_buf got = bb_buf_in(&arena, 200);
        for (size_t k = 0; k < m.n_paths; k++) {
            const bb_return_path *p = &m.paths[k];
            bb_str who = p->number.n ? p->number : p->victim.n ? p->victim : p->token;
            bb_putf(&got, "%s" BB_FMT, k ? " " : "", BB_ARG(bb_sub(who, 0, bb_chr(who, '@'))));
        }
        is_str(bb_buf_str(&got), bb_cstr(rows[i].want), "sources: %s", rows[i].name);
    }
}

static void clamped_to_minting(void)
{
    bb_message m = {.event_time = 20000 * BB_DAY, .n_verdicts = 1};
    bb_verdict verdict = {.kind = BB_KIND_HARD};
    m.verdicts = &verdict;
    add_path(&m, "T1");
    bb_attribution ctx = {.keys = {ring_keys, 1}, .token_lifetime = 30 * BB_DAY};
    bb_claims claims;
    ok(bb_claims_make(&arena, &m, &ctx, &claims), "claims of a report older than its token");
    is_int(m.event_time, 20700 * BB_DAY, "no report is older than the token it came back to");
}

static void json_shape(void)
{
    bb_message m = read_text(HEAD "\nOrdinary mail.\n", BB_NO_TIME, BB_NO_TIME);
    bb_buf out = bb_buf_in(&arena, 100000);
    bb_message_json(&m, &out);
    bb_str json = bb_buf_str(&out);
    static const char *const keys_wanted[] = {
        "v",          "source",      "kind",       "reason",     "recipient",     "action",     "status",
        "reply_code", "command",     "diagnostic", "remote_mta", "reporting_mta", "format",     "rule",
        "confidence", "return_path", "token",      "date",       "original",      "content_id", "truncated"};
    size_t at = 0;
    for (size_t i = 0; i < BB_COUNT(keys_wanted); i++) {
        size_t next = bb_find(json, bb_sprintf(&arena, "\"%s\":", keys_wanted[i]));
        ok(next != BB_NPOS && next >= at, "json has \"%s\", in its place", keys_wanted[i]);
        at = next;
    }
    ok(json.n && json.p[json.n - 1] == '\n' && bb_chr(json, '\n') == json.n - 1, "one line an object");
}

int main(void)
{
    bb_err err = {0};
    if (sodium_init() < 0) return 1;
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
    if (!ok(rules != NULL, "built-in rules compile %s", err.text)) return tap_done();
    event_times();
    own_notices();
    automatic();
    keys();
    attribution();
    sources();
    clamped_to_minting();
    json_shape();
    bb_rules_free(&rules);
    bb_arena_free(&arena);
    return tap_done();
}
