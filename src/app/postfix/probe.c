/* SPDX-License-Identifier: MIT
 *
 * The probe: a message that must bounce, with a return path as the list's mailings have it, handed to Postfix's sendmail(1)
 * as a newsletter would be; then its bounce is waited for, in the store and in the mailbox.
 *
 * It goes to nobody's server: to a user who is not there on this machine, whom local(8) refuses (550 5.1.1); where Postfix has
 * no domain of its own, to a domain that cannot exist (RFC 2606 section 2); or to whom --to names.
 */
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "app/postfix/check.h"

#define PATIENCE    60
#define LEFT_ALONE  1 /* seconds that a bounce may lie in its mailbox unread */
#define PAGE        500
#define MOST_PROBES 16

/* ---- whom it goes to ------------------------------------------------------------------------------------------------ */

static uint64_t random_number(void)
{
    uint64_t n = 0;
    if (getrandom(&n, sizeof n, 0) != (ssize_t)sizeof n) n = (uint64_t)(bb_os_monotonic() * 1e6);
    return n;
}

/* May local(8) deliver it to somebody all the same? */
static bool is_caught(checkup *k)
{
    static const char *const nets[] = {"luser_relay", "fallback_transport", "fallback_transport_maps",
                                       "mailbox_transport", "mailbox_transport_maps"};
    for (size_t i = 0; i < BB_COUNT(nets); i++)
        if (postfix_value(k->in, nets[i]).n) return true;
    return false;
}

static bool is_refused_here(checkup *k, bb_str address)
{
    check_way way = check_way_of(k, address);
    if (is_caught(k)) return false;
    return way.classes == POSTFIX_LOCAL && !way.aliased && way.service && bb_eq(way.service->command, BB_S("local")) &&
           !check_find_address(k, postfix_value(k->in, "alias_maps"), way.address).found;
}

/* Somebody who is not there; empty: nobody is sure to refuse. */
static bb_str refuser(checkup *k)
{
    const char *given = cli_value(k->c, "to");
    unsigned long long number = random_number() & 0xffffffffffff;
    bb_str rest = postfix_value(k->in, "mydestination"), domain = postfix_value(k->in, "myhostname"), address;
    if (given) return bb_cstr(given);
    do {
        if (bb_chr(domain, ':') != BB_NPOS || bb_chr(domain, '/') != BB_NPOS) continue;
        address = check_text(k, "nobody-%012llx@" BB_FMT, number, BB_ARG(domain));
        if (is_refused_here(k, address)) return address;
    } while (postfix_item(&rest, &domain));
    if (postfix_value(k->in, "relayhost").n) return (bb_str){0};
    return check_text(k, "nobody-%012llx@bouncebox.invalid", number);
}

/* ---- sending ----------------------------------------------------------------------------------------------------------- */

/* Of the sample's form, and like no other. A plain one's number is more than any id, and of 18 digits. */
static bb_str path_like(checkup *k, const check_sample *s, bb_str to)
{
    uint64_t number = random_number();
    if (s->form == BB_FORM_PLAIN) number = 900000000000000000ULL + number % 99999999999999999ULL;
    return check_return_path(k, bb_conf_list_of(k->c->conf, s->list), s->form, to, number);
}

static bool hand_over(checkup *k, check_probe *p)
{
    bb_run r;
    bb_arena *a = &k->c->arena;
    const char *const argv[] = {"sendmail",         "-C", k->in->config_dir, "-i", "-f", bb_dup(a, p->address).p, "--",
                                bb_dup(a, p->to).p, NULL};
    bb_str text = check_text(k,
                             "From: postmaster@" BB_FMT "\nTo: " BB_FMT "\nSubject: bouncebox postfix check\n"
                             "Auto-Submitted: auto-generated\nMessage-ID: <probe-%016llx@" BB_FMT ">\n\n"
                             "This message was made to bounce, to see whether its bounce comes home.\n",
                             BB_ARG(check_origin(k)), BB_ARG(p->to), (unsigned long long)random_number(),
                             BB_ARG(postfix_value(k->in, "myhostname")));
    if (!argv[5] || !argv[7] || !postfix_run(k->c, argv, text, &r)) return false;
    p->sent = r.status == 0;
    if (!p->sent)
        check_found(k, CHECK_FAULT,
                    check_text(k, "sendmail -f " BB_FMT ": " BB_FMT, BB_ARG(p->address), BB_ARG(bb_trim(r.complaints))),
                    BB_S("Postfix does not take a message with such a return path, so no mailing leaves either."),
                    (bb_str){0});
    return true;
}

/* ---- waiting -------------------------------------------------------------------------------------------------------------- */

typedef struct {
    double begun;
    bb_time began;
    uint64_t behind; /* reports up to here are known */
} waiting;

static void came(check_probe *p, const waiting *w, bool stored, bb_str by)
{
    if (!p->home) p->seconds = bb_os_monotonic() - w->begun;
    p->home = true;
    p->stored = stored;
    p->by = by;
}

/* Aliases may bring it in another domain. */
static bb_str local_of(bb_str address)
{
    return bb_sub(address, 0, bb_rchr(address, '@'));
}

/* Reports that came since the last look. Opened and closed each time: nobody is kept from writing. */
static bool look_into_store(checkup *k, check_probes *all, waiting *w, bb_arena *a)
{
    cli *c = k->c;
    bb_stored_report *rows;
    size_t n = PAGE;
    bb_report_query q = {.from = w->began - 3600, .until = BB_NO_TIME};
    bool became, good = bb_os_act_as_owner(c->home, &became, &c->err) && cli_open_store(c, BB_STORE_READ);
    while (good && n == PAGE) {
        good = bb_store_reports(c->store, a, &q, w->behind, PAGE, &rows, &n, &c->err);
        for (size_t i = 0; good && i < n; i++) {
            w->behind = rows[i].id;
            for (size_t p = 0; p < all->n; p++)
                if (bb_ieq(local_of(rows[i].return_path), local_of(all->items[p].address)))
                    came(&all->items[p], w, true, bb_dup(&c->arena, rows[i].source));
        }
    }
    bb_store_close(&c->store);
    return good && bb_os_act_as_root(&c->err);
}

/* The log is long, so it is read once a second; `into_log` says whether it is time. */
static void look_into_mailboxes(checkup *k, check_probes *all, const waiting *w, bool into_log)
{
    for (size_t i = 0; i < all->n; i++) {
        check_probe *p = &all->items[i];
        if (!p->sent || p->home) continue;
        bb_str box = check_seek_mailbox(k, p, w->began);
        if (!box.n && into_log) box = check_seek_log(k, p);
        if (box.n) came(p, w, false, box);
    }
}

/* All that can be waited for is here. */
static bool is_over(const check_probes *all, const waiting *w)
{
    double now = bb_os_monotonic() - w->begun;
    for (size_t i = 0; i < all->n; i++) {
        const check_probe *p = &all->items[i];
        if (p->sent && (!p->home || (!p->stored && now < p->seconds + LEFT_ALONE))) return false;
    }
    return true;
}

static void show_patience(const waiting *w, double end, bool on)
{
    double now = bb_os_monotonic();
    if (on && now - w->begun > 1)
        fprintf(stderr, "\r\033[Kwaiting for the probe's bounce, %.0f s, %.0f s left", now - w->begun, end - now);
}

static bool wait_for_all(checkup *k, check_probes *all, waiting *w, double patience)
{
    bb_arena a;
    bool good = true, on = isatty(STDERR_FILENO) == 1;
    double end = w->begun + patience, log_read = w->begun;
    bb_arena_init(&a, &bb_os_alloc, (size_t)64 << 20);
    while (good && !is_over(all, w) && bb_os_monotonic() < end) {
        double before = bb_os_monotonic();
        show_patience(w, end, on);
        bb_arena_reset(&a);
        good = look_into_store(k, all, w, &a);
        bool into_log = before - log_read >= 1;
        if (into_log) log_read = before;
        look_into_mailboxes(k, all, w, into_log);
        double pause = bb_os_monotonic() - before; /* a look into much takes long, so there are fewer */
        if (pause < 0.05) pause = 0.05;
        if (!is_over(all, w))
            nanosleep(
                &(struct timespec){.tv_sec = (time_t)pause, .tv_nsec = (long)((pause - (double)(time_t)pause) * 1e9)},
                NULL);
    }
    if (on) fprintf(stderr, "\r\033[K");
    bb_arena_free(&a);
    return good;
}

/* ---- all of it --------------------------------------------------------------------------------------------------------------- */

static void tell_lost(checkup *k, const check_probe *p, double patience)
{
    bb_str trouble = check_seek_trouble(k, p);
    check_found(
        k, CHECK_FAULT,
        check_text(
            k, BB_FMT ": sent to " BB_FMT ", and no bounce came home within %.0f s. " BB_FMT, BB_ARG(p->address),
            BB_ARG(p->to), patience,
            BB_ARG(trouble.n ? trouble : BB_S("Neither the queue nor the mail log (where it can be read) says why."))),
        BB_S("What happens to this bounce happens to those of your mailings."),
        BB_S("mend the other faults first; then look at the mail log, and try again: bouncebox postfix check"));
}

static void tell_unread(checkup *k, const check_probe *p)
{
    if (!p->home || p->stored) return;
    bb_str what = bb_starts(p->by, BB_S("/")) ? p->by : BB_S("MAILBOX");
    check_found(k, CHECK_NOTE, check_text(k, BB_FMT ": the bounce lies in " BB_FMT, BB_ARG(p->address), BB_ARG(p->by)),
                BB_S("Postfix has done its part; nobody has read it yet."),
                check_text(k, "bouncebox ingest " BB_FMT "\n(or let it stay and read what comes: ingest --follow)",
                           BB_ARG(what)));
}

bool check_send_probes(checkup *k, check_probes *out)
{
    int64_t patience = PATIENCE;
    const char *given = cli_value(k->c, "timeout");
    bb_str to = refuser(k);
    waiting w = {.began = bb_os_now()};
    if (given && !bb_duration(bb_cstr(given), &patience))
        return bb_fail(&k->c->err, BB_EUSAGE, "--timeout wants 90s, 15m or seconds");
    *out = (check_probes){.items = bb_get_array(&k->c->arena, MOST_PROBES, sizeof *out->items)};
    if (!to.n) {
        check_found(k, CHECK_NOTE, BB_S("no probe was sent: nobody is sure to refuse it"),
                    BB_S("This Postfix has no local domain, and hands everything to a relayhost."),
                    BB_S("bouncebox postfix check --to ADDRESS (one that your own server refuses)"));
        return true;
    }
    w.begun = bb_os_monotonic();
    for (size_t i = 0; out->items && i < k->n_samples && out->n < MOST_PROBES; i++) {
        check_probe *p = &out->items[out->n];
        *p = (check_probe){.list = k->samples[i].list, .to = to, .address = path_like(k, &k->samples[i], to)};
        if (!p->address.n) continue;
        p->way = check_way_of(k, p->address);
        out->n++;
        if (!hand_over(k, p)) return false;
    }
    if (!wait_for_all(k, out, &w, (double)patience)) return false;
    for (size_t i = 0; i < out->n; i++) {
        if (out->items[i].sent && !out->items[i].home) tell_lost(k, &out->items[i], (double)patience);
        tell_unread(k, &out->items[i]);
    }
    return true;
}
