/* SPDX-License-Identifier: MIT
 *
 * Checks of what stands between the door and the queue: content filters (FILTER_README), header and body checks, amavis.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/postfix/check.h"

/* ---- content filter ------------------------------------------------------------------------------------------------ */

typedef struct {
    bb_str value, transport, nexthop;
    const postfix_service *service;
} filter;

static const char takes_mail[] = "Mail goes to the filter, and nothing says how it comes back: ";

/* A second door, behind the filter, as FILTER_README has it. */
static bb_str second_door(checkup *k)
{
    return check_text(
        k, "%s",
        "postconf -M '127.0.0.1:10025/inet = 127.0.0.1:10025 inet n - y - - smtpd'\n"
        "postconf -P '127.0.0.1:10025/inet/content_filter =' '127.0.0.1:10025/inet/mynetworks = 127.0.0.0/8' "
        "'127.0.0.1:10025/inet/receive_override_options = "
        "no_unknown_recipient_checks,no_header_body_checks,no_milters' "
        "'127.0.0.1:10025/inet/smtpd_recipient_restrictions = permit_mynetworks,reject' "
        "'127.0.0.1:10025/inet/smtpd_authorized_xforward_hosts = 127.0.0.0/8'\n"
        "postfix reload");
}

static bool comes_back(checkup *k)
{
    for (size_t i = 0; i < k->in->n_services; i++) {
        const postfix_service *s = &k->in->services[i];
        if (bb_eq(s->type, BB_S("inet")) && bb_eq(s->command, BB_S("smtpd")) && !check_value(k, s, "content_filter").n)
            return true;
    }
    return false;
}

static void look_at_server(checkup *k, const filter *f)
{
    if (!comes_back(k))
        check_found(k, CHECK_FAULT,
                    check_text(k, "content_filter = " BB_FMT ", and no smtpd of master.cf has an empty content_filter",
                               BB_ARG(f->value)),
                    BB_S("What the filter gives back goes to the filter again, round and round, until it has too many "
                         "hops and is lost."),
                    second_door(k));
    static const char *const lines[] = {"QUIT", NULL};
    check_reply r = check_reach(k, f->service, f->nexthop, lines);
    if (!r.asked || r.there) return;
    check_found(
        k, CHECK_FAULT, check_text(k, "content_filter = " BB_FMT ": " BB_FMT, BB_ARG(f->value), BB_ARG(r.text)),
        BB_S("Nobody takes mail there: all of it waits in the queue, bounces too, and is thrown away in the end."),
        BB_S("start the filter (amavis: systemctl start amavis), or, without one: postconf -e 'content_filter ='"));
}

static void look_at_program(checkup *k, const filter *f)
{
    static const char *const nowhere[] = {"/bin/true", "/usr/bin/true", "/dev/null"};
    bb_str program = {0};
    bool null_sender = true, throws_away = false, sender = false;
    for (size_t i = 0; i < f->service->n_arguments; i++) {
        bb_str a = f->service->arguments[i];
        if (bb_starts(a, BB_S("argv="))) program = bb_dup(&k->c->arena, bb_sub(a, 5, BB_NPOS));
        if (bb_starts(a, BB_S("null_sender="))) null_sender = a.n > 12;
        sender |= bb_find(a, BB_S("${sender}")) != BB_NPOS || bb_find(a, BB_S("$sender")) != BB_NPOS;
        for (size_t n = 0; n < BB_COUNT(nowhere); n++)
            throws_away |= bb_iends(a, bb_cstr(nowhere[n])) && (n == 2 || bb_starts(a, BB_S("argv=")));
    }
    if (throws_away)
        check_found(k, CHECK_FAULT,
                    check_text(k, "content_filter = " BB_FMT " runs " BB_FMT, BB_ARG(f->value), BB_ARG(program)),
                    BB_S("What it takes is gone: mailings and bounces."),
                    BB_S("postconf -e 'content_filter ='\npostfix reload"));
    else if (program.p && access(program.p, X_OK) < 0)
        check_found(k, CHECK_FAULT,
                    check_text(k, "content_filter = " BB_FMT ": there is no program " BB_FMT, BB_ARG(f->value),
                               BB_ARG(program)),
                    BB_S("pipe(8) returns what it cannot hand over, and nobody takes a returned bounce: it is lost."),
                    BB_S("install it, or: postconf -e 'content_filter ='"));
    if (sender && null_sender)
        check_found(
            k, CHECK_WARNING,
            check_text(k, "master.cf, " BB_FMT ": ${sender} without null_sender=", BB_ARG(f->transport)),
            BB_S("A bounce has no sender; the filter is told MAILER-DAEMON instead, and a bounce that cannot be "
                 "delivered is then "
                 "bounced again."),
            check_text(k, "put null_sender= before argv= in the line " BB_FMT " of master.cf", BB_ARG(f->transport)));
}

static bool is_aliased(checkup *k, const check_sample **which)
{
    for (size_t i = 0; i < k->n_samples; i++) {
        *which = &k->samples[i];
        if (check_way_of(k, k->samples[i].address).aliased) return true;
    }
    return false;
}

/* Aliases that hold before the filter and after it leave in X-Original-To what the first made of the address. */
static void look_at_order(checkup *k, const filter *f)
{
    const check_sample *s;
    bb_str options = postfix_value(k->in, "receive_override_options");
    if (bb_find(options, BB_S("no_address_mappings")) != BB_NPOS || !is_aliased(k, &s)) return;
    check_found(
        k, CHECK_FAULT,
        check_text(k, "content_filter = " BB_FMT " without receive_override_options = no_address_mappings",
                   BB_ARG(f->value)),
        check_text(
            k,
            "Aliases are applied before the filter, so behind it nothing tells any more that a bounce came to " BB_FMT
            ".",
            BB_ARG(s->address)),
        check_text(k, BB_FMT "\npostfix reload",
                   BB_ARG(check_postconf(
                       k, "receive_override_options",
                       check_text(k, BB_FMT "%sno_address_mappings", BB_ARG(options), options.n ? ", " : "")))));
}

static void look_at_filter(checkup *k, const filter *f)
{
    bool throws_away =
        bb_eq(f->transport, BB_S("discard")) || (f->service && bb_eq(f->service->command, BB_S("discard")));
    if (throws_away) {
        check_found(k, CHECK_FAULT, check_text(k, "content_filter = " BB_FMT, BB_ARG(f->value)),
                    BB_S("discard(8) throws away all that comes in, and says that it was delivered."),
                    BB_S("postconf -e 'content_filter ='\npostfix reload"));
        return;
    }
    if (!f->service) {
        check_found(
            k, CHECK_FAULT,
            check_text(k, "content_filter = " BB_FMT ", and master.cf has no service " BB_FMT, BB_ARG(f->value),
                       BB_ARG(f->transport)),
            check_text(k, "%sall mail waits in the queue, bounces too, and is thrown away in the end.", takes_mail),
            check_text(k,
                       "postconf -M '" BB_FMT "/unix = " BB_FMT " unix - - y - 2 smtp'\n"
                       "postconf -P '" BB_FMT "/unix/smtp_data_done_timeout = 1200' "
                       "'" BB_FMT "/unix/smtp_send_xforward_command = yes' '" BB_FMT
                       "/unix/disable_dns_lookups = yes'\n" BB_FMT,
                       BB_ARG(f->transport), BB_ARG(f->transport), BB_ARG(f->transport), BB_ARG(f->transport),
                       BB_ARG(f->transport), BB_ARG(comes_back(k) ? BB_S("postfix reload") : second_door(k))));
    } else if (bb_eq(f->service->command, BB_S("pipe"))) {
        look_at_program(k, f);
    }
    if (!f->service || !bb_eq(f->service->command, BB_S("pipe"))) look_at_server(k, f);
    look_at_order(k, f);
}

void check_content_filter(checkup *k)
{
    filter seen[8];
    size_t n = 0;
    for (size_t i = 0; i < k->in->n_services && n < BB_COUNT(seen); i++) {
        const postfix_service *s = &k->in->services[i];
        bool takes = bb_eq(s->command, BB_S("smtpd")) || bb_eq(s->command, BB_S("pickup"));
        bb_str value = takes ? check_value(k, s, "content_filter") : (bb_str){0};
        bool known = !value.n;
        for (size_t f = 0; f < n; f++) known |= bb_eq(seen[f].value, value);
        if (known) continue;
        size_t colon = bb_chr(value, ':');
        filter *f = &seen[n++];
        *f = (filter){.value = value, .transport = bb_sub(value, 0, colon == BB_NPOS ? value.n : colon)};
        if (colon != BB_NPOS) f->nexthop = bb_sub(value, colon + 1, BB_NPOS);
        const char *name = bb_dup(&k->c->arena, f->transport).p;
        f->service = name ? postfix_service_of(k->in, name, "unix") : NULL;
        look_at_filter(k, f);
    }
}

/* ---- header checks ------------------------------------------------------------------------------------------------------- */

/* What real bounces begin with: Postfix's, Exim's, sendmail's, Exchange's. */
static const char header[] = "Return-Path: <>\n"
                             "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\n"
                             "From: Mail Delivery System <Mailer-Daemon@mx.example.net>\n"
                             "From: Mail Delivery Subsystem <mailer-daemon@mx.example.net>\n"
                             "From: postmaster@mx.example.net\n"
                             "Subject: Undelivered Mail Returned to Sender\n"
                             "Subject: Mail delivery failed: returning message to sender\n"
                             "Subject: Returned mail: see transcript for details\n"
                             "Subject: Undeliverable: issue 12\n"
                             "Auto-Submitted: auto-replied\n"
                             "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n"
                             "MIME-Version: 1.0\n\n";
static const char body[] = "--b\nContent-Type: message/delivery-status\n\n"
                           "Reporting-MTA: dns; mx.example.net\n"
                           "Final-Recipient: rfc822; user@example.net\n"
                           "Action: failed\nStatus: 5.1.1\n"
                           "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n";
static const struct {
    const char *parameter, *option, *text;
} looks[] = {{"header_checks", "-hmq", header}, {"mime_header_checks", "-hmq", header}, {"body_checks", "-bq", body}};

static bool loses(bb_str action)
{
    static const bb_str actions[] = {{"DISCARD", 7}, {"REJECT", 6}, {"REDIRECT", 8}, {"HOLD", 4}, {"5", 1}};
    for (size_t i = 0; i < BB_COUNT(actions); i++)
        if (bb_istarts(action, actions[i])) return true;
    return false;
}

static void try_checks(checkup *k, size_t look, bb_str table)
{
    bb_run r = {0};
    bb_str line, text = check_text(k, "%s%s", looks[look].text == body ? "\n" : "", looks[look].text);
    const char *const argv[] = {
        "postmap", "-c", k->in->config_dir, looks[look].option, "-", bb_dup(&k->c->arena, table).p, NULL};
    if (!argv[5] || !postfix_run(k->c, argv, text, &r)) {
        k->c->err = (bb_err){0};
        return;
    }
    while (bb_line(&r.output, &line)) {
        size_t tab = bb_chr(line, '\t');
        if (tab == BB_NPOS || !loses(bb_sub(line, tab + 1, BB_NPOS))) continue;
        check_found(k, CHECK_FAULT,
                    check_text(k, "%s, " BB_FMT ": \"" BB_FMT "\" is answered " BB_FMT, looks[look].parameter,
                               BB_ARG(table), BB_ARG(bb_sub(line, 0, tab)), BB_ARG(bb_sub(line, tab + 1, BB_NPOS))),
                    BB_S("Bounces begin like that: those that other servers send never come home."),
                    check_text(k, "take that line out of " BB_FMT "\npostfix reload", BB_ARG(table)));
        return;
    }
}

void check_header_checks(checkup *k)
{
    bb_str before = {0};
    for (size_t i = 0; i < BB_COUNT(looks); i++) {
        bb_str value = postfix_value(k->in, looks[i].parameter), table;
        if (bb_eq(value, before)) continue; /* mime_header_checks is header_checks, where nothing else is said */
        before = value;
        while (postfix_item(&value, &table)) try_checks(k, i, table);
    }
}

/* ---- amavis ----------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    bb_str value, file;
    int line;
} setting;

enum { KILLER, TAG2, KILL, SPAM, BAD_HEADER, BANNED, SETTINGS };

/* "$name = value;" of Perl; the last one holds. */
static void read_setting(checkup *k, setting *all, bb_str line, const char *file, int number)
{
    size_t equals = bb_chr(line, '='), end = bb_chr(line, ';');
    if (!bb_starts(line, BB_S("$")) || equals == BB_NPOS || end == BB_NPOS || end < equals) return;
    bb_str name = bb_trim(bb_sub(line, 1, equals - 1));
    for (int i = 0; i < SETTINGS; i++) {
        if (!bb_eq(name, bb_cstr(all[i].name))) continue;
        all[i].value = bb_trim(bb_sub(line, equals + 1, end - equals - 1));
        all[i].file = bb_dup(&k->c->arena, bb_cstr(file));
        all[i].line = number;
    }
}

static void read_amavis(checkup *k, setting *all, const char *file)
{
    bb_str rest, line;
    bb_err err = {0};
    if (!bb_os_read_file(&k->c->arena, file, (size_t)1 << 20, &rest, &err)) return;
    for (int i = 1; bb_line(&rest, &line); i++) read_setting(k, all, bb_trim(line), file, i);
}

static double number_of(bb_str s, double otherwise)
{
    char text[32], *end;
    if (!s.n || s.n >= sizeof text) return otherwise;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    double value = strtod(text, &end);
    return *end ? otherwise : value;
}

static bb_str at(checkup *k, const setting *s)
{
    return check_text(k, BB_FMT ", line %d: $%s = " BB_FMT, BB_ARG(s->file), s->line, s->name, BB_ARG(s->value));
}

static bool discards(const setting *s)
{
    return bb_eq(s->value, BB_S("D_DISCARD")) || bb_eq(s->value, BB_S("D_REJECT")) || bb_eq(s->value, BB_S("D_BOUNCE"));
}

static void judge_destinies(checkup *k, const setting *all)
{
    for (int i = SPAM; i < SETTINGS; i++)
        if (discards(&all[i]))
            check_found(k, i == BANNED ? CHECK_WARNING : CHECK_FAULT, at(k, &all[i]),
                        i == BANNED ? BB_S("A bounce that returns a message with a forbidden attachment is lost.")
                                    : BB_S("A bounce that is taken for spam, or is not quite as it should be, is lost, "
                                           "and with it what it says."),
                        check_text(k, "$%s = D_PASS;\n(mark it, and let it pass)", all[i].name));
}

/* bounce_killer: a DSN whose returned message is not known for our own gets these points. */
static void judge_killer(checkup *k, const setting *all)
{
    double points = number_of(all[KILLER].value, 0), kill = number_of(all[KILL].value, 1e9),
           mark = number_of(all[TAG2].value, 6.31);
    if (points <= 0) return;
    bool lost = points >= kill && discards(&all[SPAM]);
    check_found(
        k, lost ? CHECK_FAULT : CHECK_WARNING, at(k, &all[KILLER]),
        check_text(k,
                   "Bounces get %.2f points unless the Message-ID of the message that they return ends in a domain of "
                   "@local_domains_maps, or pen pals (an SQL store) remember it. %s",
                   points,
                   lost             ? "From $sa_kill_level_deflt on they are thrown away."
                   : points >= kill ? "From $sa_kill_level_deflt on they are treated as spam."
                   : points >= mark
                       ? "From $sa_tag2_level_deflt on they are marked as spam; bouncebox reads them all the same."
                       : "Together with other points they may be treated as spam."),
        BB_S("$bounce_killer_score = 0;\n(bouncebox finds forged bounces by the signatures of return paths, and does "
             "not need it)"));
}

/* Patterns in the order in which Debian's and others' amavis read them. */
static void find_files(checkup *k, setting *all)
{
    static const char *const places[] = {"/etc/amavis/conf.d/[0-9]*", "/etc/amavis/amavisd.conf",
                                         "/etc/amavisd/amavisd.conf", "/etc/amavisd.conf"};
    for (size_t i = 0; i < BB_COUNT(places); i++) {
        glob_t found;
        if (glob(places[i], 0, NULL, &found) == 0)
            for (size_t f = 0; f < found.gl_pathc; f++) read_amavis(k, all, found.gl_pathv[f]);
        globfree(&found);
    }
}

void check_amavis(checkup *k)
{
    setting all[SETTINGS] = {[KILLER] = {.name = "bounce_killer_score"},
                             [TAG2] = {.name = "sa_tag2_level_deflt"},
                             [KILL] = {.name = "sa_kill_level_deflt"},
                             [SPAM] = {.name = "final_spam_destiny"},
                             [BAD_HEADER] = {.name = "final_bad_header_destiny"},
                             [BANNED] = {.name = "final_banned_destiny"}};
    size_t at_option = 0, files = 0;
    for (const char *file; (file = cli_value_after(k->c, "amavis", &at_option)) != NULL; files++) {
        if (bb_os_exists(file)) read_amavis(k, all, file);
        else bb_fail(&k->c->err, BB_ENOINPUT, "%s: there is no such file", file);
    }
    if (!files) find_files(k, all);
    judge_destinies(k, all);
    judge_killer(k, all);
}
