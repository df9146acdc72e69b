/* SPDX-License-Identifier: MIT
 *
 * Passwords by host and user, read from a file like .netrc.
 */
#include "app/fetch/logins.h"

typedef struct {
    bb_str text;
    int line;
} words;

static void pass_space(words *w)
{
    bool comment = false;
    while (w->text.n && (comment || bb_is_space(w->text.p[0]) || w->text.p[0] == '#')) {
        char c = w->text.p[0];
        w->line += c == '\n';
        comment = (comment || c == '#') && c != '\n';
        w->text = bb_sub(w->text, 1, BB_NPOS);
    }
}

/* Within quotes, \ stands before a quote or itself. */
static bool take_quoted(bb_arena *a, words *w, bb_str *out)
{
    bb_buf b = bb_buf_in(a, w->text.n);
    for (size_t i = 1; i < w->text.n && w->text.p[i] != '\n'; i++) {
        char c = w->text.p[i];
        if (c == '"') {
            *out = bb_buf_str(&b);
            w->text = bb_sub(w->text, i + 1, BB_NPOS);
            return true;
        }
        if (c == '\\' && i + 1 < w->text.n) c = w->text.p[++i];
        bb_putc(&b, c);
    }
    return false;
}

/* False: the end, or a quote without end. */
static bool take_word(bb_arena *a, words *w, bb_str *out)
{
    size_t n = 0;
    pass_space(w);
    if (!w->text.n) return false;
    if (w->text.p[0] == '"') return take_quoted(a, w, out);
    while (n < w->text.n && !bb_is_space(w->text.p[n])) n++;
    *out = bb_sub(w->text, 0, n);
    w->text = bb_sub(w->text, n, BB_NPOS);
    return true;
}

typedef struct {
    bb_str host, user, password;
    bool any_host;
} entry;

static bool fits(const entry *e, bb_str host, bb_str user)
{
    return e->password.n && (e->any_host || (e->host.n && bb_ieq(e->host, host))) &&
           (!e->user.n || bb_eq(e->user, user));
}

/* Where the value of that word goes; NULL: it is no word of ours. */
static bb_str *field_of(entry *e, bb_str word)
{
    if (bb_eq(word, BB_S("machine"))) return &e->host;
    if (bb_eq(word, BB_S("login"))) return &e->user;
    return bb_eq(word, BB_S("password")) ? &e->password : NULL;
}

bool fetch_password(bb_arena *a, const char *path, bb_str text, bb_str host, bb_str user, bb_str *out, bb_err *err)
{
    words w = {text, 1};
    entry e = {0};
    bb_str word;
    *out = (bb_str){0};
    while (take_word(a, &w, &word)) {
        bool any = bb_eq(word, BB_S("default"));
        if ((any || bb_eq(word, BB_S("machine"))) && fits(&e, host, user)) break;
        if (any || bb_eq(word, BB_S("machine"))) e = (entry){.any_host = any};
        if (any) continue;
        bb_str *field = field_of(&e, word);
        if (!field || !take_word(a, &w, field)) /* what stands there may be a password, so it is not shown */
            return bb_fail(err, BB_ECONFIG,
                           "%s:%d: not \"machine HOST login USER password WORD\"; a word with spaces stands in \"...\"",
                           path, w.line);
    }
    if (fits(&e, host, user)) *out = e.password;
    return !a->failed || bb_fail(err, BB_ENOMEM, "no memory");
}
