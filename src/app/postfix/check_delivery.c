/* SPDX-License-Identifier: MIT
 *
 * Checks of the way from Postfix to bouncebox: the mailbox, the daemon's socket, the program that pipe(8) runs.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "app/postfix/check.h"

/* Calls `look` for the way of each sample, each transport and address once. */
static void each_way(checkup *k, void (*look)(checkup *k, const check_sample *s, const check_way *way))
{
    check_way *seen = bb_get_array(&k->c->arena, k->n_samples + 1, sizeof *seen);
    size_t n = 0;
    for (size_t i = 0; seen && i < k->n_samples; i++) {
        check_way way = check_way_of(k, k->samples[i].address);
        bool known = false;
        bb_str domain = check_domain_of(way.address);
        for (size_t s = 0; s < n && !known; s++)
            known = bb_eq(seen[s].transport, way.transport) && bb_eq(seen[s].nexthop, way.nexthop) &&
                    bb_eq(check_domain_of(seen[s].address), domain) && seen[s].aliased == way.aliased;
        if (known || !way.classes) continue; /* check_classes */
        seen[n++] = way;
        look(k, &k->samples[i], &way);
    }
}

static bool runs(const check_way *way, const char *program)
{
    return way->service && bb_eq(way->service->command, bb_cstr(program));
}

/* ---- mailbox ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *what, *example; /* NULL: the owner of the home, who reads what is written there */
} virtual_parameters[] = {
    {"virtual_mailbox_base", "the folder that mailboxes are below", "/var/mail/vhosts"},
    {"virtual_uid_maps", "the user who writes them", NULL},
    {"virtual_gid_maps", "the group who writes them", NULL},
};

/* virtual_minimum_uid keeps system users out, 100 unless main.cf says more. */
static unsigned who_writes(const checkup *k)
{
    return k->owner >= 100 ? k->owner : 5000;
}

static bool has_parameters(checkup *k, const postfix_service *s)
{
    bool all = true;
    for (size_t i = 0; i < BB_COUNT(virtual_parameters); i++) {
        const char *name = virtual_parameters[i].name;
        if (check_value(k, s, name).n) continue;
        all = false;
        check_found(
            k, CHECK_FAULT, check_text(k, "%s is not set: %s", name, virtual_parameters[i].what),
            BB_S("virtual(8) delivers no mail without it: bounces wait in the queue, and are thrown away in the end."),
            check_text(
                k, BB_FMT "\npostfix reload",
                BB_ARG(check_postconf(k, name,
                                      virtual_parameters[i].example ? bb_cstr(virtual_parameters[i].example)
                                                                    : check_text(k, "static:%u", who_writes(k))))));
    }
    return all;
}

static bool may_write(const struct stat *st, uint64_t uid, uint64_t gid)
{
    return st->st_uid == uid   ? st->st_mode & S_IWUSR
           : st->st_gid == gid ? st->st_mode & S_IWGRP
                               : st->st_mode & S_IWOTH;
}

/* virtual(8) makes what is missing of a mailbox's path, as that user. */
static void try_folder(checkup *k, bb_str base, bb_str mailbox, uint64_t uid, uint64_t gid)
{
    struct stat st;
    while (mailbox.n > 1) {
        size_t slash = bb_rchr(mailbox, '/');
        if (slash == BB_NPOS) return;
        mailbox = bb_sub(mailbox, 0, slash ? slash : 1);
        const char *path = bb_dup(&k->c->arena, mailbox).p;
        if (!path || stat(path, &st) < 0) continue;
        if (may_write(&st, uid, gid)) return;
        check_found(k, CHECK_FAULT,
                    check_text(k, "%s: the user %llu may not write there", path, (unsigned long long)uid),
                    BB_S("No mailbox for bounces can be made: they wait in the queue, and are thrown away in the end."),
                    check_text(k, "install -d -o %llu -g %llu " BB_FMT, (unsigned long long)uid,
                               (unsigned long long)gid, BB_ARG(base)));
        return;
    }
}

static void look_at_virtual(checkup *k, const check_way *way)
{
    uint64_t uid = 0, gid = 0, least = 100;
    const postfix_service *s = way->service;
    bb_str base = check_value(k, s, "virtual_mailbox_base");
    if (!has_parameters(k, s)) return;
    check_hit user = check_find_address(k, check_value(k, s, "virtual_uid_maps"), way->address);
    check_hit group = check_find_address(k, check_value(k, s, "virtual_gid_maps"), way->address);
    check_hit box = check_find_address(k, check_value(k, s, "virtual_mailbox_maps"), way->address);
    bb_u64(check_value(k, s, "virtual_minimum_uid"), &least);
    if (!bb_u64(user.value, &uid) || !bb_u64(group.value, &gid) || uid < least) {
        check_found(
            k, CHECK_FAULT,
            check_text(k,
                       "virtual_uid_maps and virtual_gid_maps say \"" BB_FMT "\" and \"" BB_FMT "\" for " BB_FMT
                       ", and a number from %llu on is wanted",
                       BB_ARG(user.value), BB_ARG(group.value), BB_ARG(way->address), (unsigned long long)least),
            BB_S("virtual(8) puts off what it cannot write as somebody."),
            check_text(k, "postconf -e 'virtual_uid_maps = static:%u' 'virtual_gid_maps = static:%u'\npostfix reload",
                       who_writes(k), who_writes(k)));
        return;
    }
    if (box.found) try_folder(k, base, check_text(k, BB_FMT "/" BB_FMT, BB_ARG(base), BB_ARG(box.value)), uid, gid);
}

/* A mailbox for the address, in the first table that has one a line. */
static bb_str with_mailbox(checkup *k, bb_str address)
{
    bb_str maps = postfix_value(k->in, "virtual_mailbox_maps"), word;
    check_table t;
    while (postfix_item(&maps, &word)) {
        if (!check_is_table(word, &t) || !(t.indexed || t.text)) continue;
        bb_str line = check_text(k, BB_FMT " bounces/", BB_ARG(t.pattern ? check_as_pattern(k, address) : address));
        return check_text(k, "printf '%%s\\n' " BB_FMT " >> " BB_FMT "%s" BB_FMT, BB_ARG(check_quoted(k, line)),
                          BB_ARG(t.path), t.indexed ? "\npostmap " : "\npostfix reload",
                          BB_ARG(t.indexed ? check_quoted(k, t.whole) : BB_S("")));
    }
    return check_text(k, "add " BB_FMT " to virtual_mailbox_maps", BB_ARG(address));
}

/* An alias is taken at the door; whether he whom it names is there is seen only when it is too late. */
static void look_at_alias(checkup *k, const check_sample *s, const check_way *way)
{
    for (size_t i = 0; i < postfix_class_rows_count; i++) {
        bb_str maps = postfix_value(k->in, postfix_class_rows[i].recipients);
        if (!(postfix_class_rows[i].class & way->classes)) continue;
        if (!maps.n || check_find_address(k, maps, way->address).found) return;
    }
    if (way->classes & POSTFIX_VIRTUAL_ALIAS) return;
    check_found(k, CHECK_FAULT,
                check_text(k, "virtual_alias_maps make " BB_FMT " of " BB_FMT ", and there is no such recipient",
                           BB_ARG(way->address), BB_ARG(s->address)),
                BB_S("Bounces are taken and then cannot be delivered: they are lost."),
                way->classes & POSTFIX_LOCAL ? check_text(k, "adduser --system --no-create-home " BB_FMT,
                                                          BB_ARG(bb_sub(way->address, 0, bb_chr(way->address, '@'))))
                                             : with_mailbox(k, way->address));
}

/* One file that local(8) appends to grows until somebody reads it, or to the limit; of a Maildir that holds for a message. */
static void look_at_local(checkup *k, const check_way *way)
{
    bb_str limit = check_value(k, way->service, "mailbox_size_limit"),
           where = check_value(k, way->service, "home_mailbox");
    if (!where.n) where = check_value(k, way->service, "mail_spool_directory");
    bool elsewhere =
        check_value(k, way->service, "mailbox_command").n + check_value(k, way->service, "mailbox_transport").n;
    if (elsewhere || bb_eq(limit, BB_S("0")) || bb_iends(where, BB_S("/"))) return;
    check_found(k, CHECK_WARNING,
                check_text(k, "mailbox_size_limit = " BB_FMT ", and the mail of " BB_FMT " goes into one file",
                           BB_ARG(limit), BB_ARG(way->address)),
                BB_S("A bounce that no longer fits is returned, and nobody takes a returned bounce: it is lost."),
                BB_S("postconf -e 'mailbox_size_limit = 0'\npostfix reload"));
}

static void look_at_mailbox(checkup *k, const check_sample *s, const check_way *way)
{
    if (way->aliased) look_at_alias(k, s, way);
    if (runs(way, "local")) look_at_local(k, way);
    if (runs(way, "virtual")) look_at_virtual(k, way);
}

/* Who will write mailboxes, once a domain is in this class alone; NULL: it is, or somebody else does. */
static const postfix_service *will_be(checkup *k)
{
    bb_str name = bb_dup(&k->c->arena, postfix_value(k->in, "virtual_transport"));
    const postfix_service *s = postfix_service_of(k->in, name.p, "unix");
    for (size_t i = 0; s && i < k->n_domains; i++) {
        bool known;
        unsigned classes = check_classes_of(k, k->domains[i], &known);
        if ((classes & POSTFIX_VIRTUAL_MAILBOX) && (classes & (classes - 1)))
            return bb_eq(s->command, BB_S("virtual")) ? s : NULL;
    }
    return NULL;
}

void check_mailbox(checkup *k)
{
    const postfix_service *s = will_be(k);
    if (s) has_parameters(k, s);
    else each_way(k, look_at_mailbox);
}

/* ---- lmtp, dsn, socket ------------------------------------------------------------------------------------------------ */

/* An absolute path that is there, and not in the service's chroot. */
static bool is_outside(checkup *k, const postfix_service *s, bb_str target)
{
    if (!bb_starts(target, BB_S("unix:/")) || !check_is_chrooted(k, s)) return false;
    bb_str path = bb_sub(target, 5, BB_NPOS),
           within = bb_cat(&k->c->arena, postfix_value(k->in, "queue_directory"), path, BB_S(""));
    bb_str outside = bb_dup(&k->c->arena, path);
    return within.p && outside.p && !bb_os_exists(within.p) && bb_os_exists(outside.p);
}

static void tell_outside(checkup *k, const postfix_service *s, const char *parameter, bb_str target)
{
    bb_str path = bb_sub(target, 5, BB_NPOS), queue = postfix_value(k->in, "queue_directory");
    bb_str name = bb_sub(path, bb_rchr(path, '/') + 1, BB_NPOS);
    check_found(k, CHECK_FAULT,
                check_text(k, "%s: " BB_FMT ", and the service " BB_FMT " is chrooted to " BB_FMT, parameter,
                           BB_ARG(target), BB_ARG(s->name), BB_ARG(queue)),
                BB_S("It looks for the socket below its chroot, where there is none; mail waits, or is put off."),
                check_text(k,
                           "let the other side listen at " BB_FMT "/private/" BB_FMT
                           " (its user: postfix), and write unix:private/" BB_FMT
                           " here\n(or, without the chroot) postconf -F '" BB_FMT "/" BB_FMT "/chroot = n'",
                           BB_ARG(queue), BB_ARG(name), BB_ARG(name), BB_ARG(s->name), BB_ARG(s->type)));
}

static void look_at_lmtp(checkup *k, const check_sample *s, const check_way *way)
{
    if (!way->service) {
        check_found(k, CHECK_FAULT,
                    check_text(k, BB_FMT ": mail for " BB_FMT " goes by \"" BB_FMT "\", which master.cf does not have",
                               BB_ARG(way->from), BB_ARG(s->domain), BB_ARG(way->transport)),
                    BB_S("Bounces wait in the queue, and are thrown away in the end."),
                    BB_S("bouncebox postfix setup"));
        return;
    }
    if (!runs(way, "lmtp") || is_outside(k, way->service, way->nexthop)) return; /* check_sockets */
    static const char *const lines[] = {"LHLO localhost", "QUIT", NULL};
    check_reply r = check_reach(k, way->service, way->nexthop, lines);
    if (!r.asked || (r.there && r.code && r.code < 400)) return;
    check_found(k, k->root ? CHECK_FAULT : CHECK_NOTE,
                check_text(k, BB_FMT ": " BB_FMT ":" BB_FMT ": " BB_FMT "%s", BB_ARG(way->from), BB_ARG(way->transport),
                           BB_ARG(way->nexthop), BB_ARG(r.text),
                           k->root ? "" : " (asked as somebody else than Postfix's user)"),
                BB_S("Bounces wait in the queue until the daemon answers there, and are thrown away in the end."),
                check_text(k, "bouncebox serve\n(it listens where [serve] of %s says: listen = %s)",
                           cli_conf_path(k->c), bb_conf_serve_of(k->c->conf)->listen));
}

void check_lmtp(checkup *k)
{
    each_way(k, look_at_lmtp);
}

static bool names_word(bb_str text, bb_str word)
{
    bb_str line;
    while (bb_line(&text, &line))
        for (bb_str rest = line, item; postfix_item(&rest, &item);)
            if (bb_ieq(item, word)) return true;
    return false;
}

static void look_at_dsn(checkup *k, const check_sample *s, const check_way *way)
{
    static const char *const lines[] = {"LHLO localhost", NULL};
    if (!runs(way, "lmtp")) return;
    const char *parameter = "lmtp_discard_lhlo_keywords";
    bool discarded = names_word(check_value(k, way->service, parameter), BB_S("dsn"));
    check_reply r = discarded ? (check_reply){0} : check_reach(k, way->service, way->nexthop, lines);
    if (!discarded && (!r.there || r.code != 250 || names_word(r.text, BB_S("DSN")))) return;
    check_found(
        k, CHECK_FAULT,
        discarded ? check_text(k, "%s of " BB_FMT " names dsn", parameter, BB_ARG(way->transport))
                  : check_text(k, "who answers at " BB_FMT " does not announce DSN", BB_ARG(way->nexthop)),
        check_text(k, "Without it Postfix does not pass on ORCPT, the recipient as it was before aliases%s",
                   way->aliased ? check_text(k, ", which make " BB_FMT " of " BB_FMT ": the token is lost.",
                                             BB_ARG(way->address), BB_ARG(s->address))
                                      .p
                                : ": a token that is rewritten is lost."),
        discarded
            ? check_text(k, "postconf -X %s\n(or take it out of the line in master.cf)\npostfix reload", parameter)
            : BB_S("let Postfix hand over to bouncebox serve, with nothing in between that knows no DSN"));
}

void check_dsn(checkup *k)
{
    each_way(k, look_at_dsn);
}

static void look_at_outside(checkup *k, const check_sample *s, const check_way *way)
{
    (void)s;
    const char *from = bb_dup(&k->c->arena, way->from).p;
    if (from && is_outside(k, way->service, way->nexthop)) tell_outside(k, way->service, from, way->nexthop);
}

/* Where smtpd(8) and cleanup(8) are told of sockets. */
static const struct {
    const char *program, *parameter;
} told[] = {
    {"smtpd", "smtpd_milters"},
    {"cleanup", "non_smtpd_milters"},
    {"smtpd", "smtpd_client_restrictions"},
    {"smtpd", "smtpd_helo_restrictions"},
    {"smtpd", "smtpd_sender_restrictions"},
    {"smtpd", "smtpd_relay_restrictions"},
    {"smtpd", "smtpd_recipient_restrictions"},
    {"smtpd", "smtpd_data_restrictions"},
    {"smtpd", "smtpd_end_of_data_restrictions"},
};

static void try_socket(checkup *k, const postfix_service *s, const char *parameter, bb_str target)
{
    if (is_outside(k, s, target)) {
        tell_outside(k, s, parameter, target);
        return;
    }
    check_reply r = check_reach(k, s, target, NULL);
    if (!r.asked || r.there || !k->root) return;
    check_found(k, CHECK_FAULT,
                check_text(k, "%s of " BB_FMT ": " BB_FMT ": " BB_FMT, parameter, BB_ARG(s->name), BB_ARG(target),
                           BB_ARG(r.text)),
                BB_S("Nobody answers there, so mail is put off, bounces too."),
                BB_S("start who should listen there, or take it out of the parameter"));
}

/* "{ unix:/path, option=value }", "local:/path" and "unix:/path" are one socket; empty: it is none of these. */
static bb_str socket_of(checkup *k, bb_str item)
{
    bb_str inner = bb_starts(item, BB_S("{")) ? bb_sub(item, 1, item.n - 2) : item, word = {0};
    if (!postfix_item(&inner, &word)) return (bb_str){0};
    if (bb_starts(word, BB_S("local:"))) return check_text(k, "unix:" BB_FMT, BB_ARG(bb_sub(word, 6, BB_NPOS)));
    return bb_starts(word, BB_S("unix:")) ? word : (bb_str){0};
}

static void try_sockets(checkup *k, const postfix_service *s, const char *parameter, bb_buf *seen)
{
    bb_str rest = check_value(k, s, parameter), item;
    while (postfix_item(&rest, &item)) {
        bb_str target = socket_of(k, item);
        bb_str mark = check_text(k, " " BB_FMT " %d ", BB_ARG(target), check_is_chrooted(k, s));
        if (!target.n || bb_find(bb_buf_str(seen), mark) != BB_NPOS) continue;
        bb_put(seen, mark);
        try_socket(k, s, parameter, target);
    }
}

/* The next of smtpd's restriction classes, in which stands what setup writes, and many a site. NULL: there is no more. */
static const char *next_class(checkup *k, bb_str *rest)
{
    bb_str item;
    return postfix_item(rest, &item) ? bb_dup(&k->c->arena, item).p : NULL;
}

static void try_classes(checkup *k, const postfix_service *s, bb_buf *seen)
{
    bb_str rest = check_value(k, s, "smtpd_restriction_classes");
    for (const char *class; (class = next_class(k, &rest)) != NULL;) try_sockets(k, s, class, seen);
}

void check_sockets(checkup *k)
{
    bb_buf seen = bb_buf_in(&k->c->arena, (size_t)64 << 10);
    each_way(k, look_at_outside);
    for (size_t i = 0; i < k->in->n_services; i++) {
        const postfix_service *s = &k->in->services[i];
        for (size_t t = 0; t < BB_COUNT(told); t++)
            if (bb_eq(s->command, bb_cstr(told[t].program))) try_sockets(k, s, told[t].parameter, &seen);
        if (bb_eq(s->command, BB_S("smtpd"))) try_classes(k, s, &seen);
    }
}

/* ---- policy ------------------------------------------------------------------------------------------------ */

/* Does any smtpd(8) ask there? By the end of its name, since paths are the home's there and the queue directory's here. */
static bool is_asked(checkup *k, const postfix_service *s, bb_str name)
{
    if (bb_find(check_value(k, s, "smtpd_recipient_restrictions"), name) != BB_NPOS) return true;
    bb_str rest = check_value(k, s, "smtpd_restriction_classes");
    for (const char *class; (class = next_class(k, &rest)) != NULL;)
        if (bb_find(check_value(k, s, class), name) != BB_NPOS) return true;
    return false;
}

void check_policy(checkup *k)
{
    bb_str policy = bb_cstr(bb_conf_serve_of(k->c->conf)->policy), rest = policy, item;
    bool asked = !policy.n;
    while (!asked && postfix_item(&rest, &item)) {
        size_t slash = bb_rchr(item, bb_starts(item, BB_S("inet:")) ? ':' : '/');
        for (size_t i = 0; i < k->in->n_services && !asked; i++)
            if (bb_eq(k->in->services[i].command, BB_S("smtpd")))
                asked = is_asked(k, &k->in->services[i], bb_sub(item, slash + 1, BB_NPOS));
    }
    if (asked) return;
    check_found(k, CHECK_NOTE,
                check_text(k, "[serve] of %s: policy = " BB_FMT ", and no smtpd_recipient_restrictions asks there",
                           cli_conf_path(k->c), BB_ARG(policy)),
                BB_S("Forged and foreign bounces are taken, and sorted out later, instead of refused at the door."),
                BB_S("bouncebox postfix setup"));
}

/* ---- pipe ----------------------------------------------------------------------------------------------------------------- */

static bb_str argument(const postfix_service *s, bb_str name)
{
    for (size_t i = 0; i < s->n_arguments; i++)
        if (bb_starts(s->arguments[i], name)) return bb_sub(s->arguments[i], name.n, BB_NPOS);
    return (bb_str){0};
}

static void look_at_pipe(checkup *k, const check_sample *s, const check_way *way)
{
    (void)s;
    if (!runs(way, "pipe")) return;
    bb_str program = bb_dup(&k->c->arena, argument(way->service, BB_S("argv=")));
    bool there = program.p && access(program.p, X_OK) == 0;
    if (!there)
        check_found(k, CHECK_FAULT,
                    check_text(k, "master.cf, " BB_FMT ": argv=" BB_FMT " is not there, or is no program",
                               BB_ARG(way->transport), BB_ARG(program)),
                    BB_S("pipe(8) returns what it cannot hand over, and nobody takes a returned bounce: it is lost."),
                    BB_S("install it, or correct the path and run: postfix reload"));
    else if (bb_iends(program, BB_S("/bouncebox")))
        check_found(
            k, CHECK_WARNING,
            check_text(k, "master.cf, " BB_FMT ": argv=" BB_FMT, BB_ARG(way->transport), BB_ARG(program)),
            BB_S("pipe(8) throws mail away on most exit codes, and on those of a program that cannot be started."),
            BB_S("argv=/usr/local/libexec/bouncebox-deliver ... instead, which answers 75 (try again) in all such "
                 "cases"));
}

void check_pipe(checkup *k)
{
    each_way(k, look_at_pipe);
}
