/* SPDX-License-Identifier: MIT
 *
 * The command line, read by the table: which command, its options, what is left.
 */
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"

/* ---- which command -------------------------------------------------------------------------------------- */

static const cli_command *find_command(bb_str name)
{
    for (size_t i = 0; i < cli_commands_count; i++)
        if (bb_eq(bb_cstr(cli_commands[i].name), name)) return &cli_commands[i];
    return NULL;
}

/* The first words of all commands, each once; NULL behind the last. */
static const char *const *first_words(bb_arena *a)
{
    const char **words = bb_get_array(a, cli_commands_count + 1, sizeof *words);
    size_t n = 0;
    for (size_t i = 0; words && i < cli_commands_count; i++) {
        bb_str rest = bb_cstr(cli_commands[i].name), first;
        if (!bb_split(&rest, ' ', &first)) continue;
        const char *word = bb_dup(a, first).p;
        if (word && (n == 0 || strcmp(words[n - 1], word) != 0)) words[n++] = word;
    }
    return words;
}

/* The second words behind a first one. */
static const char *const *second_words(bb_arena *a, bb_str first)
{
    const char **words = bb_get_array(a, cli_commands_count + 1, sizeof *words);
    size_t n = 0;
    for (size_t i = 0; words && i < cli_commands_count; i++) {
        bb_str name = bb_cstr(cli_commands[i].name);
        if (bb_starts(name, first) && name.n > first.n && name.p[first.n] == ' ') words[n++] = name.p + first.n + 1;
    }
    return words;
}

/* c->args holds the one or two words that make no command. */
static bool unknown_command(cli *c)
{
    const char *first = c->args[0];
    const char *const *words = second_words(&c->arena, bb_cstr(first));
    if (!words) return bb_fail(&c->err, BB_ENOMEM, "no memory");
    if (!words[0]) {
        words = first_words(&c->arena);
        return bb_fail(&c->err, BB_EUSAGE, "there is no command \"%s\"%s; \"bouncebox help\" lists them", first,
                       words ? cli_did_you_mean(c, first, words) : "");
    }
    bb_buf all = bb_buf_in(&c->arena, 1024);
    for (size_t i = 0; words[i]; i++) bb_putf(&all, "%s%s", i ? ", " : "", words[i]);
    if (c->n_args == 1)
        return bb_fail(&c->err, BB_EUSAGE, "%s what? There are: " BB_FMT, first, BB_ARG(bb_buf_str(&all)));
    return bb_fail(&c->err, BB_EUSAGE, "there is no \"%s %s\"%s; there are: " BB_FMT, first, c->args[1],
                   cli_did_you_mean(c, c->args[1], words), BB_ARG(bb_buf_str(&all)));
}

/* The first one or two words are the command, the others its arguments. */
static bool take_word(cli *c, const char *word)
{
    c->args[c->n_args++] = word;
    if (c->command) return true;
    bb_str name = bb_cstr(c->args[0]);
    if (c->n_args == 2) name = bb_sprintf(&c->arena, "%s %s", c->args[0], c->args[1]);
    c->command = find_command(name);
    if (c->command) {
        c->n_args = 0;
        return true;
    }
    const char *const *more = second_words(&c->arena, name);
    return (c->n_args == 1 && more && more[0]) || unknown_command(c);
}

/* ---- options ------------------------------------------------------------------------------------------------ */

static const cli_option *find_option(const cli_option *options, bb_str name)
{
    for (; options && options->name; options++)
        if (bb_eq(bb_cstr(options->name), name)) return options;
    return NULL;
}

static bool unknown_option(cli *c, const char *word, bb_str name)
{
    const char *words[64] = {0};
    const cli_option *tables[] = {c->command ? c->command->options : NULL, cli_common_options};
    for (size_t t = 0, n = 0; t < BB_COUNT(tables); t++)
        for (const cli_option *o = tables[t]; o && o->name && n + 1 < BB_COUNT(words); o++) words[n++] = o->name;
    const char *near = bb_nearest(name, words);
    return bb_fail(&c->err, BB_EUSAGE, "there is no option %s%s%s%s; \"bouncebox help%s%s\" lists them", word,
                   near ? " (did you mean --" : "", near ? near : "", near ? "?)" : "", c->command ? " " : "",
                   c->command ? c->command->name : "");
}

static bool keep(cli *c, const cli_option *o, const char *value)
{
    if (!o->many)
        for (size_t i = 0; i < c->n_given; i++)
            if (c->given[i].option == o) return bb_fail(&c->err, BB_EUSAGE, "--%s is given twice", o->name);
    cli_given *slot = BB_PUSH(&c->arena, c->given, c->n_given, c->cap_given);
    if (slot) *slot = (cli_given){o, value};
    return slot || bb_fail(&c->err, BB_ENOMEM, "no memory");
}

/* Reads the option at words[*i], with its value. */
static bool read_option(cli *c, int n, const char *const *words, int *i)
{
    bb_str name = bb_cstr(words[*i] + 2), rest = name;
    size_t equals = bb_chr(name, '=');
    if (equals != BB_NPOS) rest = bb_sub(name, equals + 1, BB_NPOS);
    name = bb_sub(name, 0, equals);
    const cli_option *o = find_option(c->command ? c->command->options : NULL, name);
    if (!o) o = find_option(cli_common_options, name);
    if (!o) return unknown_option(c, words[*i], name);
    if (!o->value) {
        if (equals != BB_NPOS) return bb_fail(&c->err, BB_EUSAGE, "--%s takes no value", o->name);
        return keep(c, o, "");
    }
    if (equals != BB_NPOS) return keep(c, o, rest.n ? rest.p : "");
    if (*i + 1 >= n) return bb_fail(&c->err, BB_EUSAGE, "--%s wants a value: %s", o->name, o->value);
    return keep(c, o, words[++*i]);
}

/* Before the command only the common options are known, behind it its own too. */
static bool read_words(cli *c, int n, const char *const *words)
{
    bool only_args = false;
    for (int i = 0; i < n; i++) {
        const char *word = words[i];
        bool option = !only_args && word[0] == '-' && word[1] != '\0';
        if (!option) {
            if (!take_word(c, word)) return false;
        } else if (strcmp(word, "--") == 0) {
            only_args = true;
        } else if (strcmp(word, "-h") == 0) {
            c->help = true;
        } else if (word[1] != '-') {
            return unknown_option(c, word, bb_cstr(word + 1));
        } else if (!read_option(c, n, words, &i)) {
            return false;
        }
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static bool read_common(cli *c)
{
    const char *now = cli_value(c, "now");
    c->json = cli_flag(c, "json");
    c->help |= cli_flag(c, "help");
    c->version = cli_flag(c, "version");
    if (!now) return true;
    c->now = bb_time_iso(bb_cstr(now));
    c->now_given = c->now != BB_NO_TIME;
    return c->now_given ||
           bb_fail(&c->err, BB_EUSAGE, "--now %s: no time; write 2026-11-23 or 2026-11-23T15:44:00Z", now);
}

static bool count_args(cli *c)
{
    const cli_command *m = c->command;
    if (c->n_args >= (size_t)m->least && (m->most < 0 || c->n_args <= (size_t)m->most)) return true;
    return bb_fail(&c->err, BB_EUSAGE, "%s; usage: bouncebox %s%s%s",
                   c->n_args < (size_t)m->least ? "something is missing" : "there are words too many", m->name,
                   m->arguments[0] ? " " : "", m->arguments);
}

bool cli_read_args(cli *c, int n, const char *const *words)
{
    c->args = bb_get_array(&c->arena, (size_t)n + 1, sizeof *c->args);
    if (!c->args) return bb_fail(&c->err, BB_ENOMEM, "no memory");
    if (!read_words(c, n, words) || !read_common(c)) return false;
    if (c->version || c->help) return true;
    if (!c->command && c->n_args) return unknown_command(c);
    return c->command ? count_args(c) : bb_fail(&c->err, BB_EUSAGE, "which command? \"bouncebox help\" lists them");
}

const char *cli_value_after(const cli *c, const char *option, size_t *cursor)
{
    while (*cursor < c->n_given) {
        const cli_given *g = &c->given[(*cursor)++];
        if (strcmp(g->option->name, option) == 0) return g->value;
    }
    return NULL;
}

const char *cli_value(const cli *c, const char *option)
{
    size_t cursor = 0;
    return cli_value_after(c, option, &cursor);
}

bool cli_flag(const cli *c, const char *option)
{
    return cli_value(c, option);
}

bool cli_time(cli *c, const char *option, bb_time *out)
{
    const char *text = cli_value(c, option);
    if (!text) return true;
    bb_time t = bb_time_iso(bb_cstr(text));
    if (t == BB_NO_TIME)
        return bb_fail(&c->err, BB_EUSAGE, "--%s %s: no time; write 2026-11-23 or 2026-11-23T15:44:00Z", option, text);
    *out = t;
    return true;
}

bool cli_number(cli *c, const char *option, uint64_t max, uint64_t *out)
{
    const char *text = cli_value(c, option);
    uint64_t n;
    if (!text) return true;
    if (!bb_u64(bb_cstr(text), &n) || n > max)
        return bb_fail(&c->err, BB_EUSAGE, "--%s %s: not a number from 0 to %llu", option, text,
                       (unsigned long long)max);
    *out = n;
    return true;
}
