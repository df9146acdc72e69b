/* SPDX-License-Identifier: MIT
 *
 * Checks of tables as such: can they be read, are they made, can their keys ever match?
 */
#include "app/postfix/check.h"

/* ---- unreadable ------------------------------------------------------------------------------------------------ */

/* What Postfix complains of when it reads the table: a line that is no pattern, a type that is not installed. */
static void try_to_read(checkup *k, const check_table *t)
{
    bb_run r = {0};
    bb_str line;
    const char *argv[] = {"postmap", "-c", k->in->config_dir, "-q", "bouncebox", bb_dup(&k->c->arena, t->whole).p,
                          NULL};
    bb_str made = t->indexed ? check_text(k, BB_FMT "%s", BB_ARG(t->path), t->suffix) : t->path;
    if (!made.p || (t->indexed && !bb_os_exists(made.p))) return; /* check_unmapped */
    if (!argv[5] || !postfix_run(k->c, argv, (bb_str){0}, &r)) {
        k->c->err = (bb_err){0};
        return;
    }
    while (bb_line(&r.complaints, &line)) {
        bool type = bb_find(line, BB_S("unsupported dictionary type")) != BB_NPOS;
        if (!type && bb_find(line, t->path) == BB_NPOS) continue;          /* about something else */
        if (bb_find(line, BB_S("older than source")) != BB_NPOS) continue; /* check_unmapped */
        check_found(k, CHECK_FAULT, check_text(k, BB_FMT ": " BB_FMT, BB_ARG(t->parameter), BB_ARG(bb_trim(line))),
                    BB_S("Postfix does without what it cannot read, or puts off all mail that asks for it."),
                    type ? check_text(k, "apt-get install postfix-" BB_FMT, BB_ARG(t->type))
                    : !bb_os_exists(made.p)
                        ? check_text(k, "touch " BB_FMT, BB_ARG(made))
                        : check_text(k, "correct " BB_FMT ", until this says nothing: postmap -q x " BB_FMT,
                                     BB_ARG(t->path), BB_ARG(check_quoted(k, t->whole))));
        return;
    }
}

void check_unreadable(checkup *k)
{
    check_each_table(k, try_to_read);
}

/* ---- unmapped --------------------------------------------------------------------------------------------------- */

static void compare_ages(checkup *k, const check_table *t)
{
    bb_str source = bb_dup(&k->c->arena, t->path), made = check_text(k, BB_FMT "%s", BB_ARG(t->path), t->suffix);
    if (!t->indexed || !source.p || !made.p) return;
    bool aliases = bb_starts(t->parameter, BB_S("alias_"));
    bb_time written = bb_os_modified(source.p), mapped = bb_os_modified(made.p);
    if (mapped != BB_NO_TIME && (written == BB_NO_TIME || written <= mapped)) return;
    check_found(
        k, CHECK_FAULT,
        check_text(k, BB_FMT ": " BB_FMT " %s", BB_ARG(t->parameter), BB_ARG(made),
                   mapped == BB_NO_TIME ? "is not there" : "is older than the text it is made from"),
        mapped == BB_NO_TIME ? BB_S("Postfix reads this file and not the text, and puts off all mail that asks for it.")
                             : BB_S("Postfix reads this file and not the text: what was changed there does not hold."),
        check_text(k, BB_FMT "%s " BB_FMT,
                   BB_ARG(written == BB_NO_TIME ? check_text(k, "touch " BB_FMT "\n", BB_ARG(t->path)) : BB_S("")),
                   aliases ? "postalias" : "postmap", BB_ARG(check_quoted(k, t->whole))));
}

void check_unmapped(checkup *k)
{
    check_each_table(k, compare_ages);
}

/* ---- wildcards --------------------------------------------------------------------------------------------------- */

/* The line as a pattern, in a table of its own before this one; here it becomes a comment. */
static bb_str as_patterns(checkup *k, const check_table *t, int number, bb_str pattern, bb_str value)
{
    bb_str file = check_text(k, BB_FMT "_patterns", BB_ARG(t->path));
    bb_str line = check_text(k, BB_FMT " " BB_FMT, BB_ARG(pattern), BB_ARG(value));
    bb_str table = check_text(k, "regexp:" BB_FMT, BB_ARG(file)), name_it = {0}, map_it = {0};
    const char *name = bb_dup(&k->c->arena, t->parameter).p;
    const postfix_param *p = name ? postfix_param_of(k->in, name) : NULL;
    if (p && bb_iends(t->parameter, BB_S("_maps")) && bb_find(p->value, table) == BB_NPOS)
        name_it = check_text(
            k, BB_FMT "\n",
            BB_ARG(check_postconf(k, name, check_text(k, BB_FMT ", " BB_FMT, BB_ARG(table), BB_ARG(p->value)))));
    if (t->indexed) map_it = check_text(k, "postmap " BB_FMT "\n", BB_ARG(check_quoted(k, t->whole)));
    return check_text(
        k,
        "printf '%%s\\n' " BB_FMT " >> " BB_FMT "\n" BB_FMT "sed -i '%ds/^/# /' " BB_FMT "\n" BB_FMT "postfix reload",
        BB_ARG(check_quoted(k, line)), BB_ARG(file), BB_ARG(name_it), number, BB_ARG(t->path), BB_ARG(map_it));
}

static void look_at_key(checkup *k, const check_table *t, int line, bb_str text)
{
    size_t end = 0;
    while (end < text.n && !bb_is_space(text.p[end])) end++;
    bb_str key = bb_sub(text, 0, end), value = bb_trim(bb_sub(text, end, BB_NPOS));
    if (key.n && key.p[key.n - 1] == ':') key.n--;
    bool pattern = key.n > 1 && key.p[0] == '/' && t->indexed && bb_rchr(text, '/') > 0;
    bool star = bb_chr(key, '*') != BB_NPOS && key.n > 1; /* a star alone means something in transport(5) */
    if (!pattern && !star) return;
    check_found(k, CHECK_FAULT,
                check_text(k, BB_FMT ": " BB_FMT ", line %d: " BB_FMT, BB_ARG(t->parameter), BB_ARG(t->path), line,
                           BB_ARG(key)),
                check_text(k,
                           "A " BB_FMT ": table is looked up letter by letter: %s, so no address is ever found by "
                           "this line.",
                           BB_ARG(t->type),
                           pattern ? "a pattern is an address with slashes there" : "a star is a star"),
                as_patterns(k, t, line, pattern ? key : check_as_pattern(k, key), value));
}

static void look_at_keys(checkup *k, const check_table *t)
{
    if (!t->pattern && !bb_eq(t->type, BB_S("cidr"))) check_each_line(k, t, look_at_key);
}

void check_wildcards(checkup *k)
{
    check_each_table(k, look_at_keys);
}
