/* SPDX-License-Identifier: MIT
 *
 * messages: words, rules, replies and messages through the installed header: answers, wrong arguments, hostile bytes.
 */
#include <bouncebox/bouncebox.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static bouncebox_rules *rules;
static bouncebox_error err;

#define REFUSED(call, wanted)                                                    \
    do {                                                                         \
        err = (bouncebox_error){0};                                              \
        ok((call) && err.code == (wanted) && err.text[0], "refused: %s", #call); \
    } while (0)

/* ---- words ------------------------------------------------------------------------------------------------------ */

static void test_words(void)
{
    static const int counts[] = {8, 37, 6, 6, 5, 8, 5, 5, 12, 5};
    is_cstr(bouncebox_version(), BB_VERSION, "the version");
    for (int list = 0; list < (int)BB_COUNT(counts); list++) {
        int n = 0;
        for (const char *word; (word = bouncebox_word(list, n)); n++)
            is_int(bouncebox_value(list, word), n, "list %d: \"%s\" is %d both ways", list, word, n);
        is_int(n, counts[list], "list %d: so many words", list);
    }
    ok(!bouncebox_word(-1, 0) && !bouncebox_word((int)BB_COUNT(counts), 0), "no other list");
    ok(!bouncebox_word(0, -1) && !bouncebox_word(0, INT32_MAX), "no other number");
    is_int(bouncebox_value(BOUNCEBOX_WORDS_KIND, "Hard"), BOUNCEBOX_KIND_HARD, "in any case");
    is_int(bouncebox_value(BOUNCEBOX_WORDS_KIND, "harder"), -1, "no such word");
    is_int(bouncebox_value(BOUNCEBOX_WORDS_KIND, NULL), -1, "no word");
    is_int(bouncebox_value(99, "hard"), -1, "no list");
    is_cstr(bouncebox_word(BOUNCEBOX_WORDS_REASON, BOUNCEBOX_REASON_greylisted), "greylisted", "a reason");
}

/* ---- rules ------------------------------------------------------------------------------------------------------ */

static int kind_of(const bouncebox_rules *r, const char *reply)
{
    bouncebox_result *result = bouncebox_classify(r, reply, strlen(reply), NULL);
    const bouncebox_row *row = bouncebox_result_row(result, 0);
    int kind = row ? row->kind : -1;
    bouncebox_result_free(result);
    return kind;
}

static void test_rules(void)
{
    static const char own[] = "rule we-know-better\n"
                              "kind block\n"
                              "reason policyviolation\n"
                              "words \"teapots are full\"\n"
                              "strength always\n"
                              "sample 550 5.2.2 our teapots are full\n"
                              "sample 452 all teapots are full by now\n";
    bouncebox_rules *mine = bouncebox_rules_new("own.rules", own, sizeof own - 1, &err);
    if (ok(mine != NULL && err.code == BOUNCEBOX_OK && !err.text[0], "rules of one's own")) {
        is_int(kind_of(mine, "550 5.2.2 our teapots are full"), BOUNCEBOX_KIND_BLOCK, "they come first");
        is_int(kind_of(mine, "550 5.1.1 User unknown"), BOUNCEBOX_KIND_HARD, "the others are there");
    } else tap_note("%s", err.text);
    bouncebox_rules_free(mine);
    REFUSED(!bouncebox_rules_new("own.rules", "nonsense\n", 9, &err), BOUNCEBOX_ERULES);
    ok(strncmp(err.text, "own.rules:1:", 12) == 0, "the error names file and line");
    REFUSED(!bouncebox_rules_new(NULL, "nonsense\n", 9, &err), BOUNCEBOX_ERULES);
    ok(!bouncebox_rules_new("own.rules", "nonsense\n", 9, NULL), "without wanting to know why");
    bouncebox_rules_free(NULL);
}

/* ---- replies ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *reply, *kind, *reason, *status;
    int code;
} replies[] = {
    {"550 5.1.1 No such user here", "hard", "userunknown", "5.1.1", 550},
    {"550-5.1.1 The email account that you\r\n550-5.1.1 tried to reach does not exist.\r\n550 5.1.1 Goodbye", "hard",
     "userunknown", "5.1.1", 550},
    {"452 4.2.2 Mailbox full\r\n", "soft", "mailboxfull", "4.2.2", 452},
    {"5.2.2 mailbox full", "soft", "mailboxfull", "5.2.2", 0},
    {"421", "soft", "networkerror", "", 421},
    {"554 5.7.1 Message rejected as spam", "block", "spamdetected", "5.7.1", 554},
    {"250 2.0.0 OK", "delivered", "delivered", "2.0.0", 250},
    {"999 what", "other", "undefined", "", 0},
    {"good morning", "other", "undefined", "", 0},
    {"", "other", "undefined", "", 0},
};

static void test_replies(void)
{
    for (size_t i = 0; i < BB_COUNT(replies); i++) {
        const char *text = replies[i].reply;
        bouncebox_result *r = bouncebox_classify(rules, text, strlen(text), &err);
        const bouncebox_row *row = bouncebox_result_row(r, 0);
        if (!ok(row && bouncebox_result_rows(r) == 1, "one row: %.40s", text) || !row) continue;
        is_cstr(bouncebox_word(BOUNCEBOX_WORDS_KIND, row->kind), replies[i].kind, "kind: %.40s", text);
        is_cstr(bouncebox_word(BOUNCEBOX_WORDS_REASON, row->reason), replies[i].reason, "reason: %.40s", text);
        is_cstr(row->status.text, replies[i].status, "status: %.40s", text);
        is_int(row->reply_code, replies[i].code, "reply code: %.40s", text);
        ok(!strchr(row->diagnostic.text, '\n'), "one line: %.40s", text);
        ok(row->date == BOUNCEBOX_NO_TIME && !row->content_id.length, "no date, no id: %.40s", text);
        ok(!bouncebox_result_json(r)->length && !bouncebox_result_path(r, 0), "no JSON, no paths: %.40s", text);
        bouncebox_result_free(r);
    }
    REFUSED(!bouncebox_classify(NULL, "550", 3, &err), BOUNCEBOX_EUSAGE);
    REFUSED(!bouncebox_classify(rules, NULL, 3, &err), BOUNCEBOX_EUSAGE);
    bouncebox_result *r = bouncebox_classify(rules, NULL, 0, NULL);
    ok(r != NULL, "no bytes of nothing");
    bouncebox_result_free(r);
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void test_row(void)
{
    bb_str bytes = tap_source_file("tests/fixtures/mta/exim-full.eml");
    bouncebox_envelope env = {.source = "box.mbox#1"};
    bouncebox_result *r = bouncebox_parse(rules, bytes.p, bytes.n, &env, &err);
    free((void *)(uintptr_t)bytes.p); /* the result keeps copies */
    const bouncebox_row *row = bouncebox_result_row(r, 0);
    if (!ok(row && bouncebox_result_rows(r) == 1, "one row") || !row) return;
    ok(row->kind == BOUNCEBOX_KIND_SOFT && row->reason == BOUNCEBOX_REASON_mailboxfull, "kind and reason");
    ok(row->action == BOUNCEBOX_ACTION_FAILED && row->reply_code == 552, "action and reply code");
    ok(row->confidence > 0.9 && row->confidence <= 1, "confidence");
    is_cstr(row->recipient.text, "full@remote.test", "recipient");
    is_cstr(row->status.text, "5.2.2", "status");
    is_cstr(row->command.text, "RCPT", "command");
    is_cstr(row->diagnostic.text, "552 5.2.2 <full@remote.test>: user is over quota, mailbox full", "diagnostic");
    is_cstr(row->remote_mta.text, "mx.remote.test", "remote MTA");
    is_cstr(row->reporting_mta.text, "mta.local.test", "reporting MTA");
    is_cstr(row->format.text, "rfc3464", "format");
    is_cstr(row->rule.text, "mailbox-full", "rule");
    is_cstr(row->return_path.text, "bounce-full@bounce.test", "return path");
    is_cstr(row->original_subject.text, "Newsletter issue 42", "original subject");
    is_int(row->content_id.length, 32, "content id");
    is_int(row->truncated.length, 0, "not truncated");
    is_int(row->diagnostic.length, strlen(row->diagnostic.text), "lengths");
    is_int(row->date, 1795449759, "date");
    ok(strstr(bouncebox_result_json(r)->text, "\"source\":\"box.mbox#1\"") != NULL, "the source, in JSON");
    ok(!bouncebox_result_row(r, 1) && !bouncebox_result_row(r, SIZE_MAX), "no row beyond");
    bouncebox_result_free(r);
}

static const char signed_bounce[] =
    "Return-Path: <>\nX-Original-To: bounce-42@bounces.example.com\n"
    "Delivered-To: newsletter+user=example.net@bounces.example.com\nDate: Mon, 23 Nov 2026 16:00:00 +0000\n"
    "Subject: Undelivered Mail Returned to Sender\n\n<user@example.net>: host mx said: 550 5.1.1 User unknown\n";

static void test_envelope(void)
{
    bouncebox_envelope env = {.rcpt_to = "bounce-7@bounces.example.com", .received = 1700000000};
    bouncebox_result *r = bouncebox_parse(rules, signed_bounce, sizeof signed_bounce - 1, &env, &err);
    if (!ok(r != NULL, "with an envelope") || !r) return;
    is_cstr(bouncebox_result_path(r, 0)->text, "bounce-7@bounces.example.com", "rcpt_to is the best source");
    is_cstr(bouncebox_result_path(r, 1)->text, "bounce-42@bounces.example.com", "then X-Original-To");
    ok(bouncebox_result_path(r, 2) && !bouncebox_result_path(r, 9), "and others, up to the last");
    is_cstr(bouncebox_result_row(r, 0)->return_path.text, "bounce-7@bounces.example.com", "the row has the first");
    is_int(bouncebox_result_row(r, 0)->date, 1700000000, "nothing is dated later than it was received");
    bouncebox_result_free(r);
    env = (bouncebox_envelope){.from_line = 1600000000, .received = BOUNCEBOX_NO_TIME};
    r = bouncebox_parse(rules, signed_bounce, sizeof signed_bounce - 1, &env, &err);
    is_int(bouncebox_result_row(r, 0)->date, 1600000000, "the From line's date");
    bouncebox_result_free(r);
    env.reserved[3] = 1;
    REFUSED(!bouncebox_parse(rules, "", 0, &env, &err), BOUNCEBOX_EUSAGE);
    REFUSED(!bouncebox_parse(NULL, "", 0, NULL, &err), BOUNCEBOX_EUSAGE);
    REFUSED(!bouncebox_parse(rules, NULL, 1, NULL, &err), BOUNCEBOX_EUSAGE);
    ok(!bouncebox_parse(NULL, NULL, 1, NULL, NULL), "without wanting to know why");
}

static void test_nothing(void)
{
    bouncebox_result_free(NULL);
    is_int(bouncebox_result_rows(NULL), 0, "no result: no rows");
    ok(!bouncebox_result_row(NULL, 0) && !bouncebox_result_path(NULL, 0), "no result: no row, no path");
    is_cstr(bouncebox_result_json(NULL)->text, "", "no result: no JSON");
    bouncebox_result *r = bouncebox_parse(rules, NULL, 0, NULL, &err);
    ok(bouncebox_result_rows(r) == 1 && bouncebox_result_row(r, 0)->kind == BOUNCEBOX_KIND_OTHER, "an empty message");
    ok(bouncebox_result_row(r, 0)->date == BOUNCEBOX_NO_TIME, "of no time");
    bouncebox_result_free(r);
}

static bool is_text(bouncebox_text t)
{
    return t.text && t.text[t.length] == '\0' && bb_utf8_valid((bb_str){t.text, t.length});
}

static bool sound(const bouncebox_result *r)
{
    bool good = bouncebox_result_rows(r) >= 1 && is_text(*bouncebox_result_json(r));
    for (size_t i = 0; i < bouncebox_result_rows(r); i++) {
        const bouncebox_row *w = bouncebox_result_row(r, i);
        good = good && bouncebox_word(BOUNCEBOX_WORDS_KIND, w->kind) && is_text(w->recipient) && is_text(w->status) &&
               is_text(w->command) && is_text(w->diagnostic) && is_text(w->remote_mta) && is_text(w->rule) &&
               is_text(w->reporting_mta) && is_text(w->format) && is_text(w->return_path) && is_text(w->content_id) &&
               is_text(w->original_message_id) && is_text(w->original_subject) && is_text(w->original_from) &&
               is_text(w->original_list_id) && is_text(w->truncated);
    }
    for (size_t i = 0; bouncebox_result_path(r, i); i++) good = good && is_text(*bouncebox_result_path(r, i));
    return good;
}

/* Bytes at random, and real bounces with bytes changed at random: everything is a message, and texts are texts. */
static void test_hostile(void)
{
    uint64_t random = tap_seed();
    int bad = 0;
    bb_str real = tap_source_file("tests/fixtures/mta/postfix-multi.eml");
    char *bytes = malloc(real.n + 1);
    for (int round = 0; bytes && round < 300; round++) {
        size_t n = round % 3 ? real.n : tap_below(&random, real.n);
        if (n) memcpy(bytes, real.p, n);
        for (int k = 0; k < 40 && n; k++) bytes[tap_below(&random, n)] = (char)tap_below(&random, 256);
        for (size_t k = 0; round % 10 == 9 && k < n; k++) bytes[k] = (char)tap_below(&random, 256);
        bouncebox_result *r = bouncebox_parse(rules, bytes, n, NULL, NULL);
        bad += !r || !sound(r);
        bouncebox_result_free(r);
        r = bouncebox_classify(rules, bytes, n < 2000 ? n : 2000, NULL);
        bad += !r || bouncebox_result_rows(r) != 1 || !is_text(bouncebox_result_row(r, 0)->diagnostic);
        bouncebox_result_free(r);
    }
    is_int(bad, 0, "300 hostile messages give sound rows");
    free(bytes);
    free((void *)(uintptr_t)real.p);
}

/* ---- the limit ---------------------------------------------------------------------------------------------------- */

static const char with_a_large_part[] =
    "Subject: Undelivered Mail Returned to Sender\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\n\n<user@example.net>: host mx said: 550 5.1.1 User unknown\n"
    "--b\nContent-Type: application/octet-stream\n\n";

static void test_long(void)
{
    size_t n = ((size_t)64 << 20) + 1;
    char *bytes = malloc(n);
    ok(bytes != NULL, "64 MiB");
    if (!bytes) return;
    memset(bytes, 'x', n);
    memcpy(bytes, with_a_large_part, sizeof with_a_large_part - 1);
    bouncebox_result *r = bouncebox_parse(rules, bytes, n - 1, NULL, &err);
    is_cstr(r ? bouncebox_result_row(r, 0)->truncated.text : "?", "", "64 MiB are read");
    bouncebox_result_free(r);
    r = bouncebox_parse(rules, bytes, n, NULL, &err);
    is_cstr(r ? bouncebox_result_row(r, 0)->truncated.text : "?", "message size", "one byte more is cut, and said");
    bouncebox_result_free(r);
    free(bytes);
}

int main(void)
{
    rules = bouncebox_rules_new(NULL, NULL, 0, &err);
    if (!ok(rules != NULL, "the library's rules")) return tap_note("%s", err.text), tap_done();
    test_words();
    test_rules();
    test_replies();
    test_row();
    test_envelope();
    test_nothing();
    test_hostile();
    test_long();
    bouncebox_rules_free(rules);
    return tap_done();
}
