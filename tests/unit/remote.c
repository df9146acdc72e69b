/* SPDX-License-Identifier: MIT
 *
 * remote: URLs of mailboxes, and whose password stands in a file like .netrc.
 */
#include "edge/remote/remote.h"

#include "app/fetch/logins.h"
#include "tap.h"

static bb_arena arena;

static void urls(void)
{
    static const struct {
        const char *in, *want; /* scheme user host port mailbox */
    } rows[] = {
        {"imaps://joe@mail.example.com/INBOX", "imaps|joe|mail.example.com|993|INBOX"},
        {"imap://joe@mail.example.com", "imap|joe|mail.example.com|143|INBOX"},
        {"IMAPS://Joe@Mail.Example.COM/", "imaps|Joe|mail.example.com|993|INBOX"},
        {"pop3s://joe@mail.example.com", "pop3s|joe|mail.example.com|995|INBOX"},
        {"pop3://joe@mail.example.com:1110/", "pop3|joe|mail.example.com|1110|INBOX"},
        {"imaps://joe%40example.net@mail.example.com/a%20b/c", "imaps|joe@example.net|mail.example.com|993|a b/c"},
        {"imaps://joe@example.net@mail.example.com/a@b", "imaps|joe@example.net|mail.example.com|993|a@b"},
        {"imaps://joe@[::1]:1993/Gel%C3%B6scht", "imaps|joe|[::1]|1993|Gel\xC3\xB6scht"},
        {"imaps://joe@[fe80::1%eth0]/", "imaps|joe|[fe80::1%eth0]|993|INBOX"},
        {"imaps://mail.example.com/100%", "imaps||mail.example.com|993|100%"},
        {"imaps://joe%3Ax@h/", "imaps|joe:x|h|993|INBOX"},
        {"imaps://joe:secret@h/", NULL},
        {"imaps://joe@/INBOX", NULL},
        {"imaps://joe@h:0/", NULL},
        {"imaps://joe@h:65536/", NULL},
        {"imaps://joe@h:x/", NULL},
        {"imaps://joe@h h/", NULL},
        {"imaps://joe@h?x/", NULL},
        {"imaps://joe@[::1/", NULL},
        {"imaps://joe@h/a%0Ab", NULL},
        {"imaps://j%00oe@h/", NULL},
        {"imaps://joe@h/%FF", NULL},
        {"pop3s://joe@h/INBOX", NULL},
        {"https://joe@h/", NULL},
        {"imaps:joe", NULL},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_remote_url u;
        bb_err err = {0};
        bool read = bb_remote_read_url(&arena, rows[i].in, &u, &err);
        const char *got =
            read ? bb_sprintf(&arena, "%s|%s|%s|%u|%s", u.scheme, u.user, u.host, u.port, u.mailbox).p : NULL;
        is_cstr(got, rows[i].want, "%s", rows[i].in);
        ok(read || (err.code == BB_EUSAGE && bb_find(bb_cstr(err.text), BB_S("secret")) == BB_NPOS),
           "%s: told as a mistake, without a password", rows[i].in);
    }
    ok(bb_remote_is_url("imap://x") && bb_remote_is_url("POP3S://"), "URLs of mailboxes");
    ok(!bb_remote_is_url("imap:") && !bb_remote_is_url("/var/mail/imap://x") && !bb_remote_is_url("http://x"),
       "no such URLs");
}

static void passwords(void)
{
    static const char netrc[] = "# passwords\n"
                                "machine one.example login joe password first\n"
                                "machine one.example password \"a \\\"b\\\" \\\\\" # of everybody else there\n"
                                "machine two.example\n  login ann\n\tpassword x#y\n"
                                "default login joe password last";
    static const struct {
        const char *host, *user, *want;
    } rows[] = {
        {"one.example", "joe", "first"}, {"ONE.example", "bob", "a \"b\" \\"}, {"two.example", "ann", "x#y"},
        {"two.example", "bob", ""},      {"two.example", "joe", "last"},       {"elsewhere", "joe", "last"},
        {"elsewhere", "ann", ""},
    };
    bb_str got;
    bb_err err = {0};
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bool read =
            fetch_password(&arena, "netrc", bb_cstr(netrc), bb_cstr(rows[i].host), bb_cstr(rows[i].user), &got, &err);
        is_str(read ? got : BB_S("none"), bb_cstr(rows[i].want), "%s at %s", rows[i].user, rows[i].host);
    }
    static const char *const wrong[] = {"machine h\nsecret", "machine h login", "password \"secret", "machine"};
    for (size_t i = 0; i < BB_COUNT(wrong); i++)
        ok(!fetch_password(&arena, "netrc", bb_cstr(wrong[i]), BB_S("h"), BB_S("u"), &got, &err) &&
               err.code == BB_ECONFIG && bb_find(bb_cstr(err.text), BB_S("secret")) == BB_NPOS,
           "wrong file %zu is told, without a password", i);
    is_str(bb_sub(bb_cstr(err.text), 0, 8), BB_S("netrc:1:"), "with the line");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    urls();
    passwords();
    bb_arena_free(&arena);
    return tap_done();
}
