/* SPDX-License-Identifier: MIT
 *
 * report: what a message reports, format by format, by small messages; RFC 3464 in its details; what came back is
 * never evidence; limits, little memory and hostile prose.
 */
#include <stdlib.h>
#include <time.h>

#include "core/report/report.h"
#include "tap.h"

static bb_arena arena;

static bb_report read_report(bb_str bytes, const bb_report_options *opt)
{
    bb_mail *m = bb_get(&arena, sizeof *m);
    bb_report r;
    if (!m) abort();
    bb_mail_read(&arena, bytes, NULL, m);
    bb_report_read(m, opt, &r);
    return r;
}

static void put_cell(bb_buf *out, bb_str s)
{
    if (out->n) bb_putc(out, ' ');
    bb_put(out, bb_empty(s) ? BB_S("-") : s);
}

/* "format / recipient action status reply stage host / ..." */
static bb_str line_of(const bb_report *r)
{
    static const char *const types[] = {"none", "", "complaint ", "autoreply ", "receipt ", "challenge "};
    bb_buf out = bb_buf_in(&arena, 8192);
    bb_putf(&out, "%s%s", types[r->type], r->format);
    for (size_t i = 0; i < r->n_rcpts; i++) {
        const bb_rcpt_report *to = &r->rcpts[i];
        bb_puts(&out, " /");
        put_cell(&out, to->recipient);
        put_cell(&out, bb_cstr(bb_action_word(to->action)));
        put_cell(&out, to->status);
        if (to->reply_code) bb_putf(&out, " %d", to->reply_code);
        else bb_puts(&out, " -");
        put_cell(&out, to->command);
        put_cell(&out, to->remote_mta);
    }
    return bb_buf_str(&out);
}

/* ---- RFC 3464 --------------------------------------------------------------------------------------- */

#define DSN                                                                                                 \
    "Return-Path: <>\nFrom: MAILER-DAEMON@mail.example.com\nSubject: Undelivered Mail Returned to Sender\n" \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=u\n\n--u\n\nSee what follows.\n" \
    "--u\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example.com\n\n"
#define RETURNED "\n--u\nContent-Type: message/rfc822\n\nSubject: News\nMessage-ID: <1@example.com>\n\nbody\n--u--\n"
#define GONE     "Final-Recipient: rfc822; gone@example.net\nAction: failed\nStatus: 5.1.1\n"

static void rfc3464(void)
{
    static const struct {
        const char *name, *fields, *want;
    } rows[] = {
        {"one", GONE "Remote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 no\n",
         "gone@example.net failed 5.1.1 550 - mx.example.net"},
        {"two", GONE "\nFinal-Recipient: rfc822; full@example.net\nAction: failed\nStatus: 5.2.2\n",
         "gone@example.net failed 5.1.1 - - - / full@example.net failed 5.2.2 - - -"},
        {"two run together", GONE "Final-Recipient: rfc822; full@example.net\nAction: failed\nStatus: 5.2.2\n",
         "gone@example.net failed 5.1.1 - - - / full@example.net failed 5.2.2 - - -"},
        {"one falls apart", "Final-Recipient: rfc822; gone@example.net\n\nAction: failed\n\nStatus: 5.1.1\n",
         "gone@example.net failed 5.1.1 - - -"},
        {"the same twice, the failure counts",
         "Final-Recipient: rfc822; a@example.net\nAction: delayed\n\n"
         "Final-Recipient: rfc822; A@Example.NET\nAction: failed\n",
         "a@example.net failed - - - -"},
        {"any case", "FINAL-RECIPIENT: RFC822; gone@example.net\naction: FAILED\nstatus: 5.1.1\n",
         "gone@example.net failed 5.1.1 - - -"},
        {"no type", "Final-Recipient: gone@example.net\nAction: failed\nRemote-MTA: mx.example.net\n",
         "gone@example.net failed - - - mx.example.net"},
        {"brackets", "Final-Recipient: rfc822;<gone@example.net>\nAction: failed\n", "gone@example.net failed - - - -"},
        {"quoted local part", "Final-Recipient: rfc822; \"a b\"@example.net\nAction: failed\n",
         "\"a b\"@example.net failed - - - -"},
        {"a quoted local part that lost its quotes",
         "Final-Recipient: rfc822; \"un known\"@example.net\nOriginal-Recipient: rfc822;un known@example.net\nAction: "
         "failed\n",
         "\"un known\"@example.net failed - - - -"},
        {"words before an address in brackets are none of it",
         "Final-Recipient: rfc822; Gone Away <gone@example.net>\nAction: failed\n", "gone@example.net failed - - - -"},
        {"folded", "Final-Recipient: rfc822;\n gone@example.net\nAction:\n failed\nStatus:\n 5.1.1\n",
         "gone@example.net failed 5.1.1 - - -"},
        {"original before final", "Original-Recipient: rfc822; alias@example.net\n" GONE,
         "alias@example.net failed 5.1.1 - - -"},
        {"utf-8 type", "Original-Recipient: utf-8; j\\x{F6}rg@example.net\nAction: failed\n",
         "j\xC3\xB6rg@example.net failed - - - -"},
        {"UTF-8 as it is", "Final-Recipient: utf-8; j\xC3\xB6rg@example.net\nAction: failed\n",
         "j\xC3\xB6rg@example.net failed - - - -"},
        {"no control comes out of an escape", "Final-Recipient: utf-8; a\\x{0A}b@example.net\nAction: failed\n",
         "x{0A}b@example.net failed - - - -"},
        {"actual recipient", "X-Actual-Recipient: rfc822; gone@example.net\nAction: failed\n",
         "gone@example.net failed - - - -"},
        {"delayed", "Final-Recipient: rfc822; a@example.net\nAction: delayed\nStatus: 4.4.1\n",
         "a@example.net delayed 4.4.1 - - -"},
        {"delivered", "Final-Recipient: rfc822; a@example.net\nAction: delivered\nStatus: 2.0.0\n",
         "a@example.net delivered 2.0.0 - - -"},
        {"relayed", "Final-Recipient: rfc822; a@example.net\nAction: relayed (to mx)\nStatus: 2.0.0\n",
         "a@example.net relayed 2.0.0 - - -"},
        {"expanded", "Final-Recipient: rfc822; a@example.net\nAction: expanded\nStatus: 2.0.0\n",
         "a@example.net expanded 2.0.0 - - -"},
        {"no action, by its status", "Final-Recipient: rfc822; a@example.net\nStatus: 2.1.5\n",
         "a@example.net delivered 2.1.5 - - -"},
        {"the diagnostic's status where the field says nothing",
         "Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 no\n",
         "a@example.net failed 5.1.1 550 - -"},
        {"status with a remark", "Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1 (bad)\n",
         "a@example.net failed 5.1.1 - - -"},
        {"an IP address is no status", "Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 192.0.2.5\n",
         "a@example.net failed - - - -"},
        {"stage", GONE "Diagnostic-Code: smtp; 550 5.1.1 no (in reply to RCPT TO command)\n",
         "gone@example.net failed 5.1.1 550 RCPT -"},
        {"address literal", GONE "Remote-MTA: dns; [192.0.2.7]\n", "gone@example.net failed 5.1.1 - - [192.0.2.7]"},
        {"host with its address", GONE "Remote-MTA: dns; mx.example.net. (192.0.2.7, the server)\n",
         "gone@example.net failed 5.1.1 - - mx.example.net"},
        {"not an SMTP address", "Final-Recipient: x400; /G=Ann/S=Bee/\nAction: failed\n", ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_report r = read_report(bb_sprintf(&arena, "%s%s%s", DSN, rows[i].fields, RETURNED), NULL);
        bb_str want = bb_sprintf(&arena, *rows[i].want ? "rfc3464 / %s" : "rfc3464", rows[i].want);
        is_str(line_of(&r), want, "%s", rows[i].name);
        is_str(r.reporting_mta, BB_S("mail.example.com"), "%s: who reports", rows[i].name);
        is_str(r.original.message_id, BB_S("<1@example.com>"), "%s: what came back", rows[i].name);
    }
}

static void rest_of_a_dsn(void)
{
    bb_report r = read_report(
        BB_S(DSN "Original-Envelope-Id: QQ+2B314+3Dx+ZZ\nX-Postfix-Sender: rfc822; news@example.com\n\n" GONE
                 "Diagnostic-Code: smtp; 550 5.1.1\n    no such\n\tuser =?utf-8?q?=C3=A9?=\n" RETURNED),
        NULL);
    is_str(r.envelope_id, BB_S("QQ+314=x+ZZ"), "xtext undone");
    is_str(r.postfix_sender, BB_S("news@example.com"), "Postfix's sender");
    is_str(r.subject, BB_S("Undelivered Mail Returned to Sender"), "subject");
    is_str(r.original.subject, BB_S("News"), "subject of what came back");
    ok(bb_find(r.text, BB_S("See what follows.")) != BB_NPOS && bb_find(r.text, BB_S("body")) == BB_NPOS, "own words");
    is_int(r.n_rcpts, 1, "one recipient");
    is_str(r.n_rcpts ? r.rcpts[0].diagnostic : (bb_str){0}, BB_S("550 5.1.1 no such user \xC3\xA9"), "one line");
    r = read_report(BB_S(DSN GONE "\n--u\nContent-Type: text/rfc822-headers\n\nSubject: =?utf-8?q?N=C3=A9ws?=\n"
                                  "List-Id: <news.example.com>\nReturn-Path: <bounce-1@example.com>\n--u--\n"),
                    NULL);
    is_str(r.original.subject, BB_S("N\xC3\xA9ws"), "headers alone came back");
    is_str(r.original.list_id, BB_S("<news.example.com>"), "and the list");
    is_str(r.original.return_path, BB_S("bounce-1@example.com"), "and the return path");
}

/* ---- prose -------------------------------------------------------------------------------------------- */

#define FROM "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.org\nTo: news@example.com\n"
#define SENT \
    "\nReturn-Path: <news@example.com>\nFrom: news@example.com\nSubject: News\nMessage-ID: <1@example.com>\n\nx\n"

static const struct {
    const char *mail, *want;
} prose[] = {
    {FROM "Subject: Undelivered Mail Returned to Sender\n\nThis is the mail system at host mx.example.org.\n\n"
          "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
          "                   The mail system\n\n<gone@example.net>: host mx.example.net[192.0.2.7] said: 550 5.1.1\n"
          "    <gone@example.net>: no such user (in reply to RCPT TO command)\n\n"
          "<full@example.net> (expanded from <f@example.net>): mailbox full\n",
     "postfix / gone@example.net failed 5.1.1 550 RCPT mx.example.net / full@example.net failed - - - -"},
    {FROM
     "X-Failed-Recipients: gone@example.net,\n  b@example.net\nSubject: Mail delivery failed: returning message to "
     "sender\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could "
     "not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) "
     "failed:\n\n  gone@example.net\n    host mx.example.net [192.0.2.7]\n    SMTP error from remote mail server "
     "after RCPT TO:<gone@example.net>:\n    550 unknown user\n  b@example.net\n    retry timeout exceeded\n\n"
     "------ This is a copy of the message, including all the headers. ------\n" SENT,
     "exim / gone@example.net failed - 550 RCPT mx.example.net / b@example.net failed - - - -"},
    {FROM
     "Subject: Warning: message 1abc delayed 24 hours\n\nThis message was created automatically by mail delivery "
     "software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more "
     "than 24 hours.\n\nThe address to which the message has not yet been delivered is:\n\n  slow@example.net\n    "
     "Delay reason: connection timed out\n\nNo action is required on your part. Delivery attempts will continue "
     "for\nsome time.\n",
     "exim / slow@example.net delayed - - - -"},
    {FROM
     "Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to "
     "deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't "
     "work out.\n\n<gone@example.net>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 no such "
     "user\nGiving up on 192.0.2.7.\n\n<odd@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
     "--- Below this line is a copy of the message.\n" SENT,
     "qmail / gone@example.net failed 5.1.1 550 RCPT 192.0.2.7 / odd@example.net failed 5.1.1 - - -"},
    {FROM "Subject: Returned mail: see transcript for details\n\nThe original message was received at Mon, 23 Nov "
          "2026\n\n   ----- The following addresses had permanent fatal errors -----\n<gone@example.net>\n    (reason: "
          "550 5.1.1 <gone@example.net>... User unknown)\n\n   ----- Transcript of session follows -----\n... while "
          "talking to mx.example.net.:\n>>> RCPT To:<gone@example.net>\n<<< 550 5.1.1 <gone@example.net>... User "
          "unknown\n550 5.1.1 <gone@example.net>... User unknown\n\n   ----- Original message follows -----\n" SENT,
     "sendmail / gone@example.net failed 5.1.1 550 RCPT mx.example.net"},
    {FROM
     "Subject: Delivery status notification: error\n\nHi!\n\nThis is the MAILER-DAEMON, please DO NOT REPLY to this "
     "email.\n\nAn error has occurred while attempting to deliver a message for\nthe following list of "
     "recipients:\n\ngone@example.net: 550 5.1.1 no such user\n\nBelow is a copy of the original message:\n" SENT,
     "opensmtpd / gone@example.net failed 5.1.1 550 - -"},
    {FROM "Subject: NOTICE: mail delivery status.\n\nThis is a delivery status notification from mx.example.org,\n"
          "running the Courier mail server, version 1.\n\nThe original message was received on Mon, 23 Nov 2026\n\n"
          "---------------------------------------------------------------------------\n\n"
          "                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be "
          "delivered:\n\n<gone@example.net>:\n    mx.example.net [192.0.2.7]:\n >>> RCPT TO:<gone@example.net>\n"
          " <<< 550 5.1.1 no such user\n\n"
          "---------------------------------------------------------------------------\n\n"
          "If your message was also sent to additional recipients, their delivery\nstatus is not included in this "
          "report.\n",
     "courier / gone@example.net failed 5.1.1 550 RCPT mx.example.net"},
    {FROM
     "X-Original-To: <gone@example.net>\nSubject: Mail delivery failed\n\nThis is the DragonFly Mail Agent v0.13 at "
     "mx.example.org.\n\nThere was an error delivering your mail to <gone@example.net>.\n\nmx.example.net [192.0.2.7] "
     "did not like our RCPT TO:\n550 5.1.1 no such user\n\nMessage headers follow.\n" SENT,
     "dma / gone@example.net failed 5.1.1 550 RCPT mx.example.net"},
    {FROM
     "Subject: Undeliverable: News\nContent-Type: text/html\n\n<p>Your message to <b>gone@example.net</b> couldn&#39;t "
     "be delivered.</p><p>mx.example.net gave this error:<br>550 5.1.1 user unknown</p>",
     "generic / gone@example.net failed 5.1.1 550 - -"},
    {FROM "X-Failed-Recipients: a@example.net\nSubject: Mail failure\n\nSomething went wrong.\n",
     "exim / a@example.net failed - - - -"},
};

static void families(void)
{
    for (size_t i = 0; i < BB_COUNT(prose); i++) {
        bb_report r = read_report(bb_cstr(prose[i].mail), NULL);
        is_str(line_of(&r), bb_cstr(prose[i].want), "prose %zu", i);
        bb_str want = bb_cstr(prose[i].want), format;
        bb_split(&want, ' ', &format);
        if (bb_eq(format, BB_S("generic"))) continue;
        bb_report_options opt = bb_report_defaults;
        opt.without = bb_dup(&arena, format).p;
        r = read_report(bb_cstr(prose[i].mail), &opt);
        ok(!bb_eq(bb_cstr(r.format), format), BB_FMT " switched off", BB_ARG(format));
        bb_str first = bb_sub(want, 2, bb_chr(bb_sub(want, 2, BB_NPOS), ' '));
        ok(r.n_rcpts && bb_eq(r.rcpts[0].recipient, first), BB_FMT " off: still about " BB_FMT, BB_ARG(format),
           BB_ARG(first));
    }
}

static void other_reports(void)
{
    static const struct {
        const char *name, *mail, *want;
    } rows[] = {
        {"a complaint",
         "From: fbl@example.net\nSubject: x\nContent-Type: multipart/report; report-type=feedback-report; "
         "boundary=f\n\n"
         "--f\n\nA complaint.\n--f\nContent-Type: message/feedback-report\n\nFeedback-Type: Abuse\nVersion: 1\n"
         "Original-Rcpt-To: <ann@example.net>\n--f\nContent-Type: message/rfc822\n\nTo: ann@example.net\n\nx\n--f--\n",
         "complaint arf / ann@example.net - - - - -"},
        {"a complaint that names nobody",
         "From: fbl@example.net\nContent-Type: multipart/report; report-type=feedback-report; boundary=f\n\n--f\n\nx\n"
         "--f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--f\nContent-Type: message/rfc822\n\n"
         "To: Ann <ann@example.net>\n\nx\n--f--\n",
         "complaint arf / ann@example.net - - - - -"},
        {"a receipt",
         "From: ann@example.net\nContent-Type: multipart/report; report-type=disposition-notification; boundary=f\n\n"
         "--f\n\nRead.\n--f\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; "
         "ann@example.net\n"
         "Disposition: manual-action/MDN-sent-manually; displayed\n--f--\n",
         "receipt mdn / ann@example.net - - - - -"},
        {"an answering machine",
         "From: Ann <ann@example.net>\nAuto-Submitted: auto-replied\nSubject: x\n\nI am away.\n",
         "autoreply autoreply / ann@example.net - - - - -"},
        {"a challenge",
         "From: ann@example.net\nSubject: x\n\nPlease click the link to confirm that you are a person.\n",
         "challenge challenge / ann@example.net - - - - -"},
        {"a person", "From: ann@example.net\nSubject: Hello\n\n550 5.1.1 is not a bad score.\n", "none"},
        {"nothing", "", "none"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_report r = read_report(bb_cstr(rows[i].mail), NULL);
        is_str(line_of(&r), bb_cstr(rows[i].want), "%s", rows[i].name);
    }
}

/* Nobody's known form: how an address is presented says who failed, in any language. */
static void layouts(void)
{
#define NULL_FROM "Return-Path: <>\nFrom: postmaster@example.org\nTo: news@example.com\n"
    static const struct {
        const char *name, *mail, *want;
    } rows[] = {
        {"a label before the address, what happened below it",
         NULL_FROM "Subject: 退信\n\n无法投递\n\n收件人：ann@example.net\n原因：550 No such user\n",
         "generic / ann@example.net failed - 550 - -"},
        {"an address in brackets of another script",
         NULL_FROM "Subject: 退信\n\n邮件无法送达，地址（ann@example.net）不存在。\n",
         "generic / ann@example.net failed - - - -"},
        {"a table, a row each",
         NULL_FROM "Subject: Not delivered\nContent-Type: text/html\n\n<p>could not be delivered</p><table>"
                   "<tr><th>to</th><th>why</th></tr><tr><td>ann@example.net</td><td>550 5.1.1 unknown</td></tr>"
                   "<tr><td>joe@example.net</td><td>552 5.2.2 full</td></tr></table>\n",
         "generic / ann@example.net failed 5.1.1 550 - - / joe@example.net failed 5.2.2 552 - -"},
        {"encoded words in prose",
         NULL_FROM "Subject: Mail not delivered\n\nNot delivered to\n  Recipient: =?utf-8?B?YW5uQGV4YW1wbGUubmV0?=\n",
         "generic / ann@example.net failed - - - -"},
        {"a list of statuses, and one reply that names whom it refused",
         NULL_FROM "Subject: Delivery failed\n\nNot delivered:\nann@example.net; failed; 5.1.1\n\n"
                   "The server said: 550 <ann@example.net> message too big\n",
         "generic / ann@example.net failed 5.1.1 550 - -"},
        {"nobody is named, and the message that came back was for one",
         NULL_FROM "Subject: Undeliverable\nContent-Type: multipart/mixed; boundary=u\n\n--u\n\nnot delivered\n"
                   "--u\nContent-Type: message/rfc822\n\nFrom: news@example.com\nTo: ann@example.net\n\nx\n--u--\n",
         "generic / ann@example.net failed - - - -"},
        {"or for a list of the sender's",
         NULL_FROM "Subject: Undeliverable\nContent-Type: multipart/mixed; boundary=u\n\n--u\n\nnot delivered\n"
                   "--u\nContent-Type: message/rfc822\n\nFrom: news@example.com\nTo: all@example.com\n\nx\n--u--\n",
         "generic"},
        {"fields in a part of a type that nobody knows",
         NULL_FROM "Subject: Undeliverable\nContent-Type: multipart/mixed; boundary=u\n\n--u\n\nnot delivered\n"
                   "--u\nContent-Type: message/x-status\n\nFinal-Recipient: rfc822;ann@example.net\n"
                   "Diagnostic-Code: smtp; 550 5.1.1 No such user\n--u--\n",
         "generic / ann@example.net failed 5.1.1 550 - -"},
        {"a name alone in a field, of an address that the message went to",
         DSN "Final-Recipient: system;ann\nAction: failed\nStatus: 5.1.1\n\n--u\nContent-Type: "
             "text/rfc822-headers\n\nTo: ann@example.net\n--u--\n",
         "rfc3464 / ann@example.net failed 5.1.1 - - -"},
        {"a name alone, of an account at the reporter's",
         DSN "Final-Recipient: rfc822; ann\nAction: failed\nStatus: 5.1.1\n" RETURNED,
         "rfc3464 / ann@mail.example.com failed 5.1.1 - - -"},
        {"an address that the end of the message cut",
         "From: MAILER-DAEMON@mail.example.com\nSubject: Undelivered\nContent-Type: multipart/report; "
         "report-type=delivery-status; boundary=u\n\n--u\n\n<ann@example.net>: 550 No\n--u\nContent-Type: "
         "message/delivery-status\n\nReporting-MTA: dns; mail.example.com\n\nFinal-Recipient: rfc822; ann@exam",
         "rfc3464 / ann@example.net failed - 550 - -"},
        {"capitals of other scripts", NULL_FROM "Subject: НЕ ДОСТАВЛЕНО\n\nАДРЕС: ann@example.net\n550 No such user\n",
         "generic / ann@example.net failed - 550 - -"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_report r = read_report(bb_cstr(rows[i].mail), NULL);
        is_str(line_of(&r), bb_cstr(rows[i].want), "%s", rows[i].name);
    }
}

/* ---- what came back ------------------------------------------------------------------------------------- */

static void what_came_back_is_no_evidence(void)
{
    static const struct {
        const char *name, *mail, *want;
    } rows[] = {
        {"a DSN in the message that came back",
         DSN "Final-Recipient: rfc822; postmaster@example.net\nAction: failed\nStatus: 4.4.1\n"
             "\n--u\nContent-Type: message/rfc822\n\nContent-Type: multipart/report; report-type=delivery-status; "
             "boundary=v\n\n--v\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; "
             "other@example.net\nAction: failed\nStatus: 5.1.1\n--v--\n--u--\n",
         "rfc3464 / postmaster@example.net failed 4.4.1 - - -"},
        {"addresses and codes in the body that came back in prose",
         FROM
         "Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.org.\nI wasn't able to deliver "
         "your message.\n\n<full@example.net>:\nThe mailbox is full. (#4.2.2)\n\n--- Below this line is a copy of the "
         "message.\n" SENT "\n<other@example.net>:\n550 5.1.1 user unknown\n",
         "qmail / full@example.net failed 4.2.2 - - -"},
        {"words quoted by a person",
         FROM "Subject: Mail delivery failed\n\ncould not be delivered to full@example.net: 452 mailbox full\n"
              "> <other@example.net>: 550 5.1.1 user unknown\n",
         "generic / full@example.net failed - 452 - -"},
        {"a bounce that somebody passes on",
         "From: ann@example.net\nSubject: Fwd: Undelivered Mail\nContent-Type: multipart/mixed; "
         "boundary=u\n\n--u\n\nWhy?\n"
         "--u\nContent-Type: message/delivery-status\n\n" GONE "--u--\n",
         "none"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_report r = read_report(bb_cstr(rows[i].mail), NULL);
        is_str(line_of(&r), bb_cstr(rows[i].want), "%s", rows[i].name);
        for (size_t k = 0; k < r.n_rcpts; k++)
            ok(bb_find(r.rcpts[k].text, BB_S("5.1.1")) == BB_NPOS, "%s: nor in its words", rows[i].name);
    }
    bb_report r = read_report(bb_cstr(rows[3].mail), NULL);
    ok(bb_empty(r.reporting_mta) && bb_empty(r.envelope_id), "who passes on reports nothing himself");
}

/* ---- limits --------------------------------------------------------------------------------------------- */

static void limits(void)
{
    bb_report_options opt = {.max_rcpts = 2, .max_diagnostic = 20};
    bb_str two =
        BB_S(DSN "Final-Recipient: rfc822; a@example.net\n\nFinal-Recipient: rfc822; b@example.net\n" RETURNED);
    bb_str three = BB_S(DSN "Final-Recipient: rfc822; a@example.net\n\nFinal-Recipient: rfc822; b@example.net\n\n"
                            "Final-Recipient: rfc822; c@example.net\n" RETURNED);
    bb_report r = read_report(two, &opt);
    ok(r.n_rcpts == 2 && !r.truncated, "two recipients are two");
    r = read_report(three, &opt);
    ok(r.n_rcpts == 2, "a third is one too many");
    is_cstr(r.truncated, "max_rcpts", "which is told");
    r = read_report(BB_S(DSN GONE "Diagnostic-Code: smtp; 550 5.1.1 01234567890\n" RETURNED), &opt);
    is_cstr(r.truncated, "max_diagnostic", "a long diagnostic");
    is_str(r.rcpts[0].diagnostic, BB_S("550 5.1.1 0123456789"), "is cut");
    r = read_report(BB_S(DSN GONE "Diagnostic-Code: smtp; 550 5.1.1 012345678\n" RETURNED), &opt);
    is_cstr(r.truncated, NULL, "one that just fits");
    is_str(r.rcpts[0].diagnostic, BB_S("550 5.1.1 012345678"), "is whole");
}

static void without_memory(void)
{
    for (size_t i = 0; i < BB_COUNT(prose); i++) {
        bb_str bytes = bb_cstr(prose[i].mail);
        size_t used = 0, tried = 0, told = 0;
        for (size_t limit = BB_ARENA_LIMIT; limit == BB_ARENA_LIMIT || limit < used; limit += 112) {
            bb_arena a;
            bb_mail m;
            bb_report r;
            bb_arena_init(&a, &tap_alloc, limit);
            bb_mail_read(&a, bytes, NULL, &m);
            bb_report_read(&m, NULL, &r);
            for (size_t k = 0; k < r.n_rcpts; k++) told += !r.rcpts[k].recipient.p;
            if (limit < BB_ARENA_LIMIT) tried++, told += a.failed;
            else used = a.used, limit = 0;
            bb_arena_free(&a);
        }
        ok(tried > 10 && told == tried, "prose %zu: %zu of %zu ceilings told", i, told, tried);
    }
}

static bb_str hostile(const char *before, const char *unit, size_t bytes)
{
    bb_buf b = bb_buf_in(&arena, 2 * bytes + 65536);
    bb_puts(&b, before);
    for (size_t i = 0; b.n < bytes; i++)
        for (const char *c = unit; *c; c++) {
            if (*c == '%') bb_putf(&b, "%zu", i); /* makes each unit another */
            else bb_putc(&b, *c);
        }
    bb_puts(&b, "\n\ncould not be delivered\n");
    return bb_buf_str(&b);
}

/* What invites to look at the same words again and again, or to keep copies of them. */
static void footers_are_no_words_of_the_report(void)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"User unknown.\n\nIf you have received\nthis message in error, tell the sender. Call us.\n",
         "User unknown.\n\n Call us.\n"},
        {"Voll. Falls irrt\xC3\xBCmlich erhalten: an den Absender.\nEnde\n", "Voll.\nEnde\n"},
        {"<gone@example.net>: unknown\nil a \xC3\xA9t\xC3\xA9 re\xC3\xA7u par erreur\n",
         "<gone@example.net>: unknown\n"},
        {"nothing of the kind\n", "nothing of the kind\n"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str mail =
            bb_sprintf(&arena, "Return-Path: <>\nContent-Type: text/plain; charset=utf-8\n\n%s", rows[i].text);
        is_str(read_report(mail, NULL).text, bb_cstr(rows[i].words), "footer %zu", i);
    }
}

static void hostile_prose_is_read_in_linear_time(void)
{
#define SAYS FROM "Subject: Mail delivery failed\n\ncould not be delivered: 550 No\n\n"
    static const struct {
        const char *name, *before, *unit;
    } rows[] = {
        {"where the message begins", SAYS, "To: original message\n"},
        {"headers", SAYS, "From: x\n\n"},
        {"a reply without end", SAYS ">>> RCPT TO:<a@b.example>\n", "<<< 550-a long reply\n"},
        {"many replies", FROM "Subject: Mail delivery failed\n\n", ">>> RCPT TO:<%@b.example>\n<<< 550 no\n"},
        {"many addresses", SAYS, "a%@b.example\n"},
        {"many in one line", SAYS, "a%@b.example;"},
        {"many in a header", FROM "Subject: Mail delivery failed\nX-Failed-Recipients: ", "a%@b.example,"},
        {"many in a DSN", DSN, "Final-Recipient: rfc822; a%@b.example\n"},
        {"no-break spaces", SAYS, "\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0"},
        {"at signs", SAYS, "a@"},
        {"brackets", SAYS, "<>@"},
        {"codes", SAYS, "550 5.1.1 "},
        {"spaces", SAYS "5.1.1", "                "},
        {"quotes", SAYS, "> > >\n"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str bytes = hostile(rows[i].before, rows[i].unit, 400000);
        bb_arena a;
        bb_mail m;
        bb_report r;
        bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
        clock_t begin = clock();
        bb_mail_read(&a, bytes, NULL, &m);
        bb_report_read(&m, NULL, &r);
        double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        ok(r.type == BB_REPORT_DELIVERY, "%s: a report", rows[i].name);
        ok(seconds < 8 && a.used < 200 * bytes.n && !a.failed, "%s: %.3f s, %zu bytes of memory", rows[i].name, seconds,
           a.used);
        bb_arena_free(&a);
        bb_arena_reset(&arena);
    }
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    rfc3464();
    rest_of_a_dsn();
    families();
    layouts();
    other_reports();
    what_came_back_is_no_evidence();
    limits();
    footers_are_no_words_of_the_report();
    without_memory();
    hostile_prose_is_read_in_linear_time();
    bb_arena_free(&arena);
    return tap_done();
}
