/* SPDX-License-Identifier: MIT
 *
 * help --json: the table of commands as one document. The manual pages are made of it.
 */
#include "app/cli/cli.h"

static void put_options(bb_json *j, const char *key, const cli_option *o)
{
    bb_json_key(j, key);
    bb_json_open(j, '[');
    for (; o && o->name; o++) {
        bb_json_open(j, '{');
        bb_json_kstr(j, "name", bb_cstr(o->name));
        bb_json_kstr(j, "value", bb_cstr(o->value));
        bb_json_kstr(j, "help", bb_cstr(o->help));
        bb_json_key(j, "many");
        bb_json_bool(j, o->many);
        bb_json_close(j, '}');
    }
    bb_json_close(j, ']');
}

static void put_command(bb_json *j, const cli_command *m)
{
    bb_json_open(j, '{');
    bb_json_kstr(j, "name", bb_cstr(m->name));
    bb_json_kstr(j, "arguments", bb_cstr(m->arguments));
    bb_json_kstr(j, "summary", bb_cstr(m->summary));
    put_options(j, "options", m->options);
    bb_json_kstr(j, "text", bb_cstr(m->text));
    bb_json_kstr(j, "examples", bb_cstr(m->examples));
    bb_json_close(j, '}');
}

void cli_help_json(cli *c, bb_str words)
{
    cli_json d;
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "commands");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < cli_commands_count; i++)
        if (cli_begins_with(&cli_commands[i], words)) put_command(&d.j, &cli_commands[i]);
    bb_json_close(&d.j, ']');
    put_options(&d.j, "common_options", cli_common_options);
    bb_json_key(&d.j, "exit_codes");
    bb_json_open(&d.j, '[');
    cli_exits_json(&d.j);
    bb_json_close(&d.j, ']');
    cli_json_end(c, &d);
}
