/* SPDX-License-Identifier: MIT
 *
 * The URL of a mailbox: RFC 5092 for IMAP, RFC 2384 for POP3, as far as people write them.
 */
#include "edge/remote/internal.h"

static const struct {
    const char *scheme;
    uint16_t port;
} schemes[] = {{"imap", 143}, {"imaps", 993}, {"pop3", 110}, {"pop3s", 995}};

/* The row of the scheme that the text begins with, and what stands behind "://". */
static size_t scheme_of(bb_str text, bb_str *rest)
{
    size_t n = bb_find(text, BB_S("://"));
    size_t i = 0;
    while (n != BB_NPOS && i < BB_COUNT(schemes) && !bb_ieq(bb_sub(text, 0, n), bb_cstr(schemes[i].scheme))) i++;
    *rest = n == BB_NPOS ? (bb_str){0} : bb_sub(text, n + 3, BB_NPOS);
    return n == BB_NPOS ? BB_COUNT(schemes) : i;
}

bool bb_remote_is_url(const char *text)
{
    bb_str rest;
    return scheme_of(bb_cstr(text), &rest) < BB_COUNT(schemes);
}

uint16_t remote_default_port(const char *scheme)
{
    for (size_t i = 0; i < BB_COUNT(schemes); i++)
        if (bb_eq(bb_cstr(schemes[i].scheme), bb_cstr(scheme))) return schemes[i].port;
    return 0;
}

static int hex(char c)
{
    char l = bb_lower(c);
    return bb_is_digit(c) ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* %XX undone; no control characters, and UTF-8. NULL: it is not. */
static const char *decoded(bb_arena *a, bb_str s)
{
    bb_buf b = bb_buf_in(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        bool coded = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
        int octet = coded ? hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]) : s.p[i];
        bb_putc(&b, (char)octet);
        i += coded ? 2 : 0;
    }
    bb_str out = bb_buf_str(&b);
    if (!bb_utf8_valid(out) || bb_has_control(out)) return NULL;
    return bb_dup(a, out).p;
}

/* What is put into a URL for libcurl: letters, digits, and what addresses and zones are made of. */
static bool is_host(bb_str s)
{
    bool brackets = s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
    bb_str inner = brackets ? bb_sub(s, 1, s.n - 2) : s;
    for (size_t i = 0; i < inner.n; i++) {
        char c = inner.p[i];
        bool fits = bb_is_alnum(c) || c == '.' || c == '-' || c == '_' || (unsigned char)c >= 0x80;
        if (!fits && !(brackets && (c == ':' || c == '%'))) return false;
    }
    return inner.n > 0 && inner.n <= 255 && bb_utf8_valid(inner);
}

static bool read_place(bb_arena *a, bb_str place, bb_remote_url *out)
{
    uint64_t port = out->port;
    size_t colon = bb_rchr(place, ':'), bracket = bb_rchr(place, ']');
    bool has_port = colon != BB_NPOS && (bracket == BB_NPOS || colon > bracket);
    if (has_port && (!bb_u64(bb_sub(place, colon + 1, BB_NPOS), &port) || !port || port > 65535)) return false;
    bb_str host = bb_sub(place, 0, has_port ? colon : BB_NPOS);
    out->port = (uint16_t)port;
    out->host = bb_dup(a, bb_lowered(a, host)).p;
    return is_host(host);
}

bool bb_remote_read_url(bb_arena *a, const char *text, bb_remote_url *out, bb_err *err)
{
    static const char form[] = "write imaps://USER@HOST/MAILBOX or pop3s://USER@HOST";
    bb_str rest, user = {0};
    size_t row = scheme_of(bb_cstr(text), &rest);
    if (row == BB_COUNT(schemes)) return bb_fail(err, BB_EUSAGE, "%s: no URL of a mailbox; %s", text, form);
    *out = (bb_remote_url){.scheme = schemes[row].scheme, .port = schemes[row].port};
    size_t slash = bb_chr(rest, '/');
    bb_str path = slash == BB_NPOS ? (bb_str){0} : bb_sub(rest, slash + 1, BB_NPOS), place = bb_sub(rest, 0, slash);
    size_t at = bb_rchr(place, '@');
    if (at != BB_NPOS) {
        user = bb_sub(place, 0, at);
        place = bb_sub(place, at + 1, BB_NPOS);
    }
    if (bb_chr(user, ':') != BB_NPOS) /* and it is not repeated here */
        return bb_fail(
            err, BB_EUSAGE,
            "a password in a URL can be read by everybody on the machine: put it into a file of mode 0600 and "
            "name that with --password-file");
    out->user = decoded(a, user);
    if (bb_starts(bb_cstr(out->scheme), BB_S("pop3")) && path.n)
        return bb_fail(err, BB_EUSAGE, "%s: POP3 has no mailboxes; %s", text, form);
    out->mailbox = path.n ? decoded(a, path) : "INBOX";
    if (!read_place(a, place, out) || !out->user || !out->mailbox)
        return bb_fail(err, BB_EUSAGE, "%s: this URL cannot be read; %s", text, form);
    return !a->failed || bb_fail(err, BB_ENOMEM, "no memory");
}
