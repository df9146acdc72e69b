/* SPDX-License-Identifier: MIT
 *
 * elsewhere: the commands that are programs of their own, since nothing else needs what they are linked with. Here the
 * program that people call becomes them, as it was called. Each program has the whole table of commands, and so all of
 * these, too.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/cli/cli.h"

/* Beside us, where it was built; else where it is installed: seen from us, so that an installation can be moved. */
static void execute(cli *c, bb_str folder, const char *program)
{
    static const char *const places[] = {"", "../libexec/bouncebox/"};
    for (size_t i = 0; i < BB_COUNT(places); i++) {
        const char *path = bb_sprintf(&c->arena, BB_FMT "/%s%s", BB_ARG(folder), places[i], program).p;
        if (path) execv(path, c->argv);
        if (errno != ENOENT) return;
    }
    const char *path = bb_sprintf(&c->arena, BB_LIBEXEC "/%s", program).p;
    if (path) execv(path, c->argv);
}

/* Answers only where it cannot be executed. */
static int become(cli *c, const char *program)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    bb_str path = {self, n > 0 ? (size_t)n : 0};
    size_t slash = bb_rchr(path, '/');
    if (slash != BB_NPOS) execute(c, bb_sub(path, 0, slash), program);
    bb_fail(&c->err, BB_ENOINPUT, "%s: cannot be run: %s; it belongs to the installation", program, strerror(errno));
    return cli_fail(c);
}

/* Weak: the program that has a command has it stronger than this. */
#define ELSEWHERE(command, program)           \
    __attribute__((weak)) int command(cli *c) \
    {                                         \
        return become(c, program);            \
    }
ELSEWHERE(cmd_serve, "bouncebox-serve")
ELSEWHERE(cmd_postfix_setup, "bouncebox-postfix")
ELSEWHERE(cmd_postfix_check, "bouncebox-postfix")
ELSEWHERE(cmd_postfix_undo, "bouncebox-postfix")

/* And what `ingest` and `parse` need for mailboxes on servers. */
__attribute__((weak)) const cli_servers *cli_read_servers(cli *c)
{
    become(c, "bouncebox-fetch");
    return NULL;
}
