/* SPDX-License-Identifier: MIT
 *
 * serve, as the program that people call knows it: it becomes the daemon, which is a program of its own, since nothing
 * else needs what that is linked with.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/cli/cli.h"

#define DAEMON "bouncebox-serve"

/* Beside us, where it was built; else where it is installed: seen from us, so that an installation can be moved. */
static void become(cli *c, bb_str folder)
{
    static const char *const places[] = {"", "../libexec/bouncebox/"};
    for (size_t i = 0; i < BB_COUNT(places); i++) {
        const char *path = bb_sprintf(&c->arena, BB_FMT "/%s" DAEMON, BB_ARG(folder), places[i]).p;
        if (path) execv(path, c->argv);
        if (errno != ENOENT) return;
    }
    execv(BB_LIBEXEC "/" DAEMON, c->argv);
}

int cmd_serve(cli *c)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    bb_str path = {self, n > 0 ? (size_t)n : 0};
    size_t slash = bb_rchr(path, '/');
    if (slash != BB_NPOS) become(c, bb_sub(path, 0, slash));
    bb_fail(&c->err, BB_ENOINPUT, DAEMON ": cannot be run: %s; it belongs to the installation", strerror(errno));
    return cli_fail(c);
}
