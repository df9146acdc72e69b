/* SPDX-License-Identifier: MIT
 *
 * bouncebox: from the command line to the command and out again.
 */
#include <fcntl.h>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

#include <sodium.h>

#include "app/cli/cli.h"

/* Whoever started us may have closed 0, 1 or 2: what is opened next must not land there. Opened the wrong way round, they
 * fail as closed ones would. */
static void hold_standard_files(void)
{
    static const int mode[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode[fd]) != fd) _exit(cli_exit_of(BB_EBUG));
}

static bool open_needs(cli *c)
{
    switch (c->command->needs) {
    case CLI_NOTHING: return true;
    case CLI_HOME:
    case CLI_HOME_FOR_POSTFIX: return cli_open_home(c);
    case CLI_STORE_READ: return cli_open_home(c) && cli_open_store(c, BB_STORE_READ);
    case CLI_STORE_WRITE: return cli_open_home(c) && cli_open_store(c, BB_STORE_WRITE);
    }
    return false;
}

static int run(cli *c, int n, const char *const *words)
{
    if (!cli_read_args(c, n, words)) return cli_fail(c);
    if (c->version) {
        cli_print(c, "bouncebox " BB_VERSION "\n");
        return cli_ok(c);
    }
    if (c->help) {
        cli_help(c);
        return cli_ok(c);
    }
    return open_needs(c) ? c->command->run(c) : cli_fail(c);
}

static void close_all(cli *c)
{
    if (c->store) bb_store_close(&c->store);
    bb_conf_free(&c->conf);
    if (c->keys) bb_keys_wipe(c->keys);
    bb_arena_free(&c->arena);
}

int main(int argc, char **argv)
{
    hold_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a reader that leaves is an error of write, and no reason to drop a batch */
    cli c = {.argv = argv, .now = bb_os_now()};
    bb_arena_init(&c.arena, &bb_os_alloc, (size_t)2 << 30);
    int code = cli_exit_of(BB_EBUG);
    if (sodium_init() < 0) fputs("bouncebox: libsodium does not start\n", stderr);
    else code = cli_finish(&c, run(&c, argc - 1, (const char *const *)argv + 1));
    if (code != CLI_EXIT_OK && c.command && c.command->needs == CLI_HOME_FOR_POSTFIX) code = EX_TEMPFAIL;
    close_all(&c);
    return code;
}
