/* SPDX-License-Identifier: MIT
 *
 * evidence: the codes in what speaks about one recipient, and which of two to believe.
 */
#include "core/classify/internal.h"

const char *const bb_stages[] = {"CONN", "EHLO", "MAIL", "RCPT", "DATA", NULL};

int bb_stage_index(bb_str word)
{
    if (bb_ieq(word, BB_S("HELO")) || bb_ieq(word, BB_S("AUTH"))) word = BB_S("EHLO");
    for (int i = 0; bb_stages[i]; i++)
        if (bb_is(word, bb_stages[i])) return i;
    return -1;
}

bool bb_code3_read(bb_str s, bool pattern, bb_code3 *out)
{
    bb_code3 code = {{0}};
    size_t i = 0;
    for (int k = 0; k < 3; k++) {
        size_t from = i;
        while (i < s.n && i - from < 3 && bb_is_digit(s.p[i])) code.part[k] = code.part[k] * 10 + (s.p[i++] - '0');
        if (pattern && i == from && i < s.n && s.p[i] == 'x') code.part[k] = -1, i++;
        if (i == from || (i < s.n && s.p[i++] != '.')) return false;
    }
    if (i < s.n || code.part[0] == 0 || code.part[0] > 5) return false;
    *out = code;
    return true;
}

/* The first enhanced status code (RFC 3463) in a text: "5.1.1", "(#5.1.1)", "550-5.1.1", but no part
 * of an IP address or version. */
static bool find_status(bb_str text, bb_code3 *out)
{
    size_t dot;
    for (bb_str rest = text; (dot = bb_chr(rest, '.')) != BB_NPOS; rest = bb_sub(rest, dot + 1, BB_NPOS)) {
        char class = dot ? rest.p[dot - 1] : 0; /* one digit, and before it no more of anything */
        if (class != '2' && class != '4' && class != '5') continue;
        size_t i = (size_t)(rest.p - text.p) + dot - 1;
        if (i > 0 && (bb_is_alnum(text.p[i - 1]) || text.p[i - 1] == '.')) continue;
        size_t n = 0;
        while (i + n < text.n && (bb_is_digit(text.p[i + n]) || text.p[i + n] == '.') && n < 12) n++;
        while (n && text.p[i + n - 1] == '.') n--; /* of the sentence */
        if (i + n < text.n && bb_is_alnum(text.p[i + n])) continue;
        if (bb_code3_read(bb_sub(text, i, n), false, out)) return true;
    }
    return false;
}

/* x.0.0 says nothing; neither does x.5.0, which MTAs put where they know no better. */
static bool says_something(bb_code3 status)
{
    return status.part[0] && status.part[1] && !(status.part[1] == 5 && status.part[2] == 0);
}

static bb_code3 reply_digits(uint64_t code)
{
    if (code < 200 || code > 599) return (bb_code3){{0}};
    return (bb_code3){{(int)(code / 100), (int)(code / 10 % 10), (int)(code % 10)}};
}

static bb_code3 reply_of(const bb_evidence *e)
{
    if (e->reply_code) return reply_digits(e->reply_code > 0 ? (uint64_t)e->reply_code : 0);
    bb_str s = bb_trim(e->diagnostic);
    uint64_t code;
    if (s.n < 3 || (s.n > 3 && s.p[3] != ' ' && s.p[3] != '-') || !bb_u64(bb_sub(s, 0, 3), &code))
        return (bb_code3){{0}};
    return reply_digits(code);
}

/* "5.1.0 - Unknown address error 550-'5.7.1 Access denied'": IronPort's own heading, and what the other server said. */
static bb_str without_heading(bb_str diagnostic)
{
    size_t at = bb_find(diagnostic, BB_S("-'"));
    bool code = at != BB_NPOS && at >= 3 && bb_is_digit(diagnostic.p[at - 3]) && bb_is_digit(diagnostic.p[at - 1]);
    return code ? bb_sub(diagnostic, at - 3, BB_NPOS) : diagnostic;
}

/* The refusing system's own status before the one that the reporting MTA made up from a bare reply;
 * one that says nothing only where there is no better. */
static bb_code3 status_of(const bb_evidence *e)
{
    bb_code3 field = {{0}}, said = {{0}};
    bb_str body = without_heading(e->diagnostic);
    bb_code3_read(bb_trim(e->status), false, &field);
    if (!find_status(body, &said) && body.n < e->diagnostic.n) find_status(e->diagnostic, &said);
    if (says_something(said)) return said;
    return field.part[0] ? field : said;
}

bool bb_is_wordless(bb_str diagnostic)
{
    bb_str token;
    while (bb_split(&diagnostic, ' ', &token)) {
        if (bb_istarts(token, BB_S("smtp;"))) token = bb_sub(token, 5, BB_NPOS); /* the field's type */
        size_t letters = 0;
        bool plain = true;
        for (size_t i = 0; i < token.n; i++) {
            char c = token.p[i];
            bool last = i + 1 == token.n;
            if (c == '@' || c == '<' || (c == '.' && !last)) plain = false;
            letters += (unsigned char)c >= 0x80 || (bb_is_alnum(c) && !bb_is_digit(c));
        }
        if (plain && letters >= 2) return false;
    }
    return true;
}

/* RFC 5321 section 4.2.1: by its second digit a reply about syntax, authentication or the like, and no mailbox; 552 is
 * about room. */
static bool reply_is_elsewhere(bb_code3 reply)
{
    return reply.part[0] == 5 && (reply.part[1] != 5 || reply.part[2] == 2);
}

/* "550 5.1.1 ... undeliverable address: host mx.example.net said: 451 4.3.0 try again": it passes on what another system
 * said for now. */
static bool passes_on_for_now(bb_str diagnostic)
{
    static const bb_str marks[] = {{"said: 4", 7}, {"-> 4", 4}};
    for (size_t k = 0; k < BB_COUNT(marks); k++) {
        size_t at = bb_find(diagnostic, marks[k]);
        bb_str behind = at == BB_NPOS ? (bb_str){0} : bb_sub(diagnostic, at + marks[k].n, 3);
        if (behind.n == 3 && bb_is_digit(behind.p[0]) && bb_is_digit(behind.p[1]) && behind.p[2] == ' ') return true;
    }
    return false;
}

/* 501 is said of addresses, too. */
static bool reply_is_protocol(bb_code3 reply)
{
    return reply.part[0] == 5 && (reply.part[1] == 3 || (reply.part[1] == 0 && reply.part[2] != 1));
}

bb_codes bb_codes_of(const bb_evidence *e)
{
    bb_codes c = {.status = status_of(e), .reply = reply_of(e), .stage = bb_stage_index(e->command)};
    c.elsewhere = reply_is_elsewhere(c.reply);
    c.protocol = reply_is_protocol(c.reply);
    /* The reply's class is what the server did; a status only says so where there is no reply, or
     * where it says what is the matter: then nobody is removed on the reply's word alone. */
    c.temporary = c.reply.part[0] ? c.reply.part[0] == 4 || (c.status.part[0] == 4 && says_something(c.status))
                                  : c.status.part[0] == 4;
    c.temporary = c.temporary || passes_on_for_now(e->diagnostic);
    c.for_now = c.reply.part[0] == 4 || (c.status.part[0] == 4 && says_something(c.status));
    return c;
}
