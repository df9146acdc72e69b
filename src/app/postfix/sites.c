/* SPDX-License-Identifier: MIT
 *
 * The bounce domains as Postfix sees them, and the tables that are made of them.
 */
#include "app/postfix/sites.h"

/* ---- what they are ------------------------------------------------------------------------------------------ */

const postfix_class_row *site_class_row(postfix_class class)
{
    for (size_t i = 0; i < postfix_class_rows_count; i++)
        if (postfix_class_rows[i].class == class) return &postfix_class_rows[i];
    return NULL;
}

static bool only_one_class(plan *p, const site *s, unsigned classes)
{
    bb_buf names = bb_buf_in(&p->c->arena, 1000);
    for (size_t i = 0; i < postfix_class_rows_count; i++)
        if (classes & postfix_class_rows[i].class)
            bb_putf(&names, "%s%s", names.n ? " and " : "", postfix_class_rows[i].domains);
    if ((classes & (classes - 1)) == 0) return true;
    return bb_fail(&p->c->err, BB_ECONFIG,
                   BB_FMT " stands in " BB_FMT ": Postfix takes a domain in one of them only; take it out elsewhere",
                   BB_ARG(s->domain->name), BB_ARG(bb_buf_str(&names)));
}

/* Mail for a domain that is not this server's own goes elsewhere: nothing comes back here while it does. */
static bool goes_nowhere_else(plan *p, const site *s)
{
    bb_str where;
    bool found;
    if (!postfix_lookup_in(p->c, &p->base, "transport_maps", s->domain->name, &where, &found)) return false;
    return !found || bb_fail(&p->c->err, BB_ECONFIG,
                             "transport_maps has the mail of " BB_FMT " go to " BB_FMT "; take that out first",
                             BB_ARG(s->domain->name), BB_ARG(where));
}

bool sites_read(plan *p, const postfix_home *h, sites *out)
{
    *out = (sites){.items = bb_get_array(&p->c->arena, h->n_domains, sizeof *out->items), .n = h->n_domains};
    if (!out->items) return bb_fail(&p->c->err, BB_ENOMEM, "no memory for the bounce domains");
    for (size_t i = 0; i < out->n; i++) {
        site *s = &out->items[i];
        unsigned classes;
        s->domain = &h->domains[i];
        if (!postfix_classes_of(p->c, &p->base, s->domain->name, &classes) || !only_one_class(p, s, classes))
            return false;
        s->class = (postfix_class)classes;
        if (!classes && !goes_nowhere_else(p, s)) return false;
    }
    return true;
}

bool sites_have(const sites *all, postfix_class class)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].class == class) return true;
    return false;
}

static bool not_rewritten(plan *p, const char *map, bb_str key, bb_str domain)
{
    bb_str value;
    bool found;
    if (!postfix_lookup_in(p->c, &p->base, map, key, &value, &found)) return false;
    return !found || bb_fail(&p->c->err, BB_ECONFIG,
                             "%s makes " BB_FMT " of return paths at " BB_FMT
                             " before anybody else sees them; take that out, or use "
                             "--mode canonical",
                             map, BB_ARG(value), BB_ARG(domain));
}

bool sites_not_rewritten(plan *p, const sites *all)
{
    static const char *const maps[] = {"recipient_canonical_maps", "canonical_maps"};
    for (size_t i = 0; i < all->n; i++) {
        bb_str domain = all->items[i].domain->name;
        bb_str one = bb_cat(&p->c->arena, BB_S("bounce-1@"), domain, (bb_str){0}),
               any = bb_sub(one, sizeof "bounce-1" - 1, BB_NPOS);
        for (size_t k = 0; k < BB_COUNT(maps); k++)
            if (!not_rewritten(p, maps[k], one, domain) || !not_rewritten(p, maps[k], any, domain)) return false;
    }
    return true;
}

/* ---- tables ------------------------------------------------------------------------------------------------- */

#define TABLE_MAX ((size_t)4 << 20)

static void put_literal(bb_buf *b, bb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (memchr(".+*?^$(){}|[]\\/", s.p[i], 16)) bb_putc(b, '\\');
        bb_putc(b, s.p[i]);
    }
}

/* "/^("?bounce-[^@]+"?)@example\.com$/  RESULT": quotes as Postfix puts them around what is no plain word. $1 is what
 * stands before the @. */
static void put_pattern(bb_buf *b, bb_str literal, const char *pattern, bb_str domain, bb_str result)
{
    bb_puts(b, "/^(\"?");
    put_literal(b, literal);
    bb_puts(b, pattern);
    bb_puts(b, "\"?)@");
    put_literal(b, domain);
    bb_puts(b, "$/  ");
    bb_put(b, result);
    bb_putc(b, '\n');
}

static void put_site(bb_buf *b, const site *s, bool verp, bb_str result)
{
    put_pattern(b, BB_S("bounce-"), "[^@]+", s->domain->name, result);
    put_pattern(b, BB_S("unsubscribe-"), "a[a-z2-7]{32}", s->domain->name, result);
    for (size_t i = 0; verp && i < s->domain->n_bases;
         i++) /* beside people's mailboxes the bare base is somebody's, maybe */
        put_pattern(b, s->domain->bases[i], s->class ? "\\+.+" : "(\\+.+)?", s->domain->name, result);
}

static bb_buf table_begin(plan *p, const char *what)
{
    bb_buf b = bb_buf_in(&p->c->arena, TABLE_MAX);
    bb_putf(&b,
            "# %s\n# Written by \"bouncebox postfix setup\" from the lists of the home; what is edited here is refused "
            "by the next.\n",
            what);
    return b;
}

bool sites_table(plan *p, const sites *all, bool verp, const char *name, const char *what, bb_str result, bb_str *named)
{
    bb_buf b = table_begin(p, what);
    for (size_t i = 0; i < all->n; i++) put_site(&b, &all->items[i], verp, result);
    return plan_table(p, p->regexp, name, bb_buf_str(&b), named);
}

/* In a virtual alias domain Postfix looks at no transport: there the address gets a domain that is nobody's. What it was
 * stays with the message (ORCPT, X-Original-To, ${original_recipient}), and there it is read. */
#define STAND_IN "return-paths.bouncebox.invalid"

bool sites_aliases(plan *p, const sites *all, bb_str *named)
{
    bb_buf b = table_begin(p, "Return paths stay what they are, whatever else virtual_alias_maps says.");
    for (size_t i = 0; i < all->n; i++) {
        const site *s = &all->items[i];
        bb_str domain = s->class == POSTFIX_VIRTUAL_ALIAS ? BB_S(STAND_IN) : s->domain->name;
        put_site(&b, s, true, bb_cat(&p->c->arena, BB_S("$1@"), domain, (bb_str){0}));
    }
    return plan_table(p, p->regexp, "aliases", bb_buf_str(&b), named);
}

bool sites_transport(plan *p, const sites *all, bb_str to, bb_str *named)
{
    bb_buf b =
        table_begin(p, "What becomes of return paths; in domains that hold nothing else everybody else is refused.");
    for (size_t i = 0; i < all->n; i++) {
        put_site(&b, &all->items[i], true, to);
        if (all->items[i].class) continue;
        bb_puts(&b, "/@");
        put_literal(&b, all->items[i].domain->name);
        bb_puts(&b, "$/  error:5.1.1 no such return path\n");
    }
    if (sites_have(all, POSTFIX_VIRTUAL_ALIAS))
        bb_putf(&b, "/@return-paths\\.bouncebox\\.invalid$/  " BB_FMT "\n", BB_ARG(to));
    return plan_table(p, p->regexp, "transport", bb_buf_str(&b), named);
}

bool sites_domains(plan *p, const sites *all, bb_str *named)
{
    bb_buf b = table_begin(p, "Bounce domains that were in none of Postfix's address classes.");
    for (size_t i = 0; i < all->n; i++)
        if (!all->items[i].class) bb_putf(&b, BB_FMT "\n", BB_ARG(all->items[i].domain->name));
    return plan_table(p, NULL, "domains", bb_buf_str(&b), named);
}

bool sites_bases(plan *p, const sites *all, bb_str result, bb_str *named)
{
    bb_buf b =
        table_begin(p, "Return paths that hold an address: base+user=domain.com@, divided by recipient_delimiter.");
    for (size_t i = 0; i < all->n; i++) {
        const postfix_domain *d = all->items[i].domain;
        for (size_t k = 0; k < d->n_bases; k++)
            bb_putf(&b, BB_FMT "@" BB_FMT "  " BB_FMT "\n", BB_ARG(d->bases[k]), BB_ARG(d->name), BB_ARG(result));
    }
    return plan_table(p, p->indexed, "bases", bb_buf_str(&b), named);
}
