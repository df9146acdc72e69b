/* SPDX-License-Identifier: MIT
 *
 * Checks of return paths: does Postfix take them, and leave in them who is meant?
 */
#include "app/postfix/check.h"

void check_domains(checkup *k)
{
    if (k->n_domains) return;
    check_found(k, CHECK_FAULT, BB_S("no list of the home has a bounce_domain"),
                BB_S("There is no return path that a bounce could come to."),
                BB_S("bouncebox list add news --set bounce_domain=bounces.example.com"));
}

/* ---- class --------------------------------------------------------------------------------------------------------- */

/* The parameter's value without the domain; it stands there in letters, or what stands there expands to it. */
static bb_str without(checkup *k, const postfix_param *p, bb_str domain)
{
    bb_str written = p->value, expanded = p->expanded, word, value;
    bb_buf b = bb_buf_in(&k->c->arena, p->value.n + 64);
    while (postfix_item(&written, &word)) {
        if (!postfix_item(&expanded, &value)) value = word;
        if (bb_ieq(value, domain)) continue;
        if (b.n) bb_puts(&b, ", ");
        bb_put(&b, word);
    }
    return bb_buf_str(&b);
}

static void two_classes(checkup *k, bb_str domain, unsigned classes)
{
    bb_buf names = bb_buf_in(&k->c->arena, 200);
    const postfix_param *first = NULL;
    for (size_t i = 0; i < postfix_class_rows_count; i++) {
        if (!(postfix_class_rows[i].class & classes)) continue;
        if (!first) first = postfix_param_of(k->in, postfix_class_rows[i].domains);
        bb_puts(&names, names.n ? " and in " : "");
        bb_puts(&names, postfix_class_rows[i].domains);
    }
    const char *name = first ? bb_dup(&k->c->arena, first->name).p : NULL;
    check_found(
        k, CHECK_FAULT, check_text(k, BB_FMT " is in " BB_FMT, BB_ARG(domain), BB_ARG(bb_buf_str(&names))),
        BB_S("Postfix goes by one of them, warns with each mail, and looks for recipients where they are not."),
        name ? check_text(k, BB_FMT "\npostfix reload", BB_ARG(check_postconf(k, name, without(k, first, domain))))
             : (bb_str){0});
}

static void no_class(checkup *k, bb_str domain)
{
    const postfix_param *p = postfix_param_of(k->in, "virtual_mailbox_domains");
    bool some = p && p->own && p->value.n;
    bb_str all =
        check_text(k, BB_FMT "%s" BB_FMT, BB_ARG(some ? p->value : (bb_str){0}), some ? ", " : "", BB_ARG(domain));
    check_found(
        k, CHECK_FAULT,
        check_text(k,
                   BB_FMT " is none of this Postfix's domains: not in mydestination, virtual_alias_domains, "
                          "virtual_mailbox_domains or relay_domains",
                   BB_ARG(domain)),
        BB_S(
            "Who returns mail is answered \"Relay access denied\", and bounces of Postfix's own go looking for another "
            "server."),
        check_text(k, "bouncebox postfix setup\n(or by hand) " BB_FMT,
                   BB_ARG(check_postconf(k, "virtual_mailbox_domains", all))));
}

void check_classes(checkup *k)
{
    for (size_t i = 0; i < k->n_domains; i++) {
        bool known;
        unsigned classes = check_classes_of(k, k->domains[i], &known);
        if (!classes && known) no_class(k, k->domains[i]);
        else if (classes & (classes - 1)) two_classes(k, k->domains[i], classes);
    }
}

/* ---- canonical ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *maps, *classes, *class, *when;
    bool moves; /* what it maps to can be said by virtual_alias_maps as well */
} rewritings[] = {
    {"recipient_canonical_maps", "recipient_canonical_classes", "envelope_recipient", "when a bounce comes in", true},
    {"canonical_maps", "canonical_classes", "envelope_recipient", "when a bounce comes in", true},
    {"sender_canonical_maps", "sender_canonical_classes", "envelope_sender", "when a mailing goes out", false},
    {"canonical_maps", "canonical_classes", "envelope_sender", "when a mailing goes out", false},
    {"smtp_generic_maps", NULL, NULL, "when a mailing leaves by SMTP", false},
    {"lmtp_generic_maps", NULL, NULL, "when a bounce is handed over by LMTP", false},
};

static bool holds(bb_str list, const char *word)
{
    bb_str item;
    while (postfix_item(&list, &item))
        if (bb_eq(item, bb_cstr(word))) return true;
    return false;
}

static void count_line(checkup *k, const check_table *t, int line, bb_str text)
{
    (void)t, (void)line, (void)text;
    k->lines++;
}

/* A parameter that has nothing else goes; and patterns that collect return paths do that as aliases, too, which leave the
 * address in X-Original-To. */
static bb_str move_or_remove(checkup *k, const char *maps, const check_hit *hit, bool moves)
{
    const postfix_param *p = postfix_param_of(k->in, maps), *aliases = postfix_param_of(k->in, "virtual_alias_maps");
    k->lines = 0;
    check_each_line(k, &hit->table, count_line);
    if (k->lines != 1 || !p || !bb_eq(bb_trim(p->value), hit->table.whole))
        return check_text(k, "take out of " BB_FMT " what answers: postmap -q " BB_FMT " " BB_FMT,
                          BB_ARG(hit->table.path), BB_ARG(check_quoted(k, hit->key)),
                          BB_ARG(check_quoted(k, hit->table.whole)));
    bb_str remove = check_text(k, "postconf -X %s\npostfix reload", maps);
    if (!moves || !aliases || bb_find(aliases->value, hit->table.whole) != BB_NPOS) return remove;
    bb_str all = check_text(k, BB_FMT "%s" BB_FMT, BB_ARG(hit->table.whole), aliases->value.n ? ", " : "",
                            BB_ARG(aliases->value));
    return check_text(k, BB_FMT "\n" BB_FMT, BB_ARG(check_postconf(k, "virtual_alias_maps", all)), BB_ARG(remove));
}

/* Of what comes in, a mailbox keeps the address as it was in X-Original-To. */
static bool is_kept(checkup *k, const check_sample *s)
{
    check_way way = check_way_of(k, s->address);
    bool box =
        way.service && (bb_eq(way.service->command, BB_S("local")) || bb_eq(way.service->command, BB_S("virtual")));
    return box && !bb_ieq(postfix_value(k->in, "enable_original_recipient"), BB_S("no"));
}

/* setup --mode canonical writes such a one for a mailbox, and knows what it does. */
static bool is_ours(checkup *k, const check_hit *hit)
{
    return bb_starts(hit->table.path, check_text(k, "%s/bouncebox/", k->in->config_dir));
}

void check_canonical(checkup *k)
{
    const char *told = "";
    for (size_t i = 0; i < BB_COUNT(rewritings); i++) {
        const char *maps = rewritings[i].maps;
        if (rewritings[i].classes && !holds(postfix_value(k->in, rewritings[i].classes), rewritings[i].class)) continue;
        for (size_t s = 0; s < k->n_samples && strcmp(told, maps) != 0; s++) {
            const check_sample *x = &k->samples[s];
            check_hit hit = check_find_address(k, postfix_value(k->in, maps), x->address);
            if (!hit.found || bb_ifind(hit.value, x->core) != BB_NPOS) continue;
            told = maps;
            bool kept = rewritings[i].moves && is_kept(k, x);
            check_found(k, kept && is_ours(k, &hit) ? CHECK_NOTE : CHECK_FAULT,
                        check_text(k, "%s, " BB_FMT ": " BB_FMT " becomes " BB_FMT, maps, BB_ARG(hit.table.whole),
                                   BB_ARG(x->address), BB_ARG(hit.value)),
                        check_text(k, "%s, the return path loses what tells who is meant; %s", rewritings[i].when,
                                   kept ? "it stays in the mailbox's X-Original-To alone, and is lost on any other way."
                                        : "the bounce counts for nobody."),
                        move_or_remove(k, maps, &hit, rewritings[i].moves));
        }
    }
}

void check_masquerade(checkup *k)
{
    bb_str rest = postfix_value(k->in, "masquerade_domains"), item;
    if (!holds(postfix_value(k->in, "masquerade_classes"), "envelope_sender")) return;
    while (postfix_item(&rest, &item)) /* the first that fits decides; with ! it is spared */
        for (size_t i = 0; i < k->n_domains; i++) {
            bb_str domain = k->domains[i], name = bb_starts(item, BB_S("!")) ? bb_sub(item, 1, BB_NPOS) : item;
            bool below = domain.n > name.n && bb_iends(domain, name) && domain.p[domain.n - name.n - 1] == '.';
            if (!below && !bb_ieq(domain, name)) continue;
            if (name.n < item.n) return;
            if (!below) continue;
            check_found(
                k, CHECK_FAULT,
                check_text(k, "masquerade_domains: " BB_FMT " becomes " BB_FMT, BB_ARG(domain), BB_ARG(name)),
                BB_S("Mailings leave with return paths in the wrong domain, and bounces go where nobody waits for "
                     "them."),
                check_text(k, BB_FMT "\npostfix reload",
                           BB_ARG(check_postconf(k, "masquerade_domains",
                                                 check_text(k, "!" BB_FMT ", " BB_FMT, BB_ARG(domain),
                                                            BB_ARG(postfix_value(k->in, "masquerade_domains")))))));
            return;
        }
}

/* ---- original ---------------------------------------------------------------------------------------------------------- */

void check_original(checkup *k)
{
    if (!bb_ieq(postfix_value(k->in, "enable_original_recipient"), BB_S("no"))) return;
    for (size_t i = 0; i < k->n_samples; i++) {
        check_way way = check_way_of(k, k->samples[i].address);
        if (!way.aliased) continue;
        check_found(k, CHECK_FAULT,
                    check_text(k, "enable_original_recipient = no, and virtual_alias_maps make " BB_FMT " of " BB_FMT,
                               BB_ARG(way.address), BB_ARG(k->samples[i].address)),
                    BB_S("X-Original-To is not written, so nothing of a bounce tells to which return path it came."),
                    BB_S("postconf -e 'enable_original_recipient = yes'\npostfix reload"));
        return;
    }
}

/* ---- delimiter ---------------------------------------------------------------------------------------------------------- */

/* Is somebody there, as it is written, without any delimiter? */
static bool is_somebody(checkup *k, const check_sample *s)
{
    bool known;
    unsigned classes = check_classes_of(k, s->domain, &known);
    if (check_find_address(k, postfix_value(k->in, "virtual_alias_maps"), s->address).found) return true;
    for (size_t i = 0; i < postfix_class_rows_count; i++) {
        bb_str maps = postfix_value(k->in, postfix_class_rows[i].recipients);
        if (!(postfix_class_rows[i].class & classes)) continue;
        if (!maps.n || check_find_address(k, maps, s->address).found) return true;
    }
    return false;
}

void check_delimiter(checkup *k)
{
    bb_str delimiters = postfix_value(k->in, "recipient_delimiter");
    if (bb_chr(delimiters, '+') != BB_NPOS) return;
    for (size_t i = 0; i < k->n_samples; i++) {
        const check_sample *s = &k->samples[i];
        if (bb_chr(s->local, '+') == BB_NPOS || is_somebody(k, s)) continue;
        bb_str user = bb_sub(s->local, 0, bb_chr(s->local, '+'));
        check_found(
            k, CHECK_FAULT,
            check_text(k, "recipient_delimiter = " BB_FMT ", and return paths of the list " BB_FMT " are like " BB_FMT,
                       BB_ARG(delimiters), BB_ARG(s->list), BB_ARG(s->address)),
            check_text(k,
                       "Without + for a delimiter, Postfix does not see that this is " BB_FMT ", and knows no such "
                       "user: bounces are refused.",
                       BB_ARG(user)),
            check_text(
                k, BB_FMT "\npostfix reload",
                BB_ARG(check_postconf(k, "recipient_delimiter", check_text(k, "+" BB_FMT, BB_ARG(delimiters))))));
        return;
    }
}

/* ---- refused -------------------------------------------------------------------------------------------------------------- */

#define LINES 5

static void ask_for(checkup *k, bb_str server, const check_sample *s)
{
    const char *lines[LINES] = {"EHLO localhost", "MAIL FROM:<>",
                                check_text(k, "RCPT TO:<" BB_FMT ">", BB_ARG(s->address)).p, "QUIT", NULL};
    check_reply r = check_reach(k, NULL, server, lines);
    if (!r.asked || !r.there || r.code < 400 || !lines[2]) return;
    bool sender = r.said == 2, final = r.code >= 500; /* which of the lines it was */
    check_found(k, final ? CHECK_FAULT : CHECK_WARNING,
                check_text(k, "%s: %d " BB_FMT, sender ? "MAIL FROM:<>" : lines[2], r.code, BB_ARG(r.text)),
                !final ? BB_S("Whoever returns mail is told to try again later.")
                : sender
                    ? BB_S("Bounces have no sender, and Postfix refuses that: none comes in (RFC 5321 section 4.5.5).")
                    : BB_S("Whoever returns mail is refused, and what he had to say is lost."),
                sender ? BB_S("look for <> in what the smtpd_*_restrictions name, and take it out")
                       : BB_S("bouncebox postfix setup\n(or by hand) see that the maps of its class answer for this "
                              "address, and that "
                              "no smtpd_*_restrictions refuse it"));
}

/* Where Postfix takes mail from others: the service on port 25, or the first one that asks for no password. */
static bb_str smtpd_of(checkup *k)
{
    bool v6 = bb_eq(postfix_value(k->in, "inet_protocols"), BB_S("ipv6"));
    for (size_t i = 0; i < k->in->n_services; i++) {
        const postfix_service *s = &k->in->services[i];
        static const char *const others[] = {"submission", "submissions", "smtps", "465", "587"};
        bool other = false;
        for (size_t o = 0; o < BB_COUNT(others); o++) other |= bb_eq(s->name, bb_cstr(others[o]));
        bool serves = bb_eq(s->command, BB_S("smtpd")) || bb_eq(s->command, BB_S("postscreen"));
        if (!bb_eq(s->type, BB_S("inet")) || !serves || other) continue;
        if (bb_rchr(s->name, ':') != BB_NPOS) return s->name;
        bb_str interfaces = postfix_value(k->in, "inet_interfaces"), host = {0};
        bool named =
            postfix_item(&interfaces, &host) && !bb_eq(host, BB_S("all")) && !bb_eq(host, BB_S("loopback-only"));
        if (!named) host = v6 ? BB_S("::1") : BB_S("127.0.0.1");
        return check_text(k, "[" BB_FMT "]:" BB_FMT, BB_ARG(host), BB_ARG(s->name));
    }
    return (bb_str){0};
}

void check_refused(checkup *k)
{
    bb_str server = smtpd_of(k);
    for (size_t i = 0; i < k->n_samples && server.n; i++) ask_for(k, server, &k->samples[i]);
}
