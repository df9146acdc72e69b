/* SPDX-License-Identifier: MIT
 *
 * How the program ends and says why: one table from errors to the exit codes of sysexits(3).
 */
#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

#include "app/cli/cli.h"

static const struct {
    bb_code code;
    int exit;
    const char *meaning;
} exits[] = {
    {BB_OK, EX_OK, "done"},
    {BB_EUSAGE, EX_USAGE, "the command line is wrong; nothing was done"},
    {BB_EDATA, EX_DATAERR, "the input is not what it should be"},
    {BB_ENOINPUT, EX_NOINPUT, "what should be read, or who was asked for, is not there"},
    {BB_EBUG, EX_SOFTWARE, "a fault of bouncebox itself"},
    {BB_ECREATE, EX_CANTCREAT, "a file or folder cannot be made"},
    {BB_EIO, EX_IOERR, "reading or writing failed"},
    {BB_EBUSY, EX_TEMPFAIL, "somebody else holds the database, a server is away, or memory is short; try again"},
    {BB_EAWAY, EX_TEMPFAIL, NULL},
    {BB_ENOMEM, EX_TEMPFAIL, NULL},
    {BB_EUNKNOWN, EX_TEMPFAIL, NULL},
    {BB_EDENIED, EX_NOPERM, "no permission, or a login or a certificate was refused"},
    {BB_ELOGIN, EX_NOPERM, NULL},
    {BB_ECONFIG, EX_CONFIG, "the configuration, the home or the key file is wrong or missing"},
};

int cli_exit_of(bb_code code)
{
    for (size_t i = 0; i < BB_COUNT(exits); i++)
        if (exits[i].code == code) return exits[i].exit;
    return EX_SOFTWARE;
}

void cli_help_exits(cli *c)
{
    for (size_t i = 0; i < BB_COUNT(exits); i++)
        if (exits[i].meaning) cli_print(c, "  %-3d %s\n", exits[i].exit, exits[i].meaning);
}

void cli_exits_json(bb_json *j)
{
    for (size_t i = 0; i < BB_COUNT(exits); i++) {
        if (!exits[i].meaning) continue;
        bb_json_open(j, '{');
        bb_json_kint(j, "code", exits[i].exit);
        bb_json_kstr(j, "meaning", bb_cstr(exits[i].meaning));
        bb_json_close(j, '}');
    }
}

static void say(cli *c, const char *text)
{
    fflush(stdout); /* what was said before comes first */
    fprintf(stderr, "bouncebox%s%s: %s\n", c->command ? " " : "", c->command ? c->command->name : "",
            cli_show(&c->arena, bb_cstr(text)));
}

int cli_fail(cli *c)
{
    say(c, c->err.text);
    if (c->err.code == BB_EDENIED && c->became)
        fprintf(stderr, "  commands run as the owner of %s; what only root may read, give on standard input (-)\n",
                cli_show(&c->arena, bb_cstr(c->home)));
    return cli_exit_of(c->err.code);
}

static BB_PRINTF(2, 0) void say_formatted(cli *c, const char *fmt, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, args);
    say(c, text);
}

int cli_usage(cli *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_formatted(c, fmt, args);
    va_end(args);
    return EX_USAGE;
}

void cli_warn(cli *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_formatted(c, fmt, args);
    va_end(args);
}
