/* SPDX-License-Identifier: MIT
 *
 * The tables of the grammar, and who reads them. In a table's text \1 is an address, \2 bytes as they come, \3 a phrase,
 * \4 an SMTP reply, \5 a charset, \6 a host.
 */
#include "grammar.h"

#include <stdio.h>

#define DEEPEST 4

typedef struct {
    const unsigned char *p;
    size_t n;
    bb_arena *a;
    bb_buf *out;
    int depth, boundaries;
} maker;

static const char *const addresses[] = {
    "user@example.net",
    "other@example.org",
    "news@example.com",
    "<a@b.example>",
    "\"un known\"@example.net",
    "\xC3\xBC@b\xC3\xBC.test",
    "=?\5?Q?u\2?=@x",
    "bounce-7@bounces.example.com",
    "user@[192.0.2.1]",
    "MAILER-DAEMON",
    "",
    "\2@\2.example",
};
static const char *const charsets[] = {
    "us-ascii", "utf-8",  "iso-8859-1", "windows-1252", "iso-2022-jp",     "shift_jis", "euc-kr",     "gb18030",
    "big5",     "koi8-r", "utf-7",      "utf-16",       "unicode-1-1-utf", "utf-16le",  "hz-gb-2312", "unknown-8",
    "\2",       "",       "utf-8*en",   "iso-2022-kr",  "windows-1251",
};
static const char *const hosts[] = {
    "mx.example.net", "mail.example.org", "[192.0.2.25]", "mx.example.net[192.0.2.25]:25", "mta.local.example", "\2"};
static const char *const replies[] = {
    "550 5.1.1 <\1>: Recipient address rejected: User unknown",
    "552 5.2.2 Mailbox full",
    "452 4.2.2 over quota",
    "554 5.7.1 Message rejected as spam",
    "451 4.7.1 Greylisting in action, please come back later",
    "421 4.4.2 \6 Error: timeout exceeded",
    "250 2.1.5 Ok",
    "550-5.1.1 The email account that you tried to reach\n 550 5.1.1 does not exist",
    "550 \2",
    "5.4.1",
    "\2",
    "553 5.1.3 sorry, \1 is not in my list of allowed rcpthosts",
};
static const char *const phrases[] = {
    "failure notice",
    "Undelivered Mail Returned to Sender",
    "Mail delivery failed: returning message to sender",
    "Delivery Status Notification (Delay)",
    "Your message could not be delivered to one or more recipients.",
    "This is the mail system at host \6.",
    "<\1>: host \6 said: \4 (in reply to RCPT TO command)",
    "Hi. This is the qmail-send program at \6.\nI'm afraid I wasn't able to deliver your message.\n\n<\1>:\n\4\n",
    "   ----- The following addresses had permanent fatal errors -----\n<\1>\n    (reason: \4)\n",
    "   ----- Transcript of session follows -----\n... while talking to \6:\n>>> RCPT TO:<\1>\n<<< \4\n",
    "This message was created automatically by mail delivery software.\n\n  \1\n    SMTP error: host \6: \4\n",
    "--- Below this line is a copy of the message.\n",
    "------ This is a copy of the message, including all the headers. ------\n",
    "Final-Recipient: rfc822; \1\nAction: failed\nStatus: 5.1.1\n",
    "I am out of the office until Monday.",
    "Please confirm that you are a person.",
    "Diese E-Mail ist vertraulich. Falls Sie sie irrt\xC3\xBCmlich erhalten haben, informieren Sie bitte den Absender.",
    "\xE5\xAE\x9B\xE5\x85\x88\xE4\xB8\x8D\xE6\x98\x8E \1",
    "&lt;\1&gt; <b>\4</b><br><p>\3</p>",
    "> On Monday \1 wrote:\n> \4",
    "Subject: \2\nMessage-ID: <\2@example.com>\nReceived: from x by y\n",
    "Re: \3",
    "\2",
    "possible reasons are: \3; \4?",
};
static const char *const fields[] = {
    "Return-Path: <>",
    "Return-Path: <\1>",
    "From: Mail Delivery System <MAILER-DAEMON@\6>",
    "From: \1",
    "To: \1",
    "Subject: \3",
    "Subject: =?\5?B?\2?= =?\5?Q?\2?=",
    "Date: Tue, 24 Nov 2026 09:00:00 +0000",
    "Message-ID: <\2@\6>",
    "Auto-Submitted: auto-replied",
    "X-Failed-Recipients: \1,\n \1",
    "List-Id: <\6>",
    "X-Original-To: \1",
    "Delivered-To: \1",
    "In-Reply-To: \2",
    "\2: \2",
    "X-Autoreply: yes",
    "Content-Language: \2",
};
static const char *const status_fields[] = {
    "Reporting-MTA: dns; \6",
    "Final-Recipient: rfc822; \1",
    "Final-Recipient: utf-8; \1",
    "Original-Recipient: rfc822;\1",
    "Action: failed",
    "Action: delayed",
    "Action: delivered",
    "Action: \2",
    "Status: 5.1.1",
    "Status: 4.0.0",
    "Status: 5.7.1 (\2)",
    "Diagnostic-Code: smtp; \4",
    "Remote-MTA: dns; \6",
    "X-Actual-Recipient: rfc822; \1",
    "X-Postfix-Sender: rfc822; \1",
    "Original-Envelope-Id: \2",
    "Feedback-Type: abuse",
    "Original-Rcpt-To: \1",
    "Disposition: automatic-action/MDN-sent-automatically; displayed",
    "",
    "",
    "\2",
};
static const char *const leaf_types[] = {
    "text/plain",
    "text/html",
    "message/delivery-status",
    "message/global-delivery-status",
    "message/feedback-report",
    "message/disposition-notification",
    "application/octet-stream",
    "\2/\2",
};
static const char *const returned_types[] = {"message/rfc822", "text/rfc822-headers", "message/global",
                                             "message/partial"};
static const char *const multipart_types[] = {
    "multipart/report; report-type=delivery-status",
    "multipart/mixed",
    "multipart/alternative",
    "multipart/report; report-type=feedback-report",
    "multipart/digest",
    "multipart/report;\n report-type*0=deli; report-type*1*=very%2Dstatus",
};
static const char *const encodings[] = {NULL, NULL, "7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "\2"};

static unsigned take(maker *m, unsigned below)
{
    if (!m->n) return 0;
    m->n--;
    return *m->p++ % below;
}

#define PICK(m, table) (table)[take((m), (unsigned)BB_COUNT(table))]

static void put_bytes(maker *m)
{
    size_t n = take(m, 24);
    if (n > m->n) n = m->n;
    bb_put(m->out, (bb_str){(const char *)m->p, n});
    m->p += n;
    m->n -= n;
}

/* Phrases within phrases end where the fuzz bytes do: each takes one. */
static void say(maker *m, const char *text)
{
    for (; *text && !m->out->truncated; text++) {
        if (*text > '\6' || *text < '\1') bb_putc(m->out, *text);
        else if (*text == '\2') put_bytes(m);
        else if (m->n)
            say(m, *text == '\1'   ? PICK(m, addresses)
                   : *text == '\3' ? PICK(m, phrases)
                   : *text == '\4' ? PICK(m, replies)
                   : *text == '\5' ? PICK(m, charsets)
                                   : PICK(m, hosts));
    }
}

static void put_lines(maker *m, const char *const *table, unsigned n)
{
    for (unsigned more = take(m, 12); more && !m->out->truncated; more--) {
        say(m, table[take(m, n)]);
        bb_putc(m->out, '\n');
    }
}

/* ---- encodings ------------------------------------------------------------------------------------------------- */

static void put_base64(bb_buf *out, bb_str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        unsigned bits = 0, given = s.n - i < 3 ? (unsigned)(s.n - i) : 3;
        for (size_t k = 0; k < 3; k++) bits = bits << 8 | (k < given ? (unsigned char)s.p[i + k] : 0);
        for (unsigned k = 0; k < 4; k++) bb_putc(out, k > given ? '=' : digits[bits >> (18 - 6 * k) & 63]);
        if (i % 57 == 54) bb_putc(out, '\n');
    }
    bb_putc(out, '\n');
}

static void put_qp(bb_buf *out, bb_str s)
{
    size_t column = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n') column = 0;
        if (column > 70) bb_puts(out, "=\n"), column = 0;
        if (c == '\n' || (c > ' ' && c < 0x7F && c != '=') || (c == ' ' && i + 1 < s.n && s.p[i + 1] != '\n'))
            bb_putc(out, (char)c), column++;
        else bb_putf(out, "=%02X", c), column += 3;
    }
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static void put_leaf_body(maker *m, unsigned type)
{
    if (type >= 2 && type <= 5) {
        for (unsigned more = take(m, 4); more; more--) {
            put_lines(m, status_fields, (unsigned)BB_COUNT(status_fields));
            bb_putc(m->out, '\n');
        }
    } else put_lines(m, phrases, (unsigned)BB_COUNT(phrases));
}

/* Content fields and body; the encoding may be one that is only claimed. */
static void put_encoded(maker *m, bb_str body, const char *encoding, bool claimed)
{
    bb_str name = bb_cstr(encoding);
    if (encoding) {
        bb_puts(m->out, "Content-Transfer-Encoding: ");
        say(m, encoding);
        bb_putc(m->out, '\n');
    }
    bb_putc(m->out, '\n');
    if (!claimed && bb_eq(name, BB_S("base64"))) put_base64(m->out, body);
    else if (!claimed && bb_eq(name, BB_S("quoted-printable"))) put_qp(m->out, body);
    else bb_put(m->out, body);
}

static void put_part(maker *m);

static void put_multipart(maker *m)
{
    char boundary[16];
    snprintf(boundary, sizeof boundary, "=_%d", m->boundaries++);
    bb_puts(m->out, "Content-Type: ");
    say(m, PICK(m, multipart_types));
    unsigned slip = take(m, 16); /* 0 to 12: none */
    if (slip != 13) bb_putf(m->out, "; boundary=\"%s\"", boundary);
    bb_puts(m->out, "\n\n");
    for (unsigned more = 1 + take(m, 4); more && m->n; more--) {
        bb_putf(m->out, "\n--%s\n", slip == 14 ? "=_wrong" : boundary);
        put_part(m);
    }
    if (slip != 15) bb_putf(m->out, "\n--%s--\n", boundary);
}

/* Behind it, what came back is under way. */
static void put_returned(maker *m)
{
    const char *type = PICK(m, returned_types), *encoding = PICK(m, encodings);
    bb_putf(m->out, "Content-Type: %s\n", type);
    bb_buf body = bb_buf_in(m->a, GRAMMAR_MAX / 4), *outer = m->out;
    m->out = &body;
    put_lines(m, fields, (unsigned)BB_COUNT(fields));
    put_part(m);
    m->out = outer;
    put_encoded(m, bb_buf_str(&body), encoding, take(m, 8) == 7);
}

static void put_leaf(maker *m)
{
    unsigned type = take(m, (unsigned)BB_COUNT(leaf_types));
    const char *encoding = PICK(m, encodings);
    bb_puts(m->out, "Content-Type: ");
    say(m, leaf_types[type]);
    if (take(m, 2)) say(m, "; charset=\5");
    bb_putc(m->out, '\n');
    bb_buf body = bb_buf_in(m->a, GRAMMAR_MAX / 4), *outer = m->out;
    m->out = &body;
    put_leaf_body(m, type);
    m->out = outer;
    put_encoded(m, bb_buf_str(&body), encoding, take(m, 8) == 7);
}

/* From its Content-Type on. */
static void put_part(maker *m)
{
    unsigned kind = take(m, 8);
    if (m->depth >= DEEPEST && kind < 5) kind = 7;
    m->depth++;
    if (kind < 4) put_multipart(m);
    else if (kind == 4) put_returned(m);
    else if (kind == 5) bb_putc(m->out, '\n'), put_lines(m, phrases, (unsigned)BB_COUNT(phrases));
    else put_leaf(m);
    m->depth--;
}

bb_str grammar_report(bb_arena *a, bb_str bytes)
{
    bb_buf out = bb_buf_in(a, GRAMMAR_MAX);
    maker m = {.p = (const unsigned char *)bytes.p, .n = bytes.n, .a = a, .out = &out};
    bb_puts(&out, "Received: by mx.example.com (Postfix) id 1; Tue, 24 Nov 2026 09:00:00 +0000\n");
    put_lines(&m, fields, (unsigned)BB_COUNT(fields));
    put_part(&m);
    return bb_buf_str(&out);
}
