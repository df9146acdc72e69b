/* SPDX-License-Identifier: MIT
 *
 * list: lists added and shown.
 */
#include <string.h>

#include "app/cli/cli.h"

/* ---- add ---------------------------------------------------------------------------------------------------- */

/* The [list] section that --set asks for; empty: none was asked for. */
static bool section_text(cli *c, bb_str *out)
{
    bb_buf b = bb_buf_in(&c->arena, (size_t)64 << 10);
    size_t cursor = 0;
    for (const char *set; (set = cli_value_after(c, "set", &cursor));) {
        bb_str value = bb_cstr(set);
        size_t equals = bb_chr(value, '=');
        if (equals == BB_NPOS || bb_chr(value, '\n') != BB_NPOS || bb_chr(value, '\r') != BB_NPOS)
            return bb_fail(&c->err, BB_EUSAGE, "--set %s: write --set NAME=VALUE", set);
        if (!b.n) bb_putf(&b, "\n[list %s]\n", c->args[0]);
        bb_putf(&b, BB_FMT " = " BB_FMT "\n", BB_ARG(bb_trim(bb_sub(value, 0, equals))),
                BB_ARG(bb_trim(bb_sub(value, equals + 1, BB_NPOS))));
    }
    *out = bb_buf_str(&b);
    return true;
}

/* Reads the configuration as it would be with the section behind it: what is wrong then was wrong in --set. */
static bool check_section(cli *c, bb_str section)
{
    bb_str text;
    bb_conf *tried = NULL;
    const char *path = cli_conf_path(c);
    if (!section.n) return true;
    if (!bb_os_read_file(&c->arena, path, (size_t)1 << 20, &text, &c->err)) return false;
    bb_buf whole = bb_buf_in(&c->arena, (size_t)2 << 20);
    bb_put(&whole, text);
    bb_puts(&whole, "\n");
    bb_put(&whole, section);
    if (!bb_conf_parse(path, bb_buf_str(&whole), &tried, &c->err)) {
        c->err.code = BB_EUSAGE;
        return bb_fail_in(&c->err, "with --set");
    }
    bb_conf_free(&tried);
    return true;
}

static bool append_section(cli *c, bb_str section)
{
    bb_str text;
    const char *path = cli_conf_path(c);
    if (!section.n) return true;
    if (!bb_os_read_file(&c->arena, path, (size_t)1 << 20, &text, &c->err)) return false;
    bool open_line = text.n && text.p[text.n - 1] != '\n';
    return bb_os_append_file(path, bb_sprintf(&c->arena, "%s" BB_FMT, open_line ? "\n" : "", BB_ARG(section)), &c->err);
}

static int tell_added(cli *c, uint32_t id, bool section)
{
    cli_json d;
    if (c->json) {
        cli_json_begin(&d, &c->arena);
        bb_json_kint(&d.j, "id", id);
        bb_json_kstr(&d.j, "list", bb_cstr(c->args[0]));
        bb_json_key(&d.j, "configured");
        bb_json_bool(&d.j, section);
        cli_json_end(c, &d);
        return cli_ok(c);
    }
    cli_print(c, "list %s added\n", c->args[0]);
    if (section) cli_print(c, "its settings stand in %s\n", cli_show(&c->arena, bb_cstr(cli_conf_path(c))));
    else
        cli_print(c, "it has the settings of [policy]; a section [list %s] in %s changes them\n", c->args[0],
                  cli_show(&c->arena, bb_cstr(cli_conf_path(c))));
    return cli_ok(c);
}

/* The list comes first: a section without its list is an error of "config check", a list without a section is none. */
int cmd_list_add(cli *c)
{
    bb_str name = bb_cstr(c->args[0]), section = {0};
    uint32_t id;
    if (!bb_list_name_ok(name))
        return cli_usage(c, "%s: a list's name is 1 to 64 letters, digits, dots, dashes and underscores", c->args[0]);
    if (!section_text(c, &section) || !check_section(c, section)) return cli_fail(c);
    if (!bb_store_list_add(c->store, name, c->now, &id, &c->err)) return cli_fail(c);
    if (!append_section(c, section)) return cli_fail(c);
    return tell_added(c, id, section.n > 0);
}

/* ---- show ------------------------------------------------------------------------------------------------------ */

typedef struct {
    bb_time now;
    int64_t people[5], contacts;
} counts;

static bool count(void *ctx, const bb_subscriber *s)
{
    counts *n = ctx;
    if (s->contact) n->contacts++;
    else n->people[bb_status_at(s->status, s->until, n->now)]++;
    return true;
}

static void put_counts(bb_json *j, const counts *n)
{
    bb_json_key(j, "subscribers");
    bb_json_open(j, '{');
    for (int i = 0; i < 5; i++) bb_json_kint(j, bb_status_word((bb_status)i), n->people[i]);
    bb_json_close(j, '}');
    bb_json_kint(j, "contacts", n->contacts);
}

static void put_mailings(cli *c, bb_json *j, const bb_mailing *m, size_t n)
{
    bb_json_key(j, "mailings");
    bb_json_open(j, '[');
    for (size_t i = 0; i < n; i++) {
        bb_json_open(j, '{');
        bb_json_kint(j, "id", m[i].id);
        bb_json_kstr(j, "name", m[i].name);
        bb_json_ktime(j, "sent", m[i].sent);
        bb_json_close(j, '}');
    }
    bb_json_close(j, ']');
    (void)c;
}

static bool show_list(cli *c, const bb_list *l, cli_json *d, bool alone)
{
    counts n = {.now = c->now};
    bb_mailing *mailings;
    size_t n_mailings;
    if (!bb_store_each_subscriber(c->store, l->id, count, &n, &c->err)) return false;
    if (!bb_store_mailings(c->store, &c->arena, l->id, &mailings, &n_mailings, &c->err)) return false;
    bb_json_open(&d->j, '{');
    bb_json_kint(&d->j, "id", l->id);
    bb_json_kstr(&d->j, "list", l->name);
    bb_json_ktime(&d->j, "created", l->created);
    put_counts(&d->j, &n);
    put_mailings(c, &d->j, mailings, n_mailings);
    if (!c->json) {
        cli_print(c, "list " BB_FMT ": ", BB_ARG(l->name));
        for (int i = 0; i < 5; i++) cli_print(c, "%lld %s, ", (long long)n.people[i], bb_status_word((bb_status)i));
        if (n.contacts) cli_print(c, "%s, ", cli_plural(&c->arena, n.contacts, "contact", "contacts"));
        cli_print(c, "%s\n", cli_plural(&c->arena, (int64_t)n_mailings, "mailing", "mailings"));
    }
    bb_json_key(&d->j, "settings");
    if (c->json || alone) cli_put_settings(c, &d->j, BB_SCOPE_LIST, bb_conf_list_of(c->conf, l->name));
    bb_json_close(&d->j, '}');
    return true;
}

int cmd_list_show(cli *c)
{
    const bb_list *only = NULL;
    cli_json d;
    if (!cli_lists(c) || (c->n_args && !cli_list(c, c->args[0], &only))) return cli_fail(c);
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "lists");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < c->n_lists; i++)
        if ((!only || only == &c->lists[i]) && !show_list(c, &c->lists[i], &d, only)) return cli_fail(c);
    bb_json_close(&d.j, ']');
    if (c->json) cli_json_end(c, &d);
    else if (!c->n_lists) cli_print(c, "there is no list yet; \"bouncebox list add NAME\" adds one\n");
    return cli_ok(c);
}
