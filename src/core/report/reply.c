/* SPDX-License-Identifier: MIT
 *
 * SMTP replies (RFC 5321 section 4.2), enhanced status codes (RFC 3463), stages of the dialogue and host
 * names, found in what a report says. Numbers count only where such things stand: never inside an IP
 * address, a date, a size or an id.
 */
#include "core/report/internal.h"

/* Where the first number begins from i on that goes on with no word, number or dot; s.n: nowhere. Eight bytes at once: the
 * highest bit is set of a byte that is a digit, and maybe of one above such a byte. */
static size_t next_number(bb_str s, size_t i)
{
    const uint64_t each = UINT64_C(0x0101010101010101), top = 0x80 * each;
    while (i < s.n) {
        for (uint64_t word; s.n - i >= sizeof word; i += sizeof word) {
            memcpy(&word, s.p + i, sizeof word);
            word ^= '0' * each; /* of digits their value */
            if ((word - 10 * each) & ~word & top) break;
        }
        while (i < s.n && !bb_is_digit(s.p[i])) i++;
        if (i == 0 || i == s.n || !(bb_is_alnum(s.p[i - 1]) || s.p[i - 1] == '.')) break;
        while (i < s.n && (bb_is_alnum(s.p[i]) || s.p[i] == '.')) i++;
    }
    return i;
}

/* ---- enhanced status codes ----------------------------------------------------------------------------- */

/* Length of "5.1.1" at i; 0: none there. */
static size_t status_at(bb_str t, size_t i)
{
    if (i >= t.n || (t.p[i] != '2' && t.p[i] != '4' && t.p[i] != '5')) return 0;
    if (i > 0 && (bb_is_alnum(t.p[i - 1]) || t.p[i - 1] == '.' || t.p[i - 1] == '@')) return 0;
    size_t at = i + 1;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;
        if (at >= t.n || t.p[at++] != '.') return 0;
        while (at < t.n && bb_is_digit(t.p[at]) && digits <= 3) at++, digits++;
        if (digits == 0 || digits > 3) return 0;
    }
    if (at < t.n && (bb_is_alnum(t.p[at]) || t.p[at] == '@')) return 0;
    if (at + 1 < t.n && (t.p[at] == '.' || t.p[at] == '-') && bb_is_alnum(t.p[at + 1])) return 0;
    return at - i;
}

/* "Exim 4.92.3", "Postfix v2.4.5", "sendmail/5.6.7": versions follow a name; statuses follow a code, a
 * mark or a word that says that one comes. */
static bool after_a_name(bb_str before)
{
    static const char *const expected[] = {"status", "code",     "error", "said",   "dsn",        "smtp",
                                           "reply",  "response", "esmtp", "reason", "diagnostic", "enhanced"};
    size_t n = before.n;
    if (n && before.p[n - 1] == '/') return true;
    while (n && bb_is_space(before.p[n - 1])) n--;
    if (n == before.n || !n || !bb_is_alnum(before.p[n - 1])) return false;
    bb_str head = bb_sub(before, 0, n);
    size_t start = n;
    while (start && bb_is_alnum(before.p[start - 1])) start--;
    bb_str word = bb_sub(head, start, BB_NPOS);
    for (size_t i = 0; i < BB_COUNT(expected); i++)
        if (bb_is(word, expected[i])) return false;
    for (size_t i = 0; i < word.n; i++)
        if (!bb_is_digit(word.p[i])) return true;
    return word.n != 3; /* a reply code */
}

bb_str bb_status_find(bb_str text)
{
    for (size_t i = 0; (i = next_number(text, i)) < text.n; i++) {
        size_t n = i + 1 < text.n && text.p[i + 1] == '.' ? status_at(text, i) : 0;
        if (n && !after_a_name(bb_sub(text, 0, i))) return bb_sub(text, i, n);
    }
    return (bb_str){0};
}

bool bb_status_says(bb_str status)
{
    return status.n > 1 && !bb_eq(bb_sub(status, 1, BB_NPOS), BB_S(".0.0"));
}

/* ---- replies ------------------------------------------------------------------------------------------- */

/* A three-digit code that stands alone at i: "550 ", "550-", "550:", "550" at the end. */
static bool code_at(bb_str t, size_t i)
{
    if (i + 3 > t.n || !bb_is_digit(t.p[i + 1]) || !bb_is_digit(t.p[i + 2])) return false;
    if ((t.p[i] != '2' && t.p[i] != '4' && t.p[i] != '5') || t.p[i + 1] > '7') return false;
    if (i + 3 == t.n) return true;
    char c = t.p[i + 3], d = i + 4 < t.n ? t.p[i + 4] : ' ';
    if (bb_is_alnum(c) || c == '/' || c == '%' || c == '_' || c == '@' || (unsigned char)c >= 0x80) return false;
    if (c == '.' || c == ':') return !bb_is_digit(d); /* no address, no time */
    /* "550-5.1.1", "550-No": a longer reply; "550-1234" is an id, but "550-5" of a status is not */
    if (c == '-') return !bb_is_digit(d) || status_at(t, i + 4) > 0;
    return c != ',' || !bb_is_digit(d);
}

/* Do replies stand behind this? The text's beginning, a colon, a quote, a bracket, or a word such as "said". */
static bool expects_reply(bb_str before)
{
    static const char *const words[] = {"said",       "error",  "code",  "reply",    "replied", "response",
                                        "returned",   "status", "with",  "got",      "was",     "smtp",
                                        "answered",   "answer", "says",  "received", "server",  "responsecode",
                                        "error_code", "dsn",    "failed"};
    size_t n = before.n;
    while (n && bb_is_space(before.p[n - 1])) n--;
    if (!n) return true;
    char last = before.p[n - 1];
    bool apart = n < before.n;
    if (bb_iends(bb_sub(before, 0, n), BB_S("\xEF\xBC\x9A"))) return true; /* the colon of Chinese and Japanese */
    if (last == ':' || last == ';' || last == '"' || last == '\'' || last == '(' || last == '<' || last == '[' ||
        last == '>' || last == '#' || last == '`' || last == '=')
        return true;
    if (apart && (last == ',' || last == '.' || last == '-' || last == ']' || last == ')' || last == '|')) return true;
    if (!apart) return false;
    size_t start = n;
    while (start && (bb_is_alnum(before.p[start - 1]) || before.p[start - 1] == '_')) start--;
    bb_str word = bb_sub(before, start, n - start);
    for (size_t i = 0; i < BB_COUNT(words); i++)
        if (bb_is(word, words[i])) return true;
    return false;
}

/* What a server answers to a message or recipient that it takes. */
static bool is_positive(int code)
{
    return code >= 250 && code <= 253;
}

static bool has_words(bb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((bb_is_alnum(s.p[i]) && !bb_is_digit(s.p[i])) || (unsigned char)s.p[i] >= 0x80) return true;
    return false;
}

static int code_value(const char *p)
{
    return (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
}

/* What reporters add behind the words of the other side. */
static bb_str without_remarks(bb_str reply)
{
    static const bb_str remarks[] = {BB_ROW("(in reply to "), BB_ROW("Giving up on "), BB_ROW("(Other MXes tried"),
                                     BB_ROW("I'm not going to try again")};
    for (size_t i = 0; i < BB_COUNT(remarks); i++) {
        size_t at = bb_find(reply, remarks[i]);
        if (at != BB_NPOS && at > 4) reply = bb_sub(reply, 0, at);
    }
    return bb_trim(reply);
}

/* Does a reply begin at i with the three digits that stand there? */
static bool begins_reply(bb_str text, size_t i)
{
    if (!code_at(text, i)) return false;
    if (i > 0 && (bb_is_alnum(text.p[i - 1]) || text.p[i - 1] == '.' || text.p[i - 1] == '-' || text.p[i - 1] == '/'))
        return false;
    /* A code followed by a status is a reply wherever it stands, and so is a line of a longer one. */
    bool with_status = i + 4 < text.n && status_at(text, i + (text.p[i + 4] == '#' ? 5 : 4)) > 0;
    bool with_line = i + 3 < text.n && text.p[i + 3] == '-' && (i == 0 || bb_is_space(text.p[i - 1]));
    return with_status || with_line || expects_reply(bb_sub(text, 0, i));
}

/* Where the first reply begins that refuses, else the first that takes something; BB_NPOS: there is none. */
static size_t reply_in(bb_str text)
{
    size_t taken = BB_NPOS;
    for (size_t i = 0; (i = next_number(text, i)) < text.n; i++) {
        char c = text.p[i];
        if (c != '4' && c != '5' && (c != '2' || taken != BB_NPOS)) continue;
        if (!begins_reply(text, i)) continue;
        if (c != '2') return i;
        if (is_positive(code_value(text.p + i))) taken = i;
    }
    return taken;
}

int bb_reply_code(bb_str text)
{
    size_t at = reply_in(text);
    return at == BB_NPOS ? 0 : code_value(text.p + at);
}

bool bb_reply_find(bb_str text, bb_reply *out)
{
    size_t at = reply_in(text);
    *out = (bb_reply){0};
    if (at == BB_NPOS) return false;
    out->code = code_value(text.p + at);
    out->text = without_remarks(bb_sub(text, at, BB_NPOS));
    out->status = bb_status_find(out->text);
    if (!has_words(out->text)) out->text = bb_trim(text); /* "no such mailbox [SMTP error 550]" */
    return true;
}

/* ---- stages -------------------------------------------------------------------------------------------- */

static const bb_str stage_names[] = {{"", 0}, {"CONN", 4}, {"EHLO", 4}, {"MAIL", 4}, {"RCPT", 4}, {"DATA", 4}};

bb_str bb_stage_find(const bb_ctx *c, bb_str text)
{
    bb_phrase_scan s = bb_phrases(&c->found, text, BB_WORDS_STAGES);
    for (bb_phrase_hit hit; bb_phrase_next(&s, &hit);)
        if (hit.sense) return stage_names[hit.sense];
    return (bb_str){0};
}

bb_str bb_stage_of_verb(bb_str command)
{
    static const struct {
        const char *verb;
        int stage;
    } verbs[] = {{"EHLO", BB_STAGE_EHLO}, {"HELO", BB_STAGE_EHLO}, {"LHLO", BB_STAGE_EHLO}, {"STARTTLS", BB_STAGE_EHLO},
                 {"AUTH", BB_STAGE_EHLO}, {"MAIL", BB_STAGE_MAIL}, {"RCPT", BB_STAGE_RCPT}, {"DATA", BB_STAGE_DATA},
                 {"BDAT", BB_STAGE_DATA}, {".", BB_STAGE_DATA},    {"QUIT", BB_STAGE_DATA}, {"connect", BB_STAGE_CONN}};
    command = bb_trim(command);
    for (size_t i = 0; i < BB_COUNT(verbs); i++) {
        size_t n = bb_common(command, verbs[i].verb);
        if (verbs[i].verb[n]) continue;
        if (command.n == n || !bb_is_alnum(command.p[n])) return stage_names[verbs[i].stage];
    }
    return (bb_str){0};
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

bb_str bb_host_token(bb_str text)
{
    size_t n = 0, dots = 0;
    while (n < text.n && (bb_is_alnum(text.p[n]) || text.p[n] == '-' || text.p[n] == '.' || text.p[n] == '_'))
        dots += text.p[n++] == '.';
    if (n < text.n && (text.p[n] == '@' || text.p[n] == '/')) return (bb_str){0}; /* an address, a path */
    while (n && text.p[n - 1] == '.') n--, dots--;
    return dots && n > 3 && n <= 255 ? bb_sub(text, 0, n) : (bb_str){0};
}

/* "host mx.example.net [192.0.2.1]", "host mx.example.net said: ..."; not "host example.net not found". */
static bool goes_on_as_host(bb_str after)
{
    static const bb_str marks[] = {BB_ROW("["),
                                   BB_ROW(" ["),
                                   BB_ROW(":"),
                                   BB_ROW(".:"),
                                   BB_ROW(" said"),
                                   BB_ROW(" does not like"),
                                   BB_ROW(" did not like"),
                                   BB_ROW(" failed"),
                                   BB_ROW(". [")};
    for (size_t i = 0; i < BB_COUNT(marks); i++)
        if (bb_starts(after, marks[i])) return true;
    return bb_empty(after);
}

bb_str bb_host_find(bb_str text)
{
    text = bb_trim(text);
    bb_str host = bb_host_token(text);
    bb_str after = bb_sub(text, host.n, BB_NPOS);
    if (host.n && !bb_empty(after) && goes_on_as_host(after)) return host;
    bb_phrase_scan s = bb_phrases(NULL, text, BB_WORDS_HOSTS);
    for (bb_phrase_hit hit; bb_phrase_next(&s, &hit);) {
        after = bb_sub(text, hit.at + hit.len, BB_NPOS);
        host = bb_host_token(after);
        if (host.n && goes_on_as_host(bb_sub(after, host.n, BB_NPOS))) return host;
    }
    return (bb_str){0};
}
