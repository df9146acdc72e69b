/* SPDX-License-Identifier: MIT
 *
 * Help, made of the table of commands.
 */
#include <string.h>

#include "app/cli/cli.h"

const char *cli_did_you_mean(cli *c, const char *typed, const char *const *words)
{
    const char *near = bb_nearest(bb_cstr(typed), words);
    const char *hint = near ? bb_sprintf(&c->arena, " (did you mean %s?)", near).p : NULL;
    return hint ? hint : "";
}

static void print_options(cli *c, const cli_option *o)
{
    for (; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        cli_print(c, "  %-24s %s\n", left, o->help);
    }
}

static void print_command(cli *c, const cli_command *m)
{
    cli_print(c, "usage: bouncebox %s%s%s%s\n\n%s.\n", m->name, m->options ? " [OPTION...]" : "",
              m->arguments[0] ? " " : "", m->arguments, m->summary);
    if (m->text) cli_print(c, "\n%s", m->text);
    if (m->options) cli_print(c, "\noptions\n");
    print_options(c, m->options);
    cli_print(c, "\noptions of every command\n");
    print_options(c, cli_common_options);
    if (m->examples) cli_print(c, "\nexamples\n%s", m->examples);
}

bool cli_begins_with(const cli_command *m, bb_str words)
{
    bb_str name = bb_cstr(m->name);
    return !words.n || (bb_starts(name, words) && (name.n == words.n || name.p[words.n] == ' '));
}

static void print_summaries(cli *c, bb_str first)
{
    for (size_t i = 0; i < cli_commands_count; i++) {
        const cli_command *m = &cli_commands[i];
        if (!cli_begins_with(m, first)) continue;
        char left[80];
        snprintf(left, sizeof left, "%s%s%s", m->name, m->arguments[0] ? " " : "", m->arguments);
        if (strlen(left) > 34) cli_print(c, "  %s\n  %-34s %s\n", left, "", m->summary);
        else cli_print(c, "  %-34s %s\n", left, m->summary);
    }
}

static void print_all(cli *c)
{
    cli_print(c,
              "usage: bouncebox COMMAND [OPTION...] [ARGUMENT...]\n\n"
              "Takes in what comes back to a newsletter, says what it means, and keeps every subscriber's status.\n\n"
              "commands (\"bouncebox help COMMAND\" tells more)\n");
    print_summaries(c, (bb_str){0});
    cli_print(c, "\noptions of every command\n");
    print_options(c, cli_common_options);
    cli_print(c, "\nThe home is --home, else BOUNCEBOX_HOME, else /var/lib/bouncebox for root and the user bouncebox.\n"
                 "\nexit codes\n");
    cli_help_exits(c);
}

void cli_help(cli *c)
{
    if (c->command) print_command(c, c->command);
    else if (c->n_args) {
        cli_print(c, "usage: bouncebox %s ...\n\n", c->args[0]);
        print_summaries(c, bb_cstr(c->args[0]));
    } else print_all(c);
}

/* "bouncebox help list add" is "bouncebox list add --help". */
int cmd_help(cli *c)
{
    const char *shell = cli_value(c, "completion");
    if (shell) return c->n_args ? cli_usage(c, "--completion is of all commands") : cli_completion(c, shell);
    cli about = {.arena = c->arena};
    const char *words[] = {"--help", c->n_args > 0 ? c->args[0] : NULL, c->n_args > 1 ? c->args[1] : NULL};
    bool found = cli_read_args(&about, 1 + (int)c->n_args, words);
    c->arena = about.arena;
    c->err = about.err;
    if (!found) return cli_fail(c);
    if (c->json) {
        cli_help_json(c, about.command ? bb_cstr(about.command->name) : bb_cstr(c->n_args ? c->args[0] : NULL));
        return cli_ok(c);
    }
    cli_help(&about);
    return cli_ok(c);
}
