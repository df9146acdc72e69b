/* SPDX-License-Identifier: MIT
 *
 * Return paths that become another address, that of a local mailbox (mailbox, plus, canonical).
 */
#include <pwd.h>
#include <string.h>

#include "app/postfix/modes.h"

/* ---- the mailbox -------------------------------------------------------------------------------------------- */

/* A domain whose local parts are users of this machine; localhost before others, since nobody rewrites that. */
static bool local_domain(plan *p, bb_str *out)
{
    bb_str candidates = bb_cat(&p->c->arena, BB_S("localhost "), postfix_value(&p->base, "myhostname"), BB_S(" ")),
           item;
    bb_str list = postfix_value(&p->base, "mydestination");
    candidates = bb_cat(&p->c->arena, candidates, list, (bb_str){0});
    while (postfix_item(&candidates, &item)) {
        bool found = false;
        if (bb_chr(BB_S("/!"), item.p[0]) != BB_NPOS || bb_chr(item, ':') != BB_NPOS) continue;
        if (!postfix_domain_in(p->c, &p->base, list, item, false, &found)) return false;
        *out = item;
        if (found) return true;
    }
    return bb_fail(&p->c->err, BB_ECONFIG,
                   "mydestination holds no domain, so there are no local mailboxes; give --mailbox ADDRESS, or use "
                   "another --mode");
}

/* Is there such a user, alias or mailbox? A table that cannot be asked does not say so. */
static bool is_somebody(plan *p, bb_str user, bb_str address)
{
    bb_str rest = postfix_value(&p->base, "local_recipient_maps"), table, value;
    const char *name = bb_dup(&p->c->arena, user).p;
    bool found = name && getpwnam(name);
    while (!found && postfix_item(&rest, &table)) {
        bool good = postfix_lookup(p->c, &p->base, table, user, &value, &found) &&
                    (found || postfix_lookup(p->c, &p->base, table, address, &value, &found));
        if (!good) p->c->err = (bb_err){0};
    }
    return found;
}

/* Where local(8) puts his mail, for people. */
static void tell_mailbox(plan *p, bb_str user)
{
    const struct passwd *who = getpwnam(bb_dup(&p->c->arena, user).p);
    bb_str spool = postfix_value(&p->base, "mail_spool_directory"), home = postfix_value(&p->base, "home_mailbox");
    bb_str slash = spool.n && spool.p[spool.n - 1] == '/' ? (bb_str){0} : BB_S("/");
    bb_str path = bb_sprintf(&p->c->arena, BB_FMT BB_FMT BB_FMT, BB_ARG(spool), BB_ARG(slash), BB_ARG(user));
    if (home.n && who) path = bb_sprintf(&p->c->arena, "%s/" BB_FMT, who->pw_dir, BB_ARG(home));
    if (postfix_value(&p->base, "mailbox_command").n) {
        plan_note(p,
                  "mailbox_command says where the mail of " BB_FMT
                  " goes; have \"bouncebox ingest --follow\" read it there",
                  BB_ARG(user));
        return;
    }
    /* Whoever names a mailbox may have other mail in it, which would go, too. */
    plan_note(p, "read what comes with: bouncebox ingest --follow%s " BB_FMT,
              cli_value(p->c, "mailbox") ? "" : " --done delete", BB_ARG(path));
    bb_str limit = postfix_value(&p->base, "mailbox_size_limit");
    if (bb_eq(limit, BB_S("0")) || bb_iends(path, BB_S("/"))) return;
    plan_note(
        p,
        "mailbox_size_limit = " BB_FMT
        ": bounces that no longer fit into the mailbox are lost; have it grow: postconf -e 'mailbox_size_limit = 0'",
        BB_ARG(limit));
}

/* Would Postfix find whom the address names? What is not for this server to say is taken at its word. */
static bool is_taken(plan *p, bb_str address, bool *taken)
{
    size_t at = bb_rchr(address, '@'), end = 1;
    bb_str local = bb_sub(address, 0, at), delimiters = postfix_value(&p->base, "recipient_delimiter"), value;
    unsigned classes;
    while (end < local.n && bb_chr(delimiters, local.p[end]) == BB_NPOS) end++;
    bb_str user = bb_sub(local, 0, end), whole = bb_sub(address, at, BB_NPOS);
    const bb_str keys[] = {address, bb_cat(&p->c->arena, user, whole, (bb_str){0}), whole};
    if (!postfix_classes_of(p->c, &p->base, bb_sub(whole, 1, BB_NPOS), &classes)) return false;
    const postfix_class_row *row = site_class_row((postfix_class)classes);
    *taken = !row || !postfix_value(&p->base, row->recipients).n ||
             (row->class == POSTFIX_LOCAL && is_somebody(p, user, address));
    for (size_t i = 0; i < BB_COUNT(keys) && !*taken; i++) {
        if (!postfix_lookup_in(p->c, &p->base, "virtual_alias_maps", keys[i], &value, taken)) return false;
        if (!*taken && row->class != POSTFIX_LOCAL &&
            !postfix_lookup_in(p->c, &p->base, row->recipients, keys[i], &value, taken))
            return false;
    }
    return true;
}

/* A bounce for an alias of nobody is taken at the door, then returned: it is lost. */
static bool is_good_address(plan *p, bb_str address)
{
    bool taken = false;
    size_t at = bb_chr(address, '@');
    bool plain = at && at + 1 < address.n && at == bb_rchr(address, '@');
    for (size_t i = 0; plain && i < address.n; i++)
        plain = bb_is_alnum(address.p[i]) || bb_chr(BB_S("@.-_+=&#~%'*!?^"), address.p[i]) != BB_NPOS;
    if (!plain) return bb_fail(&p->c->err, BB_EUSAGE, "--mailbox " BB_FMT ": is no address", BB_ARG(address));
    if (!is_taken(p, address, &taken)) return false;
    return taken ||
           bb_fail(&p->c->err, BB_ECONFIG,
                   "--mailbox " BB_FMT ": there is no such recipient, and bounces would be lost; make it first",
                   BB_ARG(address));
}

static bool find_mailbox(plan *p, bb_str *out)
{
    const char *given = cli_value(p->c, "mailbox");
    bb_str user = given ? bb_cstr(given) : BB_S("bouncebox"), domain,
           other = postfix_value(&p->base, "mailbox_transport");
    *out = user;
    if (bb_chr(user, '@') != BB_NPOS) return is_good_address(p, user);
    if (other.n)
        return bb_fail(&p->c->err, BB_ECONFIG,
                       "mailbox_transport = " BB_FMT
                       " hands local mail on without the address that it came to; use --mode lmtp, or give "
                       "--mailbox ADDRESS",
                       BB_ARG(other));
    if (!local_domain(p, &domain)) return false;
    *out = bb_cat(&p->c->arena, user, BB_S("@"), domain);
    if (!is_somebody(p, user, *out))
        return bb_fail(&p->c->err, BB_ECONFIG,
                       "there is no user or alias " BB_FMT
                       " whose mailbox it could be; make one, or give --mailbox NAME",
                       BB_ARG(user));
    tell_mailbox(p, user);
    return true;
}

/* ---- mailbox and canonical ---------------------------------------------------------------------------------- */

/* smtpd(8) takes mail for a virtual alias domain, and Postfix expects no mailboxes there. */
static bool place_aliases(plan *p, const sites *all)
{
    bb_str domains;
    return !sites_have(all, 0) ||
           (sites_domains(p, all, &domains) && plan_prepend(p, "virtual_alias_domains", domains));
}

/* verp: patterns for what holds an address, too. */
static bool alias(plan *p, const postfix_home *h, bool verp, sites *all, bb_str *mailbox)
{
    bb_str aliases;
    return sites_read(p, h, all) && find_mailbox(p, mailbox) && sites_not_rewritten(p, all) &&
           sites_table(p, all, verp, "aliases", "Return paths go to one mailbox.", *mailbox, &aliases) &&
           plan_prepend(p, "virtual_alias_maps", aliases) && place_aliases(p, all);
}

bool fill_mailbox(plan *p, const postfix_home *h)
{
    sites all;
    bb_str mailbox;
    return alias(p, h, true, &all, &mailbox);
}

bool fill_canonical(plan *p, const postfix_home *h)
{
    sites all;
    bb_str mailbox, canonical;
    return sites_read(p, h, &all) && find_mailbox(p, &mailbox) &&
           sites_table(p, &all, true, "canonical", "Return paths become one address.", mailbox, &canonical) &&
           plan_prepend(p, "recipient_canonical_maps", canonical) && place_aliases(p, &all);
}

/* ---- plus --------------------------------------------------------------------------------------------------- */

static bool delimits(plan *p)
{
    const postfix_param *d = postfix_param_of(&p->base, "recipient_delimiter");
    if (!d || !d->own) return plan_set(p, "recipient_delimiter", BB_S("+"));
    return bb_chr(d->expanded, '+') != BB_NPOS ||
           bb_fail(&p->c->err, BB_ECONFIG,
                   "recipient_delimiter is \"" BB_FMT
                   "\", and VERP needs \"+\", which would change other addresses; use --mode mailbox, "
                   "which needs none",
                   BB_ARG(d->expanded));
}

/* The bare base becomes ours, so it must be nobody's. */
static bool base_is_free(plan *p, const site *s, bb_str base)
{
    const postfix_class_row *row = site_class_row(s->class);
    bb_str address = bb_cat(&p->c->arena, base, BB_S("@"), s->domain->name), value;
    bool found;
    if (!postfix_lookup_in(p->c, &p->base, "virtual_alias_maps", address, &value, &found)) return false;
    if (!found && row && s->class != POSTFIX_LOCAL &&
        !postfix_lookup_in(p->c, &p->base, row->recipients, address, &value, &found))
        return false;
    found = found || (s->class == POSTFIX_LOCAL && is_somebody(p, base, address));
    return !found ||
           bb_fail(&p->c->err, BB_ECONFIG,
                   BB_FMT " is somebody's address already; use --mode mailbox, which leaves it alone", BB_ARG(address));
}

static bool bases_are_free(plan *p, const sites *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->items[i].domain->n_bases; k++, n++)
            if (!base_is_free(p, &all->items[i], all->items[i].domain->bases[k])) return false;
    return n || bb_fail(&p->c->err, BB_ECONFIG,
                        "no list sends VERP, so there is nothing to divide; set return_path = signed-verp, or use "
                        "another --mode");
}

bool fill_plus(plan *p, const postfix_home *h)
{
    sites all;
    bb_str mailbox, bases;
    return delimits(p) && alias(p, h, false, &all, &mailbox) && bases_are_free(p, &all) &&
           sites_bases(p, &all, mailbox, &bases) && plan_prepend(p, "virtual_alias_maps", bases);
}
