/* SPDX-License-Identifier: MIT
 *
 * Sockets as Postfix's processes see them: a child of ours goes into the chroot, becomes Postfix's user, connects and asks.
 * Nothing that can be read off permissions says as much.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/postfix/check.h"
#include "edge/net/net.h"

#define SECONDS 5.0

/* What the child tells; it goes through a pipe in one piece. */
typedef struct {
    bool there;
    int code, said;
    char text[3000];
} told;

typedef struct {
    const char *queue, *user; /* user NULL: stay who we are */
    bool chrooted;
    bool local; /* a unix socket */
    const char *path, *host, *port;
    const char *const *lines;
} errand;

static bool become(const errand *e)
{
    const struct passwd *to = e->user ? getpwnam(e->user) : NULL;
    if (chdir(e->queue) < 0) return false;
    if (e->user && !to) return false;
    if (e->user && e->chrooted && (chroot(".") < 0 || chdir("/") < 0)) return false;
    return !to || (initgroups(to->pw_name, to->pw_gid) == 0 && setgid(to->pw_gid) == 0 && setuid(to->pw_uid) == 0);
}

static void run(const errand *e, told *out)
{
    bb_arena a;
    bb_dial d;
    bb_err err = {0};
    bb_str text = {0};
    bb_arena_init(&a, &bb_os_alloc, (size_t)4 << 20);
    if (!become(e)) snprintf(out->text, sizeof out->text, "cannot become Postfix's user: %s", strerror(errno));
    else if (e->local ? bb_dial_unix(e->path, SECONDS, &d, &err) : bb_dial_inet(e->host, e->port, SECONDS, &d, &err)) {
        out->there = true;
        bool good = !e->lines || bb_dial_ask(&d, &a, NULL, &out->code, &text, &err);
        for (size_t i = 0; good && e->lines && e->lines[i] && out->code < 400; i++, out->said++)
            good = bb_dial_ask(&d, &a, e->lines[i], &out->code, &text, &err);
        snprintf(out->text, sizeof out->text, BB_FMT, BB_ARG(good ? text : bb_cstr(err.text)));
        if (!good) out->code = 0;
        bb_dial_end(&d);
    } else snprintf(out->text, sizeof out->text, "%s", err.text);
    bb_arena_free(&a);
}

static bool send_child(const errand *e, told *out)
{
    int ends[2];
    size_t got = 0;
    ssize_t n = 0;
    if (pipe(ends) < 0) return false;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        told t = {0};
        close(ends[0]);
        run(e, &t);
        _exit(write(ends[1], &t, sizeof t) == (ssize_t)sizeof t ? 0 : 1);
    }
    close(ends[1]);
    while (child > 0 && got < sizeof *out && (n = read(ends[0], (char *)out + got, sizeof *out - got)) != 0) {
        if (n < 0 && errno != EINTR) break;
        if (n > 0) got += (size_t)n;
    }
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    out->text[sizeof out->text - 1] = '\0';
    return got == sizeof *out;
}

/* "inet:HOST:PORT", "[HOST]:PORT", "HOST:PORT". */
static bool read_inet(checkup *k, bb_str target, errand *e)
{
    if (bb_starts(target, BB_S("inet:"))) target = bb_sub(target, 5, BB_NPOS);
    size_t colon = bb_rchr(target, ':');
    if (colon == BB_NPOS || !colon || colon + 1 == target.n) return false;
    bb_str host = bb_sub(target, 0, colon);
    if (bb_starts(host, BB_S("[")) && host.p[host.n - 1] == ']') host = bb_sub(host, 1, host.n - 2);
    e->host = bb_dup(&k->c->arena, host).p;
    e->port = bb_dup(&k->c->arena, bb_sub(target, colon + 1, BB_NPOS)).p;
    return host.n && e->host && e->port;
}

check_reply check_reach(checkup *k, const postfix_service *s, bb_str target, const char *const *lines)
{
    bb_arena *a = &k->c->arena;
    told t = {0};
    bb_str queue = postfix_value(k->in, "queue_directory");
    errand e = {.queue = bb_dup(a, queue).p, .lines = lines, .chrooted = check_is_chrooted(k, s)};
    if (k->root) e.user = bb_dup(a, postfix_value(k->in, "mail_owner")).p;
    e.local = bb_starts(target, BB_S("unix:"));
    if (e.local) {
        bb_str path = bb_sub(target, 5, BB_NPOS);
        bool absolute = path.n && path.p[0] == '/';
        if (!k->root && e.chrooted && absolute) path = bb_cat(a, queue, path, (bb_str){0});
        e.path = bb_dup(a, path).p;
    } else if (!read_inet(k, target, &e)) {
        return (check_reply){0};
    }
    if (!e.queue || (e.local && !e.path) || !send_child(&e, &t)) return (check_reply){0};
    return (check_reply){
        .asked = true, .there = t.there, .code = t.code, .said = t.said, .text = bb_dup(a, bb_cstr(t.text))};
}
