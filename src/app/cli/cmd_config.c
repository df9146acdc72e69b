/* SPDX-License-Identifier: MIT
 *
 * config: the configuration in force, a sample, and what a careful person would say about it.
 */
#include <string.h>

#include "app/cli/cli.h"

/* ---- sample ------------------------------------------------------------------------------------------------ */

static void put_param(bb_json *j, const bb_conf_param *p)
{
    bb_json_open(j, '{');
    bb_json_kstr(j, "name", bb_cstr(p->name));
    bb_json_kstr(j, "section", bb_cstr(bb_conf_section(p->scope)));
    bb_json_kstr(j, "default", bb_cstr(p->preset));
    bb_json_kstr(j, "values", bb_cstr(p->unit));
    bb_json_kstr(j, "help", bb_cstr(p->help));
    bb_json_close(j, '}');
}

int cmd_config_sample(cli *c)
{
    cli_json d;
    if (!c->json) {
        cli_put(c, bb_conf_sample(&c->arena));
        return cli_ok(c);
    }
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "parameters");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < bb_conf_params_count; i++) put_param(&d.j, &bb_conf_params[i]);
    bb_json_close(&d.j, ']');
    cli_json_end(c, &d);
    return cli_ok(c);
}

/* ---- show --------------------------------------------------------------------------------------------------- */

static void show_section(cli *c, cli_json *d, const char *title, bb_param_scope scope, const void *record)
{
    if (!c->json) cli_print(c, "[%s]\n", title);
    bb_json_key(&d->j, title);
    cli_put_settings(c, &d->j, scope, record);
    if (!c->json) cli_print(c, "\n");
}

int cmd_config_show(cli *c)
{
    cli_json d;
    size_t n;
    const char *only = cli_value(c, "list");
    const char *const *names = bb_conf_list_names(c->conf, &n);
    cli_json_begin(&d, &c->arena);
    if (!only) {
        show_section(c, &d, "bouncebox", BB_SCOPE_HOME, bb_conf_home_of(c->conf));
        show_section(c, &d, "serve", BB_SCOPE_SERVE, bb_conf_serve_of(c->conf));
        show_section(c, &d, "policy", BB_SCOPE_LIST, bb_conf_list_of(c->conf, (bb_str){0}));
    }
    for (size_t i = 0; i < n; i++) {
        if (only && strcmp(only, names[i]) != 0) continue;
        const char *title = bb_sprintf(&c->arena, "list %s", names[i]).p;
        if (title) show_section(c, &d, title, BB_SCOPE_LIST, bb_conf_list_of(c->conf, bb_cstr(names[i])));
        only = only ? "" : NULL;
    }
    if (only && only[0]) { /* a list without a section of its own has what [policy] says */
        const char *title = bb_sprintf(&c->arena, "list %s", only).p;
        if (title) show_section(c, &d, title, BB_SCOPE_LIST, bb_conf_list_of(c->conf, bb_cstr(only)));
    }
    if (c->json) cli_json_end(c, &d);
    return cli_ok(c);
}

/* ---- check ---------------------------------------------------------------------------------------------------- */

typedef struct {
    cli *c;
    cli_json json;
    int errors, warnings;
} checker;

static BB_PRINTF(4, 5) void found(checker *k, bool error, const char *list, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    *(error ? &k->errors : &k->warnings) += 1;
    bb_json_open(&k->json.j, '{');
    bb_json_kstr(&k->json.j, "level", error ? BB_S("error") : BB_S("warning"));
    bb_json_kstr(&k->json.j, "list", bb_cstr(list));
    bb_json_kstr(&k->json.j, "text", bb_cstr(text));
    bb_json_close(&k->json.j, '}');
    if (!k->c->json) cli_print(k->c, "%s%s%s: %s\n", error ? "error" : "warning", list[0] ? ", list " : "", list, text);
}

/* Every command that reads mail would end on it. */
static bool check_rules(checker *k)
{
    cli *c = k->c;
    bb_reader reader = {0};
    bool good = cli_configured_reader(c, &reader);
    cli_reader_close(&reader);
    if (good) return true;
    if (c->err.code == BB_ENOMEM) return false;
    found(k, true, "", "%s", cli_show(&c->arena, bb_cstr(c->err.text)));
    c->err = (bb_err){0};
    return true;
}

static void check_section_names(checker *k)
{
    size_t n;
    const char *const *names = bb_conf_list_names(k->c->conf, &n);
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t l = 0; l < k->c->n_lists; l++) known |= bb_eq(k->c->lists[l].name, bb_cstr(names[i]));
        if (!known)
            found(k, true, names[i], "there is a section but no such list; \"bouncebox list add %s\" adds it",
                  names[i]);
    }
}

/* What only the policy service does, where there is none. */
static void check_service(checker *k)
{
    const bb_conf_serve *s = bb_conf_serve_of(k->c->conf);
    if (s->policy[0]) return;
    if (s->suppress_senders[0] || s->suppress_networks[0])
        found(k, false, "", "policy is not set, so nobody's mail to an address that bounced is refused");
    if (s->return_path_senders == 1) found(k, false, "", "policy is not set, so return_path_senders does nothing");
}

static void check_return_paths(checker *k, const char *list, const bb_conf_list *l)
{
    bool is_signed = bb_conf_signs(l);
    bool has_base = l->return_path + 1 == BB_FORM_VERP || l->return_path + 1 == BB_FORM_SIGNED_VERP;
    if (!l->bounce_domain[0])
        found(k, !is_signed, list,
              is_signed ? "bounce_domain is not set, so return paths cannot be made for it"
                        : "bounce_domain is not set, so no unsigned return path can be told for its own");
    if (is_signed && l->accept_inferred)
        found(k, false, list, "accept_inferred does nothing on a list whose return paths are signed");
    if (!is_signed && l->accept_inferred)
        found(k, false, list, "accept_inferred lets anybody who knows an address take it off the list");
    if (l->accept_mailing) found(k, false, list, "accept_mailing lets whoever got a mailing take others off the list");
    if (!has_base && l->return_path_base[0])
        found(k, false, list, "return_path_base only counts where return_path is verp or signed-verp");
    if (l->return_path + 1 == BB_FORM_SIGNED_VERP && !l->return_path_base[0])
        found(k, false, list, "return_path_base is not set, so signed-verp return paths cannot be made for it");
}

/* The mean of the days between its last mailings; 0: fewer than three. */
static int64_t mean_gap(const bb_mailing *m, size_t n)
{
    bb_time first = 0, last = 0;
    if (n < 3) return 0;
    size_t from = n > 10 ? n - 10 : 0;
    first = last = m[from].sent;
    for (size_t i = from; i < n; i++) {
        if (m[i].sent < first) first = m[i].sent;
        if (m[i].sent > last) last = m[i].sent;
    }
    return (last - first) / (int64_t)(n - from - 1);
}

static bool check_windows(checker *k, const bb_list *row, const char *list, const bb_conf_list *l)
{
    bb_mailing *mailings;
    size_t n;
    cli *c = k->c;
    if (!bb_store_mailings(c->store, &c->arena, row->id, &mailings, &n, &c->err)) return false;
    int64_t gap = mean_gap(mailings, n);
    if (gap && l->soft_window_mode == BB_WINDOW_FIXED && gap * (l->soft_limit - 1) >= l->soft_window)
        found(k, false, list,
              "it is mailed every %lld days or so, so %d soft bounces never fall within %s; set soft_window_mode "
              "= longer",
              (long long)((gap + 43200) / BB_DAY), l->soft_limit, cli_span(&c->arena, l->soft_window));
    else if (gap > 7 * BB_DAY && l->soft_window_mode == BB_WINDOW_FIXED)
        found(k, false, list, "it is mailed less than weekly; soft_window_mode = longer suits it better");
    return true;
}

static void check_limits(checker *k, const char *list, const bb_conf_list *l)
{
    if (l->soft_window > 180 * BB_DAY)
        found(k, false, list,
              "soft_window is longer than 180 days: a full mailbox of last year counts against a reader of today");
    if (l->quarantine > l->soft_window)
        found(k, false, list, "quarantine is longer than soft_window, so soft bounces hardly ever add up");
    if (l->mode == 1) found(k, false, list, "mode is observe: nobody's status is changed");
}

int cmd_config_check(cli *c)
{
    checker k = {.c = c};
    if (!cli_lists(c) || !cli_open_keys(c)) return cli_fail(c);
    cli_json_begin(&k.json, &c->arena);
    bb_json_key(&k.json.j, "findings");
    bb_json_open(&k.json.j, '[');
    if (!check_rules(&k)) return cli_fail(c);
    check_section_names(&k);
    check_service(&k);
    for (size_t i = 0; i < c->n_lists; i++) {
        const bb_conf_list *l = bb_conf_list_of(c->conf, c->lists[i].name);
        const char *name = cli_show(&c->arena, c->lists[i].name);
        check_return_paths(&k, name, l);
        check_limits(&k, name, l);
        if (!check_windows(&k, &c->lists[i], name, l)) return cli_fail(c);
    }
    bb_json_close(&k.json.j, ']');
    bb_json_kint(&k.json.j, "errors", k.errors);
    bb_json_kint(&k.json.j, "warnings", k.warnings);
    if (c->json) cli_json_end(c, &k.json);
    else
        cli_print(c, "%s: %s, %s\n", cli_show(&c->arena, bb_cstr(cli_conf_path(c))),
                  cli_plural(&c->arena, k.errors, "error", "errors"),
                  cli_plural(&c->arena, k.warnings, "warning", "warnings"));
    return k.errors ? cli_exit_of(BB_ECONFIG) : cli_ok(c);
}
