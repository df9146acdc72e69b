/* SPDX-License-Identifier: MIT
 *
 * Where a probe is that bouncebox does not have: in a mailbox, in the queue, or in the words of the mail log.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/postfix/check.h"

#define WINDOW  ((size_t)256 << 10) /* of a mailbox, at its end */
#define LOG_END ((size_t)1 << 20)

/* The last bytes of a file, where it changed since then and we may read it. */
static bb_str end_of(bb_arena *a, const char *path, size_t most, bb_time since)
{
    struct stat st;
    bb_str out = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return out;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime >= since) {
        size_t n = (size_t)st.st_size < most ? (size_t)st.st_size : most;
        char *bytes = n ? bb_get(a, n) : NULL;
        ssize_t got = bytes ? pread(fd, bytes, n, st.st_size - (off_t)n) : 0;
        if (got > 0) out = (bb_str){bytes, (size_t)got};
    }
    close(fd);
    return out;
}

static bool holds(const char *path, bb_str address, bb_time since)
{
    bb_arena a;
    bb_arena_init(&a, &bb_os_alloc, 2 * WINDOW);
    bool found = bb_ifind(end_of(&a, path, WINDOW, since), address) != BB_NPOS;
    bb_arena_free(&a);
    return found;
}

static bool folder_holds(checkup *k, const char *folder, bb_str address, bb_time since)
{
    bool found = false;
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && !found && (e = readdir(d)) != NULL;) {
        bb_str path = check_text(k, "%s/%s", folder, e->d_name);
        found = e->d_name[0] != '.' && path.p && holds(path.p, address, since);
    }
    if (d) closedir(d);
    return found;
}

/* ---- mailboxes --------------------------------------------------------------------------------------------------------- */

static bb_str virtual_mailbox(checkup *k, const check_way *way)
{
    check_hit box = check_find_address(k, check_value(k, way->service, "virtual_mailbox_maps"), way->address);
    if (!box.found) return (bb_str){0};
    return check_text(k, BB_FMT "/" BB_FMT, BB_ARG(check_value(k, way->service, "virtual_mailbox_base")),
                      BB_ARG(box.value));
}

/* Whom aliases(5) make of him, where that is one user. */
static bb_str behind_aliases(checkup *k, bb_str user)
{
    for (int i = 0; i < 8; i++) {
        check_hit hit = check_find(k, postfix_value(k->in, "alias_maps"), &user, 1);
        if (!hit.found || !hit.value.n) break;
        for (size_t c = 0; c < hit.value.n; c++)
            if (bb_chr(BB_S("/|:@, "), hit.value.p[c]) != BB_NPOS) return user;
        user = hit.value;
    }
    return user;
}

/* Of a user of this machine; one whose mail a program takes has none. */
static bb_str local_mailbox(checkup *k, const check_way *way)
{
    bb_str delimiters = postfix_value(k->in, "recipient_delimiter"),
           local = bb_sub(way->address, 0, bb_rchr(way->address, '@'));
    bb_str home = postfix_value(k->in, "home_mailbox");
    size_t n = 1;
    if (postfix_value(k->in, "mailbox_command").n) return (bb_str){0};
    while (n < local.n && bb_chr(delimiters, local.p[n]) == BB_NPOS) n++;
    const char *user = bb_dup(&k->c->arena, behind_aliases(k, bb_sub(local, 0, n))).p;
    const struct passwd *who = user ? getpwnam(user) : NULL;
    if (home.n && who) return check_text(k, "%s/" BB_FMT, who->pw_dir, BB_ARG(home));
    return check_text(k, BB_FMT "/%s", BB_ARG(postfix_value(k->in, "mail_spool_directory")), user ? user : "");
}

bb_str check_seek_mailbox(checkup *k, const check_probe *p, bb_time since)
{
    static const char *const folders[] = {"new", "cur"};
    bb_str command = p->way.service ? p->way.service->command : (bb_str){0};
    bb_str box = bb_eq(command, BB_S("virtual")) ? virtual_mailbox(k, &p->way)
                 : bb_eq(command, BB_S("local")) ? local_mailbox(k, &p->way)
                                                 : (bb_str){0};
    if (!box.p) return (bb_str){0};
    if (box.p[box.n - 1] != '/') return holds(box.p, p->address, since) ? box : (bb_str){0};
    for (size_t i = 0; i < BB_COUNT(folders); i++) {
        bb_str folder = check_text(k, BB_FMT "%s", BB_ARG(box), folders[i]);
        if (folder.p && folder_holds(k, folder.p, p->address, since)) return box;
    }
    return (bb_str){0};
}

/* ---- why ------------------------------------------------------------------------------------------------------------------ */

bb_str check_log(checkup *k)
{
    static const char *const places[] = {"/var/log/mail.log", "/var/log/maillog"};
    bb_str own = bb_dup(&k->c->arena, postfix_value(k->in, "maillog_file")), text = {0};
    if (own.n) return end_of(&k->c->arena, own.p, LOG_END, 0);
    for (size_t i = 0; i < BB_COUNT(places) && !text.n; i++) text = end_of(&k->c->arena, places[i], LOG_END, 0);
    return text;
}

/* The last line of the mail log that says what became of mail for it. */
static bb_str log_line(checkup *k, const check_probe *p)
{
    bb_str rest = check_log(k), line, last = {0};
    while (bb_line(&rest, &line))
        if (bb_ifind(line, p->address) != BB_NPOS && bb_find(line, BB_S("status=")) != BB_NPOS) last = line;
    return last;
}

/* local(8) and virtual(8) say so; what a daemon takes is seen in the store. */
bb_str check_seek_log(checkup *k, const check_probe *p)
{
    bb_str line = log_line(k, p), mark = BB_S("to=<");
    size_t to = bb_find(line, mark);
    if (bb_find(line, BB_S("status=sent (delivered to ")) == BB_NPOS || to == BB_NPOS) return (bb_str){0};
    bb_str who = bb_sub(line, to + mark.n, BB_NPOS);
    return check_text(k, "the mailbox of " BB_FMT, BB_ARG(bb_sub(who, 0, bb_chr(who, '>'))));
}

static bb_str queue_says(checkup *k, const check_probe *p)
{
    bb_str rest = check_queue(k), line;
    while (bb_line(&rest, &line)) {
        size_t at = 0;
        bb_str id = check_member(line, "queue_id", &at), sender, address, reason;
        if (at == BB_NPOS) continue;
        sender = check_member(line, "sender", &at);
        address = at == BB_NPOS ? sender : check_member(line, "address", &at);
        if (at == BB_NPOS || (!bb_ieq(sender, p->address) && !bb_ieq(address, p->address))) continue;
        reason = check_member(line, "delay_reason", &at);
        if (!reason.n) reason = log_line(k, p); /* it is being tried again just now */
        return check_text(k, "The %s waits in the queue (" BB_FMT "): " BB_FMT,
                          bb_ieq(sender, p->address) ? "probe itself" : "bounce", BB_ARG(id),
                          BB_ARG(reason.n ? reason : BB_S("it is being delivered")));
    }
    return (bb_str){0};
}

bb_str check_seek_trouble(checkup *k, const check_probe *p)
{
    bb_str said = queue_says(k, p), line = said.n ? said : log_line(k, p);
    return said.n || !line.n ? said : check_text(k, "The mail log's last word about it: " BB_FMT, BB_ARG(line));
}
