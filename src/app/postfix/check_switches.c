/* SPDX-License-Identifier: MIT
 *
 * Checks of single parameters, and of what waits in the queue.
 */
#include "app/postfix/check.h"

void check_running(checkup *k)
{
    bb_str program = check_text(k, BB_FMT "/master", BB_ARG(postfix_value(k->in, "daemon_directory")));
    const char *const argv[] = {program.p, "-c", k->in->config_dir, "-t", NULL};
    bb_run r;
    k->running = true;
    if (!k->root || !program.p) return;
    if (!bb_os_run(&k->c->arena, argv, (bb_str){0}, &r, &k->c->err)) {
        k->c->err = (bb_err){0};
        return;
    }
    k->running = r.status != 0; /* -t: is nobody there? */
    if (k->running) return;
    check_found(k, CHECK_FAULT, check_text(k, "no master(8) runs with %s", k->in->config_dir),
                BB_S("Nothing is sent, and nothing comes back."), BB_S("postfix check\npostfix start"));
}

/* ---- soft_bounce --------------------------------------------------------------------------------------------------- */

static const char softly[] =
    "Refusals become \"try again later\": nobody hears that an address is gone until the mail expires, and "
    "the reason is lost.";

void check_soft_bounce(checkup *k)
{
    if (bb_ieq(postfix_value(k->in, "soft_bounce"), BB_S("yes")))
        check_found(k, CHECK_FAULT, BB_S("soft_bounce = yes"), bb_cstr(softly),
                    BB_S("postconf -e 'soft_bounce = no'\npostfix reload"));
    for (size_t i = 0; i < k->in->n_services; i++) {
        const postfix_service *s = &k->in->services[i];
        for (size_t a = 0; a < s->n_arguments; a++) {
            if (!bb_eq(s->arguments[a], BB_S("soft_bounce=yes"))) continue;
            check_found(k, CHECK_FAULT, check_text(k, "master.cf, " BB_FMT ": -o soft_bounce=yes", BB_ARG(s->name)),
                        bb_cstr(softly),
                        check_text(k, "postconf -P '" BB_FMT "/" BB_FMT "/soft_bounce = no'\npostfix reload",
                                   BB_ARG(s->name), BB_ARG(s->type)));
        }
    }
}

/* ---- bounce service -------------------------------------------------------------------------------------------------- */

void check_bounce_service(checkup *k)
{
    static const char *const names[] = {"bounce", "defer"};
    for (size_t i = 0; i < BB_COUNT(names); i++) {
        const postfix_service *s = postfix_service_of(k->in, names[i], "unix");
        if (s && bb_eq(s->command, BB_S("bounce"))) continue;
        check_found(
            k, CHECK_FAULT,
            s ? check_text(k, "master.cf: the service %s is " BB_FMT, names[i], BB_ARG(s->command))
              : check_text(k, "master.cf has no service %s", names[i]),
            BB_S("Postfix writes no bounces of its own, so what it hears itself nobody else ever hears."),
            check_text(k, "postconf -M '%s/unix = %s unix - - y - 0 bounce'\npostfix reload", names[i], names[i]));
    }
}

/* ---- lifetime ------------------------------------------------------------------------------------------------------------ */

/* "5d", "0", "3s"; days where no unit stands. */
static bool seconds_of(bb_str value, uint64_t *out)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    uint64_t each = 86400;
    for (size_t i = 0; i < BB_COUNT(units) && value.n; i++)
        if (value.p[value.n - 1] == units[i].unit) {
            each = units[i].seconds;
            value.n--;
            break;
        }
    if (!bb_u64(value, out) || *out > 100000) return false;
    *out *= each;
    return true;
}

/* qmgr(8) takes the shorter one. */
void check_lifetime(checkup *k)
{
    static const char *const names[] = {"bounce_queue_lifetime", "maximal_queue_lifetime"};
    for (size_t i = 0; i < BB_COUNT(names); i++) {
        uint64_t seconds;
        bb_str value = postfix_value(k->in, names[i]);
        if (!seconds_of(value, &seconds) || seconds >= 86400) continue;
        check_found(
            k, seconds ? CHECK_WARNING : CHECK_FAULT, check_text(k, "%s = " BB_FMT, names[i], BB_ARG(value)),
            seconds ? BB_S("A bounce that cannot be handed over for so long, since the daemon is down, is thrown away.")
                    : BB_S("A bounce that cannot be handed over at once is thrown away."),
            check_text(k, "postconf -e '%s = 5d'\npostfix reload", names[i]));
    }
}

/* ---- recipient limit --------------------------------------------------------------------------------------------------------- */

#define RFC_LEAST 100 /* RFC 5321 section 4.5.3.1.8 */

void check_recipient_limit(checkup *k)
{
    uint64_t limit;
    bb_str value = postfix_value(k->in, "smtpd_recipient_limit");
    if (!bb_u64(value, &limit)) return;
    bool low = limit < RFC_LEAST;
    if (!low && limit >= k->most_people) return;
    uint64_t wanted = k->most_people > 1000 ? k->most_people : 1000;
    check_found(
        k, low ? CHECK_FAULT : CHECK_WARNING,
        low ? check_text(k, "smtpd_recipient_limit = " BB_FMT "; every server must take %d", BB_ARG(value), RFC_LEAST)
            : check_text(k,
                         "smtpd_recipient_limit = " BB_FMT ", and a list that may go out as one message has %llu "
                         "subscribers",
                         BB_ARG(value), (unsigned long long)k->most_people),
        BB_S("Handed in by SMTP, a message for more is taken for so many; the others are put off, and some programs "
             "then lose "
             "them."),
        check_text(k, "postconf -e 'smtpd_recipient_limit = %llu'\npostfix reload", (unsigned long long)wanted));
}

#define QUEUE_SECONDS 10.0

/* ---- waiting -------------------------------------------------------------------------------------------------------------------- */

bb_str check_member(bb_str object, const char *key, size_t *from)
{
    size_t n = strlen(key), at = *from, hit;
    while ((hit = bb_find(bb_sub(object, at, BB_NPOS), bb_cstr(key))) != BB_NPOS) {
        at += hit + n;
        if (!bb_starts(bb_sub(object, at, BB_NPOS), BB_S("\": \""))) continue;
        size_t begin = at + 4, end = begin;
        while (end < object.n && object.p[end] != '"') end += object.p[end] == '\\' ? 2 : 1;
        *from = end;
        return bb_sub(object, begin, end - begin);
    }
    *from = BB_NPOS;
    return (bb_str){0};
}

/* Where showq(8) goes away under it, as at a reload, postqueue(1) waits for an hour. */
bb_str check_queue(checkup *k)
{
    bb_run r = {.status = 1};
    const char *const argv[] = {"postqueue", "-c", k->in->config_dir, "-j", NULL};
    for (int i = 0; i < 2 && r.status != 0; i++)
        if (!bb_os_run_for(&k->c->arena, argv, (bb_str){0}, QUEUE_SECONDS, &r, &k->c->err)) {
            k->c->err = (bb_err){0};
            break;
        }
    return r.status == 0 ? r.output : (bb_str){0};
}

static bool is_bounce_domain(const checkup *k, bb_str domain)
{
    for (size_t i = 0; i < k->n_domains; i++)
        if (bb_ieq(k->domains[i], domain)) return true;
    return false;
}

void check_waiting(checkup *k)
{
    bb_str rest = check_queue(k), line, why = {0}, whose = {0};
    unsigned long long n = 0;
    while (bb_line(&rest, &line)) {
        size_t at = 0;
        bb_str address = check_member(line, "address", &at), reason = check_member(line, "delay_reason", &at);
        if (at == BB_NPOS || !is_bounce_domain(k, check_domain_of(address))) continue;
        n++;
        why = reason;
        whose = address;
    }
    if (!n) return;
    check_found(
        k, CHECK_WARNING,
        check_text(k, "%llu of the queue's messages wait for a bounce domain, like the one for " BB_FMT ": " BB_FMT, n,
                   BB_ARG(whose), BB_ARG(why)),
        BB_S("They come as soon as this is mended, if that is before bounce_queue_lifetime is over."),
        BB_S("mend it, then: postqueue -f"));
}
