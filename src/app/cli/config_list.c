/* SPDX-License-Identifier: MIT
 *
 * config list: every parameter with type, default, range, unit and help, as the table of parameters has it.
 */
#include <string.h>

#include "app/cli/cli.h"

static const char *type_word(bb_param_type type)
{
    static const char *const words[] = {
        [BB_PARAM_TEXT] = "text",         [BB_PARAM_DOMAIN] = "domain",  [BB_PARAM_HOSTS] = "domains",
        [BB_PARAM_LOCAL] = "local part",  [BB_PARAM_WORD] = "word",      [BB_PARAM_INT] = "integer",
        [BB_PARAM_NUMBER] = "number",     [BB_PARAM_DURATION] = "time",  [BB_PARAM_BOOL] = "boolean",
        [BB_PARAM_NETWORKS] = "networks", [BB_PARAM_SENDERS] = "senders"};
    return words[type];
}

/* min and max are values (durations in seconds), numbers of octets, or nothing. */
static bool has_range(bb_param_type type)
{
    return type != BB_PARAM_WORD && type != BB_PARAM_BOOL;
}

/* Seconds in the largest unit that divides them. */
static const char *span(bb_arena *a, double seconds)
{
    static const struct {
        int64_t seconds;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    int64_t n = (int64_t)seconds;
    size_t i = 0;
    if (!n) return "0";
    while (n % units[i].seconds) i++;
    return bb_sprintf(a, "%lld%c", (long long)(n / units[i].seconds), units[i].letter).p;
}

static const char *range(bb_arena *a, const bb_conf_param *p)
{
    if (p->type == BB_PARAM_WORD) return p->words;
    if (p->type == BB_PARAM_BOOL) return "yes no";
    if (p->type == BB_PARAM_DURATION) return bb_sprintf(a, "%s to %s", span(a, p->min), span(a, p->max)).p;
    bool number = p->type == BB_PARAM_INT || p->type == BB_PARAM_NUMBER;
    return bb_sprintf(a, "%.0f to %.0f%s", p->min, p->max, number ? "" : " octets").p;
}

/* ---- for machines ------------------------------------------------------------------------------------------- */

static void put_words(bb_json *j, const char *words)
{
    bb_str rest = bb_cstr(words), word;
    bb_json_key(j, "words");
    bb_json_open(j, '[');
    while (bb_split(&rest, ' ', &word)) bb_json_str(j, word);
    bb_json_close(j, ']');
}

static void put_bound(bb_json *j, const char *key, const bb_conf_param *p, double v)
{
    bb_json_key(j, key);
    if (has_range(p->type)) bb_json_int(j, (int64_t)v);
    else bb_json_null(j);
}

static void put_param(bb_json *j, bb_arena *a, const bb_conf_param *p)
{
    bb_json_open(j, '{');
    bb_json_kstr(j, "name", bb_cstr(p->name));
    bb_json_kstr(j, "section", bb_cstr(bb_conf_section(p->scope)));
    bb_json_kstr(j, "type", bb_cstr(type_word(p->type)));
    bb_json_kstr(j, "default", bb_cstr(p->preset));
    bb_json_kstr(j, "range", bb_cstr(range(a, p)));
    put_bound(j, "min", p, p->min);
    put_bound(j, "max", p, p->max);
    put_words(j, p->words);
    bb_json_kstr(j, "values", bb_cstr(p->unit));
    bb_json_kstr(j, "help", bb_cstr(p->help));
    bb_json_close(j, '}');
}

static void put_all(cli *c)
{
    cli_json d;
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "parameters");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < bb_conf_params_count; i++) put_param(&d.j, &c->arena, &bb_conf_params[i]);
    bb_json_close(&d.j, ']');
    cli_json_end(c, &d);
}

/* ---- for people ----------------------------------------------------------------------------------------------- */

static void print_section(cli *c, const char *title, bb_param_scope scope)
{
    cli_print(c, "%s\n", title);
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        const bb_conf_param *p = &bb_conf_params[i];
        if (p->scope != scope) continue;
        cli_print(c, "  %s =%s%s\n      %s\n      %s: ", p->name, p->preset[0] ? " " : "", p->preset, p->help,
                  type_word(p->type));
        cli_print(c, "%s%s%s\n", has_range(p->type) ? range(&c->arena, p) : "", has_range(p->type) ? "; " : "",
                  p->unit);
    }
}

int cmd_config_list(cli *c)
{
    if (c->json) put_all(c);
    else {
        print_section(c, "[bouncebox]", BB_SCOPE_HOME);
        cli_print(c, "\n");
        print_section(c, "[serve]", BB_SCOPE_SERVE);
        cli_print(c, "\n");
        print_section(c, "[policy], and [list NAME] for one list", BB_SCOPE_LIST);
    }
    return cli_ok(c);
}
