/* SPDX-License-Identifier: MIT
 *
 * Checks of what the DNS says: do bounces find the bounce domain, and does it belong to the From domain (RFC 7489 section
 * 3.1.2: aligned SPF)? Organisations are told apart by their DMARC records, from the domain upwards (RFC 9989), not by a list
 * of public suffixes.
 */
#include "app/postfix/check.h"
#include "edge/net/net.h"

static bool ask(checkup *k, bb_str name, bb_dns_type type, bb_str **records, size_t *n)
{
    bb_err err = {0};
    if (k->dns_failed) return false;
    if (bb_dns_ask(&k->c->arena, cli_value(k->c, "resolver"), name, type, records, n, &err)) return true;
    if (err.code == BB_EUSAGE) {
        k->c->err = err;
        return false;
    }
    k->dns_failed = true;
    check_found(k, CHECK_WARNING, check_text(k, "%s", err.text),
                BB_S("What the DNS says of these domains was not looked at."),
                BB_S("name a resolver that answers: bouncebox postfix check --resolver ADDRESS"));
    return false;
}

/* ---- mx ---------------------------------------------------------------------------------------------------------------- */

static void look_for_server(checkup *k, bb_str domain)
{
    bb_str *records;
    size_t n, a, aaaa;
    if (!ask(k, domain, BB_DNS_MX, &records, &n)) return;
    bool null = n == 1 && !records[0].n;
    if (n && !null) return;
    if (!null && (!ask(k, domain, BB_DNS_A, &records, &a) || !ask(k, domain, BB_DNS_AAAA, &records, &aaaa) || a + aaaa))
        return;
    check_found(
        k, CHECK_FAULT,
        null ? check_text(k, BB_FMT " has a null MX: it says that it takes no mail", BB_ARG(domain))
             : check_text(k, BB_FMT " has neither MX nor address", BB_ARG(domain)),
        BB_S("Other servers cannot return anything; and many refuse mail with such a return path from the start."),
        check_text(k, BB_FMT ". IN MX 10 " BB_FMT ".", BB_ARG(domain), BB_ARG(postfix_value(k->in, "myhostname"))));
}

static void look_for_spf(checkup *k, bb_str domain)
{
    bb_str *records;
    size_t n;
    if (!ask(k, domain, BB_DNS_TXT, &records, &n)) return;
    for (size_t i = 0; i < n; i++)
        if (bb_istarts(records[i], BB_S("v=spf1"))) return;
    check_found(
        k, CHECK_WARNING, check_text(k, BB_FMT " has no SPF record", BB_ARG(domain)),
        BB_S("SPF is asked of the return path's domain, not of From: without it, mailings count as of unknown origin."),
        check_text(k, BB_FMT ". IN TXT \"v=spf1 mx -all\"", BB_ARG(domain)));
}

void check_mx(checkup *k)
{
    for (size_t i = 0; i < k->n_domains; i++) {
        look_for_server(k, k->domains[i]);
        look_for_spf(k, k->domains[i]);
    }
}

/* ---- alignment ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    bb_str organisation; /* the domain itself where no DMARC record says more */
    bb_str policy, spf;  /* of the record that is nearest: "none", "quarantine", "reject"; "r", "s" */
    bool found;
} dmarc;

static bb_str tag_of(bb_str record, const char *name)
{
    bb_str item;
    while (bb_split(&record, ';', &item)) {
        bb_str key;
        if (bb_split(&item, '=', &key) && bb_ieq(bb_trim(key), bb_cstr(name))) return bb_trim(item);
    }
    return (bb_str){0};
}

/* From the domain upwards, eight steps at most; the record furthest up that is not a suffix's own names the organisation. */
static bool read_dmarc(checkup *k, bb_str domain, dmarc *out)
{
    *out = (dmarc){.organisation = domain};
    bb_str at = domain, below = domain;
    for (int i = 0; i < 8 && bb_chr(at, '.') != BB_NPOS; i++) {
        bb_str *records;
        size_t n;
        if (!ask(k, check_text(k, "_dmarc." BB_FMT, BB_ARG(at)), BB_DNS_TXT, &records, &n)) return false;
        for (size_t r = 0; r < n; r++) {
            if (!bb_istarts(records[r], BB_S("v=DMARC1"))) continue;
            bool suffix = bb_ieq(tag_of(records[r], "psd"), BB_S("y"));
            out->organisation = suffix ? below : at;
            if (!out->found) {
                out->policy = tag_of(records[r], "p");
                out->spf = tag_of(records[r], "aspf");
            }
            out->found = true;
            if (suffix || bb_ieq(tag_of(records[r], "psd"), BB_S("n"))) return true;
            break;
        }
        below = at;
        at = bb_sub(at, bb_chr(at, '.') + 1, BB_NPOS);
    }
    return true;
}

/* Without any record to go by: one within the other. */
static bool is_within(bb_str x, bb_str y)
{
    if (x.n < y.n) return is_within(y, x);
    return bb_iends(x, y) && (x.n == y.n || x.p[x.n - y.n - 1] == '.');
}

static void tell_unaligned(checkup *k, bb_str bounces, bb_str from, const dmarc *d, bool strict)
{
    bool acts = d->found && !bb_ieq(d->policy, BB_S("none"));
    check_found(k, acts ? CHECK_FAULT : CHECK_WARNING,
                check_text(k, "return paths are in " BB_FMT ", From is in " BB_FMT "%s", BB_ARG(bounces), BB_ARG(from),
                           strict ? ", and aspf=s wants them to be the same" : ", which is somebody else's"),
                d->found
                    ? check_text(k,
                                 "SPF then speaks for another domain than readers see. _dmarc." BB_FMT " says p=" BB_FMT
                                 ": mailings pass only where a DKIM signature of " BB_FMT " holds.",
                                 BB_ARG(from), BB_ARG(d->policy), BB_ARG(from))
                    : BB_S("SPF then speaks for another domain than readers see, and large providers refuse mailings "
                           "without alignment."),
                strict ? check_text(k, "sign with DKIM as " BB_FMT ", or publish aspf=r", BB_ARG(from))
                       : check_text(k,
                                    "take a bounce domain below the From domain, say bounces." BB_FMT
                                    ", and give it to the list: bounce_domain = bounces." BB_FMT,
                                    BB_ARG(from), BB_ARG(from)));
}

static void align(checkup *k, bb_str from)
{
    dmarc theirs, ours;
    if (!read_dmarc(k, from, &theirs)) return;
    if (!theirs.found)
        check_found(k, CHECK_WARNING, check_text(k, BB_FMT " has no DMARC record", BB_ARG(from)),
                    BB_S("Large providers take mailings only from domains that have one."),
                    check_text(k, "_dmarc." BB_FMT ". IN TXT \"v=DMARC1; p=none\"", BB_ARG(from)));
    bool strict = bb_ieq(theirs.spf, BB_S("s"));
    for (size_t i = 0; i < k->n_domains; i++) {
        bb_str domain = k->domains[i];
        if (bb_ieq(domain, from)) continue;
        if (!strict) {
            if (!read_dmarc(k, domain, &ours)) return;
            bool known = ours.found || theirs.found;
            if (known ? bb_ieq(ours.organisation, theirs.organisation) : is_within(domain, from)) continue;
        }
        tell_unaligned(k, domain, from, &theirs, strict);
    }
}

void check_alignment(checkup *k)
{
    size_t at = 0;
    bool given = false;
    for (const char *from; (from = cli_value_after(k->c, "from", &at)) != NULL; given = true) {
        bb_str domain = bb_chr(bb_cstr(from), '@') == BB_NPOS ? bb_cstr(from) : check_domain_of(bb_cstr(from));
        align(k, bb_lowered(&k->c->arena, domain));
    }
    if (given) return;
    size_t before = k->n_findings;
    align(k, bb_lowered(&k->c->arena, check_origin(k)));
    for (size_t i = before; i < k->n_findings; i++) {
        k->findings[i].level = CHECK_NOTE; /* a guess: nobody has said what From is */
        k->findings[i].seen =
            check_text(k, BB_FMT " (myorigin, since no --from DOMAIN is given)", BB_ARG(k->findings[i].seen));
    }
}
