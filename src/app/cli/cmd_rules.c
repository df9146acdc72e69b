/* SPDX-License-Identifier: MIT
 *
 * rules: what they are, whether those of one's own are right, and what they make of a reply. Without a file they are
 * those of the configuration, where there is a home, before the program's own.
 */
#include "app/cli/cli.h"

/* The operator's file: the argument, --rules, or the configuration's where a home is named. NULL: none. */
static bool rules_file(cli *c, const char *given, const char **out)
{
    *out = given ? given : cli_value(c, "rules");
    if (*out || !cli_home_path(c) || !bb_os_exists(cli_conf_path(c))) return true;
    if (!cli_open_home(c)) return false;
    const char *configured = bb_conf_home_of(c->conf)->rules;
    if (configured[0]) *out = cli_path(c, configured);
    return true;
}

static bool open_rules(cli *c, const char *given, bb_reader *out)
{
    const char *file;
    return rules_file(c, given, &file) && cli_reader(c, file, out);
}

int cmd_rules_list(cli *c)
{
    static const char *const heads[] = {"rule", "kind", "reason", "strength", ">samples", "where"};
    bb_reader reader;
    cli_table t;
    cli_json d;
    if (!open_rules(c, NULL, &reader)) return cli_fail(c);
    cli_table_begin(&t, &c->arena, heads, BB_COUNT(heads));
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "rules");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < bb_rules_count(reader.rules); i++) {
        bb_rule_info r = bb_rules_info(reader.rules, i);
        bb_json_open(&d.j, '{');
        bb_json_kstr(&d.j, "rule", r.id);
        bb_json_kstr(&d.j, "kind", bb_cstr(bb_kind_word(r.kind)));
        bb_json_kstr(&d.j, "reason", bb_cstr(bb_reason_word(r.reason)));
        bb_json_kstr(&d.j, "strength", bb_cstr(r.strength));
        bb_json_kint(&d.j, "samples", (int64_t)r.n_samples);
        bb_json_kstr(&d.j, "source", bb_cstr(r.source));
        bb_json_kint(&d.j, "line", r.line);
        bb_json_close(&d.j, '}');
        cli_cell(&t, r.id);
        cli_cell(&t, bb_cstr(bb_kind_word(r.kind)));
        cli_cell(&t, bb_cstr(bb_reason_word(r.reason)));
        cli_cell(&t, bb_cstr(r.strength));
        cli_cellf(&t, "%zu", r.n_samples);
        cli_cellf(&t, "%s:%d", r.source, r.line);
    }
    bb_json_close(&d.j, ']');
    if (c->json) cli_json_end(c, &d);
    else cli_table_end(c, &t, "");
    cli_reader_close(&reader);
    return cli_ok(c);
}

static bool is_builtin(const bb_rules *builtin, bb_str id)
{
    for (size_t i = 0; i < bb_rules_count(builtin); i++)
        if (bb_eq(bb_rules_info(builtin, i).id, id)) return true;
    return false;
}

/* Rules of the file, of which there are `own`, that stand in the place of a built-in one. An id stands once, so how many
 * they are follows from the sums, and the search ends with the last of them. */
static void tell_replaced(cli *c, const bb_rules *rules, size_t own, bb_json *j)
{
    const bb_rules *builtin = bb_rules_open(&bb_os_alloc, NULL, &c->err); /* nothing to free */
    size_t left = bb_rules_count(builtin) - (bb_rules_count(rules) - own);
    for (size_t i = 0; left && i < own; i++) {
        bb_rule_info r = bb_rules_info(rules, i);
        if (!is_builtin(builtin, r.id)) continue;
        left--;
        bb_json_str(j, r.id);
        if (!c->json)
            cli_print(c, "%s:%d: %s replaces the built-in rule of that id\n", cli_show(&c->arena, bb_cstr(r.source)),
                      r.line, cli_show(&c->arena, r.id));
    }
}

/* Literals of the file, whose rules are the first, that may be read otherwise than they were meant. */
static void tell_uneven(cli *c, const bb_rules *rules, const char *source, bb_json *j)
{
    bb_uneven u;
    for (size_t at = 0; bb_rules_next_uneven(rules, &c->arena, &at, &u) && u.source == source;) {
        bb_json_open(j, '{');
        bb_json_kint(j, "line", u.line);
        bb_json_kstr(j, "literal", u.literal);
        bb_json_kstr(j, "fires_on", u.word);
        bb_json_kstr(j, "better", u.better);
        bb_json_close(j, '}');
        if (!c->json)
            cli_print(c, "%s:%d: \"%s\" fires on \"%s\" alone; if not meant so: \"%s\"\n",
                      cli_show(&c->arena, bb_cstr(u.source)), u.line, cli_show(&c->arena, u.literal),
                      cli_show(&c->arena, u.word), cli_show(&c->arena, u.better));
    }
}

static void tell_checked(cli *c, const bb_rules *rules, const char *file)
{
    size_t n = bb_rules_count(rules), samples = 0, own = 0;
    const char *first = n ? bb_rules_info(rules, 0).source : "";
    for (size_t i = 0; i < n; i++) {
        bb_rule_info r = bb_rules_info(rules, i);
        samples += r.n_samples;
        own += file && r.source == first; /* the file's own stand first, and name it by one string */
    }
    cli_json d;
    cli_json_begin(&d, &c->arena);
    bb_json_kint(&d.j, "rules", (int64_t)n);
    bb_json_kint(&d.j, "own", (int64_t)own);
    bb_json_kint(&d.j, "samples", (int64_t)samples);
    bb_json_key(&d.j, "replaced");
    bb_json_open(&d.j, '[');
    tell_replaced(c, rules, own, &d.j);
    bb_json_close(&d.j, ']');
    bb_json_key(&d.j, "uneven");
    bb_json_open(&d.j, '[');
    if (file) tell_uneven(c, rules, first, &d.j);
    bb_json_close(&d.j, ']');
    if (c->json) cli_json_end(c, &d);
    else if (file)
        cli_print(c, "%zu rules (%zu of %s), %zu samples: each fires its own rule\n", n, own,
                  cli_show(&c->arena, bb_cstr(file)), samples);
    else cli_print(c, "%zu rules, %zu samples: each fires its own rule\n", n, samples);
}

int cmd_rules_check(cli *c)
{
    bb_reader reader;
    const char *file;
    if (!rules_file(c, c->n_args ? c->args[0] : NULL, &file) || !cli_reader(c, file, &reader)) return cli_fail(c);
    bool good = bb_rules_check(reader.rules, &c->arena, &c->err);
    if (good) tell_checked(c, reader.rules, file);
    cli_reader_close(&reader);
    if (good) return cli_ok(c);
    if (c->err.code == BB_ECONFIG) {
        bb_err why = c->err;
        bb_fail(&c->err, why.code, "%s, see bouncebox rules test %s%s%s'...'", why.text, file ? "--rules " : "",
                file ? file : "", file ? " " : "");
    }
    return cli_fail(c);
}

static bool read_evidence(cli *c, const char *text, bb_evidence *out)
{
    static const char *const stages[] = {"CONN", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", NULL};
    const char *stage = cli_value(c, "stage");
    *out = (bb_evidence){.action = BB_ACTION_FAILED,
                         .diagnostic = bb_utf8_clean(&c->arena, bb_trim(bb_cstr(text))),
                         .host = bb_lowered(&c->arena, bb_cstr(cli_value(c, "host")))};
    for (size_t i = 0; stage && stages[i]; i++)
        if (bb_ieq(bb_cstr(stage), bb_cstr(stages[i]))) out->command = bb_cstr(stages[i]);
    return !stage || out->command.n ||
           bb_fail(&c->err, BB_EUSAGE, "--stage %s: there are CONN, EHLO, AUTH, MAIL, RCPT and DATA", stage);
}

static void test_json(cli *c, const bb_verdict *v, const bb_runners_up *others)
{
    cli_json d;
    cli_json_begin(&d, &c->arena);
    bb_json_kstr(&d.j, "kind", bb_cstr(bb_kind_word(v->kind)));
    bb_json_kstr(&d.j, "reason", bb_cstr(bb_reason_word(v->reason)));
    bb_json_kstr(&d.j, "rule", v->rule);
    bb_json_key(&d.j, "confidence");
    bb_json_num2(&d.j, v->confidence);
    bb_json_key(&d.j, "runners_up");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < others->n; i++) {
        const bb_runner_up *r = &others->rules[i];
        bb_json_open(&d.j, '{');
        bb_json_kstr(&d.j, "rule", r->rule);
        bb_json_kstr(&d.j, "kind", bb_cstr(bb_kind_word(r->kind)));
        bb_json_kstr(&d.j, "reason", bb_cstr(bb_reason_word(r->reason)));
        bb_json_kstr(&d.j, "why", r->why);
        bb_json_close(&d.j, '}');
    }
    bb_json_close(&d.j, ']');
    cli_json_end(c, &d);
}

static void test_text(cli *c, const bb_verdict *v, const bb_runners_up *others)
{
    cli_print(c, "%s, %s\n  rule %s, %.0f %% sure\n", bb_kind_word(v->kind), bb_reason_word(v->reason),
              v->rule.n ? cli_show(&c->arena, v->rule) : "none", 100 * v->confidence);
    if (others->n) cli_print(c, "\nand not\n");
    for (size_t i = 0; i < others->n; i++) {
        const bb_runner_up *r = &others->rules[i];
        cli_print(c, "  %s, %s by rule %s:\n    %s\n", bb_kind_word(r->kind), bb_reason_word(r->reason),
                  cli_show(&c->arena, r->rule), cli_show(&c->arena, r->why));
    }
    if (others->more) cli_print(c, "  nor %zu more\n", others->more);
}

int cmd_rules_test(cli *c)
{
    bb_reader reader;
    bb_evidence e;
    bb_runners_up others;
    if (!read_evidence(c, c->args[0], &e) || !open_rules(c, NULL, &reader)) return cli_fail(c);
    bb_verdict v = bb_classify_why(reader.rules, &c->arena, &e, &others);
    if (c->json) test_json(c, &v, &others);
    else test_text(c, &v, &others);
    cli_reader_close(&reader);
    return cli_ok(c);
}
