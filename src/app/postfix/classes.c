/* SPDX-License-Identifier: MIT
 *
 * Whose a domain is: its address class (ADDRESS_CLASS_README), as smtpd(8) and trivial-rewrite(8) find it.
 */
#include "app/postfix/postfix.h"

const postfix_class_row postfix_class_rows[] = {
    {POSTFIX_LOCAL, "mydestination", "local_recipient_maps"},
    {POSTFIX_VIRTUAL_ALIAS, "virtual_alias_domains", "virtual_alias_maps"},
    {POSTFIX_VIRTUAL_MAILBOX, "virtual_mailbox_domains", "virtual_mailbox_maps"},
    {POSTFIX_RELAY, "relay_domains", "relay_recipient_maps"},
};
const size_t postfix_class_rows_count = BB_COUNT(postfix_class_rows);

/* One list on its way: a file named in it is a list, too. */
typedef struct {
    cli *c;
    const postfix_installation *in;
    bb_str domain;
    bool with_parents, found, held; /* found: some item fits; held: and it says yes */
} search;

#define FILE_MAX    ((size_t)16 << 20)
#define FILES_DEPTH 8

static bool name_fits(const search *s, bb_str name)
{
    if (bb_ieq(name, s->domain)) return true;
    bool below = name.n && name.p[0] == '.';
    if (!s->with_parents && !below) return false;
    bb_str with_dot = below ? name : bb_cat(&s->c->arena, BB_S("."), name, (bb_str){0});
    return with_dot.n > 1 && bb_iends(s->domain, with_dot);
}

/* match_list(3) asks for the domain, and with parents for each of them. */
static bool ask_table(search *s, bb_str table, bool *fits)
{
    bb_str key = bb_lowered(&s->c->arena, s->domain), value;
    while (key.n) {
        if (!postfix_lookup(s->c, s->in, table, key, &value, fits)) return false;
        size_t dot = bb_chr(key, '.');
        if (*fits || !s->with_parents || dot == BB_NPOS) return true;
        key = bb_sub(key, dot + 1, BB_NPOS);
    }
    return true;
}

static bool search_list(search *s, bb_str list, int depth);

/* A file of names: comments and blank lines are none. */
static bool search_file(search *s, bb_str path, int depth)
{
    bb_str text, line;
    const char *file = bb_dup(&s->c->arena, path).p;
    if (depth >= FILES_DEPTH)
        return bb_fail(&s->c->err, BB_ECONFIG, "%s: files that name files without an end", file ? file : "");
    if (!file || !bb_os_read_file(&s->c->arena, file, FILE_MAX, &text, &s->c->err)) return false;
    while (!s->found && bb_line(&text, &line))
        if (line.n && line.p[0] != '#' && !search_list(s, line, depth + 1)) return false;
    return true;
}

/* The first item that fits says whether the list holds it. */
static bool search_list(search *s, bb_str list, int depth)
{
    bb_str item;
    while (!s->found && postfix_item(&list, &item)) {
        bool yes = true, fits = false;
        while (item.n && item.p[0] == '!') {
            yes = !yes;
            item = bb_sub(item, 1, BB_NPOS);
        }
        if (item.n && item.p[0] == '/') {
            if (!search_file(s, item, depth)) return false;
            fits = s->found;
            yes = yes == s->held;
        } else if (bb_chr(item, ':') != BB_NPOS) {
            if (!ask_table(s, item, &fits)) return false;
        } else fits = name_fits(s, item);
        s->found = fits;
        s->held = fits && yes;
    }
    return true;
}

bool postfix_domain_in(cli *c, const postfix_installation *in, bb_str list, bb_str domain, bool with_parents,
                       bool *found)
{
    search s = {.c = c, .in = in, .domain = domain, .with_parents = with_parents};
    if (!search_list(&s, list, 0)) return false;
    *found = s.held;
    return true;
}

static bool matches_parents(const postfix_installation *in, const char *name)
{
    bb_str rest = postfix_value(in, "parent_domain_matches_subdomains"), item;
    while (postfix_item(&rest, &item))
        if (bb_eq(item, bb_cstr(name))) return true;
    return false;
}

bool postfix_classes_of(cli *c, const postfix_installation *in, bb_str domain, unsigned *classes)
{
    bool good = true;
    *classes = 0;
    for (size_t i = 0; i < postfix_class_rows_count; i++) {
        const postfix_class_row *row = &postfix_class_rows[i];
        bool held = false;
        bb_err before = c->err;
        if (!postfix_domain_in(c, in, postfix_value(in, row->domains), domain, matches_parents(in, row->domains),
                               &held)) {
            if (good) bb_fail_in(&c->err, "%s", row->domains);
            else c->err = before;
            good = false;
        }
        if (held) *classes |= row->class;
    }
    return good;
}
