/* SPDX-License-Identifier: MIT
 *
 * Return paths routed to a delivery agent of our own (lmtp, pipe, virtual): they arrive as they were written.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/postfix/modes.h"

/* ---- where they go ------------------------------------------------------------------------------------------ */

/* A domain of no class becomes a virtual mailbox domain: its recipients reach us as they are, and no other server is
 * told to expect its mail. But where the virtual mailbox domains that are there name no recipients (everybody is taken),
 * naming ours would have all others refused: then it becomes a relay domain, and where these name none either, nobody is
 * named at all; the transport table refuses whoever is no return path. */
static bool place_domains(plan *p, const sites *all, bb_str recipients)
{
    static const postfix_class choices[] = {POSTFIX_VIRTUAL_MAILBOX, POSTFIX_RELAY};
    bb_str domains;
    if (!sites_have(all, 0)) return true;
    if (!sites_domains(p, all, &domains)) return false;
    for (size_t i = 0; i < BB_COUNT(choices); i++) {
        const postfix_class_row *row = site_class_row(choices[i]);
        bool named = postfix_value(&p->base, row->recipients).n, empty = !postfix_value(&p->base, row->domains).n;
        if (named || empty)
            return plan_prepend(p, row->domains, domains) && plan_prepend(p, row->recipients, recipients);
    }
    return plan_prepend(p, site_class_row(choices[0])->domains, domains);
}

/* Who is there is asked of the class's own tables; where there are none everybody is, and must stay so. */
static bool name_recipients(plan *p, const sites *all, bb_str recipients)
{
    for (size_t i = 0; i < postfix_class_rows_count; i++) {
        const postfix_class_row *row = &postfix_class_rows[i];
        if (row->class == POSTFIX_VIRTUAL_ALIAS || !sites_have(all, row->class)) continue;
        if (postfix_value(&p->base, row->recipients).n && !plan_prepend(p, row->recipients, recipients)) return false;
    }
    return true;
}

/* virtual_alias_maps comes before any transport, and a catch-all in it would take return paths; so they stand in a table
 * before all others. */
static bool keep_addresses(plan *p, const sites *all)
{
    bb_str aliases;
    if (!sites_have(all, POSTFIX_VIRTUAL_ALIAS) && !postfix_value(&p->base, "virtual_alias_maps").n) return true;
    return sites_aliases(p, all, &aliases) && plan_prepend(p, "virtual_alias_maps", aliases);
}

static bool route(plan *p, const sites *all, bb_str next_hop)
{
    bb_str to = bb_sprintf(&p->c->arena, PLAN_SERVICE BB_FMT ":" BB_FMT, BB_ARG(p->mode), BB_ARG(next_hop)), transport,
           recipients;
    return sites_not_rewritten(p, all) && sites_transport(p, all, to, &transport) &&
           plan_prepend(p, "transport_maps", transport) &&
           sites_table(p, all, true, "recipients", "Return paths are recipients that exist.", BB_S("bouncebox/"),
                       &recipients) &&
           place_domains(p, all, recipients) && name_recipients(p, all, recipients) && keep_addresses(p, all);
}

/* ---- lmtp --------------------------------------------------------------------------------------------------- */

/* Where the daemon listens as far as Postfix reaches it; else where it should, which is told. */
static bb_str find_listener(plan *p, const postfix_home *h)
{
    bb_str rest = h->listen, socket, queue = postfix_value(&p->base, "queue_directory");
    if (postfix_socket(p->c, &p->base, &rest, &socket)) return socket;
    plan_note(p,
              "\"bouncebox serve\" does not listen where Postfix will look: in the section [serve] of "
              "%s/bouncebox.conf write listen = "
              "unix:" BB_FMT "/private/bouncebox and socket_user = postfix",
              h->path, BB_ARG(queue));
    return BB_S("unix:private/bouncebox");
}

bool fill_lmtp(plan *p, const postfix_home *h)
{
    sites all;
    const postfix_service *lmtp = postfix_service_of(&p->base, "lmtp", "unix");
    bb_str chroot = lmtp ? lmtp->chroot : BB_S("-"), socket = find_listener(p, h);
    plan_note(p, "bounces wait in Postfix's queue while \"bouncebox serve\" does not run");
    return plan_service(p, bb_sprintf(&p->c->arena, " unix - - " BB_FMT " - 20 lmtp\n", BB_ARG(chroot))) &&
           sites_read(p, h, &all) && route(p, &all, socket);
}

/* ---- pipe --------------------------------------------------------------------------------------------------- */

/* The wrapper: --deliver, else where it is installed, seen from this program. */
static bool find_deliver(plan *p, bb_str *out)
{
    char self[PATH_MAX], whole[PATH_MAX];
    const char *given = cli_value(p->c, "deliver"), *path = given;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self);
    size_t slash = n > 0 ? bb_rchr((bb_str){self, (size_t)n}, '/') : BB_NPOS;
    if (!given && slash != BB_NPOS) path = bb_sprintf(&p->c->arena, BB_FMT "/../bouncebox-deliver", (int)slash, self).p;
    if (path && realpath(path, whole) && access(whole, X_OK) == 0) {
        *out = bb_dup(&p->c->arena, bb_cstr(whole));
        return true;
    }
    return bb_fail(&p->c->err, BB_ENOINPUT,
                   "%s: pipe(8) runs this program, and it is not there; is bouncebox installed? Else give --deliver",
                   path ? path : "bouncebox-deliver");
}

/* pipe(8) and virtual(8) run as the owner of the home, which neither root nor Postfix may be. */
static bool owner_delivers(plan *p, const postfix_home *h)
{
    if (h->owner.n && h->uid != 0 && !bb_eq(h->owner, postfix_value(&p->base, "mail_owner"))) return true;
    return bb_fail(&p->c->err, BB_ECONFIG,
                   "%s: Postfix delivers as the owner of the home, and that is %s; give the home to a user of its own",
                   h->path,
                   h->uid == 0  ? "root"
                   : h->owner.n ? "Postfix's own user"
                                : "a user without a name");
}

/* A word of master.cf. */
static bool plain_word(plan *p, bb_str word)
{
    for (size_t i = 0; i < word.n; i++)
        if (bb_is_space(word.p[i]) || bb_chr(BB_S("{}$,#"), word.p[i]) != BB_NPOS)
            return bb_fail(&p->c->err, BB_ECONFIG, BB_FMT ": master.cf cannot hold such a path", BB_ARG(word));
    return true;
}

bool fill_pipe(plan *p, const postfix_home *h)
{
    sites all;
    bb_str deliver = {0}, home = bb_cstr(h->path);
    if (!owner_delivers(p, h) || !find_deliver(p, &deliver) || !plain_word(p, deliver) || !plain_word(p, home))
        return false;
    bb_buf line = bb_buf_in(&p->c->arena, 10000);
    bb_putf(&line, " unix - n n - 4 pipe\n  flags=DOR user=" BB_FMT "\n", BB_ARG(h->owner));
    bb_putf(&line, "  argv=" BB_FMT " --home " BB_FMT " --original ${original_recipient} -- ${recipient}\n",
            BB_ARG(deliver), BB_ARG(home));
    return plan_set(p, PLAN_SERVICE "pipe_destination_recipient_limit", BB_S("1")) &&
           plan_service(p, bb_buf_str(&line)) && sites_read(p, h, &all) && route(p, &all, (bb_str){0});
}

/* ---- virtual ------------------------------------------------------------------------------------------------ */

/* The Maildir: --maildir, else below virtual_mailbox_base. */
static bool find_maildir(plan *p, bb_str *base, bb_str *name)
{
    const char *given = cli_value(p->c, "maildir");
    bb_str path = bb_cstr(given), set = postfix_value(&p->base, "virtual_mailbox_base");
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    if (!given) path = bb_cat(&p->c->arena, set.n ? set : BB_S("/var/mail/vhosts"), BB_S("/bouncebox"), (bb_str){0});
    size_t slash = bb_rchr(path, '/');
    if (!path.n || path.p[0] != '/' || slash == 0 || !plain_word(p, path))
        return bb_fail(&p->c->err, BB_EUSAGE, "--maildir " BB_FMT ": give a whole path without blanks", BB_ARG(path));
    *base = bb_sub(path, 0, slash);
    *name = bb_sub(path, slash + 1, BB_NPOS);
    return true;
}

/* Who owns the folder above may put a link in its place meanwhile: what that names is not given away. */
static bool give(const char *path, const postfix_home *h)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool given = fd >= 0 && fchown(fd, h->uid, h->gid) == 0;
    int why = errno;
    if (fd >= 0) close(fd);
    errno = why;
    return given;
}

/* virtual(8) makes a Maildir, and no folder below one that its user may not write to. */
static bool make_maildir(plan *p, const postfix_home *h, bb_str base, bb_str name)
{
    bool made;
    const char *above = bb_dup(&p->c->arena, base).p;
    const char *path = bb_sprintf(&p->c->arena, BB_FMT "/" BB_FMT, BB_ARG(base), BB_ARG(name)).p;
    if (!above || !path) return bb_fail(&p->c->err, BB_ENOMEM, "no memory for a path");
    plan_note(p, "read what comes with: bouncebox ingest --follow --done delete %s", path);
    if (cli_flag(p->c, "dry-run") || bb_os_exists(path)) return true;
    if (!bb_os_make_folder(above, 0755, &made, &p->c->err) || !bb_os_make_folder(path, 0700, &made, &p->c->err))
        return false;
    return geteuid() != 0 || give(path, h) ||
           bb_os_fail(&p->c->err, BB_ECREATE, path, "give it to the owner of the home");
}

bool fill_virtual(plan *p, const postfix_home *h)
{
    bb_str base = {0}, name = {0};
    sites all;
    if (!owner_delivers(p, h) || !find_maildir(p, &base, &name) || !sites_read(p, h, &all)) return false;
    bb_buf line = bb_buf_in(&p->c->arena, 10000);
    bb_putf(&line, " unix - n n - - virtual\n  -o virtual_mailbox_base=" BB_FMT "\n", BB_ARG(base));
    bb_putf(&line, "  -o virtual_mailbox_maps=static:" BB_FMT "/\n", BB_ARG(name)); /* only return paths come here */
    bb_putf(&line, "  -o virtual_uid_maps=static:%u\n  -o virtual_gid_maps=static:%u\n", (unsigned)h->uid,
            (unsigned)h->gid);
    if (h->uid < 100) bb_putf(&line, "  -o virtual_minimum_uid=%u\n", (unsigned)h->uid); /* Postfix's default is 100 */
    return plan_service(p, bb_buf_str(&line)) && route(p, &all, (bb_str){0}) && make_maildir(p, h, base, name);
}
